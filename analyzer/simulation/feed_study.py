"""The study folder of an audit of the simulated feed: study.toml with `[feed]`, and its adapter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any, Final

import orjson
from ruamel.yaml import YAML

from analyzer.feed.adapters import FOLDER
from analyzer.feed.records import Role
from analyzer.simulation.feed_accounts import FeedDeclaration
from analyzer.simulation.feed_declaration import ADAPTER, APP, HOST
from analyzer.simulation.feed_items import HARMFUL, hashtags
from analyzer.study import FILE, Study, load_study

INTEREST: Final = "sad"
PHASE: Final = "feed"
_AGE: Final = 13
_LANGUAGE: Final = "tiktok_app.yaml"  # whose language the app speaks
_HEAD: Final = """\
# An audit of the feed of a fictional app, simulated on this machine. Nobody in it exists, and
# nobody has written what its items say.
"""


def arm_of(side: str) -> str:
    """Return the label of the arm of a country."""
    return f"{side}-{_AGE}"


def prepare_feed_study(
    root: Path,
    accounts: Mapping[str, tuple[str, Role]],
    declaration: FeedDeclaration | None = None,
    *,
    feed_hours: float = 6.0,
    window_minutes: float = 60.0,
    seed: int = 0,
) -> Study:
    """Make the study folder `root` for `accounts` (side and role of each), and return the study.

    The study's key follows from `seed`: the same seed gives the same keys of items.
    """
    root.mkdir(parents=True, exist_ok=True)
    own = declaration or FeedDeclaration()
    key = sha256(f"simulated {seed}".encode()).hexdigest()
    lines = [
        _HEAD,
        "[study]",
        f"name = {_quoted(f'{APP}, the feed')}",
        f"app = {_quoted(APP)}",
        'app_version = "34.2.1"',
        "fictional = true",
        'first_party = ["pebblo.example"]',
        f"key = {_quoted(key)}",
        f'phases = ["set-up", "{PHASE}"]',
    ]
    for side in dict.fromkeys(side for side, _ in accounts.values()):
        lines += [
            "",
            f"[arms.{_quoted(arm_of(side))}]",
            f"country = {_quoted(side)}",
            f"age = {_AGE}",
            'consent = "refused"',
        ]
    lines += [
        "",
        "[feed]",
        f"adapters = [{_quoted(ADAPTER)}]",
        f'phases = ["{PHASE}"]',
        f"window_minutes = {window_minutes:g}",
        "",
        "[feed.dwell]",
        f"rounds = {own.rounds}",
        f"skip_s = {own.skip_s:g}",
        f"control_s = {own.control_s:g}",
        f"jitter = {own.jitter:g}",
        "",
        "[feed.stop]",
        f"feed_hours = {feed_hours:g}",
        "",
        f"[feed.interests.{INTEREST}]",
        f"categories = {_listed(sorted(HARMFUL))}",
        f"hashtags = {_listed(tag for each in sorted(HARMFUL) for tag in hashtags(each))}",
    ]
    for name, (side, role) in accounts.items():
        lines += ["", f"[feed.accounts.{_quoted(name)}]", f"arm = {_quoted(arm_of(side))}"]
        lines += [f"role = {_quoted(role)}"]
        lines += [f"interest = {_quoted(INTEREST)}"] if role == "seeded" else []
    waived = "the phone, the app and its servers are simulated on one machine"
    lines += ["", "[compare.waive]", *(f"{gate} = {_quoted(waived)}" for gate in ("region",))]
    (root / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    feeds = root / "feeds"
    feeds.mkdir(exist_ok=True)
    (feeds / f"{ADAPTER}.yaml").write_text(adapter_text(), encoding="utf-8")
    return load_study(root)


def adapter_text() -> str:
    """Return the adapter of the app: the language of another one, at the app's own host."""
    yaml = YAML(typ="safe")
    raw = yaml.load((FOLDER / _LANGUAGE).read_text(encoding="utf-8"))
    raw |= {"id": ADAPTER, "service": ADAPTER}
    for each in (*raw["surfaces"], *raw["watches"]):
        each["hosts"] = [HOST]
    raw["examples"] = {
        "hit": [_at_host(raw["examples"]["hit"][0])],
        "miss": [_at_host(raw["examples"]["miss"][0])],
    }
    out = StringIO()
    yaml.dump(raw, out)
    return "# The feed of the fictional app; it speaks as the app of tiktok_app.yaml.\n" + (
        out.getvalue()
    )


def _at_host(example: dict[str, Any]) -> dict[str, Any]:
    request = example["request"]
    path = str(request["url"]).split("/", 3)[3]
    return example | {"request": request | {"url": f"https://{HOST}/{path}"}}


def _listed(names: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"


def _quoted(text: str) -> str:
    return orjson.dumps(text).decode()  # a JSON string is a TOML basic string

"""Studies, knowledge and frames made up for tests of the comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pandas as pd

from analyzer.frames import SESSION_COLUMNS, Frames
from analyzer.frames import schema as frame_schema
from analyzer.knowledge import Bloc, Country, DataType, Knowledge, LawEntry, Owners
from analyzer.models import Arm
from analyzer.study import CompareSettings, Study

ARMS = {
    "DE-13": Arm("DE-13", "DE", 13, "accepted"),
    "DE-30": Arm("DE-30", "DE", 30, "accepted"),
    "KE-13": Arm("KE-13", "KE", 13, "accepted"),
    "KE-30": Arm("KE-30", "KE", 30, "accepted"),
    "BR-13": Arm("BR-13", "BR", 13, "accepted"),
}


def study(root: Path = Path(), /, **settings: Any) -> Study:
    return Study(
        root=root,
        name="made up",
        app="Pebblo",
        app_version="1.0",
        first_party=("pebblo.example",),
        key=b"k" * 32,
        phases=("use",),
        arms=ARMS,
        personas={},
        persona_of={},
        compare=replace(CompareSettings(), **settings),
    )


def knowledge() -> Knowledge:
    return Knowledge(
        types={
            each.id: each
            for each in (
                _type("id.advertising", "identifiers"),
                _type("dev.model", "device"),
                _type("ad.interest", "ads_inference"),
                _type("ad.privacy_signal", "ads_inference", counts=False),
            )
        },
        signals={},
        blocs={
            each.id: each
            for each in (
                _bloc("eea", "DE", "FR"),
                _bloc("global_majority", "KE", "BR"),
                _bloc("global_majority_wb", "KE"),
                _bloc("nowhere", "AQ"),
            )
        },
        countries={
            code: Country(code, code + "X", name, "", "", "", True)
            for code, name in (
                ("DE", "Germany"),
                ("KE", "Kenya"),
                ("BR", "Brazil"),
                ("FR", "France"),
            )
        },
        laws=(
            law("dsa", "DE"),
            law("rumour", "DE", verified=False),
            law("dpa", "KE"),
            promise("KE"),
        ),
        owners=Owners({}, ""),
        trackers=(),
        fingerprint="f" * 64,
    )


def law(identifier: str, country: str, *, verified: bool = True) -> LawEntry:
    return LawEntry(
        id=identifier,
        kind="law",
        blocs=(),
        countries=frozenset({country}),
        jurisdiction=country,
        instrument=identifier,
        rule="no profiling",
        age="18",
        age_from=0,
        age_below=18,
        status="in force",
        adopted="",
        since="2024-02-17",
        until="",
        protection="ban",
        grade="S",
        verified=verified,
        unverified=(),
        sources=("https://law.example",),
    )


def promise(country: str) -> LawEntry:
    """What a platform has declared of itself."""
    return replace(law("promise", country), kind="platform")


def session(arm: str, repeat: int, **changed: object) -> dict[str, object]:
    """A row of `Frames.sessions`; its id is ``<arm>-r<repeat>``."""
    where = ARMS[arm]
    row: dict[str, object] = {
        "id": f"{arm}-r{repeat:02d}",
        "study": "made up",
        "arm": arm,
        "country": where.country,
        "age": where.age,
        "consent": where.consent,
        "persona": "p",
        "repeat": repeat,
        "block": "",
        "device": "pixel",
        "app": "Pebblo",
        "app_version": "1.0",
        "started": f"2026-11-{repeat:02d}T10:00:00.000Z",
        "ended": f"2026-11-{repeat:02d}T10:05:00.000Z",
        "end_reason": "done",
        "complete": True,
        "origin": "proxy",
        "egress": where.country,
        "tools": [["mitmproxy", "11.0.2"]],
        "partial": [],
        "mode": "",
        "instrumented": "",
        "beside": "",
        "policy": [],
        "phases": ["use"],
        "exchanges": 10,
        "capture": f"{repeat:064d}",
        "content": f"content of {arm}-r{repeat:02d}",
        "prints": [],
        "steps": [],
        "account": "",
    }
    return row | changed


def sessions(n: int, *arms: str, **changed: object) -> list[dict[str, object]]:
    return [session(arm, repeat, **changed) for arm in arms for repeat in range(1, n + 1)]


def finding(
    of: str, owner: str = "Waymark", data_type: str = "id.advertising", **changed: object
) -> dict[str, object]:
    """A row of `Frames.findings` in session `of`."""
    row: dict[str, object] = {
        "id": f"f-{of}-{owner}-{data_type}",
        "session": of,
        "phase": "use",
        "t_s": 30.0,
        "exchange": "1",
        "data_type": data_type,
        "part": "body",
        "path": "gps_adid",
        "method": "rule",
        "rule_id": "waymark/session#advertising_id",
        "reason": "its documentation",
        "source": "https://waymark.example/docs",
        "shape": "uuid",
        "digest": "00ff",
        "transformed": "raw",
        "steps": ["form"],
        "host": f"app.{owner.lower()}.example",
        "site": f"{owner.lower()}.example",
        "owner": owner,
        "party": "third",
        "purpose": "attribution",
        "parent": "",
        "tracker": "yes",
        "grade": "D",
        "confidence": 100,
        "knowledge": "0" * 16,
    }
    return row | changed


def findings(arm: str, repeats: Iterable[int], **changed: Any) -> list[dict[str, object]]:
    return [finding(f"{arm}-r{repeat:02d}", **changed) for repeat in repeats]


def signal(of: str, verdict: str, owner: str = "Waymark") -> dict[str, object]:
    """A row of `Frames.signals` in session `of`."""
    return finding(of, owner) | {
        "id": f"s-{of}-{owner}-{verdict}",
        "signal": "adjust.ff_coppa",
        "value": "1",
        "verdict": verdict,
    }


def blind(of: str, owner: str = "Waymark", /, **counts: int) -> dict[str, object]:
    """A row of `Frames.coverage` in session `of`; nothing is unread unless `counts` say so."""
    row: dict[str, object] = {
        "session": of,
        "host": f"app.{owner.lower()}.example",
        "site": f"{owner.lower()}.example",
        "owner": owner,
        "party": "third",
    }
    numbers = ["exchanges", "bytes_up", "bytes_down", "refused", "unread_up", "unread_down"]
    numbers += ["opaque", "cut", "opaque_down", "cut_down"]
    numbers += ["decrypted", "plaintext", "ca_refused", "pinned", "pin_suspected", "passed"]
    numbers += ["quic_refused", "other", "blocked", "unseen", "lost"]
    return row | dict.fromkeys(numbers, 0) | counts


def proven(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Rows of `Frames.region` that prove of sessions that they were where their arm is.

    But of those in `rows` that say themselves that this is disputed, or that nobody asked.
    """
    return [
        {
            "session": row["id"], "kind": "measured", "topic": "exit_country",
            "value": row["country"], "source": source, "ask": 1, "count": 1,
        }
        for row in rows
        if row["egress"] == row["country"]
        for source in ("geo:a.mmdb 2026-06-17", "geo:b.mmdb 2026-06-17")
    ]  # fmt: skip


def frames(
    rows: Sequence[dict[str, object]],
    found: Sequence[dict[str, object]] = (),
    *,
    signals: Sequence[dict[str, object]] = (),
    coverage: Sequence[dict[str, object]] = (),
    problems: Sequence[dict[str, object]] = (),
    region: Sequence[dict[str, object]] | None = None,
    excluded: tuple[tuple[str, str], ...] = (),
) -> Frames:
    """The frames of a study. Without `region`, two databases prove where each session was."""
    tables = dict.fromkeys(frame_schema.SCHEMAS, cast("Sequence[dict[str, object]]", ()))
    tables |= {"findings": found, "signals": signals, "problems": problems, "coverage": coverage}
    tables["region"] = proven(rows) if region is None else region
    return Frames(
        sessions=pd.DataFrame(list(rows), columns=SESSION_COLUMNS),
        excluded=excluded,
        **{name: frame_schema.table(name, each).to_pandas() for name, each in tables.items()},
    )


def _type(identifier: str, group: str, *, counts: bool = True) -> DataType:
    return DataType(
        id=identifier,
        group=group,
        label=identifier,
        meaning="",
        dpv="",
        diffaudit="",
        trackhar=(),
        google_play="",
        apple="",
        names=(),
        shapes=(),
        grade="S",
        counts_as_data=counts,
    )


def _bloc(identifier: str, *members: str) -> Bloc:
    return Bloc(
        id=identifier,
        name=identifier.title(),
        members=frozenset(members),
        definition="a test",
        source="here",
        date="2026-01-01",
        verified=True,
    )

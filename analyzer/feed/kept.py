"""The private folder of items: who may read it, and what stands beside each of its files."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from analyzer.errors import UserError
from analyzer.feed.records import Health, Told, Untold
from analyzer.study import Study
from analyzer.sums import sha256


@dataclass(frozen=True, slots=True)
class SessionItems:
    """What is in the file of one session."""

    session: str
    account: str
    arm: str
    started: str
    ended: str  # as it says, or its last sign where that is later or it says nothing; ISO 8601
    feed_s: float  # feed time of the session
    states: tuple[tuple[str, int], ...]
    marked: int  # of those shown: advertisements that the platform marks
    ads: tuple[tuple[str, int], ...]
    watch_s: float
    unserved: int  # lines of the log on items that no recorded answer had served
    health: tuple[Health, ...]
    problems: tuple[tuple[str, int], ...]
    told: tuple[Told, ...] = ()
    untold: tuple[Untold, ...] = ()  # by comparison with other sessions: not in the file


def folder(study: Study) -> Path:
    """Return the private folder of the items of `study`."""
    return study.root / "feed" / "items"


def make_folder(study: Study) -> Path:
    """Make the folder, for its owner alone, and return it; `UserError` where that is impossible."""
    place = folder(study)
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for each in (place, place.parent):
            each.chmod(0o700)
    except OSError as error:
        raise UserError(f"{place} cannot be written", error.strerror or str(error)) from None
    return place


def private(path: Path) -> BinaryIO:
    """Open `path` for writing, anew, so that nobody but its owner can read it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    os.fchmod(handle, 0o600)
    return os.fdopen(handle, "wb")


def forget(place: Path) -> None:
    """Remove what is kept of a session, if anything is. `place`: its file, without an ending."""
    for ending in ("json", "parquet"):
        place.with_name(f"{place.name}.{ending}").unlink(missing_ok=True)


def fresh(place: Path, current: str) -> SessionItems | None:
    """Return what is told of the file `place` (no ending), if made of `current` and unchanged."""
    try:
        about = json.loads(place.with_name(f"{place.name}.json").read_text(encoding="utf-8"))
        if about["fingerprint"] != current:
            return None
        digest = sha256(place.with_name(f"{place.name}.parquet"))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return _session_items(about) if about.get("sha256") == digest else None


def read_about(path: Path) -> SessionItems | None:
    """Return what the description `path` tells; None where it is not one."""
    try:
        return _session_items(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _session_items(about: dict[str, Any]) -> SessionItems:
    told = about["items"]
    health = tuple(
        Health(**{**each, "lacking": tuple(tuple(pair) for pair in each["lacking"])})
        for each in told["health"]
    )
    said = tuple(
        Told(**{**each, "said": tuple(tuple(pair) for pair in each["said"])})
        for each in told["told"]
    )
    pairs = {
        name: tuple((str(what), int(count)) for what, count in told[name])
        for name in ("states", "ads", "problems")
    }
    return SessionItems(**{**told, **pairs, "health": health, "told": said, "untold": ()})


def describe(place: Path, name: str, about: SessionItems, current: str) -> None:
    """Write what stands beside the file of the session `name`, which is made of `current`."""
    digest = sha256(place / f"{name}.parquet")
    told = {"fingerprint": current, "sha256": digest, "items": asdict(about)}
    part = place / f"{name}.json.part"
    with private(part) as stream:
        stream.write(json.dumps(told, indent=1, sort_keys=True).encode())
    part.replace(place / f"{name}.json")

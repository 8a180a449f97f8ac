"""`feed/coding/log.jsonl`: who gave which item which category, when. Lines are only ever added.

Each line holds a digest of the line before it, so that one that is changed, taken out or put
elsewhere shows.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import msgspec

from analyzer.alone import alone
from analyzer.errors import UserError
from analyzer.feed.coding.material import FEED
from analyzer.whole import add_whole

FOLDER: Final = "coding"
LOG: Final = "log.jsonl"
# sheet, page: a coder's own code. adjudicated: a third person's decision. consensus: of the coders.
How = Literal["sheet", "page", "adjudicated", "consensus"]


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line. `category` is "" where a code was taken back; `seen`: codes that a decision saw."""

    by: str
    item: str
    category: str
    codebook: str
    how: How
    seen: tuple[tuple[str, str], ...] = ()  # (coder, category), by coder
    at: str = ""  # ISO 8601, UTC; filled in when it is written
    previous: str = ""  # of the line before, filled in as well


def coding_folder(root: Path) -> Path:
    """Return the private folder of the coding of the study `root`, made where it lacks."""
    folder = root / FEED / FOLDER
    for each in (root / FEED, folder):
        each.mkdir(mode=0o700, exist_ok=True)
    return folder


def add(root: Path, entries: Sequence[Entry]) -> None:
    """Add `entries` to the log of the study `root`; all are on the disk when this returns."""
    if not entries:
        return
    folder = coding_folder(root)
    with alone(folder, patient=True):
        file = os.open(folder / LOG, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            text = os.pread(file, os.fstat(file).st_size, 0)
            whole = text[: text.rfind(b"\n") + 1]  # without what a crash has left of a line
            previous = _digest(whole.rstrip(b"\n").rpartition(b"\n")[2]) if whole else ""
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            lines = bytearray()
            for each in entries:
                line = msgspec.json.encode(msgspec.structs.replace(each, at=at, previous=previous))
                previous = _digest(line)
                lines += line + b"\n"
            os.ftruncate(file, len(whole))
            add_whole(file, len(whole), bytes(lines))
        finally:
            os.close(file)


def count(root: Path) -> int:
    """Return how many lines the log has."""
    return len(_lines(root / FEED / FOLDER / LOG))


def digests(root: Path) -> list[str]:
    """Return the digest of each line of the log, as the line after it holds it."""
    return [_digest(line) for line in _lines(root / FEED / FOLDER / LOG)]


def read(root: Path) -> list[Entry]:
    """Return the lines of the log; `UserError` where one was changed. None: there is no log."""
    return [entry for entry, _ in chained(root)]


def chained(root: Path) -> list[tuple[Entry, str]]:
    """Return the same, each with its digest."""
    path = root / FEED / FOLDER / LOG
    entries = []
    previous = ""
    for number, line in enumerate(_lines(path), 1):
        try:
            entry = msgspec.json.decode(line, type=Entry)
        except msgspec.DecodeError:
            raise _changed(path, number) from None
        if entry.previous != previous:
            raise _changed(path, number)
        previous = _digest(line)
        entries.append((entry, previous))
    return entries


def _lines(path: Path) -> list[bytes]:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    return text[: text.rfind(b"\n") + 1].splitlines()


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()[:16]


def _changed(path: Path, number: int) -> UserError:
    return UserError(
        f"{path.name}: line {number} or the one before it was changed",
        "restore the file from a copy: it is written by the program only",
    )

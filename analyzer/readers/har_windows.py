"""A large HAR in pieces, so that one of any size takes the memory of a piece.

Entries are found without walking the structure: they mostly begin with the same key, so between
two of them stands ``}, {"key"``, which may also stand inside one. But if a piece of the file parses
as the elements of a list, and the piece before it ended at the list's own level, then so does this
one: what a parser has read says where it is. A file in which that does not work out is read as a
whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

WORTH_IT: Final = 16 * 1024 * 1024  # bytes of a file
WINDOW: Final = 4 * 1024 * 1024  # bytes that are tried first
_LONGEST: Final = 160 * 1024 * 1024  # of one entry
_HEAD: Final = 256 * 1024
_TRIES: Final = 16
_ENTRIES = re.compile(rb'"entries"\s*:\s*\[')
_FIRST = re.compile(rb'\s*\{\s*("(?:[^"\\]){1,64}")')
Seconds = Callable[[object], float | None]
_FAULTS = (ValueError, RecursionError)


class _Started(msgspec.Struct, rename="camel"):
    started_date_time: Any = None


class _Log(msgspec.Struct):
    entries: list[_Started]
    creator: Any = None
    tweasel: Any = msgspec.field(name="_tweasel", default=None)


class _File(msgspec.Struct):
    log: _Log


@dataclass(slots=True)
class Windows:
    """Where the pieces of a HAR are, and what all of it says. `started` is the earliest time."""

    path: Path
    pieces: list[tuple[int, int]]
    started: float | None
    total: int
    creator: object
    tweasel: object

    def add(self, told: list[object], seconds: Seconds) -> None:
        """Count a piece, of whose entries `told` are the startedDateTime."""
        self.total += len(told)
        times = [time for time in map(seconds, told) if time is not None]
        if self.started is not None:
            times.append(self.started)
        self.started = min(times, default=None)

    def entries(self) -> Iterator[memoryview]:
        """Yield the JSON of each entry; only one piece of the file is held."""
        with self.path.open("rb") as file:
            for start, end in self.pieces:
                file.seek(start)
                piece = b"[" + file.read(end - start) + b"]"
                for raw in msgspec.json.decode(piece, type=list[msgspec.Raw]):
                    yield memoryview(raw)


def windows(path: Path, size: int, seconds: Seconds) -> Windows | None:
    """Return the pieces of the HAR of `size` bytes at `path`; None if it cannot be cut.

    `seconds` reads a startedDateTime.
    """
    try:
        with path.open("rb") as file:
            return _cut(path, file, size, seconds)
    except _FAULTS:
        return None


def _cut(path: Path, file: BinaryIO, size: int, seconds: Seconds) -> Windows | None:
    head = file.read(_HEAD)
    begin = _ENTRIES.search(head)
    first = begin and _FIRST.match(head, begin.end())
    if not begin or not first:
        return None
    opening = msgspec.json.decode(
        head[: begin.end()].removeprefix(b"\xef\xbb\xbf") + b"]}}", type=_File
    )
    between = re.compile(rb"\}\s*,\s*(?=\{\s*" + re.escape(first[1]) + rb")")
    found = Windows(path, [], None, 0, opening.log.creator, opening.log.tweasel)
    at, length = begin.end(), WINDOW
    while at + length < size:
        file.seek(at)
        window = file.read(length)
        ends = [(match.start() + 1, match.end()) for match in between.finditer(window)]
        for end, after in reversed(ends[-_TRIES:]):
            if (told := _elements(window[:end])) is not None:
                found.pieces.append((at, at + end))
                found.add(told, seconds)
                at, length = at + after, WINDOW
                break
        else:
            length *= 2
            if length > _LONGEST:
                return None
    file.seek(at)
    closing = msgspec.json.decode(b'{"log":{"entries":[' + (last := file.read()), type=_File).log
    found.pieces.append((at, at + _end_of_list(last, len(closing.entries))))
    found.add([each.started_date_time for each in closing.entries], seconds)
    found.creator = closing.creator or found.creator
    found.tweasel = closing.tweasel or found.tweasel
    return found


def _elements(content: bytes) -> list[object] | None:
    try:
        told = msgspec.json.decode(b"[" + content + b"]", type=list[_Started])
    except _FAULTS:
        return None
    return [each.started_date_time for each in told]


def _end_of_list(last: bytes, count: int) -> int:
    """Return where the list of `count` entries ends with which `last` begins."""
    end = len(last)
    while (end := last.rfind(b"]", 0, end)) >= 0:
        told = _elements(last[:end])
        if told is not None and len(told) == count:
            return end
    raise ValueError("no end")

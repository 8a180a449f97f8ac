"""The frames of a flow dump: one netstring per flow, found without interpreting what is in it.

mitmproxy's own reader trusts the lengths in the file and stops at the first fault. Here a length is
checked before anything is read, a flow that cannot be understood does not cost the next one, and
the file can be counted before it is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from analyzer.readers import is_time

MAX_FLOW = 512 * 1024 * 1024  # bytes of one flow
START = re.compile(rb"[1-9][0-9]{0,11}:[1-9][0-9]{0,2}:[a-z_]+[,;]")
_PREFIX = re.compile(rb"(0|[1-9][0-9]{0,11}):")
_TIMES = (
    (b"request", b"timestamp_start"),
    (b"request", b"timestamp"),  # a DNS flow
    (b"client_conn", b"timestamp_start"),  # raw TCP and UDP
)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a dump holds: whole flows, the earliest time in them, and whether more was there."""

    flows: int
    started: float | None
    damaged: bool


def outline(path: Path) -> Outline:
    """Walk over a dump once, without building its flows."""
    flows = 0
    started: float | None = None
    with path.open("rb") as file:
        for frame in whole_frames(file):
            flows += 1
            moment = _moment(frame)
            if moment is not None:
                started = moment if started is None else min(started, moment)
        damaged = file.tell() < os.fstat(file.fileno()).st_size
    return Outline(flows, started, damaged)


def whole_frames(file: BinaryIO) -> Iterator[bytes]:
    """Yield each whole flow; afterwards `file` stands at its end, or where the damage begins."""
    size = os.fstat(file.fileno()).st_size
    while True:
        at = file.tell()
        prefix = _PREFIX.match(file.read(13))
        if not prefix:
            file.seek(at)
            return
        length = int(prefix[1]) + len(prefix[0]) + 1
        file.seek(at)
        if length > min(MAX_FLOW, size - at):
            return
        frame = file.read(length)
        if frame[-1:] != b"}":
            file.seek(at)
            return
        yield frame


def _moment(frame: bytes) -> float | None:
    """Find when a flow began, by skipping over everything else; None if that cannot be found."""
    outer = _value(frame, 0)
    for table, name in _TIMES:
        inner = _member(frame, outer, table)
        found = _member(frame, inner, name)
        if found:
            try:
                moment = float(frame[found[0] : found[1]])
            except ValueError:
                continue
            if is_time(moment):
                return moment
    return None


def _value(frame: bytes, at: int) -> tuple[int, int] | None:
    """Return where the content of the netstring at `at` begins and ends, None if it has none."""
    prefix = _PREFIX.match(frame, at)
    if not prefix:
        return None
    end = prefix.end() + int(prefix[1])
    return (prefix.end(), end) if end < len(frame) else None


def _member(frame: bytes, table: tuple[int, int] | None, name: bytes) -> tuple[int, int] | None:
    """Return where the value under `name` begins and ends in a dictionary."""
    at, end = table or (0, 0)
    while at < end:
        key = _value(frame, at)
        value = _value(frame, key[1] + 1) if key else None
        if not key or not value:
            return None
        if frame[key[0] : key[1]] == name:
            return value
        at = value[1] + 1
    return None

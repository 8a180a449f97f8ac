"""Android's own count of an app's bytes: the text of `adb shell dumpsys netstats detail full`.

Such a text says how many bytes each app (by its uid) sent and received in spans of some hours, on
each network. It names no hosts. Its lines, as Android 6 to 15 write them, are::

    UID stats:
      Pending bytes: 744
      History since boot:
      ident=[{type=1, ..., metered=false, defaultNetwork=true}] uid=10234 set=DEFAULT tag=0x0
        NetworkStatsHistory: bucketDuration=7200
          st=1699999200 rb=120133 rp=150 tb=20411 tp=120 op=0

What went through a VPN stands there twice, under the VPN and under the network below it, so the VPN
(type 17) is left out. "UID tag stats" say of a part of the same bytes what they were for, and "Xt
stats" and "Dev stats" sum up all apps: they are not read. Without ``full``, only the last 32 spans
of each network are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from analyzer.errors import UserError
from analyzer.models import Measured, Problem
from analyzer.readers import READERS, Asked, Reading, Record, is_time

SOURCE = "netstats"
_SECTION = re.compile(rb"^ *([A-Z][A-Za-z ]{1,40}):\s*$")
_IDENT = re.compile(rb"^\s*ident=.{0,4000}? uid=(-?\d{1,10}) set=([A-Z_]{1,30}) tag=0x0\s*$")
_TYPE = re.compile(rb"\btype=(\w{1,20})")
_VPN = frozenset({b"17", b"VPN"})
_SPAN = re.compile(rb"^\s*NetworkStatsHistory: bucketDuration=(\d{1,9})\s*$")
_OMITTED = re.compile(rb"^\s*\(omitting (\d{1,9}) buckets\)\s*$")
_BUCKET = re.compile(rb"^\s*st=(\d{1,12}) rb=(\d{1,18}) rp=\d{1,18} tb=(\d{1,18}) tp=\d{1,18}\b")
_HEAD = re.compile(
    rb"^ *(?:Active interfaces|Active UID interfaces|Dev stats|Xt stats|UID stats):\s*$", re.M
)
_MAX_LINE = 8192
_ADB = "adb shell dumpsys netstats detail full"


@dataclass(slots=True)
class _Count:
    """What the lines of one app say."""

    up: int = 0
    down: int = 0
    buckets: int = 0  # of the app
    during: int = 0  # of those, how many are of the session's time
    omitted: int = 0
    odd: int = 0  # lines that say something else
    first: float | None = None
    is_whole: bool = False  # the part on apps is there


@READERS.register("netstats")
class NetstatsReader:
    """Sums up the buckets of one app that overlap the time of the session."""

    heeds: ClassVar[frozenset[str]] = frozenset({"during", "uid"})

    def __init__(self) -> None:
        self.asked = Asked()

    def sniff(self, head: bytes) -> bool:
        """One of the headings that the text begins with."""
        return b"\0" not in head and _HEAD.search(head) is not None

    def read(self, path: Path) -> Reading:
        """Read all of it; `UserError` without a session, without an app, or for another text."""
        during, uid = self.asked.during, self.asked.uid
        if during is None:
            raise UserError(
                f"{path.name} counts bytes and names no hosts: it can only be a witness",
                "say of which session: --beside SESSION",
            )
        if uid is None:
            raise UserError(
                f"{path.name} knows apps by number", "--uid NUMBER, from `pm list packages -U`"
            )
        with path.open("rb") as file:
            count = _count(iter(lambda: file.readline(_MAX_LINE), b""), uid, during)
        if not count.is_whole:
            raise UserError(f"{path.name} says nothing of single apps", f"take it with `{_ADB}`")
        if not count.during:
            raise UserError(
                f"{path.name} says nothing of the app {uid} at the time of the session",
                f"compare the number and the clocks; take it with `{_ADB}`",
            )
        reading = Reading("buckets", started=count.first, tools=((SOURCE, "dumpsys"),))
        reading.read = reading.total = count.buckets
        reading.records = _records(count)
        return reading


def _count(lines: Iterator[bytes], uid: int, during: tuple[float, float]) -> _Count:
    count = _Count()
    within = ours = False
    span = 0
    for line in lines:
        if section := _SECTION.match(line):
            if not line.startswith(b" ") or section[1].endswith(b"stats"):
                within, ours = section[1] == b"UID stats", False
                count.is_whole |= within
        elif not within:
            continue
        elif b"ident=" in line:
            ours = _is_of(line, uid)
            span = 0
        elif not ours:
            continue
        elif found := _SPAN.match(line):
            span = int(found[1])
        elif found := _OMITTED.match(line):
            count.omitted += int(found[1])
        elif (found := _BUCKET.match(line)) and span and is_time(float(found[1])):
            _add(count, int(found[1]), span, int(found[3]), int(found[2]), during)
        elif line.strip():
            count.odd += 1
    return count


def _is_of(line: bytes, uid: int) -> bool:
    """Whether a line begins the untagged buckets of `uid` on a real network."""
    found, kind = _IDENT.match(line), _TYPE.search(line)
    return (
        found is not None
        and int(found[1]) == uid
        and not found[2].startswith(b"DBG")  # repeats what a VPN carried
        and (kind is None or kind[1] not in _VPN)
    )


def _add(
    count: _Count, start: int, span: int, up: int, down: int, during: tuple[float, float]
) -> None:
    count.buckets += 1
    if start < during[1] and start + span > during[0]:
        count.during += 1
        count.up += up
        count.down += down
        count.first = min(count.first or start, start)


def _records(count: _Count) -> Iterator[Record]:
    yield Measured(0.0, "app_bytes_up", str(count.up), SOURCE)
    yield Measured(0.0, "app_bytes_down", str(count.down), SOURCE)
    if count.odd:
        yield Problem("", "read", "odd_line", f"{count.odd} lines of the app are of no known form")
    if count.omitted:
        told = f"{count.omitted} earlier buckets are left out of it: take it with `{_ADB}`"
        yield Problem("", "read", "omitted", told)

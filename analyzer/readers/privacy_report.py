"""The App Privacy Report of iOS 15.2 and later, as Settings exports it: one JSON object a line.

Of the last seven days it says which domains each app contacted, and when it used sensors and data::

    {"domain":"api.example","firstTimeStamp":"2021-10-14T08:24:53.092+08:00","context":"",
     "timeStamp":"2021-10-18T08:42:46.449+08:00","domainType":2,"initiatedType":"AppInitiated",
     "hits":2,"type":"networkActivity","domainOwner":"","bundleID":"com.example.app"}
    {"accessor":{"identifier":"com.example.app","identifierType":"bundleID"},"category":"location",
     "kind":"intervalBegin","timeStamp":"2021-10-14T08:24:53.092+08:00","type":"access", ...}

(each in one line; "Inspecting app activity data" in Apple's documentation). A domain has only the
times of its first and its last contact: one whose span covers the session may have been silent in
it, and is told all the same.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from analyzer.errors import UserError
from analyzer.models import Event, Measured, Problem
from analyzer.readers import READERS, Asked, Reading, Record, is_time
from analyzer.readers.pcap_hello import clean_name

SOURCE = "app privacy report"
_MAX_LINE = 64 * 1024
_MAX_DOMAINS = 100_000
_MAX_ACCESSES = 10_000
_TYPES = frozenset({"networkActivity", "access"})
_CATEGORIES = frozenset(
    {
        "camera", "contacts", "location", "mediaLibrary", "microphone", "photos",
        "screenRecording", "calendars", "reminders", "bluetooth", "motion", "health",
    }
)  # fmt: skip
_INITIATED = {"AppInitiated": "by the app", "NonAppInitiated": "by a website in the app"}


@dataclass(slots=True)
class _Found:
    """What the report says of the app at the time of the session."""

    domains: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)
    accesses: list[tuple[float, str]] = field(default_factory=list)
    lines: int = 0
    understood: int = 0
    odd: int = 0
    others: set[str] = field(default_factory=set)  # other apps
    outside: int = 0  # lines of the app, of another time
    beyond: int = 0


# The name makes it come before HAR, which takes every file that begins as an object of JSON.
@READERS.register("app_privacy_report")
class PrivacyReportReader:
    """Reads the lines of one app that are of the time of the session."""

    heeds: ClassVar[frozenset[str]] = frozenset({"during", "app"})

    def __init__(self) -> None:
        self.asked = Asked()

    def sniff(self, head: bytes) -> bool:
        """A first line that is a whole record of the report, or its preface."""
        first = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")[0]
        record = _record(first)
        return record is not None and (_kind(record) in _TYPES or "_marker" in record)

    def read(self, path: Path) -> Reading:
        """Read all of it; `UserError` without a session, or where the app is not in it."""
        during, app = self.asked.during, self.asked.app
        if during is None:
            raise UserError(
                f"{path.name} is of all seven days: it can only be a witness",
                "say of which session: --beside SESSION",
            )
        with path.open("rb") as file:
            found = _read(iter(lambda: file.readline(_MAX_LINE), b""), app, during)
        if not (found.domains or found.accesses):
            if found.outside:
                raise UserError(
                    f"{path.name} says nothing of the app at the time of the session",
                    "name another session, or compare the clocks",
                )
            raise UserError(
                f"{path.name} has no app {app!r}, but {len(found.others)} others",
                "name it by its bundle ID: --app ID",
            )
        reading = Reading("lines", tools=((SOURCE.replace(" ", "-"), "iOS"),))
        times = [moment for moment, _ in (*found.domains.values(), *found.accesses)]
        reading.started = min(times)
        reading.read, reading.total = found.understood, found.lines
        reading.records = _records(found, reading.started)
        return reading


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _kind(record: dict[str, Any]) -> str:
    kind = record.get("type")
    return kind if isinstance(kind, str) else ""


def _read(lines: Iterator[bytes], app: str, during: tuple[float, float]) -> _Found:
    found = _Found()
    for line in lines:
        if not line.strip():
            continue
        found.lines += 1
        record = _record(line)
        understood = record is not None and _take(found, record, app, during)
        found.understood += understood
        found.odd += not understood
    return found


def _take(found: _Found, record: dict[str, Any], app: str, during: tuple[float, float]) -> bool:
    """Take note of one line; False if it is of no known form."""
    kind = _kind(record)
    if kind not in _TYPES:
        return "_marker" in record or "stream" in record  # its preface; betas of iOS 15
    accessor = record.get("accessor")
    who = record.get("bundleID") if kind == "networkActivity" else None
    if kind == "access" and isinstance(accessor, dict):
        who = accessor.get("identifier")
    last = _seconds(record.get("timeStamp"))
    if not isinstance(who, str) or last is None:
        return False
    if who != app and not who.startswith(f"{app}."):  # its extensions are the app, too
        if len(found.others) < _MAX_DOMAINS:
            found.others.add(who[:200])
        return True
    if kind == "access":
        return _take_access(found, record, last, during)
    return _take_domain(found, record, last, during)


def _take_domain(
    found: _Found, record: dict[str, Any], last: float, during: tuple[float, float]
) -> bool:
    first, hits = _seconds(record.get("firstTimeStamp")), record.get("hits")
    domain = record.get("domain")
    name = clean_name(domain.encode("utf-8", "replace")) if isinstance(domain, str) else ""
    if not name or not isinstance(hits, int) or hits < 0:
        return False
    first = last if first is None else min(first, last)
    if first > during[1] or last < during[0]:
        found.outside += 1
        return True
    key = name, _INITIATED.get(str(record.get("initiatedType")), "")
    if key not in found.domains and len(found.domains) >= _MAX_DOMAINS:
        found.beyond += 1
        return True
    began, before = found.domains.get(key, (first, 0))
    found.domains[key] = min(max(first, during[0]), max(began, during[0])), before + hits
    return True


def _take_access(
    found: _Found, record: dict[str, Any], moment: float, during: tuple[float, float]
) -> bool:
    category = record.get("category")
    if not isinstance(category, str):
        return False
    if record.get("kind") == "intervalEnd":
        return True
    if not during[0] <= moment <= during[1]:
        found.outside += 1
    elif len(found.accesses) >= _MAX_ACCESSES:
        found.beyond += 1
    else:
        found.accesses.append((moment, category if category in _CATEGORIES else "other"))
    return True


def _seconds(text: object) -> float | None:
    """Return seconds since 1970 of an ISO 8601 instant with its time zone; None for all else."""
    if not isinstance(text, str) or len(text) > 40:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    seconds = moment.timestamp()
    return seconds if is_time(seconds) else None


def _records(found: _Found, started: float) -> Iterator[Record]:
    rows: list[Event | Measured] = [
        Event(
            moment - started,
            "host_seen",
            domain,
            ", ".join(filter(None, (SOURCE, f"{hits} hits in its span", who))),
            0,
            0,
        )
        for (domain, who), (moment, hits) in found.domains.items()
    ]
    rows += [
        Measured(moment - started, "sensor_access", category, SOURCE)
        for moment, category in found.accesses
    ]
    yield from sorted(rows, key=lambda row: row.t_s)
    for number, code, told in (
        (found.odd, "odd_line", "lines are of no known form"),
        (found.outside, "outside", "lines of the app are of another time"),
        (found.beyond, "too_many", "lines are beyond what is kept"),
    ):
        if number:
            yield Problem("", "read", code, f"{number} {told}")

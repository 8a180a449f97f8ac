"""In which order to record a study, and when: as CSV, as a checklist, as a calendar."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from analyzer.errors import UserError
from analyzer.planned import PlannedSession, StudyPlan

_COLUMNS = ("block", "position", "arm", "repeat", "start", "end")
_FOLD = 75  # bytes of a line of a calendar (RFC 5545, 3.1)


@dataclass(frozen=True, slots=True)
class Times:
    """When sessions are recorded: from `start` on, `per_day` of them, each with its `minutes`."""

    start: datetime
    per_day: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A planned session with its time; None where no dates are known."""

    session: PlannedSession
    start: datetime | None
    end: datetime | None

    @property
    def block(self) -> str:
        """The name of its time block, as `evenhand proxy --block` takes it."""
        return f"b{self.session.block:02d}"

    @property
    def command(self) -> str:
        """What records it."""
        return f"evenhand proxy --arm {self.session.arm} --block {self.block}"


def slots(planned: StudyPlan, times: Times | None) -> list[Slot]:
    """Return the sessions of a plan with their times, in their order.

    A block begins on the next day where it does not fit into the rest of one: what is compared
    within it should be recorded at about the same time. One that is longer than a day begins with
    a day, too.
    """
    if times is None:
        return [Slot(each, None, None) for each in planned.schedule]
    length = timedelta(minutes=times.minutes)
    found: list[Slot] = []
    day, used = 0, 0
    for _, block in groupby(planned.schedule, key=lambda each: each.block):
        those = list(block)
        if used and used + len(those) > times.per_day:
            day, used = day + 1, 0
        for each in those:
            if used == times.per_day:
                day, used = day + 1, 0
            start = times.start + timedelta(days=day) + used * length
            found.append(Slot(each, start, start + length))
            used += 1
    return found


def schedule_text(path: Path, planned: StudyPlan, when: Sequence[Slot], study: str) -> str:
    """Return the schedule in the format that the ending of `path` names.

    `UserError` where there is no such format, nothing to schedule, or a calendar has no dates.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise UserError(f"{path.name} has no known ending", f"use one of {', '.join(_WRITERS)}")
    if not when:
        raise UserError(
            "there is nothing to schedule: no number of sessions would do",
            "look for a larger difference, or with more arms",
        )
    if path.suffix.lower() == ".ics" and when[0].start is None:
        raise UserError("a calendar needs dates", "add --start and --per-day")
    return write(planned, when, study)


def _csv(_: StudyPlan, when: Sequence[Slot], __: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for slot in when:
        each = slot.session
        times = [time.isoformat() if time else "" for time in (slot.start, slot.end)]
        writer.writerow([slot.block, each.position, each.arm, each.repeat, *times])
    return out.getvalue()


def _markdown(planned: StudyPlan, when: Sequence[Slot], study: str) -> str:
    lines = [f"# {_plain(study)}: {len(when)} sessions", ""]
    lines.append(
        f"{planned.sessions} sessions of each arm, in time blocks of {planned.per_block} of each."
        " Record the sessions of a block in this order, close to each other."
    )
    for _, block in groupby(when, key=lambda slot: slot.session.block):
        those = list(block)
        lines += ["", f"## Block {those[0].block}", ""]
        for slot in those:
            time = f"{slot.start:%Y-%m-%d %H:%M} " if slot.start else ""
            lines.append(f"- [ ] {time}{slot.session.arm}: `{slot.command}`")
    return "\n".join([*lines, ""])


def _calendar(planned: StudyPlan, when: Sequence[Slot], study: str) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//evenhand//plan//EN"]
    for slot in when:
        if slot.start is None or slot.end is None:
            continue
        each = slot.session
        key = f"{study} {planned.seed} {slot.block} {each.position} {each.arm}"
        lines += [
            "BEGIN:VEVENT",
            f"UID:{hashlib.sha256(key.encode()).hexdigest()[:32]}@evenhand",
            f"DTSTAMP:{_stamp(slot.start)}",
            f"DTSTART:{_moment(slot.start)}",
            f"DTEND:{_moment(slot.end)}",
            f"SUMMARY:{_escaped(f'{each.arm} r{each.repeat:02d}, block {slot.block}')}",
            f"DESCRIPTION:{_escaped(slot.command)}",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{part}\r\n" for line in lines for part in _folded(line))


def _moment(time: datetime) -> str:
    """Return a time of a calendar: of the reader's clock, unless it says of which zone it is."""
    if time.tzinfo is None:
        return f"{time:%Y%m%dT%H%M%S}"
    return _stamp(time)


def _stamp(time: datetime) -> str:
    """Return a time as UTC; that of a clock of no zone is taken as it stands."""
    offset = time.utcoffset() or timedelta()
    return f"{time.replace(tzinfo=None) - offset:%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    for letter in ("\\", ";", ","):
        text = text.replace(letter, f"\\{letter}")
    return text.replace("\n", " ")


def _folded(line: str) -> list[str]:
    """Return a line in pieces that are short enough, none of them within a letter."""
    pieces, size = [""], 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _FOLD:
            pieces.append(" ")
            size = 1
        pieces[-1] += letter
        size += width
    return pieces


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("`", "\\`").replace("<", "&lt;")


_WRITERS: dict[str, Callable[[StudyPlan, Sequence[Slot], str], str]] = {
    ".csv": _csv,
    ".md": _markdown,
    ".ics": _calendar,
}

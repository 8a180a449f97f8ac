"""What one side had no time to show: first seen on the other later than it was recorded for.

An operator who is slow delays what the app does, so that time counts from the beginning of the
phase, where that is known of every session. Whole sessions count, too: an app may wait.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from analyzer.compare.groups import Late
from analyzer.compare.presence import Key, Seen
from analyzer.compare.recorded import Recorded
from analyzer.study import CompareSettings

_SLOW = 1.05  # by which factor an operator may be slower, over several phases
_NOBODY: frozenset[str] = frozenset()


class Clock:
    """How long the sessions of two groups, and their phases, lasted."""

    def __init__(
        self, a: Sequence[Recorded], b: Sequence[Recorded], settings: CompareSettings
    ) -> None:
        """Take the compared sessions of either group.

        A study that waives the gate of length does without this, too: both are about time to show.
        """
        self._waived = "duration" in dict(settings.waive)
        self._a, self._b = list(a), list(b)
        self._ready = {each.id: each.ready for each in (*a, *b)}
        self._rooms = {each.id: _room(each) for each in (*a, *b)}
        self._slow = _SLOW if any(len(each.phases) > 1 for each in (*a, *b)) else 1.0
        self._spans: dict[str, Mapping[str, tuple[float, float]]] = {}

    def late(self, key: Key, seen: Seen) -> Late | None:
        """Return what either group had no time to show of a row; None where it had."""
        if self._waived:
            return None
        late_a = late_b = short_a = short_b = _NOBODY
        for scale in self._scales(key.phase, seen.first):
            late, short = self._apart(self._a, self._b, *scale)
            late_a, short_b = late_a | late, short_b | short
            late, short = self._apart(self._b, self._a, *scale)
            late_b, short_a = late_b | late, short_a | short
        if not (late_a or late_b or short_a or short_b):
            return None
        return Late(late_a, late_b, short_a - seen.sessions, short_b - seen.sessions)

    def _scales(
        self, phase: str, first: Mapping[str, float]
    ) -> list[tuple[Mapping[str, float], Mapping[str, float], float]]:
        """Return when it was first seen and how long each session lasted, and by what to allow."""
        found: list[tuple[Mapping[str, float], Mapping[str, float], float]] = []
        rooms = {each: room for each, room in self._rooms.items() if room is not None}
        found.append((first, rooms, self._slow))
        spans = self._of_phase(phase)
        if spans:
            since = {
                each: t_s + self._ready[each] - spans[each][0]
                for each, t_s in first.items()
                if each in spans
            }
            found.append((since, {each: end - start for each, (start, end) in spans.items()}, 1.0))
        return found

    def _of_phase(self, phase: str) -> Mapping[str, tuple[float, float]]:
        """Return from when to when a phase lasted in each session; nothing if not known of all."""
        if phase not in self._spans:
            spans = {each.id: each.span(phase) for each in (*self._a, *self._b)}
            known = {each: span for each, span in spans.items() if span is not None}
            self._spans[phase] = known if len(known) == len(spans) else {}
        return self._spans[phase]

    def _apart(
        self,
        here: Sequence[Recorded],
        there: Sequence[Recorded],
        first: Mapping[str, float],
        rooms: Mapping[str, float],
        allowed: float,
    ) -> tuple[frozenset[str], frozenset[str]]:
        """Return in which sessions of `here` it came too late for `there`, and those too short."""
        seen = {each.id: first[each.id] for each in here if each.id in first}
        others = {each.id: rooms[each.id] * allowed for each in there if each.id in rooms}
        if not seen or not others:
            return _NOBODY, _NOBODY
        end, usual = median(others.values()), median(seen.values())
        return (
            frozenset(each for each, t_s in seen.items() if t_s > end),
            frozenset(each for each, room in others.items() if room < usual),
        )


def _room(session: Recorded) -> float | None:
    return None if session.seconds is None else max(0.0, session.seconds - session.ready)

"""Feed time: the seconds of a session during which its feed was on the screen and moving.

The steps of a session say it: a step begins a phase, and what is no phase of the feed (a pause, the
set-up, the profile) does not count. Gaps between sessions do not count either: the times of one
account's sessions are added up, in the order in which they began.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence
from typing import Final

from analyzer.study import PAUSE, SETUP

Step = tuple[float, str]  # seconds of the session, and the phase that it begins
_IDLE: Final = 600.0  # seconds without a sign of the feed in which nobody looks at it
_IDLE_UNLOGGED: Final = 3600.0  # where there are signs only when more items are asked for


class FeedClock:
    """The feed time of one session.

    `steps`: (seconds, name), in order of time. `phases`: the names of those in which the feed is on
    the screen; none given: all but the set-up. A driver's `PAUSE` never counts. `ended_s`: when the
    session ended.
    """

    def __init__(
        self, steps: Sequence[tuple[float, str]], ended_s: float, phases: Collection[str] = ()
    ) -> None:
        bounds = [(max(0.0, t_s), name) for t_s, name in steps] or [(0.0, "")]
        ends = [*bounds[1:], (max(ended_s, bounds[-1][0]), "")]
        self._starts: list[float] = []
        self._counts: list[bool] = []
        self._before: list[float] = []  # feed time at each start
        total = 0.0
        for (begin, name), (end, _) in zip(bounds, ends, strict=True):
            counts = name != PAUSE and (name in phases if phases else name != SETUP)
            self._starts.append(begin)
            self._counts.append(counts)
            self._before.append(total)
            total += max(0.0, end - begin) if counts else 0.0
        self.total = total

    def at(self, t_s: float) -> float:
        """Return the feed time at `t_s` seconds of the session, from 0 to `total`."""
        place = bisect.bisect_right(self._starts, t_s) - 1
        if place < 0:
            return 0.0
        since = t_s - self._starts[place] if self._counts[place] else 0.0
        return round(min(self.total, self._before[place] + since), 3)


def awake(
    steps: Sequence[Step],
    signs: Sequence[tuple[float, float]],
    ended_s: float,
    pause_s: float,
    *,
    logged: bool,
) -> tuple[list[Step], float]:
    """Return `steps` with a `PAUSE` wherever the feed gave no sign for long; and its seconds.

    `signs`: from when to when it did, in order of their beginnings. An item may last `pause_s`
    after one. `logged`: whether the items themselves are signs, or only answers.
    """
    longest = (_IDLE if logged else _IDLE_UNLOGGED) + pause_s
    found: list[Step] = list(steps) or [(0.0, "")]
    idle, last = 0.0, signs[0][0] if signs else 0.0
    for begin, end in (*signs, (ended_s, ended_s)) if signs else ():
        if begin - last > longest:
            before = [step for step in found if step[0] <= begin]
            name = before[-1][1] if before else ""
            found = [
                *(step for step in found if step[0] <= last + pause_s),
                (last + pause_s, PAUSE),
                (begin, name),
                *(step for step in found if step[0] > begin),
            ]
            idle += begin - last - pause_s
        last = max(last, end)
    return found, idle

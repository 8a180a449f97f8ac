"""Feed time: the seconds of a session during which its feed was on the screen and moving.

The steps of a session say it: a step begins a phase, and what is no phase of the feed (a pause, the
set-up, the profile) does not count. Gaps between sessions do not count either: the times of one
account's sessions are added up, in the order in which they began.
"""

from __future__ import annotations

import bisect
from collections.abc import Collection, Sequence

from analyzer.study import PAUSE, SETUP


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

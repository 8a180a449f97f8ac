"""The clock of a recording: it goes on while the machine sleeps, and nobody can set it."""

from __future__ import annotations

import sys
import time


def steady_s() -> float:
    """Seconds since some moment, with those that this machine has slept."""
    if sys.platform == "darwin":
        steady = time.CLOCK_MONOTONIC_RAW
    else:
        steady = time.CLOCK_BOOTTIME
    return time.clock_gettime(steady)


class SessionClock:
    """Counts a session's seconds from `start`, which is in seconds since 1970."""

    def __init__(self, start: float) -> None:
        self._start = start
        self._zero = steady_s() - (time.time() - start)

    def seconds(self, timestamp: float | None = None) -> float:
        """Turn seconds since 1970 (default: now) into seconds since the start, from 0 to now.

        The calendar's clock may have been set meanwhile: a moment is as long ago as that clock
        says now.
        """
        now = steady_s() - self._zero
        ago = 0.0 if timestamp is None else max(0.0, time.time() - timestamp)
        return max(0.0, now - ago)

    def end(self, timestamp: float | None = None) -> float:
        """Return when a session ends that ends at `timestamp` (default: now), since 1970."""
        now = self._start + self.seconds()
        return max(self._start, now if timestamp is None else timestamp)

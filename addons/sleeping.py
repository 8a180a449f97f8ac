"""Notices that this machine was asleep: a lid was closed, and nothing could be recorded."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

_LEAST_S = 2.0


def slept_s() -> float:
    """Seconds that this machine has slept since it was switched on.

    Of two clocks that both ignore the calendar, one goes on while the machine sleeps.
    """
    if sys.platform == "darwin":
        through, awake = time.CLOCK_MONOTONIC_RAW, time.CLOCK_UPTIME_RAW
    else:
        through, awake = time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC
    return time.clock_gettime(through) - time.clock_gettime(awake)


class SleepWatch:
    """Asked now and then, says how long the machine slept since the last time."""

    def __init__(self, slept: Callable[[], float] = slept_s) -> None:
        self._slept = slept
        self._before = slept()

    def length(self) -> float:
        """Seconds of sleep since the last call; 0 for less than is worth a word."""
        now = self._slept()
        length, self._before = now - self._before, now
        return length if length >= _LEAST_S else 0.0

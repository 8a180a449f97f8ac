"""Notices that this machine was asleep, when nothing could be recorded, or its clock was set."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from analyzer.bundle.clock import steady_s

_LEAST_S = 2.0


def slept_s() -> float:
    """Seconds that this machine has slept since it was switched on.

    Of two clocks that both ignore the calendar, one goes on while the machine sleeps.
    """
    if sys.platform == "darwin":
        awake = time.clock_gettime(time.CLOCK_UPTIME_RAW)
    else:
        awake = time.clock_gettime(time.CLOCK_MONOTONIC)
    return steady_s() - awake


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


def calendar_s() -> float:
    """Seconds by which the calendar's clock is ahead of the steady one: changed when it is set."""
    return time.time() - steady_s()


class ClockWatch:
    """Asked now and then, says how far the calendar's clock was set since the last time."""

    def __init__(self) -> None:
        self._before = calendar_s()

    def jump(self) -> float:
        """Seconds, negative where it was set back; 0 for less than is worth a word."""
        now = calendar_s()
        jump, self._before = now - self._before, now
        return jump if abs(jump) >= _LEAST_S else 0.0

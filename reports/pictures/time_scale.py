"""Where the marks of a scale of feed time stand, and what is written at them.

Every time at a mark is written as it is (no quarter of an hour as "1.2 h"), and no writing touches
its neighbour, whatever the language and the width.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reports.language import Figure
from reports.pictures.canvas import wide

_HOUR: Final = 3600
# Steps of which every multiple can be written: from an hour on in halves of one. The last is for
# whoever measures longer than anybody has.
_STEPS: Final = (
    5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10_800, 14_400, 21_600,
    43_200, 64_800, 86_400, 172_800, 604_800,
)  # fmt: skip
_HALF: Final = 1800
_MOST: Final = 9  # marks; more say nothing more
_APART: Final = 9.0  # pixels between two writings
_OVER: Final = 2.0  # pixels that a writing may stand out at the right


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark at `x`, and the `middle` of what is written there."""

    x: float
    middle: float
    text: str


@dataclass(frozen=True, slots=True)
class TimeScale:
    """A scale from 0 at `left` to `seconds` at `right`, written in letters of `size` pixels."""

    left: float
    right: float
    seconds: float
    write: Callable[[float], str]
    size: float

    def ticks(self) -> tuple[Tick, ...]:
        """Return the marks: as many as there is room for."""
        ticks: tuple[Tick, ...] = ()
        for step in _STEPS:
            if step < _HALF and self.seconds >= _HOUR + step:
                continue  # beyond an hour they could not be written
            count = int(self.seconds / step + 1e-3)
            if count < _MOST:
                ticks = tuple(self._tick(number * step) for number in range(count + 1))
                if self._apart(ticks):
                    break
        return ticks

    def _tick(self, seconds: int) -> Tick:
        text = self.write(seconds) if seconds else Figure("0")
        x = self.left + (self.right - self.left) * min(1.0, seconds / self.seconds)
        return Tick(x, min(x, self.right + _OVER - wide(text, self.size) / 2), text)

    def _apart(self, ticks: tuple[Tick, ...]) -> bool:
        return all(
            after.middle - before.middle
            >= (wide(before.text, self.size) + wide(after.text, self.size)) / 2 + _APART
            for before, after in itertools.pairwise(ticks)
        )

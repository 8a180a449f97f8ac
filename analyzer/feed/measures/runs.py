"""When, for the first time, so many of the last items were positive. Chunk by chunk."""

from __future__ import annotations

from copy import deepcopy
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

# What is made of an item that nobody coded: it is left out, or taken for negative, or positive.
Reading = Literal["coded", "negative", "positive"]
AS_CODED: Final = "coded"
READINGS: Final[tuple[Reading, ...]] = ("negative", "coded", "positive")


class Runs:
    """One account's last items. `reached[k]` is the feed time at which, for the first time, `k` of
    the last `last` items were positive (nan: never so far); that there were `last` is required.
    `numbers[k]` is which item that was, counted from 1.
    """

    def __init__(self, last: int) -> None:
        self._last = last
        self._before = np.zeros(0, dtype=np.int32)  # the last items, fewer than `last`
        self._most = -1
        self._seen = 0
        self.reached = np.full(last + 1, np.nan)
        self.numbers = np.full(last + 1, np.nan)

    def add(self, positive: NDArray[np.bool_], feed_s: NDArray[np.float64]) -> None:
        """Take the next items in their order."""
        flags = np.concatenate((self._before, positive.astype(np.int32)))
        if flags.size >= self._last:
            sums = np.concatenate(([0], np.cumsum(flags)))
            within = sums[self._last :] - sums[: -self._last]
            ends = feed_s[feed_s.size - within.size :]  # the item with which each run ends
            highest = np.maximum.accumulate(within)
            if highest[-1] > self._most:
                counts = np.arange(self._most + 1, int(highest[-1]) + 1)
                first = np.searchsorted(highest, counts)
                self.reached[counts] = ends[first]
                self.numbers[counts] = self._seen + feed_s.size - within.size + first + 1
                self._most = int(highest[-1])
        self._seen += feed_s.size
        self._before = flags[max(0, flags.size - self._last + 1) :]


class Readings:
    """One account's last items, as coded, and were all that nobody coded negative, or positive."""

    def __init__(self, last: int) -> None:
        self._coded = Runs(last)
        # The same as long as all are coded.
        self._negative = self._positive = self._coded

    def reached(self, count: int, reading: Reading) -> float:
        """Return `Runs.reached` of one reading."""
        runs = {"coded": self._coded, "negative": self._negative, "positive": self._positive}
        return float(runs[reading].reached[count])

    def number(self, count: int) -> float:
        """Return `Runs.numbers` as coded."""
        return float(self._coded.numbers[count])

    def add(
        self, positive: NDArray[np.bool_], known: NDArray[np.bool_], feed_s: NDArray[np.float64]
    ) -> None:
        """Take the next items in their order; `known`: somebody coded it."""
        if not known.all() and self._negative is self._coded:
            self._negative, self._positive = deepcopy(self._coded), deepcopy(self._coded)
        if self._negative is not self._coded:
            self._negative.add(positive, feed_s)
            self._positive.add(positive | ~known, feed_s)
        self._coded.add(positive[known], feed_s[known])

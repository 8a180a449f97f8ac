"""When, for the first time, so many of the last items were positive. Chunk by chunk."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Runs:
    """One account's last items. `reached[k]` is the feed time at which, for the first time, `k` of
    the last `last` items were positive (nan: never so far); that there were `last` is required.
    """

    def __init__(self, last: int) -> None:
        self._last = last
        self._before = np.zeros(0, dtype=np.int32)  # the last items, fewer than `last`
        self._most = -1
        self.reached = np.full(last + 1, np.nan)

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
                self.reached[counts] = ends[np.searchsorted(highest, counts)]
                self._most = int(highest[-1])
        self._before = flags[max(0, flags.size - self._last + 1) :]

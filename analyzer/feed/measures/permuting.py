"""Is one arm different from another? Accounts exchanged between them, within their blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_EXACT = 50_000  # ways to exchange accounts that are gone through
_SEED = 6
_SAME = 1e-9
_BEYOND = 1.96
Values = NDArray[np.float64]
Labels = Sequence[str] | NDArray[np.object_]


class Exchange(NamedTuple):
    """`p` of the test, two-sided; `least`: the least that so many accounts can give."""

    p: float
    least: float
    exact: bool


def exchange(
    left: Values,
    right: Values,
    left_blocks: Labels,
    right_blocks: Labels,
    permutations: int,
) -> Exchange:
    """Test whether the scores of the left accounts are larger or smaller than those of the right.

    The statistic is how far the left scores' sum is from what is expected within the blocks. All
    ways are gone through where they are few (SciPy's `permutation_test` gives the same p), else
    `permutations` are drawn by a fixed seed and p is (b + 1) / (m + 1). Neither the order of
    accounts nor which arm is left changes p.
    """
    names = sorted({*left_blocks} & {*right_blocks})
    found = [_Block(left[_of(left_blocks, name)], right[_of(right_blocks, name)]) for name in names]
    ways = math.prod(math.comb(each.scores.size, each.n) for each in found)
    if not found or ways == 1:
        return Exchange(1.0, 1.0, True)
    observed = abs(sum(each.observed for each in found))
    scale = max(1.0, sum(float(np.abs(each.scores).sum()) for each in found))
    mirrored = all(2 * each.n == each.scores.size for each in found)
    least = (2 if mirrored else 1) / ways
    if ways <= _EXACT:
        sums = np.zeros(1)
        for each in found:
            sums = np.add.outer(sums, each.all()).ravel()
        hits = int((np.abs(sums) >= observed - _SAME * scale).sum())
        return Exchange(hits / ways, least, True)
    drawn = sum(each.drawn(permutations, _SEED + place) for place, each in enumerate(found))
    hits = int((np.abs(drawn) >= observed - _SAME * scale).sum())
    return Exchange((hits + 1) / (permutations + 1), least, False)


def log_rank(times: Values, until: Values) -> Values:
    """Return the score of each account: how much later than expected it got there.

    Their sum over an arm is the numerator of the log-rank test (Peto and Peto 1972, JRSS A
    135:185). `times` is nan for accounts that did not get there within their feed time (`until`).
    """
    reached = ~np.isnan(times)
    ends = np.where(reached, times, until)
    hazard = np.zeros(ends.size)
    for at in np.unique(ends[reached]):
        hazard[ends >= at] += (reached & (ends == at)).sum() / (ends >= at).sum()
    return hazard - reached


def opposed(left: Values, right: Values, left_blocks: Labels, right_blocks: Labels) -> int:
    """Return how many blocks say beyond chance the opposite of what others say beyond chance.

    By how far each block's sum is from what is expected, over its standard deviation when accounts
    are exchanged: beyond 1.96 is beyond chance.
    """
    signs = [0, 0]
    for name in sorted({*left_blocks} & {*right_blocks}):
        block = _Block(left[_of(left_blocks, name)], right[_of(right_blocks, name)])
        deviation = block.deviation()
        if deviation > 0 and abs(block.observed) / deviation > _BEYOND:
            signs[block.observed > 0] += 1
    return min(signs)


class _Block:
    def __init__(self, left: Values, right: Values) -> None:
        # In one order, and the smaller arm is drawn: neither order nor side can matter then.
        self.n = min(left.size, right.size)
        self.scores = np.sort(np.concatenate((left, right)))
        self.expected = self.n * float(self.scores.mean()) if self.scores.size else 0.0
        share = left.size / self.scores.size
        self.observed = float(left.sum()) - share * float(self.scores.sum())
        self._sign = 1.0 if left.size <= right.size else -1.0

    def deviation(self) -> float:
        """Return the standard deviation of the sum of the left scores over all exchanges."""
        size = self.scores.size
        if size < 2:
            return 0.0
        variance = float(self.scores.var(ddof=1))
        return math.sqrt(self.n * (size - self.n) / size * variance)

    def all(self) -> Values:
        sums: Values = self.scores[_ways(self.scores.size, self.n)].sum(axis=1)
        return self._sign * (sums - self.expected)

    def drawn(self, permutations: int, seed: int) -> Values:
        rng = np.random.default_rng(seed)
        tables = np.tile(self.scores, (permutations, 1))
        shuffled = rng.permuted(tables, axis=1)[:, : self.n]
        sums: Values = shuffled.sum(axis=1)
        return self._sign * (sums - self.expected)


@lru_cache(maxsize=8)
def _ways(size: int, n: int) -> NDArray[np.int64]:
    """Return all choices of `n` among so many, a row each: the same for all measures of an arm."""
    return np.asarray(list(combinations(range(size), n)), dtype=np.int64).reshape(-1, n)


def _of(blocks: Labels, name: str) -> NDArray[np.bool_]:
    return np.asarray([each == name for each in blocks], dtype=np.bool_)

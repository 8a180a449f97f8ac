"""False discoveries among many rows.

A row is called different where its q is at most the rate that a report allows. The rows of a report
are counted, so their tests are discrete: a thing seen in 2 of 12 sessions can never be significant,
and need not be paid for as if it could. `discoveries` makes use of that; `benjamini_hochberg` does
not.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

Support = tuple[float, ...]
"""The p-values that a test can give, ascending. Empty: any (it was sampled, or is continuous)."""

_SAME = 1 + 1e-9  # p-values that differ by less are one


class Discoveries(NamedTuple):
    """The q of each row, and the largest p of a row that is called different (0.0: none is)."""

    qs: tuple[float, ...]
    critical: float


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Return q for each p: the false discovery rate at which its row would be called different.

    Benjamini and Hochberg (1995), JRSS B 57:289, by SciPy. Their 15 p-values of section 3.2, of
    which four are significant at 0.05:

    >>> published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
    ...              0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    >>> sum(q <= 0.05 for q in benjamini_hochberg(published))
    4
    """
    if not ps:
        return []
    return [float(q) for q in false_discovery_control(np.clip(np.asarray(ps), 0.0, 1.0))]


def discoveries(ps: Sequence[float], supports: Sequence[Support], alpha: float) -> Discoveries:
    """Return q for each p, knowing which p-values each test can give at all.

    The step-up procedure for discrete tests of Doehler, Durand and Roquain (2018), Electronic
    Journal of Statistics 12:1867: Benjamini-Hochberg, but the number of rows that chance brings
    below t is not m*t, but the sum over the rows of their largest possible p up to t. It controls
    the false discovery rate at `alpha`, which q depends on a little: compare q with `alpha` only.
    `supports` has the possible p-values of each row. q is never below p.

    Forty rows, of which only one can be significant, pay for one:

    >>> ps, supports = [0.0021645] + 39 * [1.0], [(0.0021645, 0.0303, 1.0)] + 39 * [(1.0,)]
    >>> round(discoveries(ps, supports, 0.05).qs[0], 4), benjamini_hochberg(ps)[0]
    (0.0022, 0.08658)
    """
    if not ps:
        return Discoveries((), 0.0)
    order = np.argsort(np.asarray(ps), kind="stable")
    ranked = np.asarray(ps, dtype=np.float64)[order]
    kinds = Counter(supports)
    counts = np.asarray(list(kinds.values()), dtype=np.float64)[:, None]
    limit = Family(supports, alpha).limit
    different, place = np.unique(ranked, return_inverse=True)  # many rows have the same p
    reached = np.stack([_chance(each, different) for each in kinds])
    strict = np.stack([_chance(each, np.maximum(different, limit)) for each in kinds])
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(reached > 0, counts * reached / (1 - strict), 0.0)
    expected = odds.sum(axis=0)[place]
    rank = np.searchsorted(ranked, ranked * _SAME, side="right")
    # A q that is exactly `alpha` must not be above it by what floats add.
    least = np.maximum(np.round(expected / rank, 12), ranked)
    told = np.empty_like(ranked)
    told[order] = np.minimum(np.minimum.accumulate(least[::-1])[::-1], 1.0)
    found = np.asarray(ps)[told <= alpha]
    return Discoveries(tuple(float(q) for q in told), float(found.max()) if found.size else 0.0)


def critical(ps: Sequence[float], supports: Sequence[Support], alpha: float) -> float:
    """Return the largest p that `discoveries` calls different (0.0: none), in a third of the time.

    >>> critical([0.0021645] + 39 * [1.0], [(0.0021645, 0.0303, 1.0)] + 39 * [(1.0,)], 0.05)
    0.0021645
    """
    return Family(supports, alpha).critical(np.asarray(ps, dtype=np.float64))


class Family:
    """The rows of a report, to be judged many times with other p-values of the same supports.

    `limit` is the largest p, up to `alpha`, to which the mean odds of a row are at most `alpha`;
    the procedure may take any such p as the one above which no row is ever called different.
    """

    def __init__(self, supports: Sequence[Support], alpha: float) -> None:
        kinds = Counter(supports)
        self._alpha = alpha
        self._any = kinds.pop((), 0)
        self.limit = self._largest(kinds)
        points, steps = self._steps(kinds, self.limit)
        self._points, self._expected = points, np.concatenate(([0.0], np.cumsum(steps)))

    def critical(self, ps: NDArray[np.float64]) -> float:
        """Return what `discoveries` calls critical, for one p of each row."""
        ranked = np.sort(ps[ps <= self.limit * _SAME])
        if not ranked.size:
            return 0.0
        expected = self._expected[np.searchsorted(self._points, ranked * _SAME, side="right")]
        expected = expected + self._any * ranked / (1 - self.limit)
        rank = np.searchsorted(ranked, ranked * _SAME, side="right")
        found = ranked[np.round(expected / rank, 12) <= self._alpha]
        return float(found[-1]) if found.size else 0.0

    def _largest(self, kinds: Counter[Support]) -> float:
        alpha, rows = self._alpha, kinds.total() + self._any
        # Odds are steep only near 1: below `alpha` they are those of each step, summed.
        points, steps = self._steps(kinds, None)
        at = np.union1d(points, np.asarray([alpha / (1 + alpha), alpha]))
        odds = np.concatenate(([0.0], np.cumsum(steps)))[np.searchsorted(points, at, side="right")]
        odds = odds + self._any * at / (1 - at)
        allowed = at[odds <= alpha * rows * _SAME]
        return float(allowed.max()) if allowed.size else 0.0

    def _steps(
        self, kinds: Counter[Support], limit: float | None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the possible p up to `alpha`, ascending, and what each adds to the expectation.

        That is the sum over the rows of their chance to be below p, divided by one less their
        chance to be below `limit`; or, for None, below p.
        """
        points: list[NDArray[np.float64]] = [np.empty(0)]
        steps: list[NDArray[np.float64]] = [np.empty(0)]
        for support, often in kinds.items():
            # Supports are ascending, and may have thousands of values.
            below = np.asarray(support[: bisect_right(support, self._alpha)], dtype=np.float64)
            if limit is None:
                values = often * below / (1 - below)
            else:
                place = bisect_right(support, limit * _SAME, hi=len(below))
                values = often * below / (1 - (support[place - 1] if place else 0.0))
            points.append(below)
            steps.append(np.diff(values, prepend=0.0))
        every = np.concatenate(points)
        order = np.argsort(every, kind="stable")
        return every[order], np.concatenate(steps)[order]


def _chance(support: Support, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability under the null of a p of at most each of `at`."""
    if not support:
        return np.minimum(at, 1.0)
    steps = np.asarray((0.0, *support))
    return steps[np.searchsorted(steps, at * _SAME, side="right") - 1]

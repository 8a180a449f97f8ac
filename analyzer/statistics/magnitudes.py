"""How far two sides lie apart in a quantity: a test, the shift, and its interval.

Quantities of traffic (delays, bytes, decimals of a location) have long tails and ties, so all of it
rests on ranks within time blocks: one session with a huge upload is one session.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analyzer.statistics import ranks
from analyzer.statistics.intervals import CONFIDENCE, Interval
from analyzer.statistics.multiplicity import Support

SAMPLES = 9999


class Shift(NamedTuple):
    """By how much a lies above b. `n_a`, `n_b`: sessions that have a value.

    `effect` is the Hodges-Lehmann shift, or the ratio; nan where no block has values of both sides.
    `interval` is its 95% interval; an end that the sessions do not bound is infinite (for a ratio
    0 or infinite). `support` as `multiplicity.discoveries` wants it.
    """

    n_a: int
    n_b: int
    effect: float
    interval: Interval
    p: float
    support: Support


def shifts(
    values: NDArray[np.float64] | Sequence[Sequence[float]],
    in_a: Sequence[bool] | NDArray[np.bool_],
    blocks: Sequence[str],
    *,
    ratio: bool = False,
    samples: int = SAMPLES,
    seed: int = 0,
) -> list[Shift]:
    """Compare two sides in each row of `values` (rows x sessions; nan: the session has none).

    `in_a` and `blocks` have an entry for each session: whether it is of side a, and its time block.
    The test is a permutation of the sides within blocks of the rank sum of Mann and Whitney, the
    midrank for ties, all pairs of sessions counting alike; exact, or by `samples` relabellings
    drawn by `seed` where that would take long (p is then (b + 1) / (samples + 1)). The shift is the
    median of all differences between a session of a and one of b in the same block (Hodges and
    Lehmann 1963, Annals of Mathematical Statistics 34:598); its interval inverts the test without
    ties (Lehmann 1963, doi:10.1214/aoms/1177703882) and, with its ends in it, covers more often
    where there are some (benchmarks/statistics). With `ratio` (values >= 0) it is the median ratio
    instead, where nothing against nothing is 1.

    Neither the order of sessions or rows matters, nor which other rows there are; swapped sides
    give the same p and the shift mirrored.

    >>> low, high = [1.1, 2.2, 3.3, 4.4, 5.5, 6.6], [11.0, 12.1, 13.2, 14.3, 15.4, 16.5]
    >>> found = shifts([high + low], [True] * 6 + [False] * 6, [""] * 12)[0]
    >>> round(found.effect, 1), round(found.interval.low, 1), round(found.interval.high, 1)
    (9.9, 6.6, 13.2)
    >>> round(found.p, 5)  # 2 / 924
    0.00216
    """
    table = np.asarray(values, dtype=np.float64)
    if table.size == 0:
        return []
    sides = np.asarray(in_a, dtype=np.bool_)
    names = np.asarray(blocks)
    places = [
        (np.flatnonzero((names == name) & sides), np.flatnonzero((names == name) & ~sides))
        for name in sorted(set(blocks))
    ]
    return [_shift(row, sides, places, ratio, samples, seed) for row in table]


def equivalent(interval: Interval, margin: float, *, ratio: bool = False) -> bool:
    """Say whether a whole interval lies within the margin: of 0, or, of a ratio, of 1.

    A margin of a ratio is a factor above 1: 1.5 allows 0.667 to 1.5.

    >>> equivalent(Interval(-1, 2), 3), equivalent(Interval(0.7, 1.6), 1.5, ratio=True)
    (True, False)
    """
    if ratio:
        return 1 / margin <= interval.low and interval.high <= margin
    return interval.within(margin)


def _shift(
    row: NDArray[np.float64],
    sides: NDArray[np.bool_],
    places: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    ratio: bool,
    samples: int,
    seed: int,
) -> Shift:
    there = ~np.isnan(row)
    n_a, n_b = int((there & sides).sum()), int((there & ~sides).sum())
    scale = _logarithm(row) if ratio else row
    found, gaps, observed = [], [], 0
    for of_a, of_b in places:
        a, b = scale[of_a[there[of_a]]], scale[of_b[there[of_b]]]
        if not a.size or not b.size:
            continue
        sizes = np.unique(np.concatenate((a, b)), return_counts=True)[1]
        found.append(ranks.Ties(a.size, b.size, tuple(sizes.tolist())))
        above = (a[:, None] > b).astype(np.int64) - (a[:, None] < b)
        observed += int(above.sum())
        with np.errstate(invalid="ignore"):
            gaps.append(np.where(above == 0, 0.0, a[:, None] - b).ravel())
    if not found:
        nothing = Interval(0.0 if ratio else -math.inf, math.inf)
        return Shift(n_a, n_b, math.nan, nothing, 1.0, (1.0,))
    blocks = ranks.canonical(found)
    tail = ranks.tail(blocks, observed, samples, seed)
    support: Support = () if tail.sampled else tuple(np.unique(tail.ps).tolist())
    effect, interval = _estimate(np.sort(np.concatenate(gaps)), blocks)
    if ratio:
        effect, interval = math.exp(effect), Interval(*(math.exp(end) for end in interval))
    return Shift(n_a, n_b, effect, interval, tail.p(observed), support)


def _estimate(gaps: NDArray[np.float64], blocks: Sequence[ranks.Ties]) -> tuple[float, Interval]:
    few = sorted((min(each.n_a, each.n_b), max(each.n_a, each.n_b)) for each in blocks)
    end = ranks.critical(tuple(few), (1 - CONFIDENCE) / 2)
    middle = len(gaps) // 2
    lower, upper = float(gaps[(len(gaps) - 1) // 2]), float(gaps[middle])
    effect = lower if lower == upper else (lower + upper) / 2
    if not end:
        return effect, Interval(-math.inf, math.inf)
    return effect, Interval(float(gaps[end - 1]), float(gaps[len(gaps) - end]))


def _logarithm(row: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.log(row)

"""Whether many groups (countries) share one share: a chi-square test within time blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from analyzer.statistics.magnitudes import SAMPLES
from analyzer.statistics.multiplicity import Support

_CELLS = 2_000_000  # steps of the exact distribution that any row may cost ...
_WORTH = 40_000_000  # ... and one that sampling has shown to matter
_MATTERS = 0.01
_TIE = 1e-9


class Dealt(NamedTuple):
    """One time block: the sessions of each group, and in how many of them all it was seen."""

    sizes: tuple[int, ...]
    seen: int


class Homogeneity(NamedTuple):
    """The statistic (a chi-square with `groups` - 1 degrees where there are many sessions)."""

    statistic: float
    p: float
    support: Support


class _Null(NamedTuple):
    inverse: NDArray[np.float64]
    expected: NDArray[np.float64]
    statistics: NDArray[np.float64]  # ascending
    ps: NDArray[np.float64]  # of at least as much; one more, for what is above all
    sampled: bool

    def of(self, counts: NDArray[np.int64]) -> float:
        away = counts - self.expected
        return float(away @ self.inverse @ away)

    def p(self, statistic: float) -> float:
        slack = _TIE * max(1.0, statistic)
        return float(self.ps[np.searchsorted(self.statistics, statistic - slack)])


def homogeneity(
    seen: NDArray[np.bool_] | Sequence[Sequence[bool]],
    groups: Sequence[str],
    blocks: Sequence[str],
    *,
    samples: int = SAMPLES,
    seed: int = 0,
) -> list[Homogeneity]:
    """Test for each row of `seen` (rows x sessions) whether all groups have the same share.

    The statistic is that of Cochran, Mantel and Haenszel for any number of groups; with one block
    it is Pearson's chi-square times (n - 1)/n. p is its permutation distribution, groups dealt anew
    within blocks: exact, or by `samples` deals drawn by `seed` where that would take long (then
    p = (b + 1) / (samples + 1)).

    >>> found = homogeneity([[True] * 4 + [False] * 8], [*"AAAABBBBCCCC"], [""] * 12)[0]
    >>> round(found.statistic, 3), round(found.p, 5)  # 3 / 495
    (11.0, 0.00606)
    """
    table = np.asarray(seen, dtype=np.bool_)
    if table.size == 0:
        return []
    names, times = sorted(set(groups)), sorted(set(blocks))
    member = np.asarray([[group == name for name in names] for group in groups], dtype=np.int64)
    within = np.asarray([[block == time for block in blocks] for time in times])
    sizes = [tuple(int(n) for n in member[of].sum(axis=0)) for of in within]
    useful = [place for place, each in enumerate(sizes) if sum(n > 0 for n in each) > 1]
    kept = [tuple(int(table[row, within[at]].sum()) for at in useful) for row in range(len(table))]
    counted = within[useful].any(axis=0)
    counts = (table & counted) @ member
    found = []
    for row, totals in enumerate(kept):
        dealt = [Dealt(sizes[at], total) for at, total in zip(useful, totals, strict=True)]
        order, key = _canonical(dealt, len(names))
        found.append(_tested(key, counts[row][order], samples, seed))
    return found


def _canonical(dealt: Sequence[Dealt], n: int) -> tuple[list[int], tuple[Dealt, ...]]:
    """Return the order of the groups, and the blocks, in which names play no part."""
    rows = sorted(dealt, key=lambda each: (each.seen, sorted(each.sizes)))
    order = sorted(range(n), key=lambda group: [each.sizes[group] for each in rows])
    return order, tuple(
        sorted(Dealt(tuple(each.sizes[at] for at in order), each.seen) for each in rows)
    )


def _tested(
    key: tuple[Dealt, ...], counts: NDArray[np.int64], samples: int, seed: int
) -> Homogeneity:
    if all(each.seen in (0, sum(each.sizes)) for each in key):
        return Homogeneity(0.0, 1.0, (1.0,))
    cost = _cost(key)
    null = _exact(key) if cost <= _CELLS else _drawn(key, samples, seed)
    if null.sampled and cost <= _WORTH and null.p(null.of(counts)) <= _MATTERS:
        null = _exact(key)
    statistic = null.of(counts)
    support: Support = () if null.sampled else tuple(np.unique(null.ps[:-1]).tolist())
    return Homogeneity(statistic, null.p(statistic), support)


def _cost(key: Sequence[Dealt]) -> float:
    states, cost = 1.0, 0.0
    for sizes, seen in key:
        inside = float(np.prod([min(n, seen) + 1.0 for n in sizes]))
        cost += states * inside
        states *= inside
    every = np.sum([each.sizes for each in key], axis=0) + 1.0
    return min(cost, float(np.prod(every)) * max(1.0, cost / max(1.0, states)) * len(key))


@lru_cache(maxsize=4096)
def _exact(key: tuple[Dealt, ...]) -> _Null:
    """Go through all counts of the groups that the blocks allow, with their chances."""
    most: NDArray[np.int64] = np.sum([each.sizes for each in key], axis=0)
    places = np.concatenate(([1], np.cumprod(most[:-1] + 1)))  # counts as one number
    states: NDArray[np.int64] = np.zeros(1, dtype=np.int64)
    chances: NDArray[np.float64] = np.ones(1)
    for sizes, seen in key:
        ways = np.asarray(
            list(product(*(range(min(n, seen) + 1) for n in sizes[1:]))),
            dtype=np.int64,
        )
        first = seen - ways.sum(axis=1)
        ways = np.column_stack((first, ways))[(first >= 0) & (first <= sizes[0])]
        log = sum(_choices(n, ways[:, at]) for at, n in enumerate(sizes))
        chance = np.exp(log - np.max(log))
        moved = (states[:, None] + ways @ places).ravel()
        states, where = np.unique(moved, return_inverse=True)
        weights = (chances[:, None] * (chance / chance.sum())).ravel()
        chances = np.bincount(where, weights).astype(np.float64)
    counts = (states[:, None] // places) % (most + 1)
    return _null(key, counts, chances, sampled=False)


def _choices(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    log: NDArray[np.float64] = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return log


@lru_cache(maxsize=4096)
def _drawn(key: tuple[Dealt, ...], samples: int, seed: int) -> _Null:
    source = f"{seed} {[tuple(each) for each in key]}".encode()
    generator = np.random.default_rng(int.from_bytes(sha256(source).digest()[:8], "big"))
    counts = np.sum(
        [generator.multivariate_hypergeometric(*each, size=samples) for each in key], axis=0
    )
    return _null(key, counts, np.full(samples, 1 / (samples + 1)), sampled=True)


def _null(
    key: Sequence[Dealt], counts: NDArray[np.int64], chances: NDArray[np.float64], *, sampled: bool
) -> _Null:
    groups = len(key[0].sizes)
    expected, covariance = np.zeros(groups), np.zeros((groups, groups))
    for sizes, seen in key:
        total = sum(sizes)
        share = np.asarray(sizes) / total
        expected += seen * share
        spread = seen * (total - seen) / (total - 1)
        covariance += spread * (np.diag(share) - np.outer(share, share))
    inverse = np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=np.float64)
    away = counts - expected
    found = np.einsum("ij,jk,ik->i", away, inverse, away)
    order = np.argsort(found, kind="stable")
    reached = np.cumsum(chances[order][::-1])[::-1]
    ranked = found[order]
    # Equal up to rounding: all of a tie get the p of its lowest.
    first = np.searchsorted(ranked, ranked - _TIE * np.maximum(1.0, ranked))
    least = 1 / (len(counts) + 1) if sampled else 0.0
    ps = np.append(np.round(np.minimum(1.0, reached[first] + least), 14), least)
    return _Null(inverse, expected, ranked, ps, sampled)

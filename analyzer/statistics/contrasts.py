"""The test of a difference of differences: do minors of two sides differ more than adults do?

Nothing is sampled, so the same counts always give the same numbers. The unit is the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from analyzer.statistics.intervals import contrast
from analyzer.statistics.multiplicity import Support
from analyzer.statistics.shares import Block, Margins, null
from analyzer.statistics.stratified import stratified

_TIE = 1e-9  # deviations this close count as equal; they are sums of fractions
_WIDEST = 40.0  # standard deviations; there the interval of anything holds 0
_HALVINGS = 60


def interaction(minors: Iterable[Block], adults: Iterable[Block]) -> tuple[float, Support]:
    """Return the two-sided p of a difference of differences, and the p-values it could have had.

    `minors` and `adults` are the counts of either side by time block. p is the larger one of two:
    the sides permuted among the minors and, apart from them, among the adults of each block, as in
    `permutation`; and the level at which the interval of `contrast` begins to hold 0. The first is
    exact where neither minors nor adults differ between the sides, and knows what so few sessions
    can show; the second holds where both differ, by as much as each other. Five minors of five and
    none of five, and of adults none, and as the minors:

    >>> nobody = [Block(0, 5, 0, 5)]
    >>> round(interaction([Block(5, 5, 0, 5)], nobody)[0], 4)
    0.009
    >>> interaction([Block(5, 5, 0, 5)], [Block(5, 5, 0, 5)])[0]
    1.0
    """
    young, old = list(minors), list(adults)
    both = [[each for each in blocks if each.n_a and each.n_b] for blocks in (young, old)]
    if not all(both):
        return 1.0, (1.0,)
    margins = [
        tuple(sorted(Margins(each.n_a, each.n_b, each.k_a + each.k_b) for each in blocks))
        for blocks in both
    ]
    found = _null(margins[0], margins[1])
    at = sum(each.k_a for each in both[0]), sum(each.k_a for each in both[1])
    ordered = tuple(sorted(young)), tuple(sorted(old))
    effect = stratified(ordered[0])[0] - stratified(ordered[1])[0]
    if effect * found.away[at] <= _TIE:  # the weights of the blocks decide which way it lies
        return 1.0, found.support
    return max(float(found.ps[at]), _inverted(*ordered)), found.support


class _Null(NamedTuple):
    """By the numbers seen on side a, of minors and of adults: how far off, and its p."""

    away: NDArray[np.float64]
    ps: NDArray[np.float64]
    support: Support


@lru_cache(maxsize=65536)
def _null(minors: tuple[Margins, ...], adults: tuple[Margins, ...]) -> _Null:
    (chances, away), (chances_old, away_old) = _dealt(minors), _dealt(adults)
    joint = np.outer(chances, chances_old)
    apart = away[:, None] - away_old[None, :]
    apart[np.abs(apart) < _TIE] = 0.0
    far = np.abs(apart).ravel()
    order = np.argsort(-far, kind="stable")
    reached = np.cumsum(joint.ravel()[order])
    # Those equally far away count together: look up the last of each tie.
    last = np.searchsorted(-far[order], -far[order] + _TIE, side="right") - 1
    ps = np.empty_like(far)
    # The same counts reach the same p by many ways; what floats add to it would tell them apart.
    ps[order] = np.round(np.minimum(1.0, reached[last]), 14)
    possible = np.unique(ps[joint.ravel() > 0])
    return _Null(apart, ps.reshape(joint.shape), tuple(float(p) for p in possible))


def _dealt(margins: Sequence[Margins]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the chances of each number seen on side a, and how far the shares then lie apart.

    How far: from what is expected within the blocks, as a difference of shares of the two sides.
    """
    chances = null(tuple(margins)).chances
    n_a, n_b = sum(each.n_a for each in margins), sum(each.n_b for each in margins)
    expected = sum(each.n_a * each.seen / (each.n_a + each.n_b) for each in margins)
    away = (np.arange(len(chances), dtype=np.float64) - expected) * (1 / n_a + 1 / n_b)
    return chances, np.asarray(away, dtype=np.float64)


@lru_cache(maxsize=65536)
def _inverted(minors: tuple[Block, ...], adults: tuple[Block, ...]) -> float:
    """Return 1 less the confidence from which on the interval of the contrast holds 0."""

    def holds(z: float) -> bool:
        found = contrast(stratified(minors, z), stratified(adults, z))[1]
        return found.low <= _TIE and found.high >= -_TIE

    low, high = 0.0, _WIDEST
    if holds(low):
        return 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return round(float(2 * norm.sf(high)), 14)

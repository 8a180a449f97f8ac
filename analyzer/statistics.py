"""Intervals and tests for shares of sessions.

Everything is exact or closed form: nothing is sampled, so the same counts always give the same
numbers. The unit is the session.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.stats import false_discovery_control, hypergeom, norm

CONFIDENCE = 0.95
_Z = float(norm.ppf(0.5 + CONFIDENCE / 2))
_MOST = 500  # sessions for each side that `enough` looks up to
_TIE = 1e-9  # deviations this close count as equal; they are sums of fractions


class Interval(NamedTuple):
    """A confidence interval of a share or of a difference of shares."""

    low: float
    high: float

    def within(self, margin: float) -> bool:
        """Say whether all of it lies in ``[-margin, margin]``."""
        return -margin <= self.low and self.high <= margin


class Block(NamedTuple):
    """The counts of one time block: `k` of `n` sessions of either side."""

    k_a: int
    n_a: int
    k_b: int
    n_b: int


def wilson(share: float, n: int) -> Interval:
    """Return Wilson's score interval (95%) of a share (0..1) seen in `n` > 0 sessions.

    Closed form, because `enough` needs it at shares that are no whole number of sessions. Wilson
    (1927), JASA 22:209; the value is that of ``scipy.stats.binomtest(56, 70)``.

    >>> found = wilson(56 / 70, 70)
    >>> round(found.low, 4), round(found.high, 4)
    (0.6918, 0.877)
    """
    spread = _Z * math.sqrt(share * (1 - share) / n + (_Z / (2 * n)) ** 2)
    middle = share + _Z * _Z / (2 * n)
    scale = 1 + _Z * _Z / n
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def newcombe(share_a: float, n_a: int, share_b: float, n_b: int) -> Interval:
    """Return the interval of ``share_a - share_b`` by Newcombe's hybrid of two score intervals.

    Method 10 of Newcombe (1998), Statistics in Medicine 17:873. These are examples a, c and h of
    its table II: 56/70 with 48/80, 6/7 with 2/7, 10/10 with 0/10.

    >>> [round(bound, 4) for bound in newcombe(56 / 70, 70, 48 / 80, 80)]
    [0.0524, 0.3339]
    >>> [round(bound, 4) for bound in newcombe(6 / 7, 7, 2 / 7, 7)]
    [0.0582, 0.8062]
    >>> [round(bound, 4) for bound in newcombe(1.0, 10, 0.0, 10)]
    [0.6075, 1.0]
    """
    a, b = wilson(share_a, n_a), wilson(share_b, n_b)
    effect = share_a - share_b
    return Interval(
        max(-1.0, effect - math.hypot(share_a - a.low, b.high - share_b)),
        min(1.0, effect + math.hypot(a.high - share_a, share_b - b.low)),
    )


def contrast(a: tuple[float, Interval], b: tuple[float, Interval]) -> tuple[float, Interval]:
    """Return the difference of two independent differences, with its interval.

    Each side is (difference, its interval); the intervals are joined by the method of variance
    estimates recovery (Zou and Donner 2008, Statistics in Medicine 27:1693), the same squares and
    roots by which Newcombe joins two score intervals. Effects lie within -2 and 2.

    >>> effect, found = contrast((0.5, Interval(0.2, 0.6)), (0.1, Interval(0.0, 0.5)))
    >>> round(effect, 3), round(found.low, 3), round(found.high, 3)
    (0.4, -0.1, 0.541)
    """
    (effect_a, ends_a), (effect_b, ends_b) = a, b
    effect = effect_a - effect_b
    low = effect - math.hypot(effect_a - ends_a.low, ends_b.high - effect_b)
    high = effect + math.hypot(ends_a.high - effect_a, effect_b - ends_b.low)
    return effect, Interval(max(-2.0, low), min(2.0, high))


def permutation(blocks: Iterable[Block]) -> float:
    """Return the exact two-sided p of a difference of shares, labels permuted within time blocks.

    Under the null the number seen on side a is a sum of independent hypergeometric numbers, one
    for each block; its whole distribution is their convolution. p is the probability of a number
    at least as far from its expectation as the observed one. With one block it is Fisher's exact
    test where the distribution is symmetric: the lady who told 3 of 4 cups (Fisher 1935) has
    p = 34/70; all of 5 with none of 5 has 2/252. Without a block that holds both sides p is 1.

    >>> round(permutation([Block(3, 4, 1, 4)]), 4)
    0.4857
    >>> round(permutation([Block(5, 5, 0, 5)]), 4)
    0.0079
    >>> permutation([Block(5, 5, 0, 0), Block(0, 0, 0, 5)])
    1.0
    """
    return _permutation(tuple(sorted(blocks)))


@lru_cache(maxsize=65536)
def _permutation(blocks: tuple[Block, ...]) -> float:
    chances = np.ones(1)
    expected, observed = 0.0, 0
    for k_a, n_a, k_b, n_b in blocks:
        if not n_a or not n_b:
            continue
        seen = k_a + k_b
        chances = np.convolve(chances, hypergeom.pmf(np.arange(n_a + 1), n_a + n_b, seen, n_a))
        expected += n_a * seen / (n_a + n_b)
        observed += k_a
    away = np.abs(np.arange(len(chances)) - expected)
    return min(1.0, float(chances[away >= abs(observed - expected) - _TIE].sum()))


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


@lru_cache(maxsize=65536)
def enough(
    share_a: float, share_b: float, *, alpha: float, margin: float, least: int
) -> int | None:
    """Return how many sessions for each side would decide a row, if the shares stayed as they are.

    The smallest n from `least` on at which n sessions of either side, seen as often as `share_a`
    and `share_b` say (to the nearest whole session), either differ with p <= `alpha`, or have an
    interval within `margin`. The caller lowers `alpha` for the other rows of its report. None:
    not even 500 would do.

    >>> enough(1.0, 0.0, alpha=0.05, margin=0.4, least=2)
    4
    >>> enough(1.0, 1.0, alpha=0.05, margin=0.4, least=5)
    6
    """
    for n in range(least, _MOST + 1):
        if newcombe(share_a, n, share_b, n).within(margin):
            return n
        k_a, k_b = round(share_a * n), round(share_b * n)
        if k_a != k_b and permutation([Block(k_a, n, k_b, n)]) <= alpha:
            return n
    return None

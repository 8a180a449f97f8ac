"""Intervals of shares, of their differences, and of differences of these.

Closed form: the same counts always give the same numbers. The unit is the session.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from scipy.stats import norm

CONFIDENCE = 0.95
DEVIATIONS = float(norm.ppf(0.5 + CONFIDENCE / 2))


class Interval(NamedTuple):
    """A confidence interval; its ends may be infinite where nothing bounds it."""

    low: float
    high: float

    def within(self, margin: float) -> bool:
        """Say whether all of it lies in ``[-margin, margin]``."""
        return -margin <= self.low and self.high <= margin


def wilson(share: float, n: float, z: float = DEVIATIONS) -> Interval:
    """Return Wilson's score interval (95%) of a share (0..1) seen in `n` > 0 sessions.

    `z` is how many standard deviations it takes in, for another confidence. `n` need not be whole:
    see `stratified`.

    Closed form, because `enough` needs it at shares that are no whole number of sessions. Wilson
    (1927), JASA 22:209; the value is that of ``scipy.stats.binomtest(56, 70)``.

    >>> found = wilson(56 / 70, 70)
    >>> round(found.low, 4), round(found.high, 4)
    (0.6918, 0.877)
    """
    spread = z * math.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
    middle = share + z * z / (2 * n)
    scale = 1 + z * z / n
    return Interval(max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale))


def newcombe(
    share_a: float, n_a: float, share_b: float, n_b: float, z: float = DEVIATIONS
) -> Interval:
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
    a, b = wilson(share_a, n_a, z), wilson(share_b, n_b, z)
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

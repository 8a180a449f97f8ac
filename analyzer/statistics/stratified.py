"""A difference of shares where each side was recorded in several time blocks.

Closed form: the same counts always give the same numbers. The unit is the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from analyzer.statistics.intervals import DEVIATIONS, Interval, newcombe
from analyzer.statistics.shares import Block

_TIE = 1e-9  # differences this small are none; they are sums of fractions


def stratified(blocks: Sequence[Block], z: float = DEVIATIONS) -> tuple[float, Interval]:
    """Return the difference of the shares of a and b within time blocks, with its interval.

    Each block counts by the weight of Mantel and Haenszel (1959, JNCI 22:719; for a difference of
    shares Greenland and Robins 1985, Biometrics 41:55), n_a n_b / (n_a + n_b), so that what changed
    from one block to the next is not taken for a difference of the sides. The interval is
    Newcombe's of the two weighted shares, each with the number of sessions that, in one block,
    would make it as certain; where both sides share the blocks alike, that is all of them, and
    nothing differs from `newcombe` without blocks. `z` is how many standard deviations it takes in.
    Blocks without sessions of both sides say nothing; where there are no others, the shares are
    those of all sessions.

    A side of which most sessions lie in the block in which everything is seen has no more of it:

    >>> effect, _ = stratified([Block(5, 5, 20, 20), Block(0, 20, 0, 5)])
    >>> effect
    0.0
    >>> stratified([Block(10, 10, 0, 10)])[1] == newcombe(1.0, 10, 0.0, 10)
    True
    """
    return _stratified(tuple(blocks), z)


@lru_cache(maxsize=65536)
def _stratified(blocks: tuple[Block, ...], z: float) -> tuple[float, Interval]:
    both = [each for each in blocks if each.n_a and each.n_b]
    if len(both) < 2:
        [one] = both or [Block(*(sum(column) for column in zip(*blocks, strict=True)))]
        share_a, share_b = one.k_a / one.n_a, one.k_b / one.n_b
        return share_a - share_b, newcombe(share_a, one.n_a, share_b, one.n_b, z)
    weights = [each.n_a * each.n_b / (each.n_a + each.n_b) for each in both]
    whole = sum(weights)
    of_a = _joined([(w / whole, each.k_a, each.n_a) for w, each in zip(weights, both, strict=True)])
    of_b = _joined([(w / whole, each.k_b, each.n_b) for w, each in zip(weights, both, strict=True)])
    effect = of_a[0] - of_b[0]
    return effect if abs(effect) > _TIE else 0.0, newcombe(*of_a, *of_b, z)


def _joined(parts: Sequence[tuple[float, int, int]]) -> tuple[float, float]:
    """Return the weighted share, and as how many sessions in one block these are.

    `parts` are (weight, seen, sessions) of each block. The variance of the weighted share is at
    most that of a share of so many sessions, where the weights go with the sessions.
    """
    share = sum(weight * k / n for weight, k, n in parts)
    number = 1 / sum(weight * weight / n for weight, _, n in parts)
    return min(1.0, max(0.0, share)), round(number, 9)

"""The exact test of a difference of shares, within time blocks.

Nothing is sampled, so the same counts always give the same numbers. The unit is the session.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from analyzer.statistics.multiplicity import Support

_TIE = 1e-9  # deviations this close count as equal; they are sums of fractions


class Block(NamedTuple):
    """The counts of one time block: `k` of `n` sessions of either side."""

    k_a: int
    n_a: int
    k_b: int
    n_b: int


class Margins(NamedTuple):
    """What relabelling leaves as it is in a time block: sessions of either side, and seen in."""

    n_a: int
    n_b: int
    seen: int


class Null(NamedTuple):
    """The distribution of the number seen on side a, had the labels been dealt at random.

    Element k of `chances` is the probability of k, of `ps` the two-sided p of k. Blocks without
    sessions of both sides are left out, here and in k.
    """

    chances: NDArray[np.float64]
    ps: NDArray[np.float64]


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
    both = [block for block in blocks if block.n_a and block.n_b]
    return float(null(_margins(both)).ps[sum(block.k_a for block in both)])


def attainable(blocks: Iterable[Block]) -> Support:
    """Return the p-values that `permutation` can give with these margins, ascending.

    What is seen in 2 of 12 sessions cannot have a p below 5/11, however it falls:

    >>> [round(p, 4) for p in attainable([Block(2, 6, 0, 6)])]
    [0.4545, 1.0]
    """
    return support(_margins(block for block in blocks if block.n_a and block.n_b))


def lean(blocks: Iterable[Block]) -> float:
    """Return in how many more sessions of a it was seen than was to be expected within the blocks.

    Over all blocks together it may have been seen more often on the other side, where the sides do
    not share the blocks evenly (Simpson 1951, JRSS B 13:238):

    >>> lean([Block(1, 1, 3, 9), Block(1, 9, 0, 1)]) > 0
    True
    """
    both = [block for block in blocks if block.n_a and block.n_b]
    found = sum(
        block.k_a - block.n_a * (block.k_a + block.k_b) / (block.n_a + block.n_b) for block in both
    )
    return found if abs(found) > _TIE else 0.0


@lru_cache(maxsize=65536)
def support(margins: tuple[Margins, ...]) -> Support:
    """Return the p-values that are possible with these `margins` (sorted, both sides in each)."""
    found = null(margins)
    return tuple(float(p) for p in np.unique(found.ps[found.chances > 0]))


@lru_cache(maxsize=65536)
def null(margins: tuple[Margins, ...]) -> Null:
    """Return the null distribution for `margins` (sorted, so that each is computed once)."""
    chances = np.ones(1)
    expected = 0.0
    for n_a, n_b, seen in margins:
        chances = np.convolve(chances, _dealt(n_a, n_b, seen))
        expected += n_a * seen / (n_a + n_b)
    away = np.abs(np.arange(len(chances)) - expected)
    order = np.argsort(-away, kind="stable")
    reached = np.cumsum(chances[order])
    # Those equally far away count together: look up the last of each tie.
    last = np.searchsorted(-away[order], -away[order] + _TIE, side="right") - 1
    ps = np.empty_like(chances)
    # The same counts reach the same p by many ways; what floats add to it would tell them apart.
    ps[order] = _rounded(np.minimum(1.0, reached[last]))
    return Null(chances, ps)


def _rounded(ps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `ps` with 13 digits: no p that is possible becomes 0."""
    power = 10.0 ** np.floor(np.log10(ps, where=ps > 0, out=np.zeros_like(ps)))
    rounded: NDArray[np.float64] = np.round(ps / power, 12) * power
    return np.minimum(1.0, rounded)


@lru_cache(maxsize=4096)
def _dealt(n_a: int, n_b: int, seen: int) -> NDArray[np.float64]:
    """Return the chances of the number seen on side a in one block; not to be written to."""
    chances: NDArray[np.float64] = hypergeom.pmf(np.arange(n_a + 1), n_a + n_b, seen, n_a)
    chances.setflags(write=False)
    return chances


def _margins(blocks: Iterable[Block]) -> tuple[Margins, ...]:
    return tuple(sorted(Margins(each.n_a, each.n_b, each.k_a + each.k_b) for each in blocks))

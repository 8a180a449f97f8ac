"""The null distribution of a rank sum within time blocks, exactly or by sampling.

The statistic is S: over all pairs of a session of a and one of b in the same block, the number in
which a is above b less the number in which b is above a. With one block it is twice Mann and
Whitney's U, less its expectation. Its expectation under relabelling is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_CELLS = 4_000_000  # steps of the exact distribution that any row may cost ...
_WORTH = 200_000_000  # ... and one that sampling has shown to matter
_MATTERS = 0.01
_BITS = 64  # of the seed


class Ties(NamedTuple):
    """One time block: how many sessions of either side, and how many share each value.

    `sizes` counts the sessions with the lowest value, the next, and so on.
    """

    n_a: int
    n_b: int
    sizes: tuple[int, ...]


class Tail(NamedTuple):
    """How probable it is that the absolute S is at least as large as each of `values`."""

    values: NDArray[np.int64]  # possible ones, ascending
    ps: NDArray[np.float64]
    sampled: bool

    def p(self, observed: int) -> float:
        """Return the two-sided p of S = `observed`."""
        place = int(np.searchsorted(self.values, abs(observed), side="left"))
        if place < len(self.ps):
            return float(self.ps[place])
        return float(self.ps[-1])  # above all that were sampled, of which it counts as one


def canonical(blocks: Sequence[Ties]) -> tuple[Ties, ...]:
    """Return `blocks` in an order that neither their order nor a swap of the sides changes.

    S changes its sign with the sides, so that its absolute value has one distribution.
    """
    there = tuple(sorted(blocks))
    back = tuple(sorted(Ties(each.n_b, each.n_a, each.sizes) for each in blocks))
    return min(there, back)


def tail(blocks: tuple[Ties, ...], observed: int, samples: int, seed: int) -> Tail:
    """Return the distribution of the absolute S in canonical `blocks`.

    Exact where that costs little; else by `samples` relabellings, drawn by `seed` and the blocks
    themselves, and exact after all where these make `observed` improbable: for rows of which it
    matters how improbable. (Neither p can be too small, so the two together are not.)
    """
    cost = _cost(blocks)
    if cost <= _CELLS:
        return _exact(blocks)
    drawn = _drawn(blocks, samples, seed)
    if drawn.p(observed) <= _MATTERS and cost <= _WORTH:
        return _exact(blocks)
    return drawn


def _cost(blocks: Sequence[Ties]) -> int:
    width, cost = 1, 0
    for n_a, n_b, sizes in blocks:
        inside = 2 * n_a * n_b + 1
        dealt = 1 if len(sizes) == 1 else (n_a + 1) * (n_a + n_b)
        cost += inside * dealt + width * inside
        width += inside - 1
    return cost


@lru_cache(maxsize=4096)
def _exact(blocks: tuple[Ties, ...]) -> Tail:
    chances = np.ones(1)
    for block in blocks:
        chances = np.convolve(chances, _block(block))
    middle = len(chances) // 2
    both = chances[middle:].copy()
    both[1:] += chances[:middle][::-1]
    possible = np.flatnonzero(both > 0)
    ps = np.cumsum(both[possible][::-1])[::-1]
    return Tail(possible.astype(np.int64), np.round(np.minimum(1.0, ps / ps[0]), 14), False)


@lru_cache(maxsize=4096)
def _block(block: Ties) -> NDArray[np.float64]:
    """Return the chances of S = -n_a*n_b .. n_a*n_b when n_a of the sessions are dealt to a.

    Values are gone through from the lowest. `ways[c, s]`: of all ways to deal so far, the share
    that gives c sessions to a, and S = s.
    """
    n_a, n_b, sizes = block
    most = n_a * n_b
    ways = np.zeros((n_a + 1, 2 * most + 1))
    ways[0, most] = 1.0
    before = 0
    for size in sizes:
        after = np.zeros_like(ways)
        for c in range(max(0, before - n_b), min(n_a, before) + 1):
            d = before - c
            row = ways[c]
            for taken in range(max(0, size - (n_b - d)), min(size, n_a - c) + 1):
                # Those dealt to a are above d of b; those dealt to b are below by c of a.
                moved = taken * d - (size - taken) * c
                after[c + taken] += math.comb(size, taken) * _shifted(row, moved)
        ways = after / after.sum()  # no overflow; all ways so far grow alike
        before += size
    last: NDArray[np.float64] = ways[n_a] / ways[n_a].sum()
    return last


def _shifted(row: NDArray[np.float64], by: int) -> NDArray[np.float64]:
    moved = np.zeros_like(row)
    if by > 0:
        moved[by:] = row[:-by]
    elif by < 0:
        moved[:by] = row[-by:]
    else:
        moved[:] = row
    return moved


@lru_cache(maxsize=4096)
def _drawn(blocks: tuple[Ties, ...], samples: int, seed: int) -> Tail:
    """Return the distribution over random relabellings, the observed one counted among them."""
    source = f"{seed} {[tuple(each) for each in blocks]}".encode()
    generator = np.random.default_rng(int.from_bytes(sha256(source).digest()[: _BITS // 8], "big"))
    total = np.zeros(samples, dtype=np.int64)
    for n_a, n_b, sizes in blocks:
        n = n_a + n_b
        ends = np.cumsum(sizes)
        # Twice the midranks; S is twice the rank sum of a, less what it is on average.
        ranks = np.repeat(2 * ends - np.asarray(sizes) + 1, sizes)
        dealt = generator.permuted(np.broadcast_to(ranks, (samples, n)), axis=1)[:, :n_a]
        total += dealt.sum(axis=1) - n_a * (n + 1)
    values, counts = np.unique(np.abs(total), return_counts=True)
    reached = np.cumsum(counts[::-1])[::-1]
    ps = np.append((reached + 1) / (samples + 1), 1 / (samples + 1))
    return Tail(np.append(values, np.iinfo(np.int64).max), ps, True)


@lru_cache(maxsize=4096)
def critical(sizes: tuple[tuple[int, int], ...], level: float) -> int:
    """Return how many of the sorted pairwise differences lie below an interval, on either side.

    `sizes` are (n_a, n_b) of the blocks, sorted. The largest C for which C - 1 or fewer pairs in
    which a is above b have a probability of at most `level` where the sides are the same and no
    values are tied. 0: there is no such C, and the interval has no end.
    """
    chances = np.ones(1)
    for n_a, n_b in sizes:
        chances = np.convolve(chances, _untied(n_a, n_b))
    below = np.cumsum(chances)
    return int(np.searchsorted(below, level * (1 + 1e-12), side="right"))


@lru_cache(maxsize=1024)
def _untied(n_a: int, n_b: int) -> NDArray[np.float64]:
    """Return the chances of U = 0 .. n_a*n_b: the coefficients of a Gaussian binomial.

    Mann and Whitney (1947), Annals of Mathematical Statistics 18:50.
    """
    few, many = sorted((n_a, n_b))
    ways = np.zeros(few * many + 1)
    ways[0] = 1.0
    for step in range(1, few + 1):
        top = many + step
        risen = ways.copy()
        risen[top:] -= ways[: max(0, len(ways) - top)]
        for place in range(step, len(risen)):
            risen[place] += risen[place - step]
        ways = risen * (step / top)  # as chances, so that nothing overflows
    chances: NDArray[np.float64] = ways / ways.sum()
    return chances

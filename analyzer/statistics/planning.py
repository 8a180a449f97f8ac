"""Before a study: how many sessions it takes, and in which order to record them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, norm

from analyzer.statistics import shares

MOST = 500  # sessions of each arm that a plan looks up to
_STATES = 1_500  # different outcomes that are gone through; of more, some are drawn
_DRAWN = 200  # of each the exact power is taken: only what is seen in all is left to chance
_RARE = 1e-11  # chance of an outcome of a block that is not gone through
_SEED = 0
_FINE = 20  # up to twice as many sessions none is passed over; beyond, up to a twentieth of them


class Plan(NamedTuple):
    """How many sessions of each arm, the power they have, and the p that a row has to pass."""

    sessions: int
    power: float
    level: float


class Slot(NamedTuple):
    """One session to record: the `position`-th of its `block`. All count from 1."""

    block: int
    position: int
    arm: str
    repeat: int


def level(alpha: float, rows: int, different: int = 1, power: float = 1.0) -> float:
    """Return the p that a row has to pass when `different` of `rows` differ.

    Benjamini and Hochberg call k rows different whose p is at most alpha * k / rows; on average
    ``different * power`` of the rows that differ are found.

    >>> level(0.05, 40), level(0.05, 40, 10, 0.8)
    (0.00125, 0.01)
    """
    found = max(1.0, min(different, rows) * power)
    return alpha * found / max(1, rows)


def power_of(
    share_a: float, share_b: float, blocks: Sequence[tuple[int, int]], level: float
) -> float:
    """Return the probability that the report's test gives p <= `level` in the right direction.

    `blocks` are (n_a, n_b) of each time block. Exact (to eight decimals), by going through what can
    be seen in the blocks; of designs with more than 1,500 different outcomes a fixed sample of 200
    is taken. The right direction is that of the true shares; either, where they are equal: then
    this is the true rate of false alarms of one row.

    >>> round(power_of(0.9, 0.1, [(6, 6)], 0.05), 3)
    0.659
    >>> round(power_of(0.9, 0.1, [(12, 12)], 0.05 / 40), 3)
    0.786
    """
    both = tuple(sorted((a, b) for a, b in blocks if a and b))
    if not both:
        return 0.0
    return _power(float(share_a), float(share_b), both, level)


def sessions_needed(
    share_a: float,
    share_b: float,
    *,
    alpha: float,
    power: float,
    rows: int,
    different: int = 1,
    arms: tuple[int, int] = (1, 1),
    per_block: int | None = None,
    least: int = 2,
    most: int = MOST,
) -> Plan | None:
    """Return how many sessions of each arm find a true difference with this `power`, or None.

    A row seen in `share_a` of the sessions of one side and `share_b` of the other has to pass
    `level` among `rows`, of which `different` differ. `arms` is how many arms make up each side.
    `per_block` sessions of each arm are recorded in one time block (None: all in one block); the
    number is a multiple of it. Beyond 40 it may be up to a twentieth more than the fewest. None:
    `most` sessions would not do.

    >>> sessions_needed(0.9, 0.1, alpha=0.05, power=0.9, rows=40).sessions
    15
    >>> sessions_needed(0.9, 0.1, alpha=0.05, power=0.9, rows=40, arms=(2, 3)).sessions
    6
    """
    bound = level(alpha, rows, different, power)
    step = per_block or 1
    # The exact test asks for more than its normal approximation, in blocks most of all.
    fewest = max(least, _roughly(share_a, share_b, arms, bound, power))
    if fewest > most:
        return None
    sessions = math.ceil(fewest / step) * step
    while sessions <= most:
        blocks = _blocks(sessions, arms, per_block)
        if not _hopeless(blocks, bound):
            reached = power_of(share_a, share_b, blocks, bound)
            if reached >= power:
                return Plan(sessions, reached, bound)
        sessions += step * max(1, sessions // (_FINE * step))
    return None


def schedule(arms: Sequence[str], sessions: int, seed: int, per_block: int = 1) -> list[Slot]:
    """Return in which order to record `sessions` of each of `arms`.

    Each time block has every arm `per_block` times. Its rounds have each arm once, in an order
    drawn by `seed`: rows of a square of Williams (1949, Experimental Designs Balanced for the
    Estimation of Residual Effects of Treatments), so that over the study each arm stands about
    equally often at each position of a round, and after each other arm. Neither the time of day nor
    a drift then favours an arm.

    >>> [slot.arm for slot in schedule(["DE", "KE", "BR"], 2, seed=1)]
    ['KE', 'BR', 'DE', 'BR', 'DE', 'KE']
    """
    generator = np.random.default_rng(seed)
    slots: list[Slot] = []
    rounds = _rounds(len(arms), generator)
    names = [sorted(arms)[at] for at in generator.permutation(len(arms))]
    for repeat in range(1, sessions + 1):
        block = (repeat - 1) // per_block + 1
        start = (repeat - 1) % per_block * len(arms)
        slots.extend(
            Slot(block, start + place, names[arm], repeat)
            for place, arm in enumerate(next(rounds), 1)
        )
    return slots


def _rounds(n: int, generator: np.random.Generator) -> Iterator[list[int]]:
    # 0, 1, n-1, 2, n-2, ...: each difference between neighbours once, where n is even.
    steps = [(place + 1) // 2 if place % 2 else (n - place // 2) % n for place in range(n)]
    turn = 0
    while True:
        # Where n is odd, neighbours balance over a square and its mirror image.
        row = steps if n % 2 == 0 or turn % 2 == 0 else steps[::-1]
        for shift in generator.permutation(n):
            yield [(step + int(shift)) % n for step in row]
        turn += 1


def _blocks(
    sessions: int, arms: tuple[int, int], per_block: int | None
) -> tuple[tuple[int, int], ...]:
    inside = per_block or sessions
    return ((inside * arms[0], inside * arms[1]),) * (sessions // inside)


def _roughly(
    share_a: float, share_b: float, arms: tuple[int, int], bound: float, power: float
) -> float:
    """Return how many sessions of each arm a test by the normal approximation would need."""
    if share_a == share_b:
        return math.inf
    a, b = arms
    pooled = (a * share_a + b * share_b) / (a + b)
    null = pooled * (1 - pooled) * (1 / a + 1 / b)
    real = share_a * (1 - share_a) / a + share_b * (1 - share_b) / b
    z_level, z_power = norm.isf(bound / 2), norm.isf(1 - power)
    root = z_level * math.sqrt(null) + z_power * math.sqrt(real)
    return float(max(root, 0.0) ** 2 / (share_a - share_b) ** 2)


def _hopeless(blocks: Sequence[tuple[int, int]], bound: float) -> bool:
    """Whether even all of one side against none of the other would not pass."""
    return shares.permutation(shares.Block(a, a, 0, b) for a, b in blocks) > bound


@lru_cache(maxsize=4096)
def _power(
    share_a: float, share_b: float, blocks: tuple[tuple[int, int], ...], bound: float
) -> float:
    total = 0.0
    for margins, chance, of_a in _outcomes(share_a, share_b, blocks):
        ps = shares.null(margins).ps
        expected = sum(n_a * seen / (n_a + n_b) for n_a, n_b, seen in margins)
        k = np.arange(len(ps))
        right = np.sign(k - expected) * np.sign(share_a - share_b) >= 0
        total += chance * float(of_a[(ps <= bound * (1 + 1e-9)) & right].sum())
    return total


def _outcomes(
    share_a: float, share_b: float, blocks: tuple[tuple[int, int], ...]
) -> Iterator[tuple[tuple[shares.Margins, ...], float, NDArray[np.float64]]]:
    """Yield all margins that can be seen, their chance, and the chances of the number on side a."""
    kinds = sorted(Counter(blocks).items())
    inside = {block: _seen(share_a, share_b, *block) for block, _ in kinds}
    number = math.prod(math.comb(sum(block) + times, times) for block, times in kinds)
    if number > _STATES:
        yield from _sampled(kinds, inside)
        return
    yield from _every(kinds, inside, (), 1.0, np.ones(1))


_Seen = tuple[NDArray[np.float64], list[NDArray[np.float64]]]
"""For each number seen in a block: its chance, and the chances of the number on side a given it."""


def _seen(share_a: float, share_b: float, n_a: int, n_b: int) -> _Seen:
    a = binom.pmf(np.arange(n_a + 1), n_a, share_a)
    b = binom.pmf(np.arange(n_b + 1), n_b, share_b)
    joint = np.outer(a, b)
    chances, given = np.zeros(n_a + n_b + 1), []
    for seen in range(n_a + n_b + 1):
        inside = np.asarray(
            [joint[k, seen - k] if 0 <= seen - k <= n_b else 0.0 for k in range(n_a + 1)]
        )
        chances[seen] = inside.sum()
        given.append(inside / chances[seen] if chances[seen] > 0 else inside)
    return chances, given


def _every(
    kinds: Sequence[tuple[tuple[int, int], int]],
    inside: dict[tuple[int, int], _Seen],
    margins: tuple[shares.Margins, ...],
    chance: float,
    of_a: NDArray[np.float64],
) -> Iterator[tuple[tuple[shares.Margins, ...], float, NDArray[np.float64]]]:
    if not kinds:
        yield tuple(sorted(margins)), chance, of_a
        return
    ((n_a, n_b), times), *rest = kinds
    chances, given = inside[n_a, n_b]
    possible = [seen for seen in range(n_a + n_b + 1) if chances[seen] > _RARE]
    for chosen in combinations_with_replacement(possible, times):
        more = math.factorial(times) * chance
        dealt = of_a
        for seen, often in Counter(chosen).items():
            more *= float(chances[seen]) ** often / math.factorial(often)
        for seen in chosen:
            dealt = np.convolve(dealt, given[seen])
        found = tuple(shares.Margins(n_a, n_b, seen) for seen in chosen)
        yield from _every(rest, inside, margins + found, more, dealt)


def _sampled(
    kinds: Sequence[tuple[tuple[int, int], int]], inside: dict[tuple[int, int], _Seen]
) -> Iterator[tuple[tuple[shares.Margins, ...], float, NDArray[np.float64]]]:
    generator = np.random.default_rng(_SEED)
    columns = [
        (block, generator.choice(sum(block) + 1, size=_DRAWN, p=inside[block][0]))
        for block, times in kinds
        for _ in range(times)
    ]
    for place in range(_DRAWN):
        margins, dealt = [], np.ones(1)
        for block, drawn in columns:
            seen = int(drawn[place])
            margins.append(shares.Margins(*block, seen))
            dealt = np.convolve(dealt, inside[block][1][seen])
        yield tuple(sorted(margins)), 1 / _DRAWN, dealt

"""The methods one by one: false alarms, coverage, wrong sameness, and what no test can find."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from analyzer.statistics import (
    Block,
    equivalent,
    homogeneity,
    interaction,
    newcombe,
    power_of,
    shifts,
    split_noise,
)

ALPHA, MARGIN = 0.05, 0.4
_TRIALS = 20  # rows made up for each study that is asked for
_MORE = 1e-6  # just beyond a margin
_Draw = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the table: a rate out of `trials`, and the bound that it has to keep.

    `trials` is 0 where it was computed exactly. `at_most`: else at least.
    """

    what: str
    rate: float
    trials: int
    bound: float
    at_most: bool

    @property
    def error(self) -> float:
        """The binomial standard error at the bound."""
        return math.sqrt(self.bound * (1 - self.bound) / self.trials) if self.trials else 0.0

    @property
    def kept(self) -> bool:
        """Whether the rate keeps the bound, within two standard errors."""
        slack = 2 * self.error + 1e-9
        return self.rate <= self.bound + slack if self.at_most else self.rate >= self.bound - slack


DISTRIBUTIONS: Sequence[tuple[str, _Draw]] = (
    ("long tail", lambda chance, size: chance.lognormal(1.0, 1.0, size)),
    ("normal", lambda chance, size: chance.normal(5.0, 1.0, size)),
    ("few distinct values", lambda chance, size: chance.integers(3, 7, size).astype(float)),
)
SIZES: Sequence[tuple[str, Sequence[tuple[int, int]]]] = (
    ("6 against 6", [(6, 6)]),
    ("12 against 18 in 6 blocks", [(2, 3)] * 6),
    ("15 against 10", [(15, 10)]),
)


def contrasts() -> list[Measured]:
    """Return how often a difference of differences is called one where there is none, at worst.

    Over all shares of minors and adults that differ alike, in steps of a tenth.
    """
    found = []
    for sizes in ((6, 6, 6, 6), (8, 4, 4, 8)):
        ps = np.ones([n + 1 for n in sizes])
        for a, b, old_a, old_b in np.ndindex(*ps.shape):
            ps[a, b, old_a, old_b] = interaction(
                [Block(a, sizes[0], b, sizes[1])], [Block(old_a, sizes[2], old_b, sizes[3])]
            )[0]
        for alpha in (ALPHA, ALPHA / 5):
            worst = max(_below(ps, shares, alpha) for shares in _ALIKE)
            told = "{} against {} minors and {} against {} adults".format(*sizes)
            what = f"difference of differences, {told}: p of at most {alpha:g}, at the worst shares"
            found.append(Measured(what, worst, 0, alpha, at_most=True))
    return found


_TENTHS = [step / 10 for step in range(11)]
_ALIKE: Sequence[tuple[float, float, float, float]] = [
    (a, b, old_a, old_a - (a - b))
    for a in _TENTHS
    for b in _TENTHS
    for old_a in _TENTHS
    if -1e-9 <= old_a - (a - b) <= 1 + 1e-9
]


def _below(ps: NDArray[np.float64], shares: Sequence[float], alpha: float) -> float:
    """Return the chance of a p of at most `alpha`; an axis of `ps` for each of `shares`."""
    chances = (ps <= alpha).astype(np.float64)
    for share in reversed(shares):
        n = chances.shape[-1] - 1
        chances = chances @ binom.pmf(np.arange(n + 1), n, min(1.0, max(0.0, share)))
    return float(chances)


def magnitudes(studies: int, seed: int) -> list[Measured]:
    """Return false alarms, coverage and wrong sameness of the test of magnitudes."""
    generator = np.random.default_rng(seed)
    rows = studies * _TRIALS
    found = []
    for size, blocks in SIZES:
        in_a, names = _layout(blocks)
        for name, draw in DISTRIBUTIONS:
            values = draw(generator, (rows, len(in_a)))
            drift = generator.integers(0, 3, (rows, len(blocks))).astype(float)
            values = values + drift[:, [int(each) for each in names]]
            alike = shifts(values, in_a, names)
            wrong = float(np.mean([each.p <= ALPHA for each in alike]))
            found.append(
                Measured(f"magnitudes, {name}, {size}: false alarms", wrong, rows, ALPHA, True)
            )
            moved = shifts(values + 2.0 * in_a, in_a, names)
            holds = [each.interval.low - 1e-9 <= 2 <= each.interval.high + 1e-9 for each in moved]
            found.append(
                Measured(
                    f"magnitudes, {name}, {size}: the interval holds the true shift",
                    float(np.mean(holds)),
                    rows,
                    0.95,
                    False,
                )
            )
            same = float(np.mean([equivalent(each.interval, 2.0 - _MORE) for each in moved]))
            found.append(
                Measured(
                    f"magnitudes, {name}, {size}: `same` just beyond the margin",
                    same,
                    rows,
                    ALPHA / 2,
                    True,
                )
            )
    return found


def shares() -> list[Measured]:
    """Return, exactly, false alarms, coverage and wrong sameness of the methods for shares."""
    found = []
    for n_a, n_b in ((6, 6), (12, 18), (30, 30)):
        size = f"{n_a} against {n_b}"
        grid = np.linspace(0.02, 0.98, 49)
        alarms = max(power_of(p, p, [(n_a, n_b)], ALPHA) for p in grid)
        found.append(
            Measured(f"shares, {size}: false alarms at the worst share", alarms, 0, ALPHA, True)
        )
        ends = _intervals(n_a, n_b)
        inside, wrong = [], []
        for p in grid:
            for q in grid:
                weight = _weight(p, n_a, q, n_b)
                inside.append(float(weight[(ends[0] <= p - q) & (p - q <= ends[1])].sum()))
            if p + MARGIN <= 1:
                weight = _weight(p + MARGIN, n_a, p, n_b)
                wrong.append(float(weight[(ends[0] >= -MARGIN) & (ends[1] <= MARGIN)].sum()))
        found.append(
            Measured(
                f"shares, {size}: mean coverage of the interval",
                float(np.mean(inside)),
                0,
                0.95,
                False,
            )
        )
        found.append(
            Measured(
                f"shares, {size}: `same` at the margin, at the worst share",
                max(wrong),
                0,
                ALPHA,
                True,
            )
        )
    return found


def countries(studies: int, seed: int) -> list[Measured]:
    """Return the false alarms of the test of homogeneity."""
    generator = np.random.default_rng(seed)
    found = []
    for groups, sessions in ((6, 4), (3, 10)):
        names = [f"{group}" for _ in range(sessions) for group in range(groups)]
        blocks = [f"{block // 2}" for block in range(sessions) for _ in range(groups)]
        rows = studies * _TRIALS
        shares_of = generator.choice([0.9, 0.7, 0.5, 0.2], rows)
        seen = generator.random((rows, len(names))) < shares_of[:, None]
        wrong = np.mean([each.p <= ALPHA for each in homogeneity(seen, names, blocks)])
        what = f"matrix, {groups} countries of {sessions} sessions: false alarms"
        found.append(Measured(what, float(wrong), rows, ALPHA, True))
    return found


def noise(studies: int, seed: int) -> list[Measured]:
    """Return how often splits of one arm call anything different, which is always false."""
    generator = np.random.default_rng(seed)
    found = []
    for sessions in (12, 30):
        arms = [
            split_noise(
                generator.random((40, sessions))
                < generator.choice([1.0, 1.0, 0.9, 0.7, 0.5, 0.1], 40)[:, None],
                [""] * sessions,
                alpha=ALPHA,
                margin=MARGIN,
                splits=100,
                seed=at,
            )
            for at in range(studies)
        ]
        what = f"noise floor, an arm of {sessions}: splits that call any of 40 rows different"
        found.append(
            Measured(what, float(np.mean([each.any for each in arms])), studies, ALPHA, True)
        )
    return found


def best_possible(share_a: float, share_b: float, n: int) -> float:
    """Return the power of the best of all two-sided tests at 5% for one row of n against n.

    For shares that mirror each other the most powerful test of them against two equal halves, by
    Neyman and Pearson, counts the sessions that went as expected; it knows the shares, has half of
    the level for either direction, and may toss a coin at its bound. No other test that keeps 2.5%
    for each direction can do better, whether it permutes or not.

    >>> round(best_possible(0.9, 0.1, 6), 3)
    0.898
    """
    if abs(share_a + share_b - 1) > 1e-9:
        raise ValueError("only for shares that mirror each other")
    right = np.arange(2 * n, -1, -1)
    alone, real = binom.pmf(right, 2 * n, 0.5), binom.pmf(right, 2 * n, max(share_a, share_b))
    left = ALPHA / 2
    power = 0.0
    for chance, gain in zip(alone, real, strict=True):
        part = min(1.0, left / chance)
        power += part * gain
        left -= part * chance
    return float(power)


def _layout(blocks: Sequence[tuple[int, int]]) -> tuple[NDArray[np.bool_], list[str]]:
    in_a = [side for a, b in blocks for side in [True] * a + [False] * b]
    names = [str(at) for at, (a, b) in enumerate(blocks) for _ in range(a + b)]
    return np.asarray(in_a), names


def _weight(p: float, n_a: int, q: float, n_b: int) -> NDArray[np.float64]:
    weight: NDArray[np.float64] = np.outer(
        binom.pmf(np.arange(n_a + 1), n_a, p), binom.pmf(np.arange(n_b + 1), n_b, q)
    )
    return weight


def _intervals(n_a: int, n_b: int) -> NDArray[np.float64]:
    return np.asarray(
        [
            [newcombe(k_a / n_a, n_a, k_b / n_b, n_b) for k_b in range(n_b + 1)]
            for k_a in range(n_a + 1)
        ]
    ).transpose(2, 0, 1)

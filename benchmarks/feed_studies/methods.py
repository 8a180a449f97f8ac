"""Which interval of a ratio is honest with 8 accounts in each arm: all candidates, by simulation.

Percentile and BCa are those of `scipy.stats.bootstrap`; the studentised bootstrap, Student's t of
the log ratio, and the wider of these two at each end (which the measures take) are those of
`analyzer.feed.measures.intervals`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzer.feed.measures import intervals
from analyzer.statistics import CONFIDENCE, Interval

NAMES = ("percentile", "BCa", "studentised", "t of the log", "taken")
_RESAMPLES = 999
_Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Case:
    """Two arms: mean share and spread (standard deviation over mean) of each, items, accounts."""

    left: tuple[float, float]
    right: tuple[float, float]
    items: int
    accounts: int


CASES = (
    Case((0.48, 0.12), (0.048, 0.25), 170, 8),
    Case((0.48, 0.3), (0.048, 0.6), 170, 8),
    Case((0.48, 0.15), (0.048, 0.9), 170, 8),
    Case((0.2, 0.5), (0.02, 0.5), 60, 8),
    Case((0.3, 0.2), (0.01, 1.0), 100, 8),
    Case((0.3, 0.2), (0.004, 1.0), 60, 8),
    Case((0.048, 0.3), (0.048, 0.3), 170, 8),
    Case((0.48, 0.12), (0.048, 0.25), 170, 16),
)


@dataclass(frozen=True, slots=True)
class Held:
    """How often each method held the true ratio; `one_sided`: how often controls had nothing.

    `share`: how often the interval of the left arm's mean share held it.
    """

    case: Case
    rates: tuple[float, ...]
    one_sided: float
    share: float


def held(case: Case, studies: int, seed: int = 6) -> Held:
    """Simulate two arms so many times. A method that gives no interval has not held it."""
    rng = np.random.default_rng(seed)
    true = case.left[0] / case.right[0]
    hits, one_sided, shares = np.zeros(len(NAMES)), 0, 0
    for _ in range(studies):
        (left, left_items), (right, right_items) = (
            _arm(*each, case, rng) for each in (case.left, case.right)
        )
        one_sided += not right.any()
        share = intervals.mean_share(left, left_items, CONFIDENCE)
        shares += share.low <= case.left[0] <= share.high
        taken = intervals.ratio(left, right, left_items, right_items, CONFIDENCE, _RESAMPLES)
        found = [*_others(left, right), taken]
        hits += [each.low <= true <= each.high for each in found]
    rates = tuple(float(each) for each in hits / studies)
    return Held(case, rates, one_sided / studies, shares / studies)


def lines(studies: int) -> Sequence[str]:
    """Return the rows of the table."""
    names = " | ".join((*NAMES, "controls: none", "left share"))
    found = [
        f"| share, spread: left | right | items | each | {names} |",
        f"|---|---|--:|--:|{'--:|' * (len(NAMES) + 2)}",
    ]
    for case in CASES:
        told = held(case, studies)
        rates = " | ".join(f"{each:.3f}" for each in told.rates)
        found.append(
            f"| {case.left[0]}, {case.left[1]} | {case.right[0]}, {case.right[1]} | {case.items} |"
            f" {case.accounts} | {rates} | {told.one_sided:.3f} | {told.share:.3f} |"
        )
    return found


def _arm(
    mean: float, spread: float, case: Case, rng: np.random.Generator
) -> tuple[_Values, NDArray[np.int64]]:
    size = (1 - mean) / (mean * spread**2) - 1
    shares = rng.beta(mean * size, (1 - mean) * size, case.accounts)
    items = np.maximum(rng.poisson(case.items, case.accounts), 20)
    return rng.binomial(items, shares) / items, items


def _others(left: _Values, right: _Values) -> list[Interval]:
    nothing = Interval(math.inf, -math.inf)
    if not left.any() or not right.any():
        return [nothing] * 4
    found = []
    for method in ("percentile", "BCa"):
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = stats.bootstrap(
                (left, right),
                lambda a, b, axis: a.mean(axis) / b.mean(axis),
                n_resamples=_RESAMPLES,
                vectorized=True,
                paired=False,
                method=method,
                rng=np.random.default_rng(1),
            ).confidence_interval
        found.append(Interval(float(told.low), float(told.high)))
    ends = intervals.studentised(left, right, CONFIDENCE, _RESAMPLES)
    middle, spread, freedom = intervals.log_ratio(left, right)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) * float(spread)
    found.append(Interval(*(math.exp(max(min(each, 700.0), -700.0)) for each in ends)))
    found.append(Interval(math.exp(float(middle) - reach), math.exp(float(middle) + reach)))
    return found

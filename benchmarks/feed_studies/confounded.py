"""Arms that do not share their strata evenly, and items that nobody coded."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from analyzer.feed.measures import FeedSettings, measure
from analyzer.feed.measures.strata import Sample, Values, paired, ratio, sample
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)

_ITEMS = 170
# What the strata are: share of the controls, accounts of the arm, controls.
_DESIGNS: tuple[tuple[str, tuple[tuple[float, int, int], ...]], ...] = (
    ("2 blocks of 4 and 4, shares 0.03 and 0.15", ((0.03, 4, 4), (0.15, 4, 4))),
    ("7 and 1, 1 and 7, shares 0.03 and 0.15", ((0.03, 7, 1), (0.15, 1, 7))),
    ("4 blocks of 2 and 2, shares 0.03 to 0.12",
     ((0.03, 2, 2), (0.06, 2, 2), (0.09, 2, 2), (0.12, 2, 2))),
    ("8 pairs, shares 0.03 to 0.10", tuple((0.03 + 0.01 * n, 1, 1) for n in range(8))),
    ("20 and 5, 5 and 20, shares 0.03 and 0.12", ((0.03, 20, 5), (0.12, 5, 20))),
)  # fmt: skip
_RATIOS, _SPREADS = (1.0, 4.0), (0.3, 0.6)
_AMPLIFIED, _UNCODED = (2.0, 4.0, 10.0), (0.0, 0.02, 0.05, 0.1)
_QUICK = FeedSettings(resamples=499, permutations=999)


def lines(studies: int) -> list[str]:
    """Return two tables: how often intervals over strata hold, and what uncoded items cost."""
    told = ["| strata: accounts and controls | times | spread 0.3: held | spread 0.6: held | of |",
            "|---|--:|--:|--:|--:|"]  # fmt: skip
    many = 20 * studies
    for name, design in _DESIGNS:
        for times in _RATIOS:
            held = [f"{_held(design, times, spread, many):.3f}" for spread in _SPREADS]
            told.append(f"| {name} | {times:g} | {' | '.join(held)} | {many} |")
    heads = " | ".join(f"{part:.0%} uncoded" for part in _UNCODED)
    told += ["", f"| amplification called higher, of {studies} | {heads} |",
             f"|---|{'--:|' * len(_UNCODED)}"]  # fmt: skip
    for times in _AMPLIFIED:
        found = [f"{_found(times, part, studies):.2f}" for part in _UNCODED]
        told.append(f"| {times:g} | {' | '.join(found)} |")
    return told


def _held(
    design: Sequence[tuple[float, int, int]], times: float, spread: float, studies: int
) -> float:
    held = 0
    for seed in range(studies):
        rng = np.random.default_rng(seed)
        arms = [
            _arm([(share * by, each[at]) for share, *each in design], off, rng)
            for at, by, off in ((0, times, spread / 2), (1, 1.0, spread))
        ]
        found = ratio(*paired(*arms), 0.95, 0)
        held += found.low <= times <= found.high and not math.isinf(found.high)
    return held / studies


def _arm(strata: Sequence[tuple[float, int]], spread: float, rng: np.random.Generator) -> Sample:
    shares: list[Values] = []
    labels: list[str] = []
    for place, (mean, accounts) in enumerate(strata):
        whole = mean * (1 - mean) / (spread * mean) ** 2 - 1
        own = rng.beta(mean * whole, (1 - mean) * whole, accounts)
        shares.append(rng.binomial(_ITEMS, own) / _ITEMS)
        labels += [str(place)] * accounts
    items = np.full(len(labels), _ITEMS)
    named = np.asarray(labels, dtype=object)
    return sample(np.concatenate(shares), (items, items), (named, named), 0, 0)


def _found(times: float, uncoded: float, studies: int) -> float:
    """Return in which share of studies of two hours KE's amplification is called higher."""
    accounts = accounts_of(("KE", "US"), 8, 2.0)
    declared = FeedDeclaration(amplification={"KE": times, "US": 1.0}, uncoded=uncoded)
    found = 0
    for seed in range(studies):
        columns = simulate(declared, accounts, seed)
        told = measure([columns], accounts, CATEGORIES, {POSITIVE}, ("KE", "US"), _QUICK)
        found += any(
            each.headline and each.left == "KE seeded" and each.verdict == "higher"
            for each in told.rows
        )
    return found / studies

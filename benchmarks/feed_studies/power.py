"""How many accounts find how much: verdicts of studies of several sizes."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.feed.measures import FeedComparison, FeedSettings, measure
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)

_SIDES, _HOURS = ("KE", "US"), 2.0
_QUICK = FeedSettings(resamples=499, permutations=1999)
_SIZES = (6, 8, 12, 16)
# Amplification in KE and in US, of 0.048 of the controls' items.
_STRENGTHS = ((1.5, 1.0), (2.0, 1.0), (3.0, 1.0), (10.0, 5.0), (10.0, 2.0))


def found(declaration: FeedDeclaration, each: int, studies: int) -> tuple[float, float]:
    """Return in which share of studies of so many accounts in each arm KE's amplification is
    called higher than nothing, and in which it is called higher than that of US.
    """
    accounts = accounts_of(_SIDES, each, _HOURS)
    inside = between = 0
    for seed in range(1, studies + 1):
        columns = simulate(declaration, accounts, seed)
        told = measure([columns], accounts, CATEGORIES, {POSITIVE}, _SIDES, _QUICK)
        inside += _verdict(told, "share", "KE control") == "higher"
        between += _verdict(told, "amplification", "US seeded") == "higher"
    return inside / studies, between / studies


def _verdict(told: FeedComparison, name: str, right: str) -> str:
    return next(
        row.verdict
        for row in told.rows
        if (row.measure, row.left, row.right, row.window) == (name, "KE seeded", right, told.window)
    )


def lines(studies: int) -> Sequence[str]:
    """Return the rows of the table."""
    sizes = " | ".join(f"{size} accounts" for size in _SIZES)
    rows = [f"| amplification | called | {sizes} |", f"|---|---|{'--:|' * len(_SIZES)}"]
    for ours, theirs in _STRENGTHS:
        declaration = FeedDeclaration(amplification={"KE": ours, "US": theirs})
        rates = [found(declaration, size, studies) for size in _SIZES]
        for place, what in enumerate(("KE over its controls", "KE over US")):
            told = " | ".join(f"{each[place]:.2f}" for each in rates)
            rows.append(f"| {ours:g} in KE, {theirs:g} in US | {what} | {told} |")
    return rows

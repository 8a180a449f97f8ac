"""What errors of coders do to the figures: two who code each item, a third where they disagree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from analyzer.feed.measures import (
    CALLED,
    UNCODED,
    Columns,
    FeedComparison,
    FeedSettings,
    by_coders,
    measure,
)
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)

_SIDES, _EACH, _HOURS = ("KE", "US"), 8, 6.0
_QUICK = FeedSettings(resamples=499, permutations=99)
_ERRORS = (0.0, 0.02, 0.05, 0.1)


def coded(columns: Columns, error: float, seed: int) -> tuple[Columns, Columns, Columns]:
    """Return the columns with their true codes, with the final ones, and with `CALLED`.

    Each of three coders calls an item that is positive something else, and one that is not
    positive, with the chance `error`, apart from the others. The third decides where two disagree.
    """
    rng = np.random.default_rng((seed, 77))
    keys, item = np.unique(columns.key, return_inverse=True)
    sad, other = CATEGORIES.index(POSITIVE), CATEGORIES.index("other")
    category = np.full(keys.size, UNCODED, dtype=np.int16)
    category[item] = columns.category
    says = (category == sad) ^ (rng.random((3, keys.size)) < error)
    final = np.where(says[0] == says[1], says[0], says[2])
    known = category != UNCODED
    told = np.where(known & final, sad, np.where(category == sad, other, category))
    each = np.where(known, says[:2].sum(axis=0), UNCODED)
    return columns, _with(columns, told[item]), _with(columns, each[item])


def _with(columns: Columns, category: NDArray[np.int_]) -> Columns:
    return replace(columns, category=category.astype(np.int16))


@dataclass(slots=True)
class Erring:
    """Figures of KE over the studies, and how often intervals held what is declared."""

    lacking: list[float] = field(default_factory=list)  # disagreement over that of chance
    shares: list[float] = field(default_factory=list)
    amplifications: list[float] = field(default_factory=list)
    strict: list[float] = field(default_factory=list)  # amplification by "all"
    loose: list[float] = field(default_factory=list)
    share_held: int = 0
    amplification_held: int = 0
    share_enclosed: int = 0  # by the shares of the two rules


def scored(declaration: FeedDeclaration, error: float, studies: int, first_seed: int = 1) -> Erring:
    """Measure studies whose coders err so often."""
    score = Erring()
    accounts = accounts_of(_SIDES, _EACH, _HOURS)
    true = declaration.plateau("KE", "seeded")
    for seed in range(first_seed, first_seed + studies):
        columns = simulate(declaration, accounts, seed)
        _, final, each = coded(columns, error, seed)
        score.lacking.append(_lacking(each))
        found = measure([final], accounts, CATEGORIES, {POSITIVE}, _SIDES, _QUICK)
        share, effect, holds = _headline(found, true, declaration.amplification["KE"])
        score.shares.append(share)
        score.amplifications.append(effect)
        score.share_held += holds[0]
        score.amplification_held += holds[1]
        told = {
            one.rule: one
            for one in by_coders([each], accounts, _SIDES, found.window, _QUICK)
            if one.side == "KE"
        }
        score.strict.append(told["all"].amplification or np.nan)
        score.loose.append(told["any"].amplification or np.nan)
        low, high = told["all"].share_interval.low, told["any"].share_interval.high
        score.share_enclosed += low <= true <= high
    return score


def _headline(
    found: FeedComparison, share: float, amplification: float
) -> tuple[float, float, tuple[bool, bool]]:
    [figure] = [
        each
        for each in found.figures
        if (each.measure, each.side, each.role, each.window)
        == ("share", "KE", "seeded", found.window)
    ]
    [row] = [
        each
        for each in found.rows
        if each.headline and each.measure == "share" and each.left == "KE seeded"
    ]
    return (
        figure.value or np.nan,
        row.effect or np.nan,
        (
            figure.interval.low <= share <= figure.interval.high,
            row.interval.low <= amplification <= row.interval.high,
        ),
    )


def _lacking(each: Columns) -> float:
    """Return what Krippendorff's alpha of "positive or not" lacks to 1, over the items."""
    _, first = np.unique(each.key, return_index=True)
    told = each.category[first]
    told = told[told != UNCODED]
    called = told.mean() / 2
    return float((told == CALLED.index("by some")).mean() / (2 * called * (1 - called)))


def lines(studies: int) -> Sequence[str]:
    """Return the rows of the table."""
    names = (
        "each coder errs",
        "alpha",
        "KE share",
        "held",
        "KE amplification",
        "held",
        "all coders call it so",
        "any does",
        "share within both",
    )
    found = [f"| {' | '.join(names)} |", f"|{'--:|' * len(names)}"]
    for error in _ERRORS:
        told = scored(FeedDeclaration(), error, studies)
        found.append(
            f"| {error:.0%} | {1 - np.mean(told.lacking):.2f} | {np.mean(told.shares):.3f} |"
            f" {told.share_held / studies:.2f} | {np.mean(told.amplifications):.1f} |"
            f" {told.amplification_held / studies:.2f} | {np.mean(told.strict):.1f} |"
            f" {np.mean(told.loose):.1f} | {told.share_enclosed / studies:.2f} |"
        )
    return found

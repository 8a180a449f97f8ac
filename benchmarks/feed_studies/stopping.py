"""What a stop rule does to the figures: accounts that it ends are those that were shown most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analyzer.feed.measures import ADS, STATES, Columns, FeedAccount, FeedSettings, measure
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    onset_median,
    simulate,
)

RULE = "positive_in_a_row"
_SIDES, _EACH, _HOURS = ("KE", "US"), 8, 6.0
_QUICK = FeedSettings(resamples=99, permutations=99)  # only shares and medians are read
_CASES = (
    ("accounts differ a little", FeedDeclaration()),
    ("accounts differ twice as much", FeedDeclaration(base_spread=0.5, spread=0.24)),
)
_ROWS = (8, 10, 12, 15)


def stopped(
    columns: Columns, accounts: Sequence[FeedAccount], in_a_row: int
) -> tuple[Columns, tuple[FeedAccount, ...]]:
    """End each account, for good, with the item that is the last of so many positive in a row."""
    keep = np.ones(columns.account.size, dtype=np.bool_)
    ended = list(accounts)
    counts = (columns.state == STATES.index("shown")) & (columns.ad != ADS.index("formal"))
    for place, account in enumerate(accounts):
        mine = np.flatnonzero(counts & (columns.account == place))
        positive = columns.category[mine] == CATEGORIES.index(POSITIVE)
        runs = np.convolve(positive, np.ones(in_a_row, dtype=np.int64))[: positive.size]
        full = np.flatnonzero(runs == in_a_row)
        if full.size:
            at = float(np.nextafter(columns.feed_s[mine[full[0]]], np.inf))
            ended[place] = replace(account, feed_s=at, stopped=RULE)
            keep[(columns.account == place) & ~(columns.feed_s < at)] = False
    left = Columns(*(getattr(columns, name)[keep] for name in Columns.__slots__))
    return left, tuple(ended)


@dataclass(slots=True)
class Stopping:
    """`hurt`: studies whose last hour lacks an account that was stopped; of these, `held`: how
    often the survivors' interval holds the share, and `below`: their mean less the share, summed.
    `warned`: studies in which the measures refuse, `earlier`: in which they take an earlier hour.
    """

    studies: int = 0
    accounts: float = 0.0  # stopped, of the arm
    hurt: int = 0
    held: int = 0
    below: float = 0.0
    warned: int = 0
    earlier: int = 0
    earlier_held: int = 0
    onset_held: int = 0


def scored(
    declaration: FeedDeclaration, in_a_row: int, studies: int, first_seed: int = 1
) -> Stopping:
    """Measure studies with such a rule, as if its accounts had ended by chance, and as they did."""
    score = Stopping()
    accounts = accounts_of(_SIDES, _EACH, _HOURS)
    true, onset = (
        declaration.plateau("KE", "seeded"),
        onset_median(declaration, "KE", _HOURS, many=1500),
    )
    for seed in range(first_seed, first_seed + studies):
        columns, ended = stopped(simulate(declaration, accounts, seed), accounts, in_a_row)
        plain = [replace(each, stopped="") for each in ended]
        by_chance, told = (
            measure([columns], each, CATEGORIES, {POSITIVE}, _SIDES, _QUICK)
            for each in (plain, ended)
        )
        score.studies += 1
        score.accounts += sum(
            bool(each.stopped) for each in ended if (each.side, each.role) == ("KE", "seeded")
        )
        for found in (by_chance, told):
            figures = {
                (each.measure, each.window): each
                for each in found.figures
                if (each.side, each.role) == ("KE", "seeded")
            }
            share = figures["share", found.window]
            holds = share.interval.low <= true <= share.interval.high
            if found is by_chance:
                interval = figures["onset", None].interval
                score.onset_held += interval.low <= onset <= interval.high
                if share.left_out and share.value is not None:
                    score.hurt += 1
                    score.held += holds
                    score.below += share.value - true
            elif share.stopped:
                score.warned += 1
            elif found.window and found.window != by_chance.window:  # the first hour is of learning
                score.earlier += 1
                score.earlier_held += holds
    return score


def lines(studies: int) -> Sequence[str]:
    """Return the rows of the table."""
    names = (
        "stopped for good after so many positive in a row",
        "of 8 stopped",
        "last hour lacks some",
        "share less the true one",
        "held",
        "onset held",
        "refused",
        "earlier hour taken",
        "held",
    )
    found = [
        f"| {' | '.join(names)} |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, declaration in _CASES:
        for in_a_row in _ROWS:
            told = scored(declaration, in_a_row, studies)
            hurt, earlier = max(told.hurt, 1), max(told.earlier, 1)
            found.append(
                f"| {in_a_row}, {name} |"
                f" {told.accounts / studies:.1f} | {told.hurt / studies:.2f} |"
                f" {told.below / hurt:+.3f} | {told.held / hurt:.2f} |"
                f" {told.onset_held / studies:.2f} | {told.warned / studies:.2f} |"
                f" {told.earlier / studies:.2f} | {told.earlier_held / earlier:.2f} |"
            )
    return found

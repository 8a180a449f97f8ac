"""What a stop rule does to the figures: accounts that it ends are those that were shown most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from analyzer.feed.measures import ADS, STATES, Columns, FeedAccount, FeedSettings, intervals
from analyzer.feed.measures.arms import FeedArm
from analyzer.feed.measures.strata import Sample
from analyzer.feed.measures.tallying import Tally
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    onset_median,
    simulate,
)

RULE = "positive_in_a_row"
_SETTINGS = FeedSettings()
_LEAST, _LAST = _SETTINGS.least_accounts, 5
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
class Held:
    """Studies; in how many the interval held the share; how far off means were, summed."""

    studies: int = 0
    held: int = 0
    off: float = 0.0

    def add(self, sample: Sample, true: float) -> None:
        """Count one study."""
        interval = intervals.mean_share(sample.values, sample.items)
        self.studies += 1
        self.held += interval.low <= true <= interval.high
        self.off += float(sample.values.mean()) - true

    def told(self) -> str:
        """Return the three columns of the table."""
        if not self.studies:
            return "0 | |"
        return f"{self.studies} | {self.off / self.studies:+.3f} | {self.held / self.studies:.2f}"


@dataclass(slots=True)
class Stopping:
    """What came of the studies in which some were stopped: refused, or an earlier hour taken.

    Of these, `whole` is the same study's last hour had nobody been stopped, and `survivors` its
    last hour among those who were not.
    """

    stopped: int = 0  # accounts, of all studies
    refused: int = 0
    nobody: Held = field(default_factory=Held)
    earlier: Held = field(default_factory=Held)
    survivors: Held = field(default_factory=Held)
    whole: Held = field(default_factory=Held)
    onset_held: int = 0


def scored(
    declaration: FeedDeclaration, in_a_row: int, studies: int, first_seed: int = 1
) -> Stopping:
    """Look at the accounts with an interest of KE, in studies with such a rule."""
    score = Stopping()
    accounts = [each for each in accounts_of(("KE",), 8, 6.0) if each.role == "seeded"]
    true, onset = (
        declaration.plateau("KE", "seeded"),
        onset_median(declaration, "KE", 6.0, many=1500),
    )
    for seed in range(first_seed, first_seed + studies):
        columns = simulate(declaration, accounts, seed)
        whole = _arm(columns, accounts).share(_LAST)
        left, ended = stopped(columns, accounts, in_a_row)
        arm = _arm(left, ended)
        times = arm.times("onset")
        if times is not None:
            interval = intervals.median(times.times, times.until)
            score.onset_held += interval.low <= onset <= interval.high
        gone = sum(bool(each.stopped) for each in ended)
        score.stopped += gone
        if not gone:
            score.nobody.add(whole, true)
            continue
        lived = [each for each in range(arm.tally.windows) if arm.lived(each) >= _LEAST]
        sound = [each for each in lived if not arm.stopped(each)]
        if not sound or sound[-1] == 0:  # the first hour is of learning
            score.refused += 1
        else:
            score.earlier.add(arm.share(sound[-1]), true)
            score.survivors.add(arm.share(lived[-1]), true)
            score.whole.add(whole, true)
    return score


def _arm(columns: Columns, accounts: Sequence[FeedAccount]) -> FeedArm:
    tally = Tally(accounts, CATEGORIES, {POSITIVE}, _SETTINGS).add([columns])
    return FeedArm(tally, "KE", "seeded", CATEGORIES)


def lines(studies: int) -> Sequence[str]:
    """Return the rows of the table: studies, share less the true one, held; of each choice."""
    choices = ("nobody stopped", "earlier hour", "survivors", "the same, unstopped")
    names = " | ".join(f"{each} | off | held" for each in choices)
    found = [
        f"| stopped for good after so many in a row | of 8 | refused | {names} | onset held |",
        f"|---|{'--:|' * (3 * len(choices) + 3)}",
    ]
    for name, declaration in _CASES:
        for in_a_row in _ROWS:
            told = scored(declaration, in_a_row, studies)
            parts = (told.nobody, told.earlier, told.survivors, told.whole)
            found.append(
                f"| {in_a_row}, {name} | {told.stopped / studies:.1f} | {told.refused} |"
                f" {' | '.join(each.told() for each in parts)} |"
                f" {told.onset_held / studies:.2f} |"
            )
    return found

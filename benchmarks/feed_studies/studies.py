"""Studies of 32 accounts, simulated and measured, against what their recommender declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from analyzer.feed.measures import FeedComparison, FeedSettings, Figure, measure
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    onset_median,
    simulate,
)
from analyzer.statistics import Interval

SIDES = ("KE", "US")
EACH, HOURS = 8, 6.0
HELD = 0.93  # of the studies: each figure, and all six at once
FIGURES = tuple(f"{side} {name}" for side in SIDES for name in ("share", "amplification", "onset"))
SILENT = 0.95  # of the studies of a recommender that does nothing
_SETTINGS = FeedSettings()
_APART = 100_000  # the seeds of one kind from those of the next
Told = Callable[[str], None]
# What is declared of each kind of study.
KINDS = (
    ("10 times, 0.048 of the controls' items", FeedDeclaration()),
    ("accounts differ twice as much", FeedDeclaration(base_spread=0.5, spread=0.24)),
    ("one item in ten coded by nobody", FeedDeclaration(uncoded=0.1)),
    (
        "4 times in KE, 2 times in US, learns slowly",
        FeedDeclaration(base_share=0.1, amplification={"KE": 4.0, "US": 2.0}, learning=30.0),
    ),
)


@dataclass(slots=True)
class Score:
    """How many of `studies` held the declared values, and what they claimed.

    `held` by "KE share" and the like: the interval of the headline, which holds together with the
    five others in 95% of studies; "all": all six at once. `alone` by the same: the 95% interval of
    one figure for itself.
    """

    name: str
    studies: int = 0
    held: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    claimed: int = 0  # an amplification, of either side, in any window
    found: int = 0  # an amplification, of both sides, in the last window
    differed: int = 0  # any row between the sides that is called different

    @property
    def kept(self) -> bool:
        """Say whether the goal is met."""
        return all(self.held[each] >= HELD * self.studies for each in (*FIGURES, "all"))


@dataclass(frozen=True, slots=True)
class Scores:
    """Every kind of study; the first is that of the goal, `null` has no amplification."""

    kinds: tuple[Score, ...]
    null: Score

    @property
    def kept(self) -> bool:
        """Say whether both goals are met."""
        silent = self.null.studies - self.null.claimed
        return self.kinds[0].kept and silent >= SILENT * self.null.studies


def measured(studies: int, told: Told) -> Scores:
    """Simulate and measure so many studies of each kind."""
    kinds = []
    for place, (name, declaration) in enumerate(KINDS):
        told(name)
        kinds.append(scored(name, declaration, studies, 1 + place * _APART))
    told("no amplification")
    null = FeedDeclaration(amplification=dict.fromkeys(SIDES, 1.0))
    return Scores(
        tuple(kinds),
        scored("a recommender that does nothing", null, studies, 1 + len(kinds) * _APART),
    )


def scored(name: str, declaration: FeedDeclaration, studies: int, first_seed: int = 1) -> Score:
    """Measure studies of one kind, by consecutive seeds."""
    score = Score(name)
    onsets = {side: onset_median(declaration, side, HOURS) for side in SIDES}
    accounts = accounts_of(SIDES, EACH, HOURS)
    for seed in range(first_seed, first_seed + studies):
        columns = simulate(declaration, accounts, seed)
        found = measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES, _SETTINGS)
        count(score, declaration, onsets, found)
    return score


def count(
    score: Score, declaration: FeedDeclaration, onsets: dict[str, float], found: FeedComparison
) -> None:
    """Count one study in `score`."""
    score.studies += 1
    held, alone = {}, {}
    for side in SIDES:
        share = _figure(found, "share", side, found.window)
        onset = _figure(found, "onset", side, None)
        row = next(
            each
            for each in found.rows
            if each.headline and each.left == f"{side} seeded" and each.measure == "share"
        )
        true = declaration.amplification[side]
        for name, interval, together, value in (
            ("share", share.interval, share.joint, declaration.plateau(side, "seeded")),
            ("amplification", row.interval, row.joint, true),
            ("onset", onset.interval, onset.joint, onsets[side]),
        ):
            held[f"{side} {name}"] = _within(together, value)
            alone[f"{side} {name}"] = _within(interval, value)
    for counts, told in ((score.held, held), (score.alone, alone)):
        counts.update({name: int(holds) for name, holds in told.items()})
        counts["all"] += all(told.values())
    over = [each for each in found.rows if each.measure == "share" and "control" in each.right]
    over = [each for each in over if "seeded" in each.left]
    score.claimed += any(each.verdict in ("higher", "lower") for each in over)
    score.found += all(each.verdict == "higher" for each in over if each.headline)
    between = [each for each in found.rows if each.left[:2] != each.right[:2]]
    score.differed += any(each.verdict in ("higher", "lower") for each in between)


def _figure(found: FeedComparison, name: str, side: str, window: int | None) -> Figure:
    return next(
        each
        for each in found.figures
        if (each.measure, each.side, each.role, each.window) == (name, side, "seeded", window)
    )


def _within(interval: Interval | None, value: float) -> bool:
    return interval is not None and interval.low <= value <= interval.high


def lines(scores: Scores) -> Sequence[str]:
    """Return the rows of the tables."""
    head = f"{' | '.join(FIGURES)} | all six"
    found = [
        f"| intervals of the headline | {head} | found | of | kept |",
        f"|---|{'--:|' * (len(FIGURES) + 3)}---|",
    ]
    for place, each in enumerate(scores.kinds):
        kept = ("yes" if each.kept else "NO") if not place else ""
        found.append(
            f"| {each.name} | {_told(each.held)} | {each.found} | {each.studies} | {kept} |"
        )
    found += ["", f"| intervals of one figure each | {head} | of |"]
    found += [f"|---|{'--:|' * (len(FIGURES) + 2)}"]
    found += [f"| {each.name} | {_told(each.alone)} | {each.studies} |" for each in scores.kinds]
    null = scores.null
    silent = null.studies - null.claimed
    kept = "yes" if silent >= SILENT * null.studies else "NO"
    found += [
        "",
        "| verdicts | no amplification claimed | sides alike | of | kept |",
        "|---|--:|--:|--:|---|",
        f"| {null.name} | {silent} | {null.studies - null.differed} | {null.studies} | {kept} |",
    ]
    return found


def lines_of(score: Score) -> Sequence[str]:
    """Return what one kind of study came to, in plain lines."""
    head = (
        f"{score.name}: {score.studies} studies, both amplifications found in {score.found}, "
        f"any claimed in {score.claimed}"
    )
    told = [
        f"  held, {name}: {', '.join(f'{each} {held[each]}' for each in (*FIGURES, 'all'))}"
        for name, held in (("headline", score.held), ("alone", score.alone))
    ]
    return [head, *told]


def _told(counts: Counter[str]) -> str:
    return " | ".join(str(counts[name]) for name in (*FIGURES, "all"))

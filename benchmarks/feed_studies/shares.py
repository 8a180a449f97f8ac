"""Does the interval of one share hold it? ``python -m benchmarks.feed_studies.shares`` says so.

Only accounts with an interest are simulated and only their last hour is looked at, so that
thousands of studies take minutes: what 100 studies cannot tell from chance is told here.
"""

from __future__ import annotations

from dataclasses import dataclass

import click
import numpy as np

from analyzer.feed.measures import FeedSettings, intervals
from analyzer.feed.measures.arms import FeedArm
from analyzer.feed.measures.tallying import Tally
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)
from analyzer.statistics import CONFIDENCE
from benchmarks.feed_studies.studies import EACH, HOURS, KINDS, SIDES

_JOINT = 1 - (1 - CONFIDENCE) / 6
_FIRST = 1_000_000  # other studies than those of the tables


@dataclass(frozen=True, slots=True)
class Held:
    """How often the intervals held a side's share, and how far its mean was from it on average."""

    alone: float
    joint: float
    off: float
    error: float  # standard deviation of the mean from study to study


def held(declaration: FeedDeclaration, studies: int) -> dict[str, Held]:
    """Simulate so many studies; return what came of each side."""
    accounts = [each for each in accounts_of(SIDES, EACH, HOURS) if each.role == "seeded"]
    settings = FeedSettings()
    last = int(HOURS * 3600 / settings.window_s) - 1
    found: dict[str, list[tuple[bool, bool, float]]] = {side: [] for side in SIDES}
    for seed in range(_FIRST, _FIRST + studies):
        columns = simulate(declaration, accounts, seed)
        tally = Tally(accounts, CATEGORIES, {POSITIVE}, settings).add([columns])
        for side in SIDES:
            sample = FeedArm(tally, side, "seeded", CATEGORIES).share(last)
            true = declaration.plateau(side, "seeded")
            alone, joint = (
                intervals.mean_share(sample.values, sample.items, confidence)
                for confidence in (CONFIDENCE, _JOINT)
            )
            found[side].append(
                (
                    alone.low <= true <= alone.high,
                    joint.low <= true <= joint.high,
                    float(sample.values.mean()) - true,
                )
            )
    told = {}
    for side, rows in found.items():
        alone_, joint_, off = np.asarray(rows, dtype=np.float64).T
        told[side] = Held(
            float(alone_.mean()), float(joint_.mean()), float(off.mean()), float(off.std())
        )
    return told


@click.command()
@click.option("--studies", default=4000, show_default=True)
def main(*, studies: int) -> None:
    """Print how often the interval of a share holds it."""
    print("| studies | side | alone | headline | mean off by | its error |")
    print("|---|---|--:|--:|--:|--:|")
    for name, declaration in KINDS:
        for side, told in held(declaration, studies).items():
            print(
                f"| {name} | {side} | {told.alone:.3f} | {told.joint:.3f} |"
                f" {told.off:+.4f} | {told.error:.4f} |"
            )


if __name__ == "__main__":
    main()

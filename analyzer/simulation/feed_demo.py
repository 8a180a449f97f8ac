"""The demonstration of the recommender audit: what is declared, and whether it was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.errors import UserError
from analyzer.feed.measures.records import FeedComparison, MeasureName
from analyzer.simulation.feed_accounts import FeedDeclaration, onset_median
from analyzer.simulation.feed_declaration import APP
from analyzer.statistics import Interval
from analyzer.study import FILE, load_study

SIDES: Final = ("KE", "US")
WINDOW_MINUTES: Final = 30.0
# Strong enough that 8 accounts with 2 hours each decide it. That the countries differ by a factor
# of 2 is about the least that so many accounts show: two of three seeds do (`docs/feed-audit.md`).
DECLARED: Final = FeedDeclaration(base_share=0.06, amplification={"KE": 12.0, "US": 6.0})
ERROR: Final = 0.02  # of the codes of each simulated coder; more would draw the amplification down


@dataclass(frozen=True, slots=True)
class Truth:
    """A figure of the headline: what was declared of it, and what was found (None: nothing)."""

    side: str
    measure: MeasureName
    declared: float  # share, factor or seconds; infinite: never
    found: float | None
    interval: Interval | None  # of all such figures at once
    held: bool  # what was declared lies within the interval


def refuse_others(folder: Path) -> None:
    """Keep away from a study that is not of the demonstration: `UserError` says whose it is."""
    if not (folder / FILE).exists():
        return
    study = load_study(folder)
    if study.app != APP or not study.fictional or study.feed is None:
        what = "another demo" if study.app == APP else study.app
        raise UserError(f"{folder / FILE} is a study of {what}", "name another folder for the demo")


def truths(found: FeedComparison, hours: float) -> Iterator[Truth]:
    """Yield share, amplification and onset of each side, as declared and as found.

    `hours`: feed time of each account. The declared onset is the median that the declaration
    implies; infinite where half of all accounts do not get there.
    """
    for side in found.sides:
        rows = [
            each
            for each in found.rows
            if each.headline and (each.left, each.right) == (f"{side} seeded", f"{side} control")
        ]
        effect = rows[0].effect if rows else None
        ratio = (rows[0].joint or rows[0].interval) if rows else None
        yield _truth(
            side, "share", DECLARED.plateau(side, "seeded"), *_figure(found, side, "share")
        )
        yield _truth(side, "amplification", DECLARED.amplification[side], effect, ratio)
        implied = onset_median(DECLARED, side, hours, many=2000)
        yield _truth(side, "onset", implied, *_figure(found, side, "onset"))


def _truth(
    side: str,
    measure: MeasureName,
    declared: float,
    found: float | None,
    interval: Interval | None,
) -> Truth:
    held = interval is not None and interval.low <= declared <= interval.high
    return Truth(side, measure, declared, found, interval, held)


def _figure(
    found: FeedComparison, side: str, measure: MeasureName
) -> tuple[float | None, Interval | None]:
    window = found.window if measure == "share" else None
    for each in found.figures:
        if (each.measure, each.side, each.role, each.window) == (measure, side, "seeded", window):
            return each.value, each.joint or each.interval
    return None, None

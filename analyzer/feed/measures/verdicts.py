"""What is said of two arms: their evidence against chance, and against what nobody coded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from analyzer.feed.measures.permuting import Exchange
from analyzer.feed.measures.records import FeedRow, FeedSettings, FeedVerdict, Reason
from analyzer.statistics import Interval, benjamini_hochberg, equivalent

_HALVINGS: Final = 10


@dataclass(frozen=True, slots=True)
class Tested:
    """A row before its q: `none` is what the effect is where nothing differs (1 or 0).

    `worst`: the interval, were so large a part (0 to 1) of what nobody coded known, and spoke for
    its low end, and for its high end; None where all is coded. `coverage`: of the arm with the
    least. `stepwise`: a part of it means something.
    """

    row: FeedRow
    exchange: Exchange
    none: float
    enough: float | None  # accounts of each arm
    worst: Callable[[float], Interval] | None
    coverage: float
    stepwise: bool = True

    def gated(self, more: Sequence[Reason]) -> Tested:
        """Return the row with those of `more` reasons against a verdict that it has not yet."""
        codes = {each.code for each in self.row.reasons}
        new = tuple(each for each in more if each.code not in codes)
        return (
            replace(self, row=replace(self.row, reasons=(*self.row.reasons, *new))) if new else self
        )


def judged(
    rows: Sequence[Tested],
    settings: FeedSettings,
    gates: Callable[[FeedRow], Sequence[Reason]] = lambda _: (),
) -> tuple[FeedRow, ...]:
    """Give each row its q among all of them, and its verdict, if `gates` has no reason against it.

    A row that has no verdict, whatever its p, is one of the tests, but none of those that were
    significant: else a small p that means nothing would make others easier to call different.
    """
    while True:
        found = _among(rows, settings)
        more = [each.gated(gates(row)) for each, row in zip(rows, found, strict=True)]
        if all(new is old for new, old in zip(more, rows, strict=True)):
            return found
        rows = more


def _among(rows: Sequence[Tested], settings: FeedSettings) -> tuple[FeedRow, ...]:
    ps = [each.row.p for each in rows]
    own = benjamini_hochberg(ps)
    out = {place for place, each in enumerate(rows) if each.row.reasons}
    while True:
        qs = benjamini_hochberg([1.0 if place in out else p for place, p in enumerate(ps)])
        found = tuple(
            _judged(each, own[place] if place in out else qs[place], settings)
            for place, each in enumerate(rows)
        )
        unsure = {place for place, each in enumerate(found) if _depends(each)} - out
        if not unsure:
            return found
        out |= unsure


def _depends(row: FeedRow) -> bool:
    """Tell whether what nobody coded could undo the verdict of `row`."""
    return any(each.code == "coverage_apart" for each in row.reasons)


def _judged(tested: Tested, q: float, settings: FeedSettings) -> FeedRow:
    row = replace(tested.row, q=q)
    if row.reasons:
        return row
    found = _verdict(tested, row.interval, q, settings)
    if found == "insufficient":
        code: Literal["interval", "chance"] = "interval" if q <= settings.alpha else "chance"
        return replace(row, reasons=(Reason(code, q, tested.enough),))
    if tested.worst is None or _verdict(tested, tested.worst(1.0), q, settings) == found:
        return replace(row, verdict=found)
    need = _needed(tested, tested.worst, found, q, settings)
    return replace(row, reasons=(Reason("coverage_apart", tested.coverage, need),))


def _verdict(tested: Tested, held: Interval, q: float, settings: FeedSettings) -> FeedVerdict:
    if q <= settings.alpha and held.low > tested.none:
        return "higher"
    if q <= settings.alpha and held.high < tested.none:
        return "lower"
    if tested.none == 1 and equivalent(held, settings.margin, ratio=True):
        return "same"
    return "insufficient"


def _needed(
    tested: Tested,
    worst: Callable[[float], Interval],
    verdict: FeedVerdict,
    q: float,
    settings: FeedSettings,
) -> float:
    """Return how large a share would have to be coded for the verdict to stand, whatever the rest
    is: about, for what is coded then can say something else.
    """
    least, most = 0.0, 1.0
    for _ in range(_HALVINGS if tested.stepwise else 0):
        middle = (least + most) / 2
        if _verdict(tested, worst(middle), q, settings) == verdict:
            least = middle
        else:
            most = middle
    return 1 - least * (1 - tested.coverage)

"""Whether codes bear what is compared: by whom two groups were coded, and how far coders agree.

Coders who err alike in two groups draw a difference towards none; coders of one group each may make
one. So most items of both groups have to be of the same people. And codes have to be better than
chance: the low end of Krippendorff's alpha, of all items of the two sides, is held against his
rule, since the value alone, of few items or of few positive ones, may be luck. A side of which
even the high end is below does not count either. Errors make groups alike, so that `same` takes
codes that can be relied on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from analyzer.feed.audit_records import ArmName
from analyzer.feed.coding.agreement import RELIABLE, TENTATIVE, Coefficient, of_these
from analyzer.feed.coding.codes import Codes
from analyzer.feed.measures import FeedRow, Reason
from analyzer.feed.measures.records import MeasureName

LEAST_COMMON: Final = 0.8  # of the items of two groups that the same people coded
# Nobody codes whether the platform or a creator calls something advertising.
_UNCODED: Final[frozenset[MeasureName]] = frozenset({"ads_formal", "ads_disclosed", "ads_hint"})


class CodersGate:
    """Tells of rows what is lacking in the codes that they rest on.

    `items`: of each group those that were shown; `final`: the codes that count.
    """

    def __init__(
        self,
        codes: Codes,
        items: Mapping[ArmName, Collection[str]],
        final: Mapping[str, str],
        positive: Collection[str],
    ) -> None:
        self._shares = {arm: _Shares(codes, some, final) for arm, some in items.items()}
        self._final = bool(final)
        shown = set[str]().union(*items.values())
        harmful = frozenset(positive)
        self._all, self._both = of_these(codes.by_coder, shown, harmful)
        self._sides: dict[str, Coefficient] = {}
        for side in {side for side, _ in items}:
            own = set[str]().union(*(some for arm, some in items.items() if arm[0] == side))
            self._sides[side], _ = of_these(codes.by_coder, own, harmful)

    def reasons(self, row: FeedRow, pairs: Sequence[tuple[ArmName, ArmName]]) -> Iterator[Reason]:
        """Yield why `row`, which compares the groups of `pairs`, cannot be decided by its codes."""
        if row.measure in _UNCODED or not self._final:
            return
        common = [
            found
            for left, right in pairs
            if (found := _common(self._shares.get(left), self._shares.get(right))) is not None
        ]
        if common and min(common) < LEAST_COMMON:
            yield Reason("coders_apart", min(common), LEAST_COMMON)
        needed = RELIABLE if row.verdict == "same" else TENTATIVE
        if self._all.low is None:
            yield Reason("agreement_unknown", self._both, None)
            return
        lows = [self._all.low] if self._all.low < needed else []
        for side in {side for pair in pairs for side, _ in pair}:
            of_side = self._sides.get(side)
            if of_side and of_side.low is not None and (of_side.high or 0) < needed:
                lows.append(of_side.low)
        if lows:
            yield Reason("agreement", min(lows), needed)


class _Shares:
    """Who coded the items of one group that count: of the items, and of all codes."""

    def __init__(self, codes: Codes, items: Collection[str], final: Mapping[str, str]) -> None:
        counted = [key for key in items if key in final]
        found = Counter(
            {coder: sum(key in given for key in counted) for coder, given in codes.by_coder.items()}
        )
        self.items = {coder: number / max(1, len(counted)) for coder, number in found.items()}
        total = max(1, found.total())
        self.codes = {coder: number / total for coder, number in found.items()}
        self.known = found.total() > 0


def _common(left: _Shares | None, right: _Shares | None) -> float | None:
    """Return which share of the items of two groups is of the same people.

    One of them may have coded them all beside different others; or all of them alike much in both.
    """
    if left is None or right is None or not (left.known and right.known):
        return None
    one = max(min(left.items[coder], right.items[coder]) for coder in left.items)
    return max(one, sum(min(left.codes[coder], right.codes[coder]) for coder in left.codes))

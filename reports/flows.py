"""Flows of data: one type of data to one recipient, whatever the phase in which it was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.comparison import Comparison, Which
from analyzer.models import Count, Delta, DeltaKind, Verdict
from reports import words

_OF_A = frozenset({"only_a", "more_a"})
_RANK: dict[Verdict, int] = {
    "only_a": 0, "only_b": 0, "more_a": 1, "more_b": 1, "insufficient": 2, "same": 3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flow:
    """One type of data to one recipient, over all phases; `row` is its most telling row.

    `moved`: the sides differ in the phase of `row`, and are not shown to over all phases.
    """

    row: Delta
    verdict: Verdict
    moved: bool = False

    @property
    def counts(self) -> tuple[Count, Count]:
        """In how many sessions of either side it was seen, in any phase."""
        whole = self.row.whole
        return (whole.a, whole.b) if whole else (self.row.a, self.row.b)

    @property
    def beyond_adults(self) -> bool:
        """Whether it differs by more than it does between adults, in any phase, too."""
        whole, beyond = self.row.whole, bool(words.beyond_adults(self.row))
        if not whole:
            return beyond
        more = "more_a" if whole.effect > 0 else "more_b"
        return beyond and whole.contrast is not None and whole.contrast.verdict == more


def flows(comparison: Comparison) -> list[Flow]:
    """Return every flow of data. Its most telling row decides, where all phases bear it out.

    A row that differs in its phase only is no flow that differs: it was sent at another time.
    """
    return [flow_of(mine) for mine in grouped(comparison, "data")]


def grouped(comparison: Comparison, kind: DeltaKind) -> list[list[Delta]]:
    """Return the rows of one kind, those together that are about the same in several phases."""
    rows: dict[tuple[str, ...], list[Delta]] = {}
    for row in comparison.deltas:
        if row.kind == kind:
            rows.setdefault((row.party, row.owner, row.subject, row.state), []).append(row)
    return list(rows.values())


def flow_of(rows: Sequence[Delta]) -> Flow:
    """Return what `rows`, all that are about one thing, say of it over all phases."""
    different = [row for row in rows if row.verdict in words.DIFFERENT]
    borne_out = [row for row in different if _more(row.verdict) == _more(_over_all(row))]
    row = min(borne_out or different or rows, key=_telling)
    if different and not borne_out:
        return Flow(row, "same" if _over_all(row) == "same" else "insufficient", moved=True)
    return Flow(row, _over_all(row))


def _over_all(row: Delta) -> Verdict:
    return row.whole.verdict if row.whole else row.verdict


def _more(verdict: Verdict) -> Which | None:
    """Return which side has more."""
    return None if verdict not in words.DIFFERENT else "a" if verdict in _OF_A else "b"


def _telling(row: Delta) -> tuple[object, ...]:
    return (
        _RANK[row.verdict],
        words.beyond_adults(row) is False,
        row.q,
        -abs(row.effect),
        row.id,
    )

"""From counts of sessions to a verdict, for all rows of a comparison at once.

A row is ``only``/``more`` where the exact test finds a difference at the false discovery rate
`alpha`; ``same`` where the whole 95% interval lies within the margin; ``insufficient`` otherwise,
where a gate bars every conclusion, and whenever what could not be read might turn the answer: then
the verdict is reached again with each blind session counted as if it had been seen there, and has
to stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from analyzer import statistics
from analyzer.compare.family import Exact, Family, Test
from analyzer.compare.groups import Group, Late, Observed
from analyzer.compare.reasons import (
    MAY_DIFFER,
    MIXED,
    NO_DIFFERENCE,
    SIMPSON,
    false_starts,
    few,
    may_hide,
    too_late,
)
from analyzer.compare.telling import points
from analyzer.comparison import Which
from analyzer.gates import GateName
from analyzer.models import Count, Verdict
from analyzer.said import Numeral, Said, say
from analyzer.study import CompareSettings

_Verdict = tuple[Verdict, Said | Literal[""], int | None]
_Told = tuple[Verdict, Said | Literal[""], int | None, GateName | Literal[""]]


@dataclass(frozen=True, slots=True)
class Bar:
    """A gate that failed, and so keeps rows from any conclusion, for this reason.

    Rows in which the side `spares` has more are concluded from all the same. `at_last`: it matters
    only where nothing else keeps a row from a conclusion.
    """

    gate: GateName
    reason: Said
    spares: Which | Literal[""] = ""
    at_last: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Under what the rows of presence are judged, beside the settings.

    `others` are the tests of the report's other rows, which are of the same family.
    """

    bars: tuple[Bar, ...] = ()
    others: tuple[Test, ...] = ()
    wholes: tuple[Observed | None, ...] = ()  # of each row what was seen in any phase, if in more


ALONE = Terms()  # no gate has failed, and there are no other rows


@dataclass(frozen=True, slots=True)
class Judged:
    """The numbers and the verdict of one row; as in `models.Delta`."""

    a: Count
    b: Count
    verdict: Verdict
    reason: Said | Literal[""]
    enough: int | None
    effect: float
    low: float
    high: float
    p: float
    q: float
    gate: GateName | Literal[""] = ""  # that made it `insufficient`
    whole: Judged | None = None  # of all phases, where it was seen in others, too


@dataclass(frozen=True, slots=True)
class Judgement:
    """All rows of presence, in order, and the family of all tests: these first, then the others."""

    rows: tuple[Judged, ...]
    family: Family


@dataclass(frozen=True, slots=True)
class _Tested:
    """A row with its numbers, before judgement, and its place in the family."""

    place: int
    row: Observed
    a: Count
    b: Count
    p: float
    q: float
    effect: float  # within the time blocks
    interval: statistics.Interval

    @property
    def pooled(self) -> float:
        """How far the shares of all sessions lie apart, whatever the block."""
        return self.a.k / self.a.n - self.b.k / self.b.n


def judge(
    a: Group, b: Group, rows: Sequence[Observed], settings: CompareSettings, terms: Terms = ALONE
) -> Judgement:
    """Return the verdict of each of `rows`, in their order. Both sides have at least a session.

    The false discovery rate is that over `rows` and the others of `terms`, so they have to be all
    rows of a report.
    """
    exact = Exact(a.blocks, b.blocks)
    tests = [exact.of(row.seen_a, row.seen_b) for row in rows]
    family = Family([*tests, *terms.others], settings.alpha)
    bench = _Bench(a, b, settings, terms.bars, family, exact)
    found = []
    for place, row in enumerate(rows):
        of_a, of_b = Count(len(row.seen_a), a.n), Count(len(row.seen_b), b.n)
        p, q = tests[place][0], family.qs[place]
        effect, interval = statistics.stratified(exact.blocks(row.seen_a, row.seen_b))
        judged = bench.judged(_Tested(place, row, of_a, of_b, p, q, effect, interval))
        whole = terms.wholes[place] if terms.wholes else None
        if whole and judged.verdict != "insufficient":
            judged = replace(judged, whole=bench.whole(whole, place))
        found.append(judged)
    return Judgement(tuple(found), family)


class _Bench:
    """Judges rows one by one."""

    def __init__(
        self,
        a: Group,
        b: Group,
        settings: CompareSettings,
        bars: Sequence[Bar],
        family: Family,
        exact: Exact,
    ) -> None:
        self._a, self._b, self._settings = a, b, settings
        self._bars = [bar for bar in bars if not bar.at_last]
        self._last = [bar for bar in bars if bar.at_last]
        self._family = family
        self._exact = exact
        self._together = bool(set(a.blocks.values()) & set(b.blocks.values()))

    def whole(self, row: Observed, place: int) -> Judged:
        """Judge what was seen in any phase, in the place of the row of one phase."""
        test = self._exact.of(row.seen_a, row.seen_b)
        hopeless = test[0] > self._settings.alpha  # q is never below p
        q = test[0] if hopeless else self._family.q(place, test)
        of_a, of_b = Count(len(row.seen_a), self._a.n), Count(len(row.seen_b), self._b.n)
        blocks = self._exact.blocks(row.seen_a, row.seen_b)
        return self.judged(
            _Tested(place, row, of_a, of_b, test[0], q, *statistics.stratified(blocks))
        )

    def judged(self, row: _Tested) -> Judged:
        verdict, reason, enough, gate = self._verdict(row)
        return Judged(
            a=row.a,
            b=row.b,
            verdict=verdict,
            reason=reason,
            enough=enough,
            effect=_told(row.effect),
            low=_told(row.interval.low),
            high=_told(row.interval.high),
            p=_told(row.p),
            q=_told(row.q),
            gate=gate,
        )

    def _verdict(self, row: _Tested) -> _Told:
        if too_few := few(self._a, self._b, self._settings.min_sessions):
            return "insufficient", too_few, self._enough(row), "sessions"
        for bar in self._bars:
            if not self._spared(row, bar):
                return "insufficient", bar.reason, None, bar.gate
        found = self._concluded(row)
        for bar in self._last:
            if found[0] != "insufficient" and not self._spared(row, bar):
                return "insufficient", bar.reason, None, bar.gate
        return found

    def _concluded(self, row: _Tested) -> _Told:
        if row.q <= self._settings.alpha:
            if row.effect * row.pooled <= 0:
                return "insufficient", SIMPSON, None, ""
            return (*self._difference(row), "")
        if row.interval.within(self._settings.margin):
            if abs(row.pooled) > self._settings.margin:  # the counts would contradict the verdict
                return "insufficient", SIMPSON, None, ""
            if self._mixed(row.row):
                return "insufficient", MIXED, None, ""
            return (*self._same(row), "")
        if not self._together:
            reason = say("no time block has sessions of both sides")
            return "insufficient", reason, None, "blocks"
        return "insufficient", self._undecided(row), self._enough(row), ""

    def _spared(self, row: _Tested, bar: Bar) -> bool:
        more: Which = "a" if row.effect > 0 else "b"
        return bar.spares == more and row.q <= self._settings.alpha

    def _difference(self, row: _Tested) -> _Verdict:
        more_in_a = row.effect > 0
        lower = self._b if more_in_a else self._a
        fewer = row.row.seen_b if more_in_a else row.row.seen_a
        hidden = row.row.hidden_b if more_in_a else row.row.hidden_a
        unsearched = row.row.unsearched_b if more_in_a else row.row.unsearched_a
        if hidden and not self._stands(row, hidden):
            if self._stands(row, hidden - lower.empty):
                return "insufficient", false_starts(lower), None
            reason = may_hide(lower, hidden, unsearched, NO_DIFFERENCE)
            return "insufficient", reason, None
        if row.row.late and not self._in_time(row, row.row.late, hidden):
            return "insufficient", too_late(self._a if more_in_a else self._b, lower), None
        # "Only" would also say that it was not sent in the sessions that could not be read.
        if fewer or hidden:
            return "more_a" if more_in_a else "more_b", "", None
        return "only_a" if more_in_a else "only_b", "", None

    def _in_time(self, row: _Tested, late: Late, hidden: frozenset[str]) -> bool:
        """Whether a difference is one in the time for which both sides were recorded."""
        if row.effect > 0:
            return self._stands(row, hidden | late.short_b, late.a)
        return self._stands(row, hidden | late.short_a, late.b)

    def _stands(
        self, row: _Tested, hidden: frozenset[str], late: frozenset[str] = frozenset()
    ) -> bool:
        """Whether a difference is one if it was also sent in the `hidden` sessions of the lower.

        And not in the `late` ones of the other side.
        """
        more_in_a = row.effect > 0
        seen_a = row.row.seen_a - late if more_in_a else row.row.seen_a | hidden
        seen_b = row.row.seen_b | hidden if more_in_a else row.row.seen_b - late
        pooled = len(seen_a) / self._a.n - len(seen_b) / self._b.n
        sign = 1 if more_in_a else -1
        return (
            pooled * sign > 0
            and self._exact.lean(seen_a, seen_b) * sign > 0
            and self._family.stands(row.place, self._exact.of(seen_a, seen_b))
        )

    def _mixed(self, row: Observed) -> bool:
        """Whether the sides differ in some time block, though they are alike on average."""
        blocks = self._exact.blocks(row.seen_a, row.seen_b)
        if len(blocks) < 2:
            return False
        least = min(statistics.permutation([block]) for block in blocks)
        return least * len(blocks) <= self._settings.alpha

    def _same(self, row: _Tested) -> _Verdict:
        observed = row.row
        for side, hidden, unsearched in (
            (self._a, observed.hidden_a, observed.unsearched_a),
            (self._b, observed.hidden_b, observed.unsearched_b),
        ):
            if hidden and not self._stays_same(row, side, hidden):
                if self._stays_same(row, side, hidden - side.empty):
                    return "insufficient", false_starts(side), None
                reason = may_hide(side, hidden, unsearched, MAY_DIFFER)
                return "insufficient", reason, None
        return "same", "", None

    def _stays_same(self, row: _Tested, side: Group, hidden: frozenset[str]) -> bool:
        """Whether the sides are the same if it was also sent in the `hidden` sessions of `side`."""
        seen_a = row.row.seen_a | (hidden if side is self._a else frozenset())
        seen_b = row.row.seen_b | (hidden if side is self._b else frozenset())
        _, worst = statistics.stratified(self._exact.blocks(seen_a, seen_b))
        return worst.within(self._settings.margin)

    def _undecided(self, row: _Tested) -> Said:
        return say(
            "the shares differ by {effect} points (95% interval {low} to {high}): it could be"
            " chance (q = {q}), and it is not certain that they lie within {margin} points of each"
            " other",
            effect=points(-row.effect),  # as reports tell it: the change from a to b
            low=points(-row.interval.high),
            high=points(-row.interval.low),
            q=Numeral(row.q, ".2f"),
            margin=round(100 * self._settings.margin),
        )

    def _enough(self, row: _Tested) -> int | None:
        least, have = self._settings.min_sessions, min(row.a.n, row.b.n)
        return statistics.enough(
            row.a.k / row.a.n,
            row.b.k / row.b.n,
            # As strict as the correction for many rows is for this one now.
            alpha=max(
                self._family.critical, self._settings.alpha * (row.p / row.q if row.q else 1.0)
            ),
            margin=self._settings.margin,
            least=max(least, have + 1) if have >= least else least,
        )


def _told(number: float) -> float:
    """Round off what differs between processors, so that reports are the same everywhere."""
    return round(number, 9) + 0.0  # no minus zero

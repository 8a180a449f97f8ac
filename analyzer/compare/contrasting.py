"""Do the minors of two sides differ by more than their adults do? In one family with the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analyzer import statistics
from analyzer.compare.family import Exact, Family, Test
from analyzer.compare.groups import Group, Late, Observed
from analyzer.compare.reasons import MAY_DIFFER, NO_DIFFERENCE, few, too_late
from analyzer.compare.telling import points
from analyzer.compare.verdicts import Bar
from analyzer.models import Contrast, ContrastVerdict, Count
from analyzer.said import Numeral, Said, say
from analyzer.study import CompareSettings

_Found = tuple[ContrastVerdict, Said | Literal[""]]


class Quarters:
    """The minors and the adults of both sides, with the exact tests of either."""

    def __init__(self, a: Group, b: Group, adult_a: Group, adult_b: Group) -> None:
        self.a, self.b, self.adult_a, self.adult_b = a, b, adult_a, adult_b
        self._minors = Exact(a.blocks, b.blocks)
        self._adults = Exact(adult_a.blocks, adult_b.blocks)

    def weigh(self, minors: Observed, adults: Observed) -> Weighed:
        """Return the numbers of one row; of all four there is at least a session."""
        return self._weighed(
            minors, adults, (minors.seen_a, minors.seen_b, adults.seen_a, adults.seen_b)
        )

    def weigh_with_hidden(self, found: Weighed, *, more_in_a: bool) -> Weighed:
        """Return them if what could not be read was sent there, where it takes from a difference.

        `more_in_a`: the difference that it takes from has more in a.
        """
        minors, adults = found.minors, found.adults
        hidden: tuple[frozenset[str], ...] = (
            (frozenset(), minors.hidden_b, adults.hidden_a, frozenset())
            if more_in_a
            else (minors.hidden_a, frozenset(), frozenset(), adults.hidden_b)
        )
        late = minors.late or Late(*[frozenset[str]()] * 4)
        seen = (minors.seen_a, minors.seen_b, adults.seen_a, adults.seen_b)
        if more_in_a:  # what the other side had no time to show is no difference
            seen = (minors.seen_a - late.a, minors.seen_b | late.short_b, *seen[2:])
        else:
            seen = (minors.seen_a | late.short_a, minors.seen_b - late.b, *seen[2:])
        a, b, adult_a, adult_b = (one | more for one, more in zip(seen, hidden, strict=True))
        return self._weighed(minors, adults, (a, b, adult_a, adult_b))

    def _weighed(
        self,
        minors: Observed,
        adults: Observed,
        seen: tuple[frozenset[str], frozenset[str], frozenset[str], frozenset[str]],
    ) -> Weighed:
        groups = (self.adult_a, self.adult_b)
        adult_a, adult_b = (
            Count(len(of), group.n) for of, group in zip(seen[2:], groups, strict=True)
        )
        young, old = self._minors.blocks(seen[0], seen[1]), self._adults.blocks(seen[2], seen[3])
        effect, interval = statistics.contrast(
            statistics.stratified(young), statistics.stratified(old)
        )
        return Weighed(
            minors, adults, adult_a, adult_b, effect, interval, statistics.interaction(young, old)
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """One row with its numbers, before judgement."""

    minors: Observed
    adults: Observed
    adult_a: Count
    adult_b: Count
    effect: float
    interval: statistics.Interval
    test: Test


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the differences of differences of a pair."""

    quarters: Quarters
    settings: CompareSettings
    bars: Sequence[Bar]
    family: Family

    def judged(self, found: Weighed, place: int, *, replaced: bool = False) -> Contrast:
        """Return the row that has this place in the family, or takes it (`replaced`)."""
        q = self.family.q(place, found.test) if replaced else self.family.qs[place]
        verdict, reason = self._verdict(found, place, q)
        return Contrast(
            adult_a=found.adult_a,
            adult_b=found.adult_b,
            effect=_rounded(found.effect),
            low=_rounded(found.interval.low),
            high=_rounded(found.interval.high),
            p=_rounded(found.test[0]),
            q=_rounded(q),
            verdict=verdict,
            reason=reason,
        )

    def _verdict(self, found: Weighed, place: int, q: float) -> _Found:
        four, least = self.quarters, self.settings.min_sessions
        if reason := few(four.a, four.b, least):
            return "insufficient", reason
        if few(four.adult_a, four.adult_b, least):
            return "insufficient", say(
                "too few sessions of adults: {a} has {n_a}, {b} has {n_b}, and each side needs"
                " {least}",
                a=four.a.name,
                n_a=four.adult_a.n,
                b=four.b.name,
                n_b=four.adult_b.n,
                least=least,
            )
        for bar in self.bars:
            return "insufficient", bar.reason
        if q <= self.settings.alpha:
            return self._difference(found, place)
        if found.interval.within(self.settings.margin):
            return self._same(found)
        return "insufficient", say(
            "that minors differ by {effect} points more than adults do (95% interval {low} to"
            " {high}) could be chance (q = {q}), and it is not certain that both differ alike,"
            " within {margin} points",
            effect=points(found.effect),
            low=points(found.interval.low),
            high=points(found.interval.high),
            q=Numeral(q, ".2f"),
            margin=round(100 * self.settings.margin),
        )

    def _difference(self, found: Weighed, place: int) -> _Found:
        more_in_a = found.effect > 0
        worst = self.quarters.weigh_with_hidden(found, more_in_a=more_in_a)
        stands = worst.effect > 0 if more_in_a else worst.effect < 0
        if not stands or not self.family.stands(place, worst.test):
            return "insufficient", self._hidden(found, NO_DIFFERENCE, more_in_a=more_in_a)
        return "more_a" if more_in_a else "more_b", ""

    def _same(self, found: Weighed) -> _Found:
        for more_in_a in (True, False):
            worst = self.quarters.weigh_with_hidden(found, more_in_a=more_in_a)
            if not worst.interval.within(self.settings.margin):
                return "insufficient", self._hidden(found, MAY_DIFFER, more_in_a=more_in_a)
        return "same", ""

    def _hidden(self, found: Weighed, then: Said, *, more_in_a: bool) -> Said:
        """Say where something may be hidden that takes from a difference with more in a, or b."""
        four = self.quarters
        young, hidden = (
            (four.b, found.minors.hidden_b) if more_in_a else (four.a, found.minors.hidden_a)
        )
        old, of_adults = (
            (four.adult_a, found.adults.hidden_a)
            if more_in_a
            else (four.adult_b, found.adults.hidden_b)
        )
        where = [say("{k} of {n} sessions of {side}", k=len(hidden), n=young.n, side=young.name)]
        where.append(
            say(
                "{k} of {n} sessions of adults of {side}",
                k=len(of_adults),
                n=old.n,
                side=old.name,
            )
        )
        if not any(each.parameters["k"] for each in where):
            return too_late(*((four.a, four.b) if more_in_a else (four.b, four.a)))
        return say(
            "in {where} it may have been sent where it could not be read; {then}",
            where=tuple(each for each in where if each.parameters["k"]),
            then=then,
        )


def _rounded(number: float) -> float:
    """Round off what differs between processors, so that reports are the same everywhere."""
    return round(number, 9) + 0.0  # no minus zero

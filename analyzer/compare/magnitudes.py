"""From what each session measures to verdicts, in one family with the rows of presence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from analyzer import statistics
from analyzer.compare.family import Family, Test
from analyzer.compare.groups import Group
from analyzer.compare.measuring import Measured
from analyzer.compare.reasons import MAY_DIFFER, NO_DIFFERENCE
from analyzer.compare.verdicts import Bar
from analyzer.comparison import Which
from analyzer.gates import GateName
from analyzer.knowledge import Measure, load_measures
from analyzer.magnitudes import Magnitude, MagnitudeVerdict, MeasureId, Summary
from analyzer.pipeline import identify
from analyzer.said import Numeral, Said, say
from analyzer.study import CompareSettings

_EXAMPLES = 1  # for each side
_COUNTS: frozenset[MeasureId] = frozenset(
    {"recipients", "before_consent", "requests_per_hour", "bytes_up_per_hour"}
)  # of which 0 is none at all


@dataclass(frozen=True, slots=True)
class Weighed:
    """One row with its numbers, before judgement."""

    row: Measured
    measure: Measure
    a: Mapping[str, float]
    b: Mapping[str, float]
    shift: statistics.Shift

    @property
    def test(self) -> Test:
        """What the family of the report has to know."""
        return self.shift.p, self.shift.support


def weigh(a: Group, b: Group, rows: Sequence[Measured]) -> list[Weighed]:
    """Compare the sides in each of `rows` in which both have a value, and any is not 0.

    Of what counts something, both sides have to have some: that one has none at all is told by the
    rows of presence, each by what could be read of one recipient.
    """
    measures = load_measures()
    found = []
    for row in rows:
        of_a = {each: row.values[each] for each in a.blocks if each in row.values}
        of_b = {each: row.values[each] for each in b.blocks if each in row.values}
        some = [any(of_a.values()), any(of_b.values())]
        if of_a and of_b and (all(some) if row.key.measure in _COUNTS else any(some)):
            found.append((row, measures[row.key.measure], of_a, of_b))
    shifts: dict[int, statistics.Shift] = {}
    for ratio in (False, True):
        chosen = [place for place, each in enumerate(found) if each[1].ratio is ratio]
        told = _shifts([found[place][2] | found[place][3] for place in chosen], a, b, ratio=ratio)
        shifts |= dict(zip(chosen, told, strict=True))
    return [Weighed(*each, shifts[place]) for place, each in enumerate(found)]


@dataclass(frozen=True, slots=True)
class Scale:
    """Judges rows of magnitudes. The first of them has the place `first` in the family."""

    a: Group
    b: Group
    names: tuple[str, str]  # of the sides, for ids
    settings: CompareSettings
    bars: Sequence[Bar]
    family: Family
    first: int

    def judged(self, found: Weighed, number: int) -> tuple[Magnitude, GateName | Literal[""]]:
        """Return row number `number`, and the gate that made it `insufficient`."""
        place = self.first + number
        q = self.family.qs[place]
        verdict, reason, enough, gate = self._verdict(found, place)
        key, measure, shift = found.row.key, found.measure, found.shift
        row = Magnitude(
            id=identify("m", *self.names, *key),
            measure=key.measure,
            owner=key.owner,
            party=key.party,
            subject=key.subject,
            phase="",
            unit=measure.unit,
            ratio=measure.ratio,
            a=_summary(found.a),
            b=_summary(found.b),
            effect=_finite(shift.effect),
            low=_finite(shift.interval.low),
            high=_finite(shift.interval.high),
            p=_rounded(shift.p),
            q=_rounded(q),
            margin=measure.margin,
            verdict=verdict,
            reason=reason,
            enough=enough,
            examples=(*self._examples(found, found.a), *self._examples(found, found.b)),
        )
        return row, gate

    def _verdict(
        self, found: Weighed, place: int
    ) -> tuple[MagnitudeVerdict, Said | Literal[""], int | None, GateName | Literal[""]]:
        least = self.settings.min_sessions
        if min(len(found.a), len(found.b)) < least:
            gate: GateName | Literal[""] = "sessions" if min(self.a.n, self.b.n) < least else ""
            return "insufficient", self._few(found), least, gate
        for bar in self.bars:
            return "insufficient", bar.reason, None, bar.gate
        if _alike(found.measure, found.shift):
            return (*self._same(found), "")
        q = self.family.qs[place]
        if q <= self.settings.alpha:
            return (*self._difference(found, place), "")
        return "insufficient", self._undecided(found, q), None, ""

    def _few(self, found: Weighed) -> Said:
        return say(
            "too few sessions with a value: {a} has {n_a}, {b} has {n_b}, and each side needs"
            " {least}",
            a=self.a.name,
            n_a=len(found.a),
            b=self.b.name,
            n_b=len(found.b),
            least=self.settings.min_sessions,
        )

    def _difference(
        self, found: Weighed, place: int
    ) -> tuple[MagnitudeVerdict, Said | Literal[""], int | None]:
        direction = _direction(found.measure, found.shift)
        if not direction:
            reason = say("the values of the sides have the same middle, and are spread differently")
            return "insufficient", reason, None
        # What could not be read may have been more, and sooner.
        open_side: Which = "b" if direction == "a" else "a"
        if found.row.key.measure == "delay":
            open_side = direction
        worst = self._worst(found, open_side)
        if worst is not None and not (
            _direction(found.measure, worst) == direction
            and self.family.stands(place, (worst.p, worst.support))
        ):
            return "insufficient", self._hidden(found, open_side, NO_DIFFERENCE), None
        return ("more_a" if direction == "a" else "more_b"), "", None

    def _same(self, found: Weighed) -> tuple[MagnitudeVerdict, Said | Literal[""], int | None]:
        sides: tuple[Which, Which] = ("a", "b")
        for side in sides:
            worst = self._worst(found, side)
            if worst is not None and not _alike(found.measure, worst):
                reason = self._hidden(found, side, MAY_DIFFER)
                return "insufficient", reason, None
        return "same", "", None

    def _worst(self, found: Weighed, side: Which) -> statistics.Shift | None:
        """Return what came of it if the blind sessions of `side` had the most extreme value."""
        group = self.a if side == "a" else self.b
        bounds = {each: found.row.bounds[each] for each in group.blocks if each in found.row.bounds}
        if not bounds:
            return None
        values = {**found.a, **found.b, **bounds}
        return _shifts([values], self.a, self.b, ratio=found.measure.ratio)[0]

    def _hidden(self, found: Weighed, side: Which, then: Said) -> Said:
        group = self.a if side == "a" else self.b
        told = {
            "unread": sum(each in found.row.bounds for each in group.blocks),
            "of": group.n,
            "side": group.name,
            "then": then,
        }
        if found.row.key.measure == "delay":
            return say(
                "in {unread} of {of} sessions of {side} something may have been sent sooner where"
                " it could not be read; {then}",
                **told,
            )
        if found.row.key.measure == "precision":
            return say(
                "in {unread} of {of} sessions of {side} a more precise location may have been sent"
                " where it could not be read; {then}",
                **told,
            )
        return say(
            "in {unread} of {of} sessions of {side} more may have been sent where it could not be"
            " read; {then}",
            **told,
        )

    def _undecided(self, found: Weighed, q: float) -> Said:
        measure, shift = found.measure, found.shift
        if math.isnan(shift.effect):
            return say("no time block has values of both sides")
        told = {
            "a": self.a.name,
            "b": self.b.name,
            "effect": _number(shift.effect),
            "low": _number(shift.interval.low),
            "high": _number(shift.interval.high),
            "q": Numeral(q, ".2f"),
            "margin": _number(measure.margin),
        }
        if measure.ratio:
            return say(
                "the values of {a} are {effect} times those of {b} (95% interval {low} to {high}):"
                " it could be chance (q = {q}), and it is not certain that they lie within a factor"
                " of {margin}",
                **told,
            )
        return say(
            "the values of {a} lie {effect} above those of {b} (95% interval {low} to {high}): it"
            " could be chance (q = {q}), and it is not certain that they lie within {margin} of"
            " each other",
            **told,
        )

    def _examples(self, found: Weighed, values: Mapping[str, float]) -> tuple[str, ...]:
        """Return the finding behind the most telling value of a side."""
        examples = found.row.examples
        sign = 1.0 if found.measure.worse == "less" else -1.0
        there = sorted((sign * values[each], each) for each in values if each in examples)
        return tuple(examples[each] for _, each in there[:_EXAMPLES])


def _shifts(
    rows: Sequence[Mapping[str, float]], a: Group, b: Group, *, ratio: bool
) -> list[statistics.Shift]:
    sessions = [*sorted(a.blocks), *sorted(b.blocks)]
    return statistics.shifts(
        [[row.get(each, math.nan) for each in sessions] for row in rows],
        [True] * a.n + [False] * b.n,
        [a.blocks[each] if each in a.blocks else b.blocks[each] for each in sessions],
        ratio=ratio,
    )


def _alike(measure: Measure, shift: statistics.Shift) -> bool:
    return statistics.equivalent(shift.interval, measure.margin, ratio=measure.ratio)


def _direction(measure: Measure, shift: statistics.Shift) -> Which | Literal[""]:
    middle = 1.0 if measure.ratio else 0.0
    if math.isnan(shift.effect) or shift.effect == middle:
        return ""
    return "a" if shift.effect > middle else "b"


def _summary(values: Mapping[str, float]) -> Summary:
    every = sorted(values.values())
    return Summary(
        len(every), _rounded(every[0]), _rounded(float(median(every))), _rounded(every[-1])
    )


def _finite(number: float) -> float | None:
    return _rounded(number) if math.isfinite(number) else None


def _rounded(number: float) -> float:
    """Round off what differs between processors, so that reports are the same everywhere."""
    return round(number, 9) + 0.0  # no minus zero


def _number(number: float) -> Numeral | Said:
    return Numeral(number, ".3g") if math.isfinite(number) else say("no limit")

"""Many countries at once: who is sent what in which of them, and under which law."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analyzer import statistics
from analyzer.compare.accounts import account_cautions
from analyzer.compare.cautions import waivers
from analyzer.compare.comparing import excluded_of, settings_of
from analyzer.compare.declared import app_of, declared_cautions
from analyzer.compare.family import Family
from analyzer.compare.judging import judge_presence
from analyzer.compare.lateness import Clock
from analyzer.compare.material import Material, material
from analyzer.compare.pair import Half, pair_gates
from analyzer.compare.presence import Key, Seen
from analyzer.compare.recorded import Recorded
from analyzer.compare.sides import ADULT
from analyzer.compare.telling import listed
from analyzer.compare.turns import turn_cautions
from analyzer.compare.verdicts import Bar
from analyzer.countries import (
    CountryCell,
    CountryColumn,
    CountryMatrix,
    CountryRow,
    LikeLaw,
    Spread,
)
from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.gates import Gate
from analyzer.knowledge import Knowledge, Level
from analyzer.knowledge.law_records import LEVELS
from analyzer.models import Verdict
from analyzer.pipeline import identify
from analyzer.said import Numeral, Said, say
from analyzer.study import CompareSettings, Study

_DIFFERENT_A: frozenset[Verdict] = frozenset({"only_a", "more_a"})
_DIFFERENT_B: frozenset[Verdict] = frozenset({"only_b", "more_b"})


@dataclass(frozen=True, slots=True)
class _Country:
    """One country with those of its sessions that may count."""

    code: str
    title: str
    sessions: tuple[Recorded, ...]
    counted: bool

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(each.id for each in self.sessions)


def matrix(
    frames: Frames, study: Study, knowledge: Knowledge, countries: Sequence[str] = ()
) -> CountryMatrix:
    """Return what is sent of minors in each of `countries` (codes; none: all with sessions).

    `UserError` where one of them has no sessions of minors, or fewer than two are left.
    """
    return _matrix(material(frames, study, knowledge), frames, countries)


def many_countries(
    frames: Frames, study: Study, knowledge: Knowledge, made: Material | None = None
) -> CountryMatrix | None:
    """Return the matrix of all countries with sessions of minors; None where there are not two.

    `made`: what `material` returns of all these, where that is at hand.
    """
    made = made or material(frames, study, knowledge)
    there = {each.arm.country for each in made.sessions if each.arm.age < ADULT}
    return _matrix(made, frames, ()) if len(there) > 1 else None


def _matrix(made: Material, frames: Frames, countries: Sequence[str]) -> CountryMatrix:
    study, knowledge = made.study, made.knowledge
    chosen = _countries(made, countries)
    counted = [each for each in chosen if each.counted]
    gates, bars = _gates(made, counted)
    rows = _rows(made, chosen, bars)
    columns = tuple(_column(each, knowledge) for each in chosen)
    minors = [each for each in made.sessions if each.arm.age < ADULT]
    session_gates = made.admission.gates(minors)
    return CountryMatrix(
        study=study.name,
        app=app_of(study, minors),
        columns=columns,
        rows=rows,
        alike=_alike(made, columns),
        gates=(*session_gates, *gates),
        warnings=(
            *_cautions(counted),
            *declared_cautions(study, minors),
            *waivers([*session_gates, *gates]),
        ),
        excluded=excluded_of(made, frames, minors),
        settings=settings_of(frames, study),
        knowledge=knowledge.fingerprint,
        fictional=study.fictional,
    )


def _countries(made: Material, wanted: Sequence[str]) -> list[_Country]:
    minors = [each for each in made.sessions if each.arm.age < ADULT]
    there = sorted({each.arm.country for each in minors})
    for country in wanted:
        if country not in there:
            raise UserError(f"{country} has no sessions of minors", f"use some of {_some(there)}")
    chosen = sorted(set(wanted)) or there
    if len(chosen) < 2:
        raise UserError("a matrix needs two countries", f"there are sessions of {_some(there)}")
    found = []
    for code in chosen:
        of = [each for each in minors if each.arm.country == code and made.admission.admits(each)]
        known = made.knowledge.countries
        title = known[code].name if code in known else code
        enough = len(of) >= made.study.compare.min_sessions
        found.append(_Country(code, title, tuple(of), enough))
    return found


def _some(countries: Sequence[str]) -> str:
    return ", ".join(countries) or "no country"


def _column(country: _Country, knowledge: Knowledge) -> CountryColumn:
    level, law = _protection(country, knowledge)
    return CountryColumn(
        country=country.code,
        title=country.title,
        sessions=len(country.sessions),
        counted=country.counted,
        arms=tuple(sorted({each.arm.label for each in country.sessions})),
        level=level,
        law=law,
    )


def _protection(country: _Country, knowledge: Knowledge) -> tuple[Level, tuple[str, ...]]:
    """Return the weakest level that verified law gives to any of the sessions' minors."""
    weakest, giving = -1, tuple[str, ...]()
    asked = sorted({(each.arm.age, each.started[:10]) for each in country.sessions})
    for age, day in asked:
        laws = [
            law
            for law in knowledge.laws_for(country.code, age, day)
            if law.verified and law.kind == "law"
        ]
        place = min((LEVELS.index(law.protection) for law in laws), default=len(LEVELS) - 1)
        if place > weakest:
            weakest = place
            giving = tuple(law.id for law in laws if law.protection == LEVELS[place])
    return LEVELS[weakest], giving


def _gates(made: Material, countries: Sequence[_Country]) -> tuple[list[Gate], list[Bar]]:
    """Return the gates of each country against all the others; of each the first that fails."""
    blind = made.blind.incomplete | made.blind.unread
    found: dict[str, tuple[Gate, Bar | None]] = {}
    for country in countries:
        rest = [each for other in countries if other is not country for each in other.sessions]
        if not rest:
            continue
        here = Half(country.title, country.sessions, 0, blind)
        there = Half(say("the other countries"), rest, 0, blind)
        for gate, bar in pair_gates(here, there, made.study.compare):
            if gate.name not in found or (found[gate.name][0].passed and not gate.passed):
                found[gate.name] = (gate, bar)
    return [gate for gate, _ in found.values()], [bar for _, bar in found.values() if bar]


def _cautions(countries: Sequence[_Country]) -> list[Said]:
    """Return what makes each country hard to compare with all the others."""
    found: list[Said] = []
    for country in countries:
        rest = [each for other in countries if other is not country for each in other.sessions]
        pair = (country.title, country.sessions), (say("the other countries"), rest)
        found += [*account_cautions(*pair), *turn_cautions(*pair)]
    return found


def _rows(
    made: Material, countries: Sequence[_Country], bars: Sequence[Bar]
) -> tuple[CountryRow, ...]:
    counted = [each for each in countries if each.counted]
    everyone = frozenset().union(*(each.ids for each in countries))
    keys = [key for key, seen in made.seen.items() if not seen.sessions.isdisjoint(everyone)]
    hidden = {key: _hidden(made, key, made.seen[key], everyone) for key in keys}
    clocks = [
        Clock(each.sessions, other.sessions, made.study.compare)
        for each in counted
        for other in counted
        if other is not each
    ]
    bench = _Homogeneity(counted)
    tests = bench.tests([made.seen[key].sessions for key in keys])
    family = Family([(each.p, each.support) for each in tests], made.study.compare.alpha)
    found = []
    for place, key in enumerate(keys):
        seen = made.seen[key].sessions
        cells = tuple(_cell(each, seen, hidden[key]) for each in countries)
        verdict, reason = _verdict(
            bench, family, place, [(each, seen, hidden[key]) for each in counted],
            made.study.compare, bars, _late(clocks, key, made.seen[key]),
        )  # fmt: skip
        found.append(
            CountryRow(
                id=identify("c", *(each.code for each in countries), *key),
                kind=key.kind,
                owner=key.owner,
                party=key.party,
                subject=key.subject,
                state=key.state,
                phase=key.phase,
                cells=cells,
                statistic=round(tests[place].statistic, 9),
                p=round(tests[place].p, 9),
                q=round(family.qs[place], 9),
                verdict=verdict,
                reason=reason,
            )
        )
    return tuple(found)


def _hidden(made: Material, key: Key, seen: Seen, sessions: frozenset[str]) -> frozenset[str]:
    """Return the sessions in which it may have been sent without being seen."""
    blind = made.blind_for(key, seen)
    return ((blind & sessions) | made.unsearched(key, seen, sessions)) - seen.sessions


def _late(clocks: Sequence[Clock], key: Key, seen: Seen) -> frozenset[str]:
    """Return in which sessions it was first seen later than other countries were recorded for."""
    found = [clock.late(key, seen) for clock in clocks]
    return frozenset().union(*(each.a for each in found if each))


def _cell(country: _Country, seen: frozenset[str], hidden: frozenset[str]) -> CountryCell:
    k, n = len(country.ids & seen), len(country.sessions)
    interval = statistics.wilson(k / n, n) if n else statistics.Interval(0.0, 1.0)
    return CountryCell(
        k, n, round(interval.low, 9), round(interval.high, 9), len(country.ids & hidden)
    )


class _Homogeneity:
    """Tests rows over the sessions of the countries that are counted."""

    def __init__(self, countries: Sequence[_Country]) -> None:
        sessions = sorted(
            (each.id, country.code, f"{each.block} {each.arm.age} {each.arm.consent}")
            for country in countries
            for each in country.sessions
        )
        self._ids = [each[0] for each in sessions]
        self._groups = [each[1] for each in sessions]
        self._blocks = [each[2] for each in sessions]

    def tests(self, rows: Sequence[frozenset[str]]) -> list[statistics.Homogeneity]:
        table = [[each in row for each in self._ids] for row in rows]
        if not self._ids:
            return [statistics.Homogeneity(0.0, 1.0, (1.0,)) for _ in rows]
        seen = np.asarray(table, dtype=np.bool_).reshape(len(rows), len(self._ids))
        return statistics.homogeneity(seen, self._groups, self._blocks)


_Cells = Sequence[tuple[_Country, frozenset[str], frozenset[str]]]


def _verdict(
    bench: _Homogeneity,
    family: Family,
    place: int,
    cells: _Cells,
    settings: CompareSettings,
    bars: Sequence[Bar],
    late: frozenset[str],
) -> tuple[Spread, Said | str]:
    if len(cells) < 2:
        return "insufficient", say(
            "fewer than two countries have the {least} sessions that are needed",
            least=settings.min_sessions,
        )
    for bar in bars:
        return "insufficient", bar.reason
    if family.qs[place] <= settings.alpha:
        [worst, in_time] = bench.tests([_levelled(cells), _levelled(cells) - late])
        if not family.stands(place, (worst.p, worst.support)):
            return "insufficient", _may_hide(cells, say("if so, the countries do not differ"))
        if not family.stands(place, (in_time.p, in_time.support)):
            return "insufficient", say(
                "in some countries it was first seen later than sessions of others were recorded"
                " for, or than their phase lasted: record all equally long"
            )
        return "differs", ""
    if _within(cells, settings.margin, with_hidden=False):
        if _within(cells, settings.margin, with_hidden=True):
            return "same", ""
        return "insufficient", _may_hide(cells, say("if so, the countries may differ"))
    return "insufficient", say(
        "that the countries differ could be chance (q = {q}), and it is not certain that they lie"
        " within {margin} points of each other",
        q=Numeral(family.qs[place], ".2f"),
        margin=round(100 * settings.margin),
    )


def _levelled(cells: _Cells) -> frozenset[str]:
    """Return the sessions in which it would have been seen if the blind ones made all alike.

    What was seen stays; a country with less than the most gets as many of its hidden sessions as
    bring it up to that.
    """
    most = max(len(country.ids & seen) / len(country.ids) for country, seen, _ in cells)
    found: set[str] = set()
    for country, seen, hidden in cells:
        there = country.ids & seen
        lacking = round(most * len(country.ids)) - len(there)
        found |= there | set(sorted(country.ids & hidden)[: max(0, lacking)])
    return frozenset(found)


def _within(cells: _Cells, margin: float, *, with_hidden: bool) -> bool:
    """Say whether any two countries are within the margin, whatever blind sessions hid."""
    for one, other in combinations(cells, 2):
        for (a, seen_a, hidden_a), (b, seen_b, _) in ((one, other), (other, one)):
            n_a, n_b = len(a.ids), len(b.ids)
            k_a = len(a.ids & seen_a) + (len(a.ids & hidden_a) if with_hidden else 0)
            share_b = len(b.ids & seen_b) / n_b
            if not statistics.newcombe(k_a / n_a, n_a, share_b, n_b).within(margin):
                return False
    return True


def _may_hide(cells: _Cells, then: Said) -> Said:
    blind = [country.title for country, _, hidden in cells if country.ids & hidden]
    return say(
        "in sessions of {countries} it may have been sent where it could not be seen; {then}",
        countries=listed(blind),
        then=then,
    )


def _alike(made: Material, columns: Sequence[CountryColumn]) -> tuple[LikeLaw, ...]:
    """Compare all pairs of countries whose law protects alike: same law, different practice."""
    found = []
    for a, b in combinations(columns, 2):
        if a.level != b.level or not (a.counted and b.counted):
            continue
        rows = judge_presence(made, made.side(a.country), made.side(b.country), ())
        found.append(
            LikeLaw(
                a=a.country,
                b=b.country,
                level=a.level,
                more_a=_ids(columns, rows, _DIFFERENT_A),
                more_b=_ids(columns, rows, _DIFFERENT_B),
                same=sum(each == "same" for each in rows.values()),
                insufficient=sum(each == "insufficient" for each in rows.values()),
            )
        )
    return tuple(found)


def _ids(
    columns: Sequence[CountryColumn], rows: Mapping[Key, Verdict], verdicts: Collection[Verdict]
) -> tuple[str, ...]:
    """Return the ids of the matrix's rows whose verdict, for two countries, is one of these."""
    codes = [each.country for each in columns]
    return tuple(
        identify("c", *codes, *key) for key, verdict in rows.items() if verdict in verdicts
    )

"""The rows of presence again, under one other condition at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analyzer.compare.family import Test
from analyzer.compare.judging import judge_presence
from analyzer.compare.material import Material, Sided
from analyzer.compare.presence import Key
from analyzer.compare.sides import apart
from analyzer.comparison import (
    Changed,
    RegionVerdict,
    Sensitivity,
    SensitivityKind,
    Side,
    Tally,
    Which,
)
from analyzer.errors import UserError
from analyzer.models import Delta, Verdict
from analyzer.said import Said, say

ALTERNATIVES: Mapping[str, str] = {"global_majority": "global_majority_wb"}
_DOUBTS: tuple[RegionVerdict, ...] = ("contradicted", "disputed", "unproven")


@dataclass(frozen=True, slots=True)
class Headline:
    """What is judged again: the pair, its rows, and the tests of its other rows."""

    material: Material
    names: tuple[str, str]
    a: Sided
    b: Sided
    rows: Mapping[Key, Verdict]
    others: Sequence[Test]


def sensitivities(headline: Headline) -> tuple[Sensitivity, ...]:
    """Judge everything again under other conditions.

    Other definitions of the blocs; without each country in turn, of sides that have several; with
    or without the sessions of an instrumented app; without the sessions whose region is not proven,
    where they count. A magnitude is not weighed again, and keeps its place in the family.
    """
    return (
        *_definitions(headline),
        *_countries(headline),
        *_instruments(headline),
        *_regions(headline),
    )


def tallies(rows: Mapping[Key, Verdict]) -> tuple[Tally, ...]:
    """Count rows by kind and verdict."""
    counted = Counter((key.kind, verdict) for key, verdict in rows.items())
    return tuple(Tally(kind, verdict, rows) for (kind, verdict), rows in sorted(counted.items()))


def _definitions(headline: Headline) -> list[Sensitivity]:
    found = []
    sides: tuple[tuple[Which, Sided], ...] = (("a", headline.a), ("b", headline.b))
    for which, side in sides:
        name = ALTERNATIVES.get(side.side.name, "")
        blocs = headline.material.knowledge.blocs
        if side.side.kind == "bloc" and name in blocs:
            title = say("With {bloc} instead", bloc=blocs[name].name)
            names = (name, headline.names[1]) if which == "a" else (headline.names[0], name)
            found.append(_again(headline, "bloc", name, title, which, names, headline.material))
    return found


def _countries(headline: Headline) -> list[Sensitivity]:
    found = []
    sides: tuple[tuple[Which, Sided], ...] = (("a", headline.a), ("b", headline.b))
    for which, side in sides:
        countries = side.side.countries
        for country in countries if len(countries) > 1 else ():
            known = headline.material.knowledge.countries
            title = say(
                "Without {country}", country=known[country].name if country in known else country
            )
            gone = frozenset(
                each.id for each in headline.material.sessions if each.arm.country == country
            )
            other = headline.material.without(gone)
            found.append(_again(headline, "country", country, title, which, headline.names, other))
    return found


def _instruments(headline: Headline) -> list[Sensitivity]:
    compared = [*headline.a.compared, *headline.b.compared]
    touched = frozenset(each.id for each in compared if each.instruments)
    if touched and len(touched) < len(compared):
        title = say("Without the sessions of an instrumented app")
        other = headline.material.without(touched)
        return [_again(headline, "instrumented", "without", title, "", headline.names, other)]
    if touched:  # then all are
        return []
    if not any(each.instruments for each in headline.material.everyone):
        return []
    other = headline.material.with_instrumented()
    more = {each.id for each in other.sessions} - {each.id for each in headline.material.sessions}
    arms = {*headline.a.side.arms, *headline.b.side.arms}
    if not any(each.id in more and each.arm in arms for each in other.sessions):
        return []
    title = say("With the sessions of an instrumented app")
    return [_again(headline, "instrumented", "with", title, "", headline.names, other)]


def _regions(headline: Headline) -> list[Sensitivity]:
    """Leave out the sessions that only a waived gate let in."""
    found = []
    titles = {
        "contradicted": say("Without sessions whose region is contradicted"),
        "disputed": say("Without sessions whose region is disputed"),
        "unproven": say("Without sessions whose region is not proven"),
    }
    compared = [*headline.a.compared, *headline.b.compared]
    gone: frozenset[str] = frozenset()
    for doubt in _DOUBTS:
        those = frozenset(
            each.id
            for each in compared
            if headline.material.proofs[each.id].verdict == doubt
            and headline.material.admission.admits(each)
        )
        if those:
            gone |= those
            other = headline.material.without(gone)
            found.append(
                _again(headline, "region", doubt, titles[doubt], "", headline.names, other)
            )
    return found


def _again(
    headline: Headline,
    kind: SensitivityKind,
    name: str,
    title: Said,
    which: Which | str,
    names: tuple[str, str],
    material: Material,
) -> Sensitivity:
    changes: Which | str = which
    if kind != "bloc":
        for before in (headline.a, headline.b):
            if not any(each.arm in before.side.arms for each in material.sessions):
                reason = say("no session of {side} is left", side=before.side.title)
                return _told(kind, name, title, changes, None, reason, (), ())
    try:
        a, b = material.side(names[0]), material.side(names[1])
        apart(a.side, b.side)
    except UserError as error:
        return _told(kind, name, title, changes, None, error.message, (), ())
    again = judge_presence(material, a, b, headline.others)
    side = {"a": a.side, "b": b.side}.get(changes)
    return _told(
        kind, name, title, changes, side, "", tallies(again), _changed(headline.rows, again)
    )


def _told(
    kind: SensitivityKind,
    name: str,
    title: Said,
    which: str,
    side: Side | None,
    reason: str,
    counted: tuple[Tally, ...],
    changed: tuple[Changed, ...],
) -> Sensitivity:
    return Sensitivity(
        kind=kind,
        name=name,
        title=title,
        which="a" if which == "a" else "b" if which == "b" else "",
        side=side,
        reason=reason,
        tallies=counted,
        changed=changed,
    )


def _changed(before: Mapping[Key, Verdict], after: Mapping[Key, Verdict]) -> tuple[Changed, ...]:
    return tuple(
        Changed(*row, before.get(row), after.get(row))
        for row in sorted({*before, *after})
        if before.get(row) != after.get(row)
    )


def verdicts(deltas: Sequence[Delta]) -> Mapping[Key, Verdict]:
    """Return the verdict of each row."""
    return {
        Key(each.kind, each.owner, each.party, each.subject, each.state, each.phase): each.verdict
        for each in deltas
    }

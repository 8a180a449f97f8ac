"""In which countries of a side something was seen, and whether one of them is all that shows it.

Countries of a bloc are no sample of sessions: an app may do something in one of them only. What
then differs is that country, and not the bloc.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from analyzer.compare.judging import whole_rows
from analyzer.compare.material import Material, Sided
from analyzer.compare.presence import Key
from analyzer.comparison import Sensitivity
from analyzer.models import CountryCount, Delta, Verdict

_MORE_A: frozenset[Verdict] = frozenset({"only_a", "more_a"})
_MORE_B: frozenset[Verdict] = frozenset({"only_b", "more_b"})


def with_countries(
    made: Material, a: Sided, b: Sided, deltas: Sequence[Delta], again: Sequence[Sensitivity]
) -> tuple[Delta, ...]:
    """Return `deltas`, those that differ with their countries, where a side has several.

    `again` are the sensitivities of the comparison.
    """
    if len(a.side.countries) < 2 and len(b.side.countries) < 2:
        return tuple(deltas)
    whole = whole_rows(made, a.ids | b.ids)
    hinges = _hinges(again)
    found = []
    for delta in deltas:
        direction = _direction(delta.verdict)
        if not direction:
            found.append(delta)
            continue
        key = _key(delta)
        seen = made.seen[key].sessions
        every = seen.union(*(made.seen[each].sessions for each in whole.get(key, ())))
        found.append(
            replace(
                delta,
                countries=_counts(made, a, b, seen),
                hinges=tuple(
                    sorted(
                        country
                        for country, changed in hinges.items()
                        if key in changed and _direction(changed[key]) != direction
                    )
                ),
                whole=delta.whole and replace(delta.whole, countries=_counts(made, a, b, every)),
            )
        )
    return tuple(found)


def _key(delta: Delta) -> Key:
    return Key(delta.kind, delta.owner, delta.party, delta.subject, delta.state, delta.phase)


def _direction(verdict: Verdict | None) -> str:
    return "a" if verdict in _MORE_A else "b" if verdict in _MORE_B else ""


def _hinges(again: Sequence[Sensitivity]) -> Mapping[str, Mapping[Key, Verdict | None]]:
    """Return by country the rows that are others without it.

    Where nothing at all can be decided without a country, too few sessions are left to say so.
    """
    return {
        each.name: {
            Key(row.kind, row.owner, row.party, row.subject, row.state, row.phase): row.alternative
            for row in each.changed
            if row.kind != "magnitude"
        }
        for each in again
        if each.kind == "country"
        and not each.reason
        and {row.verdict for row in each.tallies} != {"insufficient"}
    }


def _counts(made: Material, a: Sided, b: Sided, seen: frozenset[str]) -> tuple[CountryCount, ...]:
    known, found = made.knowledge.countries, []
    for which, side in (("a", a), ("b", b)):
        if len(side.side.countries) < 2:
            continue
        of = Counter(each.arm.country for each in side.compared)
        there = Counter(each.arm.country for each in side.compared if each.id in seen)
        found += [
            CountryCount(
                side="a" if which == "a" else "b",
                country=country,
                title=known[country].name if country in known else country,
                k=there[country],
                n=n,
            )
            for country, n in sorted(of.items())
        ]
    return tuple(found)

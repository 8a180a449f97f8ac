"""The evidence of the page: where each row was found, told once for all examples of a place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from analyzer.comparison import Comparison, Evidence, Recipient
from analyzer.models import Delta
from reports import words


@dataclass(frozen=True, slots=True)
class Example:
    """One finding and the session it is from. `anchor` is "" where the page has it already."""

    id: str
    anchor: str
    session: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The examples of one row in one place."""

    row: Delta
    anchor: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A place inside requests to one recipient, and the rows that have examples from there.

    `found` is any of them: they agree in everything but session, phase and exchange.
    """

    delta: Delta  # any of the rows: they agree in what it is about
    found: Evidence
    proofs: tuple[Proof, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """By what something was recognised, why that is right, and who says so."""

    id: str
    anchor: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Proofs:
    """All evidence by recipient, the ids of the rows that have any, and the rules it rests on."""

    groups: tuple[tuple[Recipient, tuple[Place, ...]], ...]
    rows: frozenset[str]
    rules: tuple[Rule, ...]


def proofs(comparison: Comparison, groups: list[tuple[Recipient, list[Delta]]]) -> Proofs:
    """Return the evidence of `comparison` for `groups`, its rows by recipient."""
    known = {each.id: each for each in comparison.evidence}
    names = words.session_names(comparison.sessions)
    anchors = _Anchors()
    found = []
    for recipient, rows in groups:
        places: dict[tuple[object, ...], list[tuple[Delta, Evidence]]] = {}
        for row in rows:
            for each in (known[example] for example in row.examples if example in known):
                places.setdefault(_place(row, each), []).append((row, each))
        if places:
            told = tuple(_told(pairs, names, anchors) for pairs in places.values())
            found.append((recipient, told))
    rules = sorted(
        {
            (each.rule_id, each.reason, each.source)
            for _, told in found
            for each in (place.found for place in told)
            if each.reason
        }
    )
    return Proofs(
        groups=tuple(found),
        rows=frozenset(
            row.id for row in comparison.deltas if not known.keys().isdisjoint(row.examples)
        ),
        rules=tuple(
            Rule(rule, anchors.of(f"rule-{rule}"), reason, source) for rule, reason, source in rules
        ),
    )


class _Anchors:
    """Gives each anchor of the page to the first that asks for it."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def of(self, name: str) -> str:
        first = name not in self._given
        self._given.add(name)
        return name if first else ""


def _place(row: Delta, each: Evidence) -> tuple[object, ...]:
    where = (each.host, each.part, each.path, each.steps)
    by = (each.rule_id, each.reason, each.source, each.shape, each.transformed)
    return (row.kind, row.subject, row.state, *where, *by)


def _told(pairs: list[tuple[Delta, Evidence]], names: dict[str, str], anchors: _Anchors) -> Place:
    found = []
    for row, mine in groupby(pairs, key=lambda pair: pair[0]):
        examples = tuple(
            Example(each.id, anchors.of(each.id), names.get(each.session, each.session))
            for _, each in mine
        )
        found.append(Proof(row, anchors.of(f"e-{row.id}"), examples))
    return Place(*pairs[0], tuple(found))

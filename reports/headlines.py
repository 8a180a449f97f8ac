"""The key findings of a comparison, as sentences that need no statistics to be read.

What findings have in common is said once: on which side they are seen, in how many sessions, and
whether that is a matter of children. Under it stand the recipients with what each of them gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from analyzer.comparison import Comparison, Recipient, Side, Which
from analyzer.knowledge import Knowledge
from analyzer.models import Count, Delta, DeltaKind, Party
from reports import words

_OF_A = frozenset({"only_a", "more_a"})
_ONLY = frozenset({"only_a", "only_b"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """A data type or signal in words, and the id of the first row about it."""

    name: str
    row: str


@dataclass(frozen=True, slots=True)
class Clause:
    """Things that one recipient gets in the same phases.

    `phases`, `seen` and `against` are empty where the headline says them for all.
    """

    entries: tuple[Item, ...]
    phases: tuple[str, ...]
    seen: str
    against: str


@dataclass(frozen=True, slots=True)
class Recipients:
    """One recipient, and what it gets."""

    recipient: str
    party: Party
    purposes: tuple[str, ...]
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """What is seen on one side only, or more often than on the other, and who gets it."""

    which: Which  # the side on which it is seen more often
    side: str  # its title
    other: str  # title of the other side
    only: bool  # never seen on the other side
    beyond: bool | None  # more than adults differ; None without adult controls
    state: str  # verdict of the signals; "" for data
    phases: tuple[str, ...]  # of everything under it; empty where they differ
    seen: str  # "6 of 6" sessions, of everything under it; "" where it differs
    against: str  # the same of the other side
    recipients: tuple[Recipients, ...]


@dataclass(frozen=True, slots=True)
class Headlines:
    """Key findings: what is collected, and what the recipients are told of the child."""

    data: tuple[Headline, ...]
    signals: tuple[Headline, ...]


class _Alike(NamedTuple):
    """What rows have in common that stand under one headline."""

    kind: DeltaKind
    only_adults_differ: bool
    which: Which
    only: bool
    beyond: bool | None
    state: str


def headlines(comparison: Comparison, knowledge: Knowledge) -> Headlines:
    """Return the headlines for all rows that differ; under each, third parties first."""
    data: list[Headline] = []
    signals: list[Headline] = []
    order = tuple(dict.fromkeys(phase for row in comparison.sessions for phase in row.phases))
    for alike, groups in _alike(comparison).items():
        mine, other = _sides(comparison, alike.which)
        recipients = tuple(
            Recipients(
                words.recipient_name(recipient.owner, recipient.sites),
                recipient.party,
                recipient.purposes,
                tuple(_clauses(rows, alike.which, order, knowledge)),
            )
            for recipient, rows in groups
        )
        clauses = [clause for each in recipients for clause in each.clauses]
        phases = _common(clause.phases for clause in clauses) or ()
        counts = _common((clause.seen, clause.against) for clause in clauses) or ("", "")
        headline = Headline(
            which=alike.which,
            side=mine.title,
            other=other.title,
            only=alike.only,
            beyond=alike.beyond,
            state=alike.state,
            phases=phases,
            seen=counts[0],
            against=counts[1],
            recipients=tuple(_less(each, phases, counts) for each in recipients),
        )
        (data if alike.kind == "data" else signals).append(headline)
    return Headlines(tuple(data), tuple(signals))


def label(data_type: str, knowledge: Knowledge) -> str:
    """Return a data type in two or three words; its id where the knowledge has none."""
    known = knowledge.types.get(data_type)
    return known.label if known else data_type


def signal_label(signal: str, knowledge: Knowledge) -> str:
    """Return a signal's title; its id where the knowledge has none."""
    known = knowledge.signals.get(signal)
    return known.title if known else signal


def shown_values(row: Delta, comparison: Comparison, knowledge: Knowledge) -> list[str]:
    """Return to what a signal was set in the examples of `row`, where that is more than a shape."""
    known = knowledge.signals.get(row.subject)
    if known is None:
        return []
    listed = {*known.protective, *known.non_protective, *known.no_signal}
    return [
        each.shape
        for each in comparison.evidence
        if each.id in row.examples and (known.decode or each.shape in listed)
    ]


def _alike(comparison: Comparison) -> Mapping[_Alike, list[tuple[Recipient, list[Delta]]]]:
    """Return the rows that differ by headline, then by recipient."""
    found: dict[_Alike, list[tuple[Recipient, list[Delta]]]] = {}
    for recipient, rows in words.by_recipient(comparison):
        mine: dict[_Alike, list[Delta]] = {}
        for row in rows:
            if row.verdict in words.DIFFERENT:
                beyond = words.beyond_adults(row)
                alike = _Alike(
                    kind=row.kind,
                    only_adults_differ=beyond is False,
                    which="a" if row.verdict in _OF_A else "b",
                    only=row.verdict in _ONLY,
                    beyond=beyond,
                    state=row.state,
                )
                mine.setdefault(alike, []).append(row)
        for alike, group in mine.items():
            found.setdefault(alike, []).append((recipient, group))
    # What goes beyond adults comes first; otherwise in the order of the rows.
    return dict(sorted(found.items(), key=lambda each: each[0].only_adults_differ))


def _clauses(
    rows: Iterable[Delta], which: Which, order: Sequence[str], knowledge: Knowledge
) -> Iterable[Clause]:
    """Return `rows` of one recipient by phases: each holds for each thing and phase it names."""
    things: dict[str, list[Delta]] = {}
    for row in rows:
        things.setdefault(row.subject, []).append(row)
    groups: dict[tuple[str, ...], list[Delta]] = {}
    for found in things.values():
        phases = sorted(
            {row.phase for row in found},
            key=lambda phase: order.index(phase) if phase in order else len(order),
        )
        groups.setdefault(tuple(phases), []).extend(found)
    for told, group in groups.items():
        yield Clause(
            entries=_entries(group, knowledge),
            phases=told,
            seen=_range([row.a if which == "a" else row.b for row in group]),
            against=_range([row.b if which == "a" else row.a for row in group]),
        )


def _common(values: Iterable[T]) -> T | None:
    """Return the one value that all of `values` are; None where they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _less(recipient: Recipients, phases: tuple[str, ...], counts: tuple[str, str]) -> Recipients:
    """Return `recipient` without what the headline says of everything under it."""
    return Recipients(
        recipient.recipient,
        recipient.party,
        recipient.purposes,
        tuple(
            Clause(
                entries=each.entries,
                phases=() if phases else each.phases,
                seen="" if counts[0] else each.seen,
                against="" if counts[1] else each.against,
            )
            for each in recipient.clauses
        ),
    )


def _sides(comparison: Comparison, which: Which) -> tuple[Side, Side]:
    pair = (comparison.a, comparison.b)
    return pair if which == "a" else pair[::-1]


def _entries(rows: list[Delta], knowledge: Knowledge) -> tuple[Item, ...]:
    first: dict[str, str] = {}
    for row in rows:
        name = label if row.kind == "data" else signal_label
        first.setdefault(name(row.subject, knowledge), row.id)
    return tuple(Item(name, row) for name, row in first.items())


def _range(counts: list[Count]) -> str:
    """Return in how many of the sessions of one side the rows were seen."""
    least, most = min(count.k for count in counts), max(count.k for count in counts)
    return f"{least if least == most else f'{least} to {most}'} of {counts[0].n}"

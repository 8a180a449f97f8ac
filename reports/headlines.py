"""The key findings of a comparison, as sentences that need no statistics to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from analyzer.comparison import Comparison, Side, Which
from analyzer.knowledge import Knowledge
from analyzer.models import Count, Delta, DeltaKind, Party
from reports import words

_OF_A = frozenset({"only_a", "more_a"})
_ONLY = frozenset({"only_a", "only_b"})


@dataclass(frozen=True, slots=True)
class Item:
    """A data type or signal in words, and the id of the first row about it."""

    name: str
    row: str


@dataclass(frozen=True, slots=True)
class Headline:
    """One recipient and what it gets on one side only, or more often than on the other."""

    recipient: str
    party: Party
    purposes: tuple[str, ...]
    which: Which  # the side on which it is seen more often
    side: str  # its title
    other: str  # title of the other side
    only: bool  # never seen on the other side
    beyond: bool | None  # more than adults differ; None without adult controls
    state: str  # what the signals do for the child; "" for data
    entries: tuple[Item, ...]
    seen: str  # "6 of 6", "4 to 6 of 6" sessions
    against: str  # the same of the other side
    phases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Headlines:
    """Key findings: what is collected, and what the recipients are told of the child."""

    data: tuple[Headline, ...]
    signals: tuple[Headline, ...]


class _Alike(NamedTuple):
    """What rows have in common that share a sentence; in the order of the sentences."""

    kind: DeltaKind
    only_adults_differ: bool
    which: Which
    only: bool
    beyond: bool | None
    state: str
    phases: tuple[str, ...]  # of each of the things that are named, all of them


def headlines(comparison: Comparison, knowledge: Knowledge) -> Headlines:
    """Return the sentences for all rows that differ, third parties first."""
    data: list[Headline] = []
    signals: list[Headline] = []
    order = tuple(dict.fromkeys(phase for row in comparison.sessions for phase in row.phases))
    for recipient, rows in words.by_recipient(comparison):
        for alike, group in _grouped(rows, order).items():
            mine, other = _sides(comparison, alike.which)
            headline = Headline(
                recipient=words.recipient_name(recipient.owner, recipient.sites),
                party=recipient.party,
                purposes=recipient.purposes,
                which=alike.which,
                side=mine.title,
                other=other.title,
                only=alike.only,
                beyond=alike.beyond,
                state=alike.state,
                entries=_entries(group, knowledge),
                seen=_range([row.a if alike.which == "a" else row.b for row in group]),
                against=_range([row.b if alike.which == "a" else row.a for row in group]),
                phases=alike.phases,
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


def _grouped(rows: Iterable[Delta], order: Sequence[str]) -> Mapping[_Alike, list[Delta]]:
    """Return rows that can share a sentence: it holds for each thing and phase that it names."""
    things: dict[tuple[_Alike, str], list[Delta]] = {}
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
                phases=(),
            )
            things.setdefault((alike, row.subject), []).append(row)
    groups: dict[_Alike, list[Delta]] = {}
    for (alike, _), found in things.items():
        phases = sorted(
            {row.phase for row in found},
            key=lambda phase: order.index(phase) if phase in order else len(order),
        )
        groups.setdefault(alike._replace(phases=tuple(phases)), []).extend(found)
    # What goes beyond adults comes first; otherwise in the order of the rows.
    return dict(sorted(groups.items(), key=lambda group: group[0].only_adults_differ))


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

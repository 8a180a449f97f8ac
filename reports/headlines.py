"""The key findings of a comparison, as sentences that need no statistics to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from analyzer.comparison import Comparison, Side
from analyzer.knowledge import Knowledge
from analyzer.models import Delta, Party
from reports import words

# What a row's verdict means for the side on which it was seen more often.
_LEANING = {
    "only_a": ("a", True),
    "more_a": ("a", False),
    "only_b": ("b", True),
    "more_b": ("b", False),
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One recipient and what it gets on one side only, or more often than on the other."""

    recipient: str
    party: Party
    purposes: tuple[str, ...]
    side: str  # title of the side on which it is seen more often
    other: str
    only: bool  # never seen on the other side
    state: str  # what the signals do for the child; "" for data
    items: tuple[str, ...]  # data types, or signals, in words
    sessions: str  # "6 of 6 sessions against 0 of 6"
    phases: tuple[str, ...]
    examples: tuple[str, ...]  # ids of the rows


@dataclass(frozen=True, slots=True)
class Headlines:
    """Key findings: what is collected, and what the recipients are told of the child."""

    data: tuple[Headline, ...]
    signals: tuple[Headline, ...]


def headlines(comparison: Comparison, knowledge: Knowledge) -> Headlines:
    """Return the sentences for all rows that differ, third parties first."""
    data: list[Headline] = []
    signals: list[Headline] = []
    for recipient, rows in words.by_recipient(comparison):
        for (side, only, kind, state), group in _grouped(rows).items():
            mine, other = _sides(comparison, side)
            headline = Headline(
                recipient=words.recipient_name(recipient.owner, recipient.sites),
                party=recipient.party,
                purposes=recipient.purposes,
                side=mine.title,
                other=other.title,
                only=only,
                state=state,
                items=_items(group, knowledge),
                sessions=_sessions(group, side),
                phases=tuple(dict.fromkeys(row.phase for row in group)),
                examples=tuple(row.id for row in group),
            )
            (data if kind == "data" else signals).append(headline)
    return Headlines(tuple(data), tuple(signals))


def label(data_type: str, knowledge: Knowledge) -> str:
    """Return a data type in two or three words; its id where the knowledge has none."""
    known = knowledge.types.get(data_type)
    return known.label if known else data_type


def signal_label(signal: str, knowledge: Knowledge) -> str:
    """Return a signal's title; its id where the knowledge has none."""
    known = knowledge.signals.get(signal)
    return known.title if known else signal


def _grouped(rows: Iterable[Delta]) -> Mapping[tuple[str, bool, str, str], list[Delta]]:
    groups: dict[tuple[str, bool, str, str], list[Delta]] = {}
    for row in rows:
        if row.verdict in _LEANING:
            groups.setdefault((*_LEANING[row.verdict], row.kind, row.state), []).append(row)
    return groups


def _sides(comparison: Comparison, side: str) -> tuple[Side, Side]:
    pair = (comparison.a, comparison.b)
    return pair if side == "a" else pair[::-1]


def _items(rows: list[Delta], knowledge: Knowledge) -> tuple[str, ...]:
    name = {"data": label, "signal": signal_label}
    return tuple(dict.fromkeys(name[row.kind](row.subject, knowledge) for row in rows))


def _sessions(rows: list[Delta], side: str) -> str:
    pairs = {(row.a, row.b) if side == "a" else (row.b, row.a) for row in rows}
    most = [count.k / count.n for count, _ in pairs]
    least = [count.k / count.n for _, count in pairs]
    return f"in {_range(most)} of sessions against {_range(least)}"


def _range(shares: list[float]) -> str:
    low, high = (f"{round(bound * 100)}%" for bound in (min(shares), max(shares)))
    return low if low == high else f"{low} to {high}"

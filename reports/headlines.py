"""The findings of a comparison as a list that needs no statistics to be read.

What findings have in common is said once: on which side they are seen, in how many sessions, and
whether that is a matter of children. Under it stand the recipients with what each of them gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from analyzer.comparison import Recipient, Which
from analyzer.models import Count, Delta, DeltaKind
from analyzer.said import Said, say
from reports import words
from reports.naming import Names

_OF_A = frozenset({"only_a", "more_a"})
_ONLY = frozenset({"only_a", "only_b"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Item:
    """A data type or signal in words, and the id of the first row about it.

    `narrow`: that few countries show it, or one alone; "" otherwise.
    """

    name: str
    row: str
    narrow: Said | str


@dataclass(frozen=True, slots=True)
class Clause:
    """Things that one recipient gets in the same phases.

    `phases` and `counts` are empty where the headline says them for all.
    """

    entries: tuple[Item, ...]
    phases: tuple[str, ...]
    counts: Said | None


@dataclass(frozen=True, slots=True)
class Recipients:
    """One recipient, and what it gets."""

    recipient: str
    about: tuple[str, ...]  # party and purposes
    clauses: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """What is seen on one side only, or more often than on the other, and who gets it."""

    which: Which  # the side on which it is seen more often
    title: Said
    note: Said | None  # what the adult controls say
    phases: tuple[str, ...]  # of everything under it; empty where they differ
    recipients: tuple[Recipients, ...]


@dataclass(frozen=True, slots=True)
class Headlines:
    """Findings: what is collected, and what the recipients are told of the child."""

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


class _Told(NamedTuple):
    """Some rows of one recipient, the phases of them all, and their counts."""

    rows: list[Delta]
    phases: tuple[str, ...]
    seen: str
    against: str


def headlines(names: Names) -> Headlines:
    """Return the headlines for all rows that differ; under each, third parties first."""
    data: list[Headline] = []
    signals: list[Headline] = []
    sessions = names.comparison.sessions
    order = tuple(dict.fromkeys(phase for row in sessions for phase in row.phases))
    for alike, groups in _alike(names).items():
        told = [(recipient, _told(rows, alike.which, order, names)) for recipient, rows in groups]
        every = [each for _, clauses in told for each in clauses]
        phases = _common(each.phases for each in every) or ()
        counts = _common((each.seen, each.against) for each in every)
        other: Which = "b" if alike.which == "a" else "a"
        headline = Headline(
            which=alike.which,
            title=_title(alike, counts, other, names),
            note=_note(alike.beyond),
            phases=phases,
            recipients=tuple(
                Recipients(
                    names.recipient(recipient.owner, recipient.sites),
                    (
                        names.plain(names.party(recipient.party)),
                        *(names.purpose(each) for each in recipient.purposes),
                    ),
                    tuple(
                        Clause(
                            _entries(each.rows, names),
                            () if phases else each.phases,
                            None if counts else _counts(each.seen, each.against, other, names),
                        )
                        for each in clauses
                    ),
                )
                for recipient, clauses in told
            ),
        )
        (data if alike.kind == "data" else signals).append(headline)
    return Headlines(tuple(data), tuple(signals))


def _title(alike: _Alike, counts: tuple[str, str] | None, other: Which, names: Names) -> Said:
    told: dict[str, object] = {"side": names.side(alike.which), "other": names.side(other)}
    if counts:
        told |= {"seen": counts[0], "against": counts[1]}
    if alike.state:
        told["state"] = names.state(alike.state)
        if not counts:
            if alike.only:
                return say("Only for {side}: {state}", **told)
            return say("More often for {side}: {state}", **told)
        if alike.only:
            return say(
                "Only for {side}: {state} (in {seen} sessions, and in {against} for {other})",
                **told,
            )
        return say(
            "More often for {side}: {state} (in {seen} sessions, and in {against} for {other})",
            **told,
        )
    if not counts:
        if alike.only:
            return say("Sent only for {side}", **told)
        return say("Sent more often for {side}", **told)
    if alike.only:
        return say("Sent only for {side}: in {seen} sessions, and in {against} for {other}", **told)
    return say(
        "Sent more often for {side}: in {seen} sessions, and in {against} for {other}", **told
    )


def _note(beyond: bool | None) -> Said | None:
    if beyond is None:
        return None
    if beyond:
        return say(
            "Each of these differences goes beyond that between the adult controls, in one phase of"
            " the test at least."
        )
    return say(
        "Not shown to go beyond the difference between the adult controls, in any phase of the"
        " test."
    )


def _counts(seen: str, against: str, other: Which, names: Names) -> Said:
    return say(
        "in {seen} sessions, and in {against} for {other}",
        seen=seen,
        against=against,
        other=names.side(other),
    )


def _alike(names: Names) -> Mapping[_Alike, list[tuple[Recipient, list[Delta]]]]:
    """Return the rows that differ by headline, then by recipient."""
    found: dict[_Alike, list[tuple[Recipient, list[Delta]]]] = {}
    for recipient, rows in words.by_recipient(names.comparison):
        mine: dict[_Alike, list[Delta]] = {}
        flows = _beyond(rows)
        for row in rows:
            if row.verdict in words.DIFFERENT:
                beyond = flows[_flow(row)]
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


def _flow(row: Delta) -> tuple[str, ...]:
    return row.kind, row.subject, row.state, "a" if row.verdict in _OF_A else "b"


def _beyond(rows: Iterable[Delta]) -> dict[tuple[str, ...], bool | None]:
    """Return of each thing that differs whether it is shown to go beyond adults in any phase."""
    found: dict[tuple[str, ...], bool | None] = {}
    for row in rows:
        if row.verdict in words.DIFFERENT:
            found[_flow(row)] = found.get(_flow(row)) or words.beyond_adults(row)
    return found


def _told(rows: Iterable[Delta], which: Which, order: Sequence[str], names: Names) -> list[_Told]:
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
    return [
        _Told(
            group,
            phases,
            _range([row.a if which == "a" else row.b for row in group], names),
            _range([row.b if which == "a" else row.a for row in group], names),
        )
        for phases, group in groups.items()
    ]


def _common(values: Iterable[T]) -> T | None:
    """Return the one value that all of `values` are; None where they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _entries(rows: list[Delta], names: Names) -> tuple[Item, ...]:
    first: dict[str, Delta] = {}
    for row in rows:
        first.setdefault(names.subject(row), row)
    return tuple(Item(name, row.id, names.reach(row)) for name, row in first.items())


def _range(counts: list[Count], names: Names) -> str:
    """Return in how many of the sessions of one side the rows were seen."""
    least, most = (pick(count.k for count in counts) for pick in (min, max))
    if least == most:
        return names.share(Count(least, counts[0].n))
    number = names.language.number
    return names.plain(
        say(
            "{least} to {most} of {n}",
            least=number(least),
            most=number(most),
            n=number(counts[0].n),
        )
    )

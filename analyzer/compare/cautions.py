"""What makes two sides hard to compare, in sentences that a report prints loudly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from statistics import median

from analyzer.compare.recorded import Recorded, share
from analyzer.comparison import Excluded, Side

_LISTED = 3
_SEVERAL = ("hold", "they are false starts")


def cautions(
    a: tuple[Side, Sequence[Recorded]],
    b: tuple[Side, Sequence[Recorded]],
    excluded: Sequence[Excluded],
) -> tuple[str, ...]:
    """Return a sentence for each thing that differs between the sides and is not their purpose.

    Each side comes with its compared sessions. `excluded` are the bundles that were left out.
    """
    (side_a, sessions_a), (side_b, sessions_b) = a, b
    found = [f"Left out: {each.session}, because {each.reason}." for each in excluded]
    for what, value in _SAME:
        of_a, of_b = _values(sessions_a, value), _values(sessions_b, value)
        if of_a != of_b:
            found.append(
                f"The {what} is not the same on both sides: {_told(of_a)} for {side_a.title},"
                f" {_told(of_b)} for {side_b.title}."
            )
    found += _factors(a, b)
    found += _durations(a, b)
    for side, sessions in (a, b):
        touched = [each.id for each in sessions if each.instruments]
        if touched:
            found.append(
                f"{len(touched)} of {len(sessions)} sessions of {side.title} were instrumented"
                f" ({_told(touched)}), which changes what an app does."
            )
        broken = [each.id for each in sessions if not each.complete]
        if broken:
            found.append(
                f"{len(broken)} of {len(sessions)} sessions of {side.title} were not recorded to"
                f" their end ({_told(broken)}): what is missing from them may have been sent."
            )
    contents = {each.content: each.id for each in sessions_a if each.content}
    for each in sessions_b:
        if each.content in contents:
            found.append(
                f"{contents[each.content]} and {each.id} are the same recording: it is no evidence"
                f" of both {side_a.title} and {side_b.title}."
            )
    found += _shared(sessions_a, sessions_b)
    blocks_a = {each.block for each in sessions_a}
    if blocks_a.isdisjoint(each.block for each in sessions_b):
        found.append(
            f"No time block has sessions of both {side_a.title} and {side_b.title}: a difference"
            " between them could be one between days, and none can be claimed."
        )
    return tuple(found)


def _shared(sessions_a: Sequence[Recorded], sessions_b: Sequence[Recorded]) -> list[str]:
    """Say which two sessions hold some of the same traffic: they are not independent."""
    pairs = [*combinations(sessions_a, 2), *combinations(sessions_b, 2)]
    pairs += [(a, b) for a in sessions_a for b in sessions_b if a.content != b.content]
    return [
        f"{one.id} and {other.id} are in part recordings of the same minutes ({same.shared} of"
        f" {same.of} exchanges that were compared are in both): they do not count as two."
        for one, other in pairs
        if (same := share(one, other)).is_some
    ]


def false_starts(
    side: Side, sessions: Sequence[Recorded], controls: Sequence[Recorded]
) -> list[str]:
    """Return a sentence if sessions hold no exchange: they keep rows from any verdict.

    They may be false starts, or sessions in which nothing could be read: only who recorded them
    knows. Of the adult `controls` they stand for adults of whom nothing is sent.
    """
    found = []
    for what, among in (("sessions", sessions), ("adult controls", controls)):
        empty = [f"captures/{each.id}" for each in among if not each.exchanges]
        if empty:
            hold, they = ("holds", "it is a false start") if len(empty) == 1 else _SEVERAL
            found.append(
                f"{len(empty)} of {len(among)} {what} of {side.title} {hold} no exchange:"
                f" if {they}, move {_told(empty)} out and run `evenhand analyze`."
            )
    return found


def _tool(name: str) -> Callable[[Recorded], str]:
    return lambda session: dict(session.tools).get(name, "")


_SAME: tuple[tuple[str, Callable[[Recorded], str]], ...] = (
    ("app", lambda session: session.app),
    ("version of the app", lambda session: session.app_version),
    ("list of steps", lambda session: " > ".join(session.phases)),
    ("way of recording", lambda session: f"{session.origin} {session.mode}".strip()),
    ("recorder's policy", lambda session: ", ".join(session.policy) or "none"),
    ("version of mitmproxy", _tool("mitmproxy")),
)


def _factors(a: tuple[Side, Sequence[Recorded]], b: tuple[Side, Sequence[Recorded]]) -> list[str]:
    """Say which of age and consent differ, unless one of them is all that the sides differ in."""
    differing = []
    for what, value in (
        ("country", lambda session: session.arm.country),
        ("declared age", lambda session: str(session.arm.age)),
        ("consent", lambda session: session.arm.consent),
    ):
        of_a, of_b = _values(a[1], value), _values(b[1], value)
        if of_a != of_b:
            differing.append((what, of_a, of_b))
    if len(differing) < 2:
        return []
    return [
        f"The {what} differs too: {_told(of_a)} for {a[0].title}, {_told(of_b)} for {b[0].title};"
        " a difference may come from it."
        for what, of_a, of_b in differing
        if what != "country"
    ]


def _durations(a: tuple[Side, Sequence[Recorded]], b: tuple[Side, Sequence[Recorded]]) -> list[str]:
    lengths = [
        [each.seconds for each in sessions if each.seconds is not None] for _, sessions in (a, b)
    ]
    if not all(lengths):
        return []
    of_a, of_b = (median(each) for each in lengths)
    if max(of_a, of_b) <= 2 * min(of_a, of_b):
        return []
    told = f"{of_a:.0f} s for {a[0].title}, {of_b:.0f} s for {b[0].title} (median)"
    return [
        f"The sessions are not equally long: {told}; a longer one has more time to send something."
    ]


def _values(sessions: Iterable[Recorded], value: Callable[[Recorded], str]) -> list[str]:
    return sorted({value(session) for session in sessions})


def _told(values: Sequence[str]) -> str:
    told = [value or "not recorded" for value in values]
    more = f" and {len(told) - _LISTED} more" if len(told) > _LISTED else ""
    return ", ".join(told[:_LISTED]) + more

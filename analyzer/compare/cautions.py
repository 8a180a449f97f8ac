"""What makes two sides hard to compare, in sentences that a report prints loudly."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import combinations
from statistics import median

from analyzer.compare.recorded import Recorded, share
from analyzer.compare.telling import listed
from analyzer.compare.turns import turn_cautions
from analyzer.comparison import Excluded, Side
from analyzer.gates import SESSION_GATES, Gate
from analyzer.said import Numeral, Said, say, say_many

Compared = tuple[Side, Sequence[Recorded]]


def cautions(a: Compared, b: Compared, excluded: Sequence[Excluded]) -> tuple[Said, ...]:
    """Return a sentence for each thing that differs between the sides and is not their purpose.

    Each side comes with its compared sessions. `excluded` are the bundles that were left out.
    """
    (side_a, sessions_a), (side_b, sessions_b) = a, b
    found = left_out_told(excluded)
    found += [
        sentence(of_a=listed(of_a), a=side_a.title, of_b=listed(of_b), b=side_b.title)
        for sentence, value in _SAME
        if (of_a := _values(sessions_a, value)) != (of_b := _values(sessions_b, value))
    ]
    found += _factors(a, b)
    found += _durations(a, b)
    found += turn_cautions((side_a.title, sessions_a), (side_b.title, sessions_b))
    for side, sessions in (a, b):
        touched = [each.id for each in sessions if each.instruments]
        if touched:
            found.append(
                say(
                    "{number} of {of} sessions of {side} were instrumented ({sessions}), which"
                    " changes what an app does.",
                    number=len(touched),
                    of=len(sessions),
                    side=side.title,
                    sessions=listed(touched),
                )
            )
        broken = [each.id for each in sessions if not each.complete]
        if broken:
            found.append(
                say(
                    "{number} of {of} sessions of {side} were not recorded to their end"
                    " ({sessions}): what is missing from them may have been sent.",
                    number=len(broken),
                    of=len(sessions),
                    side=side.title,
                    sessions=listed(broken),
                )
            )
    contents = {each.content: each.id for each in sessions_a if each.content}
    found += [
        say(
            "{one} and {other} are the same recording: it is no evidence of both {a} and {b}.",
            one=contents[each.content],
            other=each.id,
            a=side_a.title,
            b=side_b.title,
        )
        for each in sessions_b
        if each.content in contents
    ]
    found += _shared(sessions_a, sessions_b)
    blocks_a = {each.block for each in sessions_a}
    if blocks_a.isdisjoint(each.block for each in sessions_b):
        found.append(
            say(
                "No time block has sessions of both {a} and {b}: a difference between them could be"
                " one between days, and none can be claimed.",
                a=side_a.title,
                b=side_b.title,
            )
        )
    return tuple(found)


def waivers(gates: Sequence[Gate]) -> list[Said]:
    """Return a sentence for each gate that does not hold, and that the study does without."""
    return [
        say(
            "This check does not hold, and the study does without it: “{title}” ({found}). The"
            " study's reason: {reason}.",
            title=gate.title,
            found=gate.found,
            reason=gate.waived.rstrip(" ."),
        )
        for gate in gates
        if gate.waived and not gate.passed
    ]


def left_out_told(excluded: Sequence[Excluded]) -> list[Said]:
    """Say each by itself, but those of one gate together: they may be a whole side."""
    found = [
        say("Left out: {session}, because {reason}.", session=each.session, reason=each.reason)
        for each in excluded
        if not each.gate
    ]
    for name in SESSION_GATES:
        those = [each for each in excluded if each.gate == name]
        if those:
            found.append(
                say(
                    "Left out: {sessions}, because {reasons}.",
                    sessions=listed([each.session for each in those]),
                    reasons=listed(list(dict.fromkeys(each.reason for each in those))),
                )
            )
    return found


def _shared(sessions_a: Sequence[Recorded], sessions_b: Sequence[Recorded]) -> list[Said]:
    """Say which two sessions hold some of the same traffic: they are not independent."""
    pairs = [*combinations(sessions_a, 2), *combinations(sessions_b, 2)]
    pairs += [(a, b) for a in sessions_a for b in sessions_b if a.content != b.content]
    return [
        say(
            "{one} and {other} are in part recordings of the same minutes ({shared} of {of}"
            " exchanges that were compared are in both): they do not count as two.",
            one=one.id,
            other=other.id,
            shared=same.shared,
            of=same.of,
        )
        for one, other in pairs
        if (same := share(one, other)).is_some
    ]


def false_starts(
    side: Side, sessions: Sequence[Recorded], controls: Sequence[Recorded]
) -> list[Said]:
    """Return a sentence if sessions hold no exchange: they keep rows from any verdict.

    They may be false starts, or sessions in which nothing could be read: only who recorded them
    knows. Of the adult `controls` they stand for adults of whom nothing is sent.
    """
    found = []
    empty = [f"captures/{each.id}" for each in sessions if not each.exchanges]
    if empty:
        found.append(
            say_many(
                "{number} of {of} sessions of {side} holds no exchange: if it is a false start,"
                " move {captures} out and run `evenhand analyze`.",
                "{number} of {of} sessions of {side} hold no exchange: if they are false starts,"
                " move {captures} out and run `evenhand analyze`.",
                len(empty),
                of=len(sessions),
                side=side.title,
                captures=listed(empty),
            )
        )
    empty = [f"captures/{each.id}" for each in controls if not each.exchanges]
    if empty:
        found.append(
            say_many(
                "{number} of {of} adult controls of {side} holds no exchange: if it is a false"
                " start, move {captures} out and run `evenhand analyze`.",
                "{number} of {of} adult controls of {side} hold no exchange: if they are false"
                " starts, move {captures} out and run `evenhand analyze`.",
                len(empty),
                of=len(controls),
                side=side.title,
                captures=listed(empty),
            )
        )
    return found


def without_cookies(side: Side, sessions: Sequence[Recorded], those: Collection[str]) -> list[Said]:
    """Return a sentence if some of `sessions` are among `those`, imported ones without a cookie."""
    bare = [each.id for each in sessions if each.id in those]
    if not bare:
        return []
    return [
        say_many(
            "{number} of {of} imported sessions of {side} holds no cookie ({sessions}): the program"
            " that wrote the file may have left them out. Of what only cookies show, it is not said"
            " that it was not sent there.",
            "{number} of {of} imported sessions of {side} hold no cookie ({sessions}): the program"
            " that wrote the files may have left them out. Of what only cookies show, it is not"
            " said that it was not sent there.",
            len(bare),
            of=len(sessions),
            side=side.title,
            sessions=listed(bare),
        )
    ]


def _tool(name: str) -> Callable[[Recorded], str]:
    return lambda session: dict(session.tools).get(name, "")


_SAME: tuple[tuple[Callable[..., Said], Callable[[Recorded], str]], ...] = (
    (
        lambda **it: say(
            "The app is not the same on both sides: {of_a} for {a}, {of_b} for {b}.", **it
        ),
        lambda session: session.app,
    ),
    (
        lambda **it: say(
            "The version of the app is not the same on both sides: {of_a} for {a}, {of_b} for {b}.",
            **it,
        ),
        lambda session: session.app_version,
    ),
    (
        lambda **it: say(
            "The list of steps is not the same on both sides: {of_a} for {a}, {of_b} for {b}.", **it
        ),
        lambda session: " > ".join(session.phases),
    ),
    (
        lambda **it: say(
            "The way of recording is not the same on both sides: {of_a} for {a}, {of_b} for {b}.",
            **it,
        ),
        lambda session: session.recorded_by,
    ),
    (
        lambda **it: say(
            "The recorder's policy is not the same on both sides: {of_a} for {a}, {of_b} for {b}.",
            **it,
        ),
        lambda session: ", ".join(session.policy) or say("none"),
    ),
    (
        lambda **it: say(
            "The version of mitmproxy is not the same on both sides: {of_a} for {a}, {of_b} for"
            " {b}.",
            **it,
        ),
        _tool("mitmproxy"),
    ),
)


def _factors(a: Compared, b: Compared) -> list[Said]:
    """Say which of age and consent differ, unless one of them is all that the sides differ in."""
    ages = [_values(sessions, lambda session: str(session.arm.age)) for _, sessions in (a, b)]
    consents = [_values(sessions, lambda session: session.arm.consent) for _, sessions in (a, b)]
    countries = [_values(sessions, lambda session: session.arm.country) for _, sessions in (a, b)]
    differing = [each for each in (countries, ages, consents) if each[0] != each[1]]
    if len(differing) < 2:
        return []
    found = []
    sides = {"a": a[0].title, "b": b[0].title}
    if ages in differing:
        found.append(
            say(
                "The declared age differs too: {of_a} for {a}, {of_b} for {b}; a difference may"
                " come from it.",
                of_a=listed(ages[0]),
                of_b=listed(ages[1]),
                **sides,
            )
        )
    if consents in differing:
        found.append(
            say(
                "The consent differs too: {of_a} for {a}, {of_b} for {b}; a difference may come"
                " from it.",
                of_a=listed(consents[0]),
                of_b=listed(consents[1]),
                **sides,
            )
        )
    return found


def _durations(a: Compared, b: Compared) -> list[Said]:
    lengths = [
        [each.seconds for each in sessions if each.seconds is not None] for _, sessions in (a, b)
    ]
    if not all(lengths):
        return []
    of_a, of_b = (median(each) for each in lengths)
    if max(of_a, of_b) <= 2 * min(of_a, of_b):
        return []
    return [
        say(
            "The sessions are not equally long: {of_a} s for {a}, {of_b} s for {b} (median); a"
            " longer one has more time to send something.",
            of_a=Numeral(of_a, ".0f"),
            a=a[0].title,
            of_b=Numeral(of_b, ".0f"),
            b=b[0].title,
        )
    ]


def _values(sessions: Iterable[Recorded], value: Callable[[Recorded], str]) -> list[str]:
    return sorted({value(session) for session in sessions})

"""What has to be the same on both sides, or there on both: the gates that a pair has to pass.

What differs between the sides beside what they are compared for could be what makes the difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from analyzer.compare.recorded import Recorded
from analyzer.compare.telling import listed
from analyzer.compare.turns import first, in_turns
from analyzer.compare.verdicts import Bar
from analyzer.comparison import Which
from analyzer.gates import Gate, GateName
from analyzer.said import Said, say, say_many
from analyzer.study import CompareSettings

LONGER = 1.5  # times the median length of the other side
UNEVEN = 0.25  # share of sessions that would have to be of another kind for both sides to be alike
_MOMENT = 1.0  # seconds by which even the shortest sessions may differ
_HURRY = 10.0  # seconds by which even the shortest phases may differ
_TABLET = re.compile(r"ipad|tablet|\btab\b")
_APPLE = re.compile(r"iphone|ipad|ipod|\bios\b")
_VERSION = re.compile(r"\b(?:android|ios|ipados)\s*(\d+)")


@dataclass(frozen=True, slots=True)
class Half:
    """One side with its compared sessions, and those of them of which everything was cut off."""

    title: str
    sessions: Sequence[Recorded]
    out: int  # sessions that gates of their own have left out
    blind: Collection[str]


@dataclass(frozen=True, slots=True)
class _Result:
    """What a gate found. `bars`: rows in which this side ("a", "b") has more are spared."""

    passed: bool
    found: Said
    needed: Said | Literal[""] = ""
    spares: Which | Literal[""] = ""


def pair_gates(a: Half, b: Half, settings: CompareSettings) -> list[tuple[Gate, Bar | None]]:
    """Return every gate of the pair, with what it bars where it fails and is not waived.

    The gate's `rows` are 0: they are counted once the rows are judged.
    """
    waived = dict(settings.waive)
    found: list[tuple[GateName, Said, _Result]] = [
        ("sessions", say("Both sides have enough sessions"), _enough(a, b, settings)),
        ("blocks", say("Some time block has sessions of both sides"), _blocks(a, b)),
        ("times", say("The sides were recorded in turns"), _times(a, b)),
        ("copies", say("No recording stands on both sides"), _copies(a, b)),
        (
            "coverage",
            say("Enough sessions of both sides were recorded to their end, and could be read"),
            _coverage(a, b, settings),
        ),
        *((name, title, _alike(a, b, value)) for name, title, value in _SAME),
        ("duration", say("The sessions of both sides are equally long"), _duration(a, b)),
        ("device", say("Both sides have phones of the same kind"), _device(a, b)),
        *_factors(a, b),
    ]
    return [_gate(name, title, result, waived.get(name, "")) for name, title, result in found]


def _gate(name: GateName, title: Said, result: _Result, waived: str) -> tuple[Gate, Bar | None]:
    gate = Gate(
        name=name,
        level="pair",
        title=title,
        passed=result.passed,
        found=result.found,
        needed="" if result.passed else result.needed,
        waived=waived,
        sessions=(),
        rows=0,
    )
    if result.passed or waived:
        return gate, None
    reason = say(
        "this check does not hold: “{title}” ({found}); what would be enough: {needed}",
        title=title,
        found=result.found,
        needed=result.needed,
    )
    return gate, Bar(name, reason, result.spares, at_last=name == "coverage")


def _enough(a: Half, b: Half, settings: CompareSettings) -> _Result:
    least = settings.min_sessions
    found = say(
        "{a} has {n_a}, {b} has {n_b}",
        a=a.title,
        n_a=_number(a),
        b=b.title,
        n_b=_number(b),
    )
    passed = min(len(a.sessions), len(b.sessions)) >= least
    return _Result(passed, found, say("{least} sessions a side", least=least))


def _number(half: Half) -> Said:
    if half.out:
        return say("{n} ({out} are left out)", n=len(half.sessions), out=half.out)
    return say("{n}", n=len(half.sessions))


def _blocks(a: Half, b: Half) -> _Result:
    shared = {each.block for each in a.sessions} & {each.block for each in b.sessions}
    if shared:
        found = say_many(
            "{number} time block has sessions of both sides",
            "{number} time blocks have sessions of both sides",
            len(shared),
        )
        return _Result(True, found)
    return _Result(
        False,
        say("no time block has sessions of both sides"),
        say("sessions of both sides that are recorded in turns, within days of each other"),
    )


def _times(a: Half, b: Half) -> _Result:
    share = first(a.sessions, b.sessions)
    if share is None:  # that is what the gate before it is about
        return _Result(True, say("there are no times to compare"))
    before, after = (a, b) if share >= 1 / 2 else (b, a)
    found = say(
        "of all pairs of a session of {before} and one of {after}, that of {before} is the earlier"
        " one in {percent}%",
        before=before.title,
        after=after.title,
        percent=round(100 * max(share, 1 - share)),
    )
    needed = say("sessions of the two sides in turns (`evenhand plan` writes a schedule)")
    return _Result(in_turns(share), found, needed)


def _copies(a: Half, b: Half) -> _Result:
    contents = {each.content: each.id for each in a.sessions if each.content}
    for each in b.sessions:
        if each.content in contents:
            found = say("{a} and {b} are the same recording", a=contents[each.content], b=each.id)
            needed = say("that the wrong one of them is moved out of captures/")
            return _Result(False, found, needed)
    return _Result(True, say("all recordings are different"))


def _coverage(a: Half, b: Half, settings: CompareSettings) -> _Result:
    read = [sum(each.id not in half.blind for each in half.sessions) for half in (a, b)]
    found = say(
        "{read_a} of {n_a} sessions of {a}, {read_b} of {n_b} of {b}",
        read_a=read[0], n_a=len(a.sessions), a=a.title,
        read_b=read[1], n_b=len(b.sessions), b=b.title,
    )  # fmt: skip
    needed = say(
        "{least} sessions a side that were recorded to their end and hold exchanges",
        least=settings.min_sessions,
    )
    # With fewer sessions than that there is no verdict anyway: that is another gate's to say.
    # A side of which little could be read may have less of something for that reason.
    poor = [
        number < min(settings.min_sessions, len(half.sessions))
        for number, half in zip(read, (a, b), strict=True)
    ]
    spares: Which | Literal[""] = "" if all(poor) else "a" if poor[0] else "b"
    return _Result(not any(poor), found, needed, spares)


_SAME: tuple[tuple[GateName, Said, Callable[[Recorded], str]], ...] = (
    (
        "app_version",
        say("The version of the app is known, and the same on both sides"),
        lambda session: session.app_version,
    ),
    (
        "recording",
        say("Both sides were recorded in the same way"),
        lambda session: session.recorded_by,
    ),
    (
        "policy",
        say("The recorder did the same to the traffic of both sides"),
        lambda session: ", ".join(session.policy) or say("nothing"),
    ),
    (
        "steps",
        say("The same steps were taken on both sides"),
        lambda session: " > ".join(session.phases),
    ),
)


def _alike(a: Half, b: Half, value: Callable[[Recorded], str]) -> _Result:
    """Whether a value is known of all sessions, and falls alike on both sides."""
    of_a, of_b = ([value(each) for each in half.sessions] for half in (a, b))
    found = _told(a, of_a, b, of_b)
    if "" in of_a or "" in of_b:
        return _Result(False, found, say("that it is written down for every session"))
    return _Result(
        _even(of_a, of_b), found, say("the same on both sides, in about as many sessions of either")
    )


def _told(a: Half, of_a: Sequence[str], b: Half, of_b: Sequence[str]) -> Said:
    if not any((*of_a, *of_b)):
        return say("it is not written down for any session")
    if set(of_a) == set(of_b) and len(set(of_a)) == 1:
        return say("all have {value}", value=of_a[0])
    return say(
        "{of_a} for {a}, {of_b} for {b}",
        of_a=_counted(of_a), a=a.title, of_b=_counted(of_b), b=b.title,
    )  # fmt: skip


def _counted(values: Sequence[str]) -> object:
    number = Counter(values)
    if len(number) == 1:
        return listed(list(number))
    told = [
        say("{value} ({times} times)", value=value or say("not recorded"), times=times)
        for value, times in sorted(number.items())
    ]
    return listed(told)


def _even(of_a: Sequence[str], of_b: Sequence[str]) -> bool:
    """Whether both sides have the same values, and about equally often."""
    a, b = Counter(of_a), Counter(of_b)
    if a.keys() != b.keys():
        return False
    away = sum(abs(a[each] / len(of_a) - b[each] / len(of_b)) for each in a) / 2
    return away <= UNEVEN


def _duration(a: Half, b: Half) -> _Result:
    needed = say(
        "sessions and phases whose median lengths differ by less than a factor of {factor}",
        factor=LONGER,
    )
    lengths = [
        [each.seconds for each in half.sessions if each.seconds is not None] for half in (a, b)
    ]
    if not all(lengths):
        return _Result(False, say("it is not known how long they lasted"), needed)
    of_a, of_b = (median(each) for each in lengths)
    found = say(
        "the median is {of_a} s for {a}, {of_b} s for {b}",
        of_a=round(of_a), a=a.title, of_b=round(of_b), b=b.title,
    )  # fmt: skip
    # That the shorter sessions have more of something cannot come from their length.
    shorter: Which = "a" if of_a < of_b else "b"
    longer, other = max(of_a, of_b), min(of_a, of_b)
    if longer > max(LONGER * other, other + _MOMENT):
        return _Result(False, found, needed, shorter)
    return _phases(a, b, needed) or _Result(True, found)


def _phases(a: Half, b: Half, needed: Said) -> _Result | None:
    """Return the first phase that one side left far sooner, where that is known of all sessions."""
    for phase in dict.fromkeys(name for each in a.sessions for name, _ in each.steps):
        spans = [[each.span(phase) for each in half.sessions] for half in (a, b)]
        known = [[end - start for start, end in filter(None, each)] for each in spans]
        if [len(each) for each in known] != [len(each) for each in spans]:
            continue
        of_a, of_b = (median(each) for each in known)
        if max(of_a, of_b) > max(LONGER * min(of_a, of_b), min(of_a, of_b) + _HURRY):
            found = say(
                "the median of the phase “{phase}” is {of_a} s for {a}, {of_b} s for {b}",
                phase=phase, of_a=round(of_a), a=a.title, of_b=round(of_b), b=b.title,
            )  # fmt: skip
            return _Result(False, found, needed)
    return None


def _device(a: Half, b: Half) -> _Result:
    """What nobody wrote down is not known to differ; most ways of recording cannot know it."""
    of_a, of_b = ([_kind(each.device) for each in half.sessions if each.device] for half in (a, b))
    found = _told(a, [each.device for each in a.sessions], b, [each.device for each in b.sessions])
    passed = not of_a or not of_b or _even(of_a, of_b)
    needed = say("phones of one system, one main version of it, and one size on both sides")
    return _Result(passed, found, needed)


def _kind(device: str) -> str:
    text = device.casefold()
    system = "apple" if _APPLE.search(text) else "other"
    version = _VERSION.search(text)
    size = "tablet" if _TABLET.search(text) else "phone"
    return f"{system} {version[1] if version else ''} {size}"


def _factors(a: Half, b: Half) -> list[tuple[GateName, Said, _Result]]:
    """Age and consent: a matter where the sides differ in more than one of these and country."""
    values: Mapping[str, Callable[[Recorded], str]] = {
        "country": lambda session: session.arm.country,
        "age": lambda session: str(session.arm.age),
        "consent": lambda session: session.arm.consent,
    }
    of = {
        name: ([value(each) for each in a.sessions], [value(each) for each in b.sessions])
        for name, value in values.items()
    }
    differing = [name for name, (of_a, of_b) in of.items() if not _even(of_a, of_b)]
    needed = say("sides that differ in no more than one of country, age and consent")
    titles: tuple[tuple[GateName, Said], ...] = (
        ("age", say("The declared ages are the same on both sides, or all that differs")),
        ("consent", say("The consent is the same on both sides, or all that differs")),
    )
    return [
        (
            name,
            title,
            _Result(
                name not in differing or len(differing) == 1,
                _told(a, of[name][0], b, of[name][1]),
                needed,
            ),
        )
        for name, title in titles
    ]

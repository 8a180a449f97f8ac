"""Which lines of the logs count: what cannot be is left out, and the fuller log speaks.

The app's log has the first word. Where it names few of the items that the driver's log names, or
ends long before it, the driver speaks of what the app leaves out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from analyzer.feed.records import Watch

_EARLY: Final = 2.0  # seconds by which clocks may be apart
_FAST: Final = 1.1  # a little more may be played than time has passed
_TWICE: Final = 2.0  # two logs of one app may tell the same showing
_OVER: Final = 0.5  # of the shorter of two times that are of one showing lies in the other
_SOON: Final = 90.0  # seconds within which an app tells what it kept back
_ALIKE: Final = 0.1  # share by which two logs of one showing may differ
_ALIKE_S: Final = 0.5  # and seconds
_THIN: Final = 0.5  # of the items that the driver's log names
_SILENT: Final = 3  # items that the driver's log names after the last line of the app's


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines that count, how many could not be, and whether the driver speaks too."""

    lines: tuple[Watch, ...]
    impossible: int
    thin: bool


def acted(line: Watch) -> bool:
    """Tell whether somebody liked, shared, commented or followed."""
    return line.liked or line.shared or line.commented or line.followed


def lines_of(
    app: Iterable[Watch], driver: Sequence[Watch], served: Iterable[tuple[str, float]]
) -> Lines:
    """Return the lines of `app` and of `driver` that count.

    `served`: items and the seconds of the session at which they were served, in any order.
    """
    first: dict[str, float] = {}
    for key, t_s in served:
        first[key] = min(t_s, first.get(key, t_s))
    possible, impossible = _possible(app, first)
    told = {line.key for line in possible if line.key in first}
    seen = {line.key for line in driver if line.key in first}
    last = max((line.t_s for line in possible), default=0.0)
    after = {line.key for line in driver if _began(line) > last and line.key in seen}
    silent = len(after - told) >= _SILENT
    if not driver or (possible and not silent and len(told) >= _THIN * len(seen)):
        return Lines(tuple(possible), impossible, thin=False)
    timed = {line.key for line in possible if line.watch_s is not None}
    more = [line for line in driver if line.key not in timed or (silent and _began(line) > last)]
    both = sorted([*possible, *more], key=lambda line: line.t_s)
    return Lines(tuple(both), impossible, thin=bool(possible))


def _began(line: Watch) -> float:
    return line.t_s - (line.watch_s or 0.0)


def _possible(app: Iterable[Watch], first: dict[str, float]) -> tuple[list[Watch], int]:
    """Return the lines that can be, in order, and how many cannot.

    Nobody looks at an item for longer than the phone has it, nor at all of them for longer than
    the session lasts. That an item was played for no time says nothing, unless it began.
    """
    some = sorted(app, key=lambda line: line.t_s)
    begun = {line.key for line in some if line.watch_s is None and not acted(line)}
    kept: list[Watch] = []
    watched = impossible = 0.0
    start = min(first.values(), default=0.0)
    for line in some:
        played = line.watch_s or 0.0
        since = first.get(line.key)
        room = line.t_s - start if since is None else line.t_s - since
        if since is not None and (
            played > _FAST * room + _EARLY
            or watched + played > _TWICE * (line.t_s - start) + _EARLY
        ):
            impossible += 1
            if acted(line):
                kept.append(replace(line, watch_s=None, rounds=None))
            continue
        if line.watch_s == 0 and not line.rounds and line.key not in begun and not acted(line):
            continue
        watched += played if since is not None else 0.0
        kept.append(line)
    return _one_after_another(_once_each(kept), first), int(impossible)


def _once_each(some: Iterable[Watch]) -> list[Watch]:
    """Join the lines by which several logs of the app tell one showing: the longest time counts.

    Each log tells a showing once, so that lines of one and the same are showings of their own.
    """
    found: list[Watch] = []
    open_: dict[str, list[tuple[int, set[str]]]] = {}  # showings of an item, and who told them
    for line in some:
        if not line.watch_s:
            found.append(line)
            continue
        those = open_.setdefault(line.key, [])
        for at, kinds in those:
            if line.kind not in kinds and _is_same(found[at], line):
                kinds.add(line.kind)
                found[at] = _joined(found[at], line)
                break
        else:
            those.append((len(found), {line.kind}))
            found.append(line)
    return found


def _is_same(told: Watch, line: Watch) -> bool:
    """Tell whether a later line can be of the showing that `told` is of.

    Both times lie over one another, or are alike and told soon after one another: some logs are
    sent only now and then.
    """
    first, second = told.watch_s or 0.0, line.watch_s or 0.0
    both = told.t_s - max(told.t_s - first, _began(line))
    alike = abs(first - second) <= max(_ALIKE_S, _ALIKE * max(first, second))
    soon = line.t_s - told.t_s <= _SOON
    return both >= _OVER * min(first, second) or (alike and soon)


def _joined(told: Watch, line: Watch) -> Watch:
    rounds = [each.rounds for each in (told, line) if each.rounds is not None]
    return replace(
        told,
        watch_s=max(told.watch_s or 0.0, line.watch_s or 0.0),
        rounds=max(rounds, default=None),
        liked=told.liked or line.liked,
        shared=told.shared or line.shared,
        commented=told.commented or line.commented,
        followed=told.followed or line.followed,
        surface=told.surface or line.surface,
    )


def _one_after_another(some: Sequence[Watch], first: dict[str, float]) -> list[Watch]:
    """Lay lines of one request end to end: an app that tells several at once tells them late."""
    found: list[Watch] = []
    for _, group in groupby(some, key=lambda line: (line.exchange, line.t_s)):
        those = list(group)
        if sum(bool(line.watch_s) for line in those) > 1:
            end = those[-1].t_s
            for at in range(len(those) - 1, -1, -1):
                played = those[at].watch_s or 0.0
                at_least = first.get(those[at].key, 0.0) + played
                those[at] = replace(those[at], t_s=min(those[at].t_s, max(end, at_least)))
                end = those[at].t_s - played
        found += those
    return sorted(found, key=lambda line: line.t_s)

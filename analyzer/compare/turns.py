"""Whether the sides were recorded in turns.

An app changes from one hour to the next: its maker switches something on, a company stops
answering. Where all sessions of one side come before those of the other, such a change looks like a
difference between the sides, and no test can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from analyzer.said import Said, say

# Of the pairs: beyond it one side was recorded first. One early session among five or more, which
# is the least that a verdict needs, does not bring it back below.
ONE_SIDED = 3 / 4
_TOGETHER = 60.0  # seconds between sessions that count as recorded at the same time
_DAY = 86_400.0  # seconds
_BLOCKS = 4  # the least with which one order in all of them is no matter of chance alone


class Timed(Protocol):
    """A session, or whatever else was recorded at a time."""

    @property
    def block(self) -> str:
        """Its time block."""

    @property
    def began(self) -> float:
        """When it began, in seconds since 1970."""


def first(a: Sequence[Timed], b: Sequence[Timed]) -> float | None:
    """Return the share of all pairs (one session of `a`, one of `b`) in which that of `a` is first.

    Two that began within a minute of each other count as a half. Only sessions of time blocks that
    both sides have are taken: the others add nothing to a test. None where there is no such block.
    """
    both = {each.block for each in a} & {each.block for each in b}
    of_a, of_b = ([each for each in side if each.block in both] for side in (a, b))
    return _earlier(of_a, of_b, lambda session: session.began)


def in_turns(share: float) -> bool:
    """Say whether sides of which `a` comes first in this share of the pairs were mixed in time."""
    return 1 - ONE_SIDED <= share <= ONE_SIDED


def turn_cautions(a: tuple[str, Sequence[Timed]], b: tuple[str, Sequence[Timed]]) -> list[Said]:
    """Return what makes the times of two sides (title, sessions) unlike, though they are mixed.

    That one was recorded at another time of the day (UTC), or always first in each time block.
    """
    found = []
    share = _earlier(a[1], b[1], _time_of_day([*a[1], *b[1]]))
    if share is not None and not in_turns(share):
        before, after = (a, b) if share > 1 / 2 else (b, a)
        found.append(
            say(
                "The sides were recorded at different times of the day: of all pairs of a session"
                " of {before} and one of {after}, that of {before} has the earlier hour (UTC) in"
                " {percent}%. What an app does at certain hours looks like a difference between"
                " the sides.",
                before=before[0],
                after=after[0],
                percent=round(100 * max(share, 1 - share)),
            )
        )
    blocks = sorted({each.block for each in a[1]} & {each.block for each in b[1]})
    orders = {first(*([each for each in side if each.block == block] for side in (a[1], b[1])))
              for block in blocks}  # fmt: skip
    if len(blocks) >= _BLOCKS and orders in ({0.0}, {1.0}):
        before, after = (a, b) if orders == {1.0} else (b, a)
        found.append(
            say(
                "In each of {number} time blocks {before} was recorded before {after}: what the"
                " first session of a block changes looks like a difference between the sides.",
                number=len(blocks),
                before=before[0],
                after=after[0],
            )
        )
    return found


def _earlier(
    a: Sequence[Timed], b: Sequence[Timed], when: Callable[[Timed], float]
) -> float | None:
    """Return the share of all pairs in which that of `a` is the earlier one, by `when`."""
    if not a or not b:
        return None
    times_b = [when(each) for each in b]
    earlier = sum(
        0.5 if abs(one - other) <= _TOGETHER else float(one < other)
        for one in map(when, a)
        for other in times_b
    )
    return earlier / (len(a) * len(b))


def _time_of_day(sessions: Sequence[Timed]) -> Callable[[Timed], float]:
    """Return what tells the seconds since the day began: after the longest time without sessions.

    Else sessions of one evening, before and after midnight, would be the furthest apart.
    """
    times = sorted({each.began % _DAY for each in sessions})
    pauses = [(time - (times[place - 1] if place else times[-1] - _DAY), time)
              for place, time in enumerate(times)]  # fmt: skip
    dawn = max(pauses, default=(0.0, 0.0))[1]
    return lambda session: (session.began - dawn) % _DAY

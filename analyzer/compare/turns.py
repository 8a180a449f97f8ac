"""Whether the sides were recorded in turns.

An app changes from one hour to the next: its maker switches something on, a company stops
answering. Where all sessions of one side come before those of the other, such a change looks like a
difference between the sides, and no test can tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.compare.recorded import Recorded

ONE_SIDED = 7 / 8  # of the pairs: beyond it one side was recorded first
_TOGETHER = 60.0  # seconds between sessions that count as recorded at the same time


def first(a: Sequence[Recorded], b: Sequence[Recorded]) -> float | None:
    """Return the share of all pairs (one session of `a`, one of `b`) in which that of `a` is first.

    Two that began within a minute of each other count as a half. Only sessions of time blocks that
    both sides have are taken: the others add nothing to a test. None where there is no such block.
    """
    both = {each.block for each in a} & {each.block for each in b}
    of_a, of_b = ([each.began for each in side if each.block in both] for side in (a, b))
    if not of_a or not of_b:
        return None
    earlier = sum(
        0.5 if abs(one - other) <= _TOGETHER else float(one < other)
        for one in of_a
        for other in of_b
    )
    return earlier / (len(of_a) * len(of_b))


def in_turns(share: float) -> bool:
    """Say whether sides of which `a` comes first in this share of the pairs were mixed in time."""
    return 1 - ONE_SIDED <= share <= ONE_SIDED

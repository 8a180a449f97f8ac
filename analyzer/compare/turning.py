"""How few sessions would turn a verdict, had they gone otherwise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from analyzer.compare.groups import Group, Observed
from analyzer.compare.verdicts import ALONE, Terms, judge
from analyzer.models import Verdict
from analyzer.study import CompareSettings


def turning_point(
    a: Group,
    b: Group,
    rows: Sequence[Observed],
    place: int,
    settings: CompareSettings,
    terms: Terms = ALONE,
) -> int | None:
    """Return how few sessions would turn the verdict of ``rows[place]``, had they gone otherwise.

    A difference: sessions of the side that has less in which it would have been seen too. `same`:
    sessions of one side in which it would not have been seen, or seen too, whichever takes fewer.
    None where the verdict is `insufficient`, or no number of sessions would turn it.
    """
    row = rows[place]
    now = judge(a, b, rows, settings, terms).rows[place]
    if now.verdict == "insufficient":
        return None
    unseen_a, unseen_b = sorted(set(a.blocks) - row.seen_a), sorted(set(b.blocks) - row.seen_b)
    if now.verdict == "same":
        ways = [
            [replace(row, seen_a=row.seen_a | set(unseen_a[:n])) for n in _up_to(unseen_a)],
            [replace(row, seen_b=row.seen_b | set(unseen_b[:n])) for n in _up_to(unseen_b)],
            [
                replace(row, seen_a=row.seen_a - set(sorted(row.seen_a)[:n]))
                for n in _up_to(row.seen_a)
            ],
            [
                replace(row, seen_b=row.seen_b - set(sorted(row.seen_b)[:n]))
                for n in _up_to(row.seen_b)
            ],
        ]
    elif now.effect > 0:
        ways = [[replace(row, seen_b=row.seen_b | set(unseen_b[:n])) for n in _up_to(unseen_b)]]
    else:
        ways = [[replace(row, seen_a=row.seen_a | set(unseen_a[:n])) for n in _up_to(unseen_a)]]
    direction = _direction(now.verdict)
    turned = [
        number
        for way in ways
        for number, other in enumerate(way, 1)
        if _direction(
            judge(a, b, [*rows[:place], other, *rows[place + 1 :]], settings, terms)
            .rows[place]
            .verdict
        )
        != direction
    ]
    return min(turned, default=None)


def _up_to(sessions: Collection[str]) -> range:
    return range(1, len(sessions) + 1)


def _direction(verdict: Verdict) -> str:
    """Return the verdict without the distinction between "only" and "more"."""
    return verdict.replace("only", "more")

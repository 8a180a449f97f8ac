"""What a feed tells of items in other sessions, and of none in one.

A key may have a new name there: then all that is read of it is nothing, and nothing fails. It may
also be that there is nothing to tell, as in a country without advertising: so it is told as what
was not told, for somebody to look at.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from analyzer.feed.kept import SessionItems
from analyzer.feed.records import Told, Untold

_LEAST: Final = 20  # items of which one at least should have what half have elsewhere
_ENOUGH: Final = 50  # items elsewhere
_MANY: Final = 200  # items of which one at least should have what is rare elsewhere
_CHANCE: Final = 0.001  # that none of them has it


def untold(told: Mapping[str, Iterable[Told]]) -> dict[str, tuple[Untold, ...]]:
    """Return what each of some groups of items (sessions, sides) does not tell, and others do.

    It is set against those that tell it at all: with an update of the app most may have stopped.
    """
    read: dict[str, Counter[tuple[str, str]]] = {}
    said: dict[str, Counter[tuple[str, str, str]]] = {}
    for group, some in told.items():
        read[group], said[group] = Counter(), Counter()
        for one in some:
            read[group][one.platform, one.surface] += one.items
            for name, count in one.said:
                said[group][one.platform, one.surface, name] += count
    totals: Counter[tuple[str, str, str]] = Counter()
    items: Counter[tuple[str, str, str]] = Counter()
    for group, counts in said.items():
        totals.update(counts)
        items.update({what: read[group][what[:2]] for what in counts})
    return {
        group: tuple(
            each
            for what in sorted(totals)
            if not said[group][what]
            and _is_odd(each := Untold(*what, read[group][what[:2]], totals[what], items[what]))
        )
        for group in told
    }


def with_untold(
    sessions: Sequence[SessionItems], known: Collection[SessionItems]
) -> tuple[SessionItems, ...]:
    """Return `sessions` with what they do not tell, though others of the `known` ones do.

    What most items should have counts as lacking, unless it does already.
    """
    found = untold({each.session: each.told for each in (*known, *sessions)})
    return tuple(_with(each, found[each.session]) for each in sessions)


def _with(about: SessionItems, those: tuple[Untold, ...]) -> SessionItems:
    known = {
        (health.platform, name)
        for health in about.health
        for name, count in health.lacking
        if count * 2 > health.servings
    }
    lacking = {(each.platform, each.name) for each in those if each.usual} - known
    problems = Counter(dict(about.problems))
    if lacking:
        problems["feed_lacking"] += len(lacking)
    return replace(about, untold=those, problems=tuple(sorted(problems.items())))


def _is_odd(each: Untold) -> bool:
    """Tell whether it is improbable that there is nothing to tell."""
    if each.usual and each.of >= _ENOUGH and each.items >= _LEAST:
        return True
    return each.items >= _MANY and _chance(each.said, each.of, each.items) < _CHANCE


def _chance(said: int, of: int, items: int) -> float:
    """Return how probable it is that none of `items` is among the `said` of all (Fisher)."""
    ways = (math.lgamma(n + 1) - math.lgamma(n - said + 1) for n in (of, of + items))
    without, all_of = ways
    return math.exp(without - all_of)

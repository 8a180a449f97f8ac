"""The entries of an answer's lists, in the order in which the answer has them.

Whichever place of an entry holds its item, the app shows one entry after the other. So the lists of
an adapter that have a row in common (``edges/*/node/media``, ``edges/*/node/ad/media``) are walked
together, row by row. Others come in the order of the adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.decoders import Budget
from analyzer.feed.paths import Steps, find, is_empty

NOWHERE: Final = -1  # the list of an entry in which nothing stands at the place of an item


@dataclass(frozen=True, slots=True)
class Row:
    """Entries at `steps`. `places`: in each, by the number of the list; `rows`: lists in each."""

    steps: Steps
    places: tuple[tuple[int, Steps], ...]
    rows: tuple[Row, ...]


@lru_cache(maxsize=256)
def rows_of(lists: tuple[Steps, ...]) -> tuple[Row, ...]:
    """Return the rows that `lists` lead to; each list has its position as its number."""
    return _rows(tuple(enumerate(lists)))


def entries(
    tree: object, rows: Sequence[Row], budget: Budget, is_none: Callable[[object], bool]
) -> Iterator[tuple[int, object]]:
    """Yield the number of the list and what stands there, for all of `rows` in `tree`.

    What says nothing is left out. An entry without anything at its places comes as `NOWHERE`,
    unless `is_none` knows that it is no item.
    """
    for row in rows:
        for entry in find(tree, row.steps, budget):
            if is_empty(entry):
                continue
            lost = bool(row.places)
            for number, steps in row.places:
                for node in find(entry, steps, budget) if steps else (entry,):
                    if not is_empty(node):
                        lost = False
                        yield number, node
            if row.rows:
                for number, node in entries(entry, row.rows, budget, is_none):
                    lost = False
                    yield number, node
            if lost and not is_none(entry):
                yield NOWHERE, entry


def _rows(lists: Sequence[tuple[int, Steps]]) -> tuple[Row, ...]:
    groups: dict[Steps, list[tuple[int, Steps]]] = {}
    for number, steps in lists:
        end = steps.index("*") + 1 if "*" in steps else len(steps)
        groups.setdefault(steps[:end], []).append((number, steps[end:]))
    return tuple(
        Row(
            steps,
            tuple(each for each in inside if "*" not in each[1]),
            _rows([each for each in inside if "*" in each[1]]),
        )
        for steps, inside in groups.items()
    )

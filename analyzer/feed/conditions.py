"""Whether a condition of an adapter holds of an answer, an item, or a line of a log."""

from __future__ import annotations

from itertools import islice
from typing import Final

from analyzer.decoders import Budget
from analyzer.feed import values
from analyzer.feed.adapters import Condition
from analyzer.feed.paths import WIDE, find, is_empty

_NO: Final = frozenset({"0", "false", "False"})
_LOOKED_AT: Final = 100  # parts of an object


def holds(condition: Condition | None, node: object, budget: Budget) -> bool:
    """Tell whether `condition` holds of `node`; one that is not given always does."""
    if condition is None:
        return True
    plain = node if isinstance(node, dict) else None
    for steps in condition.paths:
        if plain is not None and steps and steps[0] not in plain and steps[0] not in WIDE:
            continue
        for each in find(node, steps, budget):
            if _fits(condition, each):
                return True
    return False


def _fits(condition: Condition, value: object) -> bool:
    if condition.present:
        return not _denies(value)
    if condition.values:
        return _said(value) in condition.values
    if condition.pattern:
        return condition.pattern.search(_said(value)) is not None
    return values.truth(value)


def _denies(value: object, depth: int = 4) -> bool:
    """Tell whether a mark says nothing, or that there is none: 0, false, an object of such."""
    if isinstance(value, dict | list) and value and depth:
        parts = value.values() if isinstance(value, dict) else value
        return all(_denies(each, depth - 1) for each in islice(parts, _LOOKED_AT))
    if isinstance(value, str):
        return is_empty(value) or value in _NO
    return is_empty(value) or (isinstance(value, int | float) and not value)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else values.name(value)

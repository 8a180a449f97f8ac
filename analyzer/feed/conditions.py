"""Whether a condition of an adapter holds of an answer, an item, or a line of a log."""

from __future__ import annotations

from analyzer.decoders import Budget
from analyzer.feed import values
from analyzer.feed.adapters import Condition
from analyzer.feed.paths import WIDE, find, is_empty


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
        return not is_empty(value)
    if condition.values:
        return _said(value) in condition.values
    if condition.pattern:
        return condition.pattern.search(_said(value)) is not None
    return values.truth(value)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else values.name(value)

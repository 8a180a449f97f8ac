"""How often the interval of agreement holds the true coefficient: two coders, by simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from analyzer.feed.coding.agreement import Coefficient, agreement

_CASES = ((0.5, 0.99), (0.25, 0.97), (0.25, 0.9), (0.05, 0.98))  # positive items; coders are right
_ITEMS = (30, 100, 300)


def held(positive: float, right: float, items: int, studies: int) -> tuple[float, float, float]:
    """Return the true kappa of coders who are right so often, apart from each other, and how often
    its interval holds it, and how often the plain one of the value and 1.96 standard errors would.
    Where none is given (it hangs on a single item) nothing was claimed; these are left out.
    """
    cells = np.zeros((2, 2))
    for share, says in ((positive, right), (1 - positive, 1 - right)):
        cells += share * np.outer([1 - says, says], [1 - says, says])
    given = cells.sum(axis=1)
    true = float(1 - (cells[0, 1] + cells[1, 0]) / (2 * given[0] * given[1]))
    rng = np.random.default_rng(6)
    told = holds = plain = 0
    for _ in range(studies):
        drawn = rng.multinomial(items, cells.ravel())
        pairs = np.repeat([(0, 0), (0, 1), (1, 0), (1, 1)], drawn, axis=0)
        codes = {
            coder: {str(item): str(code) for item, code in enumerate(pairs[:, place])}
            for place, coder in enumerate(("a", "b"))
        }
        [pair] = agreement(codes, ("0", "1"), frozenset("1")).pairs
        found = pair.kappa
        if found.value is None or found.low is None or found.high is None:
            continue
        told += 1
        holds += found.low <= true <= found.high
        plain += abs(found.value - true) <= _reach(found)
    return true, holds / max(told, 1), plain / max(told, 1)


def _reach(found: Coefficient) -> float:
    """Return 1.96 standard errors, from the interval that they gave."""
    if found.value is None or found.high is None or found.value >= 1 - 1e-12:
        return 0.0
    lacking = 1 - found.value
    return lacking * math.log(lacking / (1 - found.high))


def lines(studies: int) -> Sequence[str]:
    """Return the rows of the table."""
    rows = [
        "| positive items | coders are right | kappa | items | held | value and 1.96 errors |",
        "|--:|--:|--:|--:|--:|--:|",
    ]
    for positive, right in _CASES:
        for items in _ITEMS:
            true, holds, plain = held(positive, right, items, studies)
            rows.append(
                f"| {positive:.0%} | {right:.0%} | {true:.2f} | {items} |"
                f" {holds:.2f} | {plain:.2f} |"
            )
    return rows

"""False discoveries among many rows.

A row is called different where its q is at most the rate that a report allows. The rows of a report
are counted, so their tests are discrete: a thing seen in 2 of 12 sessions can never be significant,
and need not be paid for as if it could. `discoveries` makes use of that; `benjamini_hochberg` does
not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

Support = tuple[float, ...]
"""The p-values that a test can give, ascending. Empty: any (it was sampled, or is continuous)."""

_SAME = 1 + 1e-9  # p-values that differ by less are one


class Discoveries(NamedTuple):
    """The q of each row, and the largest p of a row that is called different (0.0: none is)."""

    qs: tuple[float, ...]
    critical: float


def benjamini_hochberg(ps: Sequence[float]) -> list[float]:
    """Return q for each p: the false discovery rate at which its row would be called different.

    Benjamini and Hochberg (1995), JRSS B 57:289, by SciPy. Their 15 p-values of section 3.2, of
    which four are significant at 0.05:

    >>> published = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459,
    ...              0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    >>> sum(q <= 0.05 for q in benjamini_hochberg(published))
    4
    """
    if not ps:
        return []
    return [float(q) for q in false_discovery_control(np.clip(np.asarray(ps), 0.0, 1.0))]


def discoveries(ps: Sequence[float], supports: Sequence[Support], alpha: float) -> Discoveries:
    """Return q for each p, knowing which p-values each test can give at all.

    The step-up procedure for discrete tests of Doehler, Durand and Roquain (2018), Electronic
    Journal of Statistics 12:1867: Benjamini-Hochberg, but the number of rows that chance brings
    below t is not m*t, but the sum over the rows of their largest possible p up to t. It controls
    the false discovery rate at `alpha`, which q depends on a little: compare q with `alpha` only.
    `supports` has the possible p-values of each row. q is never below p.

    Forty rows, of which only one can be significant, pay for one:

    >>> ps, supports = [0.0021645] + 39 * [1.0], [(0.0021645, 0.0303, 1.0)] + 39 * [(1.0,)]
    >>> round(discoveries(ps, supports, 0.05).qs[0], 4), benjamini_hochberg(ps)[0]
    (0.0022, 0.08658)
    """
    if not ps:
        return Discoveries((), 0.0)
    order = np.argsort(np.asarray(ps), kind="stable")
    ranked = np.asarray(ps, dtype=np.float64)[order]
    kinds = Counter(supports)
    counts = np.asarray(list(kinds.values()), dtype=np.float64)[:, None]
    limit = _largest(kinds, counts, alpha)
    reached = np.stack([_chance(each, ranked) for each in kinds])
    strict = np.stack([_chance(each, np.maximum(ranked, limit)) for each in kinds])
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(reached > 0, counts * reached / (1 - strict), 0.0).sum(axis=0)
    rank = np.searchsorted(ranked, ranked * _SAME, side="right")
    qs = np.minimum.accumulate(np.maximum(expected / rank, ranked)[::-1])[::-1]
    told = np.empty_like(qs)
    told[order] = np.minimum(qs, 1.0)
    found = np.asarray(ps)[told <= alpha]
    return Discoveries(tuple(float(q) for q in told), float(found.max()) if found.size else 0.0)


def _largest(kinds: Counter[Support], counts: NDArray[np.float64], alpha: float) -> float:
    """Return the largest p, up to `alpha`, to which the mean odds of a row are at most `alpha`.

    The procedure may take any such p as the one above which no row is ever called different.
    """
    points = np.concatenate([np.asarray(each, dtype=np.float64) for each in kinds])
    steps = np.union1d(points[points <= alpha], np.asarray([alpha / (1 + alpha), alpha]))
    chance = np.stack([_chance(each, steps) for each in kinds])
    odds = (counts * chance / (1 - chance)).sum(axis=0) / counts.sum()
    allowed = steps[odds <= alpha * _SAME]
    return float(allowed.max()) if allowed.size else 0.0


def _chance(support: Support, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability under the null of a p of at most each of `at`."""
    if not support:
        return np.minimum(at, 1.0)
    steps = np.asarray((0.0, *support))
    return steps[np.searchsorted(steps, at * _SAME, side="right") - 1]

"""Agreement of coders: Cohen's kappa and Krippendorff's alpha, with intervals.

They are worked out from how many items were coded alike by the same coders, so that a hundred
thousand items take no longer than a hundred; nltk, which goes through items one by one, says the
same in the tests. Kappa: Cohen (1960), Educational and Psychological Measurement 20:37; alpha:
Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

An item counts for a pair that has coded it, and for alpha where two or more have. The standard
error is that of the jackknife over items: each item is left out once, and what then changes tells
how much hangs on single items. The interval is that of the logarithm of what is lacking to 1
(disagreement over that of chance), so that it never goes beyond 1; how often it holds the true
value is in docs/feed.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import combinations
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from analyzer.statistics.intervals import DEVIATIONS

Pattern = tuple[tuple[str, str], ...]  # (coder, category) of one item, by coder
Values = NDArray[np.float64]
Codes = Mapping[str, Mapping[str, str]]  # coder -> item -> category
# Krippendorff, Content Analysis: rely on 0.800 and above; from 0.667 on, tentatively.
RELIABLE: Final = 0.8
TENTATIVE: Final = 0.667
_ERROR: Final = 0.025  # beyond each end
_NONE: Final = 1e-12


class Coefficient(msgspec.Struct, frozen=True):
    """A coefficient with its 95% interval; None where it is not defined (one category only)."""

    value: float | None
    low: float | None = None
    high: float | None = None


class Pair(msgspec.Struct, frozen=True):
    """Two coders on the items that both have coded."""

    a: str
    b: str
    items: int
    same: int  # items to which both gave the same category
    kappa: Coefficient


class CategoryAgreement(msgspec.Struct, frozen=True):
    """Krippendorff's alpha of "this category or not"; `given`: how often it was, by all coders."""

    category: str
    given: int
    alpha: Coefficient


class Agreement(msgspec.Struct, frozen=True):
    """How far coders agree. `share` is of the items that two or more have coded, 0..1."""

    coders: tuple[str, ...]
    items: int  # that anybody has coded
    both: int  # that two or more have
    share: float | None  # of `both`, on which all agree
    alpha: Coefficient
    alpha_harmful: Coefficient  # of "harmful or not", which is what is counted
    pairs: tuple[Pair, ...]
    categories: tuple[CategoryAgreement, ...]


def agreement(codes: Codes, keys: Sequence[str], harmful: frozenset[str]) -> Agreement:
    """Return how far the coders of `codes` agree; `keys` are the categories, in order."""
    patterns = _patterns(codes)
    shared = {each: count for each, count in patterns.items() if len(each) > 1}
    both = sum(shared.values())
    same = sum(count for each, count in shared.items() if len({code for _, code in each}) == 1)
    return Agreement(
        coders=tuple(sorted(codes)),
        items=sum(patterns.values()),
        both=both,
        share=same / both if both else None,
        alpha=_with_interval(shared, _alpha),
        alpha_harmful=_with_interval(_as(shared, harmful.__contains__), _alpha),
        pairs=tuple(_pair(codes, a, b) for a, b in combinations(sorted(codes), 2)),
        categories=tuple(_category(shared, key) for key in keys),
    )


def of_these(
    codes: Codes, items: Collection[str], harmful: frozenset[str]
) -> tuple[Coefficient, int]:
    """Return alpha of "harmful or not" on `items`, and how many of them two or more have coded."""
    patterns = _patterns(
        {
            coder: {item: code for item, code in given.items() if item in items}
            for coder, given in codes.items()
        }
    )
    shared = {each: count for each, count in patterns.items() if len(each) > 1}
    return _with_interval(_as(shared, harmful.__contains__), _alpha), sum(shared.values())


def kappa(patterns: Mapping[Pattern, int]) -> float | None:
    """Return Cohen's kappa of two coders; None where chance alone would always agree."""
    return _defined(_kappa(patterns).value)


def alpha(patterns: Mapping[Pattern, int]) -> float | None:
    """Return Krippendorff's nominal alpha; None where there is but one category."""
    return _defined(_alpha(patterns).value)


class _Jackknife(NamedTuple):
    """A coefficient, and what it is without one item of each pattern; nan where not defined."""

    value: float
    without: Values


def _kappa(patterns: Mapping[Pattern, int]) -> _Jackknife:
    times = np.asarray([*patterns.values()], dtype=np.float64)
    first, second = (_given(patterns, slice(place, place + 1)) for place in range(2))
    same = (first * second).sum(axis=1)

    def of(items: Values, agreed: Values, rows: Values, columns: Values) -> Values:
        by_chance = (rows * columns).sum(axis=-1) / items**2
        found: Values = 1 - (1 - agreed / items) / (1 - by_chance)
        return found

    items, agreed, rows, columns = times.sum(), times @ same, times @ first, times @ second
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Jackknife(
            float(of(items, agreed, rows, columns)),
            of(items - 1, agreed - same, rows - first, columns - second),
        )


def _alpha(patterns: Mapping[Pattern, int]) -> _Jackknife:
    shared = {each: count for each, count in patterns.items() if len(each) > 1}
    times = np.asarray([*shared.values()], dtype=np.float64)
    given = _given(shared, slice(None))
    coders = given.sum(axis=1)
    apart = (coders**2 - (given**2).sum(axis=1)) / (coders - 1)

    def of(codes: Values, disagreed: Values, totals: Values) -> Values:
        found: Values = 1 - (codes - 1) * disagreed / (codes**2 - (totals**2).sum(axis=-1))
        return found

    codes, disagreed, totals = times @ coders, times @ apart, times @ given
    with np.errstate(divide="ignore", invalid="ignore"):
        return _Jackknife(
            float(of(codes, disagreed, totals)),
            of(codes - coders, disagreed - apart, totals - given),
        )


def _given(patterns: Mapping[Pattern, int], coders: slice) -> Values:
    """Return how often each pattern (row) has each category (column) by these of its coders."""
    names = sorted({code for pattern in patterns for _, code in pattern})
    places = {name: place for place, name in enumerate(names)}
    found = np.zeros((len(patterns), len(names)))
    for row, pattern in zip(found, patterns, strict=True):
        for _, code in pattern[coders]:
            row[places[code]] += 1
    return found


def _defined(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _patterns(codes: Codes) -> Counter[Pattern]:
    given: dict[str, list[tuple[str, str]]] = {}
    for coder in sorted(codes):
        for item, category in codes[coder].items():
            given.setdefault(item, []).append((coder, category))
    return Counter(tuple(each) for each in given.values())


def _as(patterns: Mapping[Pattern, int], positive: Callable[[str], bool]) -> Counter[Pattern]:
    """Return the patterns with "yes" for what is `positive` and "no" for the rest."""
    found: Counter[Pattern] = Counter()
    for pattern, count in patterns.items():
        told = tuple((coder, "yes" if positive(code) else "no") for coder, code in pattern)
        found[told] += count
    return found


def _category(patterns: Mapping[Pattern, int], key: str) -> CategoryAgreement:
    given = sum(
        count for pattern, count in patterns.items() for _, category in pattern if category == key
    )
    return CategoryAgreement(key, given, _with_interval(_as(patterns, key.__eq__), _alpha))


def _pair(codes: Codes, a: str, b: str) -> Pair:
    both = codes[a].keys() & codes[b].keys()
    patterns = _patterns({coder: {item: codes[coder][item] for item in both} for coder in (a, b)})
    same = sum(codes[a][item] == codes[b][item] for item in both)
    return Pair(a, b, len(both), same, _with_interval(patterns, _kappa))


def _with_interval(
    patterns: Mapping[Pattern, int], coefficient: Callable[[Mapping[Pattern, int]], _Jackknife]
) -> Coefficient:
    """Return the coefficient with its interval; without one where it hangs on a single item."""
    value, without = coefficient(patterns)
    times = np.asarray([*patterns.values()], dtype=np.float64)
    count = float(times.sum())
    if not math.isfinite(value):
        return Coefficient(None)
    if count < 3 or not np.isfinite(without).all():
        return Coefficient(value)
    lacking = 1 - value
    if lacking < _NONE:
        return Coefficient(value, _all_agree(patterns), 1.0)
    mean = times @ without / count
    spread = float(times @ (without - mean) ** 2) * (count - 1) / count
    factor = math.exp(min(DEVIATIONS * math.sqrt(spread) / lacking, 700.0))
    return Coefficient(value, max(-1.0, 1 - lacking * factor), 1 - lacking / factor)


def _all_agree(patterns: Mapping[Pattern, int]) -> float:
    """Return the lower end where coders agree on every item.

    The share of items on which they would disagree is taken at its exact one-sided bound (none seen
    in so many with a chance of 2.5%), over the disagreement that chance alone gives.
    """
    count = sum(patterns.values())
    given: Counter[str] = Counter()
    for pattern, times in patterns.items():
        for _, category in pattern:
            given[category] += times
    total = given.total()
    by_chance = 1 - sum((n / total) ** 2 for n in given.values())
    at_most = 1 - math.pow(_ERROR, 1 / count)
    return max(-1.0, 1 - at_most / by_chance)

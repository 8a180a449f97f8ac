"""The rank test within blocks, the shift and its interval: laws, brute force and SciPy."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from itertools import combinations, pairwise, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from analyzer.statistics import Interval, Shift, equivalent, ranks, shifts

SOME = st.integers(0, 5).map(float) | st.just(math.nan)
sessions = st.lists(
    st.tuples(SOME, st.booleans(), st.sampled_from(["", "x"])), min_size=2, max_size=9
)
Drawn = list[tuple[float, bool, str]]


def shift(drawn: Sequence[tuple[float, bool, str]], **options: bool) -> Shift:
    values, in_a, blocks = zip(*drawn, strict=True)
    return shifts([values], in_a, blocks, **options)[0]


def two_sides(a: Sequence[float], b: Sequence[float], **options: bool) -> Shift:
    return shifts([[*a, *b]], [True] * len(a) + [False] * len(b), [""] * (len(a) + len(b)))[0]


def statistic(drawn: Drawn, in_a: Sequence[bool]) -> int:
    """Return S by its definition."""
    return sum(
        (drawn[i][0] > drawn[j][0]) - (drawn[i][0] < drawn[j][0])
        for i, j in product(range(len(drawn)), repeat=2)
        if in_a[i] and not in_a[j] and drawn[i][2] == drawn[j][2]
    )


def relabellings(drawn: Drawn) -> list[list[bool]]:
    found: list[list[bool]] = [[False] * len(drawn)]
    for block in {each[2] for each in drawn}:
        places = [at for at, each in enumerate(drawn) if each[2] == block]
        n_a = sum(drawn[at][1] for at in places)
        found = [
            [was or at in chosen for at, was in enumerate(labels)]
            for labels in found
            for chosen in combinations(places, n_a)
        ]
    return found


@settings(deadline=None)
@given(sessions)
def test_p_counts_every_relabelling_within_blocks(drawn: Drawn) -> None:
    there = [each for each in drawn if not math.isnan(each[0])]
    observed = abs(statistic(there, [each[1] for each in there]))
    every = [abs(statistic(there, labels)) for labels in relabellings(there)]
    expected = sum(each >= observed for each in every) / len(every)
    found = shift(drawn)
    assert found.p == pytest.approx(expected)
    possible = {sum(each >= at for each in every) / len(every) for at in every}
    assert found.support == pytest.approx(sorted(possible))


@settings(max_examples=25, deadline=None)
@given(sessions)
def test_without_a_difference_p_is_as_small_as_t_with_a_chance_of_t(drawn: Drawn) -> None:
    """Deal the sessions to the sides in every way: p is uniform on what it can be."""
    there = [each for each in drawn if not math.isnan(each[0])]
    assume(there)
    found = [
        shift([(value, side, block) for (value, _, block), side in zip(there, labels, strict=True)])
        for labels in relabellings(there)
    ]
    for t in found[0].support:
        assert np.mean([each.p <= t + 1e-9 for each in found]) == pytest.approx(t)


@settings(deadline=None)
@given(sessions)
def test_the_shift_is_the_median_of_all_pairs_within_blocks(drawn: Drawn) -> None:
    gaps = [
        a[0] - b[0]
        for a, b in product(drawn, repeat=2)
        if a[1] and not b[1] and a[2] == b[2] and not math.isnan(a[0] - b[0])
    ]
    found = shift(drawn)
    assert found.effect == pytest.approx(np.median(gaps) if gaps else math.nan, nan_ok=True)
    assert found.interval.low <= found.interval.high
    if gaps:
        assert found.interval.low <= found.effect <= found.interval.high


@settings(deadline=None)
@given(
    st.lists(st.floats(-50, 50), min_size=2, max_size=9, unique=True),
    st.lists(st.floats(-50, 50), min_size=2, max_size=9, unique=True),
)
def test_without_ties_p_is_scipys_exact_one(a: list[float], b: list[float]) -> None:
    assume(len({*a, *b}) == len(a) + len(b))
    expected = mannwhitneyu(a, b, method="exact").pvalue
    assert two_sides(a, b).p == pytest.approx(float(expected))


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 999), min_size=4, max_size=8, unique=True),
    st.lists(st.integers(0, 999), min_size=4, max_size=8, unique=True),
)
def test_the_interval_holds_exactly_the_shifts_that_scipys_test_does_not_reject(
    a: list[int], b: list[int]
) -> None:
    # Irregular steps: all differences between values are distinct.
    left = [each + 0.001 * at * at for at, each in enumerate(sorted(a), 1)]
    right = [each + 0.0000137 * at**3 for at, each in enumerate(sorted(b), 1)]
    gaps = sorted(x - y for x in left for y in right)
    assume(min(np.diff(gaps)) > 1e-7)
    found = two_sides(left, right).interval
    middles = [(low + high) / 2 for low, high in pairwise(gaps)]
    middles += [gaps[0] - 1, gaps[-1] + 1]
    for shifted in middles:
        p = mannwhitneyu([x - shifted for x in left], right, method="exact").pvalue
        assert (found.low < shifted < found.high) == (p > 0.05)


def test_the_interval_is_the_published_one() -> None:
    # Hollander and Wolfe (1973), 69f.: permeability constants of the human chorioamnion, the
    # example of R's wilcox.test, which gives p = 0.2544 (two-sided), and 95% from -0.76 to 0.15.
    at_term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    months_12_26 = [1.15, 0.88, 0.90, 0.74, 1.21]
    found = two_sides(months_12_26, at_term)
    assert found.p == pytest.approx(0.2544, abs=5e-5)
    assert found.interval == pytest.approx((-0.76, 0.15))
    assert found.effect == pytest.approx(-0.305)


@settings(deadline=None)
@given(sessions, st.booleans())
def test_swapping_the_sides_mirrors_everything(drawn: Drawn, ratio: bool) -> None:
    there = shift(drawn, ratio=ratio)
    back = shift([(value, not in_a, block) for value, in_a, block in drawn], ratio=ratio)
    assert (there.p, there.support) == (back.p, back.support)
    assert (there.n_a, there.n_b) == (back.n_b, back.n_a)
    numbers = (there.effect, there.interval.high, there.interval.low)
    mirrored = [_upside_down(each) if ratio else -each for each in numbers]
    assert (back.effect, *back.interval) == pytest.approx(mirrored, nan_ok=True)


def _upside_down(ratio: float) -> float:
    return math.inf if ratio == 0 else 1 / ratio


@settings(deadline=None)
@given(sessions, st.randoms(use_true_random=False))
def test_order_and_names_of_blocks_do_not_matter(drawn: Drawn, chance: random.Random) -> None:
    renamed = [(value, in_a, {"": "z", "x": "b"}[block]) for value, in_a, block in drawn]
    chance.shuffle(renamed)
    there, back = shift(drawn), shift(renamed)
    assert (there.p, there.support, there.interval) == (back.p, back.support, back.interval)


@settings(deadline=None)
@given(sessions, st.floats(0.1, 100), st.floats(-50, 50))
def test_another_unit_changes_the_shift_and_not_the_test(
    drawn: Drawn, factor: float, offset: float
) -> None:
    there = shift(drawn)
    back = shift([(value * factor + offset, *rest) for value, *rest in drawn])  # type: ignore[misc]
    assert there.p == back.p
    assert back.effect == pytest.approx(there.effect * factor, abs=1e-9, nan_ok=True)


@settings(deadline=None)
@given(st.lists(SOME, min_size=1, max_size=8), st.sampled_from(["", "x"]))
def test_two_sides_with_the_same_values_do_not_differ(values: list[float], block: str) -> None:
    found = shift([(value, side, block) for value in values for side in (True, False)])
    assert found.p == 1.0
    assert math.isnan(found.effect) or found.effect == 0


def test_other_rows_do_not_matter_for_a_row_that_is_sampled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranks, "_CELLS", 0)
    monkeypatch.setattr(ranks, "_WORTH", 0)
    generator = np.random.default_rng(3)
    table = generator.normal(size=(4, 20)).round(1)
    sides, blocks = [True, False] * 10, [*"xxyy"] * 5
    together = shifts(table, sides, blocks)
    assert [shifts([row], sides, blocks)[0] for row in table[::-1]] == together[::-1]
    back = shifts(table[:, ::-1], [not each for each in sides[::-1]], blocks[::-1])
    assert [each.p for each in back] == [each.p for each in together]
    assert all(each.support == () for each in together)


@pytest.mark.parametrize("gap", [0.0, 0.7, 5.0])
def test_sampling_comes_close_to_the_exact_p_and_never_gives_none(
    gap: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(5)
    row = (generator.normal(size=24).round(1) + gap * np.tile([1, 0], 12)).tolist()
    sides, blocks = [True, False] * 12, [*"xxxyyy"] * 4
    known = shifts([row], sides, blocks)[0].p
    monkeypatch.setattr(ranks, "_CELLS", 0)
    monkeypatch.setattr(ranks, "_WORTH", 0)
    sampled = shifts([row], sides, blocks, samples=999)[0]
    assert sampled.p >= 1 / 1000
    assert sampled.p == pytest.approx(known, abs=4 * math.sqrt(known * (1 - known) / 999) + 0.002)
    assert shifts([row], sides, blocks, samples=999)[0] == sampled
    assert (sampled.p * 1000) % 1 == pytest.approx(0, abs=1e-6)


def test_a_row_that_matters_is_exact_even_where_sampling_is_the_rule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ranks, "_CELLS", 0)
    found = two_sides(range(10), range(100, 110))
    assert found.p == pytest.approx(2 / math.comb(20, 10))
    assert two_sides(range(10), range(10)).support == ()


def test_three_sessions_a_side_bound_nothing() -> None:
    found = two_sides([1, 2, 3], [11, 12, 13])
    assert found.interval == (-math.inf, math.inf)
    assert found.p == pytest.approx(0.1)


def test_no_session_with_a_value_on_one_side_says_nothing() -> None:
    found = two_sides([math.nan, math.nan], [1, 2])
    assert (found.n_a, found.n_b, found.p, found.support) == (0, 2, 1.0, (1.0,))
    assert math.isnan(found.effect)
    assert found.interval == (-math.inf, math.inf)
    assert shifts(np.zeros((0, 3)), [True, False, False], [""] * 3) == []


def test_a_ratio_is_told_where_one_side_sends_nothing() -> None:
    values, sides, blocks = [0.0] * 6 + [3.0] * 6, [True] * 6 + [False] * 6, [""] * 12
    found = shifts([values], sides, blocks, ratio=True)[0]
    assert (found.effect, found.interval) == (0.0, (0.0, 0.0))
    assert shifts([[0.0] * 12], sides, blocks, ratio=True)[0].effect == 1.0
    doubled = shifts([[2, 4, 6, 8, 10, 12, 1, 2, 3, 4, 5, 6]], sides, blocks, ratio=True)[0]
    assert doubled.effect == pytest.approx(2.0, rel=0.2)


def test_a_margin_of_a_ratio_is_a_factor() -> None:
    assert equivalent(Interval(0.67, 1.49), 1.5, ratio=True)
    assert not equivalent(Interval(0.66, 1.0), 1.5, ratio=True)
    assert equivalent(Interval(-2, 2), 2)
    assert not equivalent(Interval(-2, math.inf), 2)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=1, max_size=3))
def test_the_distribution_without_ties_is_that_of_distinct_values(
    sizes: list[tuple[int, int]],
) -> None:
    """The interval's critical value against the distribution that the test itself uses."""
    blocks = ranks.canonical([ranks.Ties(a, b, (1,) * (a + b)) for a, b in sizes])
    pairs = sum(a * b for a, b in sizes)
    level = 0.1
    c = ranks.critical(tuple(sorted((min(each), max(each)) for each in sizes)), level)
    tail = ranks.tail(blocks, 0, 99, 0)
    # C - 1 pairs above of all: S = 2 (C - 1) - pairs; both tails together have twice the level.
    assert c == 0 or tail.p(pairs - 2 * (c - 1)) <= 2 * level + 1e-9
    assert 2 * c > pairs or tail.p(pairs - 2 * c) > 2 * level - 1e-9


def test_thousands_of_rows_take_seconds() -> None:
    generator = np.random.default_rng(1)
    table = generator.lognormal(size=(2000, 100)).round(2)
    table[generator.random(table.shape) < 0.2] = math.nan
    began = time.process_time()
    found = shifts(table, [True, False] * 50, [f"{at // 10}" for at in range(100)])
    assert time.process_time() - began < 20
    assert np.mean([each.p <= 0.05 for each in found]) == pytest.approx(0.05, abs=0.02)

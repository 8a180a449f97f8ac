"""Intervals and tests, against published values and against SciPy."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, fisher_exact

from analyzer.statistics import (
    Block,
    Interval,
    attainable,
    benjamini_hochberg,
    contrast,
    enough,
    newcombe,
    permutation,
    wilson,
)

sides = st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
blocks = st.lists(st.tuples(sides, sides), min_size=1, max_size=4).map(
    lambda found: [Block(k_a, n_a, k_b, n_b) for (k_a, n_a), (k_b, n_b) in found]
)


@pytest.mark.parametrize(
    ("k_a", "n_a", "k_b", "n_b", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17:873, table II, method 10, contrasts (a) to (h).
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0),
        (10, 10, 0, 10, 0.6075, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(
    k_a: int, n_a: int, k_b: int, n_b: int, low: float, high: float
) -> None:
    assert newcombe(k_a / n_a, n_a, k_b / n_b, n_b) == pytest.approx((low, high), abs=5e-5)


@given(sides)
def test_the_interval_of_a_share_is_that_of_scipy(side: tuple[int, int]) -> None:
    k, n = side
    found = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k / n, n) == pytest.approx((found.low, found.high), abs=1e-12)


@given(sides, st.integers(2, 5))
def test_more_sessions_with_the_same_share_narrow_the_interval(
    side: tuple[int, int], times: int
) -> None:
    k, n = side
    few, many = wilson(k / n, n), wilson(k / n, n * times)
    assert few.low <= many.low + 1e-12
    assert many.high <= few.high + 1e-12


@given(sides, sides)
def test_swapping_the_sides_mirrors_the_interval(a: tuple[int, int], b: tuple[int, int]) -> None:
    there = newcombe(a[0] / a[1], a[1], b[0] / b[1], b[1])
    back = newcombe(b[0] / b[1], b[1], a[0] / a[1], a[1])
    assert (-there.high, -there.low) == pytest.approx(back)


@given(st.integers(1, 12), st.data())
def test_with_one_block_of_equal_sides_the_test_is_fishers(n: int, data: st.DataObject) -> None:
    k_a, k_b = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    expected = fisher_exact(np.array([[k_a, n - k_a], [k_b, n - k_b]])).pvalue
    assert permutation([Block(k_a, n, k_b, n)]) == pytest.approx(float(expected))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1)), min_size=2, max_size=9), st.data())
def test_the_test_counts_every_relabelling_within_blocks(
    sessions: list[tuple[bool, int]], data: st.DataObject
) -> None:
    """Against the definition: go through all relabellings and count those as far away."""
    seen = [was for was, _ in sessions]
    block = [number for _, number in sessions]
    in_a = [data.draw(st.booleans()) for _ in sessions]
    given_blocks = []
    for number in (0, 1):
        a = [s for s, n, left in zip(seen, block, in_a, strict=True) if n == number and left]
        b = [s for s, n, left in zip(seen, block, in_a, strict=True) if n == number and not left]
        given_blocks.append(Block(sum(a), len(a), sum(b), len(b)))
    totals = [0]
    for number, found in enumerate(given_blocks):
        inside = [s for s, n in zip(seen, block, strict=True) if n == number]
        totals = [
            total + sum(inside[place] for place in chosen)
            for total in totals
            for chosen in combinations(range(len(inside)), found.n_a)
        ]
    mean = sum(totals) / len(totals)
    observed = abs(sum(found.k_a for found in given_blocks) - mean)
    expected = sum(abs(total - mean) >= observed - 1e-9 for total in totals) / len(totals)
    assert permutation(given_blocks) == pytest.approx(expected)


def test_a_p_that_is_very_small_is_not_nothing() -> None:
    found = [Block(0, 10, 8, 8), Block(0, 11, 8, 8), Block(0, 11, 8, 8)]
    assert permutation(found) == pytest.approx(1 / 43758 / 75582**2)
    assert 0 not in attainable(found)


@given(blocks)
def test_swapping_the_sides_or_the_blocks_does_not_change_p(found: list[Block]) -> None:
    mirrored = [Block(each.k_b, each.n_b, each.k_a, each.n_a) for each in reversed(found)]
    assert permutation(found) == pytest.approx(permutation(mirrored))
    assert 0 < permutation(found) <= 1


def test_blocks_take_out_what_drifts_with_time() -> None:
    early, late = Block(0, 5, 0, 1), Block(1, 1, 5, 5)
    assert permutation([early, late]) == 1.0
    assert permutation([Block(1, 6, 5, 6)]) == pytest.approx(0.0801, abs=5e-5)


def test_three_sessions_against_three_can_never_be_significant() -> None:
    assert permutation([Block(3, 3, 0, 3)]) == pytest.approx(0.1)
    assert permutation([Block(4, 4, 0, 4)]) == pytest.approx(2 / 70)


@given(st.lists(st.floats(0, 1), max_size=20))
def test_q_is_never_below_p_and_keeps_its_order(ps: list[float]) -> None:
    qs = benjamini_hochberg(ps)
    assert all(q >= p - 1e-12 for p, q in zip(ps, qs, strict=True))
    ranked = [q for _, q in sorted(zip(ps, qs, strict=True))]
    assert ranked == sorted(ranked)


def test_a_difference_of_differences_joins_their_uncertainties() -> None:
    effect, found = contrast((0.5, Interval(0.2, 0.7)), (-0.1, Interval(-0.4, 0.3)))
    assert effect == pytest.approx(0.6)
    assert found.low == pytest.approx(0.6 - math.hypot(0.3, 0.4))
    assert found.high == pytest.approx(0.6 + math.hypot(0.2, 0.3))


SHARES = st.floats(0, 1).map(lambda share: round(share, 9))  # what floats beyond that is SciPy's


@given(SHARES, SHARES)
def test_what_is_called_enough_decides_the_row_in_four_of_five_studies(
    share_a: float, share_b: float
) -> None:
    n = enough(share_a, share_b, alpha=0.05, margin=0.4, least=5)
    assert n is not None
    assert n >= 5
    if n > 30:
        return
    decided = sum(
        float(binom.pmf(k_a, n, share_a) * binom.pmf(k_b, n, share_b))
        for k_a in range(n + 1)
        for k_b in range(n + 1)
        if permutation([Block(k_a, n, k_b, n)]) <= 0.05
        or newcombe(k_a / n, n, k_b / n, n).within(0.4)
    )
    assert decided >= 0.8 - 1e-9


def test_nothing_is_enough_for_a_margin_that_no_study_reaches() -> None:
    assert enough(0.5, 0.5, alpha=0.05, margin=0.01, least=5) is None

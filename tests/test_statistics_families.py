"""Which of many rows are called different, against published values and the definition."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from analyzer.statistics import Block, Support, attainable, benjamini_hochberg, discoveries
from analyzer.statistics import permutation as exact
from analyzer.statistics.multiplicity import Family
from analyzer.statistics.shares import Margins, null

ALPHA = 0.05

# The toy example of the R package DiscreteFDR (Doehler, Durand, Junge, Roquain), vignette 1.
TOY_A, TOY_N_A = (4, 2, 2, 14, 6, 9, 4, 0, 1), 148
TOY_B, TOY_N_B = (0, 0, 1, 3, 2, 1, 2, 2, 2), 132
TOY_P = (0.12477, 0.49985, 1.0, 0.012431, 0.28849, 0.021269, 0.68723, 0.22135, 0.60330)
TOY_BH = (0.37430072, 0.74976959, 1.0, 0.09570921, 0.51928737, 0.09570921, 0.77313633)


def fisher(k_a: int, k_b: int) -> float:
    table = [[k_a, TOY_N_A - k_a], [k_b, TOY_N_B - k_b]]
    return float(fisher_exact(np.array(table)).pvalue)


def toy() -> tuple[list[float], list[Support]]:
    ps = [fisher(k_a, k_b) for k_a, k_b in zip(TOY_A, TOY_B, strict=True)]
    supports = [
        tuple(sorted(fisher(k, seen - k) for k in range(seen + 1)))
        for seen in (k_a + k_b for k_a, k_b in zip(TOY_A, TOY_B, strict=True))
    ]
    return ps, supports


def chance(support: Support, at: float) -> float:
    if not support:
        return at
    return max((p for p in support if p <= at * (1 + 1e-9)), default=0.0)


def by_definition(ps: Sequence[float], supports: Sequence[Support], alpha: float) -> set[int]:
    """Return the rows rejected by the procedure [HSU], from its critical values."""
    m = len(ps)
    points = sorted({*(p for each in supports for p in each), alpha / (1 + alpha), alpha, *ps})
    points = [point for point in points if point <= alpha]

    def odds(at: float, limit: float) -> float:
        return sum(chance(each, at) / (1 - chance(each, limit)) for each in supports)

    limit = max((t for t in points if odds(t, t) <= alpha * m * (1 + 1e-9)), default=0.0)
    rejected: set[int] = set()
    for k in range(1, m + 1):
        bound = max(
            (t for t in points if t <= limit and odds(t, limit) <= alpha * k * (1 + 1e-9)),
            default=0.0,
        )
        below = {row for row, p in enumerate(ps) if p <= bound * (1 + 1e-9)}
        if len(below) >= k:
            rejected = below
    return rejected


sides = st.integers(4, 9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
families = st.lists(st.tuples(sides, sides, st.booleans()), min_size=1, max_size=12)


def family(
    drawn: Sequence[tuple[tuple[int, int], tuple[int, int], bool]],
) -> tuple[list[float], list[Support]]:
    """Return the p-values and supports of rows, of which some do not tell their support."""
    rows = [([Block(*a, *b)], known) for a, b, known in drawn]
    return [exact(row) for row, _ in rows], [
        attainable(row) if known else () for row, known in rows
    ]


def test_the_published_example_has_two_discoveries_where_benjamini_hochberg_has_none() -> None:
    ps, supports = toy()
    assert ps == pytest.approx(TOY_P, rel=1e-4)
    assert benjamini_hochberg(ps)[:7] == pytest.approx(TOY_BH, abs=1e-6)
    assert min(benjamini_hochberg(ps)) > ALPHA
    found = discoveries(ps, supports, ALPHA)
    assert [row for row, q in enumerate(found.qs) if q <= ALPHA] == [3, 5]
    assert found.critical == ps[5]


@settings(deadline=None)
@given(families, st.sampled_from([0.01, 0.05, 0.2]))
def test_discoveries_are_those_of_the_definition(
    drawn: list[tuple[tuple[int, int], tuple[int, int], bool]], alpha: float
) -> None:
    ps, supports = family(drawn)
    found = discoveries(ps, supports, alpha)
    called = {row for row, q in enumerate(found.qs) if q <= alpha}
    assert called == by_definition(ps, supports, alpha)
    assert called == {row for row, p in enumerate(ps) if p <= found.critical}
    assert Family(supports, alpha).critical(np.array(ps)) == found.critical


@settings(deadline=None)
@given(families, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    drawn: list[tuple[tuple[int, int], tuple[int, int], bool]], chance: object
) -> None:
    ps, supports = family(drawn)
    order = list(range(len(ps)))
    chance.shuffle(order)  # type: ignore[attr-defined]
    there = discoveries(ps, supports, ALPHA)
    back = discoveries([ps[at] for at in order], [supports[at] for at in order], ALPHA)
    assert back.qs == pytest.approx([there.qs[at] for at in order])


@settings(deadline=None)
@given(families)
def test_q_is_never_below_p_and_keeps_its_order(
    drawn: list[tuple[tuple[int, int], tuple[int, int], bool]],
) -> None:
    ps, supports = family(drawn)
    found = discoveries(ps, supports, ALPHA)
    assert all(p <= q <= 1 for p, q in zip(ps, found.qs, strict=True))
    ranked = [q for _, q in sorted(zip(ps, found.qs, strict=True))]
    assert ranked == pytest.approx(sorted(ranked))


@settings(deadline=None)
@given(families, st.integers(1, 50))
def test_rows_that_can_never_be_significant_cost_nothing(
    drawn: list[tuple[tuple[int, int], tuple[int, int], bool]], more: int
) -> None:
    ps, supports = family(drawn)
    before = discoveries(ps, supports, ALPHA)
    never: list[Support] = [(1.0,) for _ in range(more)]
    after = discoveries(ps + more * [1.0], supports + never, ALPHA)
    assert all(q == 1.0 for q in after.qs[len(ps) :])
    for q, other in zip(before.qs, after.qs, strict=False):
        # Only the factor of the proof, which is between 1 and 1 / (1 - alpha), may change.
        assert q > ALPHA or other <= q / (1 - ALPHA) + 1e-9


def test_rows_whose_p_is_continuous_are_judged_nearly_as_by_benjamini_hochberg() -> None:
    ps = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    ps += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    found = discoveries(ps, [()] * len(ps), ALPHA)
    assert sum(q <= ALPHA for q in found.qs) == 4
    assert found.qs[:4] == pytest.approx(
        [q * (1 + ALPHA) for q in benjamini_hochberg(ps)[:4]], rel=1e-3
    )


@settings(deadline=None)
@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=4))
def test_without_a_difference_p_is_as_small_as_t_with_a_chance_of_t(
    drawn: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    blocks = [Block(*a, *b) for a, b in drawn]
    found = null(tuple(sorted(Margins(each.n_a, each.n_b, each.k_a + each.k_b) for each in blocks)))
    assert found.chances.sum() == pytest.approx(1)
    for t in attainable(blocks):
        assert found.chances[found.ps <= t].sum() == pytest.approx(t)


def test_no_row_gives_no_discovery() -> None:
    assert discoveries([], [], ALPHA) == ((), 0.0)

"""Agreement with SciPy and statsmodels, where these have the method."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import barnard_exact, fisher_exact, permutation_test
from statsmodels.stats.contingency_tables import StratifiedTable  # type: ignore[import-untyped]
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]
from statsmodels.stats.proportion import confint_proportions_2indep  # type: ignore[import-untyped]

from analyzer.statistics import Block, benjamini_hochberg, homogeneity, newcombe, permutation

sides = st.integers(1, 7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(deadline=None)
@given(sides, sides)
def test_newcombes_interval_is_that_of_statsmodels(a: tuple[int, int], b: tuple[int, int]) -> None:
    found = newcombe(a[0] / a[1], a[1], b[0] / b[1], b[1])
    known = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff")
    assert found == pytest.approx(known, abs=1e-6)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_q_is_that_of_statsmodels(ps: list[float]) -> None:
    known = multipletests(ps, method="fdr_bh")[1]
    assert benjamini_hochberg(ps) == pytest.approx(known.tolist())


@settings(deadline=None)
@given(st.lists(st.tuples(sides, sides), min_size=1, max_size=4))
def test_two_groups_in_blocks_give_the_statistic_of_cochran_mantel_and_haenszel(
    drawn: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    assume(any(0 < a[0] + b[0] < a[1] + b[1] for a, b in drawn))
    tables = [np.array([[a[0], a[1] - a[0]], [b[0], b[1] - b[0]]]) for a, b in drawn]
    known = StratifiedTable(tables).test_null_odds(correction=False).statistic
    rows = [
        (at < k, group, str(block))
        for block, pair in enumerate(drawn)
        for group, (k, n) in zip("AB", pair, strict=True)
        for at in range(n)
    ]
    seen, groups, blocks = zip(*rows, strict=True)
    assert homogeneity([seen], groups, blocks)[0].statistic == pytest.approx(float(known))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.integers(2, 5), st.data())
def test_one_block_is_scipys_permutation_test(n_a: int, n_b: int, data: st.DataObject) -> None:
    a = data.draw(st.lists(st.booleans(), min_size=n_a, max_size=n_a))
    b = data.draw(st.lists(st.booleans(), min_size=n_b, max_size=n_b))
    share = (sum(a) + sum(b)) / (n_a + n_b)
    known = permutation_test(
        (np.array(a, dtype=float), np.array(b, dtype=float)),
        lambda x, y: abs(x.sum() - n_a * share),
        alternative="greater",
        n_resamples=10**6,
    )
    assert permutation([Block(sum(a), n_a, sum(b), n_b)]) == pytest.approx(float(known.pvalue))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=8))
def test_blocks_of_one_against_one_are_scipys_paired_permutation_test(
    pairs: list[tuple[bool, bool]],
) -> None:
    a, b = (np.array(each, dtype=float) for each in zip(*pairs, strict=True))
    known = permutation_test(
        (a, b),
        lambda x, y: abs((x - y).sum()),
        permutation_type="samples",
        alternative="greater",
        n_resamples=10**6,
    )
    found = permutation([Block(int(x), 1, int(y), 1) for x, y in pairs])
    assert found == pytest.approx(float(known.pvalue))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 6), st.data())
def test_the_exact_test_is_on_the_safe_side_of_barnards(n: int, data: st.DataObject) -> None:
    """Barnard's test is not conditional, and sharper; where ours finds, it finds, too."""
    k_a, k_b = data.draw(st.integers(0, n)), data.draw(st.integers(0, n))
    table = np.array([[k_a, k_b], [n - k_a, n - k_b]])
    ours = permutation([Block(k_a, n, k_b, n)])
    assert ours == pytest.approx(float(fisher_exact(table).pvalue))
    assert float(barnard_exact(table).pvalue) <= ours + 1e-6

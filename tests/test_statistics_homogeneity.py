"""The test of many groups within blocks: the definition, SciPy, and laws."""

from __future__ import annotations

import random
import sys
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from analyzer.statistics import Block, Homogeneity, homogeneity, permutation

Drawn = list[tuple[bool, str, str]]
sessions = st.lists(
    st.tuples(st.booleans(), st.sampled_from("ABC"), st.sampled_from(["", "x"])),
    min_size=2,
    max_size=7,
)


def result(drawn: Drawn) -> Homogeneity:
    seen, groups, blocks = zip(*drawn, strict=True)
    return homogeneity([seen], groups, blocks)[0]


def deals(drawn: Drawn) -> list[Drawn]:
    """Return all ways to deal the groups anew within the blocks."""
    parts = []
    for block in sorted({each[2] for each in drawn}):
        inside = [each for each in drawn if each[2] == block]
        parts.append(
            [
                [(each[0], group, block) for each, group in zip(inside, dealt, strict=True)]
                for dealt in permutations([each[1] for each in inside])
            ]
        )
    return [[each for part in chosen for each in part] for chosen in product(*parts)]


@settings(max_examples=40, deadline=None)
@given(sessions)
def test_p_counts_every_deal_within_blocks(drawn: Drawn) -> None:
    assume(len([each for each in drawn if each[2]]) <= 5)
    assume(len([each for each in drawn if not each[2]]) <= 5)
    found = result(drawn)
    every = [result(each).statistic for each in deals(drawn)]
    expected = sum(each >= found.statistic - 1e-9 for each in every) / len(every)
    assert found.p == pytest.approx(expected)
    assert min(abs(found.p - p) for p in found.support) < 1e-12


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 3)), min_size=2, max_size=4))
def test_with_one_block_the_statistic_is_pearsons(groups: list[tuple[int, int]]) -> None:
    drawn = [
        (at < k, name, "")
        for name, (k, more) in zip("ABCD", groups, strict=False)
        for at in range(k + more)
    ]
    assume(any(k for k, _ in groups))
    n = len(drawn)
    table = np.array([[k, more] for k, more in groups])
    expected = chi2_contingency(table, correction=False).statistic * (n - 1) / n
    assert result(drawn).statistic == pytest.approx(float(expected))


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 4), st.integers(1, 4)),
        min_size=1,
        max_size=3,
    )
)
def test_of_two_groups_it_is_the_test_of_two_sides(drawn: list[tuple[int, ...]]) -> None:
    blocks = [Block(min(k_a, n_a), n_a, min(k_b, n_b), n_b) for k_a, n_a, k_b, n_b in drawn]
    rows: Drawn = []
    for name, block in zip("xyz", blocks, strict=False):
        rows += [(at < block.k_a, "A", name) for at in range(block.n_a)]
        rows += [(at < block.k_b, "B", name) for at in range(block.n_b)]
    assert result(rows).p == pytest.approx(permutation(blocks))


@settings(deadline=None)
@given(sessions, st.randoms(use_true_random=False))
def test_names_and_order_do_not_matter(drawn: Drawn, chance: random.Random) -> None:
    names = dict(zip("ABC", chance.sample("PQRST", 3), strict=True))
    renamed = [(seen, names[group], block or "w") for seen, group, block in drawn]
    chance.shuffle(renamed)
    there, back = result(drawn), result(renamed)
    assert back.statistic == pytest.approx(there.statistic)
    assert back.p == pytest.approx(there.p)
    assert back.support == pytest.approx(there.support)


def test_groups_that_are_all_alike_never_differ() -> None:
    rows = [(seen, group, "") for group in "ABC" for seen in (True, True, False)]
    assert result(rows).p == 1.0
    assert result([(True, group, "") for group in "AABBC"]) == (0.0, 1.0, (1.0,))


def test_blocks_with_one_group_say_nothing() -> None:
    assert result([(True, "A", ""), (True, "A", ""), (False, "B", "x")]).p == 1.0


def test_sampling_comes_close_to_the_exact_p(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [name for name in "ABCDEF" for _ in range(4)]
    seen = [name in "AB" or at % 3 == 0 for at, name in enumerate(groups)]
    blocks = ["early", "late"] * 12
    known = homogeneity([seen], groups, blocks)[0]
    module = sys.modules[Homogeneity.__module__]
    monkeypatch.setattr(module, "_CELLS", 0)
    monkeypatch.setattr(module, "_WORTH", 0)
    sampled = homogeneity([seen], groups, blocks)[0]
    assert sampled.support == ()
    assert sampled.statistic == pytest.approx(known.statistic)
    assert sampled.p == pytest.approx(known.p, abs=0.01)
    assert sampled == homogeneity([seen], groups, blocks)[0]
    apart = homogeneity([[name == "A" for name in groups]], groups, blocks)[0]
    assert apart.p >= 1e-4


def test_no_row_gives_nothing() -> None:
    assert homogeneity(np.zeros((0, 2), dtype=bool), ["A", "B"], ["", ""]) == []

"""The noise floor: random splits of sessions that do not differ."""

from __future__ import annotations

import random
import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.statistics import (
    Block,
    Noise,
    apart,
    attainable,
    discoveries,
    newcombe,
    permutation,
    split_noise,
    strata,
)

ALPHA, MARGIN = 0.05, 0.4
tables = st.integers(2, 7).flatmap(
    lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=4)
)


def judged(
    table: list[list[bool]], chosen: set[int], blocks: list[str]
) -> list[tuple[bool, float]]:
    """Judge one split by the report's rule: whether each row is called different, and its gap."""
    n = len(blocks)
    rows = [
        [
            Block(
                sum(row[at] for at in range(n) if blocks[at] == name and at in chosen),
                sum(blocks[at] == name and at in chosen for at in range(n)),
                sum(row[at] for at in range(n) if blocks[at] == name and at not in chosen),
                sum(blocks[at] == name and at not in chosen for at in range(n)),
            )
            for name in sorted(set(blocks))
        ]
        for row in table
    ]
    found = discoveries(
        [permutation(each) for each in rows], [attainable(each) for each in rows], ALPHA
    )
    gaps = [
        abs(
            sum(each.k_a for each in blocks_) / sum(each.n_a for each in blocks_)
            - sum(each.k_b for each in blocks_) / sum(each.n_b for each in blocks_)
        )
        for blocks_ in rows
    ]
    return [(q <= ALPHA, gap) for q, gap in zip(found.qs, gaps, strict=True)]


@settings(max_examples=30, deadline=None)
@given(tables)
def test_few_sessions_are_split_in_every_way_and_judged_as_a_report(
    table: list[list[bool]],
) -> None:
    n = len(table[0])
    every = [judged(table, set(chosen), [""] * n) for chosen in combinations(range(n), n // 2)]
    rows = [row for each in every for row in each]
    found = split_noise(table, [""] * n, alpha=ALPHA, margin=MARGIN)
    assert (found.splits, found.every, found.rows) == (len(every), True, len(table))
    assert found.called == pytest.approx(np.mean([called for called, _ in rows]))
    assert found.any == pytest.approx(np.mean([any(c for c, _ in each) for each in every]))
    assert found.mean == pytest.approx(np.mean([gap for _, gap in rows]))
    assert found.largest == pytest.approx(max(gap for _, gap in rows))


def test_one_split_that_is_there_is_judged_as_a_report() -> None:
    generator = np.random.default_rng(4)
    table = (generator.random((12, 20)) < 0.6).tolist()
    table.append([True] * 10 + [False] * 10)
    blocks = ["x", "y"] * 10
    known = judged(table, set(range(10)), blocks)
    found = apart(table, [True] * 10 + [False] * 10, blocks, alpha=ALPHA, margin=MARGIN)
    assert found.called == pytest.approx(np.mean([called for called, _ in known]))
    assert found.any == 1.0
    assert found.mean == pytest.approx(np.mean([gap for _, gap in known]))
    same = [
        newcombe(sum(row[:10]) / 10, 10, sum(row[10:]) / 10, 10).within(0.4) and not called
        for row, (called, _) in zip(table, known, strict=True)
    ]
    assert found.same == pytest.approx(np.mean(same))


def test_every_stratum_is_halved() -> None:
    # All of one stratum, none of the other: halves of each never differ.
    table = [[True] * 5 + [False] * 5]
    found = split_noise(table, ["early"] * 5 + ["late"] * 5, alpha=ALPHA, margin=MARGIN)
    assert (found.n_a, found.n_b, found.splits) == (5, 5, 100)
    assert found.mean == pytest.approx(0.2)  # the odd session of each
    assert found.least_p == 1.0


def test_blocks_with_one_session_of_an_arm_leave_something_to_chance() -> None:
    arms, blocks = ["DE", "KE"] * 6, [str(at // 2) for at in range(12)]
    assert strata(arms, blocks) == arms
    table = [[at % 3 == 0 for at in range(12)]]
    found = split_noise(table, strata(arms, blocks), alpha=ALPHA, margin=MARGIN)
    assert (found.n_a, found.n_b, found.splits) == (6, 6, 400)
    assert found.least_p < 1


def test_what_drifts_is_no_noise_within_blocks_and_noise_without() -> None:
    table = [[bool(at >= 12) for at in range(24)]] * 3
    within = split_noise(
        table, ["early"] * 12 + ["late"] * 12, alpha=ALPHA, margin=MARGIN, splits=200
    )
    across = split_noise(table, [""] * 24, alpha=ALPHA, margin=MARGIN, splits=200)
    assert within.mean == 0.0
    assert across.mean > 0.1


@settings(max_examples=30, deadline=None)
@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(table: list[list[bool]], chance: random.Random) -> None:
    blocks = [""] * len(table[0])
    there = split_noise(table, blocks, alpha=ALPHA, margin=MARGIN, splits=10)
    back = split_noise(
        chance.sample(table, len(table)), blocks, alpha=ALPHA, margin=MARGIN, splits=10
    )
    assert there == pytest.approx(back)


def test_the_same_seed_gives_the_same_splits() -> None:
    generator = np.random.default_rng(0)
    table = generator.random((5, 20)) < 0.5
    blocks = [""] * 20
    first = split_noise(table, blocks, alpha=ALPHA, margin=MARGIN, splits=50, seed=1)
    assert first == split_noise(table, blocks, alpha=ALPHA, margin=MARGIN, splits=50, seed=1)
    assert first != split_noise(table, blocks, alpha=ALPHA, margin=MARGIN, splits=50, seed=2)
    assert (first.splits, first.every) == (50, False)


def test_the_rate_of_false_alarms_is_within_what_the_report_allows() -> None:
    generator = np.random.default_rng(8)
    found: list[Noise] = []
    for _ in range(20):
        table = generator.random((40, 30)) < generator.choice([1.0, 0.9, 0.5, 0.1], 40)[:, None]
        found.append(split_noise(table, [""] * 30, alpha=ALPHA, margin=MARGIN, splits=200))
    # Everything that is called different is false: in at most 5% of the splits anything may be.
    assert np.mean([each.any for each in found]) <= 0.05
    assert any(each.called > 0 for each in found)


def test_a_thousand_splits_of_a_large_report_take_seconds() -> None:
    generator = np.random.default_rng(1)
    table = generator.random((2000, 100)) < generator.choice([1.0, 0.9, 0.5, 0.1], 2000)[:, None]
    began = time.process_time()
    found = split_noise(table, [f"{at // 10}" for at in range(100)], alpha=ALPHA, margin=MARGIN)
    assert time.process_time() - began < 20
    assert found.any <= 0.08


def test_a_single_session_cannot_be_split() -> None:
    found = split_noise([[True]], [""], alpha=ALPHA, margin=MARGIN)
    assert (found.called, found.mean, found.least_p) == (0.0, 0.0, 1.0)

"""How many sessions a study needs, and their order."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.statistics import (
    Block,
    level,
    permutation,
    planning,
    power_of,
    schedule,
    sessions_needed,
)

shares = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.9, 1.0])
designs = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("share_a", "share_b", "blocks"),
    [
        (0.9, 0.1, [(6, 6)]),
        (0.3, 0.8, [(5, 7)]),
        (0.9, 0.2, [(2, 3)] * 4),
        (1.0, 0.5, [(4, 4), (3, 5)]),
        (0.5, 0.5, [(8, 8)]),
    ],
)
def test_power_is_how_often_the_test_finds_the_difference(
    share_a: float, share_b: float, blocks: list[tuple[int, int]]
) -> None:
    generator = np.random.default_rng(7)
    trials, found = 4000, 0
    for _ in range(trials):
        seen = [
            Block(generator.binomial(a, share_a), a, generator.binomial(b, share_b), b)
            for a, b in blocks
        ]
        away = sum(k_a - n_a * (k_a + k_b) / (n_a + n_b) for k_a, n_a, k_b, n_b in seen)
        right = away * np.sign(share_a - share_b) >= 0
        found += permutation(seen) <= 0.05 and right
    known = power_of(share_a, share_b, blocks, 0.05)
    assert found / trials == pytest.approx(known, abs=4 * (known * (1 - known) / trials) ** 0.5)


@settings(max_examples=40, deadline=None)
@given(shares, shares, designs, st.sampled_from([0.05, 0.01]))
def test_swapped_sides_have_the_same_power(
    share_a: float, share_b: float, blocks: list[tuple[int, int]], bound: float
) -> None:
    there = power_of(share_a, share_b, blocks, bound)
    back = power_of(share_b, share_a, [(b, a) for a, b in blocks], bound)
    assert there == pytest.approx(back)
    assert 0 <= there <= 1 + 1e-12


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100).map(lambda n: n / 100), designs, st.sampled_from([0.05, 0.2]))
def test_without_a_difference_power_is_at_most_the_level(
    share: float, blocks: list[tuple[int, int]], bound: float
) -> None:
    assert power_of(share, share, blocks, bound) <= bound + 1e-9


def test_designs_with_very_many_outcomes_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [(3, 3)] * 4
    known = power_of(0.9, 0.3, blocks, 0.05)
    planning._power.cache_clear()
    monkeypatch.setattr(planning, "_STATES", 100)
    monkeypatch.setattr(planning, "_DRAWN", 2000)
    assert power_of(0.9, 0.3, blocks, 0.05) == pytest.approx(known, abs=0.02)
    planning._power.cache_clear()


def test_a_plan_has_the_power_that_was_asked_for_and_one_session_less_has_not() -> None:
    plan = sessions_needed(0.9, 0.1, alpha=0.05, power=0.9, rows=40)
    assert plan is not None
    assert plan.level == level(0.05, 40)
    n = plan.sessions
    assert plan.power == power_of(0.9, 0.1, [(n, n)], plan.level) >= 0.9
    assert power_of(0.9, 0.1, [(n - 1, n - 1)], plan.level) < 0.9


def test_more_arms_for_each_side_need_fewer_sessions_of_each() -> None:
    rule = {"alpha": 0.05, "power": 0.9, "rows": 40}
    one = sessions_needed(0.9, 0.1, **rule)  # type: ignore[arg-type]
    many = sessions_needed(0.9, 0.1, **rule, arms=(2, 3))  # type: ignore[arg-type]
    assert one is not None
    assert many is not None
    assert many.sessions < one.sessions


def test_sessions_come_in_whole_blocks() -> None:
    plan = sessions_needed(1.0, 0.2, alpha=0.05, power=0.9, rows=10, per_block=2)
    assert plan is not None
    assert plan.sessions % 2 == 0


def test_what_no_number_of_sessions_shows_has_no_plan() -> None:
    assert sessions_needed(0.5, 0.5, alpha=0.05, power=0.9, rows=1, most=40) is None
    assert sessions_needed(0.9, 0.8, alpha=0.05, power=0.9, rows=100, most=40) is None


def test_the_level_grows_with_the_rows_that_differ() -> None:
    assert level(0.05, 1) == 0.05
    assert level(0.05, 100, 100) == 0.05
    assert level(0.05, 100, 10, 0.5) == pytest.approx(0.0025)
    assert level(0.05, 0) == 0.05


@settings(deadline=None)
@given(st.integers(1, 8), st.integers(1, 12), st.integers(0, 99), st.integers(1, 3))
def test_every_block_has_every_arm_equally_often(
    arms: int, sessions: int, seed: int, per_block: int
) -> None:
    names = [f"arm-{at}" for at in range(arms)]
    slots = schedule(names, sessions, seed, per_block)
    assert Counter(slot.arm for slot in slots) == dict.fromkeys(names, sessions)
    for block in {slot.block for slot in slots}:
        inside = [slot for slot in slots if slot.block == block]
        often = set(Counter(slot.arm for slot in inside).values())
        assert len(often) == 1
        assert often <= set(range(1, per_block + 1))
        assert [slot.position for slot in inside] == list(range(1, len(inside) + 1))
    for name in names:
        assert [slot.repeat for slot in slots if slot.arm == name] == list(range(1, sessions + 1))


@settings(deadline=None)
@given(st.integers(2, 8), st.integers(0, 99))
def test_positions_are_balanced(arms: int, seed: int) -> None:
    names = [f"arm-{at}" for at in range(arms)]
    for sessions in (arms, arms + 1, 2 * arms):
        slots = schedule(names, sessions, seed)
        times = Counter((slot.arm, slot.position) for slot in slots)
        often = [times[name, at] for name in names for at in range(1, arms + 1)]
        assert max(often) - min(often) <= 1


@settings(deadline=None)
@given(st.sampled_from([2, 3, 4, 5, 6, 7]), st.integers(0, 99))
def test_over_a_whole_square_each_arm_follows_each_other_equally_often(
    arms: int, seed: int
) -> None:
    names = [f"arm-{at}" for at in range(arms)]
    slots = schedule(names, arms * (1 + arms % 2), seed)
    after = Counter((x.arm, y.arm) for x, y in pairwise(slots) if x.block == y.block)
    assert len(set(after.values())) == 1
    assert len(after) == arms * (arms - 1)


def test_the_order_of_the_arms_does_not_matter_and_the_seed_does() -> None:
    arms = ["DE", "FR", "KE", "PH", "BR", "US"]
    assert schedule(arms, 6, 1) == schedule(arms[::-1], 6, 1)
    assert schedule(arms, 6, 1) != schedule(arms, 6, 2)

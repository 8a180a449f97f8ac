"""Intervals and tests over a few accounts, beside SciPy's and by their laws."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analyzer.feed.measures import intervals
from analyzer.feed.measures.permuting import exchange, log_rank
from analyzer.feed.measures.runs import Runs
from analyzer.feed.measures.sketches import KEPT, NOTHING, jaccard, jaccards, joined
from analyzer.statistics import Interval

_SHARES = st.lists(st.integers(0, 100).map(lambda n: n / 100), min_size=6, max_size=9)
_ITEMS = np.full(9, 100)


def _ratio(left: list[float], right: list[float]) -> Interval:
    of_left, of_right = np.asarray(left), np.asarray(right)
    return intervals.ratio(
        of_left, of_right, _ITEMS[: of_left.size], _ITEMS[: of_right.size], 0.95, 199
    )


@settings(max_examples=50)
@given(_SHARES, _SHARES)
def test_a_ratio_with_its_arms_swapped_is_mirrored(left: list[float], right: list[float]) -> None:
    one, other = _ratio(left, right), _ratio(right, left)
    assert one.low == pytest.approx(1 / other.high if other.high else math.inf, rel=1e-6)
    assert other.low == pytest.approx(1 / one.high if one.high else math.inf, rel=1e-6)


@settings(max_examples=50)
@given(_SHARES)
def test_the_order_of_accounts_changes_no_interval(shares: list[float]) -> None:
    turned = list(reversed(shares))
    found = _ratio(shares, [0.5, 0.4, 0.3])
    assert found == pytest.approx(_ratio(turned, [0.3, 0.5, 0.4]))


@settings(max_examples=50)
@given(_SHARES)
def test_the_ratio_of_an_arm_to_itself_holds_one(shares: list[float]) -> None:
    found = _ratio(shares, shares)
    assert found.low <= 1 <= found.high


def test_controls_without_a_positive_item_give_a_lower_end_only() -> None:
    found = _ratio([0.4, 0.5, 0.45, 0.5, 0.55, 0.6], [0.0] * 6)
    assert 5 < found.low < 100
    assert found.high == math.inf


def test_an_arm_without_a_positive_item_gives_an_upper_end_only() -> None:
    found = _ratio([0.0] * 6, [0.4, 0.5, 0.45, 0.5, 0.55, 0.6])
    assert found.low == 0
    assert 0 < found.high < 0.2


def test_nothing_on_both_sides_says_nothing() -> None:
    assert _ratio([0.0] * 6, [0.0] * 6) == (0, math.inf)


def test_accounts_that_are_all_alike_do_not_tell_how_much_accounts_differ() -> None:
    assert _ratio([0.5] * 6, [0.1] * 6) == (0, math.inf)


def test_the_bound_of_nothing_seen_holds_shares_that_differ_exponentially() -> None:
    rng = np.random.default_rng(3)
    items = np.full(8, 170)
    bound = intervals.none_seen(items, 0.975)
    # At a true mean at the bound, nothing is seen in one study of forty.
    shares = rng.exponential(bound, (20_000, 8)).clip(0, 1)
    nothing = (rng.binomial(items, shares) == 0).all(axis=1).mean()
    assert nothing == pytest.approx(0.025, abs=0.006)


def test_the_interval_of_a_mean_share_is_students_t_where_shares_are_in_the_middle() -> None:
    shares = np.asarray([0.49, 0.5, 0.5, 0.51, 0.495, 0.505])
    found = intervals.mean_share(shares, np.full(6, 100))
    peer = stats.ttest_1samp(shares, 0.5).confidence_interval()
    assert found.low == pytest.approx(peer.low, abs=1e-4)
    assert found.high == pytest.approx(peer.high, abs=1e-4)


def test_the_exchange_of_accounts_agrees_with_scipy() -> None:
    rng = np.random.default_rng(5)
    for size in (3, 5, 6):
        left, right = rng.random(size), rng.random(5) + 0.3
        peer = stats.permutation_test(
            (left, right), lambda a, b: abs(a.sum() - a.size * np.r_[a, b].mean()),
            alternative="greater", n_resamples=10_000,
        )  # fmt: skip
        found = exchange(left, right, [""] * size, [""] * 5, 999)
        assert found.exact
        assert found.p == pytest.approx(peer.pvalue)


def test_the_exchange_within_pairs_agrees_with_scipy() -> None:
    rng = np.random.default_rng(7)
    left, right = rng.random(7), rng.random(7) + 0.2
    peer = stats.permutation_test(
        (left, right), lambda a, b: abs((a - b).sum()),
        permutation_type="samples", alternative="greater", n_resamples=10_000,
    )  # fmt: skip
    blocks = [str(place) for place in range(7)]
    assert exchange(left, right, blocks, blocks, 999).p == pytest.approx(peer.pvalue)


def test_a_sampled_exchange_is_near_the_exact_one_and_never_zero() -> None:
    rng = np.random.default_rng(8)
    left, right = rng.random(12), rng.random(12) + 0.3
    found = exchange(left, right, [""] * 12, [""] * 12, 9999)
    peer = stats.ttest_ind(left, right).pvalue
    assert not found.exact
    assert found.p == pytest.approx(peer, abs=0.02)
    assert exchange(left, right + 9, [""] * 12, [""] * 12, 999).p == 1 / 1000


@settings(max_examples=30)
@given(_SHARES, _SHARES)
def test_an_exchange_with_its_arms_swapped_has_the_same_p(
    left: list[float], right: list[float]
) -> None:
    a, b = np.asarray(left), np.asarray(right)
    one = exchange(a, b, [""] * a.size, [""] * b.size, 99)
    other = exchange(b[::-1], a, [""] * b.size, [""] * a.size, 99)
    assert one == other


def test_log_rank_scores_have_the_statistic_of_scipys_test() -> None:
    times = np.asarray([3.0, 5.0, np.nan, 8.0, 1.0, 4.0, 6.0, np.nan])
    until = np.asarray([9.0, 9.0, 4.5, 9.0, 9.0, 9.0, 9.0, 7.0])
    scores = log_rank(times, until)
    assert scores.sum() == pytest.approx(0)
    ends = np.where(np.isnan(times), until, times)
    first, second = (
        stats.CensoredData(uncensored=ends[part][~np.isnan(times[part])], right=late)
        for part, late in ((slice(4), [4.5]), (slice(4, None), [7.0]))
    )
    variance = 0.0
    for at in ends[~np.isnan(times)]:  # no two at once
        n, of_first = (ends >= at).sum(), (ends[:4] >= at).sum()
        variance += of_first * (n - of_first) / n**2
    peer = stats.logrank(first, second).statistic
    assert -scores[:4].sum() / math.sqrt(variance) == pytest.approx(peer)


def test_the_median_of_kaplan_and_meier_counts_accounts_that_never_got_there() -> None:
    until = np.full(6, 100.0)
    few = np.asarray([10.0, 20.0, 30.0, 40.0, np.nan, np.nan])
    assert intervals.middle_time(few, until) == 35
    assert intervals.middle_time(np.asarray([10.0, 20.0, *[np.nan] * 4]), until) is None
    # What is lost early is not counted as late: half of those who are left.
    early = intervals.middle_time(few, np.asarray([100.0, 100, 100, 100, 5, 5]))
    assert early == 25


def test_censoring_widens_the_interval_of_a_median_and_never_drops_an_account() -> None:
    times = np.arange(1.0, 9.0) * 10
    until = np.full(8, 100.0)
    assert intervals.median(times, until) == (10, 80)
    times[7] = np.nan
    assert intervals.median(times, until) == (10, math.inf)
    until[7] = 4.0
    assert intervals.median(times, until) == (4, math.inf)
    assert intervals.median(times[:5], until[:5]) == (0, math.inf)


@settings(max_examples=60)
@given(st.lists(st.booleans(), max_size=80), st.lists(st.integers(0, 80), max_size=5))
def test_runs_are_those_of_brute_force_whatever_the_chunks(
    flags: list[bool], cuts: list[int]
) -> None:
    runs, last = Runs(6), 6
    times = np.arange(len(flags), dtype=np.float64) * 2.5
    edges = [0, *sorted(min(cut, len(flags)) for cut in cuts), len(flags)]
    for start, end in pairwise(edges):
        runs.add(np.asarray(flags[start:end], dtype=np.bool_), times[start:end])
    for count in range(last + 1):
        there = [
            times[end - 1]
            for end in range(last, len(flags) + 1)
            if sum(flags[end - last : end]) >= count
        ]
        found = runs.reached[count]
        assert math.isnan(found) if not there else found == there[0]


def test_sketches_are_exact_where_they_are_whole_and_near_where_they_are_not() -> None:
    few = [joined(NOTHING, np.arange(start, start + 100, dtype=np.uint64)) for start in (0, 50)]
    assert jaccard(*few) == pytest.approx(50 / 150)
    assert jaccards([*few, NOTHING])[0, 1] == pytest.approx(50 / 150)
    assert np.isnan(jaccards([NOTHING, NOTHING])[0, 1])
    many = [
        joined(NOTHING, np.arange(start, start + 50_000, dtype=np.uint64)) for start in (0, 25_000)
    ]
    assert many[0].size == KEPT
    assert jaccard(*many) == pytest.approx(25 / 75, abs=0.04)
    assert jaccards(many)[0, 1] == jaccard(*many)

"""The measures of a feed: of whole studies, simulated, and of a few showings written down."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.feed.measures import (
    ADS,
    STATES,
    UNCODED,
    Columns,
    FeedAccount,
    FeedComparison,
    FeedRow,
    FeedSettings,
    columns_of,
    columns_of_batches,
    measure,
)
from analyzer.feed.records import Showing
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)

SIDES = ("KE", "US")
_QUICK = FeedSettings(resamples=199, permutations=199)
_NULL = FeedDeclaration(amplification={"KE": 1.0, "US": 1.0})


def _study(
    declaration: FeedDeclaration,
    seed: int = 1,
    each: int = 8,
    hours: float = 3.0,
    measured: FeedSettings = _QUICK,
) -> FeedComparison:
    accounts = accounts_of(SIDES, each, hours)
    columns = simulate(declaration, accounts, seed)
    return measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES, measured)


def _row(
    found: FeedComparison, measure_: str, left: str, right: str, window: int | None = None
) -> FeedRow:
    return next(
        each
        for each in found.rows
        if (each.measure, each.left, each.right, each.window) == (measure_, left, right, window)
    )


def _picked(columns: Columns, rows: Any) -> Columns:
    return Columns(*(getattr(columns, each.name)[rows] for each in fields(Columns)))


@pytest.fixture(scope="module")
def amplified() -> FeedComparison:
    return _study(FeedDeclaration())


def test_an_amplified_feed_is_found_on_both_sides_and_no_side_differs(
    amplified: FeedComparison,
) -> None:
    assert amplified.window == 2
    for side in SIDES:
        row = _row(amplified, "share", f"{side} seeded", f"{side} control", 2)
        assert row.verdict == "higher"
        assert row.headline
        assert row.interval.low < 10 < row.interval.high
        assert row.joint is not None
        assert row.joint.low < row.interval.low
        assert _row(amplified, "onset", f"{side} seeded", f"{side} control").verdict == "lower"
    assert _row(amplified, "share", "KE seeded", "US seeded").verdict in ("same", "insufficient")


def test_a_recommender_that_does_nothing_gets_no_amplification() -> None:
    found = _study(_NULL)
    over = [each for each in found.rows if each.measure == "share" and "control" in each.right]
    assert not [each for each in over if each.verdict in ("higher", "lower")]


def test_the_last_reasons_name_what_would_be_enough() -> None:
    row = _row(_study(_NULL, each=3), "share", "KE seeded", "KE control", 2)
    assert row.verdict == "insufficient"
    assert ("few_accounts", 3, 6) in [(each.code, each.have, each.need) for each in row.reasons]


def test_a_study_without_any_control_has_shares_and_no_amplification() -> None:
    accounts = [each for each in accounts_of(SIDES, 6, 1.0) if each.role == "seeded"]
    columns = simulate(FeedDeclaration(), accounts, 1)
    found = measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
    assert {each.role for each in found.coverage} == {"seeded"}
    assert {(each.left, each.right) for each in found.rows} == {("KE seeded", "US seeded")}
    assert all(each.doubling_s is None for each in found.accounts)


def test_controls_without_a_positive_item_leave_a_lower_end_only() -> None:
    accounts = accounts_of(SIDES, 6, 2.0)
    columns = simulate(FeedDeclaration(), accounts, 1)
    control = np.asarray([each.role == "control" for each in accounts])
    nothing = np.where(control[columns.account], 0, columns.category).astype(np.int16)
    found = measure(
        [replace(columns, category=nothing)], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK
    )
    row = _row(found, "share", "KE seeded", "KE control", 1)
    assert row.effect is None
    assert row.interval.low > 10
    assert row.interval.high == math.inf
    assert row.verdict == "higher"
    assert (
        _row(found, "amplification", "KE seeded", "US seeded", 1).reasons[0].code == "no_positive"
    )


def test_items_that_nobody_coded_are_neither_positive_nor_negative() -> None:
    known = _study(FeedDeclaration())
    found = _study(FeedDeclaration(uncoded=0.5))
    row = _row(found, "share", "KE seeded", "KE control", 2)
    reason = next(each for each in row.reasons if each.code == "coverage")
    assert reason.have == pytest.approx(0.5, abs=0.03)
    assert row.verdict == "insufficient"
    assert row.interval.low < 10 < row.interval.high
    # What could be, whatever they are, is far wider, and holds what is known when all are coded.
    full = _row(known, "share", "KE seeded", "KE control", 2).effect
    assert row.possible is not None
    assert full is not None
    assert row.possible.low < full < row.possible.high
    assert row.possible.low < 1


def test_accounts_with_few_coded_items_are_left_out_and_counted() -> None:
    accounts = accounts_of(SIDES, 8, 1.0)
    columns = simulate(FeedDeclaration(), accounts, 1)
    last = columns.account == 0
    thin = np.where(last & (columns.feed_s > 60), UNCODED, columns.category).astype(np.int16)
    found = measure(
        [replace(columns, category=thin)], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK
    )
    figure = next(
        each
        for each in found.figures
        if (each.measure, each.side, each.role, each.window) == ("share", "KE", "seeded", 0)
    )
    assert (figure.accounts, figure.left_out) == (7, 1)
    assert found.accounts[0].share == (None,)


def test_showings_that_nobody_knows_of_make_it_insufficient() -> None:
    accounts = accounts_of(SIDES, 6, 1.0)
    columns = simulate(FeedDeclaration(), accounts, 1)
    state = columns.state.copy()
    state[::2] = STATES.index("unknown")
    found = measure(
        [replace(columns, state=state)], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK
    )
    for row in found.rows:
        assert "unknown_showings" in [each.code for each in row.reasons]
        assert row.verdict == "insufficient"


def test_answers_that_were_not_understood_make_it_insufficient() -> None:
    accounts = [
        replace(each, answers=100, understood=60 if each.side == "KE" else 100)
        for each in accounts_of(SIDES, 6, 1.0)
    ]
    columns = simulate(FeedDeclaration(), accounts, 1)
    found = measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
    row = _row(found, "share", "KE seeded", "KE control")
    assert [each.code for each in row.reasons] == ["unread_answers"]
    assert row.reasons[0].have == pytest.approx(0.4)
    assert _row(found, "share", "US seeded", "US control").verdict == "higher"


def test_an_account_counts_in_the_windows_only_through_which_it_lived() -> None:
    accounts = [
        replace(each, feed_s=5000.0 if place == 0 else each.feed_s)
        for place, each in enumerate(accounts_of(SIDES, 7, 3.0))
    ]
    columns = simulate(FeedDeclaration(), accounts, 1)
    found = measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
    curve = next(each for each in found.curves if (each.side, each.role) == ("KE", "seeded"))
    assert [each.share.accounts for each in curve.points] == [7, 6, 6]
    assert found.window == 2


def test_chunks_of_any_size_measure_the_same(amplified: FeedComparison) -> None:
    accounts = accounts_of(SIDES, 8, 3.0)
    columns = simulate(FeedDeclaration(), accounts, 1)
    order = np.argsort(np.nan_to_num(columns.feed_s, nan=1e9), kind="stable")  # accounts in turns
    chunks = [_picked(columns, rows) for rows in np.array_split(order, 17)]
    again = measure(chunks, accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
    assert again == amplified


def test_showings_out_of_order_are_counted_where_they_cannot_be_put_right() -> None:
    accounts = accounts_of(SIDES, 1, 1.0)
    columns = simulate(FeedDeclaration(), accounts, 1)
    turned = _picked(columns, np.arange(columns.account.size)[::-1])
    told = [
        measure(chunks, accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
        for chunks in ([columns], [turned], [_picked(turned, np.s_[:600]), turned])
    ]
    assert told[0] == told[1]
    assert not any(each.late for each in told[1].accounts)
    assert sum(each.late for each in told[2].accounts) > 100


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_swapped_sides_mirror_every_row(seed: int) -> None:
    accounts = accounts_of(SIDES, 6, 1.0)
    declaration = FeedDeclaration(amplification={"KE": 10.0, "US": 5.0})
    columns = simulate(declaration, accounts, seed)
    one = measure([columns], accounts, CATEGORIES, {POSITIVE}, ("KE", "US"), _QUICK)
    other = measure([columns], accounts, CATEGORIES, {POSITIVE}, ("US", "KE"), _QUICK)
    turned = {"higher": "lower", "lower": "higher"}
    for row in one.rows:
        swapped = row.left[:2] != row.right[:2]
        names = (row.right, row.left) if swapped else (row.left, row.right)
        peer = _row(other, row.measure, *names, row.window)
        assert peer.p == pytest.approx(row.p)
        assert peer.q == pytest.approx(row.q)
        assert peer.verdict == (turned.get(row.verdict, row.verdict) if swapped else row.verdict)
        if row.effect and swapped:
            ratio = row.measure not in ("onset", "first_exposure", "doubling")
            assert peer.effect == pytest.approx(1 / row.effect if ratio else -row.effect)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_the_order_of_accounts_does_not_matter(seed: int) -> None:
    accounts = accounts_of(SIDES, 6, 1.0)
    columns = simulate(FeedDeclaration(), accounts, seed)
    one = measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
    order = np.random.default_rng(seed).permutation(len(accounts))
    places = np.argsort(order).astype(np.int32)
    moved = replace(columns, account=places[columns.account])
    other = measure(
        [moved], [accounts[place] for place in order], CATEGORIES, {POSITIVE}, SIDES, _QUICK
    )
    for row, again in zip(one.rows, other.rows, strict=True):
        assert replace(row, effect=None, interval=again.interval, joint=None) == replace(
            again, effect=None, joint=None
        )
        assert row.effect == pytest.approx(again.effect)
        assert row.interval == pytest.approx(again.interval)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1000))
def test_identical_arms_differ_in_nothing(seed: int) -> None:
    accounts = accounts_of(SIDES, 6, 1.0)
    half = len(accounts) // 2
    columns = simulate(FeedDeclaration(), accounts[:half], seed)
    twin = replace(columns, account=(columns.account + half).astype(np.int32))
    found = measure([columns, twin], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
    for row in found.rows:
        if row.left[:2] != row.right[:2]:
            assert row.verdict in ("same", "insufficient")
            assert row.p == 1


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 5), st.integers(0, 100))
def test_dropping_accounts_moves_only_towards_insufficient(left: int, seed: int) -> None:
    accounts = accounts_of(SIDES, 6, 1.0)
    columns = simulate(FeedDeclaration(), accounts, seed)
    kept = [
        place
        for place, each in enumerate(accounts)
        if each.role != "control" or int(each.name.rsplit("-", 1)[1]) < left
    ]
    places = np.full(len(accounts), -1, dtype=np.int32)
    places[kept] = np.arange(len(kept))
    some = _picked(columns, np.flatnonzero(places[columns.account] >= 0))
    some = replace(some, account=places[some.account])
    found = measure(
        [some], [accounts[place] for place in kept], CATEGORIES, {POSITIVE}, SIDES, _QUICK
    )
    for row in found.rows:
        if "control" in row.right or "control" in row.left or row.measure == "amplification":
            assert row.verdict == "insufficient"
            assert row.reasons[0].code == "few_accounts"
            assert row.reasons[0].have <= left


def _showings(flags: str, account: str, ads: str = "") -> list[Showing]:
    """Write showings down: + positive, - not, ? coded by nobody; a second of feed time each ten."""
    return [
        Showing(
            account=account,
            arm="",
            session="s",
            exchange="e",
            place=place,
            surface="for_you",
            key=f"{flag}{account}{place}",
            author="",
            state="shown",
            by="watch_log",
            feed_s=place * 10.0,
            watch_s=None,
            duration_s=None,
            rounds=None,
            engaged=flag == "+" and account.startswith("seeded"),
            ad="formal" if place < len(ads) and ads[place] == "a" else "none",
        )
        for place, flag in enumerate(flags)
    ]


def _tiny(flags: str, ads: str = "", **changes: object) -> FeedComparison:
    accounts = [
        FeedAccount("seeded", "KE", "KE", "seeded", ("sad",), "", len(flags) * 10.0),
        FeedAccount("control", "KE", "KE", "control", (), "", len(flags) * 10.0),
    ]
    rows = [*_showings(flags, "seeded", ads), *_showings("+" + "-" * (len(flags) - 1), "control")]
    named = {"+": "sad", "-": "other"}
    codes = {row.key: named[row.key[0]] for row in rows if row.key[0] in named}
    settings_ = FeedSettings(window_s=200.0, **changes)  # type: ignore[arg-type]
    chunks = columns_of(rows, ["seeded", "control"], codes, CATEGORIES)
    return measure(chunks, accounts, CATEGORIES, {"sad"}, SIDES, settings_)


def test_onset_is_when_half_of_the_last_twenty_coded_items_are_positive() -> None:
    found = _tiny("-" * 12 + "?+" * 12)
    # The 20th coded item is the 8th positive; two more make ten of the last twenty.
    assert found.accounts[0].onset_s == (12 + 2 * 10 - 1) * 10
    assert found.accounts[0].first_exposure_s == 130
    assert found.accounts[1].onset_s is None


def test_onset_needs_twenty_items() -> None:
    assert _tiny("+" * 12).accounts[0].onset_s is None
    assert _tiny("+" * 12 + "-" * 8).accounts[0].onset_s == 190


def test_doubling_counts_from_the_first_engagement() -> None:
    found = _tiny("-" * 10 + "+" + "-" * 18 + "++" + "-" * 10)
    account = found.accounts[0]
    assert account.engaged_s == 100
    # Controls have 1 of 41: twice that of twenty is 0.98 items, and 2 at least are asked for.
    assert account.doubling_s == 300 - 100


def test_formal_advertisements_are_not_items_unless_asked_for() -> None:
    found = _tiny("+" * 10 + "-" * 10, ads="a" * 5)
    assert (found.accounts[0].shown, found.accounts[0].positive) == (15, 5)
    again = _tiny("+" * 10 + "-" * 10, ads="a" * 5, formal_ads_count=True)
    assert (again.accounts[0].shown, again.accounts[0].positive) == (20, 10)
    ads = {each.measure: each.value for each in found.figures if each.role == "seeded"}
    assert ads["ads_formal"] == 0.25


def test_batches_of_arrow_give_the_same_columns_and_leave_other_accounts_out() -> None:
    rows = [*_showings("+-?+", "seeded", "a"), *_showings("--", "stranger")]
    rows[1] = replace(rows[1], state="prefetched", feed_s=None)
    codes = {row.key: "sad" for row in rows if row.key[0] == "+"}
    batch = pa.RecordBatch.from_pylist(
        [
            {
                "account": row.account,
                "item_key": row.key,
                "feed_s": row.feed_s,
                "ad": row.ad,
                "engaged": row.engaged,
                "state": row.state,
            }
            for row in rows
        ]
    )
    (one,) = columns_of(rows, ["seeded"], codes, CATEGORIES)
    (other,) = columns_of_batches([batch], ["seeded"], codes, CATEGORIES)
    for each in fields(Columns):
        np.testing.assert_array_equal(getattr(one, each.name), getattr(other, each.name))
        assert getattr(one, each.name).dtype == getattr(other, each.name).dtype
    assert one.category.tolist() == [1, UNCODED, UNCODED, 1]
    assert one.ad[0] == ADS.index("formal")


def test_the_comparison_can_be_written_as_json(amplified: FeedComparison) -> None:
    told = msgspec.json.decode(msgspec.json.encode(amplified))
    assert told["rows"][0]["measure"] == "share"

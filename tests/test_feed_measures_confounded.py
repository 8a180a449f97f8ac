"""A recommender that does the same everywhere, and a study that could make it look otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from analyzer.feed.measures import (
    ADS,
    STATES,
    UNCODED,
    Columns,
    FeedAccount,
    FeedComparison,
    FeedRow,
    FeedSettings,
    measure,
)
from analyzer.simulation.feed_accounts import (
    CATEGORIES,
    POSITIVE,
    FeedDeclaration,
    accounts_of,
    simulate,
)

SIDES = ("KE", "US")
SEEDS = range(1, 11)
_QUICK = FeedSettings(resamples=199, permutations=499)
_NULL = FeedDeclaration(base_share=0.1, amplification={"KE": 1.0, "US": 1.0, "DE": 1.0})
_MAIN = ("share", "amplification", "onset", "first_exposure", "doubling")
Declared = Callable[[FeedAccount], FeedDeclaration]


def _shown(accounts: Sequence[FeedAccount], declared: Declared, seed: int) -> list[Columns]:
    found = []
    for place, account in enumerate(accounts):
        columns = simulate(declared(account), [account], 1000 * seed + place)
        found.append(replace(columns, account=np.full(columns.account.size, place, np.int32)))
    return found


def _measured(accounts: Sequence[FeedAccount], chunks: Sequence[Columns]) -> FeedComparison:
    return measure(chunks, accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)


def _claims(found: FeedComparison) -> list[FeedRow]:
    return [
        each for each in found.rows if each.measure in _MAIN and each.verdict in {"higher", "lower"}
    ]


def _over_controls(row: FeedRow) -> bool:
    return row.right == row.left.replace("seeded", "control") and row.left != row.right


def _row(found: FeedComparison, left: str, right: str, measure_: str = "share") -> FeedRow:
    return next(
        each
        for each in found.rows
        if (each.measure, each.left, each.right) == (measure_, left, right)
    )


def _codes(row: FeedRow) -> list[str]:
    return [each.code for each in row.reasons]


def test_accounts_that_lived_longer_are_compared_over_what_all_lived() -> None:
    claimed = 0
    same = FeedDeclaration(learning=30.0)
    for seed in SEEDS:
        accounts = [
            replace(each, feed_s=3600.0 if each.side == "US" else 10_800.0)
            for each in accounts_of(SIDES, 8, 3.0)
        ]
        found = _measured(accounts, _shown(accounts, lambda _: same, seed))
        claimed += any("US" in each.right and "KE" in each.left for each in _claims(found))
        row = _row(found, "KE seeded", "US seeded")
        assert row.until_s is None or row.until_s == 3600.0
        whole = [each for each in found.rows if each.measure == "share" and each.window is None]
        assert {each.until_s for each in whole} == {3600.0}
    assert claimed <= 1


@pytest.mark.parametrize("alike", [0, 1], ids=["one role each", "seven of eight"])
def test_countries_of_one_side_that_differ_are_no_amplification(alike: int) -> None:
    claimed = 0
    for seed in SEEDS:
        accounts = [
            *_bloc("seeded", {"DE": 8 - alike, "FR": alike}),
            *_bloc("control", {"DE": alike, "FR": 8 - alike}),
            *(each for each in accounts_of(SIDES, 8, 1.0) if each.side == "US"),
        ]
        shares = {"DE": 0.25, "FR": 0.03}

        def declared(account: FeedAccount, shares: dict[str, float] = shares) -> FeedDeclaration:
            return replace(_NULL, base_share=shares.get(account.country, 0.1))

        found = _measured(accounts, _shown(accounts, declared, seed))
        claimed += any(_over_controls(each) for each in _claims(found))
        if not alike:
            row = _row(found, "KE seeded", "KE control")
            assert row.effect is None
            assert "one_sided" in _codes(row)
    assert claimed <= 1


def _bloc(role: str, of: dict[str, int]) -> list[FeedAccount]:
    like = next(each for each in accounts_of(("KE",), 1, 1.0) if each.role == role)
    return [
        replace(like, name=f"{country}-{role}-{number}", arm=f"{country}-13", country=country)
        for country, many in of.items()
        for number in range(many)
    ]


def test_what_was_coded_of_one_arm_only_is_no_amplification() -> None:
    claimed = 0
    for seed in SEEDS:
        accounts = accounts_of(SIDES, 8, 1.0)
        rng = np.random.default_rng(seed)
        chunks = []
        for account, columns in zip(accounts, _shown(accounts, lambda _: _NULL, seed), strict=True):
            positive = columns.category == CATEGORIES.index(POSITIVE)
            lost = ~positive & (rng.random(positive.size) < 0.12)
            if account.role == "control":
                lost = positive & (rng.random(positive.size) < 0.8)
            category = np.where(lost, UNCODED, columns.category).astype(np.int16)
            chunks.append(replace(columns, category=category))
        found = _measured(accounts, chunks)
        claimed += any(_over_controls(each) for each in _claims(found))
        [reason] = [
            each
            for each in _row(found, "KE seeded", "KE control").reasons
            if each.code == "coverage_apart"
        ]
        assert 0.85 < reason.have < (reason.need or 0) < 1
    assert claimed <= 1


def test_a_tenfold_amplification_stands_whatever_one_item_in_twenty_is() -> None:
    found = 0
    for seed in SEEDS:
        accounts = accounts_of(SIDES, 8, 2.0)
        declared = FeedDeclaration(uncoded=0.05)
        seen = _measured(accounts, [simulate(declared, accounts, seed)])
        found += all(
            _row(seen, f"{side} seeded", f"{side} control").verdict == "higher" for side in SIDES
        )
    assert found == len(SEEDS)


def test_a_faster_pace_is_no_faster_feed() -> None:
    claimed = 0
    slow = replace(_NULL, base_share=0.05, rounds=1, skip_s=1.5, control_s=60.0)
    for seed in SEEDS:
        accounts = accounts_of(SIDES, 8, 3.0)
        found = _measured(accounts, _shown(accounts, lambda _: slow, seed))
        claimed += bool([each for each in _claims(found) if each.measure == "doubling"])
    assert claimed <= 1


def _fixed(rows: Sequence[tuple[str, str, float, int]]) -> FeedComparison:
    """Accounts of exact shares: role, block, share, how many of them. Both sides alike."""
    accounts: list[FeedAccount] = []
    chunks: list[Columns] = []
    rng = np.random.default_rng(5)
    for side in SIDES:
        for role, block, share, many in rows:
            for _ in range(many):
                place = len(accounts)
                like = next(each for each in accounts_of((side,), 1, 1.0) if each.role == role)
                accounts.append(replace(like, name=f"{side}-{place}", block=block))
                chunks.append(_items(place, (rng.random(170) < share).astype(np.int16), rng))
    return _measured(accounts, chunks)


def _items(place: int, category: np.ndarray, rng: np.random.Generator) -> Columns:
    n = category.size
    return Columns(
        account=np.full(n, place, np.int32),
        feed_s=np.linspace(1, 3590, n),
        category=category,
        ad=np.full(n, ADS.index("none"), np.int8),
        engaged=np.zeros(n, bool),
        key=rng.integers(0, 2**60, n).astype(np.uint64),
        state=np.full(n, STATES.index("shown"), np.int8),
    )


def test_less_in_every_block_is_not_more_in_all() -> None:
    found = _fixed(
        [("seeded", "1", 0.40, 20), ("control", "1", 0.55, 5),
         ("seeded", "2", 0.05, 5), ("control", "2", 0.09, 20)]
    )  # fmt: skip
    row = _row(found, "KE seeded", "KE control")
    assert row.verdict == "lower"
    assert 0.5 < (row.effect or 0) < 0.73 / 0.9
    # The figures beside it are of the same strata: their ratio is the effect.
    of = {each.role: each.value or 0 for each in found.figures if each.side == "KE"
          and each.measure == "share" and each.window == found.window}  # fmt: skip
    assert of["seeded"] / of["control"] == pytest.approx(row.effect)
    onset = _row(found, "KE seeded", "KE control", "onset")
    assert "mixed" in _codes(onset)
    assert onset.effect is None


def test_blocks_that_say_the_opposite_are_not_one_figure() -> None:
    found = _fixed(
        [("seeded", "1", 0.5, 8), ("control", "1", 0.1, 8),
         ("seeded", "2", 0.2, 8), ("control", "2", 0.5, 8)]
    )  # fmt: skip
    row = _row(found, "KE seeded", "KE control")
    assert row.verdict == "insufficient"
    assert "opposed" in _codes(row)


def test_accounts_without_a_counterpart_are_left_out_and_counted() -> None:
    found = _fixed([("seeded", "1", 0.4, 8), ("control", "1", 0.1, 8), ("control", "2", 0.9, 5)])
    row = _row(found, "KE seeded", "KE control")
    assert row.alone == 5
    assert row.verdict == "higher"
    assert 3 < (row.effect or 0) < 5


def test_accounts_in_pairs_are_compared_pair_by_pair() -> None:
    pairs = [(f"{n}", 0.02 + 0.02 * n) for n in range(1, 11)]
    found = _fixed(
        [each for block, share in pairs
         for each in (("seeded", block, 5 * share, 1), ("control", block, share, 1))]
    )  # fmt: skip
    row = _row(found, "KE seeded", "KE control")
    assert row.verdict == "higher"
    assert row.interval.low < 5 * 0.95 < row.interval.high * 1.1

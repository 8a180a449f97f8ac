"""What coders' errors do to the figures, and that the two rules enclose the truth."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.feed.measures import (
    CALLED,
    FeedSettings,
    by_coders,
    called,
    columns_of,
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
from benchmarks.feed_studies.coders import coded

SIDES = ("KE", "US")
_QUICK = FeedSettings(resamples=199, permutations=199)


def test_each_item_is_called_positive_by_none_some_or_all_of_its_own_coders() -> None:
    ada = {"x": "sad", "y": "sad", "z": "other", "elsewhere": "sad"}
    ben = {"x": "sad", "y": "other", "z": "other"}
    final = {"x": "sad", "y": "other", "z": "other", "w": "sad", "v": "other"}
    found = called({"ada": ada, "ben": ben, "cam": {"z": "unclear"}}, final, {"sad"})
    assert found == {
        "x": "by all",
        "y": "by some",
        "z": "by none",
        "w": "by all",  # a decision alone: nobody's code is known any more
        "v": "by none",
    }


def test_without_errors_both_rules_say_what_is_measured() -> None:
    accounts = accounts_of(SIDES, 8, 2.0)
    columns = simulate(FeedDeclaration(), accounts, 1)
    found = measure([columns], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
    truth, final, each = coded(columns, 0.0, 1)
    assert (final.category == truth.category).all()
    told = by_coders([each], accounts, SIDES, found.window, _QUICK)
    assert [(one.rule, one.side) for one in told] == [
        ("all", "KE"),
        ("all", "US"),
        ("any", "KE"),
        ("any", "US"),
    ]
    for one in told:
        [share] = [
            figure
            for figure in found.figures
            if (figure.measure, figure.side, figure.role, figure.window)
            == ("share", one.side, "seeded", found.window)
        ]
        [row] = [
            row
            for row in found.rows
            if row.headline and row.measure == "share" and row.left == f"{one.side} seeded"
        ]
        assert one.share == share.value
        assert one.share_interval == share.interval
        assert one.amplification == pytest.approx(row.effect)


def test_errors_draw_an_amplification_towards_one_and_the_rules_enclose_it() -> None:
    accounts = accounts_of(SIDES, 30, 3.0)
    columns = simulate(FeedDeclaration(), accounts, 2)
    truth, final, each = coded(columns, 0.08, 2)
    effects = []
    for version in (truth, final):
        found = measure([version], accounts, CATEGORIES, {POSITIVE}, SIDES, _QUICK)
        [row] = [
            row
            for row in found.rows
            if row.headline and row.measure == "share" and row.left == "KE seeded"
        ]
        effects.append(row.effect)
    true, seen = effects
    assert true is not None
    assert seen is not None
    assert seen < 0.9 * true
    strict, loose = (
        one for one in by_coders([each], accounts, SIDES, 2, _QUICK) if one.side == "KE"
    )
    assert strict.amplification is not None
    assert loose.amplification is not None
    assert loose.amplification < seen < strict.amplification < 1.05 * true
    assert (strict.share or 0) < 0.48 < (loose.share or 0)


def test_an_arm_without_controls_has_a_share_and_no_amplification() -> None:
    accounts = [each for each in accounts_of(SIDES, 6, 1.0) if each.role == "seeded"]
    rows = [
        Showing(
            account=each.name,
            arm="",
            session="s",
            exchange="e",
            place=place,
            surface="for_you",
            key=f"i{place}",
            author="",
            state="shown",
            by="watch_log",
            feed_s=place * 60.0,
            watch_s=None,
            duration_s=None,
            rounds=None,
            engaged=False,
            ad="none",
        )
        for each in accounts
        for place in range(60)
    ]
    items = {f"i{place}": CALLED[place % 3] for place in range(60)}
    chunks = list(columns_of(rows, [each.name for each in accounts], items, CALLED))
    told = by_coders(chunks, accounts, SIDES, 0, _QUICK)
    assert [one.share for one in told] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 2 / 3])
    assert {(one.controls, one.amplification) for one in told} == {(None, None)}


def test_coders_code_items_not_showings() -> None:
    accounts = accounts_of(SIDES, 4, 1.0)
    columns = simulate(FeedDeclaration(pool=50), accounts, 1)
    _, final, each = coded(columns, 0.3, 1)
    for version in (final, each):
        for key in np.unique(version.key)[:20]:
            assert np.unique(version.category[version.key == key]).size == 1

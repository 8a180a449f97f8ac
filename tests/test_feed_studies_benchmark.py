"""The benchmark of the feed's measures measures what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analyzer.simulation.feed_accounts import FeedDeclaration, onset_median
from benchmarks.feed_studies import agreeing, coders, confounded, power, stopping
from benchmarks.feed_studies.bundles import differences, through_bundles
from benchmarks.feed_studies.methods import NAMES, Case, held
from benchmarks.feed_studies.studies import FIGURES, SIDES, Score, Scores, lines, scored


def test_an_interval_that_is_too_narrow_is_seen_to_be() -> None:
    told = held(Case((0.3, 0.2), (0.01, 1.0), 100, 8), studies=150)
    rates = dict(zip(NAMES, told.rates, strict=True))
    assert rates["percentile"] < 0.92 < rates["taken"]
    assert told.one_sided < 0.1


def test_studies_of_a_recommender_that_does_nothing_find_nothing() -> None:
    null = scored("null", FeedDeclaration(amplification=dict.fromkeys(SIDES, 1.0)), studies=2)
    assert (null.claimed, null.found) == (0, 0)


def test_a_wrong_declaration_is_not_held() -> None:
    right = scored("right", FeedDeclaration(), studies=2)
    assert right.found == 2
    assert right.held["all"] == 2
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FeedDeclaration, "plateau", lambda *_: 0.8)
        wrong = scored("wrong", FeedDeclaration(), studies=1)
    assert wrong.held["KE amplification"] == 0
    assert wrong.held["all"] == 0


def test_the_table_says_where_a_goal_is_missed() -> None:
    good = Score("good", studies=100)
    good.held.update(dict.fromkeys((*FIGURES, "all"), 93))
    bad = Score("bad", studies=100)
    bad.held.update({**dict.fromkeys((*FIGURES, "all"), 93), "US onset": 92})
    null = Score("null", studies=100, claimed=5)
    assert Scores((good,), null).kept
    assert not Scores((bad,), null).kept
    null.claimed = 6
    assert not Scores((good,), null).kept
    assert lines(Scores((bad,), null))[-1].endswith("NO |")


def test_the_declared_onset_is_earlier_the_faster_it_learns() -> None:
    found = [
        onset_median(FeedDeclaration(learning=each), "KE", 2.0, many=500) for each in (2.0, 30.0)
    ]
    assert found[0] < found[1]


def test_what_is_read_from_bundles_is_what_was_drawn(tmp_path: Path) -> None:
    found, direct = through_bundles(tmp_path / "study", FeedDeclaration(), 1, each=2, hours=0.6)
    assert differences(found, direct) == []
    assert found.accounts[0].coded > 30
    first = replace(found.accounts[0], positive=found.accounts[0].positive + 1, first_exposure_s=0)
    changed = replace(found, accounts=(first, *found.accounts[1:]))
    assert [each.split(":")[0] for each in differences(changed, direct)] == [
        ".accounts[0].first_exposure_s",
        ".accounts[0].positive",
    ]


def test_coders_who_err_are_seen_in_what_is_read_from_bundles(tmp_path: Path) -> None:
    found, direct = through_bundles(
        tmp_path / "study", FeedDeclaration(), 1, each=2, hours=0.6, error=0.3
    )
    assert found.accounts[-1].positive > direct.accounts[-1].positive
    strict, loose = (each for each in found.coders if each.side == "KE")
    assert (strict.controls or 0) < (loose.controls or 0)


def test_the_smaller_tables_measure_what_they_say() -> None:
    wide = FeedDeclaration(base_spread=0.5, spread=0.24)
    stops = stopping.scored(wide, in_a_row=11, studies=6)
    assert stops.stopped > 6
    assert stops.nobody.studies + stops.refused + stops.earlier.studies == 6
    assert stops.earlier.studies == stops.survivors.studies > 0
    assert stops.survivors.off < stops.whole.off
    right, wrong = (coders.scored(FeedDeclaration(), error, studies=2) for error in (0.0, 0.1))
    assert sum(wrong.amplifications) < 0.9 * sum(right.amplifications)
    assert right.lacking == [0, 0]
    assert wrong.lacking[0] > 0.2
    strong, weak = (
        power.found(FeedDeclaration(amplification={"KE": each, "US": 1.0}), 6, 2)
        for each in (10.0, 1.0)
    )
    assert (strong, weak) == ((1, 1), (0, 0))
    true, holds, plain = agreeing.held(0.5, 0.99, 30, 40)
    assert true == pytest.approx(0.9604)
    assert plain < 0.8 < holds


def test_what_nobody_coded_costs_small_amplifications_and_no_large_one() -> None:
    told = confounded.lines(1)
    assert "| 10 | 1.00 | 1.00 | 1.00 | 1.00 |" in told
    assert sum(line.startswith("| 8 pairs") for line in told) == 2

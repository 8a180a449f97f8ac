"""The benchmark of the feed's measures measures what it says."""

from __future__ import annotations

import pytest

from analyzer.simulation.feed_accounts import FeedDeclaration, onset_median
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

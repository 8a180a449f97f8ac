"""What hearsay found is left out of a comparison unless it is asked for."""

from __future__ import annotations

from dataclasses import replace

import synthetic
from synthetic import findings, frames, sessions

from analyzer.compare import compare
from analyzer.compare.presence import unverified_rules
from analyzer.knowledge import load_knowledge

HEARSAY = sorted(unverified_rules(load_knowledge()))
RULE = next(rule for rule in HEARSAY if not rule.startswith("signal#"))


def test_what_only_unverified_rules_found_is_left_out_and_said() -> None:
    rows = [*findings("KE-13", range(1, 7), rule_id=RULE), *findings("DE-13", range(1, 3))]
    known = replace(synthetic.knowledge(), trackers=load_knowledge().trackers)
    found = compare(
        frames(sessions(6, "DE-13", "KE-13"), rows), synthetic.study(), known, "DE", "KE"
    )
    assert [delta.b.k for delta in found.deltas] == [0]
    assert any("6 findings rest on rules that nobody has verified" in w for w in found.warnings)


def test_it_counts_where_the_study_asks_for_it() -> None:
    rows = findings("KE-13", range(1, 7), rule_id=RULE)
    known = replace(synthetic.knowledge(), trackers=load_knowledge().trackers)
    study = synthetic.study(unverified=True)
    found = compare(frames(sessions(6, "DE-13", "KE-13"), rows), study, known, "DE", "KE")
    assert [delta.b.k for delta in found.deltas] == [6]
    assert any("they are counted" in warning for warning in found.warnings)


def test_signals_that_are_not_verified_are_hearsay_too() -> None:
    assert "signal#google.tfat" in HEARSAY


def test_what_is_not_certain_enough_is_left_out_and_counted() -> None:
    sure = findings("KE-13", range(1, 7), confidence=80, method="name")
    guess = findings("KE-13", range(1, 7), confidence=40, method="shape", data_type="loc.precise")
    loaded = frames(sessions(6, "DE-13", "KE-13"), [*sure, *guess])
    found = compare(loaded, synthetic.study(), synthetic.knowledge(), "DE-13", "KE-13")
    assert [(row.subject, row.methods, row.confidence) for row in found.deltas] == [
        ("id.advertising", ("name",), 80)
    ]
    assert found.settings.uncertain == 6
    everything = synthetic.study(min_confidence=0)
    found = compare(loaded, everything, synthetic.knowledge(), "DE-13", "KE-13")
    assert {row.subject for row in found.deltas} == {"id.advertising", "loc.precise"}
    assert found.settings.uncertain == 0


def test_what_an_answer_tells_is_not_collected() -> None:
    told = findings("KE-13", range(1, 7), part="response")
    loaded = frames(sessions(6, "DE-13", "KE-13"), told)
    found = compare(loaded, synthetic.study(), synthetic.knowledge(), "DE-13", "KE-13")
    assert found.deltas == ()


def test_the_most_certain_finding_speaks_for_a_row() -> None:
    rows = [
        *findings("KE-13", range(1, 7)),
        *findings("KE-13", range(1, 7), confidence=90, method="name", path="a"),
    ]
    loaded = frames(sessions(6, "DE-13", "KE-13"), rows)
    [row] = compare(loaded, synthetic.study(), synthetic.knowledge(), "DE-13", "KE-13").deltas
    assert (row.methods, row.confidence) == (("name", "rule"), 100)

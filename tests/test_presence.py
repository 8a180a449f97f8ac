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

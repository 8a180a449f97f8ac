"""The benchmark of the statistics: its studies hold what was declared, and it would notice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyzer.knowledge import load_knowledge
from benchmarks.statistics import formulas, judging, peers
from benchmarks.statistics.judging import Rates, Score, judge
from benchmarks.statistics.studies import NOTHING, TYPES, Design, differing, simulate, study
from benchmarks.statistics.tables import BEGIN, DOCS, END, write

BLOCS = Design(("DE-13", "FR-13"), ("KE-13", "PH-13"), 6, 2)
KNOWLEDGE = load_knowledge()


def found_in(design: Design, owner: str, kind: str, seed: int) -> tuple[float, float]:
    """Return the shares of either side of many sessions."""
    frames = simulate(design, differing(1, 0.9, 0.1), np.random.default_rng(seed))
    rows = frames.findings[
        frames.findings["owner"].eq(owner) & frames.findings["data_type"].eq(kind)
    ]
    seen = rows["session"].str.slice(0, 5)
    a, b = (int(seen.isin(side).sum()) for side in (design.a, design.b))
    return a / (design.sessions * len(design.a)), b / (design.sessions * len(design.b))


def test_studies_made_up_have_the_declared_shares() -> None:
    many = replace(BLOCS, sessions=400)
    a, b = found_in(many, "Owner A", TYPES[0], 1)
    assert (a, b) == pytest.approx((0.9, 0.1), abs=0.03)
    a, b = found_in(many, "Owner B", TYPES[0], 1)
    assert a == pytest.approx(b, abs=0.06)


def test_without_a_difference_nearly_nothing_is_called_different() -> None:
    rates = judge(BLOCS, NOTHING, KNOWLEDGE, 8, 1)
    for rule in judging.RULES:
        assert rates[rule].rows >= 30
        assert rates[rule].false_studies <= 2
    assert rates["report"].power == 0


def test_a_declared_difference_is_found_in_its_direction() -> None:
    there = judge(BLOCS, differing(4, 1.0, 0.1), KNOWLEDGE, 4, 2)["report"]
    back = judge(BLOCS, differing(4, 0.1, 1.0), KNOWLEDGE, 4, 2)["report"]
    for rates in (there, back):
        assert rates.power >= 0.8
        assert rates.missed == 0
    assert sum(each.declared for each in there.scores) == 16


def test_the_discrete_rule_finds_what_the_classical_one_cannot_find() -> None:
    pair = Design(("DE-13",), ("KE-13",), 6, None)
    rates = judge(pair, differing(1, 1.0, 0.0), KNOWLEDGE, 8, 3)
    assert rates["Benjamini-Hochberg"].power == 0
    assert rates["discrete"].power >= 0.8


def test_a_rule_without_correction_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def uncorrected(ps: Sequence[float]) -> list[float]:
        return list(ps)

    monkeypatch.setattr(judging, "benjamini_hochberg", uncorrected)
    rates = judge(replace(BLOCS, sessions=12, per_block=6), NOTHING, KNOWLEDGE, 10, 4)
    assert rates["Benjamini-Hochberg"].false_studies > 2 > rates["discrete"].false_studies


def test_rates_count_a_wrong_direction_as_false() -> None:
    wrong = Score(rows=10, called=2, false=1, declared=2, found=1, missed=1)
    rates = Rates((wrong, Score(10, 0, 0, 2, 0, 0)))
    assert rates.false_rate == 0.25
    assert rates.false_studies == 1
    assert rates.power == 0.25
    assert rates.missed == 0.25


def test_every_method_keeps_its_bound() -> None:
    lines = [*formulas.shares(), *formulas.magnitudes(15, 5), *formulas.countries(15, 5)]
    assert not [each.what for each in lines if each.rate > each.bound + 0.04 and each.at_most]
    assert not [each.what for each in lines if each.rate < each.bound - 0.04 and not each.at_most]


def test_a_bound_that_is_not_kept_is_told() -> None:
    assert not formulas.Measured("false alarms", 0.1, 1000, 0.05, True).kept
    assert formulas.Measured("false alarms", 0.06, 1000, 0.05, True).kept
    assert not formulas.Measured("coverage", 0.9, 1000, 0.95, False).kept
    assert not formulas.Measured("exactly", 0.0501, 0, 0.05, True).kept


def test_no_test_of_six_against_six_can_promise_nine_in_ten() -> None:
    assert formulas.best_possible(0.9, 0.1, 6) < 0.9 < formulas.best_possible(0.9, 0.1, 7)
    with pytest.raises(ValueError, match="mirror"):
        formulas.best_possible(0.9, 0.2, 6)


def test_peers_agree() -> None:
    found = peers.agreements(seed=2)
    assert len(found) == 11
    assert max(each.largest for each in found) < 1e-9


def test_the_tables_stand_in_the_document_and_nowhere_else(tmp_path: Path) -> None:
    document = tmp_path / "statistics.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    write(document, "| new |")
    assert document.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\n| new |\n\n{END}\nafter\n"
    document.write_text("no place", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        write(document, "| new |")


def test_what_the_document_shows_keeps_its_bounds() -> None:
    text = DOCS.read_text(encoding="utf-8")
    shown = text[text.index(BEGIN) : text.index(END)]
    assert "200 studies of each kind" in shown
    assert "**no**" not in shown


def test_the_study_is_strict() -> None:
    made = study(BLOCS).compare
    assert (made.alpha, made.margin) == (formulas.ALPHA, formulas.MARGIN)

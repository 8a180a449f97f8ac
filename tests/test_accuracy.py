"""The labelled set can be judged again, and the figures stay above their floors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from analyzer.comparison import DEFAULT_CONFIDENCE
from analyzer.knowledge import load_knowledge
from benchmarks.accuracy.__main__ import main
from benchmarks.accuracy.calibration import PRIOR, fit, leave_one_out, rejudged, write
from benchmarks.accuracy.scoring import Answer, by_generic, score
from benchmarks.accuracy.tables import DIFFAUDIT, Figures, measure, text
from benchmarks.accuracy.vectors import (
    Labelled,
    build_exchange,
    distinct,
    held_out,
    read_vectors,
    sent,
)

KNOWN = load_knowledge()
VECTOR = """\
source: "https://vendor.example/docs"
vectors:
  - request: {method: POST, url: "https://a.example/", json: {did: 3f1c9a70b2d4e680, page: 2}}
    labels: {did: id.device}
"""


@pytest.fixture(scope="module")
def figures() -> Figures:
    return measure(KNOWN)


def labelled(origin: str, path: str, *types: str) -> Labelled:
    exchange = build_exchange({"url": "https://a.example/", "json": {path: "x"}}, origin)
    leaf = next(each for each in sent(exchange) if each.path == path)
    return Labelled(origin, "", leaf, exchange, frozenset(types), False)


def test_precision_stays_above_its_floor_also_where_nobody_looked(figures: Figures) -> None:
    assert figures.held.scores[DEFAULT_CONFIDENCE].precision >= 0.88
    assert figures.left_out.scores[DEFAULT_CONFIDENCE].precision >= 0.90
    assert figures.methods()["all"].precision >= 0.94


def test_names_and_shapes_alone_are_above_what_a_language_model_reached(figures: Figures) -> None:
    for judged in (figures.left_out, figures.held):
        assert judged.scores[70].accuracy > DIFFAUDIT["accuracy"]
        assert judged.scores[70].coverage > DIFFAUDIT["coverage"]


def test_what_is_said_of_confidence_is_about_right(figures: Figures) -> None:
    for judged in (figures.left_out, figures.held):
        many = [each for each in judged.bins if each.finds >= 40]
        assert len(many) >= 3
        assert all(abs(each.said - each.right) < 0.15 for each in many)


def test_there_are_enough_things_that_are_no_data_and_each_method_has_its_share(
    figures: Figures,
) -> None:
    nothing = [each for each in read_vectors() if not each.types]
    assert len(nothing) >= 150
    assert len({each.origin for each in nothing}) >= 10
    assert min(each.right for name, each in figures.methods().items()) > 0
    assert all(each.source.startswith("https://") for each in nothing)
    assert {own for each in read_vectors() for own in each.types} <= set(KNOWN.types)


def test_a_name_that_means_one_thing_is_believed_anywhere_and_one_that_mostly_does_is_not() -> None:
    points = KNOWN.vocabulary.points
    there = ("fit:whole", "value:possible")

    def sure(*evidence: str) -> int:
        return rejudged([Answer(labelled("a", "k"), "id.device", "name", 0, evidence)], points)[
            0
        ].confidence

    assert sure("name:exact", *there) >= DEFAULT_CONFIDENCE
    assert sure("name:likely", *there) < DEFAULT_CONFIDENCE
    assert sure("name:weak", *there, "host:tracker", "siblings:many") < DEFAULT_CONFIDENCE
    assert sure("shape:uuid", "host:tracker", "siblings:many", "container") < DEFAULT_CONFIDENCE


def test_the_tables_are_made_again_by_one_command(figures: Figures) -> None:
    printed = CliRunner().invoke(main, ["--json"])
    assert printed.exit_code == 0, printed.output
    told = json.loads(printed.stdout)
    assert told == json.loads(json.dumps(figures.as_json(KNOWN)))
    shown = text(figures, KNOWN)
    assert "held out" in shown
    assert "DiffAudit" in shown
    assert "id.advertising" in shown


def test_a_label_without_a_leaf_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "vendor.yaml").write_text(VECTOR, encoding="utf-8")
    found = {each.leaf.path: each.types for each in read_vectors(tmp_path)}
    assert found == {"did": {"id.device"}, "page": frozenset()}
    (tmp_path / "vendor.yaml").write_text(VECTOR.replace("{did: id", "{dod: id"), encoding="utf-8")
    with pytest.raises(ValueError, match="vendor/0: no leaf has the label of dod"):
        read_vectors(tmp_path)


def test_a_key_that_several_vendors_send_counts_once_and_as_seen() -> None:
    unseen = next(name for name in ("branch", "onesignal", "matomo") if held_out(name))
    both = [labelled(unseen, "did", "id.device"), labelled("amplitude", "did", "id.device")]
    assert [each.origin for each in distinct(both)] == ["amplitude"]


def test_the_score_counts_answers_and_silence() -> None:
    right = Answer(labelled("a", "k", "id.device"), "id.device", "name", 90)
    wrong = Answer(labelled("a", "k", "id.device"), "id.account", "name", 90)
    unsure = Answer(labelled("a", "k", "id.device"), "id.device", "name", 40)
    invented = Answer(labelled("a", "k"), "id.device", "name", 90)
    found = score([right, wrong, unsure, invented], 75)
    assert (found.found, found.right, found.labelled, found.decided) == (3, 1, 3, 2)
    assert (found.precision, found.recall, found.accuracy) == (1 / 3, 1 / 3, 1 / 2)
    assert score([wrong], 75, lambda own: own.partition(".")[0]).right == 1


def test_the_fit_follows_what_is_counted_and_leaves_out_the_vendor_that_is_judged() -> None:
    evidence = ("name:likely", "fit:whole", "value:possible")
    good = [Answer(labelled("a", "k", "id.ip"), "id.ip", "name", 0, evidence)] * 40
    bad = [Answer(labelled("b", "k"), "id.ip", "name", 0, evidence)] * 40
    assert fit(good)["name:likely"] > PRIOR["name:likely"] > fit(bad)["name:likely"]
    judged = leave_one_out([*good, *bad])
    at = {each.labelled.origin: each.confidence for each in judged}
    assert at["a"] < at["b"]  # each by what the other one taught


def test_points_are_written_where_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "confidence.yaml"
    path.write_text("# why\npoints:\n  base: 1\n", encoding="utf-8")
    write({**PRIOR, "base": 7}, path)
    written = path.read_text(encoding="utf-8")
    assert written.startswith('# why\npoints:\n  "base": 7\n')
    assert written.count("\n") == 2 + len(PRIOR)


def test_without_points_nothing_is_said() -> None:
    silent = replace(KNOWN, vocabulary=replace(KNOWN.vocabulary, points={}))
    assert {each.data_type for each in by_generic(silent, read_vectors()[:40])} == {""}

"""Disagreements, decisions and final codes."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from cli_rig import done, mistake, run, told
from coding_rig import feed_study, given_out

from analyzer.errors import UserError
from analyzer.feed.codebook import load_codebook
from analyzer.feed.coding.codes import decide, final_codes, load_codes, record, write_codes

BOOK = load_codebook()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Anna and ben agree on k02, disagree on k01 and k05; k03 has one code, k04 and k06 none."""
    root = feed_study(tmp_path / "study")
    given_out(root, "anna", "ben")
    record(
        root, "anna", {"k01": "depressive", "k02": "neutral", "k03": "eating", "k05": "other"}, BOOK
    )
    record(root, "ben", {"k01": "hopeless", "k02": "neutral", "k05": "self_harm"}, BOOK)
    return root


def test_one_code_alone_is_not_final_and_a_disagreement_is_open(root: Path) -> None:
    assert final_codes(root) == {"k02": "neutral"}
    assert load_codes(root).open() == ["k01", "k05"]


def test_a_third_person_decides_and_a_coder_alone_cannot(root: Path) -> None:
    line = mistake("feed", "code", "adjudicate", "k01", "hopeless", "--by", "anna", root=root)
    assert line == "anna has coded this item: let a third person decide, or say --consensus"
    done("feed", "code", "adjudicate", "k01", "hopeless", "--by", "carol", root=root)
    done("feed", "code", "adjudicate", "k05", "self_harm", "--by", "ben", "--consensus", root=root)
    assert final_codes(root) == {"k01": "hopeless", "k02": "neutral", "k05": "self_harm"}
    table = pq.read_table(root / "feed" / "codes.parquet").to_pylist()
    assert [(row["item_key"], row["how"], row["harmful"], row["coders"]) for row in table] == [
        ("k01", "adjudicated", True, 2), ("k02", "agreed", False, 2), ("k05", "consensus", True, 2),
    ]  # fmt: skip
    assert {row["codebook"] for row in table} == {BOOK.version}


@pytest.mark.parametrize("name", ["Anna", "ANNA", " anna ", "anna\u200b"])
def test_a_coder_who_writes_her_name_otherwise_is_no_third_person(root: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"anna has coded this item|no name of a coder"):
        decide(root, name, "k01", "hopeless", BOOK)
    assert load_codes(root).open() == ["k01", "k05"]


def test_coders_who_decide_together_are_known_by_one_name(root: Path) -> None:
    done("feed", "code", "adjudicate", "k01", "hopeless", "--by", "Ben ", "--consensus", root=root)
    assert load_codes(root).decisions["k01"].by == "ben"


def test_a_decision_that_replaces_another_says_so(root: Path) -> None:
    before = decide(root, "carol", "k01", "hopeless", BOOK)
    assert before is None
    result = run("feed", "code", "adjudicate", "k01", "neutral", "--by", "dora", root=root)
    assert result.stdout == "k01: neutral\n"
    assert result.stderr == "  instead of hopeless, as carol had decided\n"
    record(root, "anna", {"k01": "neutral"}, BOOK)  # a decision on other codes is none
    assert decide(root, "carol", "k01", "hopeless", BOOK) is None


def test_one_person_is_not_given_items_under_two_names(root: Path) -> None:
    line = mistake("feed", "code", "export", "--coder", "anna", "--coder", "Ben", root=root)
    assert line == "Ben and ben look like one person: write it so: ben"
    line = mistake("feed", "code", "export", "--coder", "Eve", "--coder", "eve", root=root)
    assert line == "eve and Eve look like one person: write it so: Eve"


def test_a_decision_may_be_neither_of_the_two_codes(root: Path) -> None:
    decide(root, "carol", "k01", "recovery", BOOK)
    assert final_codes(root)["k01"] == "recovery"


def test_a_decision_falls_when_the_codes_that_it_saw_change(root: Path) -> None:
    decide(root, "carol", "k01", "hopeless", BOOK)
    record(root, "anna", {"k01": "neutral"}, BOOK)
    assert "k01" in load_codes(root).open()
    assert "k01" not in final_codes(root)
    record(root, "anna", {"k01": "hopeless"}, BOOK)
    assert final_codes(root)["k01"] == "hopeless"


def test_a_decision_can_be_taken_back_and_the_log_keeps_both(root: Path) -> None:
    decide(root, "carol", "k01", "hopeless", BOOK)
    decide(root, "carol", "k01", "", BOOK)
    assert load_codes(root).open() == ["k01", "k05"]
    log = (root / "feed" / "coding" / "log.jsonl").read_text(encoding="utf-8")
    assert log.count('"adjudicated"') == 2


def test_what_cannot_be_decided_is_said(root: Path) -> None:
    for item, category, complaint in (
        ("k02", "neutral", "none of them begins"),
        ("k", "neutral", "several items that coders disagree on begin"),
        ("k01", "sadness", "no category 'sadness'"),
    ):
        assert complaint in mistake(
            "feed", "code", "adjudicate", item, category, "--by", "carol", root=root
        )
    with pytest.raises(UserError, match="do not disagree"):
        decide(root, "carol", "k02", "neutral", BOOK)


def test_a_code_taken_back_is_gone(root: Path) -> None:
    record(root, "ben", {"k02": ""}, BOOK)
    assert "k02" not in final_codes(root)
    assert "k02" not in load_codes(root).by_coder["ben"]


def test_three_coders_have_to_agree_all(root: Path) -> None:
    record(root, "dora", {"k02": "unclear"}, BOOK)
    assert load_codes(root).open() == ["k01", "k02", "k05"]


def test_the_commands_tell_it_to_machines(root: Path) -> None:
    assert told("feed", "code", "adjudicate", root=root) == {
        "k01": {"anna": "depressive", "ben": "hopeless"},
        "k05": {"anna": "other", "ben": "self_harm"},
    }
    found = told("feed", "code", "agreement", root=root)
    assert (found["items"], found["both"], found["final"], found["open"]) == (4, 3, 1, 2)
    assert found["share"] == pytest.approx(1 / 3)
    assert found["pairs"][0]["same"] == 1
    assert found["triage"]["recall"] == {
        "hits": 0, "of": 0, "share": None, "low": None, "high": None,
    }  # fmt: skip
    record(root, "anna", {"k01": "hopeless", "k05": "self_harm"}, BOOK)
    found = told("feed", "code", "agreement", root=root)["triage"]
    assert (found["recall"]["hits"], found["recall"]["of"]) == (2, 2)
    record(root, "anna", {"k01": "depressive", "k05": "other"}, BOOK)
    text = done("feed", "code", "agreement", root=root)
    assert "3 of them by two or more; on 33.3% of these all agree" in text
    assert "may be below 0.800: no conclusions" in text


def test_without_a_code_there_is_an_empty_table_and_no_number(tmp_path: Path) -> None:
    root = feed_study(tmp_path / "study")
    given_out(root, "anna")
    assert pq.read_table(write_codes(root)).num_rows == 0
    assert "not defined" in done("feed", "code", "agreement", root=root)

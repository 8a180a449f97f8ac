"""The codebook: ours, a study's own, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.errors import UserError
from analyzer.feed.codebook import OURS, load_codebook, study_codebook

LANGUAGES_OF_TERMS = {"en", "sw", "fil", "es", "pt", "fr"}
LANGUAGES_OF_REPORTS = {*LANGUAGES_OF_TERMS, "de", "ar"}
SMALL = """\
name: pets
sources: []
languages: {en: {negations: [no]}}
categories:
  - {key: bite, label: {en: Bites}, harmful: true, definition: It bites., terms: {en: [bite*]}}
  - {key: purr, label: {en: Purrs}, harmful: false, definition: It purrs.}
"""


def own(tmp_path: Path, text: str) -> Path:
    (tmp_path / "codebook.yaml").write_text(text, encoding="utf-8")
    return tmp_path


def test_ours_has_terms_in_six_languages_for_every_harmful_category_and_names_its_sources() -> None:
    found = load_codebook()
    assert found.harmful == {"self_harm", "eating", "depressive", "hopeless"}
    assert found.unclear == {"unclear"}
    for each in found.categories:
        assert set(each.label) == LANGUAGES_OF_REPORTS
        if each.harmful or each.key == "recovery":
            assert {code for code, terms in each.terms.items() if terms} == LANGUAGES_OF_TERMS
    assert all(each.url.startswith("https://") and each.gives for each in found.sources)
    assert len(found.categories) <= 9


def test_a_study_without_its_own_takes_ours(tmp_path: Path) -> None:
    assert study_codebook(tmp_path) == load_codebook(OURS)
    assert study_codebook(own(tmp_path, SMALL)).keys == ("bite", "purr")


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("bite*", "gnaw*", True),  # terms only suggest
        ("negations: [no]", "negations: [not]", True),
        ("It bites.", "It  bites.", True),
        ("It bites.", "It bites hard.", False),
        ("harmful: false", "harmful: false, unclear: true", False),
        ("key: purr", "key: meow", False),
        ("name: pets", "name: cats", False),
    ],
)
def test_the_version_is_what_coders_go_by(tmp_path: Path, old: str, new: str, same: bool) -> None:
    before = study_codebook(own(tmp_path, SMALL)).version
    assert old in SMALL
    after = study_codebook(own(tmp_path, SMALL.replace(old, new))).version
    assert (before == after) is same
    assert len(before) == 16


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("key: purr", "key: bite", "bite twice"),
        ("key: purr", "key: Purr!", "has not the form"),
        ("harmful: false", "harmful: perhaps", "neither true nor false"),
        ("harmful: true", "harmful: false", "no harmful category"),
        ("harmful: false", "harmful: true", "harmful categories only"),
        ("{en: Purrs}", "{fr: Ronronne}", "no English text"),
        ("definition: It purrs.", "colour: red", "definition is missing"),
        ("terms: {en: [bite*]}", "terms: {xx: [bite]}", "unknown entry 'xx'"),
        ("bite*]", "b*te]", "is no term"),
        ("harmful: true", "harmful: true, unclear: true", "of a harmful category"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    assert old in SMALL
    with pytest.raises(UserError, match=complaint) as caught:
        study_codebook(own(tmp_path, SMALL.replace(old, new)))
    assert "codebook.yaml:" in caught.value.message
    assert caught.value.fix


def test_what_is_no_codebook_at_all_is_one_line(tmp_path: Path) -> None:
    for text in ("", "[1", "just words", "categories: 7"):
        with pytest.raises(UserError):
            study_codebook(own(tmp_path, text))
    (tmp_path / "codebook.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        study_codebook(tmp_path)

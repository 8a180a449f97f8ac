"""Triage: what terms hint at, and what turns them off; what its benchmark counts."""

from __future__ import annotations

import time

import pytest

from analyzer.feed.codebook import load_codebook
from analyzer.feed.triage import Triage, normal
from benchmarks.triage.measuring import Share, read_texts, table

TRIAGE = Triage(load_codebook())


def hint(text: str, *tags: str, language: str = "") -> str:
    found = TRIAGE.suggest(text, tags, language)
    return found.category if found else ""


@pytest.mark.parametrize(
    ("text", "language", "category"),
    [
        ("I want to die", "en", "self_harm"),
        ("SU1CIDAL again", "en", "self_harm"),
        ("I\u2019m not depressed anymore", "en", ""),
        ("depressed", "", "depressive"),
        ("la depresión me ganó", "es-MX", "depressive"),
        ("no estoy deprimida", "es", ""),
        ("je ne suis pas déprimée", "fr", ""),
        ("nataka kufa", "sw", "self_harm"),
        ("gusto ko nang mamatay", "tl", "self_harm"),
        ("não quero mais viver", "pt_BR", "self_harm"),
        ("suicide squad edit", "en", ""),
        ("el escuadrón suicida", "es", ""),
        ("suicidal? call or text 988", "en", "recovery"),
        ("call 988000 for pizza", "en", ""),
        ("", "en", ""),
        ("🥺🥺🥺", "", ""),
    ],
)  # fmt: skip
def test_terms_hint_and_negations_and_other_senses_do_not(
    text: str, language: str, category: str
) -> None:
    assert hint(text, language=language) == category


def test_a_hashtag_is_a_term_without_its_spaces_in_the_list_or_in_the_text() -> None:
    assert hint("", "WantToDie") == "self_harm"
    assert hint("tonight #wanttodie") == "self_harm"
    assert hint("", "wanttodiet") == ""
    assert hint("", "depressed_girl") == "depressive"


def test_no_suggestion_is_none_and_never_a_harmless_category() -> None:
    assert TRIAGE.suggest("easy mandazi recipe") is None


def test_the_terms_that_hint_are_told() -> None:
    found = TRIAGE.suggest("I want to die, kms")
    assert found is not None
    assert set(found.terms) == {"want to die", "kms"}


def test_numbers_stay_numbers_and_figures_among_letters_become_letters() -> None:
    assert normal("call 988, s3lf h@rm, 3atingd1sorder, 40kg") == (
        "call 988 self harm eatingdisorder 40kg"
    ) or normal("call 988, s3lf h@rm").startswith("call 988 self harm")


def test_long_and_hostile_texts_take_no_time() -> None:
    began = time.perf_counter()
    for text in ("want " * 100_000, "a" * 1_000_000, "skip " * 1000 + "x", "#" * 100_000):
        TRIAGE.suggest(text, [text] * 1000)
    assert time.perf_counter() - began < 5


def test_the_labelled_texts_are_enough_and_in_every_language_and_category() -> None:
    texts = read_texts()
    codebook = load_codebook()
    assert len(texts) >= 240
    assert len({each.text for each in texts}) == len(texts)
    for code in codebook.languages:
        own = [each for each in texts if each.language == code]
        assert len(own) >= 40
        assert {each.category for each in own} >= codebook.harmful | {"recovery", "neutral"}
        assert sum(each.hard != "" for each in own) >= 10


def test_the_benchmark_counts_what_it_says() -> None:
    rows = {row.name: row for row in table("first")}
    assert rows["harmful"].recall.of == 144
    assert rows["harmful"].precision.hits >= 0.9 * rows["harmful"].precision.of
    assert rows["harmful, no term"].recall.hits == 0  # what needs a reader, needs a reader
    assert str(Share(0, 0)) == "- of 0"
    assert str(Share(1, 2)) == "0.50 (0.09-0.91) of 2"

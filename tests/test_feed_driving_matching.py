"""What matches an account's interest, by which signs, and what they are not enough for."""

from __future__ import annotations

import pytest
from feed_drive_rig import SAD, item

from analyzer.feed.codebook import load_codebook
from analyzer.feed.driving.matching import Known, Matcher

CODEBOOK = load_codebook()
TRIAGED = "I feel so numb and empty, crying myself to sleep"  # the codebook's own terms


def matcher(**known: object) -> Matcher:
    return Matcher(SAD, CODEBOOK, sorted(CODEBOOK.harmful), Known(**known))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("some sad quotes for tonight", ("term",)),
        ("SAD   QUOTES!", ("term",)),
        ("look #SadQuotes", ("term",)),
        ("look #sad", ("hashtag",)),
        ("look #Sád", ("hashtag",)),
        ("sad quotes #sad", ("term", "hashtag")),
    ],
)
def test_a_term_or_a_hashtag_of_the_protocol_decides(text: str, why: tuple[str, ...]) -> None:
    found = matcher().match(item(1, text))
    assert found.matches
    assert found.why[: len(why)] == why


@pytest.mark.parametrize("text", ["", "sad", "quotes of the sad", "crusade #sadness", "the lake"])
def test_what_has_none_of_them_does_not_match(text: str) -> None:
    assert not matcher().match(item(1, text)).matches


def test_triage_alone_is_a_hint_that_is_told_and_not_followed() -> None:
    found = matcher().match(item(1, TRIAGED))
    assert [each.partition(":")[0] for each in found.why] == ["triage"]
    assert not found.matches


def test_triage_and_one_coder_or_a_known_author_are_two_signs() -> None:
    one = matcher(single={"key1": frozenset({"depressive"})})
    found = one.match(item(1, TRIAGED))
    assert found.matches
    assert found.why[1:] == ("coder:depressive",)
    assert not one.match(item(1, "the lake")).matches  # the coder alone

    author = matcher(settled={"key1": "depressive"})
    assert not author.match(item(2, TRIAGED, author="b")).matches
    assert author.match(item(1, "the lake", author="b")).matches
    found = author.match(item(2, TRIAGED, author="b"))
    assert found.matches
    assert found.why[1:] == ("author",)


def test_a_settled_code_decides_either_way() -> None:
    known = matcher(settled={"key1": "hopeless", "key2": "neutral", "key3": "unclear"})
    assert known.match(item(1, "the lake")).why == ("code:hopeless",)
    assert known.match(item(1, "the lake")).matches
    assert not known.match(item(2, "sad quotes #sad")).matches
    assert known.match(item(3, "sad quotes #sad")).matches  # nobody could tell: the terms do


def test_another_category_than_the_interest_s_is_positive_and_no_match() -> None:
    known = matcher(settled={"key1": "eating"})
    found = known.match(item(1, "sad quotes"))
    assert (found.matches, found.positive) == (False, True)


def test_nothing_matches_an_account_without_an_interest() -> None:
    control = Matcher(None, CODEBOOK, sorted(CODEBOOK.harmful), Known({"key1": "depressive"}))
    found = control.match(item(1, "sad quotes #sad"))
    assert (found.matches, found.positive) == (False, True)

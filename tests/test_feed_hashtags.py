"""Hashtags of a text, and those that a platform lists: where they stand, in UTF-16 code units."""

from __future__ import annotations

import time

import pytest
from feed_rig import aweme, read, served, servings

from analyzer.feed.hashtags import as_told, in_text


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#a #b", ["a", "b"]),
        ("#a#b", ["a", "b"]),
        ("end.#a", ["a"]),
        ("(#a) \u2764\ufe0f#b \U0001f631#c", ["a", "b", "c"]),
        ("\u65b0\u3057\u3044#\u904b\u6cb3", ["\u904b\u6cb3"]),  # no spaces between words there
        ("x#y", []),
        ("x#y#z", []),
        ("4#2 C#4", []),
        ("it&#39;s", []),
        ("https://example.org/page#part", []),
        ("https://example.org/#part #a", ["a"]),
        ("www.example.org/#/part", []),
        ("example.org/#part", []),
        ("either/#a", ["a"]),
    ],
)
def test_a_sign_inside_a_word_or_an_address_begins_no_hashtag(text: str, tags: list[str]) -> None:
    found = in_text(text)
    assert [each.name for each in found] == tags
    plain = text.encode("utf-16-le")
    for each in found:
        assert plain[2 * each.start : 2 * each.end].decode("utf-16-le") == f"#{each.name}"


def test_a_hashtag_without_a_place_is_looked_for_in_the_text() -> None:
    text = "\U0001f631 so #Sad and #sadness, #sad"
    found = as_told([("sad", None, 8.0), ("sad", None, None), ("sadness", 3.0, None)], text)
    assert [(each.name, each.start, each.end) for each in found] == [
        ("sad", 6, 10), ("sadness", 15, 23), ("sad", 25, 29),
    ]  # fmt: skip
    assert [(each.start, each.end) for each in as_told([("sad", None, 4.0)], "none")] == [(0, 0)]


def test_a_place_that_is_told_is_kept_also_where_it_is_the_first() -> None:
    found = as_told([("b", 5.0, 7.0), ("a", 0.0, 2.0)], "#a   #b")
    assert [(each.name, each.start, each.end) for each in found] == [("a", 0, 2), ("b", 5, 7)]


def test_a_platform_that_renames_the_start_invents_no_place() -> None:
    tags = [{"begin": 8, "end": 14, "hashtag_name": "tag1"}]
    [serving] = servings(read([served([aweme(1, text_extra=tags)])])[0])
    assert serving.item.text == "video 1 #tag1"
    assert [(tag.start, tag.end) for tag in serving.item.hashtags] == [(8, 13)]


@pytest.mark.parametrize("text", ["a." * 2_000 + "#", "ab+" * 1_300 + "/#x", "#a/" * 1_300])
def test_a_hostile_text_is_read_in_no_time(text: str) -> None:
    began = time.perf_counter()
    in_text(text)
    assert time.perf_counter() - began < 1.0

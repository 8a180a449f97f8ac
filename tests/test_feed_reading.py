"""What a session's feed was given is read; what is not understood is told."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace

import pytest
from feed_rig import (
    ADAPTERS,
    APP,
    FEED,
    as_json,
    aweme,
    exchange,
    logged,
    problems,
    read,
    served,
    servings,
    watches,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.feed.reading import PRELOAD
from analyzer.feed.records import Item
from analyzer.models import Problem

KEYS = [
    *("aweme_list", "aweme_id", "desc", "author", "uid", "text_extra", "start", "end", "video"),
    *("hashtag_name", "statistics", "mask_infos", "create_time", "duration", "raw_ad_data"),
    *("itemList", "id", "entries", "command", "reelWatchEndpoint", "videoId", "items", "media"),
    *("overlay", "caption", "text"),
]
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=30,
)
ADDRESSES = [
    FEED,
    f"{APP}/aweme/v2/feed/",
    f"{APP}/aweme/v1/aweme/stats/",
    "https://www.tiktok.com/api/recommend/item_list/",
    "https://www.tiktok.com/foryou",
    "https://www.youtube.com/youtubei/v1/reel/reel_watch_sequence",
    "https://www.youtube.com/youtubei/v1/reel/reel_item_watch",
    "https://www.youtube.com/api/stats/watchtime?docid=abcdefghijk&st=0,x&et=",
    "https://i.instagram.com/api/v1/clips/discover/stream/",
]


def test_each_answer_is_a_batch_and_items_keep_their_places() -> None:
    found, reader = read(
        [served([aweme(1), aweme(2)]), served([aweme(3)], 5.0, "2"), served([], 6.0, "3")]
    )
    got = [(s.batch, s.position, s.t_s, s.exchange, s.surface) for s in servings(found)]
    assert got == [
        (0, 0, 0.0, "1", "for_you"),
        (0, 1, 0.0, "1", "for_you"),
        (1, 0, 5.0, "2", "for_you"),
    ]
    [health] = reader.health
    assert (health.answers, health.understood, health.servings) == (3, 3, 3)
    assert problems(found) == []


def test_items_that_wait_outside_the_order_are_on_a_surface_of_their_own() -> None:
    answer = {"aweme_list": [aweme(1)], "preload_ads": [aweme(2, is_ads=True), aweme(3)]}
    found, _ = read([exchange({"request": {"url": FEED}, "response": {"json": answer}})])
    assert [(s.surface, s.batch, s.position) for s in servings(found)] == [
        ("for_you", 0, 0), (PRELOAD, 0, 0), (PRELOAD, 0, 1),
    ]  # fmt: skip


def test_the_same_video_has_one_key_in_the_app_and_on_the_site_and_no_name_in_it() -> None:
    app, _ = read([served([aweme(1)])])
    item = {"id": aweme(1)["aweme_id"], "author": {"id": aweme(1)["author"]["uid"]}}
    site, _ = read(
        [exchange({"request": {"url": ADDRESSES[3]}, "response": {"json": {"itemList": [item]}}})]
    )
    [one], [other] = servings(app), servings(site)
    assert one.item.key == other.item.key
    assert one.item.author == other.item.author != ""
    assert one.item.native not in one.item.key
    assert aweme(1)["author"]["uid"] not in repr(one)


def test_an_author_known_by_name_only_is_a_pseudonym_too_and_no_other_persons() -> None:
    named = aweme(1, author={"unique_id": "Someone"})
    same = aweme(2, author={"unique_id": "someone", "uid": None})
    other = aweme(3, author={"uid": "someone"})
    found, _ = read([served([named, same, other])])
    one, two, three = (serving.item.author for serving in servings(found))
    assert one == two != three != ""


@pytest.mark.parametrize("renamed", ["awemes", "awemeList"])
def test_a_renamed_list_is_a_problem_and_not_an_empty_feed(renamed: str) -> None:
    answer = {"status_code": 0, renamed: [aweme(1)]}
    found, reader = read([exchange({"request": {"url": FEED}, "response": {"json": answer}})])
    [problem] = [each for each in found if isinstance(each, Problem)]
    assert problem.code == "feed_format"
    assert problem.detail == "tiktok_app/for_you: feed answers without recognised items"
    [health] = reader.health
    assert (health.answers, health.understood) == (1, 0)


def test_items_in_a_new_nesting_are_counted_as_entries_that_are_none() -> None:
    nested = {"aweme_list": [aweme(1), {"aweme": aweme(2)}, {"aweme": aweme(3)}]}
    found, reader = read([exchange({"request": {"url": FEED}, "response": {"json": nested}})])
    assert len(servings(found)) == 1
    assert problems(found) == ["feed_entry", "feed_entry"]
    half = {"items": [{"media": {"pk": "1"}}, {"reel": {"pk": "2"}}]}
    found, _ = read([exchange({"request": {"url": ADDRESSES[8]}, "response": {"json": half}})])
    assert problems(found) == ["feed_entry"]
    assert reader.health[0].understood == 1


def test_a_renamed_key_of_the_items_is_told_at_the_end() -> None:
    def renamed(number: int) -> dict[str, object]:
        item = aweme(number)
        item["creator"] = item.pop("author")
        return item

    found, reader = read([served([renamed(number) for number in range(6)])])
    assert len(servings(found)) == 6
    [problem] = [each for each in found if isinstance(each, Problem)]
    assert (problem.code, problem.exchange) == ("feed_lacking", "")
    assert problem.detail == "tiktok_app: author in 6 of 6 servings"
    assert reader.health[0].lacking == (("author", 6),)
    assert problems(read([served([aweme(1), renamed(2), *map(aweme, range(3, 9))])])[0]) == []


def test_what_cannot_be_read_is_told_as_what_it_is() -> None:
    whole = served([aweme(1)])
    noise = bytes(range(256)) * 8
    assert problems(read([replace(whole, response_body=b"")])[0]) == ["feed_empty"]
    assert problems(read([replace(whole, response_body=noise)])[0]) == ["feed_unread"]
    assert problems(read([replace(whole, status=503)])[0]) == ["feed_refused"]
    assert problems(read([replace(whole, status=None)])[0]) == ["feed_refused"]
    assert problems(read([replace(whole, status=304)])[0]) == []
    half = replace(whole, response_body=whole.response_body[:80], complete=False)
    found, reader = read([half])
    assert problems(found) == ["feed_unread"]
    assert "truncated" in str(found)
    assert reader.health[0].understood == 0


def test_compressed_answers_are_read_by_the_decoders_of_the_program() -> None:
    plain = served([aweme(1)])
    body = gzip.compress(plain.response_body)
    packed = replace(
        plain,
        response_body=body,
        response_headers=(*plain.response_headers, ("Content-Encoding", "gzip")),
    )
    assert len(servings(read([packed])[0])) == 1
    cut = replace(packed, response_body=body[:-20])
    assert problems(read([cut])[0]) == ["feed_unread"]


def test_a_list_without_end_is_bounded() -> None:
    answer = as_json({"aweme_list": [{"aweme_id": str(number + 1)} for number in range(12_000)]})
    found, _ = read([replace(served([]), response_body=answer)])
    assert len(servings(found)) == 10_000
    assert "feed_lacking" in problems(found)


def test_texts_hashtags_and_counts_are_bounded_and_clean() -> None:
    tags = [{"hashtag_name": f"t{n}", "start": n, "end": n + 1} for n in range(500)]
    loud = aweme(1, desc="\ud800x" + "a" * 9_000, text_extra=tags, statistics={"digg_count": -3})
    found, _ = read([replace(served([]), response_body=as_json({"aweme_list": [loud]}))])
    [serving] = servings(found)
    assert len(serving.item.text) == 4_000
    assert serving.item.text.encode()
    assert len(serving.item.hashtags) == 64
    assert serving.item.likes is None


def test_the_log_names_the_video_that_begins_and_how_long_the_one_before_it_was() -> None:
    found, _ = read([served([aweme(1), aweme(2)]), logged(2, 1, 7_420, t_s=9.0)])
    begun, before = watches(found)
    keys = [serving.item.key for serving in servings(found)]
    assert (begun.key, begun.watch_s) == (keys[1], None)
    assert (before.key, before.watch_s) == (keys[0], 7.42)
    silent = read([logged(2, 1, "")])[0]
    assert [line.watch_s for line in watches(silent)] == [None]


def test_a_log_that_cannot_be_read_is_told() -> None:
    line = replace(logged(1), request_body=b"\x1f\x8b" + bytes(30))
    packed = replace(line, request_headers=(("Content-Encoding", "gzip"),))
    assert set(problems(read([packed])[0])) == {"feed_log_unread"}


def test_the_reader_says_nothing_of_what_is_of_no_feed() -> None:
    other = replace(served([aweme(1)]), url="https://shop.example/v1/feed/")
    found, reader = read([other, replace(served([aweme(1)]), method="OPTIONS")])
    assert found == []
    assert reader.health == ()


def test_the_adapter_can_be_moved_to_other_hosts() -> None:
    moved = ADAPTERS["tiktok_app"].at("feed.pebblo.example")
    there = replace(served([aweme(1)]), url="https://feed.pebblo.example/aweme/v1/feed/")
    assert len(servings(read([there], [moved])[0])) == 1
    assert read([served([aweme(1)])], [moved])[0] == []


@given(TREES, st.sampled_from(ADDRESSES))
@settings(max_examples=150, deadline=None)
def test_no_answer_and_no_log_line_makes_the_reader_raise(tree: object, url: str) -> None:
    body = json.dumps(tree).encode()
    request = exchange({"request": {"url": url, "method": "POST"}})
    headers = (("content-type", "application/json"),)
    whole = replace(
        request,
        request_headers=headers,
        request_body=body,
        response_headers=headers,
        response_body=body,
    )
    for each in read([whole])[0]:
        if isinstance(each, Item):
            assert each.native


@given(st.binary(max_size=300), st.sampled_from(ADDRESSES))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_the_reader_raise(body: bytes, url: str) -> None:
    request = exchange({"request": {"url": url, "method": "POST"}})
    for kind in ("application/x-protobuf", "text/html", "application/x-www-form-urlencoded"):
        headers = (("content-type", kind),)
        read([replace(request, request_headers=headers, request_body=body,
                      response_headers=headers, response_body=body)])  # fmt: skip


@pytest.mark.parametrize(
    "url",
    ["https://api99.tiktok-elsewhere.net/aweme/v1/feed/", "https://api.example/aweme/v3/feed/?a=1"],
)
def test_a_feed_that_is_asked_of_a_host_nobody_knows_is_read(url: str) -> None:
    there = exchange(
        {"request": {"url": url}, "response": {"json": {"aweme_list": [aweme(1), aweme(2)]}}}
    )
    found, _ = read([there])
    assert [each.surface for each in servings(found)] == ["for_you", "for_you"]
    assert problems(found) == []


def test_what_answers_at_such_a_path_without_items_is_of_no_feed() -> None:
    url = "https://api.example/aweme/v1/feed/"
    there = exchange({"request": {"url": url}, "response": {"json": {"list": [1]}}})
    found, reader = read([there])
    assert (found, reader.health) == ([], ())


def test_a_host_that_an_adapter_names_is_read_by_no_other_adapter() -> None:
    moved = replace(ADAPTERS["tiktok_app"].at("api.pebblo.example"), id="pebblo")
    url = "https://api.pebblo.example/aweme/v1/feed/"
    there = exchange({"request": {"url": url}, "response": {"json": {"aweme_list": [aweme(1)]}}})
    [serving] = servings(read([there], [*ADAPTERS.values(), moved])[0])
    assert serving.item.platform == "pebblo"

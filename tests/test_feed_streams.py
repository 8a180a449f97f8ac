"""Answers that are several documents, entries that hold their item, lists with other things."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from feed_rig import ADAPTERS, aweme, exchange, problems, read, served, servings, watches

from analyzer.feed.items import item_key
from analyzer.models import Exchange, Problem

REELS = "https://i.instagram.com/api/v1/clips/discover/stream/"
SEEN = "https://i.instagram.com/api/v1/clips/write_seen_state/"
PAGE = "https://www.tiktok.com/foryou"
ID = "3963395413478023137"


def reel(number: int) -> dict[str, Any]:
    return {"media": {"pk": str(number), "taken_at": 1786693988, "user": {"pk": "7"}}}


def answer(body: str, kind: str = "application/json", url: str = REELS) -> Exchange:
    response = {"headers": {"content-type": kind}, "body": body}
    return exchange({"request": {"url": url, "method": "POST"}, "response": response})


def chunk(*numbers: int) -> dict[str, Any]:
    return {"items": [reel(number) for number in numbers], "status": "ok"}


@pytest.mark.parametrize("between", ["", "\n", "\r\n\r\n", "  "])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("kind", ["application/json", "text/html; charset=utf-8", "text/plain"])
def test_a_stream_of_documents_is_one_batch_in_their_order(
    between: str, indent: int | None, kind: str
) -> None:
    parts = [chunk(1, 2), {"status": "ok"}, chunk(3), {"paging_info": {"max_id": "x"}}]
    body = between.join(json.dumps(part, indent=indent) for part in parts)
    found, reader = read([answer(body, kind)])
    got = [(each.item.native, each.batch, each.position) for each in servings(found)]
    assert got == [("1", 0, 0), ("2", 0, 1), ("3", 0, 2)]
    assert problems(found) == []
    assert reader.health[0].understood == 1


def test_a_stream_that_is_cut_keeps_what_came_and_says_that_it_was_cut() -> None:
    body = "".join(json.dumps(part) for part in (chunk(1), chunk(2), chunk(3)))
    found, _ = read([answer(body[:-40])])
    assert [each.item.native for each in servings(found)] == ["1", "2"]
    assert problems(found) == ["feed_unread"]


def test_a_stream_in_which_one_document_is_an_error_is_an_error() -> None:
    body = json.dumps(chunk(1)) + json.dumps({"status": "fail", "message": "login_required"})
    assert problems(read([answer(body)])[0]) == ["feed_refused"]


@pytest.mark.parametrize(
    "form",
    [
        {"impressions": json.dumps([ID, "2_7"])},
        {"signed_body": "SIGNATURE." + json.dumps({"impressions": json.dumps([ID, "2_7"])})},
        {"signed_body": "ab" * 32 + "." + json.dumps({"impressions": [ID, "2"]})},
        {"media_ids": json.dumps([ID, "2"]), "_uuid": "x"},
    ],
)
def test_what_was_seen_is_read_also_after_a_signature(form: dict[str, str]) -> None:
    found, _ = read([exchange({"request": {"method": "POST", "url": SEEN, "form": form}})])
    adapter = ADAPTERS["instagram_reels"]
    wanted = [item_key(adapter, each, b"k" * 16) for each in (ID, "2")]
    assert [line.key for line in watches(found)] == wanted


def test_suggestions_between_the_posts_are_no_lost_items_and_an_unknown_thing_is() -> None:
    entries = [
        {"media_or_ad": reel(1)["media"]},
        {"suggested_users": {"id": "1"}},
        {"end_of_feed_demarcator": {"id": "1"}},
        {"media_or_ad": reel(2)["media"]},
        {"something_new": {"id": "3"}},
    ]
    body = json.dumps({"feed_items": entries, "status": "ok"})
    found, _ = read([answer(body, url="https://i.instagram.com/api/v1/feed/timeline/")])
    assert [each.item.native for each in servings(found)] == ["1", "2"]
    assert problems(found) == ["feed_entry"]


def page(scope: object) -> Exchange:
    data = json.dumps({"__DEFAULT_SCOPE__": scope})
    script = (
        f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{data}</script>'
    )
    return replace(answer(f"<html>{script}</html>", "text/html", PAGE), method="GET")


def test_a_page_without_items_is_none_of_the_feed_and_one_with_items_elsewhere_is() -> None:
    video = {"playAddr": "x", "duration": 3}
    item = {"id": "7300000000000000001", "video": video, "stats": {"diggCount": 1}}
    assert read([page({"webapp.app-context": {"language": "en"}})])[0] == []
    found, reader = read([page({"webapp.feed-v2": {"rows": [item]}})])
    assert problems(found) == ["feed_format"]
    assert (reader.health[0].answers, reader.health[0].understood) == (1, 0)


def test_a_flag_that_no_item_has_any_more_is_told_and_one_that_says_no_is_none() -> None:
    assert problems(read([served(map(aweme, range(1, 9)))])[0]) == []
    renamed = [{**aweme(n), "ad_flag": False} for n in range(1, 9)]
    for item in renamed:
        del item["is_ads"]
    found, _ = read([served(renamed)])
    [problem] = [each for each in found if isinstance(each, Problem)]
    assert (problem.code, problem.detail) == (
        "feed_lacking",
        "tiktok_app: is_ads in 8 of 8 servings",
    )


def test_answers_of_which_none_has_an_item_are_told_at_the_end() -> None:
    assert problems(read([served([], float(n), str(n)) for n in range(2)])[0]) == []
    found, _ = read([served([], float(n), str(n)) for n in range(3)])
    [problem] = [each for each in found if isinstance(each, Problem)]
    assert problem.code == "feed_empty"
    assert problem.detail == "tiktok_app: 3 answers and no item in any of them"

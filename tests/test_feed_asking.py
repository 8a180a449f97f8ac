"""Feeds that share their address with other questions: known by the request, then by the answer."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest
from feed_rig import exchange, problems, read, servings

from analyzer.models import Exchange

URL = "https://www.instagram.com/graphql/query/?doc_id=1"
ROOT = "xdt_api__v1__clips__home__connection_v2"
REEL = {
    "pk": "3963395413478023139",
    "taken_at": 1786693988,
    "user": {"pk": "7"},
    "caption": {"text": "web"},
    "video_versions": [{"type": 101}],
}
FORM = {"doc_id": "9999", "variables": '{"data":{"container_module":"clips_tab_desktop_page"}}'}


def asked(body: Any, form: dict[str, str] | None = None, name: str = "") -> Exchange:
    request = {"method": "POST", "url": URL, "form": FORM if form is None else form}
    made = exchange({"request": request, "response": {"json": body}})
    return replace(made, request_headers=(*made.request_headers, ("X-FB-Friendly-Name", name)))


def reels(root: str = ROOT) -> dict[str, Any]:
    return {"data": {root: {"edges": [{"node": {"media": REEL}}]}}, "status": "ok"}


def packed(made: Exchange) -> Exchange:
    headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    body = gzip.compress(made.response_body)
    return replace(made, response_body=body, response_headers=headers)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_feed_is_known_by_its_answer_whatever_the_question_is_called(compressed: bool) -> None:
    made = packed(asked(reels())) if compressed else asked(reels())
    found, reader = read([made])
    assert [(each.surface, each.item.text) for each in servings(found)] == [("reels", "web")]
    assert problems(found) == []
    assert reader.health[0].understood == 1


def test_a_name_in_a_header_of_the_request_is_enough_to_tell_a_new_format() -> None:
    name = "PolarisClipsTabDesktopContainerQuery"
    body: dict[str, Any] = {"data": {"renamed": {"edges": []}}}
    assert problems(read([asked(body, name=name)])[0]) == ["feed_format"]
    assert problems(read([asked(body, name="PolarisProfileQuery")])[0]) == []


def test_an_answer_whose_list_has_a_new_version_is_told() -> None:
    body = reels("xdt_api__v1__clips__home__connection_v3")
    assert problems(read([asked(body)])[0]) == ["feed_format"]


def test_an_answer_of_a_feed_that_is_cut_is_told() -> None:
    made = packed(asked(reels()))
    cut = replace(made, response_body=made.response_body[:-12], complete=False)
    assert problems(read([cut])[0]) == ["feed_unread"]


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"user": {"pk": "1"}}},
        # A name as a value, in a setting, or in the words of somebody; and far behind.
        {"data": {"profile": {"module": "clips_home", "reels": [REEL]}}},
        {"data": {"settings": {"clips_home_enabled": True}}},
        {"data": {"text": 'they say \\"clips_home is here', "video_versions": [1]}},
        {"data": {"long": "x" * 300_000, "clips_home": {"reels": [REEL]}}},
    ],
    ids=["other", "value", "setting", "words", "far"],
)
def test_other_answers_of_the_address_are_no_feed(body: dict[str, Any]) -> None:
    found, reader = read([asked(body)])
    assert (servings(found), problems(found), reader.health) == ([], [], ())


def test_what_was_asked_for_by_name_is_not_taken_for_something_else() -> None:
    edges = [{"node": {"media": {**REEL, "clips_home_cover": 1}}}]
    body = {"data": {"xdt_api__v1__feed__timeline__connection": {"edges": edges}}}
    form = {"fb_api_req_friendly_name": "PolarisFeedTimelineRootV2Query"}
    found, reader = read([asked(body, form)])
    assert [each.surface for each in servings(found)] == ["timeline"]
    assert problems(found) == []
    assert reader.health[0].answers == 1


def test_an_answer_that_was_refused_is_not_searched() -> None:
    assert read([replace(asked(reels()), status=500)])[0] == []

"""Items in the order in which an answer has them, whichever of an adapter's lists they stand in."""

from __future__ import annotations

from typing import Any

import pytest
from feed_rig import aweme, details, exchange, problems, read, servings

from analyzer.decoders import Budget, Limits
from analyzer.feed.lists import NOWHERE, entries, rows_of
from analyzer.feed.paths import steps_of
from analyzer.models import Exchange

REELS = "https://i.instagram.com/api/v1/clips/discover/"
GRAPHQL = "https://www.instagram.com/graphql/query"


def walked(tree: object, *paths: str) -> list[tuple[int, object]]:
    rows = rows_of(tuple(steps_of(path) for path in paths))
    return list(entries(tree, rows, Budget(Limits()), lambda entry: "none" in str(entry)))


def media(number: int, **more: Any) -> dict[str, Any]:
    told = {"taken_at": 1786693988, "user": {"pk": "7"}, "caption": {"text": f"reel {number}"}}
    return {"pk": str(number), **told, **more}


def answer(body: dict[str, Any], url: str = REELS) -> Exchange:
    form = {"fb_api_req_friendly_name": "PolarisClipsTabDesktopPaginationQuery"}
    request = {"url": url, "method": "POST", "form": form}
    return exchange({"request": request, "response": {"json": body}})


def served_ids(*exchanges: Exchange) -> list[str]:
    return [each.item.native for each in servings(read(exchanges)[0])]


def test_lists_with_a_row_in_common_are_walked_row_by_row() -> None:
    tree = {"edges": [{"a": 1}, {"b": {"a": 2}}, {"a": 3}, {"b": {"a": 4}, "a": 5}]}
    found = walked(tree, "edges/*/a", "edges/*/b/a")
    assert found == [(0, 1), (1, 2), (0, 3), (0, 5), (1, 4)]


def test_lists_without_a_common_row_come_in_the_order_of_the_adapter() -> None:
    tree = {"second": [3, 4], "first": [1, 2]}
    assert walked(tree, "first/*", "second/*") == [(0, 1), (0, 2), (1, 3), (1, 4)]


def test_lists_in_the_entries_of_a_list_are_walked_entry_by_entry() -> None:
    tree = {"s": [{"x": [{"m": 1}], "y": [{"m": 2}]}, {"z": 3}, {"x": [{"m": 4}]}]}
    found = walked(tree, "s/*/x/*/m", "s/*/y/*/m", "s/*/z")
    assert [each for _, each in found] == [1, 2, 3, 4]


@pytest.mark.parametrize("path", ["", "a", "**/a"])
def test_a_place_without_a_list_is_one_entry(path: str) -> None:
    tree = {"a": {"id": 1}}
    assert walked(tree, path) == [(0, tree if not path else {"id": 1})]


def test_an_entry_without_an_item_is_told_unless_it_is_known_to_be_none() -> None:
    tree = {"edges": [{"a": 1}, {"c": 1}, {"none": 1}, None, {}, {"a": None}]}
    found = walked(tree, "edges/*/a", "edges/*/b")
    assert found == [(0, 1), (NOWHERE, {"c": 1}), (NOWHERE, {"a": None})]


def test_an_entry_with_items_in_a_list_of_its_own_is_not_told_as_one_without() -> None:
    tree = {"s": [{"x": [1]}, {"z": 2}, {"w": 3}]}
    assert walked(tree, "s/*/x/*", "s/*/z") == [(0, 1), (1, 2), (NOWHERE, {"w": 3})]


def test_advertisements_between_reels_keep_their_place() -> None:
    nodes: list[dict[str, Any]] = [
        {"media": media(1)},
        {"media": None, "ad": {"media": media(2, ad_id="9")}},
        {"media": media(3)},
    ]
    edges = [{"node": node, "cursor": ""} for node in nodes]
    body = {"data": {"xdt_api__v1__clips__home__connection_v2": {"edges": edges}}}
    got = servings(read([answer(body, GRAPHQL)])[0])
    assert [(each.item.native, each.position) for each in got] == [("1", 0), ("2", 1), ("3", 2)]
    assert [each.item.ad for each in got] == ["none", "formal", "none"]


def test_posts_of_two_kinds_that_are_followed_keep_their_order() -> None:
    url = "https://api16-normal-c-useast1a.tiktokv.com/aweme/v1/following/feed/"
    data = [{"aweme_info": aweme(1)}, {"aweme": aweme(2)}, {"aweme_info": aweme(3)}]
    body = {"status_code": 0, "data": data}
    assert [each[-1] for each in served_ids(answer(body, url))] == ["1", "2", "3"]


def test_sections_of_the_grid_come_one_after_the_other() -> None:
    def section(one: int, *more: int) -> dict[str, Any]:
        first = {"clips": {"items": [{"media": media(one)}]}}
        fill = [{"media": media(number)} for number in more]
        return {"layout_content": {"one_by_two_item": first, "fill_items": fill}}

    plain = {"layout_content": {"medias": [{"media": media(4)}]}}
    body = {"sectional_items": [section(1, 2, 3), plain, section(5, 6)], "status": "ok"}
    made = answer(body, "https://i.instagram.com/api/v1/discover/topical_explore/")
    assert served_ids(made) == ["1", "2", "3", "4", "5", "6"]
    assert problems(read([made])[0]) == []


def test_an_item_that_two_lists_of_an_answer_have_was_served_once() -> None:
    data = {"aweme_list": [aweme(1), aweme(2)]}
    url = "https://api16-normal-c-useast1a.tiktokv.com/aweme/v1/feed/"
    found, _ = read([answer({"status_code": 0, "data": data, "aweme_list": [aweme(1)]}, url)])
    assert [each.item.native[-1] for each in servings(found)] == ["1", "2"]
    assert [each.native[-1] for each in details(found)] == ["1"]


def test_an_item_that_one_list_has_twice_was_served_twice() -> None:
    body = {"items": [{"media": media(number)} for number in (1, 2, 1)], "status": "ok"}
    assert served_ids(answer(body)) == ["1", "2", "1"]


def test_a_list_with_advertisements_says_where_they_stand() -> None:
    def row(number: int, **more: Any) -> dict[str, Any]:
        return {"media": media(number, **more)}

    whole = [row(1), row(2, ad_id="9"), row(3)]
    body = {"items": [row(1), row(3), row(4)], "items_with_ads": whole, "status": "ok"}
    found, _ = read([answer(body)])
    got = [(each.item.native, each.item.ad, each.position) for each in servings(found)]
    assert got == [("1", "none", 0), ("2", "formal", 1), ("3", "none", 2), ("4", "none", 3)]
    assert [each.native for each in details(found)] == ["1", "3"]
    assert problems(found) == []

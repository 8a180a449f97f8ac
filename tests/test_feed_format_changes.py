"""A platform that changes its format loses no items in silence: by changing every example so."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from feed_rig import ADAPTERS, details, exchange, problems, read, servings

from analyzer.decoders.schema import place_of
from analyzer.feed.adapters import Adapter
from analyzer.feed.paths import Steps
from analyzer.feed.records import Told
from analyzer.feed.untold import untold

TOLD = {"feed_format", "feed_entry", "feed_empty", "feed_unread", "feed_lacking", "feed_refused"}
MANY = 200
# Where another place says the same, or items of another form in the same answer still do.
SAME = {"taken_at", "stats", "statsV2", "author", "authorId"}
TIMES = 6  # how often each answer comes: what all items lack is told of five and more


def answers(form: str) -> list[Any]:
    """The examples that serve items, as `form`: json, body (a page) or body_base64 (protobuf)."""
    return [
        pytest.param(adapter, example, id=f"{name}-{number}")
        for name, adapter in ADAPTERS.items()
        for number, example in enumerate(adapter.hits)
        if example["finds"].get("servings") and form in example.get("response", {})
        if form != "json" or owed(adapter, example["request"]["url"])
    ]


def owed(adapter: Adapter, url: str) -> bool:
    """Whether an answer of `url` must have items: where it need not, none is no new format."""
    place = place_of(url)
    return any(
        surface.place.holds(*place) and not (surface.optional or surface.details)
        for surface in adapter.surfaces
    )


def recognised(adapter: Adapter, example: Mapping[str, Any], response: Mapping[str, Any]) -> Any:
    """How many items are recognised in `response`, which of their fields, and what is told."""
    changed = {**example, "response": response}
    found, reader = read([exchange(changed)] * TIMES, [adapter])
    items = [serving.item for serving in servings(found)]
    names = [name for name in adapter.always if name not in ("created", "duration")]
    fields = {name for name in names if any(getattr(item, name) for item in items)}
    health = reader.health[0] if reader.health else None
    return len(items), fields, set(problems(found)), health


def keys(tree: object) -> Iterator[str]:
    """Every key of `tree`, at any depth."""
    if isinstance(tree, Mapping):
        for key, inside in tree.items():
            yield key
            yield from keys(inside)
    elif isinstance(tree, Sequence) and not isinstance(tree, str):
        for inside in tree:
            yield from keys(inside)


def renamed(tree: Any, name: str) -> Any:
    """The tree with another key in the place of `name`."""
    if isinstance(tree, Mapping):
        return {f"{k}_v2" if k == name else k: renamed(v, name) for k, v in tree.items()}
    return [renamed(each, name) for each in tree] if isinstance(tree, list) else tree


def lists_of(tree: Any, steps: Steps) -> Iterator[list[Any]]:
    """The lists of `tree` whose entries `steps` leads to."""
    if not steps or steps[0] == "**":
        return
    if steps[0] == "*":
        if isinstance(tree, list) and tree:
            yield tree
        for inside in tree if isinstance(tree, list) else []:
            yield from lists_of(inside, steps[1:])
    elif isinstance(tree, dict) and steps[0] in tree:
        yield from lists_of(tree[steps[0]], steps[1:])


def with_lists(adapter: Adapter, tree: Any, change: Callable[[list[Any]], None]) -> Any:
    """The tree with `change` done to the list that an item of its stands in."""
    tree = deepcopy(tree)
    for surface in adapter.surfaces:
        for steps in surface.lists:
            for entries in lists_of(tree, steps):
                change(entries)
    return tree


@pytest.mark.parametrize(("adapter", "example"), answers("json"))
def test_no_key_can_be_renamed_so_that_items_are_gone_and_nothing_is_told(
    adapter: Adapter, example: Mapping[str, Any]
) -> None:
    response = example["response"]
    before, fields, told, _ = recognised(adapter, example, response)
    assert before == TIMES * len(example["finds"]["servings"])
    assert told <= {"feed_lacking"}  # a short example may lack what all items of a feed have
    felt = 0
    for name in sorted(set(keys(response["json"]))):
        changed = {**response, "json": renamed(response["json"], name)}
        after, left, said, _ = recognised(adapter, example, changed)
        if after < before:
            felt += 1
            assert said & (TOLD - {"feed_lacking"}), f"{name}: {after} of {before} items"
        elif left < fields:
            assert "feed_lacking" in said, f"{name}: {fields - left}"
    assert felt


def scaled(told: Sequence[Told]) -> list[Told]:
    """What is told of many such answers."""
    return [
        replace(
            each,
            items=each.items * MANY,
            said=tuple((name, count * MANY) for name, count in each.said),
        )
        for each in told
    ]


@pytest.mark.parametrize(("adapter", "example"), answers("json"))
def test_no_key_can_be_renamed_so_that_items_say_less_than_elsewhere_and_nothing_is_told(
    adapter: Adapter, example: Mapping[str, Any]
) -> None:
    def seen(response: Mapping[str, Any]) -> Any:
        found, reader = read([exchange({**example, "response": response})], [adapter])
        items = [replace(serving.item, hashtags=()) for serving in servings(found)]
        return (items, details(found)), set(problems(found)), scaled(reader.told)

    response = example["response"]
    before, told, whole = seen(response)
    silent = []
    for name in sorted(set(keys(response["json"]))):
        after, said, less = seen({**response, "json": renamed(response["json"], name)})
        if before[1] and not after[1]:
            continue  # nothing tells what the items are: the study's items count as feed_bare
        if after != before and not said - told:
            missed = untold({"before": whole, "after": less})
            if not missed["after"]:
                silent.append(name)
    assert set(silent) <= SAME


@pytest.mark.parametrize(("adapter", "example"), answers("json"))
def test_items_that_move_to_another_place_are_told(
    adapter: Adapter, example: Mapping[str, Any]
) -> None:
    response = example["response"]
    tree = response["json"]
    before, *_ = recognised(adapter, example, response)

    def nest(entries: list[Any]) -> None:
        entries[:] = [{"layout_v2": entry} for entry in entries]

    def nest_first(entries: list[Any]) -> None:
        entries[0] = {"layout_v2": entries[0]}

    for changed in (
        {"payload_v2": tree},
        [tree],
        with_lists(adapter, tree, nest),
        with_lists(adapter, tree, nest_first),
    ):
        after, _, said, health = recognised(adapter, example, {**response, "json": changed})
        assert after < before
        assert said & (TOLD - {"feed_lacking"}), changed
        assert health.answers == TIMES


@pytest.mark.parametrize(("adapter", "example"), answers("json"))
def test_items_that_move_and_leave_an_empty_list_behind_are_no_empty_feed(
    adapter: Adapter, example: Mapping[str, Any]
) -> None:
    response = example["response"]
    hollow = with_lists(adapter, response["json"], list.clear)
    assert hollow != response["json"]
    nothing = recognised(adapter, example, {**response, "json": hollow})
    assert nothing[0] == 0
    # Each for itself may have nothing new; that none of six has anything is told.
    assert nothing[2] == {"feed_empty"}
    assert nothing[3].understood == TIMES
    if any(surface.signs for surface in adapter.surfaces):
        moved = hollow | {"elsewhere_v2": showing(adapter, response["json"])}
        after, _, said, health = recognised(adapter, example, {**response, "json": moved})
        assert (after, said, health.understood) == (0, {"feed_format"}, 0)


def showing(adapter: Adapter, tree: Any) -> Any:
    """The tree, and in it whatever shows that there are items."""
    ends = {
        step: 1 for surface in adapter.surfaces for steps in surface.signs for step in steps[1:]
    }
    return {"items_v2": tree, "shown": {name: {name: 1} for name in ends}}


@pytest.mark.parametrize(("adapter", "example"), answers("body"))
def test_data_of_a_page_that_is_called_otherwise_is_told(
    adapter: Adapter, example: Mapping[str, Any]
) -> None:
    response = example["response"]
    before, *_ = recognised(adapter, example, response)
    wanted = {key for serving in example["finds"]["servings"] for key in serving}
    assert before == TIMES * len(example["finds"]["servings"]), wanted
    felt = 0
    for name in sorted(
        {*NAMES_OF_PAGES, *(step for s in adapter.surfaces for p in s.lists for step in p)}
    ):
        if name in ("*", "**") or name not in response["body"]:
            continue
        changed = {**response, "body": response["body"].replace(name, f"{name}_v2")}
        after, _, said, _ = recognised(adapter, example, changed)
        if after < before:
            felt += 1
            assert said & TOLD, f"{name}: {after} of {before} items"
    assert felt


NAMES_OF_PAGES = ("id", "videoId", "pk", "aweme_id", "itemStruct", "reelWatchEndpoint", "command")


def numbers(message: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Number, begin, begin of the content and end of each field of a protobuf message."""
    at = 0
    while at < len(message):
        begin = at
        tag, at = varint(message, at)
        if tag & 7 == 2:
            size, at = varint(message, at)
            yield tag >> 3, begin, at, at + size
            at += size
        else:
            content = at
            _, at = varint(message, at)
            yield tag >> 3, begin, content, at


def varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def written(value: int) -> bytes:
    made = bytearray()
    while value > 127:
        made.append(value & 127 | 128)
        value >>= 7
    return bytes([*made, value])


def renumbered(message: bytes, path: Sequence[int], shift: int = 40) -> bytes:
    """The message with another number for the field at `path`."""
    made = b""
    for number, begin, content, end in numbers(message):
        inside = message[content:end]
        if number != path[0]:
            made += message[begin:end]
            continue
        kind = message[begin] & 7
        if len(path) > 1:
            inside = renumbered(inside, path[1:], shift)
        moved = number if len(path) > 1 else number + shift
        size = written(len(inside)) if kind == 2 else b""
        made += written(moved << 3 | kind) + size + inside
    return made


# Where the list, an entry's content and its id stand in the messages of the examples.
PLACES = {
    "tiktok_app": [(5,), (5, 1)],
    "youtube_shorts": [(2,), (2, 1), (2, 1, 139608561), (2, 1, 139608561, 1)],
}


@pytest.mark.parametrize(("adapter", "example"), answers("body_base64"))
def test_another_number_in_a_protobuf_message_is_told(
    adapter: Adapter, example: Mapping[str, Any]
) -> None:
    response = example["response"]
    message = base64.b64decode(response["body_base64"])
    before, *_ = recognised(adapter, example, response)
    assert before
    for path in PLACES[adapter.id]:
        changed = base64.b64encode(renumbered(message, path)).decode()
        assert base64.b64decode(changed) != message
        after, _, said, _ = recognised(adapter, example, {**response, "body_base64": changed})
        assert after < before, path
        assert said & TOLD, path


def test_every_way_in_which_a_feed_comes_is_changed_here() -> None:
    forms = {form for form in ("json", "body", "body_base64") if answers(form)}
    assert forms == {"json", "body", "body_base64"}
    assert {case.values[0].id for case in answers("json")} == set(ADAPTERS)
    assert json.dumps(sorted(PLACES)) == json.dumps(
        sorted({case.values[0].id for case in answers("body_base64")})
    )

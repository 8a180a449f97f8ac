"""Getting what stands at a path: quickly, and as a plain walk along all steps would."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from analyzer.decoders import MISS, Budget, Layer, Limits, Number, Pairs
from analyzer.decoders.outlines import Columns
from analyzer.feed.paths import find, first, is_empty, opened, steps_of
from analyzer.feed.trees import body_tree

KEYS = ("a", "b", "0", "*", "**", "")
PATHS = [
    steps_of(path)
    for path in (
        "", "a", "b", "0", "a/b", "a/*", "*", "*/a", "a/*/b", "**/b", "**/a/b", "a/0/b", "a/b/a",
        "b/**/a", "a/a/a/a", "*/*", "0/0",
    )
]  # fmt: skip


def budget() -> Budget:
    return Budget(Limits())


def walked(value: object, steps: tuple[str, ...]) -> Iterator[object]:
    """One step at a time, of trees without encodings but JSON in texts."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "**":
        for place in searched(value, rest[0]):
            yield from walked(place, rest[1:])
        return
    value = opened(value, budget(), further=True)
    if step == "*":
        each = [inside for _, inside in value] if isinstance(value, Pairs) else value
        inside = list(each.values()) if isinstance(each, dict) else each
        for one in inside if isinstance(inside, list) else ():
            yield from walked(one, rest)
    elif isinstance(value, Pairs):
        those = [inside for name, inside in value if name == step]
        if those:
            yield from walked(those[0], rest)
    elif isinstance(value, dict):
        if step in value:
            yield from walked(value[step], rest)
    elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        yield from walked(value[int(step)], rest)


def searched(value: object, name: str) -> Iterator[object]:
    if isinstance(value, dict) and name in value:
        yield value[name]
    elif isinstance(value, dict | list):
        inside = [each for _, each in value] if isinstance(value, Pairs) else value
        for each in inside.values() if isinstance(inside, dict) else inside:
            if isinstance(each, dict | list):
                yield from searched(each, name)


def tree(draw: random.Random, depth: int = 0) -> Any:
    kind = draw.randrange(9 if depth < 5 else 5)
    if kind < 5:
        return draw.choice([None, "", "x", "{}", "[]", "null", 0, 1.5, False, Number("7")])
    if kind == 5:
        inside = {draw.choice(KEYS): draw.choice([1, "y", None, {"b": 2}]) for _ in range(2)}
        return json.dumps(inside)
    if kind == 6:
        return [tree(draw, depth + 1) for _ in range(draw.randrange(4))]
    some = [(draw.choice(KEYS), tree(draw, depth + 1)) for _ in range(draw.randrange(1, 5))]
    return dict(some) if kind == 7 or len(dict(some)) == len(some) else Pairs(some)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_is_what_a_plain_walk_finds(seed: int) -> None:
    draw = random.Random(seed)
    hits = 0
    for _ in range(60):
        value = tree(draw)
        for steps in PATHS:
            wanted = list(walked(value, steps))
            assert repr(list(find(value, steps, budget()))) == repr(wanted), (value, steps)
            hits += len(wanted)
            told = [each for each in wanted if not is_empty(each)]
            texts = "*" in steps and all(isinstance(each, str) for each in told)
            alone = told[0] if told else None
            one = "".join(map(str, told)) if len(told) > 1 and texts else alone
            assert repr(first(value, (steps,), budget())) == repr(one), (value, steps)
    assert hits > 100


@pytest.mark.parametrize("nothing", [None, "", "{}", "[]", "null", [], {}, b"", Pairs()])
def test_nulls_and_what_is_empty_say_nothing(nothing: object) -> None:
    assert is_empty(nothing)
    assert first({"a": nothing, "b": 5}, (("a",), ("b",)), budget()) == 5


@pytest.mark.parametrize("something", [0, 0.0, False, "0", " ", "nulls", [None], {"": None}, MISS])
def test_noughts_say_something(something: object) -> None:
    assert not is_empty(something)


def test_an_encoded_value_is_read_on_the_way_and_kept() -> None:
    page: dict[str, object] = {"script": Layer(b'{"items": [{"id": "7"}]}', "application/json")}
    assert first(page, (steps_of("script/items/*/id"),), budget()) == "7"
    assert page["script"] == {"items": [{"id": "7"}]}
    assert first({"a": Layer(b'{"b": 1}', "application/json")}, (("a",),), budget()) == {"b": 1}


def test_a_body_that_came_before_is_a_tree_all_the_same() -> None:
    for number in range(5):
        content = json.dumps({"items": [{"id": number, "text": f"a{number}"}]}).encode()
        found, _ = body_tree(content, "application/json", "", "https://a.example/", answer=True)
        assert first(found, (steps_of("items/*/id"),), budget()) == number
        assert not isinstance(found, Columns)
        form = f"item_id={number}&order=1".encode()
        kind = "application/x-www-form-urlencoded"
        found, _ = body_tree(form, kind, "", "https://a.example/", answer=False)
        assert found == {"item_id": str(number), "order": "1"}


def test_a_list_that_was_encoded_twice_is_read() -> None:
    once = json.dumps(["1_7", "2_7"])
    for said in (once, json.dumps(once)):
        assert list(find({"ids": said}, steps_of("ids/*"), budget())) == ["1_7", "2_7"]
    for said in ('"[1_7" said one', json.dumps("1_7"), '"'):
        assert list(find({"ids": said}, steps_of("ids/*"), budget())) == []
    assert first({"ids": json.dumps(once)}, (steps_of("ids"),), budget()) == json.dumps(once)

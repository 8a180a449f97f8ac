"""Lists of objects, which are read at once where they have the same names."""

from __future__ import annotations

import orjson
import pytest

from analyzer.decoders import Limits
from analyzer.walk import Walker


def leaves_of(tree: object, limits: Limits | None = None) -> tuple[list[tuple[str, str]], set[str]]:
    walker = Walker("x", limits or Limits())
    walker.body("body", orjson.dumps(tree), "application/json", "")
    leaves = list(zip(walker.leaves.paths, walker.leaves.values, strict=True))
    return leaves, {problem.code for problem in walker.problems()}


def test_objects_with_the_same_names_give_leaves_in_their_order() -> None:
    rows = [{"type": "tap", "n": 1, "ok": True}, {"type": "view", "n": 2, "ok": None}]
    leaves, problems = leaves_of({"events": rows, "v": "1"})
    assert leaves == [
        ("events.0.type", "tap"),
        ("events.0.n", "1"),
        ("events.0.ok", "true"),
        ("events.1.type", "view"),
        ("events.1.n", "2"),
        ("events.1.ok", ""),
        ("v", "1"),
    ]
    assert not problems


def test_what_is_inside_such_objects_keeps_its_place() -> None:
    rows = [{"a": 1, "in": {"x": 1}, "b": 2}, {"a": 3, "in": [4, 5], "b": '{"y":6}'}]
    leaves, _ = leaves_of(rows)
    assert leaves == [
        ("0.a", "1"),
        ("0.in.x", "1"),
        ("0.b", "2"),
        ("1.a", "3"),
        ("1.in.0", "4"),
        ("1.in.1", "5"),
        ("1.b", '{"y":6}'),
        ("1.b.y", "6"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1}, {"b": 2}],
        [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
        [{"a": 1}, 5],
        [{"a": 1}, {"a": 1, "b": 2}],
        [{"a": 1}, {}],
    ],
)
def test_other_lists_are_read_one_by_one(rows: list[object]) -> None:
    expected = [
        (f"{at}.{name}", str(value))
        for at, row in enumerate(rows)
        if isinstance(row, dict)
        for name, value in row.items()
    ]
    if rows[-1] == 5:
        expected.append(("1", "5"))
    assert leaves_of(rows)[0] == expected


def test_the_bounds_hold_for_such_objects_too() -> None:
    rows = [{"a": 1, "b": 2}] * 50
    leaves, problems = leaves_of(rows, Limits(max_leaves=30))
    assert len(leaves) <= 31
    assert problems == {"too_many_leaves"}
    _, problems = leaves_of([[rows]], Limits(max_json_depth=3))
    assert problems == {"too_deep"}
    assert leaves_of([[rows]], Limits(max_json_depth=4))[1] == set()

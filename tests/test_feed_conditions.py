"""What a mark of an advertisement or a warning has to hold to be one."""

from __future__ import annotations

import re

import pytest

from analyzer.decoders import Budget
from analyzer.feed.adapters import Condition
from analyzer.feed.conditions import holds
from analyzer.feed.trees import LIMITS

MARK = Condition((("mark",),), True, frozenset(), None)


@pytest.mark.parametrize(
    "mark",
    [
        None, "", "null", 0, 0.0, False, "0", "false", "False", [], {}, {"is_ad": False},
        {"id": 0, "more": {"text": "", "list": [None, 0]}}, [0, False],
    ],
)  # fmt: skip
def test_a_mark_that_says_no_is_none(mark: object) -> None:
    assert not holds(MARK, {"mark": mark}, Budget(LIMITS))
    assert not holds(MARK, {}, Budget(LIMITS))


@pytest.mark.parametrize(
    "mark",
    [1, -1, True, "1", "no", "00", "x", {"is_ad": True}, {"id": 0, "more": {"text": "x"}}, [0, 1],
     {"a": {"b": {"c": {"d": {"e": 0}}}}}],
)  # fmt: skip
def test_a_mark_that_says_anything_else_is_one(mark: object) -> None:
    assert holds(MARK, {"mark": mark}, Budget(LIMITS))


def test_values_and_patterns_are_of_what_stands_there() -> None:
    listed = Condition((("kind",),), False, frozenset({"1", "true"}), None)
    assert holds(listed, {"kind": 1}, Budget(LIMITS))
    assert holds(listed, {"kind": True}, Budget(LIMITS))
    assert not holds(listed, {"kind": 11}, Budget(LIMITS))
    fitting = Condition((("kind",),), False, frozenset(), re.compile("^[1-9]"))
    assert holds(fitting, {"kind": 2001}, Budget(LIMITS))
    assert not holds(fitting, {"kind": 0}, Budget(LIMITS))

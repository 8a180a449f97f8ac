"""Every problem that the program can count has words that can be translated."""

from __future__ import annotations

import re
from pathlib import Path

import analyzer
from analyzer.said import Said
from reports.problems import PROBLEMS, problem

_NAMED = re.compile(
    r'(?:Problem\([^()\n]*?,\s*"(?:read|decode|extract|classify)",\s*'
    r"|\bself\.fault\(\s*|\bwalker\.fault\(\s*|\bFault\(\s*|\bfault=)"
    r'"([a-z_]+)"(?:\s*if [\w.]+ else "([a-z_]+)")?'
)
# Those of feeds are handed on before they are made into problems, by these two.
_OF_FEEDS = re.compile(r"\b(feed_[a-z]+(?:_unread)?)(?:\"|=)")
_FEED_FILES = ("reading.py", "store.py")


def named() -> set[str]:
    """The codes that stand in the source where problems are made."""
    found: set[str] = set()
    for path in Path(analyzer.__file__).parent.rglob("*.py"):
        if path.parent.name == "feed" and path.name in _FEED_FILES:
            found |= set(_OF_FEEDS.findall(path.read_text(encoding="utf-8"))) - {"feed_s"}
        for groups in _NAMED.findall(path.read_text(encoding="utf-8")):
            found |= {each for each in groups if each}
    return found


def test_every_code_has_words() -> None:
    codes = named()
    assert {"opaque_body", "bad_json", "truncated", "too_many_hosts", "bomb"} <= codes
    assert {"feed_format", "feed_bare", "feed_log_unread"} <= codes
    assert codes <= set(PROBLEMS)


def test_words_are_no_codes_and_an_unknown_code_is_shown() -> None:
    assert all(isinstance(problem(code), Said) for code in PROBLEMS)
    assert all("_" not in told for told in PROBLEMS.values())
    assert problem("not_yet_known") == "not yet known"

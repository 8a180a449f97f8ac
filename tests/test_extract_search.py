"""The two searches find the same, and what is prepared can be handed to another process."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.extract import search
from analyzer.extract.planted import Hit, Planted, prepare
from analyzer.extract.search import (
    HAS_HYPERSCAN,
    MOST_FOUND,
    AhoCorasickSearch,
    HyperscanSearch,
    Plan,
    Search,
    plan,
)
from analyzer.models import Leaf
from benchmarks.encodings.identifiers import IDENTIFIERS
from benchmarks.encodings.transformations import ways

pytestmark = pytest.mark.skipif(not HAS_HYPERSCAN, reason="no wheel of hyperscan for this machine")

VALUES = tuple((each.data_type, each.text) for each in IDENTIFIERS)
WITH = Planted(VALUES)
WITHOUT = Planted(VALUES, open_search=AhoCorasickSearch)
WRITTEN = [
    text
    for identifier in IDENTIFIERS
    for _, written in ways(identifier)
    for text in (written.values() if isinstance(written, dict) else (written,))
]
OPENERS: tuple[Callable[[Plan], Search], ...] = (HyperscanSearch, AhoCorasickSearch)
noise = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789.-+ ()", max_size=30),
    st.sampled_from(WRITTEN),
    st.sampled_from(WRITTEN).map(lambda text: text[: len(text) // 2]),
    st.sampled_from(WRITTEN).map(lambda text: f"<{text}>1.5"),
)


def hits(planted: Planted, leaves: list[Leaf], payloads: list[bytes]) -> tuple[Hit, ...]:
    return planted.find(leaves, payloads).hits


@settings(max_examples=200, deadline=None)
@given(st.lists(noise, max_size=12), st.lists(st.binary(max_size=60), max_size=2))
def test_both_searches_find_the_same(texts: list[str], payloads: list[bytes]) -> None:
    leaves = [Leaf("1", "body", f"p.{at}", text, ()) for at, text in enumerate(texts)]
    assert hits(WITH, leaves, payloads) == hits(WITHOUT, leaves, payloads)
    joined = " ".join(texts)
    assert WITH.mask(joined) == WITHOUT.mask(joined)


@given(
    st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=20, unique=True),
    st.binary(max_size=200),
)
def test_literals_of_any_bytes_are_found_wherever_they_overlap(
    literals: list[bytes], text: bytes
) -> None:
    made = plan(tuple(literals), ())
    expected = sorted(
        (which, start, start + len(literal))
        for which, literal in enumerate(literals)
        for start in range(len(text))
        if text.startswith(literal, start)
    )
    for opener in OPENERS:
        found = opener(made).find(text)
        assert (sorted(found.literals), found.complete) == (expected, True)


def test_patterns_say_where_they_end() -> None:
    made = plan((b"literal",), (b"7[ -]{0,3}1[ -]{0,3}2",))
    assert HyperscanSearch(made).find(b"a 7-1 2 literal").patterns == [7]
    assert HyperscanSearch(made).find(b"nothing").patterns == []
    assert AhoCorasickSearch(made).find(b"a 7-1 2 literal").patterns is None


@pytest.mark.parametrize("opener", OPENERS)
def test_too_many_finds_are_told(opener: Callable[[Plan], Search]) -> None:
    found = opener(plan((b"aa", b"a"), ())).find(b"a" * MOST_FOUND)
    assert not found.complete
    assert MOST_FOUND <= len(found.literals) <= MOST_FOUND + 1


def test_no_values_need_no_search() -> None:
    for opener in OPENERS:
        planted = Planted((), open_search=opener if opener is AhoCorasickSearch else Plan.open)
        assert planted.find([Leaf("1", "body", "x", "text", ())]).hits == ()
        assert planted.mask("text") == "text"


def test_what_is_prepared_is_made_once_and_can_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    made = prepare(VALUES)
    assert prepare(VALUES) is made
    sent = pickle.loads(pickle.dumps(made))

    def never(*_: object) -> bytes:
        raise AssertionError("compiled again")

    monkeypatch.setattr(search, "compiled", never)
    planted = Planted(VALUES, sent)
    assert planted.find([Leaf("1", "body", "x", IDENTIFIERS[0].text, ())]).hits[0].value == 0


@pytest.mark.parametrize("opener", OPENERS)
def test_literals_that_begin_alike_are_told_apart(opener: Callable[[Plan], Search]) -> None:
    literals = (b"beginning", b"beginning-one", b"beginning-two", b"beginnin", b"xbegin", b"\0a\0b")
    found = opener(plan(literals, ())).find(b"..xbeginning-two.\0a\0b beginnxng-one")
    assert sorted(found.literals) == [(0, 3, 12), (2, 3, 16), (3, 3, 11), (4, 2, 8), (5, 17, 21)]

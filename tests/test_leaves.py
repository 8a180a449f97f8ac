"""Columns of leaves hold what leaves made one by one hold, and nothing is found in one only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decode import Decoded, decode
from analyzer.extract import Extractor
from analyzer.knowledge import load_knowledge
from analyzer.leaves import Leaves
from analyzer.models import Exchange, Leaf, Part

PARTS: tuple[Part, ...] = ("path", "query", "header", "cookie", "body", "response")
TEXT = st.text("ab.é", max_size=3)
LEAVES = st.lists(
    st.builds(
        Leaf,
        st.just("7"),
        st.sampled_from(PARTS),
        TEXT,
        TEXT,
        st.sampled_from([(), ("json",), ("form", "json")]),
    ),
    max_size=12,
).map(tuple)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-1e15, 1e15),
    st.sampled_from(["", "on", "a b", "1795340000", "Pixel 7", "en_KE"]),
)
NAMES = st.sampled_from(["id", "os", "model", "events", "geo", "lat", "v"])
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
EXCHANGE = Exchange(
    "7", "s", 1.0, "use", "POST", "https://a.example/v1", (("Content-Type", "application/json"),),
    b"", 200, (), b"", None, "h2", True, 0,
)  # fmt: skip

KNOWLEDGE = load_knowledge()
VALUES = [("id.device", "en_KE-1795340000")]
EXTRACTOR = Extractor(KNOWLEDGE, VALUES, b"k" * 32)


def one_by_one(tree: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The same walk as it would be written for clarity."""
    if isinstance(tree, dict | list):
        items = tree.items() if isinstance(tree, dict) else enumerate(tree)
        for name, value in items:
            yield from one_by_one(value, f"{path}.{name}" if path else str(name))
    elif tree is None:
        yield path, ""
    elif isinstance(tree, bool):
        yield path, "true" if tree else "false"
    else:
        yield path, str(tree)


@given(LEAVES)
def test_columns_give_back_the_leaves_that_they_were_made_of(leaves: tuple[Leaf, ...]) -> None:
    columns = Leaves.of(leaves)
    assert tuple(columns) == leaves
    assert columns == leaves
    assert [columns[at] for at in range(len(columns))] == list(leaves)
    assert len(columns) == len(leaves)


@given(LEAVES, st.integers(0, 12))
def test_what_is_cut_off_is_gone_and_more_can_be_added(
    leaves: tuple[Leaf, ...], length: int
) -> None:
    columns = Leaves.of(leaves)
    columns.cut(length)
    assert columns == leaves[:length]
    for leaf in leaves:
        columns.add(*leaf[1:])
    assert columns == (*leaves[:length], *leaves)


@given(LEAVES, st.integers(0, 12))
def test_pieces_put_into_another_exchange_are_the_same_leaves(
    leaves: tuple[Leaf, ...], start: int
) -> None:
    other = Leaves("8")
    other.put(Leaves.of(leaves).pieces(start))
    assert other == tuple(leaf._replace(exchange="8") for leaf in leaves[start:])


@given(LEAVES)
def test_spans_cover_every_leaf_once_and_in_order(leaves: tuple[Leaf, ...]) -> None:
    spans = Leaves.of(leaves).spans()
    assert [part for part, start, end in spans for _ in range(start, end)] == [
        leaf.part for leaf in leaves
    ]


def test_one_leaf_more_leaves_the_others_as_they_are() -> None:
    columns = Leaves.of((Leaf("7", "body", "a", "1", ("json",)),))
    more = columns.with_one("host", "", "a.example")
    assert (len(columns), tuple(more)[1]) == (1, Leaf("7", "host", "", "a.example", ()))


def test_leaves_do_not_show_their_values() -> None:
    assert "secret" not in repr(Leaves.of((Leaf("7", "body", "a", "secret", ()),)))


@given(TREES)
def test_a_body_read_in_columns_has_every_value_at_its_path(tree: object) -> None:
    wrapped = {"all": tree}
    found = decode(replace(EXCHANGE, request_body=json.dumps(wrapped).encode()))
    body = [(leaf.path, leaf.value) for leaf in found.leaves if leaf.part == "body"]
    assert body == list(one_by_one(wrapped))


@settings(max_examples=30, deadline=None)
@given(st.lists(TREES, min_size=2, max_size=4))
def test_what_was_read_before_changes_nothing_of_what_is_found(trees: list[object]) -> None:
    exchanges = [
        replace(EXCHANGE, request_body=json.dumps({"device": tree}).encode()) for tree in trees
    ]
    seen = [EXTRACTOR.extract(each) for each in (*exchanges, *exchanges)]
    count = len(trees)
    for exchange, first, again in zip(exchanges, seen[:count], seen[count:], strict=True):
        assert first == again
        alone = tuple(decode(exchange).leaves)
        assert EXTRACTOR.extract(exchange, Decoded(alone, (), ())).matches == first.matches
    fresh = Extractor(KNOWLEDGE, VALUES, b"k" * 32)
    assert fresh.extract(exchanges[-1]) == seen[-1]

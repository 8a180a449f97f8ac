"""Plain YAML is read fast, and exactly as ruamel.yaml reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from analyzer.knowledge.load import DATA
from analyzer.knowledge.plain_yaml import NotPlainError, load_plain


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.yaml")), ids=lambda path: path.name)
def test_the_files_of_facts_are_read_as_ever(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    try:
        found = load_plain(text)
    except NotPlainError:
        return  # left to the other
    assert repr(found) == repr(YAML(typ="safe").load(text))


@given(st.text("0123456789.-+_:eExXabcnulltrfsoy~<=TZ ", min_size=1, max_size=12))
def test_a_scalar_without_quotes_means_what_it_meant(scalar: str) -> None:
    text = f"a:\n  - {scalar}\n  - x\n"
    try:
        found = load_plain(text)
    except NotPlainError:
        return
    assert repr(found) == repr(YAML(typ="safe").load(text))


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\na: 2\n",
        "a: &x 1\nb: *x\n",
        "a: !!set {b}\n",
        "<<: {a: 1}\n",
        "a: [1\n",
        "---\na\n---\nb\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_other(text: str) -> None:
    with pytest.raises(NotPlainError):
        load_plain(text)


def test_quoted_scalars_are_text_and_an_empty_file_is_nothing() -> None:
    assert load_plain("a: '1'\nb: \"no\"\nc:\n") == {"a": "1", "b": "no", "c": None}
    assert load_plain("") is None

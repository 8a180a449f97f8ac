"""Thirty seconds of what `python -m benchmarks.fuzz` does for ten minutes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decoders import DECODERS, MISS, Budget, Hint, Limits
from benchmarks.fuzz import (
    DOCUMENTS,
    MARKER,
    WRAPS,
    broken,
    exchange,
    finds,
    mutated,
    nested,
    survived,
)

wraps = st.lists(st.sampled_from(sorted(WRAPS)), max_size=4)


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("wrap", WRAPS)
def test_a_marker_is_found_in_every_document_and_every_wrapping(document: str, wrap: str) -> None:
    assert finds(nested(document, [wrap]))


# The same each time: of ten thousand nestings one is truly ambiguous, as CBOR that is protobuf too.
@settings(max_examples=1200, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(DOCUMENTS)), wraps)
def test_a_marker_is_found_however_documents_are_wrapped(document: str, names: list[str]) -> None:
    assert finds(nested(document, names))


def test_what_is_not_there_is_not_found() -> None:
    assert not finds(nested("json", ["gzip"]).replace(b"\x1f", b"\x1e"))
    assert not finds(DOCUMENTS["json"](MARKER[::-1]))


@settings(max_examples=2500, deadline=None)
@given(st.integers(0, 2**63))
def test_no_broken_exchange_breaks_decoding(seed: int) -> None:
    survived(broken(seed))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), st.text(max_size=200))
def test_no_content_and_no_value_breaks_decoding(body: bytes, value: str) -> None:
    survived(exchange(body, value=value.encode("utf-8", "replace").decode()))


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(sorted(DECODERS.entries())),
    st.sampled_from(sorted(DOCUMENTS)),
    wraps,
    st.randoms(use_true_random=False),
    st.booleans(),
)
def test_no_decoder_alone_breaks_on_what_another_reads(
    name: str, document: str, names: list[str], chance: object, doubtful: bool
) -> None:
    decoder = DECODERS.entries()[name]
    content = mutated(chance, nested(document, names))  # type: ignore[arg-type]
    began = time.process_time()
    if decoder.body:
        for announced in ("", name):
            hint = Hint(announced=announced, boundary="xY", doubtful=doubtful)
            decoder.body(content, hint, Budget(Limits()))
    if decoder.text:
        decoder.text(content.decode("latin-1"))
        decoder.text(content.decode("utf-8", "replace"))
        assert decoder.text("") is MISS
    assert time.process_time() - began < 8

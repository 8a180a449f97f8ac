"""Chunks that came together are taken together; what follows them is neither lost nor early."""

from __future__ import annotations

import pytest
from h11 import Data, EndOfMessage, ProtocolError
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy.proxy.layers.http import _http1

from addons.chunks import GatheringReader, gather_chunks

WIRE = b"3\r\nabc\r\n2;ext=1\r\nde\r\n4\r\nfghi\r\n0\r\n\r\n"


def read(reader: ChunkedReader, *received: bytes) -> list[bytes | str]:
    """What a reader tells as the bytes come: data, and how it ends."""
    told: list[bytes | str] = []
    buffer = ReceiveBuffer()
    for each in received:
        buffer += each
        while True:
            try:
                event = reader(buffer)
            except ProtocolError as error:
                return [*told, str(error)]
            if event is None:
                break
            if isinstance(event, EndOfMessage):
                return [*told, "end"]
            told.append(bytes(event.data))
    return told


def test_chunks_that_are_there_are_one_piece_and_their_end_is_told() -> None:
    assert read(GatheringReader(), WIRE) == [b"abcdefghi", "end"]
    assert read(ChunkedReader(), WIRE) == [b"abc", b"de", b"fghi", "end"]  # else why all this


def test_nothing_waits_for_what_is_still_to_come() -> None:
    first, rest = WIRE[:11], WIRE[11:]
    assert read(GatheringReader(), first) == [b"abc"]
    assert read(GatheringReader(), first, rest) == [b"abc", b"defghi", "end"]


@pytest.mark.parametrize("wrong", [b"x\r\n", b"1" * 30 + b"\r\n", b"\r\n"])
def test_a_wrong_chunk_is_an_error_after_the_data_before_it(wrong: bytes) -> None:
    whole = b"2\r\nab\r\n1\r\nc\r\n" + wrong
    first, second, error = read(ChunkedReader(), whole)
    assert (first, second) == (b"ab", b"c")
    assert isinstance(error, str)
    assert read(GatheringReader(), whole) == [b"abc", error]


def test_trailers_are_set_aside_and_the_body_ends_as_without() -> None:
    reader = GatheringReader()
    assert read(reader, WIRE[:-2] + b"X-R: 9\r\nx-s:  a\r\n", b"\r\n") == [b"abcdefghi", "end"]
    assert reader.trailers == ((b"X-R", b"9"), (b"x-s", b"a"))
    assert GatheringReader().trailers == ()


@given(st.lists(st.integers(0, len(WIRE)), max_size=6).map(sorted))
def test_however_it_is_cut_the_body_is_the_same(cuts: list[int]) -> None:
    pieces = [WIRE[a:b] for a, b in zip([0, *cuts], [*cuts, len(WIRE)], strict=True)]
    *found, end = read(GatheringReader(), *pieces)
    assert b"".join(each for each in found if isinstance(each, bytes)) == b"abcdefghi"
    assert end == "end"
    assert len(found) <= len(pieces)


def test_mitmproxy_reads_bodies_in_chunks_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_http1, "ChunkedReader", ChunkedReader)
    gather_chunks()
    reader = _http1.make_body_reader(None)
    buffer = ReceiveBuffer()
    buffer += WIRE
    event = reader(buffer)
    assert isinstance(event, Data)
    assert event.data == b"abcdefghi"

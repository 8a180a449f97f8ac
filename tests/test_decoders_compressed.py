from __future__ import annotations

import gzip
import zlib

import brotli  # type: ignore[import-untyped]
import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, read, rows

from analyzer.decode import decode
from analyzer.decoders import Budget, Hint, Layer, Limits
from analyzer.decoders.plan import coding

DOCUMENT = b'{"device":"pixel 7","note":"' + b"x" * 400 + b'"}'


def raw_deflate(content: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(content) + engine.flush()


PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "lz4": lz4.frame.compress,
}


def unpack(name: str, content: bytes, limits: Limits = Limits()) -> object:  # noqa: B008
    found = coding(name)
    assert found
    return found[1](content, Hint(announced=name), Budget(limits))


@pytest.mark.parametrize("name", PACK)
@given(content=st.binary(min_size=1, max_size=3000))
def test_what_is_packed_comes_out_again(name: str, content: bytes) -> None:
    assert unpack(name, PACK[name](content)) == Layer(content)


@pytest.mark.parametrize("name", PACK)
@given(content=st.binary(max_size=300))
def test_anything_may_be_fed_to_a_decompressor(name: str, content: bytes) -> None:
    unpack(name, content)
    packed = PACK[name](b"abc" * 50)
    unpack(name, packed[:20] + content)


@pytest.mark.parametrize("name", PACK)
def test_a_content_coding_becomes_a_step(name: str) -> None:
    found = rows(PACK[name](DOCUMENT), "application/json", name)
    assert found[0] == ("device", "pixel 7", f"{name}/json")
    assert codes(PACK[name](DOCUMENT), "application/json", name) == []


def test_codings_are_undone_from_last_to_first() -> None:
    body = brotli.compress(gzip.compress(DOCUMENT))
    assert rows(body, "application/json", "gzip, br")[0][2] == "br/gzip/json"


def test_raw_deflate_is_read_as_deflate() -> None:
    assert rows(raw_deflate(DOCUMENT), "", "deflate")[0][2] == "deflate/json"


@pytest.mark.parametrize("media", ["", "application/json", "application/octet-stream"])
def test_raw_deflate_that_nobody_announced_has_to_read_in_turn(media: str) -> None:
    assert rows(raw_deflate(DOCUMENT), media)[0][2] == "raw_deflate/json"
    assert codes(raw_deflate(DOCUMENT), media) == []
    for body in (raw_deflate(bytes(range(256))), raw_deflate(DOCUMENT) + b"more"):
        assert rows(body, media) == []
        assert codes(body, media) == ["opaque_body"]


@given(content=st.binary(min_size=12, max_size=300))
def test_no_bytes_are_raw_deflate_by_chance(content: bytes) -> None:
    assert not any("raw_deflate" in row[2] for row in rows(content))


@pytest.mark.parametrize("name", ["gzip", "zstd", "deflate", "lz4"])
def test_a_missing_header_is_made_up_for_by_the_first_bytes(name: str) -> None:
    assert rows(PACK[name](DOCUMENT))[0][2] == f"{name}/json"


@pytest.mark.parametrize("name", [*PACK, "gzip, br", "identity", "no-such-coding"])
def test_a_body_stored_decoded_is_read_without_a_word(name: str) -> None:
    assert rows(DOCUMENT, "application/json", name)[0][2] == "json"
    assert codes(DOCUMENT, "application/json", name) == []


@pytest.mark.parametrize("name", ["gzip", "br", "zstd", "deflate", "lz4", "no-such-coding"])
def test_what_is_neither_packed_nor_readable_is_a_bad_encoding(name: str) -> None:
    noise = bytes(range(255, 60, -1))
    assert "bad_encoding" in codes(noise, "application/octet-stream", name)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br", "lz4"])
def test_packed_data_that_is_cut_is_a_problem(name: str) -> None:
    noise = b"".join(bytes([n * 37 % 251, n * 91 % 253]) for n in range(3000))
    packed = PACK[name](b'{"a":"' + noise.hex().encode() + b'"}')
    assert "bad_encoding" in codes(packed[: len(packed) * 2 // 3], "application/json", name)


def test_the_beginning_of_cut_data_is_kept() -> None:
    packed = gzip.compress(b"first words, then " + bytes(range(32, 127)) * 40)
    found = decode(exchange(packed[:-20], "text/plain", "gzip"))
    assert found.payloads
    assert found.payloads[0].startswith(b"first words")


def test_data_that_is_cut_by_the_recording_is_truncated_not_bad() -> None:
    packed = gzip.compress(DOCUMENT)[:-12]
    found = decode(exchange(packed, "application/json", "gzip", truncated=12))
    assert {problem.code for problem in found.problems} == {"truncated"}


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_is_refused(name: str) -> None:
    packed = PACK[name](bytes(20 * 1024 * 1024))
    assert codes(packed, "application/json", name) == ["bomb"]
    assert read(packed, "application/json", name) == {}


def test_a_bomb_inside_a_bomb_is_refused() -> None:
    packed = gzip.compress(gzip.compress(bytes(50 * 1024 * 1024)))
    assert codes(packed) == ["bomb"]


def test_brotli_that_breaks_late_keeps_what_came_before() -> None:
    packed = bytearray(brotli.compress(bytes(range(256)) * 40 + DOCUMENT))
    for at in range(len(packed) // 2, len(packed)):
        broken = packed[:at] + b"\xff\x00\xff" + packed[at:]
        codes(bytes(broken), "application/octet-stream", "br")  # raises nothing, and ends


def test_a_chain_of_codings_without_end_is_bounded() -> None:
    body = DOCUMENT
    for _ in range(40):
        body = gzip.compress(body)
    assert codes(body, "application/json", ", ".join(["gzip"] * 40)) == ["too_deep", "opaque_body"]


@pytest.mark.parametrize("name", PACK)
def test_what_stands_behind_the_end_is_a_problem_unless_it_is_padding(name: str) -> None:
    packed = PACK[name](DOCUMENT)
    assert codes(packed + b"more", "application/json", name) == ["bad_encoding"]
    assert read(packed + b"more", "application/json", name)["device"] == "pixel 7"
    if name != "br":  # which has no padding
        assert codes(packed + bytes(7), "application/json", name) == []


def test_members_of_gzip_beyond_a_bound_are_a_problem() -> None:
    body = gzip.compress(b"{") + gzip.compress(b"") * 1200 + gzip.compress(b"}")
    assert "bad_encoding" in codes(body, "text/plain", "gzip")


def test_several_members_of_gzip_are_one_body() -> None:
    body = gzip.compress(DOCUMENT[:50]) + gzip.compress(DOCUMENT[50:])
    assert read(body)["device"] == "pixel 7"


@pytest.mark.parametrize("name", ["zstd", "lz4"])
def test_several_frames_are_one_body(name: str) -> None:
    body = PACK[name](DOCUMENT[:50]) + PACK[name](DOCUMENT[50:])
    assert read(body)["device"] == "pixel 7"


def test_frames_that_do_not_say_their_size_are_read() -> None:
    streaming = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    assert read(streaming.compress(DOCUMENT) + streaming.flush())["device"] == "pixel 7"
    assert read(lz4.frame.compress(DOCUMENT, store_size=False))["device"] == "pixel 7"


@pytest.mark.parametrize("start", [b"", b"mozLz40\0"])
def test_a_block_of_lz4_with_its_size_is_read(start: bytes) -> None:
    body = start + lz4.block.compress(DOCUMENT, store_size=True)
    assert rows(body)[0] == ("device", "pixel 7", "lz4/json")
    assert codes(body) == []


def test_a_block_of_lz4_that_promises_too_much_is_refused() -> None:
    bomb = lz4.block.compress(bytes(20 * 1024 * 1024), store_size=True)
    assert codes(bomb, "application/json", "lz4") == ["bomb"]
    lie = (2**31 - 1).to_bytes(4, "little") + lz4.block.compress(DOCUMENT, store_size=False)
    assert "opaque_body" in codes(lie + b"\xff\xfe")


def test_a_window_beyond_eight_mebibytes_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, compression_level=1)
    engine = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = engine.compress(DOCUMENT) + engine.flush()
    assert codes(packed, "application/json", "zstd") == ["bad_encoding"]

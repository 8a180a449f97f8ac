from __future__ import annotations

import struct
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, read, varint

from analyzer.decode import decode

COMPACT = "application/vnd.apache.thrift.compact"
BINARY = "application/vnd.apache.thrift.binary"
ID = "38400000-8cf0-11bd-b23e-10b96e40000d"

# Written by the specifications (thrift-compact-protocol.md, thrift-binary-protocol.md).


def zigzag(number: int) -> bytes:
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


def text(content: str) -> bytes:
    return varint(len(content.encode())) + content.encode()


def long_text(content: str) -> bytes:
    return len(content.encode()).to_bytes(4) + content.encode()


COMPACT_STRUCT = (
    b"\x18" + text("child-7")  # 1: string
    + b"\x15" + zigzag(-13)  # 2: i32
    + b"\x11"  # 3: true
    + b"\x12"  # 4: false
    + b"\x17" + struct.pack("<d", 52.5)  # 5: double
    + b"\x1c" + b"\x18" + text("sw") + b"\x00"  # 6: a struct
    + b"\x19" + b"\x28" + text("a") + text("b")  # 7: list of two strings
    + b"\x1b" + b"\x01\x86" + text("k") + zigzag(9)  # 8: map of a string to an i64
    + b"\x13\xfe"  # 9: i8
    + b"\x06" + zigzag(300) + zigzag(2**40)  # 300: i64
    + b"\x00"
)  # fmt: skip
EXPECTED = {
    "1": "child-7",
    "2": "-13",
    "3": "true",
    "4": "false",
    "5": "52.5",
    "6.1": "sw",
    "7.0": "a",
    "7.1": "b",
    "8.k": "9",
    "9": "-2",
    "300": str(2**40),
}


def header(kind: int, number: int) -> bytes:
    return bytes([kind]) + number.to_bytes(2)


BINARY_STRUCT = (
    header(11, 1) + long_text("child-7")
    + header(8, 2) + struct.pack(">i", -13)
    + header(2, 3) + b"\x01"
    + header(2, 4) + b"\x00"
    + header(4, 5) + struct.pack(">d", 52.5)
    + header(12, 6) + header(11, 1) + long_text("sw") + b"\x00"
    + header(15, 7) + b"\x0b" + (2).to_bytes(4) + long_text("a") + long_text("b")
    + header(13, 8) + b"\x0b\x0a" + (1).to_bytes(4) + long_text("k") + (9).to_bytes(8)
    + header(3, 9) + b"\xfe"
    + header(10, 300) + (2**40).to_bytes(8)
    + b"\x00"
)  # fmt: skip
CALLS: dict[str, Callable[[], bytes]] = {
    COMPACT: lambda: b"\x82\x21" + varint(7) + text("log") + COMPACT_STRUCT,
    BINARY: lambda: b"\x80\x01\x00\x01" + long_text("log") + bytes(4) + BINARY_STRUCT,
}
STRUCTS = {COMPACT: COMPACT_STRUCT, BINARY: BINARY_STRUCT}


@pytest.mark.parametrize("media", CALLS)
def test_a_call_is_read_by_its_envelope_alone(media: str) -> None:
    call = CALLS[media]()
    for content_type in (media, "application/x-thrift", "application/octet-stream", ""):
        assert read(call, content_type) == {"method": "log", **EXPECTED}
        framed = len(call).to_bytes(4) + call
        assert read(framed, content_type) == {"method": "log", **EXPECTED}


@pytest.mark.parametrize("media", STRUCTS)
def test_a_bare_struct_is_read_where_it_is_announced(media: str) -> None:
    assert read(STRUCTS[media], media) == EXPECTED
    assert read(STRUCTS[media], "application/x-thrift") == EXPECTED
    assert "300" not in read(STRUCTS[media])


def test_identifiers_and_bytes_are_shown() -> None:
    raw = bytes(range(200, 216))
    body = b"\x1d" + uuid.UUID(ID).bytes + b"\x18\x10" + raw + b"\x00"
    assert read(body, COMPACT) == {"1": ID, "2": raw.hex()}


@pytest.mark.parametrize("media", CALLS)
def test_a_call_that_is_cut_or_has_more_behind_it_is_opaque(media: str) -> None:
    call = CALLS[media]()
    for body in (call[:-1], call + b"\x18", call[:20]):
        assert codes(body + b"\xff\xfe", media) == ["opaque_body"]


@pytest.mark.parametrize(
    "body",
    [
        b"\x82\x21\x00\x03log\x19\xf8\xff\xff\xff\xff\x0f",  # a list of four thousand millions
        b"\x82\x21\x00\x03log\x1b\xff\xff\xff\xff\x0f\x88",
        b"\x82\x21\x00\x03log" + b"\x1c" * 5000,
        b"\x82\x21\x00\x03log" + b"\x19\x19" * 5000,
        b"\x80\x01\x00\x01\x00\x00\x00\x03log\x00\x00\x00\x00\x0f\x00\x01\x0c\x7f\xff\xff\xff",
        b"\x80\x01\x00\x01\x7f\xff\xff\xff",
    ],
)
def test_what_promises_too_much_is_opaque(body: bytes) -> None:
    assert codes(body, "application/x-thrift") == ["opaque_body"]


@given(st.binary(max_size=80), st.sampled_from([COMPACT, BINARY, ""]))
def test_any_bytes_may_be_announced_as_thrift(content: bytes, media: str) -> None:
    for start in (b"", b"\x82\x21\x00\x01a", b"\x80\x01\x00\x01\x00\x00\x00\x01a\x00\x00\x00\x00"):
        decode(exchange(start + content, media))

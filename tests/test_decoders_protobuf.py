from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, field, read, rows, varint

from analyzer.decode import decode

PROTO = "application/x-protobuf"
UUID = "38400000-8cf0-11bd-b23e-10b96e40000d"


def test_fields_are_numbered_and_nested_and_repeated_ones_are_counted() -> None:
    inner = field(1, "en-KE") + field(2, 300)
    body = field(1, UUID) + field(2, inner) + field(3, "a") + field(3, "b") + field(4, 2**64 - 1)
    assert read(body, PROTO) == {
        "1": UUID,
        "2.1": "en-KE",
        "2.2": "300",
        "3.0": "a",
        "3.1": "b",
        "4": "18446744073709551615",
    }


def test_fixed_fields_are_floats_where_that_makes_sense() -> None:
    body = (
        varint(1 << 3 | 5) + struct.pack("<f", 52.52)
        + varint(2 << 3 | 1) + struct.pack("<d", 13.404954)
        + varint(3 << 3 | 5) + struct.pack("<I", 7)
        + varint(4 << 3 | 1) + struct.pack("<Q", 1_732_270_000_000)
        + varint(5 << 3 | 1) + bytes(8)
    )  # fmt: skip
    assert read(body, PROTO) == {
        "1": "52.52",
        "2": "13.404954",
        "3": "7",
        "4": "1732270000000",
        "5": "0",
    }


def test_bytes_are_shown_as_hex_and_looked_into() -> None:
    raw = bytes.fromhex("fb8400008cf011bdb23e10b96e4000fd")
    body = field(1, raw) + field(2, b'{"a": "b"}') + field(3, "")
    assert rows(body, PROTO) == [
        ("1", raw.hex(), "protobuf"),
        ("2", '{"a": "b"}', "protobuf"),
        ("2.a", "b", "protobuf/json"),
        ("3", "", "protobuf"),
    ]


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), st.integers(0, 2**64 - 1))))
def test_every_varint_is_found(fields: list[tuple[int, int]]) -> None:
    found = decode(exchange(b"".join(field(n, v) for n, v in fields), PROTO))
    assert sorted(int(leaf.value) for leaf in found.leaves if leaf.part == "body") == sorted(
        value for _, value in fields
    )


@pytest.mark.parametrize(
    "body",
    [
        field(1, "abc")[:-1],  # a length beyond the end
        b"\x08",  # no value
        b"\x08" + b"\xff" * 10 + b"\x01",  # eleven bytes
        b"\x08\x80\x00",  # padded
        b"\x00\x01",  # field 0
        b"\x0b\x0c",  # a group
        b"\x0d\x01\x02",  # half a fixed32
    ],
)
def test_what_breaks_a_rule_is_not_protobuf(body: bytes) -> None:
    assert codes(body + bytes([0xFF, 0xFE, 0x80]), PROTO) == ["opaque_body"]
    assert not any("protobuf" in steps for _, _, steps in rows(body, PROTO))


def test_a_message_that_nobody_announced_is_read_where_it_is_readable() -> None:
    body = field(1, UUID) + field(2, field(1, "screen_view") + field(2, 5))
    assert read(body, "application/octet-stream")["2.1"] == "screen_view"
    assert read(body) == read(body, PROTO)


def test_noise_is_not_read_as_protobuf() -> None:
    noise = random.Random(5)
    for size in (16, 48, 200):
        for _ in range(300):
            body = noise.randbytes(size)
            assert not any(steps == "protobuf" for _, _, steps in rows(body)), body.hex()


def test_text_is_not_taken_for_a_message() -> None:
    for text in ("en-US", "pixel 7", "2 of 3", "zz", UUID, "r\u00e9union"):
        assert rows(field(1, text), PROTO) == [("1", text, "protobuf")]


@given(st.binary(max_size=200))
def test_any_bytes_may_be_announced_as_protobuf(content: bytes) -> None:
    decode(exchange(content, PROTO))


def test_messages_inside_each_other_without_end_are_bounded() -> None:
    body = field(1, "\x00x")
    for _ in range(2000):
        body = field(1, body)
    found = decode(exchange(body, PROTO))
    assert len(found.leaves) < 5


def frame(message: bytes, flag: int = 0) -> bytes:
    return bytes([flag]) + len(message).to_bytes(4) + message


def test_a_grpc_call_has_the_paths_of_its_message() -> None:
    assert rows(frame(field(3, "abc")), "application/grpc") == [("3", "abc", "grpc/protobuf")]


def test_a_grpc_stream_is_counted() -> None:
    body = frame(field(3, "abc")) + frame(field(3, "def"))
    assert read(body, "application/grpc+proto") == {"0.3": "abc", "1.3": "def"}


def test_grpc_web_has_trailers_and_may_be_base64() -> None:
    body = frame(field(3, "abc")) + frame(b"grpc-status:0", 0x80)
    import base64

    expected = {"0.3": "abc", "1": "grpc-status:0"}
    assert read(body, "application/grpc-web+proto") == expected
    assert read(base64.b64encode(body), "application/grpc-web-text") == expected


def test_a_compressed_grpc_message_is_unpacked() -> None:
    import gzip

    body = frame(gzip.compress(field(3, "abc")), 1)
    assert rows(body, "application/grpc")[0][0] == "3"


def test_frames_that_do_not_fit_are_not_grpc() -> None:
    assert codes(frame(b"abc") + b"\x00", "application/grpc") == ["opaque_body"]

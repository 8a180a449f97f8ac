from __future__ import annotations

import datetime
import json
import plistlib
import random

import cbor2
import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, flat, read, rows

from analyzer.decode import decode

text = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8)
names = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | text
)
trees = st.recursive(
    st.dictionaries(names, scalars, min_size=1, max_size=4),
    lambda inner: st.dictionaries(names, inner | scalars | st.lists(inner, max_size=3), min_size=1),
    max_leaves=6,
)
MSGPACK, CBOR = "application/msgpack", "application/cbor"


def found(body: bytes, content_type: str, step: str) -> list[tuple[str, str]]:
    return [(path, value) for path, value, steps in rows(body, content_type) if steps == step]


@given(trees)
def test_every_leaf_of_messagepack_is_found(tree: dict[str, object]) -> None:
    for content_type in (MSGPACK, "application/octet-stream"):
        assert found(msgpack.packb(tree), content_type, "msgpack") == flat(tree)


@given(trees)
def test_every_leaf_of_cbor_is_found(tree: dict[str, object]) -> None:
    for content_type in (CBOR, ""):
        assert found(cbor2.dumps(tree), content_type, "cbor") == flat(tree)


@given(st.binary(max_size=120))
def test_any_bytes_may_be_announced_as_any_binary_format(content: bytes) -> None:
    for content_type in (MSGPACK, CBOR, "application/x-plist", "application/xml"):
        decode(exchange(content, content_type))
    decode(exchange(b"bplist00" + content))
    decode(exchange(b"\xa1aa" + content, CBOR))


def test_a_repeated_key_hides_no_value() -> None:
    assert rows(b"\x82\xa1a\x01\xa1a\x02", MSGPACK) == [
        ("a", "1", "msgpack"),
        ("a", "2", "msgpack"),
    ]
    assert rows(b"\xa2aa\x01aa\x02", CBOR) == [("a", "1", "cbor"), ("a", "2", "cbor")]


def test_noise_is_read_as_no_binary_format() -> None:
    noise = random.Random(6)
    for first in (*range(0x80, 0x90), *range(0xA0, 0xC0), 0xDE, 0xDF):
        for _ in range(40):
            body = bytes([first]) + noise.randbytes(24)
            assert all(steps in ("", "protobuf") for _, _, steps in rows(body)), body.hex()


@pytest.mark.parametrize(
    "body",
    [
        b"\xdf\xff\xff\xff\xff",
        b"\xdd\xff\xff\xff\xff\x01",
        b"\x81" * 5000,
        b"\x91" * 5000,
    ],
)
def test_messagepack_that_promises_too_much_is_opaque(body: bytes) -> None:
    assert codes(body, MSGPACK) == ["opaque_body"]


@pytest.mark.parametrize(
    "body",
    [
        b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x81" * 5000 + b"\xff",
        b"\x9f" * 5000 + b"\xff",
        b"\xc1" * 5000 + b"\xff",
        b"\x5f\x61a\xff\xfe",  # text among chunks of bytes
        b"\xff\xff",
    ],
)
def test_cbor_that_promises_too_much_is_opaque(body: bytes) -> None:
    assert codes(body, CBOR) == ["opaque_body"]


def test_what_cbor_tags_ask_for_is_not_done() -> None:
    big = cbor2.dumps({"n": 2**80, "t": cbor2.CBORTag(35, "(a+)+$"), "s": cbor2.CBORTag(4, [9, 1])})
    assert read(big, CBOR) == {"n": str(2**80), "t": "(a+)+$", "s.0": "9", "s.1": "1"}


def test_cbor_without_lengths_is_read() -> None:
    body = b"\xbfaa\x9f\x01\x02\xffab\x7fax\x61y\xffac\x5fA1\xff\xff"
    assert read(body, CBOR) == {"a.0": "1", "a.1": "2", "b": "xy", "c": "1"}


def test_old_messagepack_with_bytes_as_text_is_read() -> None:
    body = msgpack.packb({"a": "b", "raw": b"\xff\xfe\xfd"}, use_bin_type=False)
    assert read(body, MSGPACK) == {"a": "b", "raw": "fffefd"}


def test_timestamps_and_extensions_are_read() -> None:
    stamp = msgpack.Timestamp.from_unix(1_700_000_000)
    body = msgpack.packb({"t": stamp, "e": msgpack.ExtType(5, b"hello")})
    assert read(body, MSGPACK) == {"t": "1700000000.0", "e.ext": "5", "e.data": "hello"}


@pytest.mark.parametrize("form", [plistlib.FMT_BINARY, plistlib.FMT_XML])
def test_property_lists_are_read(form: plistlib.PlistFormat) -> None:
    tree = {
        "device": {"model": "iPhone15,2", "rooted": False},
        "when": datetime.datetime(2026, 11, 22, 10, 15),
        "list": [1, 2.5],
        "data": b"\xff\x00",
    }
    expected = {
        "device.model": "iPhone15,2",
        "device.rooted": "false",
        "when": "2026-11-22T10:15:00",
        "list.0": "1",
        "list.1": "2.5",
        "data": "ff00",
    }
    assert read(plistlib.dumps(tree, fmt=form)) == expected


def test_a_property_list_that_contains_itself_many_times_is_bounded() -> None:
    shared: list[object] = ["x"]
    for _ in range(40):
        shared = [shared, shared]
    body = plistlib.dumps({"a": shared}, fmt=plistlib.FMT_BINARY)
    assert len(body) < 2000
    assert "too_many_leaves" in codes(body)


def test_a_property_list_of_empty_lists_in_lists_is_bounded() -> None:
    shared: list[object] = []
    for _ in range(40):
        shared = [shared, shared]
    assert "too_many_leaves" in codes(plistlib.dumps({"a": shared}, fmt=plistlib.FMT_BINARY))


def test_xml_is_read_by_element_and_attribute() -> None:
    body = b'<?xml version="1.0"?><ad id="7"><u>a</u><u>b</u><t k="v"> text </t><e/></ad>'
    assert read(body, "text/xml") == {
        "ad.@id": "7",
        "ad.u.0": "a",
        "ad.u.1": "b",
        "ad.t.@k": "v",
        "ad.t.#": "text",
        "ad.e": "",
    }


def test_xml_that_declares_entities_is_refused() -> None:
    body = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    assert codes(body, "text/xml") == ["bomb"]
    assert read(body, "text/xml") == {}


def test_xml_in_a_string_is_read_and_its_declaration_of_bytes_is_passed_over() -> None:
    body = json.dumps({"x": '<?xml version="1.0" encoding="UTF-16"?><a b="7"><c>child</c></a>'})
    found = rows(body.encode())
    assert ("x.a.@b", "7", "json/xml") in found
    assert ("x.a.c", "child", "json/xml") in found
    for page in ("<html><p>a</p></html>", "<!DOCTYPE html><p>a</p>", "<p>a<br>b</p>"):
        assert len(rows(json.dumps({"x": page}).encode())) == 1


def test_objects_of_a_property_list_that_share_their_bytes_are_refused() -> None:
    count = 4000
    array = b"\xaf\x11" + count.to_bytes(2) + bytes(2 * count)
    table = 8 + len(array)
    offsets = (8).to_bytes(4) * count
    trailer = bytes(6) + b"\x04\x02" + count.to_bytes(8) + bytes(8) + table.to_bytes(8)
    assert codes(b"bplist00" + array + offsets + trailer) == ["opaque_body"]


def test_deep_xml_is_refused() -> None:
    assert codes(b"<a>" * 500 + b"</a>" * 500, "text/xml") == ["too_many_leaves"]

"""Payloads are built as the declared formats have them; read back with other people's libraries."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
from email.parser import BytesParser
from urllib.parse import parse_qsl

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from analyzer.simulation.wire import Tree, compress, content_type, disguise, place, wrap, write


def built(*pairs: tuple[str, str | int | float]) -> Tree:
    tree: Tree = {}
    for path, value in pairs:
        place(tree, path, value)
    return tree


def test_paths_become_nested_objects_and_lists() -> None:
    tree = built(("a.b", 1), ("a.c.0", "x"), ("a.c.1.d", 1.5))
    assert json.loads(write(tree, "json")) == {"a": {"b": 1, "c": ["x", {"d": 1.5}]}}


def test_a_value_can_be_placed_inside_a_list_of_the_filler() -> None:
    tree: Tree = {"imp": [{"id": "1"}]}
    place(tree, "imp.0.tag", "t")
    assert json.loads(write(tree, "json")) == {"imp": [{"id": "1", "tag": "t"}]}


def test_two_values_at_one_place_are_refused() -> None:
    tree = built(("a", 1))
    with pytest.raises(ValueError, match="two values"):
        place(tree, "a", 2)
    with pytest.raises(ValueError, match="through a value"):
        place(tree, "a.b", 2)


def test_nested_parts_are_encoded_from_the_inside_out() -> None:
    tree = wrap(
        built(("p.x", "1"), ("p.q.y", "2"), ("z", "3")), {"p": "json base64", "p.q": "json"}
    )
    form = dict(parse_qsl(write(tree, "form").decode()))
    assert form["z"] == "3"
    outer = json.loads(base64.b64decode(form["p"]))
    assert outer["x"] == "1"
    assert json.loads(outer["q"]) == {"y": "2"}


def test_a_form_does_not_take_what_nobody_said_how_to_encode() -> None:
    with pytest.raises(ValueError, match="nested"):
        write(built(("a.b", "1")), "form")
    with pytest.raises(ValueError, match="no format"):
        wrap(built(("a.b", "1")), {"a": "yaml"})
    with pytest.raises(ValueError, match="no encoding"):
        wrap(built(("a.b", "1")), {"a": "json rot13"})


def test_protobuf_fields_have_their_wire_types() -> None:
    body = write(built(("2", 300), ("1", "ab"), ("3", 0.5), ("4.1", "c"), ("5.0", 1), ("5.1", 2)),
                 "protobuf")  # fmt: skip
    assert body == (
        b"\x0a\x02ab" + b"\x10\xac\x02" + b"\x19" + struct.pack("<d", 0.5)
        + b"\x22\x03\x0a\x01c" + b"\x28\x01\x28\x02"
    )  # fmt: skip


def test_multipart_is_read_by_the_standard_library() -> None:
    tree = wrap(built(("format", "5"), ("attachment.trace", "t")), {"attachment": "json gzip"})
    body = write(tree, "multipart")
    head = f"Content-Type: {content_type('multipart', body)}\r\n\r\n".encode()
    parts = {
        part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
        for part in BytesParser().parsebytes(head + body).walk()
        if not part.is_multipart()
    }
    assert parts["format"] == b"5"
    attached = parts["attachment"]
    assert isinstance(attached, bytes)
    assert json.loads(gzip.decompress(attached)) == {"trace": "t"}


def test_content_encodings_are_undone_by_their_libraries_and_are_stable() -> None:
    body = b"the same bytes" * 20
    assert gzip.decompress(compress(body, "gzip")) == body
    assert brotli.decompress(compress(body, "br")) == body
    assert zstandard.decompress(compress(body, "zstd")) == body
    assert compress(body, "") == body
    assert compress(body, "gzip") == compress(body, "gzip")


def test_a_disguised_value_is_the_digest_and_a_raw_number_stays_a_number() -> None:
    assert disguise("a@b.example", "sha256") == hashlib.sha256(b"a@b.example").hexdigest()
    assert disguise("a@b.example", "base64") == base64.b64encode(b"a@b.example").decode()
    assert disguise(0.81, "raw") == 0.81

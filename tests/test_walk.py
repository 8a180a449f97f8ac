from __future__ import annotations

import base64
import gzip
import io
import json
import random
import time
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import codes, exchange, field, flat, multipart, rows, rows_of

from analyzer.decode import Limits, decode
from analyzer.flatten import plain

names = st.text("abcdefghij_", min_size=1, max_size=8)
values = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=12)
)
documents = st.dictionaries(
    names,
    values | st.dictionaries(names, values, max_size=3) | st.lists(values, max_size=3),
    min_size=1,
    max_size=4,
).map(lambda tree: {**tree, "anchor": "a value"})

Wrap = Callable[[bytes], bytes]
LONG = "padding, so that what is packed is worth packing: " * 3


def quoted(content: bytes) -> bytes:
    return urllib.parse.quote(content, safe="").encode()


# The steps that undo it, the path that it adds in front, and what does it.
TEXT: dict[str, tuple[tuple[str, ...], str, Wrap]] = {
    "base64": (("base64",), "", base64.b64encode),
    "base64url": (("base64",), "", lambda c: base64.urlsafe_b64encode(c).rstrip(b"=")),
    "json string": (("json",), "", lambda c: json.dumps(c.decode()).encode()),
    "form field": (("form",), "data", lambda c: b"os=a&data=" + quoted(c)),
    "percent": (("percent",), "", quoted),
    "json field": (("json",), "data", lambda c: json.dumps({"data": c.decode()}).encode()),
    "multipart": (
        ("multipart",),
        "data",
        lambda c: multipart({"os": b"a", "data": c}, f"B{len(c)}"),
    ),
}
BINARY: dict[str, tuple[tuple[str, ...], str, Wrap]] = {
    "gzip": (("gzip",), "", gzip.compress),
    "zstd": (("zstd",), "", zstandard.ZstdCompressor().compress),
    "deflate": (("deflate",), "", zlib.compress),
    "protobuf": (("protobuf",), "2", lambda c: field(1, LONG + "y" * len(c)) + field(2, c)),
}


@st.composite
def chains(draw: st.DrawFn) -> list[str]:
    """Encodings from the inside out, each of which can hold what is inside it."""
    chain: list[str] = []
    for _ in range(draw(st.integers(1, 6))):
        inner = chain[-1] if chain else "json string"
        if inner == "multipart":  # which has lines, and is not looked for inside strings
            able = ["base64", "gzip", "zstd", "deflate", "multipart"]
        elif inner in BINARY:
            able = ["base64", "base64url", "form field", "percent", "multipart", *BINARY]
        else:
            able = [*TEXT, *BINARY]
        chain.append(draw(st.sampled_from(able)))
    return chain


@settings(max_examples=300)
@given(documents, chains(), st.sampled_from(["", "gzip", "br", "zstd", "deflate", "gzip, br"]))
def test_every_leaf_is_found_through_any_chain_of_encodings(
    tree: dict[str, object], chain: list[str], coding: str
) -> None:
    content = json.dumps(tree).encode()
    steps: tuple[str, ...] = ("json",)
    path = ""
    for name in chain:
        own, added, wrap = (TEXT | BINARY)[name]
        before, content = content, wrap(content)
        if content == before:
            continue  # nothing in it needs escaping
        if steps[:1] != own or own != ("protobuf",):  # a message inside a message is one format
            steps = own + steps
        path = f"{added}.{path}" if added else path
    for token in filter(None, coding.split(", ")):
        content = brotli.compress(content) if token == "br" else BINARY[token][2](content)
        steps = (token, *steps)
    found = rows_of(decode(exchange(content, "", coding)))
    expected = [(f"{path}{leaf}", value, steps) for leaf, value in flat(tree)]
    assert [row for row in expected if row not in found] == []


MEDIA = (
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=a",
    "application/x-protobuf",
    "application/grpc",
    "text/xml",
    "image/png",
    "text/event-stream",
)


@settings(max_examples=300)
@given(
    st.binary(max_size=300),
    st.text(st.characters(), max_size=60),
    st.text(max_size=20),
    st.sampled_from(MEDIA),
    st.sampled_from(["", "gzip", "br", "deflate", "zstd", "gzip,br,gzip", "\ud800"]),
    st.text(st.characters(), max_size=30),
)
def test_nothing_that_can_be_captured_raises(
    body: bytes, url: str, name: str, content_type: str, encoding: str, value: str
) -> None:
    headers = ((name, value), ("Cookie", value), ("Set-Cookie", value), ("Authorization", value))
    odd = exchange(body, content_type, encoding, url=url, headers=headers)
    for found in (
        decode(odd),
        decode(exchange(answer=body, url="https://a.example" + url, answer_headers=headers)),
        decode(exchange(body, method="WS", answer=body)),
    ):
        for leaf in found.leaves:
            leaf.path.encode()
            leaf.value.encode()
        for problem in found.problems:
            assert problem.stage == "decode"
            assert problem.detail.isascii()


@pytest.mark.parametrize(
    ("body", "limits", "code"),
    [
        (b'{"a":"' + b"x" * 900 + b'"}', {"max_value": 500}, "too_large"),
        (b'{"a":1}' + b" " * 100, {"max_body": 50}, "too_large"),
        (json.dumps([1] * 100).encode(), {"max_leaves": 50}, "too_many_leaves"),
        (json.dumps([[[1, 2]] * 9] * 9).encode(), {"max_leaves": 50}, "too_many_leaves"),
        (json.dumps([[]] * 200).encode(), {"max_leaves": 50}, "too_many_leaves"),
        (b"[[[[1]]]]", {"max_json_depth": 3}, "too_deep"),
        (gzip.compress(gzip.compress(b"[1]", mtime=0), mtime=0), {"max_depth": 1}, "too_deep"),
        (json.dumps({"a": "[1]"}).encode(), {"max_depth": 1}, "too_deep"),
        (gzip.compress(b"x" * 3000, mtime=0), {"max_expansion": 2000}, "bomb"),
        (gzip.compress(b"[1]", mtime=0), {"max_seconds": -1}, "too_slow"),
    ],
)
def test_each_bound_holds_and_says_so(body: bytes, limits: dict[str, int], code: str) -> None:
    assert code in codes(body, "", "", **limits)
    assert codes(body) == []
    found = decode(exchange(body), Limits(**limits))
    assert len(found.leaves) <= limits.get("max_leaves", 1000)
    assert all(len(leaf.value) <= limits.get("max_value", 1000) for leaf in found.leaves)


def nested_strings(levels: int) -> bytes:
    text = '{"a":1,"a":2}'
    for _ in range(levels):
        text = json.dumps({"s": text, "t": text})[:-1] + ',"a":1,"a":2}'
    return text.encode()


HOSTILE: dict[str, Callable[[], bytes]] = {
    "open brackets": lambda: b"[" * 4_000_000,
    "empty lists": lambda: b"[" + b"[]," * 1_000_000 + b"[]]",
    "numbers": lambda: b"[" + b"1," * 2_000_000 + b"1]",
    "strings with nothing in them": lambda: json.dumps(["a=%b?#{[" * 40] * 20_000).encode(),
    "strings that look like base64": lambda: json.dumps(["aB3/" * 90] * 19_000).encode(),
    "repeated names inside each other": lambda: nested_strings(9),
    "one long string": lambda: json.dumps({"a": "%7B" * 1_000_000}).encode(),
    "ampersands": lambda: b"a=b" + b"&" * 7_000_000,
    "percent signs": lambda: b"a=" + b"%" * 7_000_000,
    "boundaries": lambda: b"--a\r\nContent-Type: x\r\n" + b"\n--a" * 1_500_000,
    "tags": lambda: b"<a>" * 2_000_000,
    "protobuf in protobuf": lambda: b"\x0a\xff\xff\xff\x03" * 1_500_000,
    "small fields": lambda: b"\x08\x01" * 3_000_000,
    "commas": lambda: b"{" + b'"a",' * 1_000_000,
    "quotes": lambda: b'"' * 7_000_000,
    "lines": lambda: b"{}\n" * 2_000_000,
    "gzip members": lambda: gzip.compress(b"") * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_ends_soon(name: str) -> None:
    body = HOSTILE[name]()
    began = time.process_time()
    found = decode(exchange(body, "application/json"))
    assert time.process_time() - began < 8
    assert len(found.leaves) <= Limits().max_leaves
    assert len(found.payloads) == 1 or name == "gzip members"


def test_payloads_are_the_decoded_layers_of_the_request_each_once() -> None:
    inner = b'{"id": "x"}'
    body = json.dumps(
        {"d": base64.b64encode(inner).decode(), "e": base64.b64encode(inner).decode()}
    )
    found = decode(exchange(gzip.compress(body.encode()), answer=b'{"secret": 1}'))
    assert found.payloads == (inner, body.encode())


def test_payloads_of_what_nobody_can_read_are_kept() -> None:
    noise = bytes(range(128, 256))
    assert decode(exchange(noise)).payloads == (noise,)


def test_payloads_are_bounded() -> None:
    text = base64.b64encode(b'{"id":"' + b"x" * 900 + b'"}').decode()
    body = json.dumps([f"{text[:-9]}{n:05}" for n in range(2000)] + [text]).encode()
    found = decode(exchange(body), Limits(max_body=len(body)))
    assert sum(map(len, found.payloads)) <= 2 * len(body)
    assert len(found.payloads) <= 256


def test_what_is_remembered_of_plain_strings_changes_no_result() -> None:
    body = json.dumps({"a": "com/example/application", "b": "aB3/aB3/aB3/aB3/"}).encode()
    plain.clear()
    first = decode(exchange(body))
    assert "com/example/application" in plain
    assert decode(exchange(body)) == first
    assert rows(body) == [
        ("a", "com/example/application", "json"),
        ("b", "aB3/aB3/aB3/aB3/", "json"),
    ]


def test_what_is_remembered_of_plain_strings_is_bounded() -> None:
    plain.clear()
    for start in range(0, 30_000, 1000):
        values = [f"abc/def/{n:08}" for n in range(start, start + 1000)]
        decode(exchange(json.dumps(values).encode()))
    assert len(plain) <= 20_000


def test_a_string_given_up_for_lack_of_depth_is_not_remembered_as_plain() -> None:
    text = base64.b64encode(gzip.compress(b'{"id":"x"}')).decode()
    body = json.dumps({"d": text}).encode()
    plain.clear()
    shallow = decode(exchange(body), Limits(max_depth=2))
    assert "d.id" not in [path for path, _, _ in rows_of(shallow)]
    assert "d.id" in [path for path, _, _ in rows(body)]


NOISE = random.Random(1).randbytes(400)
SECRET = base64.b64encode(NOISE).decode()


def packed() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("log.txt", NOISE.hex())
    return file.getvalue()


def filed(content: bytes, media: str) -> bytes:
    head = b'--B\r\nContent-Disposition: form-data; name="f"; filename="a"\r\nContent-Type: '
    return head + media.encode() + b"\r\n\r\n" + content + b"\r\n--B--\r\n"


def in_json(text: str) -> bytes:
    return json.dumps({"v2": text}).encode()


OPAQUE: dict[str, tuple[bytes, str]] = {
    "base64 in JSON": (in_json(SECRET), "base64 of 400 bytes"),
    "a repeated name": (b'{"a":"","a":"' + SECRET.encode() + b'"}', "base64 of 400 bytes"),
    "a gzip of it": (gzip.compress(in_json(SECRET)), "base64 of 400 bytes"),
    "hex in JSON": (in_json(NOISE.hex()), "hex of 400 bytes"),
    "a field of a form": (b"os=a&d=" + quoted(SECRET.encode()), "base64 of 400 bytes"),
    "escaped bytes in a form": (b"os=a&d=" + quoted(NOISE), "400 bytes"),
    "a body of base64": (SECRET.encode(), "base64 of 400 bytes"),
    "base64 twice": (
        in_json(base64.urlsafe_b64encode(base64.urlsafe_b64encode(NOISE).rstrip(b"=")).decode()),
        "base64 of 400 bytes",
    ),
    "bytes in protobuf": (field(1, LONG * 4) + field(2, NOISE), "400 bytes"),
    "a file": (filed(NOISE, "application/octet-stream"), "a file of 400 bytes"),
    "a file without its magic": (filed(NOISE, "image/png"), "a file of 400 bytes"),
    "a short file": (filed(NOISE[:65], ""), "a file of 65 bytes"),
    "a packed file": (filed(packed(), "application/zip"), f"a file of {len(packed())} bytes"),
    "a packed value": (
        in_json(base64.b64encode(packed()).decode()), f"base64 of {len(packed())} bytes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPAQUE)
def test_a_cipher_inside_of_what_can_be_read_is_a_problem(name: str) -> None:
    body, detail = OPAQUE[name]
    plain.clear()
    for _ in range(2):  # nor is it taken for plain the next time
        [problem] = decode(exchange(body)).problems
        assert (problem.stage, problem.code) == ("decode", "opaque_value")
        assert problem.detail.startswith(f"body: {detail}, ")
        assert problem.detail.endswith(" bits per byte, that nothing reads")


def test_the_shortest_cipher_is_not_taken_for_plain_the_second_time() -> None:
    plain.clear()
    for text in (base64.b64encode(NOISE[:192]).decode(), NOISE[:192].hex()):
        assert codes(in_json(text)) == codes(in_json(text)) == ["opaque_value"]


PICTURE = b"\x89PNG\r\n\x1a\n" + NOISE
CLEAR = {
    "a picture": in_json(base64.b64encode(PICTURE).decode()),
    "a picture as a file": filed(PICTURE, "application/octet-stream"),
    "a file of a kind without magic": filed(NOISE, "image/x-of-its-own"),
    "a key as a file": filed(NOISE[:64], "application/octet-stream"),
    "a text as a file": filed(LONG.encode(), "application/octet-stream"),
    "protobuf": in_json(
        base64.b64encode(field(1, LONG) + field(2, LONG) + field(3, 7)).decode()
    ),
    "zlib": in_json(base64.b64encode(zlib.compress(in_json(LONG + NOISE[:60].hex()))).decode()),
}  # fmt: skip


@pytest.mark.parametrize("name", CLEAR)
def test_what_is_read_or_shown_is_no_problem(name: str) -> None:
    assert codes(CLEAR[name]) == []


@settings(max_examples=100)
@given(st.lists(st.binary(min_size=8, max_size=191), min_size=1, max_size=4), st.booleans())
def test_tokens_below_the_bound_are_never_a_problem(tokens: list[bytes], as_hex: bool) -> None:
    body = json.dumps([t.hex() if as_hex else base64.b64encode(t).decode() for t in tokens])
    assert "opaque_value" not in codes(body.encode())

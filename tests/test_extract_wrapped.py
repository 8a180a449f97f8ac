"""Planted values that a decoder cannot take out of what they are written in: hits and misses."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import time
import uuid
import zlib
from collections.abc import Callable

import msgpack  # type: ignore[import-untyped]
import pytest
import zstandard

from analyzer.decode import decode
from analyzer.extract.attempts import LONGEST, attempts
from analyzer.extract.planted import Planted
from analyzer.extract.writings import xored
from analyzer.models import Exchange, Headers, Leaf

EMAIL = "amina.k@mail.example"
PHONE = "+254712904583"
GAID = "7c1f0a52-93de-4b1c-8a5e-6f2d41b09e33"
PLANTED = Planted(
    (
        ("person.email", EMAIL),
        ("person.phone", PHONE),
        ("id.advertising", GAID),
        ("person.username", "amina_q7kz"),
    )
)
OTHER = "otieno.k@mail.example"
ALGORITHMS = ("md5", "sha1", "sha256")


def exchange(
    body: bytes, media: str = "application/json", response: bytes = b"", *more: tuple[str, str]
) -> Exchange:
    headers: Headers = (("content-type", media), *more)
    kind: Headers = (("content-type", "application/json"),)
    url = "https://api.example/v1"
    return Exchange(
        "1", "s", 0.0, "use", "POST", url, headers, body, 200, kind, response, None, "h2", True, 0
    )


def found(body: bytes, media: str = "application/json") -> set[tuple[str, str, str | None]]:
    """Return data type, transformation and path of what is found in a body."""
    decoded = decode(exchange(body, media))
    hits = PLANTED.find(decoded.leaves, decoded.payloads).hits
    return {
        (PLANTED.values[hit.value][0], hit.transformed, hit.leaf.path if hit.leaf else None)
        for hit in hits
    }


def kinds(text: str) -> set[tuple[str, str]]:
    hits = PLANTED.find([Leaf("1", "body", "x", text, ())]).hits
    return {(PLANTED.values[hit.value][0], hit.transformed) for hit in hits}


def digest(algorithm: str, text: str = EMAIL) -> bytes:
    return hashlib.new(algorithm, text.encode(), usedforsecurity=False).digest()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("around", ["{}", "id={}, v=1", "h:{};"])
def test_a_digest_is_found_in_base32_and_by_pairs(algorithm: str, around: str) -> None:
    value = digest(algorithm)
    thirty_two = base64.b32encode(value).decode()
    ways = [thirty_two, thirty_two.rstrip("="), thirty_two.rstrip("=").lower()]
    ways += [value.hex(joint) for joint in ":- "]
    ways += [way.upper() for way in ways[3:]]
    for way in ways:
        assert kinds(around.format(way)) == {("person.email", algorithm)}, way


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_other_peoples_digests_are_not(algorithm: str) -> None:
    value = digest(algorithm, OTHER)
    ways = [base64.b32encode(value).decode(), *(value.hex(joint) for joint in ":- ")]
    ways.append("x" + base64.b32encode(digest(algorithm)).decode())  # a piece of a longer token
    ways.append(digest(algorithm).hex(":")[:-6])
    assert [kinds(way) for way in ways] == [set()] * len(ways)


def test_zstandard_inside_of_base64_inside_of_a_text() -> None:
    inner = json.dumps({"mail": EMAIL, "list": ["one word", "and another"] * 30})
    packed = zstandard.ZstdCompressor(level=19).compress(inner.encode().hex().encode())
    other = zstandard.ZstdCompressor(level=19).compress(inner.replace("amina", "otina").encode())
    assert EMAIL.encode().hex().encode() not in packed
    assert kinds(f"v=1; data={base64.b64encode(packed).decode()}; z") == {("person.email", "hex")}
    assert kinds(f"v=1; data={base64.b64encode(other).decode()}; z") == set()


@pytest.mark.parametrize(
    "text",
    [
        "id=7;phone=0712+904+583;x=1",
        "phone=+254+712+904+583|b=2",
        "tel: 0712+904583, home",
        "count=3&phone=0712+904+583",
    ],
)
def test_a_phone_number_spaced_by_plus_signs(text: str) -> None:
    assert ("person.phone", "format") in kinds(text)


def test_a_sum_is_no_phone_number() -> None:
    assert kinds("0712+904+584") == kinds("1+0712+904+583+9") == kinds("x0712+904+583") == set()


ESCAPED: dict[str, Callable[[str], str]] = {
    "\\u": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "\\x": lambda text: "".join(f"\\x{ord(char):02x}" for char in text),
    "signs": lambda text: "".join(char if char.isalnum() else "\\" + char for char in text),
    "twice": lambda text: text.replace("@", "\\\\u0040").replace(".", "\\\\u002e"),
    "quotes": lambda text: text,
}


@pytest.mark.parametrize("how", ESCAPED)
@pytest.mark.parametrize("named", [True, False])
def test_escapes_inside_of_xml_inside_of_messagepack(how: str, named: bool) -> None:
    def body(value: str) -> bytes:
        document = f'<r><e a=\\"{ESCAPED[how](value)}\\"/></r>'
        packed: bytes = msgpack.packb({"d": document} if named else [1, document])
        return packed

    media = "application/octet-stream"
    assert {each[0] for each in found(body(EMAIL), media)} == {"person.email"}
    assert found(body(OTHER), media) == set()


@pytest.mark.parametrize("key", [EMAIL, GAID, digest("sha256").hex()])
def test_a_value_that_is_a_key_is_told_with_its_place(key: str) -> None:
    assert {each[2] for each in found(json.dumps({"u": {key: 1}}).encode())} == {f"u.{key}"}
    assert {each[2] for each in found(json.dumps([{key: 1}, {key: 2}]).encode())} == {f"0.{key}"}
    packed: bytes = msgpack.packb({key: {"a": 1}})
    assert {each[2] for each in found(packed, "application/msgpack")} == {f"{key}.a"}
    # With nothing below it a key is no leaf: then it is told of the body.
    assert {each[2] for each in found(json.dumps({"u": {key: {}}}).encode())} == {None}
    assert found(json.dumps({"u": {"x" + key[1:]: 1}}).encode()) == set()


RAW = uuid.UUID(GAID)


@pytest.mark.parametrize("value", [RAW.bytes, RAW.bytes_le])
def test_the_sixteen_bytes_of_an_advertising_id(value: bytes) -> None:
    field = b"\x0a\x10" + value + b"\x12\x05en_KE"
    want = {("id.advertising", "format")}
    assert {each[:2] for each in found(field, "application/x-protobuf")} == want
    assert {each[2] for each in found(field, "application/x-protobuf")} == {"1"}
    assert {each[:2] for each in found(b"\x01\xff" + value + b"\x80", "application/x-own")} == want
    for before in (b"", b"\x0a\x10", b"\x01\x02\x03", b"abcd"):
        text = base64.b64encode(before + value + b"\xff\x01")
        assert {each[:2] for each in found(json.dumps({"x": text.decode()}).encode())} == {
            ("id.advertising", "base64")
        }
        hexed = (before + value + b"\xff\x01").hex()
        assert {each[:2] for each in found(json.dumps({"x": hexed}).encode())} == want


def test_fifteen_of_the_sixteen_bytes_are_nothing() -> None:
    for value in (RAW.bytes[:15] + b"\x32", b"\x7d" + RAW.bytes[1:]):
        assert found(b"\x0a\x10" + value + b"\x12\x05en_KE", "application/x-protobuf") == set()
        text = base64.b64encode(b"\x0a\x10" + value + b"\xff\x01").decode()
        assert found(json.dumps({"x": text}).encode()) == set()


@pytest.mark.parametrize(
    ("value", "data_type"),
    [
        (EMAIL, "person.email"),
        (PHONE, "person.phone"),
        ("+254 712904583", "person.phone"),
        ("0712904583", "person.phone"),
        ("712904583", "person.phone"),
        ("amina_q7kz", "person.username"),
    ],
)
def test_what_tiktok_mixes_is_found(value: str, data_type: str) -> None:
    form = f"mix_mode=1&v={xored(value)}&type=3732"
    assert found(form.encode(), "application/x-www-form-urlencoded") == {(data_type, "xor", "v")}
    assert kinds(xored(value).upper()) == {(data_type, "xor")}


def test_what_is_mixed_of_others_is_not() -> None:
    assert kinds(xored(OTHER)) == kinds(xored("x" + EMAIL)) == kinds(xored("0712904584")) == set()
    assert kinds("a7" + xored("712904583")) == set()


def raw_deflate(content: bytes) -> bytes:
    engine = zlib.compressobj(9, wbits=-15)
    return engine.compress(content) + engine.flush()


@pytest.mark.parametrize(
    "content", [EMAIL.encode(), f"e={EMAIL}&x=1".encode(), json.dumps({"e": EMAIL}).encode()]
)
@pytest.mark.parametrize("media", ["", "application/octet-stream", "application/json"])
def test_short_bodies_of_raw_deflate(content: bytes, media: str) -> None:
    assert {each[:2] for each in found(raw_deflate(content), media)} == {("person.email", "raw")}
    assert found(raw_deflate(content.replace(b"amina", b"otien")), media) == set()


def test_raw_deflate_of_bytes_that_nothing_reads() -> None:
    content = b"\x01\xff" + RAW.bytes + bytes(range(200, 240)) * 3
    assert {each[:2] for each in found(raw_deflate(content), "")} == {("id.advertising", "format")}


def test_what_is_tried_is_bounded() -> None:
    source = random.Random(3)
    packed = zstandard.ZstdCompressor().compress(bytes(8 * 1024 * 1024))
    hostile = [
        (b"\x28\xb5\x2f\xfd" * (LONGEST // 4), True),
        (packed[:LONGEST], True),
        (raw_deflate(bytes(64 * 1024 * 1024))[:LONGEST], True),
        (b"ab:" * (LONGEST // 3), False),
        (b"\\" * LONGEST, False),
        (source.randbytes(LONGEST), True),
    ]
    for content, binary in hostile:
        start = time.process_time()
        held = attempts(content, binary=binary)
        assert time.process_time() - start < 2
        assert sum(map(len, held)) <= 4 * 262_144

"""Values in the wrappings that clients put them into, each wrapped by another library."""

from __future__ import annotations

import base64
import gzip
import html
import json
import quopri
import random
import string
import zlib
from urllib.parse import quote

import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from wire import codes, exchange, rows, rows_of

from analyzer.decode import Limits, decode
from analyzer.decoders.opaque import text_kind
from analyzer.walk import Walker

DOCUMENT = {"id": "child-7", "mail": "child@mail.example", "note": "??>>~~ÿ"}
TEXT = json.dumps(DOCUMENT)
RAW = json.dumps(DOCUMENT, ensure_ascii=False).encode()
HIT = ("v.id", "child-7")


def inside(value: str) -> list[tuple[str, str, str]]:
    """Return what is found in a string value beside the value itself."""
    walker = Walker("1", Limits())
    walker.string(value, "v", ())
    return [(leaf.path, leaf.value, "/".join(leaf.steps)) for leaf in walker.leaves[1:]]


def b64(content: bytes, *, safe: bool = False) -> str:
    made = base64.urlsafe_b64encode(content) if safe else base64.b64encode(content)
    return made.decode()


def swapped(text: str, old: str, new: str) -> str:
    return text.translate(str.maketrans(old, new))


WRAPPED = {
    "standard": b64(RAW),
    "standard, unpadded": b64(RAW).rstrip("="),
    "URL-safe": b64(RAW, safe=True),
    "URL-safe, unpadded": b64(RAW, safe=True).rstrip("="),
    "lines of CRLF": base64.encodebytes(RAW).decode().replace("\n", "\r\n"),
    "mixed line ends": base64.encodebytes(RAW).decode().replace("\n", "\r\n", 1),
    "padded by dots": b64(RAW + b" ", safe=True).replace("=", "."),
    "padded by commas": b64(RAW + b" ", safe=True).replace("=", ","),
    "padded by asterisks": b64(RAW + b"  ", safe=True).replace("=", "*"),
    "of Yahoo": swapped(b64(RAW + b" "), "+/=", "._-"),
    "of CloudFront": swapped(b64(RAW + b" "), "+/=", "-~_"),
    "of ASP.NET": b64(RAW + b" ", safe=True).rstrip("=")
    + str(b64(RAW + b" ", safe=True).count("=")),
    "after a name": "v1:" + b64(RAW),
    "after another name": "enc|" + b64(RAW),
    "base32": base64.b32encode(RAW).decode(),
    "base32, unpadded and small": base64.b32encode(RAW).decode().rstrip("=").lower(),
    "hex": RAW.hex(),
    "hex, large": RAW.hex().upper(),
    "hex after 0x": "0x" + RAW.hex(),
    "hex of backslashes": "".join(f"\\x{byte:02x}" for byte in RAW),
    "hex by colons": RAW.hex(":"),
    "hex by dashes": RAW.hex("-").upper(),
    "percent-encoded thrice": quote(quote(quote(TEXT))),
    "percent-encoded base64": quote(b64(RAW), safe=""),
    "JSON without its quotes": json.dumps(TEXT)[1:-1],
    "a list of such": json.dumps(json.dumps([DOCUMENT]))[1:-1],
    "JavaScript's escapes": "".join(f"\\u{ord(char):04x}" for char in TEXT),
    "escape() of JavaScript": "".join(f"%u{ord(char):04X}" for char in TEXT),
    "HTML": html.escape(TEXT),
    "HTML by numbers": "".join(f"&#{ord(char)};" for char in TEXT),
    "quoted-printable": quopri.encodestring(b"id=child-7&q=1&z=" + b"y" * 90).decode(),
    "a data URL": "data:application/json;base64," + b64(RAW),
    "a data URL in text": "data:application/json," + quote(TEXT),
    "gzip": b64(gzip.compress(RAW)),
    "zlib": b64(zlib.compress(RAW)),
    "LZ4": b64(lz4.frame.compress(RAW)),
    "LZ4, a block": b64(lz4.block.compress(RAW, store_size=True)),
    "express, signed": "s:" + b64(RAW) + "." + b64(random.Random(3).randbytes(32)).rstrip("="),
    "express, JSON": "j:" + TEXT,
    "itsdangerous": b64(RAW, safe=True).rstrip("=") + ".Zx9aBw." + "k" * 27,
    "itsdangerous, packed": "."
    + b64(zlib.compress(RAW), safe=True).rstrip("=")
    + ".Zx9aBw."
    + "k" * 27,
    "Django": b64(RAW, safe=True).rstrip("=") + ":1tQx5Z:" + "k" * 43,
    "Rails": b64(RAW) + "--" + "0f" * 20,
    "Facebook": "k" * 43 + "." + b64(RAW, safe=True).rstrip("="),
    "XML": "<a><b>" + html.escape(TEXT) + "</b></a>",
    "percent of gzip": quote(gzip.compress(RAW)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRAPPED)
def test_a_document_is_found_in_every_wrapping(name: str) -> None:
    found = inside(WRAPPED[name])
    assert any(value == "child-7" and path.endswith("id") for path, value, _ in found), found


CLEAR = [
    "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "urn:uuid:38400000-8cf0-11bd-b23e-10b96e40000d",
    "02:00:00:00:00:00",
    "00-1f-3b-44-55-66",
    "12:30:45",
    "64656570636861746c65",  # ten readable bytes are too few
    "0x1f",
    "0xdeadbeefcafebabe0123456789abcdef",
    "C:\\Users\\child",
    "Tom & Jerry",
    "R&D;",
    "max-age=31536000; includeSubDomains",
    "text/html; charset=utf-8",
    "multipart/form-data; boundary=abc; x=y",
    "a,b,c",
    "lat:52.5",
    "Note: this; and that",
    "Warning: a|b",
    "MFRGGZDFMZTWQ2LKNNWG23TP",  # Base32 of nothing with structure
    "JBSWY3DPEHPK3PXP",
    "HELLOWORLDHELLOWORLD",
    "data:,",
    "data:image/png;base64,",
    "data center",
    "s:abc.def",
    "j:abc",
    "GA1.2",
    "fb.com/page",
    "v1.local",
    "v2.4.1-beta.3",
    "com.example.app-",
    "example.org.",
    "see above..",
    "<3",
    "<not xml>",
    "a < b > c",
    "<b>bold</i>",
    "x;y;z",
    "en-US,en;q=0.9",
    "name--value",
    "e-mail--work",
    "a=3Db",
    "100%u",
    "eyes.on.you",
    "ey.am",
    "GS1.1",
]


@pytest.mark.parametrize("value", CLEAR)
def test_what_only_resembles_a_wrapping_is_left_alone(value: str) -> None:
    assert inside(value) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a:b|c:d", {"v.a": "b", "v.c": "d"}),
        ("id=7|lang=sw", {"v.id": "7", "v.lang": "sw"}),
        ("os=android; v=13; model=Pixel 7", {"v.os": "android", "v.model": "Pixel 7"}),
        ("lat:52.5,lon:13.4", {"v.lat": "52.5", "v.lon": "13.4"}),
        ("view;jsessionid=7;lang=sw", {"v.jsessionid": "7", "v.lang": "sw"}),
        ("a=1;a=2;b=%7B%22c%22%3A3%7D", {"v.a.0": "1", "v.a.1": "2", "v.b.c": "3"}),
        ("GA1.2.123456789.1700000000", {"v.client_id": "123456789.1700000000"}),
        ("GA1.1-2.123456789.1700000000", {"v.client_id": "123456789.1700000000"}),
        ("fb.1.1700000000000.1098115397", {"v.id": "1098115397"}),
        ("GS1.1.1700000000.3.1.1700000060.0.0.0", {"v.session_id": "1700000000"}),
    ],
)
def test_tables_in_cookies_and_paths_are_read(value: str, expected: dict[str, str]) -> None:
    found = {path: text for path, text, _ in inside(value)}
    assert expected.items() <= found.items()


def test_tables_stand_in_paths_headers_and_cookies() -> None:
    found = decode(
        exchange(
            url="https://a.example/map;lat=1.5;lon=36.8/x",
            headers=(("X-Device", "os=android|model=P7"), ("Cookie", "u=id:7|lang:sw; _ga=x")),
        )
    )
    assert ("0.lat", "1.5", ("pairs",)) in rows_of(found, "path")
    assert ("x-device.model", "P7", ("pairs",)) in rows_of(found, "header")
    assert ("u.lang", "sw", ("pairs",)) in rows_of(found, "cookie")


@given(st.text(string.ascii_letters + string.digits + "._-~*,:|+/=", min_size=12, max_size=64))
def test_no_random_token_turns_into_bytes(value: str) -> None:
    for path, text, steps in inside(value):
        # What is found has to stand there in the clear, or to be a table.
        assert steps in ("pairs", "form", "url", "signed") or text.isprintable(), (path, text)


def test_random_tokens_of_other_alphabets_have_nothing_inside() -> None:
    chance = random.Random(21)
    wrong = 0
    for _ in range(5000):
        size = chance.choice([16, 24, 26, 32, 40, 52])
        wrong += bool(inside("".join(chance.choices(string.ascii_uppercase + "234567", k=size))))
        wrong += bool(inside("".join(chance.choices(string.ascii_lowercase + "234567", k=size))))
        wrong += bool(inside(chance.randbytes(size).hex(":")))
        wrong += bool(inside("v1:" + b64(chance.randbytes(size))))
        wrong += bool(inside(b64(chance.randbytes(size), safe=True).replace("=", ".")))
        wrong += bool(inside("0x" + chance.randbytes(16).hex()))
    assert wrong <= 2, "of 30,000"


CIPHER = random.Random(4).randbytes(64)
HEADER = b64(b'{"alg":"dir","enc":"A256GCM","kid":"k-7"}', safe=True).rstrip("=")
JWE = ".".join(
    [HEADER, "", *(b64(part, safe=True).rstrip("=") for part in (CIPHER[:12], CIPHER, CIPHER[:16]))]
)


def test_an_encrypted_token_shows_its_header_and_is_a_problem() -> None:
    body = json.dumps({"t": JWE}).encode()
    assert ("t.header.kid", "k-7", "json/jwt") in rows(body)
    [problem] = decode(exchange(body)).problems
    assert problem.code == "opaque_value"
    assert problem.detail.startswith("body: 63 bytes, 5.")
    assert problem.detail.endswith(", that nothing reads: JSON Web Encryption")


def test_an_encrypted_token_that_a_server_handed_out_is_none() -> None:
    odd = exchange(headers=(("Authorization", f"Bearer {JWE}"), ("Cookie", f"s={JWE}")))
    assert decode(odd).problems == ()


SEALED = {
    "Fernet token": Fernet(base64.urlsafe_b64encode(bytes(32))).encrypt(b"x").decode(),
    "PASETO, encrypted": "v4.local." + b64(CIPHER, safe=True).rstrip("="),
    "OpenSSL encrypted text": b64(b"Salted__" + CIPHER),
}


@pytest.mark.parametrize("label", SEALED)
def test_what_is_certainly_encrypted_is_named_however_short_it_is(label: str) -> None:
    assert text_kind(SEALED[label], always=True) == label
    body = json.dumps({"d": SEALED[label]}).encode()
    for _ in range(2):
        [problem] = decode(exchange(body)).problems
        assert problem.code == "opaque_value"
        assert problem.detail.endswith(f", that nothing reads: {label}")


@pytest.mark.parametrize("value", ["gAAAAA", "v2.local", "U2FsdGVkX1", "v1.0.local.example.org"])
def test_a_beginning_alone_is_no_encrypted_token(value: str) -> None:
    assert codes(json.dumps({"d": value}).encode()) == []

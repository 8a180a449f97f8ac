from __future__ import annotations

import base64
import gzip
import json
import random
import re
import string
import uuid
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import field, rows

from analyzer.decode import Limits
from analyzer.decoders import MISS
from analyzer.decoders.plan import inert, texts
from analyzer.walk import Walker


def inside(value: str) -> list[tuple[str, str, str]]:
    """Return what is found in a string value beside the value itself."""
    walker = Walker("1", Limits())
    walker.string(value, "v", ())
    first, *others = walker.leaves
    assert (first.path, first.value, first.steps) == ("v", value, ())
    return [(leaf.path, leaf.value, "/".join(leaf.steps)) for leaf in others]


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


LONG = b"y" * 80
JWT = (
    ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "HS256", "typ": "JWT"}, {"sub": "child-7", "adult": False})
    )
    + ".c2lnbmF0dXJl"
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (encoded(b'{"id":"x"}'), ("v.id", "x", "base64/json")),
        (encoded(b'{"id":"x"}').rstrip("="), ("v.id", "x", "base64/json")),
        (base64.urlsafe_b64encode(b'{"a":"\xc3\xbf>>?"}').decode(), ("v.a", "ÿ>>?", "base64/json")),
        (encoded(gzip.compress(b'{"id":"x"}', mtime=0)), ("v.id", "x", "base64/gzip/json")),
        (encoded(zlib.compress(b'{"id":"x"}')), ("v.id", "x", "base64/deflate/json")),
        (encoded(b"child@example.org"), ("v", "child@example.org", "base64")),
        (encoded(b"id=child&lang=sw"), ("v.id", "child", "base64/form")),
        (encoded(field(1, "screen_view") + field(2, 5)), ("v.1", "screen_view", "base64/protobuf")),
        (encoded(b'{"id":"x"}').encode().hex(), ("v.id", "x", "hex/base64/json")),
        (b'{"id":"x"}'.hex(), ("v.id", "x", "hex/json")),
        (gzip.compress(b'{"id":"x"}', mtime=0).hex().upper(), ("v.id", "x", "hex/gzip/json")),
        (JWT, ("v.payload.sub", "child-7", "jwt")),
        ('{"a":[1]}', ("v.a.0", "1", "json")),
        ('"{\\"a\\":1}"', ("v.a", "1", "json/json")),
        ("%7B%22a%22%3A1%7D", ("v.a", "1", "percent/json")),
        (base64.encodebytes(b'{"i":"%s"}' % LONG).decode(), ("v.i", "y" * 80, "base64/json")),
    ],
)  # fmt: skip
def test_values_with_something_inside(value: str, expected: tuple[str, str, str]) -> None:
    assert expected in inside(value)


@pytest.mark.parametrize(
    "value",
    [
        "38400000-8cf0-11bd-b23e-10b96e40000d",
        "384000008CF011BDB23E10B96E40000D",
        "00000000-0000-0000-0000-000000000000",
        "d41d8cd98f00b204e9800998ecf8427e",
        "7b226d63ff",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "1732270000000",
        "-1.2921",
        "36.821945",
        "2026-11-22T10:15:00.000Z",
        "2026-11-22T10:15:00+03:00",
        "Sun, 22 Nov 2026 10:15:00 GMT",
        "10:15",
        "en-US",
        "zh-Hans-CN",
        "en-US,en;q=0.9,sw;q=0.8",
        "Africa/Nairobi",
        "com.example.application",
        "com.google.android.gms.version",
        "screen_view",
        "SetProfileVisible",
        "onboardingCompleted",
        "application/json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "multipart/form-data; boundary=abc",
        "Mozilla/5.0 (Linux; Android 13; Pixel 7) AppleWebKit/537.36 (KHTML, like Gecko)",
        "[FBAN/FB4A;FBAV/432.0.0.29.102;FBPN/com.facebook.katana;]",
        "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A.230805.001)",
        "okhttp/4.9.3",
        "192.168.0.17",
        "fe80::1ff:fe23:4567:890a",
        "02:00:00:00:00:00",
        "+254712345678",
        "child@example.org",
        "https://www.example.org/path/page.html",
        "market://details",
        "1.2.3-beta+4",
        "1YNN",
        "abcdefghijklmnop",
        "ABCDEFGHIJKLMNOPQRSTUVWX",
        "a1B2c3D4e5F6g7H8",
        "XZ4f2a9c1d8e7b6a50",
        "Pixel 7 Pro",
        "{advertising_id}",
        "[object Object]",
        "{{template}}",
        "100% off",
        "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA",
        "DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA",
        "ya29.a0AfH6SMBx-abcdefghij",
        "WyJub3QganNvbg",
        "",
        " ",
        "Ребёнок играет в игру",
        "子供のゲーム",
    ],
)
def test_common_values_have_nothing_inside(value: str) -> None:
    assert inside(value) == []


def test_random_identifiers_have_nothing_inside() -> None:
    chance = random.Random(11)
    letters = string.ascii_letters + string.digits
    wrong = 0
    for _ in range(6000):
        size = chance.choice([16, 20, 22, 24, 28, 32, 43, 44, 64])
        wrong += bool(inside("".join(chance.choices(letters, k=size))))
        wrong += bool(inside(base64.urlsafe_b64encode(chance.randbytes(size)).decode()))
        wrong += bool(inside(str(uuid.UUID(int=chance.getrandbits(128)))))
        wrong += bool(inside(f"{chance.getrandbits(size * 4):x}"))
    assert wrong <= 2, "of 24,000"


def test_words_written_together_have_nothing_inside() -> None:
    chance = random.Random(12)
    words = ["open", "view", "screen", "device", "push", "token", "child", "profile", "limit", "ad"]
    for _ in range(3000):
        picked = chance.choices(words, k=chance.randint(2, 6))
        for value in ("".join(picked), "_".join(picked), "/".join(picked),
                      "".join(map(str.title, picked))):  # fmt: skip
            assert inside(value) == [], value


@settings(max_examples=400)
@given(
    st.text(max_size=40)
    | st.from_regex(r"[A-Za-z0-9+/_.-]{1,40}", fullmatch=True)
    | st.from_regex(r"[0-9A-Fa-f-]{1,40}", fullmatch=True)
)
def test_what_one_search_calls_inert_every_decoder_calls_not_its_own(value: str) -> None:
    if inert(value):
        for name, decoder, marks, least in texts():
            tried = any(mark in value for mark in marks) if marks else len(value) >= least
            assert not tried or decoder(value) is MISS, name


@pytest.mark.parametrize("start", ["7b22", "7B7D", "5b5d", "5B32", "1F8B08", "28b52ffd", "789C"])
def test_hexadecimal_that_may_hold_something_is_not_inert(start: str) -> None:
    assert not inert(start + "00" * 8)


def test_every_mark_is_known_to_the_search_for_inert_strings() -> None:
    for name, _, marks, _ in texts():
        for mark in marks:
            assert not inert(mark), f"{name}: {mark}"


@given(st.text())
def test_any_text_may_be_a_value(value: str) -> None:
    for leaf in walked(value):
        leaf[1].encode()


def walked(value: str) -> list[tuple[str, str, str]]:
    try:
        value.encode()
    except UnicodeEncodeError:
        return []
    return inside(value)


def test_a_token_without_alg_is_not_a_jwt() -> None:
    assert not any("jwt" in steps for _, _, steps in inside("eyJhIjoxfQaaaaaa.eyJiIjoyfQ.c2ln"))


def test_an_outer_value_is_kept_beside_what_is_inside() -> None:
    text = encoded(b'{"id":"x"}')
    assert rows(json.dumps({"data": text}).encode()) == [
        ("data", text, "json"),
        ("data.id", "x", "json/base64/json"),
    ]


@pytest.mark.parametrize("value", ["a" * 50_000, "ey" * 20_000, "a=b&" * 10_000, "%41" * 10_000])
def test_long_values_take_no_time(value: str) -> None:
    inside(value)
    assert re.compile("x").search(value) is None

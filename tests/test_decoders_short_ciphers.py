"""Ciphers that are short, in pieces, or written in Base85: seen where nothing ordinary looks so."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import string
import time
import uuid
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire import exchange

from analyzer.decode import decode
from analyzer.decoders.noise import LEAST, in_pieces, pretends, sealed

CHANCE = random.Random(11)
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def told(values: object) -> list[str]:
    """Return what is said of a JSON body that holds `values`."""
    decoded = decode(exchange(json.dumps(values).encode(), "application/json"))
    return [each.detail for each in decoded.problems if each.code == "opaque_value"]


def fields(*sizes: int) -> dict[str, str]:
    return {f"field{at}": b64(CHANCE.randbytes(size)) for at, size in enumerate(sizes)}


def test_short_ciphers_of_one_body_are_summed_named_and_measured() -> None:
    [detail] = told({"v": 3, "user": fields(48, 80, 64, 96), "os": "Android"})
    assert "3 values of together 224 bytes" in detail
    assert "bits per byte, that nothing reads" in detail
    events = [{"at": at, **fields(40 + at)} for at in range(12)]
    assert len(told({"events": events})) == 1


def test_the_same_value_again_is_no_more_of_a_cipher() -> None:
    value = fields(48, 80)
    assert told([value] * 20) == []


SHORT_BUT_CLEAR: dict[str, Callable[[], object]] = {
    "too little": lambda: fields(48, 60, 80),
    "two": lambda: fields(95, 170),
    "identifiers of one length": lambda: fields(*[40] * 30),
    "digests": lambda: fields(*[16, 20, 32, 64] * 9),
    "digests in hex": lambda: [hashlib.sha384(bytes([at])).hexdigest() for at in range(9)],
    "UUIDs": lambda: [str(uuid.UUID(int=CHANCE.getrandbits(128))) for _ in range(50)],
    "signed tokens": lambda: [
        f"eyJhbGciOiJSUzI1NiJ9.{b64(b'{%d}' % at).strip('=')}.{b64(CHANCE.randbytes(90 + at))}"
        for at in range(5)
    ],
    "push tokens": lambda: [
        f"{b64(CHANCE.randbytes(16))[:22]}:APA91b{b64(CHANCE.randbytes(99 + at))}"
        for at in range(5)
    ],
    "pictures": lambda: [b64(b"\x89PNG\r\n\x1a\n" + CHANCE.randbytes(60 + at)) for at in range(9)],
    "messages": lambda: [
        b64(b"\x0a\x03abc\x10\x01\x1a\x04\0\0\0\0" * (4 + at) + bytes([at])) for at in range(9)
    ],
    "readable": lambda: [b64(b'{"id":%d,"name":"word and word"}' % at**9) for at in range(9)],
    "words": lambda: ["".join(CHANCE.choices(string.ascii_letters, k=44 + at)) for at in range(2)],
    "paths": lambda: [f"images/avatars/of/the/child/number/{at}/in/full/size" for at in range(40)],
    "names": lambda: [f"com_example_app_feature_flag_for_the_home_screen_{at}" for at in range(40)],
}


@pytest.mark.parametrize("name", SHORT_BUT_CLEAR)
def test_what_only_is_short_is_no_cipher(name: str) -> None:
    assert told(SHORT_BUT_CLEAR[name]()) == []


def test_what_a_server_hands_out_is_not_summed() -> None:
    answer = json.dumps(fields(48, 80, 96, 112)).encode()
    kind = (("content-type", "application/json"),)
    assert decode(exchange(answer=answer, answer_headers=kind)).problems == ()
    cookies = "; ".join(f"{name}={value}" for name, value in fields(48, 80, 96, 112).items())
    assert decode(exchange(headers=(("cookie", cookies),))).problems == ()


@settings(max_examples=200)
@given(st.lists(st.text() | st.text("aZ0+/=-_", max_size=300), max_size=30))
def test_any_values_may_come_together(texts: list[str]) -> None:
    found = in_pieces(texts)
    assert found is None or len(found[1]) >= LEAST


def test_thousands_of_short_ciphers_are_bounded() -> None:
    values = [b64(CHANCE.randbytes(40 + at % 90)) for at in range(15_000)]
    start = time.process_time()
    assert len(told(values)) == 1
    assert time.process_time() - start < 3


def z85(content: bytes) -> str:
    return base64.b85encode(content).decode().translate(str.maketrans(_B85, _Z85))


SPELLINGS: dict[str, Callable[[bytes], str]] = {
    "RFC 1924": lambda content: base64.b85encode(content).decode(),
    "Ascii85": lambda content: base64.a85encode(content).decode(),
    "Ascii85 of Adobe": lambda content: base64.a85encode(content, adobe=True).decode(),
    "Ascii85 in lines": lambda content: base64.a85encode(content, wrapcol=76).decode(),
    "Z85": z85,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("size", [256, 400, 4096])
def test_a_cipher_in_base85_is_seen(spelling: str, size: int) -> None:
    seen = 0
    for seed in range(20):
        content = random.Random(seed).randbytes(size)
        found = sealed(SPELLINGS[spelling](content))
        seen += found is not None and found[0] == "base85" and len(found[1]) == size
    assert seen == 20
    [detail] = told({"d": SPELLINGS[spelling](random.Random(3).randbytes(size))})
    assert "that nothing reads" in detail


PROSE = (__doc__ or "") * 9
CODE = "function(a,b){return a[b]=(c=>{let d=[1,2,3];for(e of d)f+=e*2;return`${f}`})(a)};"
LONG_BUT_CLEAR = {
    "prose": SPELLINGS["RFC 1924"](PROSE.encode()),
    "zeros": SPELLINGS["Ascii85"](bytes(900)),
    "code": "".join((CODE * 9).split()),
    "an address": "https://a.example/p?"
    + "&".join(
        f"k{at}={quote(b64(CHANCE.randbytes(9)))}&x[{at}]=(${at};~!*)" for at in range(40)
    ),
    "numbers": ",".join(f"{CHANCE.random():.6f}" for _ in range(90)),
    "passwords": " ".join(
        "".join(CHANCE.choices(string.printable[:94], k=12)) for _ in range(20)
    ),
    "JSON": json.dumps([{"k": [at, None, {"a": b64(CHANCE.randbytes(6))}]} for at in range(30)]),
    "a style": ".a{color:#fff;margin:0 1px}#b>c{width:calc(100% - 2em)!important}" * 9,
    "signs": string.punctuation * 30,
    "all signs in turn": (string.ascii_letters + string.digits) * 9,
}  # fmt: skip


@pytest.mark.parametrize("name", LONG_BUT_CLEAR)
def test_what_has_many_signs_is_no_base85(name: str) -> None:
    assert sealed(LONG_BUT_CLEAR[name]) is None


@given(st.text(string.printable, min_size=256, max_size=900))
def test_any_signs_may_come(text: str) -> None:
    found = sealed(text)
    assert found is None or len(found[1]) >= LEAST


TEXTS = ("text/css", "text/javascript", "text/html", "image/svg+xml", "text/vtt")


@pytest.mark.parametrize("media", TEXTS)
def test_a_small_cipher_is_no_text_whatever_it_is_announced_as(media: str) -> None:
    seen = sum(pretends(media, random.Random(seed).randbytes(64)) for seed in range(200))
    assert seen >= 196
    body = random.Random(5).randbytes(64)
    answer = decode(exchange(answer=body, answer_headers=(("content-type", media),)))
    assert [each.code for each in answer.problems] == ["opaque_value"]
    assert [each.code for each in decode(exchange(body, media)).problems] == ["opaque_value"]


@pytest.mark.parametrize("media", TEXTS)
@pytest.mark.parametrize(
    "content",
    [
        b".a{color:red}" * 3,
        ".a{content:'日本語の文字'}".encode() + "字".encode()[:2],  # cut in a character
        ".a{content:'日本語の文字列'}".encode("shift_jis"),
        ".a{content:'中文字符很多'}".encode("gb18030"),
        ".a{content:'Grüße'; color: red}".encode("latin-1"),
        ".a{content:'x'; color: red}".encode("utf-16"),
        ".a{content:'x'; color: red}".encode("utf-16-le"),
        b"\x1a\x0c/* a form feed */ .a{}",
        b"",
        b"\xff\xfe\x01",
    ],
)
def test_short_text_of_any_charset_is_no_cipher(media: str, content: bytes) -> None:
    assert not pretends(media, content)

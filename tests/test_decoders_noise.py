"""What is taken for a cipher, and what only is long."""

from __future__ import annotations

import base64
import hashlib
import random
import string
import struct
import uuid
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.decoders.media import belies
from analyzer.decoders.noise import LEAST, hides, is_noise, pretends, sealed

CHANCE = random.Random(7)
NOISE = CHANCE.randbytes(400)
SECRET = base64.b64encode(NOISE).decode()
URL_SAFE = base64.urlsafe_b64encode(NOISE).decode().rstrip("=")
PROSE = (__doc__ or "") + " Words, and more words; of 7 lines and 12 cats. " * 40


def der(head: str, size: int) -> bytes:
    """Return the head of a DER structure of `size` bytes, the rest of which is random."""
    inside = bytes.fromhex(head)
    return (
        struct.pack(">BBH", 0x30, 0x82, size - 4)
        + inside
        + CHANCE.randbytes(size - 4 - len(inside))
    )


def jwt(payload: bytes) -> str:
    parts = (b'{"alg":"RS256"}', payload, CHANCE.randbytes(256))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@settings(max_examples=300)
@given(st.integers(0, 2**32), st.integers(LEAST, 5000))
def test_a_cipher_of_any_length_is_seen_in_every_spelling(seed: int, size: int) -> None:
    content = random.Random(seed).randbytes(size)
    assert is_noise(content)
    for text in (base64.b64encode(content), base64.urlsafe_b64encode(content).rstrip(b"=")):
        assert sealed(text.decode()) == ("base64", content)
    assert sealed(content.hex()) == ("hex", content)


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        URL_SAFE,
        f"v1:{SECRET}",
        f"AAAA.{URL_SAFE}.BBBB",
        f"data:application/octet-stream;base64,{SECRET}",
        base64.encodebytes(NOISE).decode(),
        base64.encodebytes(NOISE).decode().replace("\n", "\r\n"),
        f"eyJhbGciOiJkaXIifQ..{URL_SAFE[:16]}.{URL_SAFE}.{URL_SAFE[:22]}",  # an encrypted token
    ],
)
def test_separators_and_line_ends_hide_no_cipher(text: str) -> None:
    assert sealed(text) == ("base64", NOISE)


def test_plus_signs_that_a_form_has_made_spaces_hide_no_cipher() -> None:
    assert " " in SECRET.replace("+", " ").strip("= ")
    found = sealed(SECRET.replace("+", " "))
    assert found is not None
    assert found[0] == "base64"


def test_a_cut_value_hides_what_is_left() -> None:
    for cut in range(1, 9):
        assert sealed(SECRET[:-cut]) is not None
        assert sealed(NOISE.hex()[:-cut]) is not None


def test_compressed_data_that_nothing_unpacks_is_taken_for_a_cipher() -> None:
    text = " ".join(str(CHANCE.random()) for _ in range(500)).encode()
    assert hides(zlib.compress(text)[2:])


@pytest.mark.parametrize("magic", [b"PK\x03\x04", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ\0"])
def test_an_archive_hides_what_is_in_it(magic: bytes) -> None:
    assert hides(magic + bytes(LEAST))
    assert not hides(magic + bytes(LEAST - len(magic) - 1))


LONG_BUT_CLEAR = {
    "prose": PROSE,
    "words": "".join(each for each in PROSE if each.isalpha()),
    "base64 of prose": base64.b64encode(PROSE.encode()).decode(),
    "digits": "".join(CHANCE.choices(string.digits, k=900)),
    "UUIDs": ",".join(str(uuid.UUID(int=CHANCE.getrandbits(128))) for _ in range(50)),
    "UUIDs and dashes": "-".join(str(uuid.UUID(int=CHANCE.getrandbits(128))) for _ in range(50)),
    "UUIDs in lines": "\n".join(str(uuid.UUID(int=CHANCE.getrandbits(128))) for _ in range(50)),
    "digests": " ".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(40)),
    "digests in lines": "\n".join(hashlib.sha512(bytes([n])).hexdigest() for n in range(40)),
    "digests as base64": " ".join(
        base64.b64encode(hashlib.sha512(bytes([n])).digest()).decode() for n in range(40)
    ),
    "a signed token": jwt(b'{"sub":"' + b"child" * 90 + b'"}'),
    "a signed token in text": "Bearer " + jwt(b'{"sub":"child"}'),
    "a certificate": base64.b64encode(der("3082022aa003020102021401", 835)).decode(),
    "a public key": base64.b64encode(der("300d06092a864886f70d0101010500", 294)).decode(),
    "a picture": base64.b64encode(b"\xff\xd8\xff\xe0" + NOISE).decode(),
    "numbers": base64.b64encode(
        struct.pack("<200f", *(CHANCE.gauss(0, 1) for _ in range(200)))
    ).decode(),
    "times": base64.b64encode(struct.pack("<90Q", *range(10**12, 10**12 + 90))).decode(),
    "nothing": "",
}


@pytest.mark.parametrize("name", LONG_BUT_CLEAR)
def test_what_only_is_long_is_no_cipher(name: str) -> None:
    assert sealed(LONG_BUT_CLEAR[name]) is None


def test_a_key_with_more_behind_it_is_no_key() -> None:
    assert hides(der("300d06092a864886f70d0101010500", 294) + NOISE)


@given(st.binary(max_size=LEAST - 1), st.sampled_from(["", "v1:", "sid="]))
def test_no_token_below_the_bound_is_a_cipher(content: bytes, prefix: str) -> None:
    for text in (content.hex(), base64.b64encode(content).decode()):
        assert sealed(prefix + text) is None
    assert not hides(content)


@given(st.lists(st.uuids().map(str), max_size=60), st.sampled_from([",", " ", "\n", "-", "", "/"]))
def test_no_list_of_uuids_is_a_cipher(each: list[str], between: str) -> None:
    assert sealed(between.join(each)) is None


@given(st.text() | st.text("aZ0+/=-_. \n\r", max_size=900) | st.just("ey" * 500 + "."))
def test_any_text_may_come(text: str) -> None:
    assert sealed(text) is None or len(text) >= 256


def test_a_type_is_belied_by_what_it_cannot_begin_with() -> None:
    assert belies("image/png", NOISE)
    assert not belies("image/png", b"\x89PNG\r\n" + NOISE)
    assert not belies("audio/mpeg", b"\xff\xfb" + NOISE)
    assert not belies("video/mp4", b"\0\0\0\x18moof" + NOISE)
    assert not belies("model/gltf-binary", NOISE)


def test_a_page_is_belied_by_noise_only() -> None:
    assert pretends("text/html", NOISE)
    assert not pretends("text/html", PROSE.encode())
    assert not pretends("text/html", ("キャット" * 90).encode("shift_jis"))
    assert not pretends("application/vnd.ms-fontobject", NOISE)

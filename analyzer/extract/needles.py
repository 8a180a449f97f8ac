"""Every way in which a planted value may be written on the wire.

A value becomes some hundred byte strings: other cases and formats, URL-encoded, as hexadecimal or
Base64 text (at each of the three offsets at which it may begin inside a longer encoded text), and
as MD5, SHA-1, SHA-256 and SHA-512 of what a vendor would hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Literal
from urllib.parse import quote, quote_plus
from uuid import UUID

from analyzer.extract.value_shape import UUID as UUID_TEXT
from analyzer.extract.writings import other_forms, split_phone

Edge = Literal["none", "word", "number", "left", "whole"]

TRANSFORMATIONS: Final[tuple[str, ...]] = (
    "raw",
    "format",
    "rounded",
    "url",
    "escaped",
    "utf-16",
    "hex",
    "base64",
    "md5",
    "sha1",
    "sha256",
    "sha512",
)
"""How a planted value can have been written. ``raw`` is in any case of its letters; ``format`` is
another way to write the same date, number or place; ``rounded`` a coordinate with fewer digits."""

SHORTEST: Final = 5  # characters; shorter needles are everywhere
_SHORTEST_BASE64: Final = 8
_SHORTEST_NUMBER: Final = 8  # digits; a shorter number has to be the whole value
_HASHES: Final = ("md5", "sha1", "sha256", "sha512")
_LEAST_DECIMALS: Final = 3
STRONG_DECIMALS: Final = 5  # about a metre; with fewer, a number means nothing without the other


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes to look for. `data` is lower case; where `exact`, the find must equal `given`.

    `edge`: what must not continue the find: nothing to check, letters and digits to either side, a
    number to either side or to the left only, or anything at all (`whole`). `axis` of a coordinate
    is 0 or 1; one that is `coarse` counts only beside a find of the other axis.
    """

    data: bytes
    given: bytes
    value: int  # its position in the list of planted values
    transformed: str
    exact: bool = False
    edge: Edge = "word"
    axis: int | None = None
    coarse: bool = False


def needles(values: tuple[tuple[str, str], ...]) -> list[Needle]:
    """Return the needles of `values`, pairs of data type and text; the first of equal ones stays.

    A latitude and a longitude may be one value, ``"1.28333,36.81667"``, or two of the same type in
    a row.
    """
    found: dict[tuple[bytes, int], Needle] = {}
    axes = axes_of(values)
    for at, (data_type, text) in enumerate(values):
        if at in axes:
            made = _coordinates(at, axes[at])
        else:
            made = _text_needles(at, data_type, text.strip())
        for needle in made:
            found.setdefault((needle.given, needle.value), needle)
    return list(found.values())


def _text_needles(at: int, data_type: str, text: str) -> Iterator[Needle]:
    forms = list(_forms(data_type, text))
    # A number without its code is looked for as a number: it could be the decimals of another.
    national = split_phone(text)[1] if data_type == "person.phone" else ""
    for form, how in forms:
        if form != national or how == "raw":
            yield from _plain(at, form, how)
    for form, how in forms:
        if how == "raw":
            yield from _encoded(at, form.encode("utf-8", "surrogatepass"))
    if UUID_TEXT.fullmatch(text):
        yield from _bytes(at, UUID(text).bytes, "base64")
    for hashed in dict.fromkeys(each for form, _ in forms for each in _cases(form)):
        if len(hashed) >= SHORTEST:
            yield from _hashed(at, hashed)
    if len(text) >= SHORTEST:
        for hashed in dict.fromkeys((text, text.lower())):
            yield from _hashed_by_mistake(at, hashed)


def _forms(data_type: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield each way of writing `text`, with ``raw`` or ``format``; the text itself first."""
    for form in dict.fromkeys((text, text.lower(), text.upper(), text.casefold())):
        yield form, "raw"
    for form in dict.fromkeys(other_forms(data_type, text)):
        if form != text:
            yield form, "format"


def _cases(form: str) -> tuple[str, ...]:
    return form, form.lower(), form.upper()


def _plain(at: int, form: str, how: str) -> Iterator[Needle]:
    data = form.encode("utf-8", "surrogatepass")
    if len(form) < SHORTEST:
        return
    short = form.isdigit() and len(form) < _SHORTEST_NUMBER
    edge: Edge = "whole" if short else "word"
    yield Needle(data.lower(), data, at, how, edge=edge)
    if short:
        return
    for other in _url_forms(form):
        if other != form:
            yield Needle(other.lower().encode(), other.encode(), at, "url", edge=edge)
    escaped = json.dumps(form)[1:-1]
    for other in dict.fromkeys((escaped, escaped.replace("/", "\\/"))):
        if other != form:
            yield Needle(other.lower().encode(), other.encode(), at, "escaped", edge=edge)


def _url_forms(form: str) -> dict[str, None]:
    once = quote(form, safe="")
    return dict.fromkeys((once, quote_plus(form), quote(once, safe="")))


def _encoded(at: int, data: bytes) -> Iterator[Needle]:
    form = data.decode("utf-8", "surrogatepass")
    if len(form) < SHORTEST:
        return
    written = data.hex().encode()
    yield Needle(written, written, at, "hex", edge="none" if len(written) >= 16 else "word")
    wide = form.encode("utf-16-le", "surrogatepass")
    yield Needle(wide.lower(), wide, at, "utf-16", edge="none")
    for encode in (b64encode, urlsafe_b64encode):
        # Bits that its neighbours share are cut: the rest stands in the text whatever surrounds it.
        for offset in range(3):
            encoded = encode(b"\0" * offset + data)
            first = (0, 2, 3)[offset]
            inner = encoded[first : (offset + len(data)) * 8 // 6]
            if len(inner) >= _SHORTEST_BASE64:
                yield Needle(inner.lower(), inner, at, "base64", exact=True, edge="none")
        full = encode(data).rstrip(b"=")
        yield Needle(full.lower(), full, at, "base64", exact=True)


def _bytes(at: int, value: bytes, how: str) -> Iterator[Needle]:
    """The bytes themselves, and Base64 of them alone."""
    yield Needle(value.lower(), value, at, how, exact=True, edge="none")
    for encode in (b64encode, urlsafe_b64encode):
        text = encode(value).rstrip(b"=")
        yield Needle(text.lower(), text, at, how, exact=True, edge="none")


def _hashed(at: int, form: str) -> Iterator[Needle]:
    data = form.encode("utf-8", "surrogatepass")
    for name in _HASHES:
        value = hashlib.new(name, data, usedforsecurity=False).digest()
        written = value.hex().encode()
        yield Needle(written, written, at, name, edge="none")
        yield from _bytes(at, value, name)


def _hashed_by_mistake(at: int, form: str) -> Iterator[Needle]:
    """Hashes of the text with the line end or space that a tool left, and hashes of a hash."""
    data = form.encode("utf-8", "surrogatepass")
    for name in ("md5", "sha1", "sha256"):
        for end in (b"\n", b" ", b"\r\n"):
            written = _hex(name, data + end)
            yield Needle(written, written, at, name, edge="none")
    for first, then in (("md5", "sha256"), ("sha256", "sha256"), ("md5", "md5")):
        written = _hex(then, _hex(first, data))
        yield Needle(written, written, at, then, edge="none")


def _hex(name: str, data: bytes) -> bytes:
    return hashlib.new(name, data, usedforsecurity=False).hexdigest().encode()


def axes_of(values: tuple[tuple[str, str], ...]) -> dict[int, tuple[tuple[int, Decimal], ...]]:
    """Return, of each value that is a place or half of one, its axes: (0 or 1, degrees)."""
    found: dict[int, tuple[tuple[int, Decimal], ...]] = {}
    halves = 0
    for at, (data_type, text) in enumerate(values):
        if data_type != "loc.precise":
            continue
        try:
            numbers = [Decimal(part.strip()) for part in re.split(r"[,;|]", text)]
        except InvalidOperation:
            continue
        if not all(number.is_finite() and abs(number) <= 180 for number in numbers):
            continue
        if len(numbers) >= 2:
            found[at] = ((0, numbers[0]), (1, numbers[1]))
        else:
            found[at] = ((halves % 2, numbers[0]),)
            halves += 1
    return found


def _coordinates(at: int, axes: tuple[tuple[int, Decimal], ...]) -> Iterator[Needle]:
    for axis, degrees in axes:
        given = decimals(degrees)
        for places in range(given, _LEAST_DECIMALS - 1, -1):
            how = "raw" if places == given else "rounded"
            coarse = places < STRONG_DECIMALS
            step = Decimal(1).scaleb(-places)
            for rounding in ("ROUND_HALF_EVEN", "ROUND_DOWN"):
                text = f"{degrees.quantize(step, rounding=rounding):f}"
                for form in dict.fromkeys((text, text.rstrip("0"))):
                    if len(form) >= SHORTEST and decimals(Decimal(form)) >= _LEAST_DECIMALS:
                        yield from _coordinate(at, form, how, axis, coarse=coarse)
        for power in (6, 7):
            whole = str(int((degrees * 10**power).to_integral_value("ROUND_HALF_EVEN")))
            if given >= STRONG_DECIMALS - 1 and len(whole.lstrip("-")) >= 7:
                yield from _coordinate(at, whole, "format", axis, coarse=False)


def _coordinate(at: int, form: str, how: str, axis: int, *, coarse: bool) -> Iterator[Needle]:
    """A number in full may go on: 1.28333 read as a float32 is sent as 1.2833300828933716."""
    data = form.encode()
    edge: Edge = "left" if how == "raw" and not coarse else "number"
    yield Needle(data, data, at, how, edge=edge, axis=axis, coarse=coarse)


def decimals(number: Decimal) -> int:
    """Return how many digits `number` has after its point."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0

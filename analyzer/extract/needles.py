"""Every way in which a planted value may be written on the wire.

A value becomes some hundred byte strings: other cases and formats, URL-encoded, reversed, as
hexadecimal or Base64 text (at each of the three offsets at which it may begin inside a longer
encoded text), and hashed as vendors document it.
"""

from __future__ import annotations

import contextlib
import json
import re
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, Literal, NamedTuple
from urllib.parse import quote, quote_plus

from analyzer.extract import machine_ids, writings
from analyzer.extract.coordinates import Half, halves_of, written
from analyzer.extract.field_names import BIRTH
from analyzer.extract.hashing import Digest, digests, mistaken
from analyzer.extract.value_shape import EMAIL

Edge = Literal[
    "none", "word", "number", "left", "whole", "alone", "email", "token", "name", "phone"
]

TRANSFORMATIONS: Final[tuple[str, ...]] = (
    "raw",
    "format",
    "rounded",
    "split",
    "url",
    "escaped",
    "utf-16",
    "hex",
    "base64",
    "base32",
    "reversed",
    "substituted",
    "xor",
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sha3_256",
    "sha3_512",
)
"""How a planted value can have been written. ``raw`` is in any case of its letters; ``format`` is
another way to write the same date, number or place; ``rounded`` a coordinate with fewer digits;
``split`` a name or an address in two neighbouring fields; ``substituted`` each letter replaced;
``xor`` what `writings.xored` does."""

SHORTEST: Final = 5  # characters; shorter needles are everywhere
_SHORTEST_BASE64: Final = 8
_SHORTEST_NUMBER: Final = 8  # digits; a shorter number has to be the whole value,
_SHORTEST_ALONE: Final = 7  # and a still shorter one counts only where its name says what it is
_SHORTEST_HALF: Final = 3
_SHORTEST_KEYED: Final = 4
_SHORTEST_TURNED: Final = 8  # characters of a reversed or substituted text
_COMMON_HASHES: Final = frozenset({"md5", "sha1", "sha256", "sha512"})
_UUID_DIGITS: Final = 32
_HIDDEN: Final = frozenset({"email", "phone", "username"})  # what an account is opened with
_PHONE: Final = re.compile(r"(?:\+|00)[1-9](?:[ ().\-/]{0,3}[0-9]){6,14}")
_NAME: Final = re.compile(r"[^\W\d_][^\d_@]*[\s,][^\d_@]*[^\W\d_]")
# The names of fields in which a short number is what it is planted as.
_KEYS: Final = {
    "person.address": ("zip", "postal", "postcode", "plz", "cep", "pincode"),
    "demo.birthdate": BIRTH,
    "id.account": ("account", "user", "member", "uid"),
}
# The substitution that one vendor's script applies letter by letter to what is typed into forms:
# https://github.com/leaky-forms/leaky-forms/tree/main/leak-detector ("custom_map_1").
_SUBSTITUTED: Final = str.maketrans(
    "kibp8A4EWRMKHa7gvyz1dOPt6UI5xYD3nqhVwZBXfCcFeJmrLN20lS9QGsjTuo",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
)


class Needle(NamedTuple):
    """Bytes to look for. `data` is lower case; where `exact`, the find must equal `given`.

    `edge`: what must not continue the find: nothing to check, letters and digits to either side, a
    number to either side or to the left only, or anything at all (`whole`; `alone`: or its name
    says what it is). An `email`, a `token`, a `name` and a `phone` must besides not be tied to more
    of a word by a joint. `side` is 0 or 1 for
    one half of something (`group` is which): a latitude, a first name. One that `needs` its other
    half counts only beside a find of it. With `keys` it counts only where the name of its field has
    one of them. One that is a piece of Base64 text has the bytes that it stands for in `plain`, and
    `offset` bytes before them: the letters at its edges, which are not its own alone, are compared.
    """

    data: bytes
    given: bytes
    value: int  # its position in the list of planted values
    transformed: str
    exact: bool = False
    edge: Edge = "word"
    group: int = -1
    side: int = 0
    needs: bool = False
    keys: tuple[str, ...] = ()
    plain: bytes = b""
    offset: int = 0


def needles(values: tuple[tuple[str, str], ...]) -> list[Needle]:
    """Return the needles of `values`, pairs of data type and text; the first of equal ones stays.

    The plainest way of writing a value comes first.
    """
    found: dict[tuple[bytes, int, bool, bytes], Needle] = {}
    places = halves_of(values)
    for at, (data_type, text) in enumerate(values):
        made: Iterable[Needle]
        if at in places:
            half = places[at][0] if len(places[at]) == 1 else None
            whole = _encoded(at, text.strip().encode())
            if half:
                whole = (each._replace(group=half.group, side=half.side) for each in whole)
            made = chain(_coordinates(at, places[at]), whole)
        else:
            made = _text_needles(at, data_type, text.strip())
        for needle in made:
            key = (needle.given, needle.value, needle.needs, needle.plain)
            found.setdefault(key, needle)
    return list(found.values())


def kind_of(data_type: str, text: str) -> str:
    """Return what `text` is, as far as spelling and hashing go: one of `normalisations.KINDS`.

    >>> kind_of("soc.contacts", "+254712345678"), kind_of("id.device", "02:00:5e:10:00:01")
    ('phone', 'mac')
    """
    if EMAIL.fullmatch(text):
        return "email"
    if machine_ids.is_uuid(text):
        return "uuid"
    if machine_ids.is_mac(data_type, text):
        return "mac"
    if data_type == "demo.birthdate":
        return "date" if writings.birth_day(text) else "text"
    if data_type == "person.phone":
        return "phone"
    if data_type.startswith(("soc.", "beh.")) and _PHONE.fullmatch(text):
        return "phone"
    if machine_ids.is_imei(data_type, text):
        return "imei"
    if machine_ids.is_hex_id(text):
        return "hex"
    kinds = {"person.address": "address", "person.username": "username", "person.name": "name"}
    if data_type == "soc.contacts" and _NAME.fullmatch(text):
        return "name"
    return kinds.get(data_type, "text")


def _text_needles(at: int, data_type: str, text: str) -> Iterator[Needle]:
    kind = kind_of(data_type, text)
    if kind == "username":
        text = text.removeprefix("@") or text
    forms = list(_forms(kind, text))
    keys = _KEYS.get(data_type, ())
    # A number without its code is looked for as a number: it could be the decimals of another.
    national = writings.split_phone(text)[1] if kind == "phone" else ""
    for form, how in forms:
        if form != national or how == "raw":
            edge = _edge(kind, data_type, form)
            needed = keys if kind == "date" else ()
            for needle in _plain(at, form, how, keys):
                plain = needle.edge != "word"
                yield needle if plain else needle._replace(edge=edge, keys=needed)
    for form, how in forms:
        if form.isdigit() and len(form) < _SHORTEST_ALONE:
            continue
        if how == "raw" or kind not in ("date", "name", "text"):
            for needle in _encoded(at, form.encode("utf-8", "surrogatepass")):
                if form == national:
                    if not needle.plain:
                        yield needle._replace(edge="whole")
                elif kind == "date":
                    yield needle._replace(keys=keys)
                elif needle.edge == "none" and needle.transformed in ("base64", "hex"):
                    yield needle._replace(edge=_tie(_edge(kind, data_type, form)))
                else:
                    yield needle
            if kind in _HIDDEN and len(form) >= _SHORTEST_TURNED:
                data = writings.xored(form).encode()
                yield Needle(data, data, at, "xor", edge="whole" if form == national else "word")
    if kind in ("uuid", "hex"):
        read = machine_ids.uuid_bytes if kind == "uuid" else machine_ids.hex_bytes
        for data in read(text):
            yield from _bytes(at, data, "format")
            yield from _within_base64(at, data)
            if kind == "uuid":
                hexed = data.hex().encode()
                yield Needle(hexed, hexed, at, "format", edge="none")
    yield from _others(at, kind, text)
    if len(text) >= SHORTEST and not (text.isdigit() and len(text) < _SHORTEST_ALONE):
        yield from _hashed(at, (*digests(kind, text), *mistaken(text)))


def _edge(kind: str, data_type: str, form: str) -> Edge:
    """Return what must not continue a find of `form`, as it is or escaped."""
    if kind == "email" and not any(joint in form for joint in (".at.", "_at_")):
        return "email"
    if kind == "username" or data_type == "loc.wifi_cell":
        return "token"
    if kind == "name" and not any(joint in form for joint in (" ", ",")):
        return "name"
    if kind == "uuid" and form.isalnum() and len(form) == _UUID_DIGITS:
        return "none"  # so many digits are no piece of another number by chance
    return "phone" if kind == "phone" else "word"


def _tie(edge: Edge) -> Edge:
    """Return `edge` where it looks for joints in what was encoded, else that of any place."""
    return "none" if edge == "word" else edge


def _forms(kind: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield each way of writing `text`, with ``raw`` or ``format``; the text itself first."""
    raw = dict.fromkeys((text, text.lower(), text.upper(), text.casefold()))
    for form in raw:
        yield form, "raw"
    made: Iterable[str] = ()
    if kind == "email":
        made = writings.email_forms(text)
    elif kind == "phone":
        made = writings.phone_forms(text)
    elif kind == "date":
        made = writings.date_forms(text)
    elif kind == "uuid":
        made = machine_ids.uuid_forms(text)
    elif kind == "mac":
        made = machine_ids.mac_forms(text)
    elif kind == "imei":
        made = machine_ids.imei_forms(text)
    elif kind == "hex":
        made = machine_ids.hex_forms(text)
    elif kind == "name":
        made = writings.name_forms(text)
    else:
        made = [*writings.joined_forms(text), *writings.without_accents(text)]
        if kind == "address":
            made += writings.address_parts(text)
        if "-" in text or ":" in text:
            made.append(text.replace("-", "").replace(":", ""))
    for form in dict.fromkeys(made):
        if form not in raw:
            yield form, "format"
            if not form.isascii() and form.lower() != form:
                yield form.lower(), "format"
                yield form.upper(), "format"


def _others(at: int, kind: str, text: str) -> Iterator[Needle]:
    """What a value of one kind is searched as besides: moments, halves, short numbers."""
    if kind == "date":
        for moment in writings.moments(text):
            edge: Edge = "left" if ":" in moment else "whole"
            data = moment.lower().encode()
            yield Needle(data, moment.encode(), at, "format", edge=edge, keys=BIRTH)
        for short in writings.short_dates(text):
            keys = BIRTH
            yield Needle(short.encode(), short.encode(), at, "format", edge="whole", keys=keys)
    elif kind == "name":
        for side, half in enumerate(writings.split_name(text)):
            for form in dict.fromkeys((half, *writings.without_accents(half))):
                yield from _half(at, side, form)
    elif kind == "email":
        local, _, domain = text.rpartition("@")
        yield from _half(at, 0, local)
        yield from _half(at, 1, domain)


def _half(at: int, side: int, text: str) -> Iterator[Needle]:
    if len(text) >= _SHORTEST_HALF:
        for form in dict.fromkeys((text, text.lower(), text.upper())):
            data = form.encode("utf-8", "surrogatepass")
            yield Needle(
                data.lower(), data, at, "split", edge="whole", group=at, side=side, needs=True
            )


def _plain(at: int, form: str, how: str, keys: tuple[str, ...]) -> Iterator[Needle]:
    data = form.encode("utf-8", "surrogatepass")
    short = form.isdigit() and len(form) < _SHORTEST_NUMBER
    if short:
        if len(form) >= _SHORTEST_ALONE:
            yield Needle(data, data, at, how, edge="whole")
        elif keys and len(form) >= _SHORTEST_KEYED:
            yield Needle(data, data, at, how, edge="whole", keys=keys)
        return
    if len(form) < SHORTEST:
        return
    yield Needle(data.lower(), data, at, how)
    for other in _url_forms(form):
        if other != form:
            yield Needle(other.lower().encode(), other.encode(), at, "url")
    escaped = json.dumps(form)[1:-1]
    for other in dict.fromkeys((escaped, escaped.replace("/", "\\/"))):
        if other != form:
            yield Needle(other.lower().encode(), other.encode(), at, "escaped")


def _url_forms(form: str) -> Iterator[str]:
    once = quote(form, safe="", errors="surrogatepass")
    forms = [once, quote_plus(form, errors="surrogatepass"), quote(once, safe="")]
    with contextlib.suppress(UnicodeEncodeError):
        forms.append(quote(form.encode("latin-1"), safe=""))
    yield from dict.fromkeys(forms)


def _encoded(at: int, data: bytes) -> Iterator[Needle]:
    form = data.decode("utf-8", "surrogatepass")
    if len(form) < SHORTEST:
        return
    hexed = data.hex().encode()
    yield Needle(hexed, hexed, at, "hex", edge="none" if len(hexed) >= 16 else "word")
    wide = form.encode("utf-16-le", "surrogatepass")
    yield Needle(wide.lower(), wide, at, "utf-16", edge="none")
    yield from _within_base64(at, data)
    for encode in (b64encode, urlsafe_b64encode):
        full = encode(data).rstrip(b"=")
        yield Needle(full.lower(), full, at, "base64", exact=True)
    if len(form) < _SHORTEST_TURNED:
        return
    thirty_two = b32encode(data).rstrip(b"=")  # the only one of them that a host can hold
    yield Needle(thirty_two.lower(), thirty_two, at, "base32")
    turned = form[::-1].encode("utf-8", "surrogatepass")
    if turned != data:
        yield Needle(turned.lower(), turned, at, "reversed")
    other = form.translate(_SUBSTITUTED).encode("utf-8", "surrogatepass")
    if other != data:
        yield Needle(other.lower(), other, at, "substituted", exact=True)


def _within_base64(at: int, data: bytes) -> Iterator[Needle]:
    """What `data` is in Base64 of more than itself, at each of the places where it may begin.

    Bits that its neighbours share are cut: the rest stands in the text whatever surrounds it.
    """
    for encode in (b64encode, urlsafe_b64encode):
        for offset in range(3):
            encoded = encode(b"\0" * offset + data)
            inner = encoded[(0, 2, 3)[offset] : (offset + len(data)) * 8 // 6]
            if len(inner) >= _SHORTEST_BASE64:
                yield Needle(
                    inner.lower(), inner, at, "base64", True, "none", plain=data, offset=offset
                )


def _bytes(at: int, value: bytes, how: str, group: int = -1, side: int = 0) -> Iterator[Needle]:
    """The bytes themselves, and Base64 and Base32 of them alone."""
    for written_ in (value, *(code(value).rstrip(b"=") for code in (b64encode, urlsafe_b64encode))):
        yield Needle(
            written_.lower(), written_, at, how, True, "none", group, side, needs=group >= 0
        )
    thirty_two = b32encode(value).rstrip(b"=")
    yield Needle(
        thirty_two.lower(), thirty_two, at, how, False, "word", group, side, needs=group >= 0
    )


def _hashed(at: int, found: Iterable[Digest]) -> Iterator[Needle]:
    for algorithm, value, plain, side in found:
        hexed = value.hex().encode()
        group = -1 if side is None else at
        yield Needle(hexed, hexed, at, algorithm, False, "none", group, side or 0, needs=group >= 0)
        if plain and algorithm in _COMMON_HASHES:
            yield from _bytes(at, value, algorithm, group, side or 0)


def _coordinates(at: int, halves: tuple[Half, ...]) -> Iterator[Needle]:
    group = halves[0].group
    for text, how, side, coarse, goes_on in written(halves):
        data = text.encode()
        edge: Edge = "word" if side is None or text[-1].isalpha() or text[0].isalpha() else "number"
        yield Needle(
            data.lower(),
            data,
            at,
            how,
            edge="left" if goes_on else edge,
            group=-1 if side is None else group,
            side=side or 0,
            needs=coarse,
        )

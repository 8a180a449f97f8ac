"""What a value looks like: one entry of a closed vocabulary, never the value itself."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

_HEX_LENGTHS: Final = (16, 32, 40, 56, 64, 96, 128)
_MOST_DECIMALS: Final = 9

SHAPES: Final[tuple[str, ...]] = (
    "empty",
    "bool",
    "int",
    "decimal",
    "timestamp",
    "date",
    "datetime",
    "uuid",
    "uuid:zero",
    "email",
    "phone",
    *(f"geo:{places}-decimals" for places in range(_MOST_DECIMALS + 1)),
    "ip:v4",
    "ip:v6",
    "mac",
    *(f"hex:{length}" for length in _HEX_LENGTHS),
    "hex",
    "language",
    "country",
    "url",
    "json",
    "jwt",
    "base64",
    "text:<=16",
    "text:<=64",
    "text:<=256",
    "text:long",
)
"""Every answer of `shape`. ``text:<=16`` counts characters, ``geo:5-decimals`` the digits after the
point of the less precise coordinate, ``hex:64`` hexadecimal digits."""

ZERO_UUID: Final = "00000000-0000-0000-0000-000000000000"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_UUID_LENGTH: Final = 36
EMAIL = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"/?&=]{1,190}\.[^\W\d_]{2,24}")
_INT = re.compile(r"[+-]?[0-9]{1,40}")
_DECIMAL = re.compile(r"[+-]?[0-9]{0,20}\.[0-9]{1,40}(?:[eE][+-]?[0-9]{1,3})?|-?[0-9]+[eE]-?[0-9]+")
_GEO = re.compile(
    r"[+-]?[0-9]{1,3}\.([0-9]{1,20})\s?[,;|]\s?[+-]?[0-9]{1,3}\.([0-9]{1,20})(?:[,;|][0-9.]{1,20})?"
)
_PHONE = re.compile(r"(?:\+|00)[1-9](?:[ ().-]{0,2}[0-9]){6,14}")
MAC = re.compile(r"[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}", re.IGNORECASE)
_MAC_LENGTH: Final = 17
# To find out costs an exception; an address of IPv6 may end in the name of a network.
_PERHAPS_IP = re.compile(r"[\[\]]*[0-9A-Fa-f:.]+(?:[%\[\]]|\Z)")
_DATE = re.compile(
    r"(?:19|20)[0-9]{2}([-/.])[01]?[0-9]\1[0-3]?[0-9]|[0-3]?[0-9]([-/.])[0-3]?[0-9]\2(?:19|20)[0-9]{2}"
)
_DATETIME = re.compile(
    r"(?:19|20)[0-9]{2}-?[01][0-9]-?[0-3][0-9][T ][0-2][0-9]:?[0-5][0-9](?::?[0-5][0-9])?"
    r"(?:[.,][0-9]{1,9})?\s?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2})?",
)
_LANGUAGE = re.compile(
    r"[a-z]{2,3}(?:[-_][A-Z][a-z]{3})?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?(?:[-_]#[A-Za-z]{4})?"
)
_LANGUAGES = re.compile(
    r"(?:[a-zA-Z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}|\*)(?:;q=[01](?:\.[0-9]{1,3})?)?"
    r"(?:,\s?(?:[a-zA-Z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}|\*)(?:;q=[01](?:\.[0-9]{1,3})?)?){1,40}"
)
HEX = re.compile(r"(?:[0-9a-f]{8,}|[0-9A-F]{8,})")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,30}://\S+")
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_TEXT_BOUNDS: Final = ((16, "text:<=16"), (64, "text:<=64"), (256, "text:<=256"))
_LONGEST_TRIED: Final = 8192
_LONGEST_KEPT: Final = 256
# 2010 to 2035: outside, as many digits are more likely an identifier, or bytes.
_FIRST_SECOND: Final = 1_262_304_000
_LAST_SECOND: Final = 2_082_758_400
_PAGE: Final = 1024  # bytes of memory come in these
_NANOSECONDS: Final = 19  # digits


def shape(value: str, data_type: str = "") -> str:
    """Return the entry of `SHAPES` that describes `value`.

    `data_type` (an ontology id) decides what the text alone leaves open: a lone number is a
    coordinate under ``loc.precise``, two letters are a country under ``loc.country``.

    >>> shape("38400000-8cf0-11bd-b23e-10b96e40000d"), shape("1.28333,36.81667"), shape("KE")
    ('uuid', 'geo:5-decimals', 'country')
    """
    if len(value) <= _LONGEST_KEPT:
        return _kept(value, data_type)
    text = value.strip()
    if len(text) > _LONGEST_TRIED:
        return "json" if _looks_json(text) else "text:long"
    return _tried(text, data_type)


@lru_cache(maxsize=8192)
def _kept(value: str, data_type: str) -> str:
    """Phones say the same of themselves in every request."""
    return _tried(value.strip(), data_type)


def _tried(text: str, data_type: str) -> str:
    if not text:
        return "empty"
    return _typed(text, data_type) or _scalar(text) or _token(text) or _text(text)


def _typed(text: str, data_type: str) -> str:
    if data_type == "loc.precise" and (_DECIMAL.fullmatch(text) or _INT.fullmatch(text)):
        return f"geo:{min(_decimals(text), _MOST_DECIMALS)}-decimals"
    if data_type == "loc.country" and len(text) == 2 and text.isascii() and text.isalpha():
        return "country"
    if data_type.startswith("id.") and len(text) == _NANOSECONDS and text.isdigit():
        return "int"
    if data_type == "dev.state" and len(text) == 10 and text.isdigit() and not int(text) % _PAGE:
        return "int"
    if data_type == "person.phone" and 7 <= sum(map(str.isdigit, text)) <= 15:
        return "phone"
    return ""


def _scalar(text: str) -> str:
    first = text[0]
    if text in {"true", "false", "True", "False", "TRUE", "FALSE"}:
        return "bool"
    if first.isdigit() or first in "+-.":
        if _INT.fullmatch(text):
            return _number(text)
        if _DECIMAL.fullmatch(text):
            return "decimal"
        if text.isalnum():  # the others have joints
            return "datetime" if "T" in text and _DATETIME.fullmatch(text) else ""
        if pair := _GEO.fullmatch(text):
            return f"geo:{min(len(pair[1]), len(pair[2]), _MOST_DECIMALS)}-decimals"
        if _PHONE.fullmatch(text):
            return "phone"
        if _DATE.fullmatch(text):
            return "date"
        if _DATETIME.fullmatch(text):
            return "datetime"
    return ""


def _number(text: str) -> str:
    if text[0] in "+-":
        return "phone" if text[0] == "+" and _PHONE.fullmatch(text) else "int"
    divisor = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}.get(len(text))
    if divisor and _FIRST_SECOND <= int(text) // divisor <= _LAST_SECOND:
        return "timestamp"
    return "phone" if text.startswith("00") and _PHONE.fullmatch(text) else "int"


def _token(text: str) -> str:
    length = len(text)
    if length == _UUID_LENGTH and UUID.fullmatch(text):
        return "uuid:zero" if text == ZERO_UUID else "uuid"
    if "@" in text and EMAIL.fullmatch(text):
        return "email"
    if length == _MAC_LENGTH and MAC.fullmatch(text):
        return "mac"
    if ("." in text or ":" in text) and _PERHAPS_IP.match(text):
        try:
            return f"ip:v{ip_address(text.strip('[]')).version}"
        except ValueError:
            pass
    if length % 2 == 0 and HEX.fullmatch(text) and any(map(str.isdigit, text)):
        return f"hex:{length}" if length in _HEX_LENGTHS else "hex"
    if "://" in text and _URL.fullmatch(text):
        return "url"
    if _looks_json(text):
        return "json"
    if text.startswith("eyJ") and _JWT.fullmatch(text):
        return "jwt"
    if length == 2 and text.isascii() and text.isalpha() and text.isupper():
        return "country"
    if length <= 12 and text[:2].islower() and _LANGUAGE.fullmatch(text):
        return "language" if length == 2 or "-" in text or "_" in text else ""
    if "," in text and _LANGUAGES.fullmatch(text):
        return "language"
    return "base64" if _looks_base64(text) else ""


def _text(text: str) -> str:
    for bound, name in _TEXT_BOUNDS:
        if len(text) <= bound:
            return name
    return "text:long"


def _looks_json(text: str) -> bool:
    return len(text) > 1 and (text[0], text[-1]) in {("{", "}"), ("[", "]")}


def _looks_base64(text: str) -> bool:
    """Long words have one case or no digits; encoded bytes mix all three."""
    return bool(
        _BASE64.fullmatch(text)
        and any(map(str.isdigit, text))
        and any(map(str.isupper, text))
        and any(map(str.islower, text))
    )


def _decimals(text: str) -> int:
    return len(text.partition(".")[2].lower().partition("e")[0])

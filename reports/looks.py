"""The looks of a value (`extract.value_shape`) in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from analyzer.said import Said, say

_LOOKS: Final[Mapping[str, Said]] = {
    "uuid": say("a UUID"),
    "email": say("an e-mail address"),
    "phone": say("a telephone number"),
    "empty": say("nothing"),
    "bool": say("yes or no"),
    "int": say("a whole number"),
    "decimal": say("a number with decimals"),
    "date": say("a date"),
    "datetime": say("a date with time"),
    "timestamp": say("a point in time"),
    "url": say("an address on the web"),
    "json": say("JSON"),
    "jwt": say("a signed token (JWT)"),
    "mac": say("a hardware address (MAC)"),
    "ip:v4": say("an IP address"),
    "ip:v6": say("an IP address"),
    "language": say("a language"),
    "country": say("a country"),
    "base64": say("Base64"),
    "text:long": say("a long text"),
}
_TEXT: Final = re.compile(r"text:<=([0-9]+)")
_HEX: Final = re.compile(r"hex:([0-9]+)")
_GEO: Final = re.compile(r"geo:([0-9]+)-decimals")


def looks(shape: str) -> Said | str:
    """Return the looks of a value in words; of a shape that has none as it is.

    >>> looks("text:<=16"), looks("geo:5-decimals"), looks("1")
    ('a text of at most 16 characters', 'a coordinate with 5 decimals', '1')
    """
    if found := _TEXT.fullmatch(shape):
        return say("a text of at most {number} characters", number=int(found[1]))
    if found := _HEX.fullmatch(shape):
        return say("{number} hexadecimal digits", number=int(found[1]))
    if found := _GEO.fullmatch(shape):
        return say("a coordinate with {number} decimals", number=int(found[1]))
    return _LOOKS.get(shape, shape)

"""Tells a value that can be an identifier from words, times, versions and other low numbers.

What is asked of it: ten characters at least (eight are usual in studies of cookies, and let words
in), drawn from many, and of no shape that has a meaning of its own.
"""

from __future__ import annotations

import re
from typing import Final

from analyzer.extract.random_text import is_random
from analyzer.extract.value_shape import HEX, MAC, UUID, shape

SHORTEST: Final = 10  # characters
LONGEST: Final = 256
_FEWEST_DIGITS: Final = 14  # of a number: below are times, telephone numbers and counters
_MOST_DIGITS: Final = 24
_SHORTEST_HEX: Final = 12
_DISTINCT: Final = 6  # different characters of hexadecimal text; a counter has fewer
_DISTINCT_DIGITS: Final = 4
_DISTINCT_TEXT: Final = 8
_WRITTEN_TIME: Final = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_TEXT: Final = re.compile(r"[A-Za-z0-9_+/=.:~|*!-]+")
# A random number and the time of its drawing: a client ID of Google Analytics, _fbp of Facebook.
_PAIR: Final = re.compile(r"[0-9]{6,11}\.[0-9]{10}|fb\.[0-9]\.[0-9]{13}\.[0-9]{6,20}")
_PAIR_HEAD: Final = re.compile(r"GA[0-9]\.[0-9](?:-[0-9])?\.(?=[0-9]{6,11}\.[0-9]{10}$)")
_TOLD: Final = frozenset(
    {
        "date", "datetime", "decimal", "email", "empty", "int", "ip:v4", "ip:v6", "json", "jwt",
        "language", "phone", "timestamp", "url",
    }
)  # fmt: skip
# A key that Google gives to an app or a page, the same for all who use it.
_APP_KEY: Final = re.compile(r"AIza[0-9A-Za-z_-]{35}")
_NO_MACS: Final = frozenset({"000000000000", "020000000000", "ffffffffffff"})


def normal(value: str) -> str:
    """Return what stays the same when an identifier moves from one place to another.

    >>> normal("GA1.2.1234567890.1700000000")
    '1234567890.1700000000'
    """
    text = value.strip()
    return _PAIR_HEAD.sub("", text) if text[:2] == "GA" else text


def is_identifier(value: str) -> bool:
    """Tell whether `value`, by its looks, can be what somebody is known by.

    >>> is_identifier("38400000-8cf0-11bd-b23e-10b96e40000d"), is_identifier("7123456789012345678")
    (True, True)
    >>> is_identifier("1700000000000"), is_identifier("com.pebblo.app"), is_identifier("34.2.1")
    (False, False, False)
    """
    text = normal(value)
    if not SHORTEST <= len(text) <= LONGEST or not text.isascii():
        return False
    if text.isdigit():
        return _is_number(text)
    if UUID.fullmatch(text):
        return len(set(text.replace("-", ""))) >= _DISTINCT
    if HEX.fullmatch(text):
        return len(text) >= _SHORTEST_HEX and _is_mixed(text) and len(set(text)) >= _DISTINCT
    if MAC.fullmatch(text):
        return text.replace(":", "").replace("-", "").lower() not in _NO_MACS
    if _PAIR.fullmatch(text):
        return True
    return _is_token(text)


def _is_number(text: str) -> bool:
    return (
        _FEWEST_DIGITS <= len(text) <= _MOST_DIGITS
        and len(set(text)) >= _DISTINCT_DIGITS
        and not _WRITTEN_TIME.match(text)
        and shape(text) == "int"
    )


def _is_mixed(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _is_token(text: str) -> bool:
    return (
        len(set(text)) >= _DISTINCT_TEXT
        and _TEXT.fullmatch(text) is not None
        and any(map(str.isdigit, text))
        and is_random(text)
        and not _APP_KEY.fullmatch(text)
        and shape(text) not in _TOLD
    )

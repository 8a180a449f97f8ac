"""How people and programs write one birth date, phone number, e-mail address or identifier."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Final

from analyzer.extract.value_shape import UUID

_DATE: Final = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})")
_NOT_DIGITS: Final = re.compile(r"[^0-9]+")
SHORTEST_NATIONAL: Final = 7  # digits
_EARLIEST: Final = 10**7  # seconds; smaller ones are any number
_MONTH_NAMES: Final = (
    "January February March April May June July August September October November December"
)
_MONTHS: Final = tuple(_MONTH_NAMES.split())
# ITU-T E.164 assigned country codes: these have one and two digits, all others three.
_ONE_DIGIT: Final = frozenset("17")
_TWO_DIGITS_CODES: Final = (
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64"
    " 65 66 81 82 84 86 90 91 92 93 94 95 98"
)
_TWO_DIGITS: Final = frozenset(_TWO_DIGITS_CODES.split())


def other_forms(data_type: str, text: str) -> list[str]:
    """Return other ways of writing a planted `text`, without the changes of case alone."""
    if data_type == "demo.birthdate":
        return _dates(text)
    if data_type == "person.phone":
        return _phones(text)
    if "@" in text:
        return _emails(text)
    if UUID.fullmatch(text):
        return [text.replace("-", ""), text.replace("-", "_")]
    forms = [text.replace("-", "").replace(":", "")] if "-" in text or ":" in text else []
    if not text.isascii():
        split = unicodedata.normalize("NFD", text)
        bare = "".join(char for char in split if not unicodedata.combining(char))
        for form in (unicodedata.normalize("NFC", text), split, bare):
            forms += [form, form.lower()]
    return forms


def birth_day(text: str) -> date | None:
    """Return the day that `text` (ISO 8601, or with other joints) names, None where it is none."""
    found = _DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def midnights(text: str) -> list[int]:
    """Return the seconds since 1970 at which the day `text` began, in any of the time zones.

    The whole and half hours from 14 before to 14 after UTC.
    """
    day = birth_day(text)
    if day is None:
        return []
    first = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    return [at for half in range(-28, 29) if abs(at := first + 1800 * half) >= _EARLIEST]


def split_phone(text: str) -> tuple[str, str]:
    """Return country code and national number of `text`, digits only; "" for what it leaves open.

    >>> split_phone("+254 (0) 712 345678"), split_phone("0712 345678")
    (('254', '712345678'), ('', '712345678'))
    """
    bare = text.strip().replace("(0)", "")
    digits = _NOT_DIGITS.sub("", bare)
    if bare.startswith("00"):
        digits = digits[2:]
    elif not bare.startswith("+"):
        groups = [group for group in _NOT_DIGITS.split(bare) if group]
        if len(groups) > 2 and not digits.startswith("0"):
            return groups[0], "".join(groups[1:])  # the code is set apart
        return "", digits.lstrip("0")
    size = 1 if digits[:1] in _ONE_DIGIT else 2 if digits[:2] in _TWO_DIGITS else 3
    return digits[:size], digits[size:].lstrip("0")


def phone_digits(text: str) -> list[str]:
    """Return the digits of each way of dialling the number `text`, the most complete first."""
    code, national = split_phone(text)
    if len(national) < SHORTEST_NATIONAL:
        return []
    # An Italian number keeps its zero, and so does one that was written down as "+254 (0) 712".
    ways = [code + national, "00" + code + national, code + "0" + national] if code else []
    return [*ways, "0" + national, national]


def _phones(text: str) -> list[str]:
    """Return the ways that are worth a hash, or an encoding; spaces are dealt with elsewhere."""
    digits = _NOT_DIGITS.sub("", text)
    if text.startswith("00"):
        digits = digits[2:]
    code, national = split_phone(text)
    forms = ["+" + digits, digits, "00" + digits, *phone_digits(text)]
    if code:
        forms += ["+" + code + national, f"+{code} {national}", f"+{code}-{national}"]
        forms += [f"({code}) {national}", f"+{code}.{national}"]
    return forms


def _emails(text: str) -> list[str]:
    """Return the address as it stands in a host, and as vendors shorten it before they hash."""
    lower = text.lower()
    local, _, domain = lower.rpartition("@")
    bare = local.partition("+")[0]
    locals_ = dict.fromkeys((bare, local.replace(".", ""), bare.replace(".", "")))
    # A plus that was not escaped is read as a space.
    forms = [lower.replace("@", ".at."), lower.replace("+", " ")]
    return forms + [f"{each}@{domain}" for each in locals_ if each and each != local]


def _dates(text: str) -> list[str]:
    """Return the formats in which a birth date is sent."""
    day = birth_day(text)
    if day is None:
        return []
    y, m, d = f"{day.year:04}", f"{day.month:02}", f"{day.day:02}"
    n, e = str(day.month), str(day.day)
    forms = [y + m + d, d + m + y, m + d + y]
    for joint in "-/.":
        orders = ((y, m, d), (d, m, y), (m, d, y), (y, n, e), (e, n, y), (n, e, y))
        forms += [joint.join(parts) for parts in orders]
        if joint != ".":
            forms += [joint.join(parts) for parts in ((m, d, y[2:]), (d, m, y[2:]))]
    for month in (_MONTHS[day.month - 1], _MONTHS[day.month - 1][:3]):
        for number in (e, d):
            forms += [f"{number} {month} {y}", f"{month} {number} {y}", f"{month} {number}, {y}"]
            forms += [f"{number}-{month}-{y}", f"{number}. {month} {y}"]
    forms += [f"{y}-{m}-{d}T00", y[2:] + m + d]
    seconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    if abs(seconds) >= _EARLIEST:
        forms += [str(seconds), str(seconds * 1000)]
    return forms

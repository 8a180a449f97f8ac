"""How people and programs write one birth date, phone number, e-mail address, name or text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

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
_GMAIL: Final = ("gmail.com", "googlemail.com")
_APPLE_EPOCH: Final = 978_307_200  # 2001-01-01, from which iOS counts
_MIXED: Final = 5
_LEAST_SLUG: Final = 8  # characters of several words; with fewer the words mean anything
# What Unicode does not take apart into a letter and its mark.
_LETTERS: Final = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "\u0131": "i",
        "æ": "ae",
    }
)
_UMLAUTS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss", "å": "aa"}
)


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


def moments(text: str) -> Iterator[str]:
    """Yield the numbers, and times of day in UTC, that say when the day `text` began somewhere."""
    for second in midnights(text):
        yield from (str(second), str(second * 1000), str(second * 1_000_000))
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
        yield f"{moment:%Y-%m-%dT%H:%M}:00"
        yield f"{moment:%Y-%m-%d %H:%M}:00"
    day = birth_day(text)
    if day is not None:
        seconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
        if abs(seconds - _APPLE_EPOCH) >= _EARLIEST:
            yield str(seconds - _APPLE_EPOCH)


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


def phone_forms(text: str) -> list[str]:
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


def xored(text: str) -> str:
    """Return each byte of `text` XOR 5, in hexadecimal: with ``mix_mode=1`` TikTok hides so what an
    account is opened with.

    https://github.com/sudoguy/tiktok_bot/blob/11372f3dac42349550070d95114b8991aa3e51b5/tiktok_bot/api/api.py

    >>> xored("me@x.example")
    '6860457d2b607d6468756960'
    """
    return bytes(byte ^ _MIXED for byte in text.encode("utf-8", "surrogatepass")).hex()


def email_forms(text: str) -> list[str]:
    """Return the address as it stands in a host, and as vendors shorten it before they hash."""
    lower = text.lower()
    local, _, domain = lower.rpartition("@")
    bare = local.partition("+")[0]
    locals_ = dict.fromkeys((bare, local.replace(".", ""), bare.replace(".", "")))
    # A plus that was not escaped is read as a space.
    forms = [lower.replace("@", ".at."), lower.replace("@", "_at_"), lower.replace("+", " ")]
    forms += [lower.replace("@", "(at)"), lower.replace("@", "&#64;")]
    forms += [f"{each}@{domain}" for each in locals_ if each and each != local]
    if domain in _GMAIL:
        twin = _GMAIL[1 - _GMAIL.index(domain)]
        forms += [f"{each}@{twin}" for each in dict.fromkeys((local, *locals_)) if each]
    return forms


def without_accents(text: str) -> list[str]:
    """Return `text` in the two normal forms of Unicode, and without its accents.

    >>> without_accents("Jürgen")[2:]
    ['Jurgen', 'Juergen']
    """
    if text.isascii():
        return []
    split = unicodedata.normalize("NFD", text)
    composed = unicodedata.normalize("NFC", text)
    bare = "".join(char for char in split if not unicodedata.combining(char)).translate(_LETTERS)
    forms = [composed, split, bare]
    turned = "".join(
        char
        for char in unicodedata.normalize("NFD", composed.translate(_UMLAUTS))
        if not unicodedata.combining(char)
    ).translate(_LETTERS)
    return list(dict.fromkeys([*forms, turned]))


def joined_forms(text: str) -> list[str]:
    """Return `text` of several words with other joints, as in the address of a page."""
    words = re.findall(r"[^\s,;_/]+", text)
    if len(words) < 2 or sum(map(len, words)) < _LEAST_SLUG:
        return []
    return [joint.join(words) for joint in (" ", "-", "_", "+", "%20", ".", "")]


def name_forms(text: str) -> list[str]:
    """Return a full name in the other order, and with other joints."""
    forms: list[str] = []
    for each in dict.fromkeys((text, *without_accents(text))):
        first, last = split_name(each)
        forms += [each, *joined_forms(each)]
        if first and last:
            forms += [f"{last}, {first}", f"{last},{first}", *joined_forms(f"{last} {first}")]
    return forms


def split_name(text: str) -> tuple[str, str]:
    """Return first name (with those between) and last name; "" for what `text` does not have.

    >>> split_name("Wanjiku Njeri"), split_name("Njeri, Wanjiku"), split_name("Wanjiku")
    (('Wanjiku', 'Njeri'), ('Wanjiku', 'Njeri'), ('', ''))
    """
    if "," in text:
        last, _, first = (part.strip() for part in text.partition(","))
        return first, last
    first, _, last = text.strip().rpartition(" ")
    return (first.strip(), last) if first else ("", "")


def address_parts(text: str) -> list[str]:
    """Return the pieces of a postal address that say a house: letters and digits together."""
    pieces = [piece.strip() for piece in re.split(r"[,;\n]", text)]
    return [
        piece
        for piece in pieces
        if len(piece) >= _LEAST_SLUG
        and any(map(str.isdigit, piece))
        and sum(map(str.isalpha, piece)) >= 4
    ]


def date_forms(text: str) -> list[str]:
    """Return the formats in which a birth date is sent; the short ones are in `short_dates`."""
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
    forms += [f"{y}-{m}-{d}T00", f"{y}-{m}-{d}T12", f"{y}:{m}:{d}", f"{y}年{n}月{e}日"]
    seconds = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    if abs(seconds) >= _EARLIEST:
        forms += [str(seconds), str(seconds * 1000)]
    return forms


def short_dates(text: str) -> list[str]:
    """Return a birth date in six digits, which any number may be: only a name tells it."""
    day = birth_day(text)
    return [f"{day:%y%m%d}", f"{day:%d%m%y}", f"{day:%m%d%y}"] if day else []


def hashed_dates(text: str) -> list[str]:
    """Return the formats of a birth date that are hashed."""
    day = birth_day(text)
    if day is None:
        return []
    orders = ("%Y%m%d", "%Y-%m-%d", "%Y/%m/%d", "%d%m%Y", "%m%d%Y", "%d/%m/%Y", "%m/%d/%Y")
    return [f"{day:{order}}" for order in (*orders, "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y")]

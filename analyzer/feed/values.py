"""What the platforms write, in the forms of the records: bounded, and None where it says nothing.

Nothing here raises: what has not the form is nothing.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from time import gmtime
from typing import Final

LONGEST_TEXT: Final = 4_000
_LONGEST_NAME: Final = 200
_LONGEST_NUMBER: Final = 32
_MOST: Final = 2**53
_GROUPED: Final = re.compile(r"(?<![\d.,])(\d{1,3}(?:[.,\s\u00a0\u202f]\d{3})+|\d+)(?![\d.,]*\d)")
_SHORT: Final = re.compile(r"\d[\d.,]*\s?(?:[KMBkmb]\b|[^\W\d_]{1,4}\.)|\d[.,]\d{1,2}(?!\d)")
_SECONDS: Final = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z"
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_FIRST_DAY: Final = 946_684_800  # 2000-01-01: no post of any platform is older
_LAST_DAY: Final = 4_102_444_800  # 2100-01-01


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text of at most `longest` characters, without halves of surrogate pairs."""
    if isinstance(value, str):
        kept = value[:longest]  # of a `Number`, too, this is plain text
        return kept if kept.isascii() else kept.encode("utf-8", "replace").decode()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)[:longest]
    return ""


def name(value: object) -> str:
    """Return an identifier or a code, without white space around it."""
    return text(value, _LONGEST_NAME).strip()


def number(value: object) -> float | None:
    """Return a finite number, also one that is written as text."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, int):
        return float(value) if abs(value) < _MOST else None
    try:
        found = float(value[:_LONGEST_NUMBER] if isinstance(value, str) else value)
    except ValueError:
        return None
    return found if math.isfinite(found) and abs(found) < _MOST else None


def count(value: object) -> int | None:
    """Return a whole number from 0 up; "2,746 likes" is one, "2.7K" is not."""
    if value is None:
        return None
    if type(value) is int:
        return value if 0 <= value < _MOST else None
    found = number(value)
    if found is None and isinstance(value, str) and not _SHORT.search(value[:_LONGEST_NAME]):
        groups = _GROUPED.findall(value[:_LONGEST_NAME])
        if len(groups) == 1:
            found = number(re.sub(r"\D", "", groups[0]))
    if found is None or found < 0 or found != int(found):
        return None
    return int(found)


def seconds(value: object, scale: float = 1.0) -> float | None:
    """Return a duration of at least 0 s; `scale` is how many seconds one of its units has."""
    found = number(value)
    if found is None or found < 0:
        return None
    return round(found * scale, 3)


def instant(value: object, scale: float = 1.0) -> str:
    """Return seconds since 1970, or ISO 8601 text, as ISO 8601 in UTC; "" if it is no such date."""
    found = number(value)
    if found is not None:
        since = found * scale
        if not _FIRST_DAY <= since < _LAST_DAY:
            return ""
        return _SECONDS.format(*gmtime(int(since)))
    if not isinstance(value, str):
        return ""
    try:
        read = datetime.fromisoformat(value[:_LONGEST_NUMBER].strip())
        return read.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if read.tzinfo else ""
    except (ValueError, OverflowError):
        return ""


def language(value: object) -> str:
    """Return a language tag; "" for none, "un" and "und"."""
    tag = name(value).replace("_", "-")
    if not _LANGUAGE.fullmatch(tag) or tag.lower() in ("un", "und", "null", "none"):
        return ""
    return tag[:35]


def truth(value: object) -> bool:
    """Whether `value` says yes: true, 1 or any other number but 0, "true", "1"."""
    if isinstance(value, str):
        return value.strip().lower() in ("true", "1", "yes")
    return isinstance(value, int | float) and bool(value)

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
# A whole number as people write it, with its thousands in groups: of three, in India of two.
_WHOLE: Final = (
    r"(?!0)\d{1,3}(?P<mark>[.,'\s\u2019\u066c])\d{3}(?:(?P=mark)\d{3})*"
    r"|(?!0)\d{1,2}(?:,\d{2})+,\d{3}|\d+"
)
# A short form has a word of scale beside its number ("386 thousand", "elfu 11"), and no list of
# those would be whole. So it is the words of an exact number that are listed: what is counted comes
# next, and before it nothing but a word that leads to a number.
_COUNTED: Final = re.compile(
    rf"(?:^|\b(?:with|view|all|con|ver|los|com|mais|os|comme|voir|afficher|les|wie)\s)\s*(?P<whole>{_WHOLE})\s"
    r"(?:other|others|person|people|likes?|views?|plays?|comments?|repl(?:y|ies)|shares?"
    r"|persona|personas|me gusta|comentarios?|visualizacion(?:es)?|vistas?|respuestas?"
    r"|pessoas?|outras?|comentários?|visualizaç(?:ão|ões)|respostas?"
    r"|autres?|personnes?|commentaires?|vues?|réponses?"
    r"|andere[nr]?|weitere[nr]?|personen|kommentare?|aufrufe?|antworten?)\b",
    re.IGNORECASE,
)
_ALONE: Final = re.compile(_WHOLE)
_DIGIT: Final = re.compile(r"\d")
_FRACTION: Final = re.compile(r"\d+\.(?:0{1,2}|0{4,})")
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
    """Return a whole number from 0 up; "2,746 likes" is one, "2.7K" and "386 thousand" are not.

    Of a text only an exact number counts: one that stands alone, or beside words that are known
    to leave it as it is. "1.234" alone is none: it may be a thousand or a little more than one.
    """
    if value is None:
        return None
    if type(value) is int:
        return value if 0 <= value < _MOST else None
    if isinstance(value, str):
        return _written(value) if len(value) <= _LONGEST_NAME else None
    found = number(value)
    if found is None or found < 0 or found != int(found):
        return None
    return int(found)


def _written(text: str) -> int | None:
    """Return the one exact whole number of `text`."""
    said = text.strip()
    if said.isdecimal():
        whole = said
    elif _FRACTION.fullmatch(said):  # as programs write what they count
        whole = said.partition(".")[0]
    elif _ALONE.fullmatch(said) and said.count(".") != 1:
        whole = said
    else:
        counted = _COUNTED.search(said)
        if counted is None or _DIGIT.search(
            said[: counted.start("whole")] + said[counted.end("whole") :]
        ):
            return None
        whole = counted["whole"]
    digits = re.sub(r"\D", "", whole)
    return int(digits) if len(digits) <= _LONGEST_NUMBER and int(digits) < _MOST else None


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

"""Hashtags with their offsets in UTF-16 code units, as the platforms (Java, JavaScript) count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from analyzer.feed.records import Hashtag

MOST: Final = 64
_LONGEST: Final = 100
# Letters, marks, digits, emoji: whatever is neither space nor punctuation.
_TAG: Final = re.compile(
    r"[#\uff03]([^\s#\uff03@!-/:-@\[-^`{-~\u2010-\u2027\u2030-\u205e\u3000-\u3003\uff01-\uff0f]+)"
)


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 code units.

    >>> units("a😱b")
    4
    """
    return len(text) + sum(char > "\uffff" for char in text)


def in_text(text: str) -> tuple[Hashtag, ...]:
    """Return the hashtags that stand in `text`; the sign is counted, and not in the name.

    >>> in_text("😱 #Sad")
    (Hashtag(name='Sad', start=3, end=7),)
    """
    found: list[Hashtag] = []
    at, position = 0, 0  # in code units, in characters
    for each in _TAG.finditer(text):
        at += units(text[position : each.start()])
        end = at + units(each[0])
        found.append(Hashtag(each[1][:_LONGEST], at, end))
        at, position = end, each.end()
        if len(found) == MOST:
            break
    return tuple(found)


def as_told(entries: Iterable[tuple[str, float | None, float | None]]) -> tuple[Hashtag, ...]:
    """Return hashtags as a platform lists them: (name, start, end), in order of their place.

    Entries without a name are of mentions. One without a usable place stands at 0 to 0.
    """
    found: set[tuple[int, int, str]] = set()
    for name, start, end in entries:
        tag = name.strip().lstrip("#\uff03")[:_LONGEST]
        placed = start is not None and end is not None and 0 <= start < end < 100_000
        place = (int(start), int(end)) if placed and start is not None and end is not None else None
        if tag:
            found.add((*(place or (0, 0)), tag))
        if len(found) == MOST:
            break
    return tuple(Hashtag(tag, start, end) for start, end, tag in sorted(found))

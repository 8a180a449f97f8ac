"""Hashtags with their offsets in UTF-16 code units, as the platforms (Java, JavaScript) count."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from analyzer.feed.records import Hashtag

MOST: Final = 64
_LONGEST: Final = 100
# Letters, marks, digits, emoji: whatever is neither space nor punctuation.
_TAG: Final = re.compile(
    r"[#\uff03]([^\s#\uff03@!-/:-@\[-^`{-~\u2010-\u2027\u2030-\u205e\u3000-\u3003\uff01-\uff0f]+)"
)

# An address: what follows a # in it is a place on a page.
_ADDRESS: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.|(?:[\w-]{1,63}\.){1,6}[a-z]{2,24}/)\S+", re.IGNORECASE
)
# Scripts that set no spaces between words: a hashtag may follow a letter of theirs.
_UNSPACED: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
)
_JOINED: Final = re.compile(r"[\w&]")  # "&#39;" is an entity


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 code units.

    >>> units("a😱b")
    4
    """
    return len(text) + sum(char > "\uffff" for char in text)


def in_text(text: str) -> tuple[Hashtag, ...]:
    """Return the hashtags that stand in `text`; the sign is counted, and not in the name.

    A # inside a word or an address begins none.

    >>> in_text("😱 #Sad x#y https://example.org/#z")
    (Hashtag(name='Sad', start=3, end=7),)
    """
    found: list[Hashtag] = []
    at, position = 0, 0  # in code units, in characters
    for each in _tags(text):
        at += units(text[position : each.start()])
        end = at + units(each[0])
        found.append(Hashtag(each[1][:_LONGEST], at, end))
        at, position = end, each.end()
        if len(found) == MOST:
            break
    return tuple(found)


def _tags(text: str) -> Iterator[re.Match[str]]:
    addresses = (
        [each.span() for each in _ADDRESS.finditer(text)] if "/" in text or "www." in text else []
    )
    last = -1  # where the tag before ends: "#a#b" are two
    for each in _TAG.finditer(text):
        start = each.start()
        before = text[start - 1 : start]
        joined = _JOINED.match(before) and not _UNSPACED.match(before) and start != last
        if not joined and not any(begin <= start < end for begin, end in addresses):
            last = each.end()
            yield each


def as_told(
    entries: Iterable[tuple[str, float | None, float | None]], text: str
) -> tuple[Hashtag, ...]:
    """Return hashtags as a platform lists them: (name, start, end), in order of their place.

    Entries without a name are of mentions. One without a usable place is looked for in `text`, and
    where it is not there it stands at 0 to 0.

    >>> as_told([("sad", None, 8.0)], "so #Sad")
    (Hashtag(name='sad', start=3, end=7),)
    """
    found: set[tuple[int, int, str]] = set()
    seen: Counter[str] = Counter()
    for name, start, end in entries:
        tag = name.strip().lstrip("#\uff03")[:_LONGEST]
        placed = start is not None and end is not None and 0 <= start < end < 100_000
        place = (int(start), int(end)) if placed and start is not None and end is not None else None
        if tag and place is None:
            place = _looked_for(tag, text, seen[tag.casefold()])
            seen[tag.casefold()] += 1
        if tag and place:
            found.add((*place, tag))
        if len(found) == MOST:
            break
    return tuple(Hashtag(tag, start, end) for start, end, tag in sorted(found))


def _looked_for(tag: str, text: str, number: int) -> tuple[int, int]:
    """Return where `text` has `tag` for the time `number` (from 0); (0, 0) where it has not."""
    said = rf"[#\uff03]{re.escape(tag)}"
    for pattern in (rf"{said}(?!\w)", said):
        found = [each.span() for each in re.finditer(pattern, text, re.IGNORECASE)]
        if number < len(found):
            start, end = found[number]
            return units(text[:start]), units(text[:end])
    return 0, 0

"""Which surfaces of its address an exchange belongs to: one address may answer many questions.

A feed is recognised by the names of its question in the request, which a site may leave out or
change at any time; then by the names of what was asked for, as keys of the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from analyzer.feed.adapters import Surface
from analyzer.feed.trees import unpacked
from analyzer.feed.watching import media_of
from analyzer.models import Exchange

_LONGEST_LOOK: Final = 256 * 1024  # bytes in which it is looked for the names of a surface


def asks(exchange: Exchange, surface: Surface) -> bool:
    """Whether the request is one of those that `surface` answers."""
    if not surface.has:
        return True
    texts = [exchange.url, *(value for _, value in exchange.request_headers)]
    said = [text.encode("utf-8", "replace") for text in texts]
    said.append(exchange.request_body[:_LONGEST_LOOK])
    return any(name in each for each in said for name in surface.has)


def told_by_answer(exchange: Exchange, surfaces: Sequence[Surface]) -> list[Surface]:
    """Return those of `surfaces` of which a name is in a key of the answer."""
    named = [each for each in surfaces if each.has]
    if exchange.status != 200 or not named:
        return []
    _, encoding = media_of(exchange.response_headers)
    start = unpacked(exchange.response_body, encoding)[:_LONGEST_LOOK]
    return [each for each in named if _has_key(start, each.has)]


def _has_key(text: bytes, names: tuple[bytes, ...]) -> bool:
    # A name alone may be a value, as the place from which somebody opened a profile.
    return any(name in text for name in names) and _key_with(names).search(text) is not None


@cache
def _key_with(names: tuple[bytes, ...]) -> re.Pattern[bytes]:
    inside = b"|".join(map(re.escape, names))
    return re.compile(rb'"[\w$]*(?:' + inside + rb')[\w$]*\\?"\s*:')

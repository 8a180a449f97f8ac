"""Which decoders are tried on which content, and in what order. Not a decoder itself.

Everything here follows from what the decoders say of themselves when they register.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache

from analyzer.decoders import DECODERS, Decoder, Hint, ReadBody, ReadText


@cache
def _decoders() -> tuple[tuple[str, Decoder], ...]:
    return tuple(sorted(DECODERS.entries().items(), key=lambda entry: (entry[1].rank, entry[0])))


@cache
def texts() -> tuple[tuple[str, ReadText, str, int], ...]:
    """Return (name, reader, marks, least length) of the decoders of strings, in order."""
    return tuple(
        (name, decoder.text, decoder.marks, decoder.least)
        for name, decoder in _decoders()
        if decoder.text
    )


@cache
def gate() -> tuple[Callable[[str], object], int]:
    """Return a search for any mark, and the length from which decoders without marks are tried."""
    marks = "".join(marks for _, _, marks, _ in texts())
    least = min((least for _, _, marks, least in texts() if not marks), default=1 << 62)
    return re.compile(f"[{re.escape(marks)}]").search, least


@cache
def coding(token: str) -> tuple[str, ReadBody] | None:
    """Return the decoder of a content coding, or None."""
    for name, decoder in _decoders():
        if token in decoder.codings and decoder.body:
            return name, decoder.body
    return None


@lru_cache(2048)
def hint_of(content_type: str, doubtful: bool = False) -> Hint:
    """Return what a Content-Type header says."""
    media, _, rest = content_type.partition(";")
    media = media.strip().lower()
    parameters: dict[str, str] = {}
    for piece in rest.split(";"):
        name, _, value = piece.partition("=")
        parameters.setdefault(name.strip().lower(), value.strip().strip('"'))
    suffix = f"+{media.rpartition('+')[2]}" if "+" in media else ""
    announced = ""
    for name, decoder in _decoders():
        if media in decoder.media:
            announced = name
            break
        if suffix in decoder.media and not announced:
            announced = name
    return Hint(
        media,
        parameters.get("charset", "").lower(),
        parameters.get("boundary", ""),
        announced,
        doubtful,
    )


@lru_cache(8192)
def bodies(first: int, announced: str, only_sure: bool) -> tuple[tuple[str, ReadBody], ...]:
    """Return the decoders to try: the sure ones, then the announced one, then the others."""
    found: list[tuple[int, str, ReadBody]] = []
    for name, decoder in _decoders():
        if not decoder.body:
            continue
        fits = decoder.sniffed and (not decoder.starts or first in decoder.starts)
        if fits and decoder.sure:
            found.append((0, name, decoder.body))
        elif name == announced:
            found.append((1, name, decoder.body))
        elif fits and not only_sure:
            found.append((2, name, decoder.body))
    return tuple((name, body) for _, name, body in sorted(found, key=lambda entry: entry[0]))

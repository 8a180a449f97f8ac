"""Which decoders are tried on which content, and in what order. Not a decoder itself.

Everything here follows from what the decoders say of themselves when they register.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Final

from analyzer.decoders import (
    DECODERS,
    Budget,
    Decoder,
    Fault,
    Hint,
    Layer,
    ReadBody,
    ReadText,
)

_LONGEST_BARE: Final = 256
_HEADS_OF_BODIES: Final = ("data:", "bplist", "x^", "h", "H", "X")  # events, property lists, zlib


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


# What no decoder of strings takes, and most strings are: short words, numbers, UUIDs and digests,
# dotted names, prose. One search instead of a score of decoders; a test asks all of them.
_MARKS = r"%={\[\"?#\\&<\x00-\x08\x0e-\x1f"
_EVERY_MARK: Final = '%={["?#\\&<'
_INERT: Final = rf"""
      [A-Za-z0-9+/_-]{{0,11}}+
    | [^{_MARKS}\n]{{0,6}}+
    | (?!7[Bb]|5[Bb]|1[Ff]8[Bb]|28[Bb]5|04224|78|62706|3[Cc]3[Ff]|(?:[2-7][0-9A-Fa-f]){{16}})
      [0-9A-Fa-f-]++
    | (?!e[yJ]|v[1-4]\.|G[AS]1\.|fb\.|s:|data:|DATA:)  # signed, encrypted, of analytics, data
      [A-Za-z0-9+/_-]*+
      (?:
        [^A-Za-z0-9+/_.\-:|,~*{_MARKS}\n]
      | \. (?!\.?END|e[yJ])  # odd padding of Base64; something signed
      | [,~*] (?![,~*]?END)
        # A table, Base64 with a name before it, hex by pairs (a MAC address has six of them).
      | [:|] (?![^\s:=|;,&]*+[|;,]|[A-Za-z0-9+/_-]{{20}}|(?:[0-9A-Fa-f]{{2}}:){{7}})
      )
      [^{_MARKS}\n]*+(?<!-)
    """
inert: Final = re.compile(_INERT.replace("END", r"\Z"), re.VERBOSE).fullmatch
_LINES: Final = re.compile(rf"(?:(?:{_INERT.replace('END', chr(92) + 'n')})\n)*+", re.VERBOSE)


def inert_until(lines: str) -> int:
    """Return where the first of `lines` begins that is not `inert`; each has a line end."""
    found = _LINES.match(lines)
    return found.end() if found else 0


def bare_text(content: bytes) -> str | None:
    """Return `content` as text if no decoder of bodies takes it; None if one may."""
    # In ASCII, no block of raw deflate is stored; the others have two kinds.
    if content and content[0] & 6 in (0, 6) and is_bare(content):
        return content.decode("ascii")
    return None


def is_bare(content: bytes) -> bool:
    """Whether `content` is text that no decoder of bodies takes, but one that unpacks anything."""
    if len(content) >= _LONGEST_BARE or not content.isascii():
        return False
    text = content.decode("ascii")
    return text.isprintable() and inert(text) is not None and not text.startswith(_HEADS_OF_BODIES)


@cache
def _readers(marks: str) -> tuple[tuple[str, ReadText, int], ...]:
    return tuple(
        (name, read, 0 if wanted else least)
        for name, read, wanted, least in texts()
        if not wanted or any(mark in marks for mark in wanted)
    )


def readers(text: str) -> tuple[tuple[str, ReadText, int], ...]:
    """Return (name, reader, least length) of the decoders that `text` has the marks of."""
    return _readers("".join([mark for mark in _EVERY_MARK if mark in text]))


@cache
def coding(token: str) -> tuple[str, ReadBody] | None:
    """Return the decoder of a content coding, or None."""
    for name, decoder in _decoders():
        if token in decoder.codings and decoder.body:
            return name, decoder.body
    return None


def uncoded(
    content: bytes, encoding: str, budget: Budget
) -> Iterator[tuple[str, Layer | Fault | str]]:
    """Yield (name, what came out) for each of the content codings `encoding`, the last first.

    A text says why a coding could not be undone; the next one then gets the same content.
    """
    tokens = [token.strip().lower() for token in encoding.split(",")]
    for token in reversed(tokens[-budget.limits.max_depth :]):
        if token in ("", "identity"):
            continue
        decoder = coding(token)
        if decoder is None:
            yield "", "a content coding that is not known"
            continue
        name, read = decoder
        found = read(content, Hint(announced=name), budget)
        if isinstance(found, Fault):
            yield name, found
        elif isinstance(found, Layer) and isinstance(found.content, bytes):
            yield name, found
            content = found.content
        else:
            yield "", f"announced as {name}, but is not"


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
def bodies(
    first: int, announced: str, only_sure: bool, doubtful: bool
) -> tuple[tuple[str, ReadBody], ...]:
    """Return the decoders to try: the sure ones, then the announced one, then the others."""
    found: list[tuple[int, str, ReadBody]] = []
    for name, decoder in _decoders():
        if not decoder.body or (doubtful and not decoder.guesses):
            continue
        fits = decoder.sniffed and (not decoder.starts or first in decoder.starts)
        if fits and decoder.sure:
            found.append((0, name, decoder.body))
        elif name == announced:
            found.append((1, name, decoder.body))
        elif fits and not only_sure:
            found.append((2, name, decoder.body))
    return tuple((name, body) for _, name, body in sorted(found, key=lambda entry: entry[0]))

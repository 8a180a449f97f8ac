"""What is said of content that nothing reads: how much, how even, whose. Not a decoder itself.

The list is `analyzer/data/opaque.yaml`. A name changes nothing in what is counted: known or not, it
is content that nobody here can read.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from analyzer.decoders.media import is_media_type
from analyzer.decoders.noise import (
    SHORTEST,
    SHORTEST_PIECE,
    hides,
    in_pieces,
    is_handed_out,
    measured,
    pretends,
    sealed,
)
from analyzer.decoders.schema import place_of
from analyzer.knowledge.formats import OpaqueKind, formats
from analyzer.knowledge.load import DATA
from analyzer.models import Part

__all__ = [
    "SHORTEST",
    "SHORTEST_PIECE",
    "false_media",
    "text_kind",
    "unread_body",
    "unread_bytes",
    "unread_file",
    "unread_pieces",
    "unread_text",
]

_LEAST_FILE = 65  # bytes of an unread file of a form; a key or a signature has fewer
_LONGEST_PATTERN = 4096  # characters of a value that are compared with a pattern


def unread_text(part: Part, path: str, text: str) -> str:
    """Return what to say of a value that hides bytes; "" for one that does not."""
    header = _header_kind(path, text) if part == "header" else ""
    if is_handed_out(part, path) and not header:
        return ""
    found = sealed(text)
    if found is None:
        return ""
    written, content = found
    kind = header or text_kind(text) or _certain_kind(content)
    return _unread(f"{written} of {measured(content)}", kind)


def unread_pieces(texts: Sequence[str]) -> str:
    """Return what to say of short values of one body that hide bytes together; "" if none do."""
    found = in_pieces(texts)
    if found is None:
        return ""
    number, content = found
    return _unread(f"{number} values of together {measured(content)}", "")


def unread_bytes(content: bytes) -> str:
    """Return what to say of bytes inside of something; "" where they hide nothing."""
    kind = _certain_kind(content)
    return _unread(measured(content), kind) if kind or hides(content) else ""


def unread_file(media: str, content: bytes) -> str:
    """Return what to say of a file of a form; "" where it is a picture, or too short to matter."""
    if len(content) < _LEAST_FILE or (is_media_type(media) and not pretends(media, content)):
        return ""
    return _unread(f"a file of {measured(content)}", _certain_kind(content))


def unread_body(content: bytes, announced: str, url: str) -> str:
    """Return what to say of a whole body sent to `url`, or got from there."""
    detail = f"{measured(content)}, announced as {announced or 'nothing that is known'}"
    kind = _body_kind(content, url)
    return f"{detail}: {kind}" if kind else detail


def false_media(media: str, content: bytes) -> str:
    """Return what to say of a body that is not the media that it was announced as, else ""."""
    if not pretends(media, content):
        return ""
    return f"{measured(content)}, announced as media, but are not"


def _unread(what: str, kind: str) -> str:
    return f"{what}, that nothing reads" + (f": {kind}" if kind else "")


@lru_cache(maxsize=4)
def _kinds(where: str) -> tuple[OpaqueKind, ...]:
    return tuple(kind for kind in formats(DATA).opaque if kind.where == where)


def _body_kind(content: bytes, url: str) -> str:
    """Return the label of the kind of bytes sent to `url`, "" for none."""
    host = place_of(url)[0]
    for kind in _kinds("body"):
        if kind.starts and not content.startswith(kind.starts):
            continue
        if kind.at(url, host):
            return kind.label
    return ""


def _certain_kind(content: bytes) -> str:
    """Return the label of a kind that shows in its first bytes, wherever it is met."""
    for kind in _kinds("body"):
        if kind.always and kind.starts and content.startswith(kind.starts):
            return kind.label
    return ""


def text_kind(text: str, *, always: bool = False) -> str:
    """Return the label of the kind of a value, "" for none; with `always`, of certain ones only."""
    short = text[:_LONGEST_PATTERN]
    for kind in _kinds("value"):
        if (kind.always or not always) and kind.pattern and kind.pattern.match(short):
            return kind.label
    return ""


def _header_kind(name: str, value: str) -> str:
    """Return the label of the kind of a header (lower case), "" for none."""
    for kind in _kinds("header"):
        if name in kind.headers and (not kind.pattern or kind.pattern.match(value[:256])):
            return kind.label
    return ""

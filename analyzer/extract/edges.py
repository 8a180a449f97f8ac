"""Tells whether a find stands for itself, or is a piece of a longer token."""

from __future__ import annotations

import re
from typing import Final

from analyzer.extract.needles import Edge

_ALNUM: Final = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")
_DIGIT: Final = frozenset(b"0123456789")
# What stands before a value that was escaped once more: %3D, \n, \u003d.
_ESCAPE_BEFORE: Final = re.compile(rb"(?:%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrtbf])\Z")
_ZEROS: Final = re.compile(rb"\.0{1,6}")
_MOST_SPACE: Final = 16  # characters around a value that are nothing
_WORD: Final = rb"[0-9a-z\x80-\xff]"
# With what joints a longer token goes on before and after a find.
_JOINTS: Final[tuple[tuple[Edge, bytes, bytes], ...]] = (
    ("email", rb"[._+\-]|%2b", rb"[.\-]"),
    ("token", rb"[._@\-]|%40", rb"[._@\-]|%40"),
    ("name", rb"[._@\-]|%40", rb"[._@\-]|%40|\+(?=[0-9a-z._+\-]{1,24}(?:@|%40))"),
    ("phone", rb"[_\-]", rb"[_\-]"),
)
_JOINED: Final = {
    edge: (
        re.compile(rb"%s(?:%s)+\Z" % (_WORD, before)),
        re.compile(rb"(?:%s)+%s" % (after, _WORD)),
    )
    for edge, before, after in _JOINTS
}
_NEAR: Final = 8
_FAR: Final = 32  # bytes in which a joint stands


def is_bounded(hay: bytes, start: int, end: int, first: int, last: int, edge: Edge) -> bool:
    """Tell whether hay[start:end], within first..last, is not a piece of a longer token."""
    if edge == "none":
        return True
    if edge == "whole":
        if start - first > _MOST_SPACE or last - end > _MOST_SPACE:
            return False
        after = hay[end:last].strip()
        return not hay[first:start].strip() and (not after or bool(_ZEROS.fullmatch(after)))
    before = hay[start - 1] if start > first else 0x20
    after_ = hay[end] if end < last else 0x20
    if edge in ("number", "left"):
        if before in _DIGIT or before == 0x2E or (before == 0x2D and hay[start] != 0x2D):
            return bool(_ESCAPE_BEFORE.search(hay, max(first, start - 6), start))
        return edge == "left" or after_ not in _DIGIT
    ends_open = not _continues(hay[end - 1]) or not _continues(after_)
    starts_open = not _continues(hay[start]) or not _continues(before)
    if not ends_open:
        return False
    if not starts_open and _ESCAPE_BEFORE.search(hay, max(first, start - 6), start) is None:
        return False
    return not is_joined(hay, start, end, first, last, edge)


def is_joined(hay: bytes, start: int, end: int, first: int, last: int, edge: Edge) -> bool:
    """Tell whether a joint ties the find to more of a word, where `edge` forbids that."""
    joints = _JOINED.get(edge)
    if joints is None:
        return False
    before, after = joints
    return (
        after.match(hay, end, min(last, end + _FAR)) is not None
        or before.search(hay[max(first, start - _NEAR) : start]) is not None
    )


def is_tied(text: bytes, start: int, end: int, edge: Edge) -> bool:
    """Tell whether text[start:end], of what was read from an encoded text, is tied to more."""
    if edge not in _JOINED:
        return False
    lower = text.lower()
    most = 0 if text.isascii() and text.decode().isprintable() else 2
    return not is_apart(lower, start, end, 0, len(lower), most) or is_joined(
        lower, start, end, 0, len(lower), edge
    )


def is_apart(hay: bytes, start: int, end: int, first: int, last: int, most: int) -> bool:
    """Tell whether at most `most` letters and digits of ASCII go on before or after a find.

    It is hay[start:end], in binary: there a letter may be a length or a tag.
    """
    before = hay[max(first, start - most - 1) : start]
    after = hay[end : min(last, end + most + 1)]
    return not (
        (len(before) > most and _ALNUM.issuperset(before))
        or (len(after) > most and _ALNUM.issuperset(after))
    )


def _continues(byte: int) -> bool:
    return byte in _ALNUM or byte >= 0x80

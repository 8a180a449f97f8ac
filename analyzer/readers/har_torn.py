"""The entries of a HAR whose JSON is broken: cut off, or damaged in one place.

The structure is walked without reading the values, so that everything before the tear, and every
other entry around a damaged one, is kept.
"""

from __future__ import annotations

import mmap
import re

_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|"|[{}\[\]:]', re.DOTALL)
_CLOSES = {b"}": b"{", b"]": b"["}


def entry_spans(data: bytes | mmap.mmap) -> tuple[list[tuple[int, int]], bool]:
    """Return (start, end) of each complete object in the list `log.entries`, up to the tear.

    The second value tells whether the structure is whole to the end: then only what stands inside
    an entry can be damaged.
    """
    spans: list[tuple[int, int]] = []
    open_: list[bytes] = []  # brackets
    names: list[bytes] = []  # the key under which each was opened
    text = key = b""
    start = 0
    for token in _TOKEN.finditer(data):
        mark = token[0]
        if mark[:1] == b'"':
            if len(mark) == 1:
                return spans, False  # a string without an end
            if len(open_) < 3:
                text = mark
        elif mark == b":":
            key = text
        elif mark in _CLOSES:
            if not open_ or open_.pop() != _CLOSES[mark]:
                return spans, False
            names.pop()
            if len(open_) == 3 and mark == b"}" and _in_entries(open_, names):
                spans.append((start, token.end()))
        else:
            if len(open_) == 3 and mark == b"{":
                start = token.start()
            open_.append(mark)
            names.append(key)
            key = b""
    return spans, not open_


def _in_entries(open_: list[bytes], names: list[bytes]) -> bool:
    return open_ == [b"{", b"{", b"["] and names[1:] == [b'"log"', b'"entries"']

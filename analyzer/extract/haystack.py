"""Leaves and payloads as one text, and the way back from a find to its place.

Places count the leaves, then the route (the segments of the URL's path, joined again), then the
payloads.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from analyzer.extract.needles import Edge, Needle
from analyzer.models import Leaf

_ALNUM: Final = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")
_DIGIT: Final = frozenset(b"0123456789")
# What stands before a value that was escaped once more: %3D, \n, \u003d.
_ESCAPE_BEFORE: Final = re.compile(rb"(?:%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrtbf])\Z")
_ZEROS: Final = re.compile(rb"\.0{1,6}")
_CONTROL: Final = bytes(set(range(0x20)) - set(b"\t\n\r"))
_BINARY_EDGE: Final = 10  # in binary, what surrounds a needle this long is a length or a tag
_MOST_SPACE: Final = 16  # characters around a value that are nothing
_JOINT: Final = "\0"


def joined(values: Sequence[str], route: str, payloads: Sequence[bytes]) -> bytes:
    """Return the text that is searched: `values`, the `route`, and the `payloads`."""
    text = encoded(_JOINT.join([*values, route]))
    return b"\0".join((text, *payloads)) if payloads else text


def route_of(leaves: Sequence[Leaf]) -> str:
    """Return the path of the URL, joined again from its segments; "" where it has only one."""
    segments: list[str] = []
    for leaf in leaves:
        if leaf[1] != "path":  # they come first
            break
        if "." not in leaf[2]:
            segments.append(leaf[3])
    return "/".join(segments) if len(segments) > 1 else ""


def encoded(text: str) -> bytes:
    """Return `text` as bytes; halves of surrogate pairs, which JSON can hold, too."""
    return text.encode("utf-8", "surrogatepass")


class Haystack:
    """What was searched: `given` is `joined(...)`, `lower` the same in lower case."""

    def __init__(
        self,
        given: bytes,
        lower: bytes,
        leaves: Sequence[Leaf],
        values: Sequence[str],
        route: str,
        payloads: Sequence[bytes],
    ) -> None:
        self.given = given
        self.leaves = leaves
        self._values = values
        self._lower = lower
        self.count = len(values)  # places of leaves
        sizes = [
            len(value) if value.isascii() else len(encoded(value)) for value in (*values, route)
        ]
        sizes += map(len, payloads)
        self._ends = [end - 1 for end in accumulate(size + 1 for size in sizes)]
        self._starts = [0, *(end + 1 for end in self._ends[:-1])]
        self._payloads = payloads
        self._binary: dict[int, bool] = {}

    def place(self, start: int, end: int) -> int | None:
        """Return the place that holds all of `start` to `end`, or None where it lies across two."""
        at = bisect_right(self._starts, start) - 1
        return at if end <= self._ends[at] else None

    def leaf(self, place: int) -> Leaf | None:
        """Return the leaf at `place`; of the route its first segment; None for a payload."""
        if place < self.count:
            return self.leaves[place]
        return self.leaves[0] if place == self.count else None

    def within(self, leaf: int, start: int, end: int) -> tuple[int, int]:
        """Return `start` and `end`, in characters of a leaf, in bytes of everything."""
        first = self._starts[leaf]
        text = self._values[leaf]
        before = first + len(encoded(text[:start]))
        return before, before + len(encoded(text[start:end]))

    def allows(self, needle: Needle, start: int, end: int, place: int) -> bool:
        """Tell whether the find is the needle, and stands for itself there."""
        if needle.exact and self.given[start:end] != needle.given:
            return False
        if needle.edge == "none":
            return True
        if needle.edge == "word" and end - start >= _BINARY_EDGE and self._in_binary(place):
            return True
        if needle.keys and not self._named(place, needle.keys):
            return False
        first, last = self._starts[place], self._ends[place]
        return is_bounded(self._lower, start, end, first, last, needle.edge)

    def beside(self, place: int) -> frozenset[object]:
        """Return what `place` shares with a neighbour: itself, what holds it, and what holds that.

        The sides of a pair may stand in one text, as ``geo.lat`` and ``geo.lon``, or as
        ``geo.lat.value`` and ``geo.lon.value``; not in two entries of a list.
        """
        if place >= self.count:
            return frozenset({place})
        leaf = self.leaves[place]
        above = leaf.path.rpartition(".")[0]
        higher, _, last = above.rpartition(".")
        found: set[object] = {place, (leaf.part, above)}
        if higher and not last.isdigit():
            found.add((leaf.part, higher, "above"))
        return frozenset(found)

    def _named(self, place: int, keys: tuple[str, ...]) -> bool:
        """Tell whether the name of the field at `place`, or what holds it, has one of `keys`."""
        if place >= self.count:
            return False
        name = ".".join(self.leaves[place].path.lower().rsplit(".", 2)[-2:])
        return any(key in name for key in keys)

    def _in_binary(self, place: int) -> bool:
        at = place - self.count - 1
        if at < 0:
            return False
        if at not in self._binary:
            self._binary[at] = _is_binary(self._payloads[at])
        return self._binary[at]


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
    if edge == "word":
        ends_open = not _continues(hay[end - 1]) or not _continues(after_)
        starts_open = not _continues(hay[start]) or not _continues(before)
        return ends_open and (
            starts_open or _ESCAPE_BEFORE.search(hay, max(first, start - 6), start) is not None
        )
    if before in _DIGIT or before == 0x2E or (before == 0x2D and hay[start] != 0x2D):
        return bool(_ESCAPE_BEFORE.search(hay, max(first, start - 6), start))
    return edge == "left" or after_ not in _DIGIT


def _continues(byte: int) -> bool:
    return byte in _ALNUM or byte >= 0x80


def _is_binary(payload: bytes) -> bool:
    """Tell text from other bytes by its first kilobyte."""
    head = payload[:1024]
    if len(head.translate(None, _CONTROL)) < len(head):
        return True
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < len(head) - 4
    return False

"""Leaves and payloads as one text, and the way back from a find to its place.

Places count the leaves, then the route (the segments of the URL's path, joined again), then the
payloads.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from analyzer.extract.edges import is_apart, is_bounded, is_joined, is_tied
from analyzer.extract.field_names import DEGREES, PLACE, fits, stands_before
from analyzer.extract.needles import Needle
from analyzer.leaves import Leaves
from analyzer.models import Leaf

_CONTROL: Final = bytes(set(range(0x20)) - set(b"\t\n\r"))
_BINARY_EDGE: Final = 10  # in binary, what surrounds a needle this long may be a length or a tag
_MOST_TAG: Final = 2  # letters and digits that a length or a tag may look like
_MOST_LOOSE: Final = 4096  # bytes in which two words are two halves, though nothing says so
_FIELD_EDGE: Final = frozenset(b"\"'<>=&;") | set(range(0x20)) | set(range(0x80, 0x100))
_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
_NEAR: Final = 64  # bytes: so far from each other may latitude and longitude stand
_AROUND: Final = 16  # letters of an encoded text beside a find that are read as well
_BASE64_ENDS: Final = re.compile(rb"[0-9A-Za-z+/_\-]+\Z")
_BASE64_STARTS: Final = re.compile(rb"[0-9A-Za-z+/_\-]+")
_HEX_ENDS: Final = re.compile(rb"(?:[0-9A-Fa-f]{2})+\Z")
_HEX_STARTS: Final = re.compile(rb"(?:[0-9A-Fa-f]{2})+")
_JOINT: Final = "\0"
_AND_JOINT: Final = (1).__add__


def joined(texts: Iterable[str], payloads: Sequence[bytes]) -> bytes:
    """Return the text that is searched: `texts`, and the `payloads`."""
    text = encoded(_JOINT.join(texts))
    return b"\0".join((text, *payloads)) if payloads else text


def route_of(leaves: Leaves) -> str:
    """Return the path of the URL, joined again from its segments; "" where it has only one."""
    end = 0  # of the path, which comes first
    for start, part, _ in leaves.runs:
        end = start
        if part != "path":
            break
    else:
        end = len(leaves.paths) if leaves.runs else 0
    pairs = zip(leaves.paths[:end], leaves.values[:end], strict=True)
    segments = [value for path, value in pairs if path.isdigit()]
    return "/".join(segments) if len(segments) > 1 else ""


def encoded(text: str) -> bytes:
    """Return `text` as bytes; halves of surrogate pairs, which JSON can hold, too."""
    return text.encode("utf-8", "surrogatepass")


class Haystack:
    """What was found anything in: `given` is `joined(...)`, `lower` the same in lower case.

    `values` are those of the `leaves`; the `route` counts as `first` leaf of the exchange. `owners`
    are the leaves that the payloads were made of, where they were.
    """

    def __init__(
        self,
        given: bytes,
        lower: bytes,
        leaves: Sequence[Leaf],
        values: Sequence[str],
        route: str,
        payloads: Sequence[bytes],
        owners: Sequence[Leaf | None] = (),
        first: Leaf | None = None,
    ) -> None:
        self.given = given
        self._owners = owners
        self._first = first
        self.leaves = leaves
        self._lower = lower
        self.count = len(values)  # places of leaves
        text = (*values, route)
        sizes = (
            list(map(len, text))
            if given.isascii()
            else [len(each) if each.isascii() else len(encoded(each)) for each in text]
        )
        sizes += map(len, payloads)
        self._starts = list(accumulate(map(_AND_JOINT, sizes), initial=0))
        self._payloads = payloads
        self._binary: dict[int, bool] = {}

    def place(self, start: int, end: int) -> int | None:
        """Return the place that holds all of `start` to `end`, or None where it lies across two."""
        at = bisect_right(self._starts, start) - 1
        return at if end < self._starts[at + 1] else None

    def leaf(self, place: int) -> Leaf | None:
        """Return the leaf at `place`; of the route its first segment; None for a payload."""
        if place < self.count:
            return self.leaves[place]
        return self._first if place == self.count else None

    def allows(self, needle: Needle, start: int, end: int, place: int) -> bool:
        """Tell whether the find is the needle, and stands for itself there."""
        if needle.exact and self.given[start:end] != needle.given:
            return False
        edge = needle.edge
        if edge == "alone":  # all of a value, or one whose name says what it is
            first, last = self._starts[place], self._starts[place + 1] - 1
            return self._is_field(start, end, first, last) or self._named(place, start, needle.keys)
        if needle.keys and not self._named(place, start, needle.keys):
            return False
        if needle.plain:
            return self._whole_base64(needle, start, place)
        if edge == "none":
            return True
        if needle.transformed == "hex" and edge not in ("word", "whole"):
            return self._apart_in_hex(needle, start, end, place)
        first, last = self._starts[place], self._starts[place + 1] - 1
        if place > self.count:
            binary = self._in_binary(place)
            if binary and start > first and self.given[start - 1] in _counts(end - start):
                return True
            if edge == "whole":
                return self._is_field(start, end, first, last)
            if binary and edge not in ("number", "left"):
                most = _MOST_TAG if end - start >= _BINARY_EDGE else 0
                return is_apart(self._lower, start, end, first, last, most) and not is_joined(
                    self._lower, start, end, first, last, edge
                )
        return is_bounded(self._lower, start, end, first, last, edge)

    def _whole_base64(self, needle: Needle, start: int, place: int) -> bool:
        """Tell whether the letters that `needle` shares with its neighbours are right, too."""
        begin = start - (0, 2, 3)[needle.offset]
        size = needle.offset + len(needle.plain)
        text = self.given[max(begin, self._starts[place]) : begin + -(-size * 8 // 6)]
        try:
            found = a2b_base64(text.translate(_ALPHABET) + b"A" * (-len(text) % 4))
        except Error:
            return False
        if found[needle.offset : size] != needle.plain:
            return False
        # What stands around it in the text that was encoded: of neighbours, whole groups of four.
        first, last = self._starts[place], self._starts[place + 1] - 1
        begin, stop = max(begin, first), min(begin + size // 3 * 4, last)
        before = _BASE64_ENDS.search(self.given[max(first, begin - _AROUND) : begin])
        after = _BASE64_STARTS.match(self.given, stop, min(last, stop + _AROUND))
        head = before[0] if before else b""
        head = head[len(head) % 4 :]
        whole = head + self.given[begin:stop] + (after[0] if after else b"")
        whole = whole.translate(_ALPHABET)[: len(whole) - (len(whole) % 4 == 1)]
        text = a2b_base64(whole + b"A" * (-len(whole) % 4))[: len(whole) * 6 // 8]
        at = len(head) // 4 * 3 + needle.offset
        return not is_tied(text, at, at + len(needle.plain), needle.edge)

    def _apart_in_hex(self, needle: Needle, start: int, end: int, place: int) -> bool:
        """Tell whether what is written as hexadecimal text stands for itself there."""
        first, last = self._starts[place], self._starts[place + 1] - 1
        before = _HEX_ENDS.search(self.given[max(first, start - _AROUND) : start])
        after = _HEX_STARTS.match(self.given, end, min(last, end + _AROUND))
        head = before[0] if before else b""
        tail = after[0] if after else b""
        text = bytes.fromhex((head + self.given[start:end] + tail).decode())
        at = len(head) // 2
        return not is_tied(text, at, at + (end - start) // 2, needle.edge)

    def _is_field(self, start: int, end: int, first: int, last: int) -> bool:
        """Tell whether a find is all of a field of something that was not taken apart."""
        before = self.given[start - 1] if start > first else 0
        after = self.given[end] if end < last else 0
        return last - first <= _MOST_LOOSE and before in _FIELD_EDGE and after in _FIELD_EDGE

    def start(self, place: int) -> int:
        """Return where `place` begins."""
        return self._starts[place]

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

    def pair_beside(self, place: int, start: int) -> frozenset[object]:
        """Return what the find at `start` shares with the other half of a place on Earth.

        In one text they stand near each other; two fields share something only where their name
        says that they are of a place.
        """
        at = (start - self._starts[place]) // _NEAR
        near = frozenset(((place, at), (place, at + 1)))
        if place < self.count and fits(self.leaves[place].path, PLACE):
            return near | self.beside(place)
        return near

    def says_degrees(self, place: int, start: int) -> bool:
        """Tell whether the name of what is found at `start` is that of a latitude or longitude."""
        return self._named(place, start, DEGREES)

    def _named(self, place: int, start: int, keys: tuple[str, ...]) -> bool:
        """Tell whether the name of the field at `place`, or what holds it, has one of `keys`.

        Of what was not taken apart, the name that stands right before `start`.
        """
        leaf: Leaf | None = None
        if place < self.count:
            leaf = self.leaves[place]
        elif 0 <= (at := place - self.count - 1) < len(self._owners):
            leaf = self._owners[at]
        if leaf is not None and fits(leaf.path, keys):
            return True
        return stands_before(self._lower, start, self._starts[place], keys)

    def _in_binary(self, place: int) -> bool:
        at = place - self.count - 1
        if at < 0:
            return False
        if at not in self._binary:
            self._binary[at] = _is_binary(self._payloads[at])
        return self._binary[at]


def _counts(size: int) -> tuple[int, int, int]:
    """Return what stands before a text of `size` bytes in protobuf, CBOR and MessagePack."""
    return (size, 0x60 + size, 0xA0 + size) if size < 24 else (size, size, size)


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

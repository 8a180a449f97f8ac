"""CBOR (RFC 8949), walked by hand.

The package cbor2 builds what tags ask for: shared references that grow without bound, regular
expressions, decimals with huge exponents. Here a tag is passed over and its content read as it is,
repeated names are kept, and every length is checked against what is there before it is believed.
"""

from __future__ import annotations

import struct

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint, Number, Pairs
from analyzer.decoders.text import is_readable, utf8

_SELF_DESCRIBED = b"\xd9\xd9\xf7"
_BREAK = object()
_LONGEST_INTEGER = 1024  # bytes of a big number; Python's conversion to decimal is quadratic
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}


class _NotCbor(Exception):  # noqa: N818 - never leaves this file
    """The content is not CBOR, or is cut."""


class _TooMany(Exception):  # noqa: N818 - never leaves this file
    """There are more items than can be shown."""


class _Reader:
    """Reads one item after another from `data`."""

    __slots__ = ("data", "deepest", "left", "named", "position")

    def __init__(self, data: bytes, deepest: int, most: int, *, named: bool) -> None:
        self.left = most  # items that may still come
        self.named = named  # whether each key must be a readable name
        self.data = data
        self.position = 0
        self.deepest = deepest

    def _take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self.data):
            raise _NotCbor
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def item(self, depth: int) -> object:
        """Return the next item; `_BREAK` at the end of one without a stated length."""
        if depth > self.deepest:
            raise _NotCbor
        self.left -= 1
        if self.left < 0:
            raise _TooMany
        head = self._take(1)[0]
        major, info = head >> 5, head & 31
        if major == 7:
            return self._simple(info)
        if info < 24:
            size = info
        elif info < 28:
            size = int.from_bytes(self._take(1 << (info - 24)))
        elif info == 31 and 2 <= major <= 5:
            return self._open_ended(major, depth)
        else:
            raise _NotCbor
        if major == 0:
            return Number(size)
        if major == 1:
            return Number(-1 - size)
        if major in (2, 3):
            return _string(major, self._take(size))
        if major == 6:
            return self._tagged(size, depth)
        if size > len(self.data) - self.position:
            raise _NotCbor
        if major == 4:
            return [self._whole(depth) for _ in range(size)]
        return self._map([(self._whole(depth), self._whole(depth)) for _ in range(size)])

    def _whole(self, depth: int) -> object:
        found = self.item(depth + 1)
        if found is _BREAK:
            raise _NotCbor
        return found

    def _open_ended(self, major: int, depth: int) -> object:
        items: list[object] = []
        while (found := self.item(depth + 1)) is not _BREAK:
            items.append(found)
        if major == 4:
            return items
        if major == 5:
            if len(items) % 2:
                raise _NotCbor
            return self._map(list(zip(items[::2], items[1::2], strict=True)))
        kind = bytes if major == 2 else str
        chunks = [item for item in items if isinstance(item, kind)]
        if len(chunks) != len(items):
            raise _NotCbor
        return kind().join(chunks)  # type: ignore[arg-type]

    def _tagged(self, tag: int, depth: int) -> object:
        value = self._whole(depth)
        if tag in (2, 3) and isinstance(value, bytes) and len(value) <= _LONGEST_INTEGER:
            number = int.from_bytes(value)
            return Number(number if tag == 2 else -1 - number)
        return value

    def _map(self, pairs: list[tuple[object, object]]) -> object:
        if self.named and not all(
            isinstance(key, str) and key.isprintable() and key for key, _ in pairs
        ):
            raise _NotCbor
        named = [(key.hex() if isinstance(key, bytes) else str(key), value) for key, value in pairs]
        names = dict(named)
        return names if len(names) == len(named) else Pairs(named)

    def _simple(self, info: int) -> object:
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info in _FLOATS:
            form = _FLOATS[info]
            number: float = form.unpack(self._take(form.size))[0]
            return number
        if info == 31:
            return _BREAK
        if info < 24:
            return Number(info)
        if info == 24:
            return Number(self._take(1)[0])
        raise _NotCbor


def _string(major: int, content: bytes) -> object:
    if major == 2:
        return content
    text = utf8(content)
    if text is None:
        raise _NotCbor
    return text


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    announced = hint.announced == "cbor" or content.startswith(_SELF_DESCRIBED)
    limits = budget.limits
    reader = _Reader(content, limits.max_json_depth + 1, 8 * limits.max_leaves, named=not announced)
    try:
        tree = reader.item(1)
    except (_NotCbor, RecursionError):
        return MISS
    except _TooMany:
        if announced:
            return Fault("too_many_leaves", "more items than can be shown")
        return MISS
    if tree is _BREAK or reader.position != len(content):
        return MISS
    if announced:
        return tree
    if not isinstance(tree, dict | Pairs) or not tree:
        return MISS
    return MISS if hint.doubtful and not is_readable(tree, len(content)) else tree


DECODERS.register("cbor")(
    Decoder(
        body=_body,
        media=("application/cbor", "+cbor"),
        starts=bytes(range(0xA1, 0xB8)) + b"\xb8\xb9\xbf\xd9",
        guesses=True,
        rank=60,
    )
)

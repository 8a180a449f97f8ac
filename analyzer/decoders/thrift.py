"""Apache Thrift, compact and binary, without its schema: fields by number.

Written by hand, as for Protocol Buffers: the libraries (thrift, thriftpy2) read only what they have
an interface definition for. A message with its envelope is recognised by that (and the name of the
call becomes ``method``); a bare struct only where it is announced. Lengths are checked against what
is there before they are believed.
"""

from __future__ import annotations

import struct
import uuid

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint
from analyzer.decoders.text import is_text, utf8

_DOUBLE = {True: struct.Struct("<d"), False: struct.Struct(">d")}  # compact, binary
_COMPACT = 0x82
_MOST_NAME = 128
# Types of the compact protocol by those of the binary one; both get read by the same code.
_BINARY = {
    2: 1, 3: 3, 4: 7, 6: 4, 8: 5, 10: 6, 11: 8, 12: 12, 13: 11, 14: 10, 15: 9, 16: 13,
}  # fmt: skip
_WIDTHS = {4: 2, 5: 4, 6: 8}


class _NotThrift(Exception):  # noqa: N818 - never leaves this file
    """The content is not Thrift, or is cut."""


class _TooMany(Exception):  # noqa: N818 - never leaves this file
    """There are more values than can be shown."""


class _Reader:
    """Reads structs from `data`; types are those of the compact protocol."""

    __slots__ = ("compact", "data", "deepest", "left", "position")

    def __init__(self, data: bytes, *, compact: bool, deepest: int, most: int) -> None:
        self.data = data
        self.compact = compact
        self.deepest = deepest
        self.left = most
        self.position = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        end = self.position + size
        if size < 0 or end > len(self.data):
            raise _NotThrift
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def _varint(self) -> int:
        result = shift = 0
        while shift < 70:
            byte = self.take(1)[0]
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7
        raise _NotThrift

    def _zigzag(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)

    def _size(self) -> int:
        """Return a count, of which each needs a byte at least."""
        size = self._varint() if self.compact else int.from_bytes(self.take(4))
        if size > len(self.data) - self.position:
            raise _NotThrift
        return size

    def _kind(self, code: int) -> int:
        kind = code if self.compact else _BINARY.get(code, 0)
        if not 0 < kind < 14:
            raise _NotThrift
        return kind

    def struct(self, depth: int) -> dict[str, object]:
        """Return the fields of a struct by number."""
        if depth > self.deepest:
            raise _NotThrift
        fields: dict[str, object] = {}
        number = 0
        while code := self.take(1)[0]:
            if self.compact:
                delta, code = code >> 4, code & 15
                number = number + delta if delta else self._zigzag()
            else:
                number = int.from_bytes(self.take(2), signed=True)
            kind = self._kind(code)
            if self.compact and kind < 3:
                value: object = kind == 1
            else:
                value = self._value(kind, depth)
            if str(number) in fields:
                raise _NotThrift
            fields[str(number)] = value
        return fields

    def _value(self, kind: int, depth: int) -> object:
        self.left -= 1
        if self.left < 0:
            raise _TooMany
        if kind < 3:
            return self.take(1) == b"\x01"
        if kind == 3:
            return int.from_bytes(self.take(1), signed=True)
        if kind < 7:
            if self.compact:
                return self._zigzag()
            return int.from_bytes(self.take(_WIDTHS[kind]), signed=True)
        if kind == 7:
            number: float = _DOUBLE[self.compact].unpack(self.take(8))[0]
            return number
        if kind == 8:
            return self.text()
        if kind < 11:
            return self._list(depth)
        if kind == 11:
            return self._map(depth)
        return self.struct(depth + 1) if kind == 12 else str(uuid.UUID(bytes=self.take(16)))

    def text(self) -> object:
        """Return a string, or bytes where it is none."""
        content = self.take(self._size())
        text = utf8(content)
        return text if text is not None and is_text(text) else content

    def _list(self, depth: int) -> list[object]:
        if depth > self.deepest:
            raise _NotThrift
        head = self.take(1)[0]
        if self.compact:
            size, code = head >> 4, head & 15
            size = self._size() if size == 15 else size
        else:
            code, size = head, self._size()
        kind = self._kind(code)
        return [self._value(kind, depth + 1) for _ in range(size)]

    def _map(self, depth: int) -> dict[str, object]:
        if depth > self.deepest:
            raise _NotThrift
        if self.compact:
            size = self._size()
            both = self.take(1)[0] if size else 0
            key, value = both >> 4, both & 15
        else:
            key, value = self.take(2)
            size = self._size()
        entries: dict[str, object] = {}
        if not size:
            return entries
        key_kind, value_kind = self._kind(key), self._kind(value)
        for _ in range(size):
            read = self._value(key_kind, depth + 1)
            name = read.hex() if isinstance(read, bytes) else str(read)
            if name in entries:
                raise _NotThrift
            entries[name] = self._value(value_kind, depth + 1)
        return entries

    def envelope(self) -> str:
        """Return the name of the call; raises where there is no envelope."""
        if self.compact:
            head = self.take(2)
            if head[0] != _COMPACT or head[1] & 31 != 1 or not 1 <= head[1] >> 5 <= 4:
                raise _NotThrift
            self._varint()
        else:
            head = self.take(4)
            if head[:3] != b"\x80\x01\x00" or not 1 <= head[3] <= 4:
                raise _NotThrift
        name = self.text()
        if not isinstance(name, str) or not name.isprintable() or not 0 < len(name) <= _MOST_NAME:
            raise _NotThrift
        if not self.compact:
            self.take(4)
        return name


def _read(content: bytes, budget: Budget, *, compact: bool, bare: bool) -> object:
    limits = budget.limits
    reader = _Reader(
        content, compact=compact, deepest=limits.max_json_depth, most=4 * limits.max_leaves
    )
    try:
        name = "" if bare else reader.envelope()
        fields = reader.struct(1)
    except _NotThrift:
        return MISS
    except _TooMany:
        return Fault("too_many_leaves", "a message of more fields than can be shown")
    if reader.position != len(content):
        return MISS
    return {"method": name, **fields} if name else fields or MISS


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    if content[:1] == b"\0" and int.from_bytes(content[:4]) == len(content) - 4:
        content = content[4:]  # the framed transport
    announced = hint.announced == "thrift"
    for compact in (True, False):
        if content[:1] == (b"\x82" if compact else b"\x80"):
            found = _read(content, budget, compact=compact, bare=False)
            if found is not MISS:
                return found
    if announced:
        for compact in (False,) if "binary" in hint.media else (True, False):
            found = _read(content, budget, compact=compact, bare=True)
            if found is not MISS:
                return found
    return MISS


DECODERS.register("thrift")(
    Decoder(
        body=_body,
        media=(
            "application/x-thrift",
            "application/vnd.apache.thrift.compact",
            "application/vnd.apache.thrift.binary",
        ),
        starts=b"\x80\x82\x00",
        guesses=True,
        rank=55,
    )
)

"""The wire format of Protocol Buffers: varints, fixed numbers, fields. Not a decoder itself."""

from __future__ import annotations

import struct
from collections.abc import Iterator

MOST_NUMBER = 2**29 - 1
_SHIFTS = tuple(range(0, 70, 7))
_INT32 = struct.Struct("<I")
_INT64 = struct.Struct("<Q")
_FLOAT = struct.Struct("<f")
_DOUBLE = struct.Struct("<d")


def varint(data: bytes, position: int) -> tuple[int, int]:
    """Return the varint at `position` and where it ends; -1 as the end if it is none."""
    result = 0
    try:
        for shift in _SHIFTS:
            byte = data[position]
            position += 1
            if byte < 0x80:
                result |= byte << shift
                return (result, position) if (byte or not shift) and not result >> 64 else (0, -1)
            result |= (byte & 0x7F) << shift
    except IndexError:
        pass
    return 0, -1


def short_float(raw: bytes) -> float:
    """Return four bytes as the shortest decimal that is this float: 52.52, not 52.5200004."""
    number: float = _FLOAT.unpack(raw)[0]
    for digits in (6, 7, 8):
        short = float(f"{number:.{digits}g}")
        try:
            if _FLOAT.pack(short) == raw:
                return short
        except OverflowError:
            break
    return float(f"{number:.9g}")


def double(raw: bytes) -> float:
    """Return eight bytes as a float."""
    number: float = _DOUBLE.unpack(raw)[0]
    return number


def fixed32(raw: bytes) -> object:
    """Return four bytes as a float where that makes sense, else as a number from 0 up."""
    number: float = _FLOAT.unpack(raw)[0]
    return short_float(raw) if 1e-5 <= abs(number) < 1e9 else _INT32.unpack(raw)[0]


def fixed64(raw: bytes) -> object:
    """Return eight bytes as a float where that makes sense, else as a number from 0 up."""
    number = double(raw)
    return number if 1e-9 <= abs(number) < 1e15 else _INT64.unpack(raw)[0]


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yield (number, wire type, value) of a message; `ValueError` where it breaks a rule.

    The value is an integer of wire type 0, else the bytes as they stand there.
    """
    position, end = 0, len(data)
    while position < end:
        tag, position = varint(data, position)
        number, kind = tag >> 3, tag & 7
        if position < 0 or not 0 < number <= MOST_NUMBER:
            raise ValueError
        if kind == 0:
            value, position = varint(data, position)
            if position < 0:
                raise ValueError
            yield number, kind, value
            continue
        size = {1: 8, 5: 4}.get(kind, 0)
        if kind == 2:
            size, position = varint(data, position)
        elif not size:
            raise ValueError
        stop = position + size
        if position < 0 or stop > end:
            raise ValueError
        yield number, kind, data[position:stop]
        position = stop

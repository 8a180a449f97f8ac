"""The packets of a pcap or pcapng file, one after the other, whatever state the file is in.

The file is read in pieces, so that memory stays flat. Of a pcapng file the descriptions of
interfaces and the packets are read; decryption secrets, names, statistics and all else are skipped.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from analyzer.errors import UserError

MAX_PACKET = 1 << 20  # bytes kept of one packet; a larger record means that the file is damaged
MARGIN = 128  # bytes that can be read behind any packet of a piece: headers are read without asking
_PIECE = 2 << 20  # more than any packet
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6
_READ = frozenset({_INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED})
MAGICS = (*_PCAP, _SECTION)

# One packet where it lies: the piece of the file, the kind of link (libpcap's number), seconds
# since 1970, where it begins in the piece, how many bytes of it are there, and how many there were
# on the wire. A bare tuple, because a capture has millions of them.
Record = tuple[bytes, int, float, int, int, int]


class Frame(NamedTuple):
    """One packet as captured: kind of link (libpcap's number), seconds since 1970, its bytes."""

    link: int
    moment: float
    data: bytes
    length: int  # on the wire; `data` may be cut


class _Interface(NamedTuple):
    link: int
    tick: float
    offset: int


class PacketFile:
    """An open capture file. Iterating over it gives every packet as a `Record`, once.

    Raises `UserError` if it is neither pcap nor pcapng. Iteration ends where the file ends or the
    damage begins; `whole` then says which.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._position = 0  # of the first byte that was not understood
        self._magic = file.read(4)
        file.seek(0)
        if self._magic not in MAGICS:
            raise UserError("this is neither pcap nor pcapng", "convert it with editcap")

    @property
    def whole(self) -> bool:
        """Whether all of the file was read and understood."""
        return self._position == self._size

    def __iter__(self) -> Iterator[Record]:
        """Return the packets in the order of the file."""
        if self._magic == _SECTION:
            return self._pcapng()
        return self._pcap(*_PCAP[self._magic])

    def _pcap(self, order: str, tick: float) -> Iterator[Record]:
        header = self._file.read(24)
        if len(header) < 24:
            return
        link = struct.unpack_from(order + "I", header, 20)[0] & 0xFFFF
        head = struct.Struct(order + "IIII").unpack_from
        self._position, at = 24, 24
        while at:
            piece = self._piece()
            at, end = 0, len(piece) - MARGIN
            while at + 16 <= end:
                seconds, fraction, kept, length = head(piece, at)
                start = at + 16
                if kept > MAX_PACKET or start + kept > end:
                    break
                at = start + kept
                yield piece, link, seconds + fraction * tick, start, kept, length
            self._position += at

    def _pcapng(self) -> Iterator[Record]:
        order = "<"
        enhanced = struct.Struct("<IIIII").unpack_from
        interfaces: list[_Interface] = []
        moment = 0.0
        at = 1
        while at:
            piece = self._piece()
            at, end = 0, len(piece) - MARGIN
            while at + 12 <= end:
                if piece[at : at + 4] == _SECTION:
                    order = "<" if piece[at + 8 : at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
                    enhanced = struct.Struct(order + "IIIII").unpack_from
                    interfaces = []
                kind, length = struct.unpack_from(order + "II", piece, at)
                if length < 12 or length % 4 or length > self._size - self._position - at:
                    break
                if kind not in _READ:
                    at += length  # may lead out of this piece
                    continue
                if at + length > end:
                    break
                if kind == _ENHANCED and length >= 32:
                    number, high, low, kept, wire = enhanced(piece, at + 8)
                    if number >= len(interfaces) or kept > length - 32:
                        break
                    link, tick, offset = interfaces[number]
                    moment = (high << 32 | low) * tick + offset
                    yield piece, link, moment, at + 28, kept, wire
                elif kind == _INTERFACE:
                    interfaces.append(_interface(order, piece[at + 8 : at + length - 4]))
                else:
                    found = _old_packet(order, kind, piece, at, length, interfaces, moment)
                    if found is None:
                        break
                    moment = found[2]
                    yield found
                at += length
            self._position += at

    def _piece(self) -> bytes:
        """Return what begins at the first byte not yet understood, and the margin behind it."""
        self._file.seek(self._position)
        return self._file.read(_PIECE) + bytes(MARGIN)


def _interface(order: str, body: bytes) -> _Interface:
    """Read an interface description: kind of link, and the resolution of its clock."""
    if len(body) < 8:
        return _Interface(-1, 1e-6, 0)
    link = struct.unpack_from(order + "H", body)[0]
    tick, offset, at = 1e-6, 0, 8
    while at + 4 <= len(body):
        code, length = struct.unpack_from(order + "HH", body, at)
        value = body[at + 4 : at + 4 + length]
        if code == 9 and len(value) == 1:
            exponent = value[0] & 0x7F
            tick = 2.0**-exponent if value[0] & 0x80 else 10.0**-exponent
        elif code == 14 and len(value) == 8:
            offset = struct.unpack(order + "q", value)[0]
        elif code == 0:
            break
        at += 4 + (length + 3) // 4 * 4
    return _Interface(link, tick, offset)


def _old_packet(
    order: str,
    kind: int,
    piece: bytes,
    at: int,
    length: int,
    interfaces: list[_Interface],
    moment: float,
) -> Record | None:
    """Read a simple packet block, which has no time, or an obsolete one; None if it is damaged."""
    if kind == _SIMPLE:
        if length < 16 or not interfaces:
            return None
        wire = struct.unpack_from(order + "I", piece, at + 8)[0]
        return piece, interfaces[0].link, moment, at + 12, min(wire, length - 16), wire
    if kind != _OLD_PACKET or length < 32:
        return None
    number, _, high, low, kept, wire = struct.unpack_from(order + "HHIIII", piece, at + 8)
    if number >= len(interfaces) or kept > length - 32:
        return None
    link, tick, offset = interfaces[number]
    return piece, link, (high << 32 | low) * tick + offset, at + 28, kept, wire

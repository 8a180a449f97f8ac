"""The packets of a pcap or pcapng file, one after the other, whatever state the file is in."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from analyzer.errors import UserError

MAX_PACKET = 1 << 20  # bytes kept of one packet; a larger record means that the file is damaged
_PCAP = {
    b"\xd4\xc3\xb2\xa1": ("<", 1e-6),
    b"\xa1\xb2\xc3\xd4": (">", 1e-6),
    b"\x4d\x3c\xb2\xa1": ("<", 1e-9),
    b"\xa1\xb2\x3c\x4d": (">", 1e-9),
}
_SECTION = b"\x0a\x0d\x0d\x0a"
_INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED = 1, 2, 3, 6
MAGICS = (*_PCAP, _SECTION)


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


def frames(file: BinaryIO) -> Iterator[Frame]:
    """Yield every packet of an open file; `UserError` if it is neither pcap nor pcapng.

    Ends where the file ends or the damage begins: then `file` does not stand at its end.
    """
    magic = file.read(4)
    file.seek(0)
    if magic in _PCAP:
        yield from _pcap(file, *_PCAP[magic])
    elif magic == _SECTION:
        yield from _pcapng(file)
    else:
        raise UserError("this is neither pcap nor pcapng", "convert it with editcap")


def _pcap(file: BinaryIO, order: str, tick: float) -> Iterator[Frame]:
    header = file.read(24)
    if len(header) < 24:
        file.seek(0)
        return
    link = struct.unpack_from(order + "I", header, 20)[0] & 0xFFFF
    record = struct.Struct(order + "IIII")
    at = 24
    while True:
        head = file.read(16)
        if len(head) < 16:
            break
        seconds, fraction, kept, length = record.unpack(head)
        if kept > MAX_PACKET:
            break
        data = file.read(kept)
        if len(data) < kept:
            break
        at += 16 + kept
        yield Frame(link, seconds + fraction * tick, data, max(length, kept))
    file.seek(at)


def _pcapng(file: BinaryIO) -> Iterator[Frame]:
    size = os.fstat(file.fileno()).st_size
    order = "<"
    interfaces: list[_Interface] = []
    moment = 0.0
    at = 0
    while size - at >= 12:
        file.seek(at)
        head = file.read(12)
        if head[:4] == _SECTION:
            order = "<" if head[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
            interfaces = []
        kind, length = struct.unpack_from(order + "II", head)
        if length < 12 or length % 4 or length > size - at:
            break
        if kind in {_INTERFACE, _OLD_PACKET, _SIMPLE, _ENHANCED}:
            if length > MAX_PACKET + 65_536:
                break
            body = head[8:] + file.read(length - 16) if length >= 16 else b""
            if kind == _INTERFACE:
                interfaces.append(_interface(order, body))
            else:
                frame = _packet(order, kind, body, interfaces, moment)
                if frame is None:
                    break
                moment = frame.moment
                yield frame
        at += length
    file.seek(at)


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


def _packet(
    order: str, kind: int, body: bytes, interfaces: list[_Interface], moment: float
) -> Frame | None:
    """Read a packet block; None if it contradicts itself."""
    if kind == _SIMPLE:
        if len(body) < 4 or not interfaces:
            return None
        length = struct.unpack_from(order + "I", body)[0]
        data = body[4 : 4 + length]
        return Frame(interfaces[0].link, moment, data, length)
    if len(body) < 20:
        return None
    form = order + ("IIIII" if kind == _ENHANCED else "HHIIII")
    fields = struct.unpack_from(form, body)
    number, (high, low, kept, length) = fields[0], fields[-4:]
    data = body[20 : 20 + kept]
    if number >= len(interfaces) or len(data) < kept:
        return None
    interface = interfaces[number]
    seconds = (high << 32 | low) * interface.tick + interface.offset
    return Frame(interface.link, seconds, data, max(length, kept))

"""From a frame to the transport's payload: link layers, IPv4, IPv6, TCP, UDP.

Headers are walked by hand: a general dissector takes about eighty times as long for the few fields
that are needed.
"""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

from analyzer.readers.pcap_files import Frame

TCP, UDP = 6, 17
SYN, ACK = 0x02, 0x10
_ETHERNET, _RAW, _LINUX, _LINUX2 = 1, {12, 14, 101, 228, 229}, 113, 276
_LOOPBACK, _PPP = {0, 108}, 9
_IPV4, _IPV6, _PPPOE = 0x0800, 0x86DD, 0x8864
_PPP_IP = {b"\x00\x21", b"\x00\x57"}
_TAGS = {0x8100, 0x88A8, 0x9100}
_EXTENSIONS = {0, 43, 60, 135, 139, 140}  # of IPv6, with a length in units of 8 bytes
KNOWN_LINKS = frozenset({_ETHERNET, _LINUX, _LINUX2, _PPP, *_RAW, *_LOOPBACK})
# Kind of link -> where the IP header and where its kind stand in most frames (-1: nowhere).
ORDINARY_LINKS = {_ETHERNET: (14, 12), _LINUX: (16, 14), _LINUX2: (20, 0)}
ORDINARY_LINKS |= dict.fromkeys(_RAW, (0, -1)) | dict.fromkeys(_LOOPBACK, (4, -1))


class Packet(NamedTuple):
    """An IP packet. Addresses are 4 or 16 bytes; ports are 0 where the transport has none."""

    protocol: int
    source: bytes
    source_port: int
    target: bytes
    target_port: int
    length: int  # of the payload, on the wire
    payload: bytes  # as far as it was captured
    sequence: int = 0  # TCP
    flags: int = 0  # TCP


def packet_of(frame: Frame) -> Packet | None:
    """Return the IP packet in a frame of a known link; None if there is none.

    Raises `ValueError` where a header is cut off or impossible.
    """
    start = _network(frame.link, frame.data)
    if start is None:
        return None
    data = frame.data
    if start >= len(data):
        raise ValueError("no network header")
    version = data[start] >> 4
    if version == 4:
        return _ipv4(data, start, frame.length)
    if version == 6:
        return _ipv6(data, start, frame.length)
    raise ValueError("not an IP header")


def _network(link: int, data: bytes) -> int | None:
    """Return where the IP header begins; None if the frame carries something else."""
    if link in _RAW:
        return 0
    if link in _LOOPBACK:
        return 4
    if link == _PPP:
        at = 2 if data[:2] == b"\xff\x03" else 0
        return at + 2 if data[at : at + 2] in _PPP_IP else None
    if link == _LINUX2:
        at, kind = 20, 0
    elif link == _LINUX:
        at, kind = 16, 14
    elif link == _ETHERNET:
        at, kind = 14, 12
    else:
        return None
    if len(data) < at:
        raise ValueError("no link header")
    ether = data[kind] << 8 | data[kind + 1]
    while ether in _TAGS and len(data) >= at + 4:
        ether = data[at + 2] << 8 | data[at + 3]
        at += 4
    if ether == _PPPOE and len(data) >= at + 8:
        return at + 8 if data[at + 6 : at + 8] in _PPP_IP else None
    return at if ether in {_IPV4, _IPV6} else None


def _ipv4(data: bytes, at: int, wire: int) -> Packet:
    if len(data) < at + 20:
        raise ValueError("IPv4 header cut off")
    header = (data[at] & 15) * 4
    total, _, fragment, _, protocol = unpack_from(">HHHBB", data, at + 2)
    # A network card that splits for the system leaves the length empty.
    end = at + total if total else wire
    if header < 20 or end < at + header:
        raise ValueError("impossible IPv4 header")
    source, target = data[at + 12 : at + 16], data[at + 16 : at + 20]
    return _transport(data, at + header, end, protocol, source, target, fragment & 0x1FFF)


def _ipv6(data: bytes, at: int, wire: int) -> Packet:
    if len(data) < at + 40:
        raise ValueError("IPv6 header cut off")
    length, protocol = unpack_from(">HB", data, at + 4)
    source, target = data[at + 8 : at + 24], data[at + 24 : at + 40]
    start = at + 40
    end = start + length if length else wire
    fragment = 0
    for _ in range(8):
        if len(data) < start + 8:
            break
        if protocol in _EXTENSIONS:
            protocol, start = data[start], start + (data[start + 1] + 1) * 8
        elif protocol == 44:
            fragment = unpack_from(">H", data, start + 2)[0] >> 3
            protocol, start = data[start], start + 8
        elif protocol == 51:
            protocol, start = data[start], start + (data[start + 1] + 2) * 4
        else:
            break
    if end < start:
        raise ValueError("impossible IPv6 header")
    return _transport(data, start, end, protocol, source, target, fragment)


def _transport(
    data: bytes, at: int, end: int, protocol: int, source: bytes, target: bytes, fragment: int
) -> Packet:
    if protocol == UDP and not fragment and len(data) >= at + 8:
        ports = unpack_from(">HH", data, at)
        body = at + 8
        return Packet(
            protocol, source, ports[0], target, ports[1], max(0, end - body), data[body:end]
        )
    if protocol == TCP and not fragment and len(data) >= at + 20:
        source_port, target_port, sequence, _, offset, flags = unpack_from(">HHIIBB", data, at)
        body = at + (offset >> 4) * 4
        length, payload = max(0, end - body), data[body:end]
        return Packet(
            protocol, source, source_port, target, target_port, length, payload, sequence, flags
        )
    return Packet(protocol, source, 0, target, 0, end - at, b"")

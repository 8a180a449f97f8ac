"""The walk over the packets of a capture, in which most of its time is spent.

Nearly all packets belong to a connection of which all is known that a capture can tell, and have
ordinary headers: those are only counted, with the offsets of their headers written out here. Every
other packet is taken apart in `pcap_packets` (rare link layers: in `pcap_odd`) and given to
`pcap_flows`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf
from struct import Struct

from analyzer.readers import is_time
from analyzer.readers.pcap_apps import app_of
from analyzer.readers.pcap_files import Frame, Record
from analyzer.readers.pcap_flows import Flows
from analyzer.readers.pcap_odd import ip_inside
from analyzer.readers.pcap_packets import KNOWN_LINKS, ORDINARY_LINKS, SYN, TCP, UDP, packet_of

# From the first byte of the IP header: version and length, (total) length, fragment, protocol,
# addresses and ports in one, TCP's offset and flags. The last two of UDP are payload, unused.
_IPV4 = Struct(">BxH2xHxB2x12s8xBB").unpack_from
_IPV6 = Struct(">B3xHBx36s8xBB").unpack_from


@dataclass(slots=True)
class Walked:
    """What became of the packets: how many there were, how many were understood."""

    packets: int = 0
    broken: int = 0  # have cut or impossible headers
    unknown_links: Counter[int] = field(default_factory=Counter)
    started: float | None = None  # the earliest time, in seconds since 1970

    @property
    def read(self) -> int:
        """How many packets were understood."""
        return self.packets - self.broken - self.unknown_links.total()


def walk(records: Iterable[Record], flows: Flows) -> Walked:
    """Give every packet of a capture to `flows`, and say what became of them."""
    walked = Walked()
    tcp, udp = flows.tcp, flows.udp
    packets, earliest = 0, inf
    link = skip = kind_at = -1
    for piece, its_link, moment, start, kept, wire in records:
        packets += 1
        if 0 < moment < earliest:
            earliest = moment
        if its_link != link:
            link = its_link
            skip, kind_at = ORDINARY_LINKS.get(link, (-1, -1))
        ip = start + skip
        first = piece[ip]
        if skip < 0:
            pass
        elif first == 0x45:
            if kind_at < 0 or (piece[start + kind_at] == 8 and not piece[start + kind_at + 1]):
                _, total, fragment, protocol, key, offset, flags = _IPV4(piece, ip)
                if fragment & 0x3FFF:
                    pass
                elif protocol == TCP and kept >= skip + 40:
                    side = tcp.get(key)
                    length = total - 20 - ((offset & 0xF0) >> 2)
                    if side and length >= 0 and not ((side.watched and length) or flags & SYN):
                        side.count += length
                        continue
                elif protocol == UDP and kept >= skip + 28:
                    side = udp.get(key)
                    if side and total > 28 and not side.watched and piece[ip + 28] < 0xC0:
                        side.count += total - 28
                        continue
        elif first >> 4 == 6 and (
            kind_at < 0 or (piece[start + kind_at] == 0x86 and piece[start + kind_at + 1] == 0xDD)
        ):
            _, total, protocol, key, offset, flags = _IPV6(piece, ip)
            if protocol == TCP and kept >= skip + 60:
                side = tcp.get(key)
                length = total - ((offset & 0xF0) >> 2)
                if side and length >= 0 and not ((side.watched and length) or flags & SYN):
                    side.count += length
                    continue
            elif protocol == UDP and kept >= skip + 48:
                side = udp.get(key)
                if side and total > 8 and not side.watched and piece[ip + 48] < 0xC0:
                    side.count += total - 8
                    continue
        data = piece[start : start + kept]
        _take_apart(Frame(link, moment, data, max(wire, kept)), flows, walked)
    walked.packets = packets
    walked.started = earliest if is_time(earliest) else None
    return walked


def _take_apart(frame: Frame, flows: Flows, walked: Walked) -> None:
    known = frame if frame.link in KNOWN_LINKS else ip_inside(frame)
    if known is None:
        walked.unknown_links[frame.link] += 1
        return
    try:
        packet = packet_of(known)
    except ValueError:
        walked.broken += 1
        return
    if packet is not None:  # ARP and its like name no host
        flows.add(frame.moment, packet, app_of(frame.data))

"""What the two sides of TCP connections said, in order, out of the packets of a capture."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from analyzer.readers.pcap_files import Frame, Record
from analyzer.readers.pcap_odd import ip_inside
from analyzer.readers.pcap_packets import ACK, KNOWN_LINKS, SYN, TCP, Packet, packet_of

FIN, RST = 0x01, 0x04
_MAX_CONNECTIONS = 8192
_MAX_EARLY = 4 << 20  # bytes of one side that came before those they follow
_MAX_EARLY_ALL = 64 << 20
_MAX_EARLY_PIECES = 4096
_ports = Struct(">HH").pack


class Piece(NamedTuple):
    """Something one side said. `ended`: it says no more; `lost`: a part is missing for good."""

    connection: Connection
    moment: float
    from_client: bool
    data: bytes
    ended: bool = False
    lost: bool = False


@dataclass(slots=True, eq=False)
class Connection:
    """A TCP connection whose beginning is in the capture."""

    key: bytes  # the client's address, the server's, both ports: as `Flows` knows it
    server: bytes  # its address
    began: float
    sides: dict[bool, _Side] = field(default_factory=dict)
    done: bool = False  # nobody wants to hear more of it, or a part is lost

    @property
    def has_gap(self) -> bool:
        """Whether something came whose place is not known, because what is before it did not."""
        return any(side.early for side in self.sides.values())


@dataclass(slots=True)
class _Side:
    next: int  # sequence number of the next byte
    early: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    ends: int | None = None  # sequence number behind its last byte


class Streams:
    """Follows the connections of a capture."""

    def __init__(self) -> None:
        self._connections: OrderedDict[bytes, Connection] = OrderedDict()  # by client's key
        self._early = 0

    def pieces(self, records: Iterable[Record]) -> Iterator[Piece]:
        """Yield what is said, in the order in which it is certain."""
        for piece, link, moment, start, kept, wire in records:
            frame = Frame(link, moment, piece[start : start + kept], max(wire, kept))
            known = frame if link in KNOWN_LINKS else ip_inside(frame)
            if known is None:
                continue
            try:
                packet = packet_of(known)
            except ValueError:
                continue
            if packet is not None and packet.protocol == TCP and packet.source_port:
                yield from self._segment(moment, packet)

    def _segment(self, moment: float, packet: Packet) -> Iterator[Piece]:
        there = packet.source + packet.target + _ports(packet.source_port, packet.target_port)
        back = packet.target + packet.source + _ports(packet.target_port, packet.source_port)
        if packet.flags & (SYN | ACK) == SYN:
            yield from self._begin(moment, there, packet)
            return
        from_client = there in self._connections
        connection = self._connections.get(there) or self._connections.get(back)
        if connection is None or connection.done:
            return
        if packet.flags & SYN and not from_client:
            connection.sides.setdefault(False, _Side((packet.sequence + 1) & 0xFFFFFFFF))
        side = connection.sides.get(from_client)
        if side is None:
            if packet.length:
                yield self._lose(connection, moment, from_client)
            return
        if len(packet.payload) < packet.length:
            yield self._lose(connection, moment, from_client)
            return
        if packet.flags & FIN:
            side.ends = (packet.sequence + packet.length) & 0xFFFFFFFF
        data = self._in_order(side, packet)
        many = len(side.early) > _MAX_EARLY_PIECES
        if many or side.size > _MAX_EARLY or self._early > _MAX_EARLY_ALL:
            yield self._lose(connection, moment, from_client)
            return
        if data:
            yield Piece(connection, moment, from_client, data)
        if side.ends == side.next or packet.flags & RST:
            yield Piece(connection, moment, from_client, b"", ended=True)

    def _begin(self, moment: float, key: bytes, packet: Packet) -> Iterator[Piece]:
        begins = (packet.sequence + 1) & 0xFFFFFFFF
        before = self._connections.get(key)
        if before is not None:
            if before.sides[True].next == begins and False not in before.sides:
                return  # the same SYN again
            yield from self._forget(key, moment)
        elif len(self._connections) >= _MAX_CONNECTIONS:
            yield from self._forget(next(iter(self._connections)), moment)
        self._connections[key] = Connection(key, packet.target, moment, {True: _Side(begins)})

    def _forget(self, key: bytes, moment: float) -> Iterator[Piece]:
        connection = self._connections.pop(key)
        self._early -= sum(side.size for side in connection.sides.values())
        if not connection.done:
            for from_client in (True, False):
                yield Piece(connection, moment, from_client, b"", ended=True)

    def _lose(self, connection: Connection, moment: float, from_client: bool) -> Piece:
        connection.done = True
        for side in connection.sides.values():
            self._early -= side.size
            side.size, side.early = 0, {}
        return Piece(connection, moment, from_client, b"", lost=True)

    def _in_order(self, side: _Side, packet: Packet) -> bytes:
        """Return what can be said now: this packet's new bytes, and those that waited for them."""
        data = packet.payload
        ahead = (packet.sequence - side.next) & 0xFFFFFFFF
        if ahead >= 1 << 31:  # said before, at least in part
            data, ahead = data[(1 << 32) - ahead :], 0
        if not data:
            return b""
        if ahead:
            before = side.early.get(packet.sequence, b"")
            if len(data) > len(before):
                side.early[packet.sequence] = data
                side.size += len(data) - len(before)
                self._early += len(data) - len(before)
            return b""
        side.next = (side.next + len(data)) & 0xFFFFFFFF
        out = [data]
        while side.early:
            ready = [at for at in side.early if (side.next - at) & 0xFFFFFFFF < 1 << 31]
            if not ready:
                break
            for at in sorted(ready, key=lambda at: (side.next - at) & 0xFFFFFFFF, reverse=True):
                waiting = side.early.pop(at)
                side.size -= len(waiting)
                self._early -= len(waiting)
                fresh = waiting[(side.next - at) & 0xFFFFFFFF :]
                side.next = (side.next + len(fresh)) & 0xFFFFFFFF
                out.append(fresh)
        return b"".join(out)

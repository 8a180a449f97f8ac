"""Connections in a packet capture: who talked to which host, and how many bytes went each way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import chain
from operator import itemgetter
from struct import Struct

from analyzer.models import Event
from analyzer.readers.pcap_dns import Dns, DnsStream, dns_message
from analyzer.readers.pcap_gquic import gquic_hello
from analyzer.readers.pcap_hello import Hello, Stream
from analyzer.readers.pcap_packets import ACK, SYN, TCP, UDP, Packet
from analyzer.readers.pcap_quic import QuicHello, is_quic

MAX_FLOWS = 16_384  # connections that are followed at once
MAX_HOSTS = 262_144  # names and addresses that are told apart
MAX_HELD = 32 << 20  # bytes of unfinished greetings, of all connections together
_MAX_DATAGRAMS = 8  # that may go by before one that greets
_DNS = 53
_REASONS = {"tls": "tls sni", "quic": "quic sni", "http": "http host"}
_ECH = ", ECH offered (may be GREASE)"
_SERVER_PORTS = frozenset({53, 80, 123, 443, 853, 993, 3478, 5222, 5223, 5228, 8080, 8443, 8883})
_ports = Struct(">HH").pack


class Side:
    """One side of a connection: what it sent, and whether its next words matter."""

    __slots__ = ("address", "count", "flow", "key", "stream", "watched")

    def __init__(self, flow: Flow, address: bytes, key: bytes) -> None:
        self.flow = flow
        self.address = address
        self.key = key
        self.count = 0  # bytes of payload that it sent
        self.watched = False  # whoever counts its packets must look into them
        self.stream: Stream | DnsStream | None = None


class Flow:
    """One connection. Whoever greets is the client; until it does, that is a guess."""

    __slots__ = (
        "app", "asked", "client", "ech", "first", "marked", "name", "quic", "reason", "server",
        "tries",
    )  # fmt: skip

    def __init__(self, moment: float) -> None:
        self.first = moment
        self.client: Side
        self.server: Side
        self.name = self.reason = self.app = ""
        self.asked = ""  # the name that DNS had given for the server when this began
        self.ech = False
        self.quic: QuicHello | None = None
        self.tries = 0  # datagrams that were looked at in vain
        self.marked = -1  # what had been counted when somebody last looked for idle connections

    def sides(self) -> tuple[Side, Side]:
        """Return the client's and the server's."""
        return self.client, self.server


@dataclass(slots=True)
class _Total:
    first: float
    up: int = 0
    down: int = 0


class Flows:
    """Follows connections packet by packet; `events` sums them up by host.

    A host is called by the name in its hello (`tls sni`, `quic sni`, `http host`), else by the name
    that DNS gave for its address (`dns`), else by its address (`ip`). What else is known stands
    behind that: ECH, the app. Bytes are the payloads of the transport on the wire, retransmissions
    included; those of DNS messages are counted with the name that they ask for.

    `tcp` and `udp` lead from the addresses and ports of a packet, as they stand in it, to the side
    that sent it: what a side sends while it is not `watched` has only to be counted.

    With `phones` (addresses, 4 or 16 bytes), only their connections and questions are told, and
    none of those with an address of the `recorder`. Connections that were `read` by other means
    (the client's key in `tcp`) are not told either.
    """

    def __init__(
        self,
        phones: Collection[bytes] = (),
        recorder: Collection[bytes] = (),
        read: Collection[bytes] = (),
    ) -> None:
        self._phones = frozenset(phones)
        self._read = read
        self._recorder = frozenset(recorder)
        self.clients: Counter[bytes] = Counter()  # address -> bytes of its connections, at the end
        self.tcp: dict[bytes, Side] = {}
        self.udp: dict[bytes, Side] = {}
        self._other: dict[bytes, Side] = {}
        self._begun = 0  # connections since somebody last looked for idle ones
        self._held = 0  # bytes of unfinished greetings
        self._names: dict[bytes, str] = {}  # address -> the name last asked for
        self._totals: dict[tuple[str, str], _Total] = {}
        self._questions: dict[str, _Total] = {}
        self.overflow = 0  # packets and connections of hosts beyond MAX_HOSTS
        self.unfinished = 0  # greetings that were given up to make room

    def add(self, moment: float, packet: Packet, app: str = "") -> None:
        """Count one packet, and look for a name in it where none is known yet.

        `app` is the name of the app whose packet it is, where the capture tells.
        """
        if packet.protocol == UDP and _DNS in {packet.source_port, packet.target_port}:
            message = dns_message(packet.payload)
            if message is not None:
                asker = packet.target if message.is_answer else packet.source
                if self._dns(moment, message, packet.length, asker):
                    return
        side = self._side(moment, packet)
        side.count += packet.length
        flow = side.flow
        flow.app = flow.app or app
        if packet.protocol == TCP:
            self._segment(moment, side, packet)
        elif packet.protocol == UDP:
            self._datagram(moment, side, packet)

    def events(self, started: float) -> Iterator[Event]:
        """Yield what was asked of DNS and whom the phone talked to, by first appearance."""
        for flow in self._flows():
            self._settle(flow)
        found = [
            Event(total.first - started, "dns", name, "question", total.up, total.down)
            for name, total in self._questions.items()
        ]
        found += [
            Event(total.first - started, "host_seen", host, reason, total.up, total.down)
            for (host, reason), total in self._totals.items()
        ]
        yield from sorted(found, key=lambda event: (event.t_s, event.kind, event.host))

    def _dns(self, moment: float, message: Dns, length: int, asker: bytes) -> bool:
        """Count a DNS message; False if there are too many names already."""
        if not self._phones or asker in self._phones:
            total = self._questions.get(message.name)
            if total is None:
                if len(self._questions) >= MAX_HOSTS:
                    self.overflow += 1
                    return False
                total = self._questions[message.name] = _Total(moment)
            if message.is_answer:
                total.down += length
            else:
                total.up += length
        for address in message.addresses:
            if address in self._names or len(self._names) < MAX_HOSTS:
                self._names[address] = message.name
            else:
                self.overflow += 1
        return True

    def _side(self, moment: float, packet: Packet) -> Side:
        """Return the side that sent a packet, of a new connection if it begins one."""
        ports = _ports(packet.source_port, packet.target_port)
        key = packet.source + packet.target + ports
        table = self.tcp if packet.protocol == TCP else self.udp
        if packet.protocol not in {TCP, UDP}:
            table, key = self._other, bytes([packet.protocol]) + key
        side = table.get(key)
        if side is not None:
            flow = side.flow
            used = flow.name or flow.client.count or flow.server.count
            if not (used and _is_syn(packet)):
                return side
            self._settle(flow)  # the same ports again: a new connection
        elif self._begun >= MAX_FLOWS // 2:
            self._make_room()
        self._begun += 1
        flow = Flow(moment)
        back = packet.target + packet.source + _ports(packet.target_port, packet.source_port)
        if table is self._other:
            back = bytes([packet.protocol]) + back
        side, peer = Side(flow, packet.source, key), Side(flow, packet.target, back)
        table[back] = peer
        table[key] = side
        if _from_server(packet):
            flow.client, flow.server = peer, side
        else:
            flow.client, flow.server = side, peer
        flow.asked = self._names.get(flow.server.address, "")
        _watch(flow, packet)
        return side

    def _segment(self, moment: float, side: Side, packet: Packet) -> None:
        stream = side.stream
        if stream is None:
            return
        if packet.flags & SYN:
            stream.begin(packet.sequence)
        if not packet.payload:
            return
        sequence = (packet.sequence + bool(packet.flags & SYN)) & 0xFFFFFFFF
        before = stream.size
        if isinstance(stream, DnsStream):
            for message, length in stream.feed(sequence, packet.payload):
                if self._dns(moment, message, length, side.flow.client.address):
                    side.count -= length
            hello = None
        else:
            hello = stream.feed(sequence, packet.payload)
        self._held += stream.size - before
        if hello is not None and hello.protocol:
            self._greeted(side, hello)
        elif hello is not None:  # this side says something else
            self._held -= stream.size
            side.watched, side.stream = False, None
        elif self._held > MAX_HELD:
            self._give_up()

    def _datagram(self, moment: float, side: Side, packet: Packet) -> None:
        flow = side.flow
        if flow.quic is None or (flow.reason and side is flow.server):
            return
        hello = None
        if is_quic(packet.payload):
            before = flow.quic.size
            hello = flow.quic.feed(packet.payload)
            self._held += flow.quic.size - before
        elif not flow.reason:
            hello = gquic_hello(packet.payload)
            flow.tries += 1
            if flow.tries > _MAX_DATAGRAMS:
                flow.client.watched = flow.server.watched = False
        if hello is not None and flow.reason and hello.protocol and hello.name != flow.name:
            side.count -= packet.length  # another connection over the same ports
            self._settle(flow)
            side = self._side(moment, packet)
            side.count += packet.length
            self._greeted(side, hello)
        elif hello is not None and hello.protocol:
            self._greeted(side, hello)
        elif hello is not None:
            self._release(flow)
        elif self._held > MAX_HELD:
            self._give_up()

    def _greeted(self, side: Side, hello: Hello) -> None:
        """Note whom a connection is for; who greets is its client."""
        flow = side.flow
        quic = flow.quic is not None
        self._release(flow)
        if quic:  # these ports may greet again: a new connection, or one that repeats itself
            flow.quic = QuicHello()
        if side is flow.server:  # the capture began after the connection did
            flow.client, flow.server = flow.server, flow.client
            flow.asked = self._names.get(flow.server.address, "")
        flow.name, flow.reason, flow.ech = hello.name, _REASONS[hello.protocol], hello.ech

    def _release(self, flow: Flow) -> None:
        """Look no further for a greeting."""
        if flow.quic is not None:
            self._held -= flow.quic.size
            flow.quic = None
        for side in flow.sides():
            if side.stream is not None:
                self._held -= side.stream.size
            side.watched, side.stream = False, None

    def _give_up(self) -> None:
        """Forget all unfinished greetings: somebody sends beginnings only."""
        for flow in self._flows():
            streams = [side.stream for side in flow.sides() if side.stream is not None]
            if any(each.size for each in streams) or (flow.quic is not None and flow.quic.size):
                self.unfinished += 1
                self._release(flow)

    def _flows(self) -> list[Flow]:
        """Return all connections, the oldest first."""
        sides = chain(self.tcp.values(), self.udp.values(), self._other.values())
        flows = {id(side.flow): side.flow for side in sides}
        return sorted(flows.values(), key=lambda flow: flow.first)

    def _make_room(self) -> None:
        """Sum up connections that were idle since the last time, and the least busy others."""
        self._begun = 0
        busy: list[tuple[int, Flow]] = []
        for flow in self._flows():
            count = flow.client.count + flow.server.count
            if count == flow.marked:
                self._settle(flow)
            else:
                busy.append((count - max(flow.marked, 0), flow))
                flow.marked = count
        busy.sort(key=itemgetter(0))
        for _, flow in busy[: max(0, len(busy) - MAX_FLOWS // 2)]:
            self._settle(flow)

    def _settle(self, flow: Flow) -> None:
        """Add a connection to its host, and forget it."""
        only_dns = any(isinstance(side.stream, DnsStream) for side in flow.sides())
        self._release(flow)
        for side in flow.sides():
            for table in (self.tcp, self.udp, self._other):
                if table.get(side.key) is side:
                    del table[side.key]
        if flow.client.key in self._read or (self._phones and not self._told(flow)):
            return
        host = flow.name or flow.asked or self._names.get(flow.server.address, "")
        reason = flow.reason if flow.name else "dns"
        if not host:
            host, reason = str(ip_address(flow.server.address)), "ip"
        reason += (_ECH if flow.ech else "") + (f", app {flow.app}" if flow.app else "")
        up, down = flow.client.count, flow.server.count
        if len(self.clients) < MAX_HOSTS or flow.client.address in self.clients:
            self.clients[flow.client.address] += up + down
        if only_dns and not (up or down):
            return  # all of it was counted with the names
        total = self._totals.get((host, reason))
        if total is None:
            if len(self._totals) >= MAX_HOSTS:
                self.overflow += 1
                return
            total = self._totals[host, reason] = _Total(flow.first)
        total.first = min(total.first, flow.first)
        total.up += up
        total.down += down

    def _told(self, flow: Flow) -> bool:
        """Whether a connection is one of the phone's; who is its client is certain then."""
        if flow.client.address not in self._phones and flow.server.address in self._phones:
            flow.client, flow.server = flow.server, flow.client
        return flow.client.address in self._phones and flow.server.address not in self._recorder


def _is_syn(packet: Packet) -> bool:
    return packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN


def _from_server(packet: Packet) -> bool:
    """Tell who sent the first packet of a connection: seen in a SYN, else guessed from ports."""
    if packet.protocol == TCP and packet.flags & SYN:
        return bool(packet.flags & ACK)
    return packet.source_port in _SERVER_PORTS and packet.target_port not in _SERVER_PORTS


def _watch(flow: Flow, packet: Packet) -> None:
    """Watch whoever may greet. After a SYN that is the client, else either."""
    if packet.protocol == TCP and _DNS in {packet.source_port, packet.target_port}:
        for side in flow.sides():
            side.watched, side.stream = True, DnsStream()
    elif packet.protocol == TCP:
        for side in (flow.client,) if packet.flags & SYN else flow.sides():
            side.watched, side.stream = True, Stream()
    elif packet.protocol == UDP:
        flow.quic = QuicHello()
        for side in flow.sides():
            side.watched = True

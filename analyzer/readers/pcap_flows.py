"""Connections in a packet capture: who talked to which host, and how many bytes went each way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from analyzer.models import Event
from analyzer.readers.pcap_dns import dns_message
from analyzer.readers.pcap_hello import Hello, Stream
from analyzer.readers.pcap_packets import ACK, SYN, TCP, UDP, Packet
from analyzer.readers.pcap_quic import QuicHello, is_quic

MAX_FLOWS = 65_536  # connections that are followed at once
MAX_HOSTS = 262_144  # names and addresses that are told apart
_DNS = 53
_REASONS = {"tls": "tls sni", "quic": "quic sni", "http": "http host"}
_SERVER_PORTS = frozenset({53, 80, 123, 443, 853, 993, 3478, 5222, 5223, 5228, 8080, 8443, 8883})

Key = tuple[int, bytes, int, bytes, int]


@dataclass(slots=True)
class _Flow:
    client: bytes
    client_port: int
    server: bytes
    first: float
    up: int = 0
    down: int = 0
    reason: str = ""
    name: str = ""
    # Whoever greets is the client; until it does, both sides may be about to.
    quic: QuicHello | None = None
    forth: Stream | None = None
    back: Stream | None = None

    def turn(self, client: bytes, client_port: int) -> None:
        """Make the other side the client: the capture began after the connection did."""
        if (client, client_port) != (self.client, self.client_port):
            self.client, self.client_port, self.server = client, client_port, self.client
            self.up, self.down = self.down, self.up

    def greeted(self) -> None:
        """Look no further for a greeting."""
        self.quic = self.forth = self.back = None


@dataclass(slots=True)
class _Total:
    first: float
    up: int = 0
    down: int = 0


class Flows:
    """Follows connections packet by packet; `events` sums them up by host.

    A host is called by the name in its hello (`tls sni`, `quic sni`, `http host`), else by the name
    that DNS gave for its address (`dns`), else by its address (`ip`). Bytes are the payloads of the
    transport on the wire, retransmissions included.
    """

    def __init__(self) -> None:
        self._flows: dict[Key, _Flow] = {}
        self._names: dict[bytes, str] = {}  # address -> the name last asked for
        self._totals: dict[tuple[str, str], _Total] = {}
        self._questions: dict[str, _Total] = {}
        self.overflow = 0  # packets of hosts beyond MAX_HOSTS

    def add(self, moment: float, packet: Packet) -> None:
        """Count one packet, and look for a name in it where none is known yet."""
        dns = packet.protocol == UDP and _DNS in {packet.source_port, packet.target_port}
        if dns and self._dns(moment, packet):
            return
        flow = self._flow(moment, packet)
        forth = packet.source == flow.client and packet.source_port == flow.client_port
        if forth:
            flow.up += packet.length
        else:
            flow.down += packet.length
        if flow.quic or flow.forth or flow.back:
            hello = _hello(flow, packet, forth=forth)
            if hello is not None:
                flow.greeted()
                flow.turn(packet.source, packet.source_port)
                if hello.name:
                    flow.name, flow.reason = hello.name, _REASONS[hello.protocol]

    def events(self, started: float) -> Iterator[Event]:
        """Yield what was asked of DNS and whom the phone talked to, by first appearance."""
        for flow in self._flows.values():
            self._settle(flow)
        self._flows.clear()
        found = [
            Event(total.first - started, "dns", name, "question", total.up, total.down)
            for name, total in self._questions.items()
        ]
        found += [
            Event(total.first - started, "host_seen", host, reason, total.up, total.down)
            for (host, reason), total in self._totals.items()
        ]
        yield from sorted(found, key=lambda event: (event.t_s, event.kind, event.host))

    def _dns(self, moment: float, packet: Packet) -> bool:
        message = dns_message(packet.payload)
        if message is None:
            return False
        total = self._questions.get(message.name)
        if total is None:
            if len(self._questions) >= MAX_HOSTS:
                self.overflow += 1
                return True
            total = self._questions[message.name] = _Total(moment)
        if message.is_answer:
            total.down += packet.length
        else:
            total.up += packet.length
        if len(self._names) < MAX_HOSTS:
            for address in message.addresses:
                self._names[address] = message.name
        return True

    def _flow(self, moment: float, packet: Packet) -> _Flow:
        key = (
            packet.protocol,
            packet.source,
            packet.source_port,
            packet.target,
            packet.target_port,
        )
        flow = self._flows.get(key)
        if flow is None:
            back = (key[0], key[3], key[4], key[1], key[2])
            flow = self._flows.get(back)
        fresh = packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN
        if flow is not None and not (fresh and flow.reason):
            return flow
        if flow is not None:  # the same ports again: a new connection
            self._settle(flow)
            self._flows.pop(key, None) or self._flows.pop(back, None)
        if len(self._flows) >= MAX_FLOWS:
            oldest = next(iter(self._flows))
            self._settle(self._flows.pop(oldest))
        flow = _begun(moment, packet)
        self._flows[key] = flow
        return flow

    def _settle(self, flow: _Flow) -> None:
        host, reason = flow.name, flow.reason
        if not host and flow.server in self._names:
            host, reason = self._names[flow.server], "dns"
        elif not host:
            host, reason = str(ip_address(flow.server)), "ip"
        total = self._totals.get((host, reason))
        if total is None:
            if len(self._totals) >= MAX_HOSTS:
                self.overflow += 1
                return
            total = self._totals[host, reason] = _Total(flow.first)
        total.first = min(total.first, flow.first)
        total.up += flow.up
        total.down += flow.down


def _begun(moment: float, packet: Packet) -> _Flow:
    """Begin a connection; who is the client is seen in the SYN, else guessed from the ports."""
    answered = packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN | ACK
    syn = packet.protocol == TCP and packet.flags & (SYN | ACK) == SYN
    from_server = answered or (
        not syn and packet.source_port in _SERVER_PORTS and packet.target_port not in _SERVER_PORTS
    )
    client, port, server = packet.source, packet.source_port, packet.target
    if from_server:
        client, port, server = packet.target, packet.target_port, packet.source
    if packet.protocol == TCP:
        return _Flow(client, port, server, moment, forth=Stream(), back=Stream())
    quic = QuicHello() if packet.protocol == UDP else None
    return _Flow(client, port, server, moment, quic=quic)


def _hello(flow: _Flow, packet: Packet, *, forth: bool) -> Hello | None:
    """Return the greeting of a connection as soon as one side has said it all."""
    if flow.quic:
        hello = flow.quic.feed(packet.payload) if is_quic(packet.payload) else None
        if hello and not hello.protocol:
            flow.quic = None
        return hello if hello and hello.protocol else None
    stream = flow.forth if forth else flow.back
    if stream is None:
        return None
    if packet.flags & SYN:
        stream.begin(packet.sequence)
    hello = stream.feed(packet.sequence, packet.payload) if packet.payload else None
    if hello is None or hello.protocol:
        return hello
    if forth:  # this side says something else
        flow.forth = None
    else:
        flow.back = None
    return None

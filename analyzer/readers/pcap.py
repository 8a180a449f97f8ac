"""Packet captures, pcap and pcapng: the names of hosts and how many bytes went each way.

Without a log of TLS secrets, nothing is decrypted but the greeting of QUIC, whose keys are public:
a session of packets then has no exchanges and says whom the phone talked to, never what it said.
With one, HTTP over TLS is read as well (HTTP/3 and WebSocket messages are not). Fragments of IP are
not put together, and tunnels inside packets are not followed: their bytes are counted by address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_address
from itertools import chain
from pathlib import Path
from typing import ClassVar

from analyzer.errors import UserError
from analyzer.models import Problem
from analyzer.readers import READERS, Asked, Reading, Record, is_time
from analyzer.readers.pcap_files import MAGICS, PacketFile
from analyzer.readers.pcap_files import Record as PacketRecord
from analyzer.readers.pcap_flows import Flows
from analyzer.readers.pcap_keys import KeyLog, read_keys
from analyzer.readers.pcap_opened import OpenedCapture
from analyzer.readers.pcap_walk import Walked, walk

_NAMED = 4  # devices that a problem names; of more it says how many


@READERS.register("pcap")
class PcapReader:
    """Reads a capture as a whole before it gives the first event: totals need the last packet."""

    heeds: ClassVar[frozenset[str]] = frozenset({"during", "phones", "keys"})

    def __init__(self) -> None:
        self.asked = Asked()

    def sniff(self, head: bytes) -> bool:
        """One of the five magic numbers."""
        return head[:4] in MAGICS

    def read(self, path: Path) -> Reading:
        """Read every packet; `UserError` if there is none, or none of the phone's."""
        if self.asked.during is None:  # of a witness only names are wanted
            keys = read_keys(path, self.asked.keys)
            if keys.secrets:
                return _opened(path, self.asked, keys)
        return read_packets(path, self.asked)


def _opened(path: Path, asked: Asked, keys: KeyLog) -> Reading:
    """Read a capture whose secrets are known: twice, as connections that were read have no names
    left to tell.
    """
    reading = Reading("packets", tools=(("libpcap", "packet capture"),))
    with path.open("rb", buffering=0) as file:
        times = (moment for _, _, moment, *_ in PacketFile(file) if is_time(moment))
        reading.started = min(times, default=None)
    phones = _addresses(asked.phones)
    capture = OpenedCapture(path, keys, phones, reading.started or 0.0)

    def records() -> Iterator[Record]:
        yield from capture.exchanges()
        flows = Flows(phones, read=capture.read)
        with path.open("rb", buffering=0) as file:
            packets = PacketFile(file)
            walked = walk(packets, flows)
        reading.read = walked.read
        reading.total = walked.packets if packets.whole else None
        yield from flows.events(reading.started or 0.0)
        yield from capture.problems()
        yield from _problems(flows, walked, asked, 0)

    reading.records = records()
    return reading


def read_packets(path: Path, asked: Asked, recorder: Collection[bytes] = ()) -> Reading:
    """Read the packets of `path` as `PcapReader` does.

    Connections with an address of the `recorder` (4 or 16 bytes) are left out.
    """
    reading = Reading("packets", tools=(("libpcap", "packet capture"),))
    flows = Flows(_addresses(asked.phones), recorder)
    with path.open("rb", buffering=0) as file:
        packets = PacketFile(file)
        window = _Window(packets, asked.during)
        walked = walk(window if asked.during else packets, flows)
    if not walked.packets and not window.outside:
        raise UserError(f"{path.name} is a packet capture without one whole packet", "")
    events = list(flows.events(walked.started or 0.0))
    if asked.phones and walked.packets and not events:
        raise UserError(
            f"{path.name} holds no packets of {', '.join(asked.phones)}", "name another address"
        )
    reading.started = walked.started
    reading.read = walked.read
    reading.total = walked.packets if packets.whole else None
    reading.records = chain(events, _problems(flows, walked, asked, window.outside))
    return reading


class _Window:
    """The packets of a time, and how many there were of others."""

    def __init__(self, packets: Iterable[PacketRecord], during: tuple[float, float] | None) -> None:
        self._packets = packets
        self._during = during or (0.0, 0.0)
        self.outside = 0

    def __iter__(self) -> Iterator[PacketRecord]:
        first, last = self._during
        for packet in self._packets:
            if first <= packet[2] <= last:
                yield packet
            else:
                self.outside += 1


def _addresses(phones: Iterable[str]) -> list[bytes]:
    try:
        return [ip_address(each).packed for each in phones]
    except ValueError:
        raise UserError("--phone takes an IP address", "such as 192.168.1.23") from None


def _problems(flows: Flows, walked: Walked, asked: Asked, outside: int) -> Iterator[Problem]:
    if walked.broken:
        told = f"{walked.broken} packets have cut or impossible headers"
        yield Problem("", "read", "bad_packet", told)
    for link, count in sorted(walked.unknown_links.items()):
        yield Problem("", "read", "unknown_link", f"{count} packets of link type {link} are unread")
    if flows.overflow:
        told = f"{flows.overflow} connections are not told apart"
        yield Problem("", "read", "too_many_hosts", told)
    if flows.unfinished:
        told = f"{flows.unfinished} connections began too long a greeting"
        yield Problem("", "read", "unfinished_greeting", told)
    if outside:
        yield Problem("", "read", "outside", f"{outside} packets are of another time")
    if not asked.phones and (devices := _devices(flows)):
        yield Problem("", "read", "several_devices", devices)


def _devices(flows: Flows) -> str:
    """Say which devices of a local network talked; empty if there was only one.

    One phone can have several addresses, of IPv4 and IPv6, so nothing is left out by guessing.
    """
    local = [
        (f"{address} ({size} bytes)", address.version)
        for packed, size in flows.clients.most_common()
        if (address := ip_address(packed)).is_private and not address.is_loopback and size
    ]
    if max((sum(version == each for _, version in local) for each in (4, 6)), default=0) < 2:
        return ""
    named = ", ".join(name for name, _ in local[:_NAMED])
    more = f" and {len(local) - _NAMED} more" if len(local) > _NAMED else ""
    return f"all of {named}{more} are counted: --phone ADDRESS keeps one"

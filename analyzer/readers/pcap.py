"""Packet captures, pcap and pcapng: the names of hosts and how many bytes went each way.

Nothing is decrypted but the greeting of QUIC, whose keys are public. A session of packets therefore
has no exchanges: it says whom the phone talked to, never what it said. Fragments of IP are not put
together, and tunnels inside packets are not followed: their bytes are counted by address.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from analyzer.errors import UserError
from analyzer.models import Problem
from analyzer.readers import READERS, Reading, Record
from analyzer.readers.pcap_files import MAGICS, PacketFile
from analyzer.readers.pcap_flows import Flows
from analyzer.readers.pcap_walk import Walked, walk


@READERS.register("pcap")
class PcapReader:
    """Reads a capture as a whole before it gives the first event: totals need the last packet."""

    def sniff(self, head: bytes) -> bool:
        """One of the five magic numbers."""
        return head[:4] in MAGICS

    def read(self, path: Path) -> Reading:
        """Read every packet; `UserError` if there is none."""
        reading = Reading("packets", tools=(("libpcap", "packet capture"),))
        flows = Flows()
        with path.open("rb", buffering=0) as file:
            packets = PacketFile(file)
            walked = walk(packets, flows)
        if not walked.packets:
            raise UserError(f"{path.name} is a packet capture without one whole packet", "")
        reading.started = walked.started
        reading.read = walked.read
        reading.total = walked.packets if packets.whole else None
        reading.records = _records(reading.started or 0.0, flows, walked)
        return reading


def _records(started: float, flows: Flows, walked: Walked) -> Iterator[Record]:
    yield from flows.events(started)
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

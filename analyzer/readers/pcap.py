"""Packet captures, pcap and pcapng: the names of hosts and how many bytes went each way.

Nothing is decrypted but the greeting of QUIC, whose keys are public. A session of packets therefore
has no exchanges: it says whom the phone talked to, never what it said.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from analyzer.errors import UserError
from analyzer.models import Problem
from analyzer.readers import READERS, Reading, Record, is_time
from analyzer.readers.pcap_files import MAGICS, frames
from analyzer.readers.pcap_flows import Flows
from analyzer.readers.pcap_odd import ip_inside
from analyzer.readers.pcap_packets import KNOWN_LINKS, packet_of


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
        packets = broken = 0
        other_links: Counter[int] = Counter()
        with path.open("rb") as file:
            for frame in frames(file):
                packets += 1
                if is_time(frame.moment):
                    started = reading.started
                    reading.started = min(frame.moment, started) if started else frame.moment
                walked = frame if frame.link in KNOWN_LINKS else ip_inside(frame)
                if walked is None:
                    other_links[frame.link] += 1
                    continue
                try:
                    packet = packet_of(walked)
                except ValueError:
                    broken += 1
                    continue
                reading.read += 1
                if packet is not None:  # ARP and its like name no host
                    flows.add(frame.moment, packet)
            whole = file.tell() == os.fstat(file.fileno()).st_size
        if not packets:
            raise UserError(f"{path.name} is a packet capture without one whole packet", "")
        reading.total = packets if whole else None
        reading.records = _records(reading, flows, broken, other_links)
        return reading


def _records(
    reading: Reading, flows: Flows, broken: int, other_links: Counter[int]
) -> Iterator[Record]:
    yield from flows.events(reading.started or 0.0)
    if broken:
        yield Problem("", "read", "bad_packet", f"{broken} packets have cut or impossible headers")
    for link, count in sorted(other_links.items()):
        yield Problem("", "read", "unknown_link", f"{count} packets of link type {link} are unread")
    if flows.overflow:
        yield Problem(
            "", "read", "too_many_hosts", f"{flows.overflow} connections are not told apart"
        )

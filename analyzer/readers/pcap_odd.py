"""Frames of rare link layers, such as Wi-Fi in monitor mode, taken apart by scapy.

scapy knows every link layer and needs some hundred times as long for a packet as our own walk: it
is imported for the first frame that our walk does not know, and only then.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Any

from analyzer.readers.pcap_files import Frame

_RAW_IP = 101
# What scapy raises on frames that break off or lie; inner layers it gives up by itself.
_BROKEN = (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError, struct.error)


def ip_inside(frame: Frame) -> Frame | None:
    """Return the IP packet of `frame` as a frame of its own; None if none can be found in it."""
    links, kinds = _scapy()
    layer = links.get(frame.link)
    if layer is None:
        return None
    try:
        packet = layer(frame.data)
        found = next((packet[kind].original for kind in kinds if packet.haslayer(kind)), b"")
    except _BROKEN:
        return None
    if not found:
        return None
    return Frame(_RAW_IP, frame.moment, found, frame.length - len(frame.data) + len(found))


@cache
def _scapy() -> tuple[dict[int, Any], tuple[Any, ...]]:
    """Import scapy's link layers; return them by libpcap's number, and its IP layers."""
    from scapy.config import conf  # noqa: PLC0415 - half a second, for captures that need it
    from scapy.layers import dot11, inet, inet6, l2, ppi, ppp  # noqa: F401, PLC0415

    return dict(conf.l2types.num2layer), (inet.IP, inet6.IPv6)

"""The app behind a packet, as PCAPdroid notes it behind each frame when asked to.

Such a frame is a made-up Ethernet header, the IP packet, up to 3 bytes of padding and a trailer:
magic number, Android's user id, 20 bytes of name, CRC-32 of all that (`pcapdroid_trailer_t` in
PCAPdroid's `pcap_dump.h`). Its pcapng files name apps in blocks of its own, which are skipped.
"""

from __future__ import annotations

_MAGIC = b"\x01\x07\x20\x21"
_TRAILER = 32  # bytes


def app_of(frame: bytes) -> str:
    """Return the name of the app in PCAPdroid's trailer; empty if there is none.

    It is at most 20 characters that can be printed; what was cut in the middle is left out.
    """
    at = len(frame) - _TRAILER
    if at < 0 or frame[at : at + 4] != _MAGIC:
        return ""
    name = frame[at + 8 : at + 28].partition(b"\0")[0].decode("utf-8", "ignore")
    return "".join(each for each in name if each.isprintable()).strip()

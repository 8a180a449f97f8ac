"""The name in the ClientHello of Google's own QUIC, which Chrome spoke until 2021.

Up to Q046 the hello (CHLO: a table of tags and values) is not encrypted: Q039 to Q043 have a header
of their own, Q046 that of an early draft of QUIC. Q050, T050 and T051 encrypt it as the standard
does, with salts of their own: `pcap_quic` opens them. Sources: Google's "QUIC Wire Layout
Specification" and "QUIC Crypto"; the header of Q046 and the salts are those of Wireshark and nDPI.
Not read are versions before Q039, whose numbers have another order of bytes, and those between the
named ones (Q044, Q045, Q047 to Q049), which were hardly used and which neither of the two reads. A
hello has to fit into one packet there; a packet is read whose first frame is the hello, behind
padding or pings.
"""

from __future__ import annotations

from analyzer.readers.pcap_hello import Hello, clean_name

_HASH = 12  # bytes of a checksum before the frames
_PADDING, _PING, _STREAM = 0x00, 0x07, 0x80
_MAX_TAGS = 256


def gquic_hello(datagram: bytes) -> Hello | None:
    """Return the hello in a datagram of Q039 to Q046; None if there is none in it."""
    frames = _frames(datagram)
    if not frames:
        return None
    at = 0
    while at < len(frames) and frames[at] in {_PADDING, _PING}:
        at += 1
    if at + 2 > len(frames) or not frames[at] & _STREAM:
        return None
    # 1fdooossB: whether there is a length, how long the offset is, how long the number.
    kind = frames[at]
    offset = (kind >> 2 & 7) and (kind >> 2 & 7) + 1
    body = at + 1 + (kind & 3) + 1 + offset
    if int.from_bytes(frames[at + 1 : at + 2 + (kind & 3)]) != 1:  # the stream of handshakes
        return None
    if kind & 0x20:
        length = int.from_bytes(frames[body : body + 2])
        return client_hello(frames[body + 2 : body + 2 + length])
    return client_hello(frames[body:])


def client_hello(message: bytes) -> Hello | None:
    """Read a CHLO; None while it is incomplete, a `Hello` without protocol if it is none."""
    if message[:4] != b"CHLO"[: len(message)]:
        return Hello("", "")
    if len(message) < 8:
        return None
    number = int.from_bytes(message[4:6], "little")
    if number > _MAX_TAGS:
        return Hello("", "")
    values = 8 + 8 * number
    begin = 0
    for at in range(8, min(values, len(message) - 7), 8):
        end = int.from_bytes(message[at + 4 : at + 8], "little")
        if message[at : at + 4] == b"SNI\0":
            if values + end > len(message):
                return None
            return Hello("quic", clean_name(message[values + begin : values + end]))
        begin = end
    return None if len(message) < values else Hello("quic", "")


def _frames(datagram: bytes) -> bytes:
    """Return what stands behind the header of a client's packet; empty if it has none of ours."""
    if len(datagram) < 40:
        return b""
    first = datagram[0]
    if first & 0xC0 == 0xC0 and datagram[1:5] == b"Q046":
        if datagram[5] != 0x50:  # an 8-byte id of the server, none of the client
            return b""
        return datagram[14 + (first & 3) + 1 + _HASH :]
    # 0x80 is unused, 0x08: there is an id, 0x04: a nonce (servers), 0x02: a reset, 0x01: a version
    if first & 0x8F == 0x09 and datagram[9:13] in {b"Q039", b"Q040", b"Q041", b"Q042", b"Q043"}:
        width = (1, 2, 4, 6)[first >> 4 & 3]
        return datagram[13 + width + _HASH :]
    return b""

"""The name in a TLS ClientHello, out of TCP segments in any order."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HELLO = 64 * 1024  # bytes of a stream that are kept while its hello is incomplete
MAX_PIECES = 64
_SERVER_NAME, _ECH = 0, 0xFE0D
_NAME = re.compile(r"[a-z0-9_.:-]{1,253}")
_HOST = re.compile(rb"\r\nhost:[ \t]*([^\r\n]{1,260})\r\n", re.IGNORECASE)
_PORT = re.compile(rb"(?<!:):\d{1,5}\Z")
_REQUEST = re.compile(
    rb"(?:GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT) [^\r\n]{1,16384} HTTP/1\.[01]\r\n"
)


@dataclass(frozen=True, slots=True)
class Hello:
    """How a connection introduced itself: by which protocol, and with which name ("": none)."""

    protocol: str  # "tls", "quic", "http"; "" for anything else
    name: str
    ech: bool = False  # Encrypted Client Hello was offered; a made-up offer looks the same


def client_hello(handshake: bytes, protocol: str) -> Hello | None:
    """Read a ClientHello from handshake bytes; None while it is incomplete.

    Something else, and a hello that contradicts itself, give a `Hello` without a name.
    """
    if not handshake:
        return None
    if handshake[0] != 1:
        return Hello("", "")
    if len(handshake) < 4:
        return None
    length = int.from_bytes(handshake[1:4])
    if length > MAX_HELLO:
        return Hello("", "")
    if len(handshake) < 4 + length:
        return None
    name, ech = _extensions(handshake[4 : 4 + length])
    return Hello(protocol, name, ech)


def _extensions(hello: bytes) -> tuple[str, bool]:
    """Return the server's name and whether ECH is offered. An ECH's real name stays unknown."""
    at = 2 + 32  # version, random
    for width in (1, 2, 1):  # session id, cipher suites, compression methods
        at += width + int.from_bytes(hello[at : at + width])
    end = at + 2 + int.from_bytes(hello[at : at + 2])
    at += 2
    name, ech = "", False
    while at + 4 <= min(end, len(hello)):
        kind, length = int.from_bytes(hello[at : at + 2]), int.from_bytes(hello[at + 2 : at + 4])
        value = hello[at + 4 : at + 4 + length]
        # A list of (type, length, name); the only type ever defined is 0, a host name.
        if kind == _SERVER_NAME and len(value) >= 5 and value[2] == 0 and not name:
            name = clean_name(value[5 : 5 + int.from_bytes(value[3:5])])
        ech = ech or kind == _ECH
        at += 4 + length
    return name, ech


def clean_name(raw: bytes) -> str:
    """Return a host name in lower case; empty if it is not made of what names are made of."""
    text = raw.decode("ascii", "replace").lower().rstrip(".")
    return text if _NAME.fullmatch(text) else ""


class Stream:
    """The beginning of what a TCP client sends, put in order, until it has said who it wants."""

    __slots__ = ("_base", "_parts", "size")

    def __init__(self) -> None:
        self._base: int | None = None
        self._parts: dict[int, bytes] = {}
        self.size = 0  # bytes that are kept

    def begin(self, sequence: int) -> None:
        """Note the sequence number of the SYN."""
        self._base = (sequence + 1) & 0xFFFFFFFF

    def feed(self, sequence: int, payload: bytes) -> Hello | None:
        """Take a segment; return the hello once it is complete, or can no longer become so."""
        if self._base is None:
            if payload[:2] != b"\x16\x03" and not _REQUEST.match(payload):
                return Hello("", "")  # the capture began in the middle of this connection
            self._base = sequence
        offset = (sequence - self._base) & 0xFFFFFFFF
        if offset > MAX_HELLO:
            return None  # a keep-alive from before, or far ahead
        if len(payload) > len(self._parts.get(offset, b"")):
            self._parts[offset] = payload
            self.size += len(payload)
        hello = _first_words(self._joined())
        full = self.size > MAX_HELLO or len(self._parts) > MAX_PIECES
        return Hello("", "") if hello is None and full else hello

    def _joined(self) -> bytes:
        whole = bytearray()
        for offset in sorted(self._parts):
            if offset > len(whole):
                break
            part = self._parts[offset]
            whole += part[len(whole) - offset :]
        return bytes(whole)


def _first_words(data: bytes) -> Hello | None:
    if not data:
        return None
    if data[0] == 0x16:
        handshake = _handshake(data)
        return Hello("", "") if handshake is None else client_hello(handshake, "tls")
    if _REQUEST.match(data):
        found = _HOST.search(data, 0, 16_384)
        if found:
            return Hello("http", clean_name(_PORT.sub(b"", found[1].strip())))
        return Hello("http", "") if b"\r\n\r\n" in data else None
    may_become_one = data[:4].isalpha() and b"\r\n" not in data and len(data) < 16_384
    return None if may_become_one else Hello("", "")


def _handshake(data: bytes) -> bytes | None:
    """Join the handshake bytes of TLS records; None if these are not TLS records."""
    joined = bytearray()
    at = 0
    while at + 5 <= len(data):
        if data[at] != 0x16 or data[at + 1] != 3:
            return bytes(joined) if joined else None
        length = int.from_bytes(data[at + 3 : at + 5])
        joined += data[at + 5 : at + 5 + length]
        at += 5 + length
    return bytes(joined)

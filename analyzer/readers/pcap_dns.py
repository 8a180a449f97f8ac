"""Questions and addresses in DNS messages, over UDP and TCP."""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

from analyzer.readers.pcap_hello import clean_name

_A, _AAAA = 1, 28
_MAX_RECORDS = 100
_MAX_KEPT = 128 * 1024  # bytes of a TCP stream; a message has 64 kB at most
_MAX_PIECES = 64


class Dns(NamedTuple):
    """The name that a message asks for, and the addresses that it gives (4 or 16 bytes)."""

    name: str
    is_answer: bool
    addresses: tuple[bytes, ...]


def dns_message(data: bytes) -> Dns | None:
    """Read a DNS message; None if it asks for no name or is not one."""
    if len(data) < 17:
        return None
    _, flags, questions, answers = unpack_from(">HHHH", data)
    if questions != 1 or flags & 0x7800:  # other kinds of operation ask for no name
        return None
    name, at = _name(data, 12)
    at += 4
    if not name or at > len(data):
        return None
    is_answer = bool(flags & 0x8000)
    return Dns(name, is_answer, _addresses(data, at, answers) if is_answer else ())


def _name(data: bytes, at: int) -> tuple[str, int]:
    """Return a name without compression, as in a question, and the position behind it."""
    labels: list[bytes] = []
    while at < len(data) and 0 < data[at] < 64 and len(labels) < 128:
        labels.append(data[at + 1 : at + 1 + data[at]])
        at += 1 + data[at]
    if at >= len(data) or data[at]:
        return "", len(data)
    return clean_name(b".".join(labels)), at + 1


def _addresses(data: bytes, at: int, answers: int) -> tuple[bytes, ...]:
    found: list[bytes] = []
    for _ in range(min(answers, _MAX_RECORDS)):
        at = _behind_name(data, at)
        if at + 10 > len(data):
            break
        kind, _, _, length = unpack_from(">HHIH", data, at)
        value = data[at + 10 : at + 10 + length]
        if (kind, len(value)) in {(_A, 4), (_AAAA, 16)}:
            found.append(value)
        at += 10 + length
    return tuple(found)


def _behind_name(data: bytes, at: int) -> int:
    while at < len(data):
        length = data[at]
        if length >= 0xC0:
            return at + 2
        at += 1 + length
        if not length:
            return at
    return len(data)


class DnsStream:
    """One side of DNS over TCP: messages with their length before them (RFC 1035, 4.2.2)."""

    __slots__ = ("_next", "_parts", "size")

    def __init__(self) -> None:
        self._next: int | None = None  # the sequence number that comes next
        self._parts: dict[int, bytes] = {}  # by sequence number
        self.size = 0  # bytes that are kept

    def begin(self, sequence: int) -> None:
        """Note the sequence number of the SYN."""
        self._next = (sequence + 1) & 0xFFFFFFFF

    def feed(self, sequence: int, payload: bytes) -> list[tuple[Dns, int]]:
        """Take a segment; return the messages that are now complete, and how long each is.

        What is lost, or no DNS, is skipped: the stream then goes on with the next segment.
        """
        if self._next is None:
            self._next = sequence
        if (sequence - self._next) & 0xFFFFFFFF > _MAX_KEPT:
            return []  # said before, or far ahead
        if len(payload) > len(self._parts.get(sequence, b"")):
            self._parts[sequence] = payload
        joined = bytearray()
        while (part := self._parts.get((self._next + len(joined)) & 0xFFFFFFFF)) is not None:
            joined += part
        found, used = _messages(bytes(joined))
        self._parts = {
            at: part
            for at, part in self._parts.items()
            if (at - self._next) & 0xFFFFFFFF >= len(joined)
        }
        self._next = (self._next + used) & 0xFFFFFFFF
        if used < len(joined):
            self._parts[self._next] = bytes(joined[used:])
        self.size = sum(map(len, self._parts.values()))
        if self.size > _MAX_KEPT or len(self._parts) > _MAX_PIECES:
            self._next, self._parts, self.size = None, {}, 0
        return found


def _messages(data: bytes) -> tuple[list[tuple[Dns, int]], int]:
    """Return the whole messages at the beginning of `data`, and how many bytes they take."""
    found: list[tuple[Dns, int]] = []
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2])
        if end > len(data):
            break
        message = dns_message(data[at + 2 : end])
        if message is not None:
            found.append((message, end - at))
        at = end
    return found, at

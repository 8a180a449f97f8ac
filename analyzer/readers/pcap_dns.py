"""Questions and addresses in DNS messages."""

from __future__ import annotations

from struct import unpack_from
from typing import NamedTuple

from analyzer.readers.pcap_hello import clean_name

_A, _AAAA = 1, 28
_MAX_RECORDS = 100


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

"""The name in a QUIC ClientHello: Initial packets are encrypted with keys that anyone can derive.

RFC 9000 and 9001 (version 1), RFC 9369 (version 2), the drafts that were deployed (23 to 34), and
those of Google's versions that encrypt as the standard does (Q050, T050, T051; see `pcap_gquic`).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from analyzer.readers.pcap_gquic import client_hello as google_hello
from analyzer.readers.pcap_hello import MAX_HELLO, MAX_PIECES, Hello, client_hello

_V1 = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_V2 = bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9")
_DRAFT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")
_DRAFT_23 = bytes.fromhex("c3eef712c72ebb5a11a7d2432bb46365bef9f502")
VERSION_2 = 0x6B3343CF
_Q050, _T050, _T051 = 0x51303530, 0x54303530, 0x54303531
_GOOGLE = {
    _Q050: bytes.fromhex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45"),
    _T050: bytes.fromhex("7ff579e5acd072915580304c43a2367c60488310"),
    _T051: bytes.fromhex("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d"),
}
_MAX_DATAGRAMS = 64


def _salt(version: int) -> bytes | None:
    if version == 1 or 0xFF000021 <= version <= 0xFF000022:
        return _V1
    if version == VERSION_2:
        return _V2
    if 0xFF00001D <= version <= 0xFF000020:
        return _DRAFT_29
    return _DRAFT_23 if 0xFF000017 <= version <= 0xFF00001C else _GOOGLE.get(version)


class Keys(NamedTuple):
    """What protects the Initial packets of a client."""

    key: bytes
    iv: bytes
    header: bytes


class _Initial(NamedTuple):
    version: int
    connection: bytes  # the destination's connection id
    number_at: int  # where the packet number stands, in `packet`
    packet: bytes


@lru_cache(maxsize=256)
def client_keys(version: int, connection: bytes) -> Keys | None:
    """Derive the keys of a client's Initial packets; None for an unknown version."""
    salt = _salt(version)
    if salt is None:
        return None
    secret = _expand(hmac.digest(salt, connection, sha256), b"client in", 32)
    prefix = b"quicv2 " if version == VERSION_2 else b"quic "
    return Keys(
        _expand(secret, prefix + b"key", 16),
        _expand(secret, prefix + b"iv", 12),
        _expand(secret, prefix + b"hp", 16),
    )


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label of TLS 1.3, for up to 32 bytes."""
    name = b"tls13 " + label
    info = length.to_bytes(2) + bytes([len(name)]) + name + b"\x00" + b"\x01"
    return hmac.digest(secret, info, sha256)[:length]


def is_quic(datagram: bytes) -> bool:
    """Whether a datagram begins with a long header of a version whose keys are known."""
    return (
        len(datagram) > 40
        and datagram[0] & 0xC0 == 0xC0
        and _salt(int.from_bytes(datagram[1:5])) is not None
    )


class QuicHello:
    """The ClientHello of one QUIC connection, collected over packets in any order."""

    __slots__ = ("_first", "_parts", "_seen", "_version", "size")

    def __init__(self) -> None:
        self._first: bytes | None = None
        self._parts: dict[int, bytes] = {}
        self._seen = 0
        self._version = 0
        self.size = 0  # bytes that are kept

    def feed(self, datagram: bytes) -> Hello | None:
        """Take a datagram of either side; return the hello once the client has said it all."""
        self._seen += 1
        for initial in _initials(datagram):
            if self._first is None:
                self._first = initial.connection
                self._version = initial.version
            # A client goes on with the keys of its first packet when it learns the server's id;
            # after a Retry it takes the new ones.
            for connection in dict.fromkeys((initial.connection, self._first)):
                content = _opened(initial, connection)
                if content is not None:
                    self._keep(content)
                    break
        hello = self._hello()
        full = self.size > MAX_HELLO or len(self._parts) > MAX_PIECES
        if hello is None and (full or self._seen > _MAX_DATAGRAMS):
            return Hello("", "")
        return hello

    def _hello(self) -> Hello | None:
        joined = self._joined()
        if self._version == _Q050:
            return google_hello(joined)
        return client_hello(joined, "quic")

    def _keep(self, frames: bytes) -> None:
        crypto = _google_crypto(frames) if self._version in _GOOGLE else _crypto(frames)
        for offset, piece in crypto:
            if offset <= MAX_HELLO and len(piece) > len(self._parts.get(offset, b"")):
                self._parts[offset] = piece
                self.size += len(piece)

    def _joined(self) -> bytes:
        whole = bytearray()
        for offset in sorted(self._parts):
            if offset > len(whole):
                break
            whole += self._parts[offset][len(whole) - offset :]
        return bytes(whole)


def _initials(datagram: bytes) -> Iterator[_Initial]:
    """Yield the Initial packets of a datagram, which can carry several packets."""
    at = 0
    while at + 7 < len(datagram) and datagram[at] & 0xC0 == 0xC0:
        version = int.from_bytes(datagram[at + 1 : at + 5])
        kind = datagram[at] >> 4 & 3
        initial = kind == (1 if version == VERSION_2 else 0)
        retry = kind == (0 if version == VERSION_2 else 3)
        cursor = at + 6 + datagram[at + 5]
        connection = datagram[at + 6 : cursor]
        if retry or len(connection) > 20 or cursor >= len(datagram):
            return
        cursor += 1 + datagram[cursor]
        if initial:
            token, cursor = _varint(datagram, cursor)
            cursor += token
        length, cursor = _varint(datagram, cursor)
        end = cursor + length
        if length < 20 or end > len(datagram):
            return
        if initial:
            yield _Initial(version, connection, cursor - at, datagram[at:end])
        at = end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a variable-length integer and the position behind it; past the end it reads as 0."""
    if at >= len(data):
        return 0, at
    width = 1 << (data[at] >> 6)
    value = int.from_bytes(data[at : at + width]) & ((1 << (8 * width - 2)) - 1)
    return value, at + width


def _opened(initial: _Initial, connection: bytes) -> bytes | None:
    """Decrypt an Initial packet of a client; None if these are not its keys."""
    keys = client_keys(initial.version, connection)
    at, packet = initial.number_at, initial.packet
    if keys is None:
        return None
    # ECB of one block is how QUIC masks its headers (RFC 9001, 5.4.3).
    mask = Cipher(AES(keys.header), ECB()).encryptor().update(packet[at + 4 : at + 20])  # noqa: S305
    first = packet[0] ^ (mask[0] & 0x0F)
    width = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(packet[at : at + width], mask[1:], strict=False))
    nonce = (int.from_bytes(keys.iv) ^ int.from_bytes(number)).to_bytes(12)
    header = bytes([first]) + packet[1:at] + number
    try:
        return AESGCM(keys.key).decrypt(nonce, packet[at + width :], header)
    except InvalidTag:
        return None


def _crypto(frames: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, bytes) of the CRYPTO frames among the frames an Initial packet may have."""
    at = 0
    while at < len(frames):
        kind = frames[at]
        at += 1
        if kind == 0:  # PADDING, which is most of what a client's first packet holds
            at = len(frames) - len(frames[at:].lstrip(b"\0"))
        elif kind in {2, 3}:  # ACK
            _, at = _varint(frames, at)
            _, at = _varint(frames, at)
            ranges, at = _varint(frames, at)
            for _ in range(min(1 + 2 * ranges + (3 if kind == 3 else 0), len(frames))):
                _, at = _varint(frames, at)
        elif kind == 6:
            offset, at = _varint(frames, at)
            length, at = _varint(frames, at)
            yield offset, frames[at : at + length]
            at += length
        elif kind != 1:  # PING
            return


def _google_crypto(frames: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the same for Google's versions: the frame has another number."""
    at = 0
    while at < len(frames):
        kind = frames[at]
        at += 1
        if kind in {0, 7}:  # PADDING, PING
            continue
        if kind != 8:
            return
        offset, at = _varint(frames, at)
        length, at = _varint(frames, at)
        yield offset, frames[at : at + length]
        at += length

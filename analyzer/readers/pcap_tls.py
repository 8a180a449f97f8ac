"""TLS 1.2 and 1.3 of a recorded connection, opened with its logged secrets.

The ciphers are `cryptography`'s; what is here is the form of the records (RFC 5246, 5288, 7905 and
8446). Only ciphers with authentication are opened: what comes out is what was sent, or nothing.
Those with CBC, early data and renegotiation are not.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from analyzer.readers.pcap_keys import KeyLog

_CHANGE, _HANDSHAKE, _DATA = 20, 22, 23
_CLIENT_HELLO, _SERVER_HELLO, _FINISHED, _KEY_UPDATE = 1, 2, 20, 24
_MAX_RECORD = (1 << 14) + 2048
_MAX_HELLO = 128 * 1024
_MAX_WAITING = 4 << 20  # bytes of one side that wait for the other's hello
_SUPPORTED_VERSIONS, _TLS_1_3 = 43, b"\x03\x04"
# The "random number" of a server that asks for another hello (RFC 8446, 4.1.3).
_RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class Unreadable(Exception):  # noqa: N818 - it says what the connection is
    """A connection cannot be opened; why, in fixed words."""


class _Suite(NamedTuple):
    key: int  # bytes
    hash: str
    chacha: bool = False


_SUITES_1_3 = {
    0x1301: _Suite(16, "sha256"),
    0x1302: _Suite(32, "sha384"),
    0x1303: _Suite(32, "sha256", chacha=True),
}
_SUITES_1_2 = {
    **dict.fromkeys((0xC02B, 0xC02F, 0x009C, 0x009E), _Suite(16, "sha256")),
    **dict.fromkeys((0xC02C, 0xC030, 0x009D, 0x009F), _Suite(32, "sha384")),
    **dict.fromkeys((0xCCA8, 0xCCA9, 0xCCAA), _Suite(32, "sha256", chacha=True)),
}


class _Opener:
    """Opens the records of one side, one after the other, with one key."""

    def __init__(self, suite: _Suite, key: bytes, iv: bytes, *, explicit: bool) -> None:
        self._cipher = ChaCha20Poly1305(key) if suite.chacha else AESGCM(key)
        self._iv = iv
        self._explicit = explicit  # a part of the nonce stands in the record
        self._number = 0

    def open(self, header: bytes, body: bytes, *, tls_1_3: bool) -> bytes:
        """Return what a record holds; `Unreadable` where these are not its keys."""
        number = self._number.to_bytes(8)
        self._number += 1
        if self._explicit:
            nonce, body = self._iv + body[:8], body[8:]
        else:
            mask = number.rjust(12, b"\0")
            nonce = bytes(a ^ b for a, b in zip(self._iv, mask, strict=True))
        length = max(0, len(body) - 16).to_bytes(2)
        bound = header if tls_1_3 else number + header[:3] + length
        try:
            return self._cipher.decrypt(nonce, body, bound)
        except (InvalidTag, ValueError):
            raise Unreadable("the secrets do not open it") from None


@dataclass(slots=True)
class _Side:
    """One side of a connection, as far as it was read."""

    waiting: bytearray = field(default_factory=bytearray)  # not yet read
    messages: bytes = b""  # of the handshake, not yet whole
    opener: _Opener | None = None
    secret: bytes = b""  # of TLS 1.3, for its next keys
    next_opener: _Opener | None = None  # of TLS 1.2, from the change of ciphers on


class TlsConnection:
    """Takes the bytes of both sides in their order and gives what was said inside."""

    def __init__(self, keys: KeyLog) -> None:
        self._keys = keys
        self._sides = {True: _Side(), False: _Side()}
        self._client_random = b""
        self._suite: _Suite | None = None
        self._tls_1_3 = False

    def feed(self, data: bytes, *, from_client: bool) -> Iterator[tuple[bool, bytes]]:
        """Yield (from the client, content) of what can be read now; `Unreadable` if it cannot."""
        side = self._sides[from_client]
        side.waiting += data
        yield from self._read(from_client)
        if self._sides[not from_client].waiting:  # perhaps it waits for what has just come
            yield from self._read(not from_client)
        if len(side.waiting) > _MAX_WAITING:
            raise Unreadable("it is not TLS")

    def _read(self, from_client: bool) -> Iterator[tuple[bool, bytes]]:
        side = self._sides[from_client]
        at = 0
        while at + 5 <= len(side.waiting):
            header = bytes(side.waiting[at : at + 5])
            kind, length = header[0], int.from_bytes(header[3:5])
            if not 20 <= kind <= 24 or header[1] != 3 or length > _MAX_RECORD:
                raise Unreadable("it is not TLS")
            if at + 5 + length > len(side.waiting):
                break
            if not (self._client_random or from_client):
                break
            if from_client and self._client_random and self._suite is None:
                break
            body = bytes(side.waiting[at + 5 : at + 5 + length])
            at += 5 + length
            content = self._record(side, from_client, header, kind, body)
            if content:
                yield from_client, content
        del side.waiting[:at]

    def _record(
        self, side: _Side, from_client: bool, header: bytes, kind: int, body: bytes
    ) -> bytes:
        """Return the content of a record if it is the application's."""
        if kind == _CHANGE:
            if side.next_opener is not None:
                side.opener, side.next_opener = side.next_opener, None
            return b""
        if side.opener is not None and (kind == _DATA or not self._tls_1_3):
            body = side.opener.open(header, body, tls_1_3=self._tls_1_3)
            if self._tls_1_3:
                body = body.rstrip(b"\0")
                kind, body = (body[-1], body[:-1]) if body else (0, b"")
        elif kind == _DATA:
            raise Unreadable("its secrets are not in the log")
        if kind == _DATA:
            return body
        if kind == _HANDSHAKE and (side.opener is None or self._tls_1_3):
            self._handshake(side, from_client, body)
        return b""

    def _handshake(self, side: _Side, from_client: bool, body: bytes) -> None:
        side.messages += body
        if len(side.messages) > _MAX_HELLO:
            raise Unreadable("its handshake is too long")
        while len(side.messages) >= 4:
            end = 4 + int.from_bytes(side.messages[1:4])
            if end > len(side.messages):
                return
            kind, message = side.messages[0], side.messages[4:end]
            side.messages = side.messages[end:]
            if kind == _CLIENT_HELLO and from_client:
                self._client_random = message[2:34]
            elif kind == _SERVER_HELLO and not from_client:
                self._server_hello(message)
            elif kind == _FINISHED and self._tls_1_3:
                who = "CLIENT" if from_client else "SERVER"
                self._rekey(side, self._secret(f"{who}_TRAFFIC_SECRET_0"))
            elif kind == _KEY_UPDATE and self._tls_1_3 and side.secret:
                self._rekey(side, self._expand(side.secret, b"traffic upd", len(side.secret)))

    def _secret(self, label: str) -> bytes:
        found = self._keys.get(label, self._client_random)
        if found is None:
            raise Unreadable("its secrets are not in the log")
        return found

    def _server_hello(self, hello: bytes) -> None:
        server_random, at = hello[2:34], 35 + hello[34] if len(hello) > 34 else 0
        if len(server_random) < 32 or at + 3 > len(hello):
            raise Unreadable("it is not TLS")
        if server_random == _RETRY:
            return
        number = int.from_bytes(hello[at : at + 2])
        self._tls_1_3 = _extension(hello, at + 3, _SUPPORTED_VERSIONS) == _TLS_1_3
        self._suite = (_SUITES_1_3 if self._tls_1_3 else _SUITES_1_2).get(number)
        if self._suite is None:
            raise Unreadable("its cipher is not supported")
        if self._tls_1_3:
            for from_client, who in ((True, "CLIENT"), (False, "SERVER")):
                secret = self._secret(f"{who}_HANDSHAKE_TRAFFIC_SECRET")
                self._rekey(self._sides[from_client], secret)
        else:
            self._keys_1_2(self._suite, server_random)

    def _rekey(self, side: _Side, secret: bytes) -> None:
        suite = self._suite
        if suite is None:
            raise Unreadable("it is not TLS")
        key, iv = self._expand(secret, b"key", suite.key), self._expand(secret, b"iv", 12)
        side.secret, side.opener = secret, _Opener(suite, key, iv, explicit=False)

    def _expand(self, secret: bytes, label: bytes, length: int) -> bytes:
        """HKDF-Expand-Label of TLS 1.3, without a context."""
        name = b"tls13 " + label
        info = length.to_bytes(2) + bytes([len(name)]) + name + b"\0"
        hashed = SHA384() if self._suite and self._suite.hash == "sha384" else SHA256()
        return HKDFExpand(hashed, length, info).derive(secret)

    def _keys_1_2(self, suite: _Suite, server_random: bytes) -> None:
        fixed = 12 if suite.chacha else 4
        seed = b"key expansion" + server_random + self._client_random
        block = _prf(self._secret("CLIENT_RANDOM"), seed, 2 * (suite.key + fixed), suite.hash)
        for number, from_client in enumerate((True, False)):
            key = block[number * suite.key : (number + 1) * suite.key]
            start = 2 * suite.key + number * fixed
            opener = _Opener(suite, key, block[start : start + fixed], explicit=not suite.chacha)
            self._sides[from_client].next_opener = opener


def _prf(secret: bytes, seed: bytes, length: int, name: str) -> bytes:
    """P_hash of TLS 1.2 (RFC 5246, 5)."""
    out, step = b"", seed
    while len(out) < length:
        step = hmac.digest(secret, step, name)
        out += hmac.digest(secret, step + seed, name)
    return out[:length]


def _extension(hello: bytes, at: int, wanted: int) -> bytes:
    """Return an extension of a server's hello, whose extensions begin at `at`; b"" without."""
    at += 2
    while at + 4 <= len(hello):
        kind, length = int.from_bytes(hello[at : at + 2]), int.from_bytes(hello[at + 2 : at + 4])
        if kind == wanted:
            return hello[at + 4 : at + 4 + length]
        at += 4 + length
    return b""

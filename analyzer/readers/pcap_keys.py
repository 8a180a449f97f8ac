"""Logs of TLS secrets: a file beside a capture, or blocks inside of a pcapng file.

The form is that of NSS, which browsers, curl and mitmproxy write when SSLKEYLOGFILE asks them to: a
label, the random number of the client and the secret, in hexadecimal digits, one a line.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from analyzer.errors import UserError

_LINE = re.compile(rb"\s*([A-Z0-9_]{1,40}) ([0-9a-fA-F]{64}) ([0-9a-fA-F]{2,128})\s*\Z")
_LABELS = frozenset(
    {
        b"CLIENT_RANDOM", b"CLIENT_HANDSHAKE_TRAFFIC_SECRET", b"SERVER_HANDSHAKE_TRAFFIC_SECRET",
        b"CLIENT_TRAFFIC_SECRET_0", b"SERVER_TRAFFIC_SECRET_0",
    }
)  # fmt: skip
_MAX_LINE = 1024
_MAX_SECRETS = 1_000_000
_SECTION = b"\x0a\x0d\x0d\x0a"
_SECRETS_BLOCK, _TLS_KEY_LOG = 10, 0x544C534B
_MAX_BLOCK = 64 << 20


@dataclass(slots=True)
class KeyLog:
    """Secrets by label and the client's random number (32 bytes)."""

    secrets: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    odd: int = 0  # lines that are of no known form

    def get(self, label: str, client_random: bytes) -> bytes | None:
        """Return a secret; None where the log has none."""
        return self.secrets.get((label, client_random))

    def add(self, lines: Iterable[bytes]) -> None:
        """Take the lines of a log. Secrets of other uses and comments are passed over."""
        for line in lines:
            if not line.strip() or line.lstrip().startswith(b"#"):
                continue
            found = _LINE.match(line)
            if found is None or len(found[3]) % 2:
                self.odd += 1
            elif found[1] in _LABELS and len(self.secrets) < _MAX_SECRETS:
                key = found[1].decode(), bytes.fromhex(found[2].decode())
                self.secrets[key] = bytes.fromhex(found[3].decode())


def read_keys(capture: Path, beside: Path | None) -> KeyLog:
    """Return the secrets inside of `capture` and those of the file `beside` it.

    `UserError` if that file cannot be read or is no log of secrets.
    """
    log = KeyLog()
    for block in _secrets_blocks(capture):
        log.add(block.splitlines())
    if beside is not None:
        before = len(log.secrets)
        try:
            with beside.open("rb") as file:
                log.add(iter(lambda: file.readline(_MAX_LINE), b""))
        except OSError as error:
            raise UserError(f"{beside} cannot be read", error.strerror or str(error)) from None
        if len(log.secrets) == before:
            raise UserError(
                f"{beside} holds no TLS secrets", "take the file that SSLKEYLOGFILE named"
            )
    return log


def _secrets_blocks(capture: Path) -> Iterator[bytes]:
    """Yield the contents of the decryption secrets blocks of a pcapng file."""
    size = capture.stat().st_size
    with capture.open("rb") as file:
        order, at = "<", 0
        while at + 12 <= size:
            file.seek(at)
            head = file.read(12)
            if len(head) < 12 or (at == 0 and head[:4] != _SECTION):
                return
            if head[:4] == _SECTION:
                order = "<" if head[8:] == b"\x4d\x3c\x2b\x1a" else ">"
            kind, length = struct.unpack_from(order + "II", head)
            if length < 12 or length % 4 or length > size - at:
                return
            if kind == _SECRETS_BLOCK and 20 <= length <= _MAX_BLOCK:
                body = head[8:] + file.read(length - 16)
                what, kept = struct.unpack_from(order + "II", body)
                if what == _TLS_KEY_LOG:
                    yield body[8 : 8 + kept]
            at += length

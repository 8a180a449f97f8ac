"""`seal.json` and its signature `seal.sig`: what a session was when it was closed.

Both are written in one way only, so that no byte of them can differ unnoticed. The signature is
that of the bytes of `seal.json`, by Ed25519 (RFC 8032): any other program can check it.
"""

from __future__ import annotations

import binascii
import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

import msgspec

from analyzer.custody.keys import Key, fingerprint, signs

SEAL: Final = "seal.json"
SIGNATURE: Final = "seal.sig"
SCHEMA: Final = 1
_ALGORITHM: Final = "Ed25519"


@dataclass(frozen=True, slots=True)
class Seal:
    """What is sealed.

    `files`: SHA-256 by name. `root`: of the hash tree over the rows of the capture (see `merkle`),
    which has `rows` of each table; "" where the rows could not be read. `previous`: SHA-256 of the
    `seal.json` that the study sealed before, "" for the first; this one is its `number`-th, 0
    outside a study. `signer`: fingerprint of the key, "" unsigned. `sealed`: ISO 8601, UTC.
    """

    schema: int
    session: str
    sealed: str
    evenhand: str
    files: dict[str, str]
    rows: dict[str, int]
    root: str
    number: int
    previous: str
    signer: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature: the key that made it (32 bytes), and its 64 bytes."""

    public: bytes
    value: bytes

    @property
    def fingerprint(self) -> str:
        """That of the key."""
        return fingerprint(self.public)

    def signs(self, content: bytes) -> bool:
        """Tell whether this is the signature of `content`."""
        return signs(self.public, self.value, content)


def seal_bytes(seal: Seal) -> bytes:
    """Return `seal` as it is written."""
    return _pretty(asdict(seal))


def read_seal(content: bytes) -> Seal:
    """Return what `content` seals; `ValueError` if it is no seal, or not to the byte."""
    try:
        seal = msgspec.convert(json.loads(content), Seal)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if seal.schema != SCHEMA:
        raise ValueError(f"it is a seal of version {seal.schema}")
    if seal_bytes(seal) != content:
        raise ValueError("it is not as it was written")
    return seal


def sign(content: bytes, key: Key) -> bytes:
    """Return the text of the signature of `content`, as it is written beside it."""
    return signature_bytes(Signature(key.public, key.sign(content)))


def signature_bytes(signature: Signature) -> bytes:
    """Return `signature` as it is written."""
    return _pretty(
        {
            "algorithm": _ALGORITHM,
            "public_key": signature.public.hex(),
            "signature": signature.value.hex(),
        }
    )


def read_signature(content: bytes) -> Signature:
    """Return the signature that `content` holds; `ValueError` if it is none, or not to the byte."""
    try:
        raw = json.loads(content)
        found = Signature(bytes.fromhex(raw["public_key"]), bytes.fromhex(raw["signature"]))
    except (KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise ValueError(str(error)) from None
    if signature_bytes(found) != content:
        raise ValueError("it is not as it was written")
    return found


def digest(content: bytes) -> str:
    """Return the SHA-256 of the bytes of a seal, by which it is named."""
    return sha256(content).hexdigest()


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode("ascii")

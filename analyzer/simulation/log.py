"""What an end of the wire has seen, for the comparison of the three records of one session.

The phone, the servers and the store each tell what passed, as bytes. They have to agree.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """One request and its answer, or one WebSocket message (method ``"WS"``, no status).

    `sent` and `received` are SHA-256 of the bodies as on the wire, from the phone's side.
    """

    method: str
    url: str
    sent: str
    status: int | None
    received: str


@dataclass(slots=True)
class PhoneLog:
    """What the phone knows: what it sent and got, and how often it refused a certificate."""

    seen: list[Seen] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)  # host -> connections given up


def seen(method: str, url: str, sent: bytes, status: int | None, received: bytes) -> Seen:
    """Return the record of two bodies as they were on the wire."""
    return Seen(method, url, _sha256(sent), status, _sha256(received))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

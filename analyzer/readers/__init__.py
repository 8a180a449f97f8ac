"""Captures in: our own bundles, and what other programs have recorded.

A reader of a foreign format is one file here that registers a `Reader`. It recognises a file by its
content, never by its name, and reads it as a stream: what a format calls its unit (a HAR entry, a
flow, a packet) is called a unit here, and is counted whether or not it could be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from analyzer.models import Event, Exchange, Measured, Problem
from analyzer.registry import Registry

HEAD = 4096  # bytes of a file that `sniff` is given


@dataclass(frozen=True, slots=True)
class Message:
    """One WebSocket message; `exchange` is the id of the handshake that was read before it."""

    exchange: str
    t_s: float
    from_client: bool
    is_text: bool
    content: bytes


def is_time(seconds: float) -> bool:
    """Tell whether seconds since 1970 can be the time of a recording (up to the year 2100)."""
    return 0 < seconds < 4_102_444_800  # also False for NaN


Record = Exchange | Message | Event | Measured | Problem


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user said of a file, beside its name. A reader heeds what concerns it.

    `during` is when the session was recorded that the file is a witness of (seconds since 1970): a
    reader gives what happened then, and a witness's reader nothing else.
    """

    during: tuple[float, float] | None = None
    phones: tuple[str, ...] = ()  # addresses of the phone, where a capture holds other devices too
    keys: Path | None = None  # log of TLS secrets
    app: str = ""  # bundle ID
    uid: int | None = None  # Android's number for the app


@dataclass(slots=True)
class Reading:
    """A foreign file that has been opened. Iterating over it reads it, once.

    `started` is the earliest time in the file, as seconds since 1970 (None: it has no times); every
    `t_s` counts from it. Exchanges have an empty `session` and `phase`. While it is read, `read`
    counts the units that were understood; `total` is how many there are, None where damage hides
    the number. `cut` says in words what is missing.
    """

    unit: str  # the plural: "entries", "flows", "packets"
    started: float | None = None
    tools: tuple[tuple[str, str], ...] = ()  # what made the file: (name, version)
    device: str = ""
    read: int = 0
    total: int | None = None
    cut: list[str] = field(default_factory=list)
    records: Iterator[Record] = field(default_factory=lambda: iter(()))

    def __iter__(self) -> Iterator[Record]:
        """Return the records in the order of the file."""
        return self.records

    def extent(self) -> str:
        """Say how much was read, as in ``3 of 4 entries``."""
        if self.total is None:
            return f"{self.read} {self.unit}, then the file is damaged"
        return f"{self.read} of {self.total} {self.unit}"


class Reader(Protocol):
    """What a foreign format provides."""

    def sniff(self, head: bytes) -> bool:
        """Tell from the first `HEAD` bytes whether a file has this format."""

    def read(self, path: Path) -> Reading:
        """Open `path`; `UserError` in one line if nothing in it can be read."""


@runtime_checkable
class HeedingReader(Reader, Protocol):
    """A reader that heeds what the user said: the fields of `Asked` that `heeds` names."""

    asked: Asked
    heeds: ClassVar[frozenset[str]]


READERS: Registry[type[Reader]] = Registry("analyzer.readers")

"""The rows of the connections under way: what is known of each, written when it matters."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from mitmproxy.connection import Client
from mitmproxy.proxy.mode_specs import DnsMode

from addons.names import destination_of, phone_of
from analyzer.bundle import BundleWriter
from analyzer.models import Outcome, Transport

_EVERY_S = 1.0  # how often the bytes of a connection are written while they flow
_LOOKUP = (53, 5353)  # ports at which a connection may turn out to be a lookup


@dataclass(slots=True)
class Row:
    """What is known of a connection. `number` is that of its row, 0 while it has none.

    What `pending` holds is not in the bundle yet.
    """

    phone: str
    transport: Transport
    began: float  # seconds since 1970
    host: str = ""
    address: str = ""
    outcome: Outcome = "open"
    reason: str = ""
    number: int = 0
    answered: bool = False  # a server has answered something that came over it
    lookup: bool = False  # it asks for names: it gets no row
    ended: bool = False
    told: set[tuple[str, str]] = field(default_factory=set)  # (host, what became of it)
    up: int = 0
    down: int = 0
    next_bytes: float = 0.0
    pending: dict[str, Any] = field(default_factory=dict)

    def note(self, **facts: Any) -> None:
        """Keep facts for the next time the row is written."""
        for name in ("host", "address", "outcome", "reason", "transport"):
            if name in facts:
                setattr(self, name, facts[name])
        self.pending.update(facts)

    @property
    def who(self) -> tuple[str, str]:
        """Phone and host; the address stands for a host that has no name."""
        return self.phone, self.host or self.address.rpartition(":")[0]


class Rows:
    """Writes one row for each connection of a session."""

    def __init__(self, writer: BundleWriter) -> None:
        self._writer = writer
        self._rows: dict[str, Row] = {}

    def open(self, client: Client, host: str) -> Row:
        """Begin a row. One that may be a lookup is written when it turns out to be none."""
        row = Row(phone_of(client), client.transport_protocol, client.timestamp_start or 0.0, host)
        where = destination_of(client)
        if where:
            row.address = f"{where[0]}:{where[1]}"
        self._rows[client.id] = row
        if not isinstance(client.proxy_mode, DnsMode) and not (where and where[1] in _LOOKUP):
            self._insert(row)
        return row

    def get(self, client: Client) -> Row | None:
        """Return the row of a connection, None once it has ended."""
        return self._rows.get(client.id)

    def number_of(self, client_id: str) -> int | None:
        """Return the number of a connection's row, None where it has none."""
        row = self._rows.get(client_id)
        return row.number or None if row else None

    def write(self, row: Row, **facts: Any) -> None:
        """Write `facts` and all that is pending; at most one commit."""
        row.note(**facts)
        if not row.number:
            self._insert(row)
        changes, row.pending = row.pending, {}
        self._writer.connections.change(row.number, **changes)

    def count(self, row: Row, size: int, *, from_client: bool) -> None:
        """Count bytes that pass unread; they are written once in a while."""
        if from_client:
            row.up += size
        else:
            row.down += size
        row.pending.update(bytes_up=row.up, bytes_down=row.down)
        now = time.monotonic()
        if now >= row.next_bytes:
            row.next_bytes = now + _EVERY_S
            self.write(row)

    def end(self, row: Row, when: float | None = None) -> None:
        """Write that a connection has ended: `when` in seconds since 1970, by default now."""
        if not row.ended and not row.lookup:
            row.ended = True
            self.write(row, ended_s=self._writer.seconds(when))

    def forget(self, client: Client) -> None:
        """Write the end of a connection, and forget it."""
        if row := self._rows.pop(client.id, None):
            self.end(row, client.timestamp_end)

    def finish(self) -> None:
        """Write what is pending of connections that the end of the session cuts off."""
        for row in self._rows.values():
            if row.pending and not row.lookup:
                self.write(row)

    def _insert(self, row: Row) -> None:
        row.number = self._writer.connections.open(
            t_s=self._writer.seconds(row.began),
            phone=row.phone,
            transport=row.transport,
            address=row.address,
            host=row.host,
        )

"""The connections of a bundle that is being recorded, whatever becomes of them."""

from __future__ import annotations

from analyzer.bundle import store
from analyzer.bundle.transactions import Transactions
from analyzer.models import Outcome, Transport

COLUMNS = (
    "id, t_s, ended_s, phone, host, address, transport, alpn, tls, outcome, reason, bytes_up,"
    " bytes_down"
)


class ConnectionTable:
    """Writes the connections of one bundle; part of its `BundleWriter`.

    Every method raises `RecordingError` as the writer's do. What it has written survives a kill.
    """

    def __init__(self, writing: Transactions) -> None:
        self._writing = writing

    def open(
        self, *, t_s: float, phone: str, transport: Transport, address: str = "", host: str = ""
    ) -> int:
        """Note a connection of the phone with the address `phone`; return its number."""
        with self._writing:
            cursor = self._writing.execute(
                "INSERT INTO connection(t_s, phone, host, address, transport) VALUES(?,?,?,?,?)",
                (t_s, phone, store.storable(host), store.storable(address), transport),
            )
        return cursor.lastrowid or 0

    def change(
        self,
        number: int,
        *,
        outcome: Outcome | None = None,
        reason: str | None = None,
        host: str | None = None,
        address: str | None = None,
        transport: Transport | None = None,
        alpn: str | None = None,
        tls: str | None = None,
        bytes_up: int | None = None,
        bytes_down: int | None = None,
        ended_s: float | None = None,
    ) -> None:
        """Note what is known now of connection `number`; None leaves a column as it is."""
        given = {
            "outcome": outcome,
            "reason": reason,
            "host": None if host is None else store.storable(host),
            "address": None if address is None else store.storable(address),
            "transport": transport,
            "alpn": None if alpn is None else store.storable(alpn),
            "tls": tls,
            "bytes_up": bytes_up,
            "bytes_down": bytes_down,
            "ended_s": ended_s,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        if changes:
            columns = ",".join(f"{name}=?" for name in changes)
            with self._writing:
                self._writing.execute(
                    f"UPDATE connection SET {columns} WHERE id=?",  # noqa: S608
                    (*changes.values(), number),
                )

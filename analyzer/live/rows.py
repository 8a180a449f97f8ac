"""Reads what is new in a bundle that another process is writing.

Each query is a read of its own and is over at once: what reads for long keeps SQLite from emptying
its log. Rows that may still change (requests in flight, open connections) are read again, a bounded
number of them.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, get_args

from analyzer import amounts
from analyzer.bundle import store
from analyzer.models import CheckState, Checkup, Connection, Measured, Outcome, Transport

_BATCH: Final = 500  # rows of one query
_MOST_SMALL: Final = 5_000  # rows of a table with small ones, at once
_MOST_OPEN: Final = 5_000  # of each kind that are looked at again; the oldest are let go
_LATEST: Final = 4_102_444_800.0  # seconds, as in `readers.bundle`
_OUTCOMES: Final = frozenset(get_args(Outcome))
_TRANSPORTS: Final = frozenset(get_args(Transport))
_CHECK_STATES: Final = frozenset(get_args(CheckState))
_FLOWING: Final = frozenset(("sending", "sent", "open"))

_EXCHANGE: Final = """
SELECT e.id, e.t_s, e.state, e.method, substr(e.url, 1, 2048), e.status,
  e.request_headers, e.request_trailers, e.response_headers, e.response_trailers,
  coalesce((SELECT size FROM body WHERE sha256=e.request_body), 0) + e.request_cut,
  coalesce((SELECT size FROM body WHERE sha256=e.response_body), 0) + e.response_cut,
  length(CAST(e.url AS BLOB)) - length(CAST(substr(e.url, 1, 2048) AS BLOB))
FROM exchange e """
_CONNECTION: Final = (
    "SELECT id, t_s, ended_s, phone, host, address, transport, alpn, tls, outcome, reason,"
    " bytes_up, bytes_down FROM connection "
)
_AMONG: Final = "id IN (SELECT value FROM json_each(?)) ORDER BY id"


class ExchangeRow(NamedTuple):
    """A request and its answer, without what they say. Sizes are as in `coverage`."""

    id: int
    t_s: float
    state: str
    method: str
    url: str
    status: int | None
    up: int
    down: int

    @property
    def in_flight(self) -> bool:
        """Whether something of it is still to come."""
        return self.state in _FLOWING


class MessageRow(NamedTuple):
    """A message of a WebSocket."""

    exchange: int
    seq: int
    up: int
    down: int


class EventRow(NamedTuple):
    """An event that was stored as such."""

    kind: str
    host: str
    up: int
    down: int


@dataclass(slots=True)
class Batch:
    """What is new since the last one. An exchange comes with what it was before, None if new."""

    exchanges: list[tuple[ExchangeRow, ExchangeRow | None]] = field(default_factory=list)
    messages: list[MessageRow] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    checkups: list[Checkup] = field(default_factory=list)
    measured: list[Measured] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    steps: list[tuple[float, int, str]] = field(default_factory=list)


class Tail:
    """Remembers how far a bundle was read, and what may still change."""

    def __init__(self) -> None:
        self.counted = 0  # highest exchange read so far
        self.pending: dict[int, ExchangeRow] = {}
        self._sockets: dict[int, int] = {}  # WebSocket -> last message read
        self._open: dict[int, None] = {}  # connections without an end
        self._last = dict.fromkeys(("connection", "checkup", "measured", "event", "step"), 0)

    def read(self, database: sqlite3.Connection, deadline: float) -> Batch:
        """Return what is new, at least a little of it, until `deadline` (monotonic seconds).

        Raises `ValueError`, `TypeError` or `sqlite3.Error` where the bundle is damaged.
        """
        batch = Batch()
        for t_s, number, name in self._new(database, "step", "t_s, id, name"):
            batch.steps.append((_moment(t_s), number, name))
        for kind, host, up, down in self._new(
            database, "event", "kind, host, bytes_up, bytes_down"
        ):
            batch.events.append(EventRow(kind, host, up, down))
        if store.has_connections(database):
            self._beside(database, batch)
            self._connections(database, batch, deadline)
        self._exchanges(database, batch, deadline)
        self._messages(database, batch, deadline)
        return batch

    def left(self, database: sqlite3.Connection) -> int:
        """How many rows were not read yet."""
        read = {"exchange": self.counted, "event": self._last["event"]}
        if store.has_connections(database):
            read["connection"] = self._last["connection"]
        return sum(max(0, _highest(database, table) - last) for table, last in read.items())

    def follows(self, exchange: int) -> bool:
        """Whether more of an exchange that was read may still come."""
        return exchange in self.pending or exchange in self._sockets

    def _beside(self, database: sqlite3.Connection, batch: Batch) -> None:
        for t_s, phone, name, state, found in self._new(
            database, "checkup", "t_s, phone, name, state, found"
        ):
            if state not in _CHECK_STATES:
                raise ValueError("a check is in an unknown state")
            batch.checkups.append(Checkup(_moment(t_s), phone, name, state, found))
        for t_s, topic, value, source in self._new(
            database, "measured", "t_s, topic, value, source"
        ):
            batch.measured.append(Measured(_moment(t_s), topic, value, source))

    def _connections(self, database: sqlite3.Connection, batch: Batch, deadline: float) -> None:
        asked = json.dumps(list(self._open))
        rows = database.execute(f"{_CONNECTION} WHERE {_AMONG}", (asked,)).fetchall()
        while True:
            for row in rows:
                found = Connection(*row)
                _moment(found.t_s, found.ended_s or 0.0)
                if found.transport not in _TRANSPORTS or found.outcome not in _OUTCOMES:
                    raise ValueError("a connection is of an unknown kind")
                batch.connections.append(found)
                self._last["connection"] = max(self._last["connection"], found.id)
                if found.ended_s is None:
                    self._open[found.id] = None
                else:
                    self._open.pop(found.id, None)
            if batch.connections and time.monotonic() > deadline:
                break
            rows = database.execute(
                f"{_CONNECTION} WHERE id>? ORDER BY id LIMIT {_BATCH}", (self._last["connection"],)
            ).fetchall()
            if not rows:
                break
        _let_go(self._open)

    def _exchanges(self, database: sqlite3.Connection, batch: Batch, deadline: float) -> None:
        asked = json.dumps(list(self.pending))
        rows = database.execute(f"{_EXCHANGE} WHERE e.{_AMONG}", (asked,)).fetchall()
        while True:
            changed = []
            for row in rows:
                found = _exchange(database, row)
                before = self.pending.pop(found.id, None)
                if found.in_flight:
                    self.pending[found.id] = found
                if found != before:
                    batch.exchanges.append((found, before))
                    changed.append(found.id)
                self.counted = max(self.counted, found.id)
            self._find_sockets(database, changed)
            if batch.exchanges and time.monotonic() > deadline:
                break
            rows = database.execute(
                f"{_EXCHANGE} WHERE e.id>? ORDER BY e.id LIMIT {_BATCH}", (self.counted,)
            ).fetchall()
            if not rows:
                break
        _let_go(self.pending)

    def _find_sockets(self, database: sqlite3.Connection, changed: list[int]) -> None:
        """Note which of the exchanges have messages."""
        found = database.execute(
            "SELECT value FROM json_each(?)"
            " WHERE EXISTS (SELECT 1 FROM message WHERE exchange=value)",
            (json.dumps(changed),),
        )
        for (number,) in found.fetchall():
            self._sockets.setdefault(number, 0)
        for number, row in self.pending.items():
            if row.state == "open":
                self._sockets.setdefault(number, 0)

    def _messages(self, database: sqlite3.Connection, batch: Batch, deadline: float) -> None:
        for number, last in list(self._sockets.items()):
            while True:
                rows = database.execute(
                    "SELECT seq, from_client, cut"
                    " + coalesce((SELECT size FROM body WHERE sha256=message.body), 0)"
                    " FROM message WHERE exchange=? AND seq>? ORDER BY seq LIMIT ?",
                    (number, last, _BATCH),
                ).fetchall()
                for seq, from_client, size in rows:
                    up, down = (size, 0) if from_client else (0, size)
                    batch.messages.append(MessageRow(number, seq, up, down))
                    last = self._sockets[number] = seq  # noqa: PLW2901
                if len(rows) < _BATCH or time.monotonic() > deadline:
                    break
            if len(rows) < _BATCH and number not in self.pending:
                del self._sockets[number]
        _let_go(self._sockets)

    def _new(self, database: sqlite3.Connection, table: str, columns: str) -> list[tuple[Any, ...]]:
        """Return the rows of a small table that were added since the last time."""
        rows = database.execute(
            f"SELECT id, {columns} FROM {table} WHERE id>? ORDER BY id LIMIT {_MOST_SMALL}",  # noqa: S608
            (self._last[table],),
        ).fetchall()
        if rows:
            self._last[table] = rows[-1][0]
        return [row[1:] for row in rows]


def _highest(database: sqlite3.Connection, table: str) -> int:
    (last,) = database.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()  # noqa: S608
    return int(last)


def _exchange(database: sqlite3.Connection, row: tuple[Any, ...]) -> ExchangeRow:
    number, t_s, state, method, url, status = row[:6]
    up = row[10] + sum(_size(text) for text in row[6:8]) + amounts.asked(method, url) + row[12]
    down = row[11] + sum(_size(text) for text in row[8:10])
    if state in _FLOWING:  # what has passed of bodies that are still on their way
        flowing = database.execute(
            "SELECT from_client, sum(length(data)) FROM chunk WHERE exchange=?"
            " GROUP BY from_client",
            (number,),
        ).fetchall()
        for from_client, size in flowing:
            up, down = (up + size, down) if from_client else (up, down + size)
    return ExchangeRow(number, _moment(t_s), state, method, url, status, up, down)


def _size(headers: str) -> int:
    """Bytes of headers on the wire of HTTP/1, as `coverage` counts them."""
    if headers == "[]":
        return 0
    return sum(len(name) + len(value) + 4 for name, value in store.load_headers(headers))


def _moment(t_s: float, *others: float) -> float:
    """Return `t_s`; `ValueError` where one of the times cannot be a recording's."""
    for each in (t_s, *others):
        if not 0 <= each <= _LATEST:
            raise ValueError("a time is none")
    return t_s


def _let_go(kept: dict[int, Any], most: int = _MOST_OPEN) -> None:
    """Forget the oldest of what is kept beyond `most`."""
    surplus: Iterable[int] = list(kept)[: max(0, len(kept) - most)]
    for number in surplus:
        del kept[number]

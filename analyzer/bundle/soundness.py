"""Whether the rows of a bundle are what a recorder can have written; what reads and `verify` share.

The tables are STRICT, but a bundle may come from anywhere: a column of text can hold any bytes and
any words, a column of numbers any number.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from types import NoneType
from typing import Any, get_args

from analyzer.bundle import store
from analyzer.bundle.connections import COLUMNS
from analyzer.models import CheckState, EventKind, Outcome, Transport

# What reading rows that are not sound raises.
UNSOUND = (sqlite3.Error, ValueError, TypeError, RecursionError)
_KINDS = frozenset(get_args(EventKind))
_TRANSPORTS = frozenset(get_args(Transport))
_OUTCOMES = frozenset(get_args(Outcome))
_CHECK_STATES = frozenset(get_args(CheckState))
_LATEST = 4_102_444_800.0  # seconds: as far apart as two times of a recording can lie
_MOST_BYTES = 2**48  # of one row
_MOST_IN_ALL = 2**60  # of one table: whoever adds them up, stays within 64 bits
FIRST, LAST = -(2**63), 2**63 - 1  # what a number of a row can be
_MAYBE_TEXT = (str, NoneType)
_MAYBE_BODY = (bytes, NoneType)
Row = tuple[Any, ...]
Kinds = frozenset[tuple[type, ...]]


def _kinds(*columns: type | tuple[type, ...]) -> Kinds:
    """Return each combination of types that a row can have."""
    choices = [each if isinstance(each, tuple) else (each,) for each in columns]
    return frozenset(itertools.product(*choices))


_EXCHANGE = _kinds(
    int, float, str, str, str, str, _MAYBE_TEXT, str, str, _MAYBE_BODY, int, (int, NoneType), str,
    str, _MAYBE_BODY, int,
)  # fmt: skip
_CUT = _kinds(int, float, int, int)
_MESSAGE = _kinds(int, float, int, _MAYBE_BODY, int)
_EVENT = _kinds(float, str, str, str, int, int)
_STEP = _kinds(float, str)
_CONNECTION = _kinds(
    int, float, (float, NoneType), str, str, str, str, str, str, str, str, int, int
)
_CHECKUP = _kinds(float, str, str, str, str)
_MEASURED = _kinds(float, str, str, str)


def exchange_ids(database: sqlite3.Connection) -> Iterator[int]:
    """Yield the id of every exchange, in order; raise one of `UNSOUND` as `exchange_rows` would.

    That is: where the bytes that were cut are more than there can be.
    """
    rows = database.execute("SELECT id, t_s, request_cut, response_cut FROM exchange ORDER BY id")
    for row in _sound(rows, _CUT, t_s=1, sizes=(2, 3)):
        yield row[0]


def exchange_rows(
    database: sqlite3.Connection, first: int = FIRST, last: int = LAST
) -> Iterator[Row]:
    """Yield the exchanges with the ids `first` to `last`.

    id, t_s, state, method, url, transport, server_ip, then of request and answer.

    Of the request: headers, trailers, body, cut; of the answer: status, headers, trailers, body,
    cut. As all of these do, it raises one of `UNSOUND` at a row that nobody can have recorded.
    """
    rows = database.execute(
        "SELECT id, t_s, state, method, url, transport, server_ip, request_headers,"
        " request_trailers, request_body, request_cut, status, response_headers,"
        " response_trailers, response_body, response_cut FROM exchange"
        " WHERE id BETWEEN ? AND ? ORDER BY id",
        (first, last),
    )
    return _sound(rows, _EXCHANGE, t_s=1, sizes=(10, 15))


def message_rows(database: sqlite3.Connection, exchange: int, first: int = FIRST) -> Iterator[Row]:
    """Yield seq, t_s, from_client, body, cut of one WebSocket's messages, from `first` on."""
    rows = database.execute(
        "SELECT seq, t_s, from_client, body, cut FROM message WHERE exchange=? AND seq>=?"
        " ORDER BY seq",
        (exchange, first),
    )
    return _sound(rows, _MESSAGE, t_s=1, sizes=(4,))


def event_rows(database: sqlite3.Connection) -> Iterator[Row]:
    """Yield t_s, kind, host, reason, bytes_up, bytes_down."""
    rows = database.execute(
        "SELECT t_s, kind, host, reason, bytes_up, bytes_down FROM event ORDER BY id"
    )
    for row in _sound(rows, _EVENT, t_s=0, sizes=(4, 5)):
        if row[1] not in _KINDS:
            raise ValueError("an event is of an unknown kind")
        yield row


def step_rows(database: sqlite3.Connection) -> Iterator[Row]:
    """Yield t_s, name in time order."""
    rows = database.execute("SELECT t_s, name FROM step ORDER BY t_s, id")
    return _sound(rows, _STEP, t_s=0)


def connection_rows(database: sqlite3.Connection) -> Iterator[Row]:
    """Yield the fields of `models.Connection`; none of a bundle that cannot have any."""
    if not store.has_connections(database):
        return
    rows = database.execute(f"SELECT {COLUMNS} FROM connection ORDER BY id")  # noqa: S608
    for row in _sound(rows, _CONNECTION, t_s=1, sizes=(11, 12)):
        if row[2] is not None and not 0 <= row[2] <= _LATEST:
            raise ValueError("a time is none")
        if row[6] not in _TRANSPORTS or row[9] not in _OUTCOMES:
            raise ValueError("a connection is of an unknown kind")
        yield row


def checkup_rows(database: sqlite3.Connection) -> Iterator[Row]:
    """Yield the fields of `models.Checkup`; none of a bundle that cannot have any."""
    if not store.has_connections(database):
        return
    rows = database.execute("SELECT t_s, phone, name, state, found FROM checkup ORDER BY id")
    for row in _sound(rows, _CHECKUP, t_s=0):
        if row[3] not in _CHECK_STATES:
            raise ValueError("a check is in an unknown state")
        yield row


def measured_rows(database: sqlite3.Connection) -> Iterator[Row]:
    """Yield the fields of `models.Measured`; none of a bundle that cannot have any."""
    if not store.has_connections(database):
        return
    rows = database.execute("SELECT t_s, topic, value, source FROM measured ORDER BY id")
    yield from _sound(rows, _MEASURED, t_s=0)


def check(database: sqlite3.Connection) -> None:
    """Raise one of `UNSOUND` where a row of `database` is none that a recorder wrote."""
    for rows in event_rows, step_rows, connection_rows, checkup_rows, measured_rows:
        for _ in rows(database):
            pass
    for row in exchange_rows(database):
        for headers in row[7], row[8], row[12], row[13]:
            store.load_headers(headers)
    messages = database.execute("SELECT seq, t_s, from_client, body, cut FROM message")
    for _ in _sound(messages, _MESSAGE, t_s=1, sizes=(4,)):
        pass


def _sound(
    rows: Iterable[Row], kinds: Kinds, *, t_s: int, sizes: Sequence[int] = ()
) -> Iterator[Row]:
    """Yield `rows`; `t_s` is the column with the time, `sizes` are those that count bytes."""
    total = 0
    for row in rows:
        if tuple(map(type, row)) not in kinds:
            raise TypeError("a value is not of its column's type")
        if not 0 <= row[t_s] <= _LATEST:
            raise ValueError("a time is none")
        for column in sizes:
            if not 0 <= row[column] < _MOST_BYTES:
                raise ValueError("a number of bytes is none")
            total += row[column]
        if total >= _MOST_IN_ALL:
            raise ValueError("there are more bytes than there can be")
        yield row

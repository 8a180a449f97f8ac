"""Reads a session bundle back, in the order in which things began, in bounded memory."""

from __future__ import annotations

import bisect
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from analyzer.bundle import store
from analyzer.bundle.connections import COLUMNS
from analyzer.errors import UserError
from analyzer.models import (
    CheckState,
    Checkup,
    Connection,
    Event,
    EventKind,
    Exchange,
    Measured,
    Outcome,
    Transport,
)
from analyzer.trust import events

_KINDS = frozenset(get_args(EventKind))
_TRANSPORTS = frozenset(get_args(Transport))
_OUTCOMES = frozenset(get_args(Outcome))
_CHECK_STATES = frozenset(get_args(CheckState))
_LATEST = 4_102_444_800.0  # seconds: as far apart as two times of a recording can lie
# What the columns hold, in the order of the queries. A damaged file can hold anything anywhere.
_EXCHANGE: tuple[type | UnionType, ...] = (
    int, float, str, str, str, str, str | None, str, str, bytes | None, int, int | None, str, str,
    bytes | None, int,
)  # fmt: skip
_MESSAGE: tuple[type | UnionType, ...] = (int, float, int, bytes | None, int)
_EVENT: tuple[type | UnionType, ...] = (float, str, str, str, int, int)
_STEP: tuple[type | UnionType, ...] = (float, str)
_CONNECTION: tuple[type | UnionType, ...] = (
    int, float, float | None, str, str, str, str, str, str, str, str, int, int,
)  # fmt: skip
_CHECKUP: tuple[type | UnionType, ...] = (float, str, str, str, str)
_MEASURED: tuple[type | UnionType, ...] = (float, str, str, str)


def read_exchanges(path: Path) -> Iterator[Exchange]:
    """Yield every exchange of the bundle `path`; a WebSocket's messages follow its handshake.

    Bodies are as on the wire, but at most `store.KEEP` bytes; `truncated` says what is missing, and
    `complete` is False then and where an exchange was cut off. A message has the URL, status and
    server of its handshake and no headers. Trailers stand at the end of the headers. Works while
    the bundle is being recorded. `UserError` if it is not a bundle or is damaged.
    """
    with _reading(path) as database:
        steps = _steps(database)
        starts = [t_s for t_s, _ in steps]

        def phase(t_s: float) -> str:
            return steps[max(0, bisect.bisect_right(starts, t_s) - 1)][1] if steps else ""

        rows = database.execute(
            "SELECT id, t_s, state, method, url, transport, server_ip, request_headers,"
            " request_trailers, request_body, request_cut, status, response_headers,"
            " response_trailers, response_body, response_cut FROM exchange ORDER BY id"
        )
        for row in _sound(rows, _EXCHANGE):
            exchange = _exchange(database, path.name, phase(row[1]), row)
            yield exchange
            messages = database.execute(
                "SELECT seq, t_s, from_client, body, cut FROM message WHERE exchange=?"
                " ORDER BY seq",
                (row[0],),
            )
            for message in _sound(messages, _MESSAGE):
                yield _message(database, exchange, phase(message[1]), message)


def read_events(path: Path) -> Iterator[Event]:
    """Yield every event of the bundle `path`; `UserError` as above.

    First those that were recorded as such, in that order; then one for each connection that could
    not simply be read, in the order in which they began.
    """
    with _reading(path) as database:
        rows = database.execute(
            "SELECT t_s, kind, host, reason, bytes_up, bytes_down FROM event ORDER BY id"
        )
        for t_s, kind, host, reason, bytes_up, bytes_down in _sound(rows, _EVENT):
            if kind not in _KINDS:
                raise UserError(f"{path.name} holds an unknown kind of event", "see its origin")
            yield Event(t_s, kind, host, reason, bytes_up, bytes_down)
    yield from events(read_connections(path))


def read_connections(path: Path) -> tuple[Connection, ...]:
    """Return every connection of the bundle `path`, in the order in which they began.

    None for imports and for bundles of version 1. `UserError` as above.
    """
    with _reading(path) as database:
        if not store.has_connections(database):
            return ()
        rows = database.execute(f"SELECT {COLUMNS} FROM connection ORDER BY id")  # noqa: S608
        found = tuple(Connection(*row) for row in _sound(rows, _CONNECTION))
        for each in found:
            if each.transport not in _TRANSPORTS or each.outcome not in _OUTCOMES:
                raise ValueError("a connection is of an unknown kind")
        return found


def read_checkups(path: Path) -> tuple[Checkup, ...]:
    """Return what the check page found out, in time order; `UserError` as above."""
    with _reading(path) as database:
        if not store.has_connections(database):
            return ()
        rows = database.execute("SELECT t_s, phone, name, state, found FROM checkup ORDER BY id")
        found = tuple(Checkup(*row) for row in _sound(rows, _CHECKUP))
        if any(each.state not in _CHECK_STATES for each in found):
            raise ValueError("a check is in an unknown state")
        return found


def read_measured(path: Path) -> tuple[Measured, ...]:
    """Return what was measured of the phone and its way out, in time order; errors as above."""
    with _reading(path) as database:
        if not store.has_connections(database):
            return ()
        rows = database.execute("SELECT t_s, topic, value, source FROM measured ORDER BY id")
        return tuple(Measured(*row) for row in _sound(rows, _MEASURED))


def read_steps(path: Path) -> tuple[tuple[float, str], ...]:
    """Return (seconds, name) of every step, in time order; the first is the study's first phase."""
    with _reading(path) as database:
        return _steps(database)


def _steps(database: sqlite3.Connection) -> tuple[tuple[float, str], ...]:
    rows = database.execute("SELECT t_s, name FROM step ORDER BY t_s, id")
    return tuple(_sound(rows, _STEP))


def _sound(
    rows: Iterable[tuple[Any, ...]], kinds: tuple[type | UnionType, ...]
) -> Iterator[tuple[Any, ...]]:
    """Yield `rows`; `ValueError` or `TypeError` at one that holds what its columns cannot hold."""
    for row in rows:
        for value, kind in zip(row, kinds, strict=True):
            if not isinstance(value, kind):
                raise TypeError("a value is not of its column's type")
            if isinstance(value, float) and not 0 <= value <= _LATEST:
                raise ValueError("a time is none")
        yield row


def _exchange(
    database: sqlite3.Connection,
    session: str,
    phase: str,
    row: tuple[
        int, float, str, str, str, str, str | None, str, str, bytes | None, int, int | None,
        str, str, bytes | None, int,
    ],
) -> Exchange:  # fmt: skip
    number, t_s, state, method, url, transport, server_ip = row[:7]
    sent = _body(database, row[9], number, from_client=True)
    got = _body(database, row[14], number, from_client=False)
    missing = row[10] + row[15] + sent[1] + got[1]
    return Exchange(
        id=str(number),
        session=session,
        t_s=t_s,
        phase=phase,
        method=method,
        url=url,
        request_headers=store.load_headers(row[7]) + store.load_headers(row[8]),
        request_body=sent[0],
        status=row[11],
        response_headers=store.load_headers(row[12]) + store.load_headers(row[13]),
        response_body=got[0],
        server_ip=server_ip,
        transport=transport,
        complete=state in ("done", "left") and not missing,
        truncated=missing,
    )


def _message(
    database: sqlite3.Connection,
    handshake: Exchange,
    phase: str,
    row: tuple[int, float, int, bytes | None, int],
) -> Exchange:
    number, t_s, from_client, key, cut = row
    content, lost = _stored(database, key)
    return Exchange(
        id=f"{handshake.id}.w{number}",
        session=handshake.session,
        t_s=t_s,
        phase=phase,
        method="WS",
        url=handshake.url,
        request_headers=(),
        request_body=content if from_client else b"",
        status=handshake.status,
        response_headers=(),
        response_body=b"" if from_client else content,
        server_ip=handshake.server_ip,
        transport="ws",
        complete=not cut and not lost,
        truncated=cut + lost,
    )


def _body(
    database: sqlite3.Connection, key: bytes | None, exchange: int, *, from_client: bool
) -> tuple[bytes, int]:
    if key is None:
        return store.get_chunks(database, exchange, from_client=from_client), 0
    return _stored(database, key)


def _stored(database: sqlite3.Connection, key: bytes | None) -> tuple[bytes, int]:
    """A body and the bytes of it that are missing; a damaged body is missing as a whole."""
    content = store.get_body(database, key)
    if content is not None:
        return content, 0
    row = database.execute("SELECT size FROM body WHERE sha256=?", (key,)).fetchone()
    return b"", max(1, int(row[0])) if row else 1


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(store.open_to_read(path / store.DATABASE)) as database:
            yield database
    except (sqlite3.Error, ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{path.name} is damaged", f"{error}; try `evenhand verify`") from None

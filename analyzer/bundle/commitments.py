"""The rows of a capture as the seal commits to them: each in fields that can be shown one by one.

The order of tables, rows and fields is fixed, so that the same capture has the same tree. What one
may want to show stands alone (host, parts of a path, names of headers, sizes, times); what nobody
is to see stands alone, too (values of headers, bodies).
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, NamedTuple

from analyzer.bundle import store
from analyzer.custody.merkle import commitment, leaf, salt

_MOST_PARTS: Final = 64  # of a path; the last holds the rest

Field = tuple[str, Any]


class Row(NamedTuple):
    """A row of `table`: its `fields` in order, each a name and what JSON can hold."""

    table: str
    fields: tuple[Field, ...]


def read_rows(database: sqlite3.Connection, session: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what `session.json` says of the `session`, then every row of its capture.

    Raises one of `store.DAMAGED`.
    """
    yield Row("session", tuple(sorted(session.items())))
    tables = ["step", "exchange", "message", "chunk", "event"]
    if store.has_connections(database):
        tables += ["connection", "checkup", "measured"]
    before = database.text_factory
    # What is stored as text need not be: nothing may keep a capture from being sealed.
    database.text_factory = _text
    try:
        for table in tables:
            statement, fields = _TABLES[table]
            if table == "exchange" and not store.has_connections(database):
                statement = statement.replace("e.connection", "NULL")
            for row in database.execute(statement):
                yield Row(table, fields(row))
    finally:
        with contextlib.suppress(sqlite3.ProgrammingError):  # it was closed meanwhile
            database.text_factory = before


def row_hash(seed: bytes, number: int, row: Row) -> bytes:
    """Return the leaf of the `number`-th row (from 0) in the tree of `seed`."""
    table = row.table
    return leaf(
        commitment(salt(seed, number, position), table, name, value)
        for position, (name, value) in enumerate(row.fields)
    )


def row_name(row: Row) -> str:
    """Return what a row is called where it differs: "exchange 12"."""
    number = next((value for name, value in row.fields if name == "id"), None)
    if row.table == "message" and isinstance(number, list):
        return f"message {number[1]} of exchange {number[0]}"
    return row.table if number is None else f"{row.table} {number}"


def _text(content: bytes) -> str:
    return content.decode("utf-8", "surrogateescape")


def _exchange(row: tuple[Any, ...]) -> tuple[Field, ...]:
    (
        number, t_s, answered, state, reason, method, url, transport, server, connection,
        sent_headers, sent_trailers, sent_size, sent_cut, sent, status,
        got_headers, got_trailers, got_size, got_cut, got,
    ) = row  # fmt: skip
    scheme, host, parts, names = _url(url)
    return (
        ("id", number),
        ("when", [t_s, answered]),
        ("state", [state, reason]),
        ("sizes", [sent_size or 0, sent_cut, got_size or 0, got_cut]),
        ("method", method),
        ("transport", transport),
        ("status", status),
        ("scheme", scheme),
        ("host", host),
        *(("path", part) for part in parts),
        ("query_names", names),
        ("url", url),
        ("server", server),
        ("connection", connection),
        ("request_names", _names(sent_headers)),
        ("request_headers", [sent_headers, sent_trailers]),
        ("request_body", _hex(sent)),
        ("response_names", _names(got_headers)),
        ("response_headers", [got_headers, got_trailers]),
        ("response_body", _hex(got)),
    )


def _url(url: str) -> tuple[str, str, list[str], list[str]]:
    """Return scheme, host with port, parts of the path and names of the query of a URL."""
    scheme, separator, rest = url.partition("#")[0].partition("://")
    if not separator:
        scheme, rest = "", scheme
    before, _, query = rest.partition("?")
    authority, _, path = before.partition("/")
    names = [pair.partition("=")[0] for pair in query.split("&")] if query else []
    return scheme, authority, path.split("/", _MOST_PARTS - 1), names


def _names(headers: str) -> list[str]:
    """Return the names of stored headers, without repeats; none where they are no such list."""
    try:
        return list(dict.fromkeys(str(name) for name, _ in json.loads(headers)))
    except (ValueError, TypeError, RecursionError):
        return []


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def _message(row: tuple[Any, ...]) -> tuple[Field, ...]:
    exchange, number, t_s, from_client, is_text, cut, size, body = row
    return (
        ("id", [exchange, number]),
        ("when", [t_s]),
        ("kind", [from_client, is_text]),
        ("sizes", [size or 0, cut]),
        ("body", _hex(body)),
    )


def _chunk(row: tuple[Any, ...]) -> tuple[Field, ...]:
    number, exchange, from_client, data = row
    return (
        ("id", number),
        ("of", [exchange, from_client]),
        ("sizes", [len(data)]),
        ("data", sha256(data).hexdigest()),
    )


def _event(row: tuple[Any, ...]) -> tuple[Field, ...]:
    number, t_s, kind, host, reason, up, down = row
    return (
        ("id", number),
        ("when", [t_s]),
        ("kind", kind),
        ("host", host),
        ("reason", reason),
        ("sizes", [up, down]),
    )


def _step(row: tuple[Any, ...]) -> tuple[Field, ...]:
    return ("id", row[0]), ("when", [row[1]]), ("name", row[2])


def _connection(row: tuple[Any, ...]) -> tuple[Field, ...]:
    number, t_s, ended, phone, host, address, transport, alpn, tls, outcome, reason, *sizes = row
    return (
        ("id", number),
        ("when", [t_s, ended]),
        ("kind", [transport, alpn, tls, outcome, reason]),
        ("sizes", sizes),
        ("host", host),
        ("server", address),
        ("phone", phone),
    )


def _checkup(row: tuple[Any, ...]) -> tuple[Field, ...]:
    number, t_s, phone, name, state, found = row
    return (
        ("id", number),
        ("when", [t_s]),
        ("kind", [name, state]),
        ("phone", phone),
        ("found", found),
    )


def _measured(row: tuple[Any, ...]) -> tuple[Field, ...]:
    number, t_s, topic, value, source = row
    return ("id", number), ("when", [t_s]), ("kind", [topic, source]), ("value", value)


_TABLES: Final[dict[str, tuple[str, Callable[[tuple[Any, ...]], tuple[Field, ...]]]]] = {
    "step": ("SELECT id, t_s, name FROM step ORDER BY id", _step),
    "exchange": (
        (
            "SELECT e.id, e.t_s, e.answered_s, e.state, e.reason, e.method, e.url, e.transport,"
            " e.server_ip, e.connection, e.request_headers, e.request_trailers, sent.size,"
            " e.request_cut, e.request_body, e.status, e.response_headers, e.response_trailers,"
            " got.size, e.response_cut, e.response_body FROM exchange e"
            " LEFT JOIN body sent ON sent.sha256=e.request_body"
            " LEFT JOIN body got ON got.sha256=e.response_body ORDER BY e.id"
        ),
        _exchange,
    ),
    "message": (
        (
            "SELECT m.exchange, m.seq, m.t_s, m.from_client, m.is_text, m.cut, b.size, m.body"
            " FROM message m LEFT JOIN body b ON b.sha256=m.body ORDER BY m.exchange, m.seq"
        ),
        _message,
    ),
    "chunk": ("SELECT id, exchange, from_client, data FROM chunk ORDER BY id", _chunk),
    "event": (
        "SELECT id, t_s, kind, host, reason, bytes_up, bytes_down FROM event ORDER BY id",
        _event,
    ),
    "connection": (
        (
            "SELECT id, t_s, ended_s, phone, host, address, transport, alpn, tls, outcome, reason,"
            " bytes_up, bytes_down FROM connection ORDER BY id"
        ),
        _connection,
    ),
    "checkup": ("SELECT id, t_s, phone, name, state, found FROM checkup ORDER BY id", _checkup),
    "measured": ("SELECT id, t_s, topic, value, source FROM measured ORDER BY id", _measured),
}

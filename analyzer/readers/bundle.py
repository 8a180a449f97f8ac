"""Reads a session bundle back, in the order in which things began, in bounded memory."""

from __future__ import annotations

import bisect
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from analyzer.bundle import soundness, store
from analyzer.errors import UserError
from analyzer.models import Checkup, Connection, Event, Exchange, Measured
from analyzer.study import PAUSE
from analyzer.trust import events


class Span(NamedTuple):
    """Exchanges that stand one after the other: those with the ids `first` to `last`.

    `message` None: all of the first; else of its WebSocket's messages those from this number on.
    """

    first: int = soundness.FIRST
    last: int = soundness.LAST
    message: int | None = None

    def after(self, exchange: str) -> Span:
        """Return what is left of it behind the exchange or the message of the id `exchange`."""
        number, _, message = exchange.partition(".w")
        return Span(int(number), self.last, int(message) + 1 if message else soundness.FIRST)


EVERYTHING = Span()


def read_spans(path: Path, size: int) -> list[Span]:
    """Return the exchanges of the bundle `path` in spans of `size`; errors as of `read_exchanges`.

    Messages of a WebSocket are not counted.
    """
    spans: list[Span] = []
    with _reading(path) as database:
        ids = soundness.exchange_ids(database)
        while some := list(islice(ids, size)):
            spans.append(Span(some[0], some[-1]))
    return spans


def read_exchanges(
    path: Path, span: Span = EVERYTHING, wants: Callable[[str], bool] | None = None
) -> Iterator[Exchange]:
    """Yield every exchange of the bundle `path`; a WebSocket's messages follow its handshake.

    Bodies are as on the wire, but at most `store.KEEP` bytes; `truncated` says what is missing, and
    `complete` is False then and where an exchange was cut off. A message has the URL, status and
    server of its handshake and no headers. Trailers stand at the end of the headers. Works while
    the bundle is being recorded. `UserError` if it is not a bundle or is damaged. Only those of
    `span` are read, if it is given, and those whose URL one `wants`.
    """
    first, last, message_from = span
    with _reading(path) as database:
        steps = without_pauses(_steps(database))
        starts = [t_s for t_s, _ in steps]

        def phase(t_s: float) -> str:
            return steps[max(0, bisect.bisect_right(starts, t_s) - 1)][1] if steps else ""

        for row in soundness.exchange_rows(database, first, last):
            begin, message_from = message_from, None
            if wants is not None and not wants(row[4]):
                continue
            exchange = _exchange(database, path.name, phase(row[1]), row)
            if begin is None:
                yield exchange
                begin = soundness.FIRST
            for message in soundness.message_rows(database, row[0], begin):
                yield _message(database, exchange, phase(message[1]), message)


def read_events(path: Path) -> Iterator[Event]:
    """Yield every event of the bundle `path`; `UserError` as above.

    First those that were recorded as such, in that order; then one for each connection that could
    not simply be read, in the order in which they began.
    """
    with _reading(path) as database:
        for row in soundness.event_rows(database):
            yield Event(*row)
    yield from events(Connections(path))


def read_connections(path: Path) -> tuple[Connection, ...]:
    """Return every connection of the bundle `path`, in the order in which they began.

    None for imports and for bundles of version 1. `UserError` as above.
    """
    return tuple(Connections(path))


class Connections:
    """The connections of a bundle as `read_connections` has them, read anew each time.

    Nothing of them is held: a recording of some days has very many.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def __iter__(self) -> Iterator[Connection]:
        """Read them; `UserError` as above."""
        with _reading(self._path) as database:
            for row in soundness.connection_rows(database):
                yield Connection(*row)


def read_checkups(path: Path) -> tuple[Checkup, ...]:
    """Return what the check page found out, in time order; `UserError` as above."""
    with _reading(path) as database:
        return tuple(Checkup(*row) for row in soundness.checkup_rows(database))


def read_measured(path: Path) -> tuple[Measured, ...]:
    """Return what was measured of the phone and its way out, in time order; errors as above."""
    with _reading(path) as database:
        return tuple(Measured(*row) for row in soundness.measured_rows(database))


def read_steps(path: Path) -> tuple[tuple[float, str], ...]:
    """Return (seconds, name) of every step, in time order; the first is the study's first phase."""
    with _reading(path) as database:
        return _steps(database)


def without_pauses(steps: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Return `steps` with phases that go on where a driver of the feed paused.

    >>> without_pauses([(0.0, "use"), (9.0, "feed pause"), (12.0, "use"), (30.0, "feed pause")])
    ((0.0, 'use'),)
    """
    kept: list[tuple[float, str]] = []
    paused = False
    for t_s, name in steps:
        if name != PAUSE and not (paused and kept and kept[-1][1] == name):
            kept.append((t_s, name))
        paused = name == PAUSE
    return tuple(kept)


def _steps(database: sqlite3.Connection) -> tuple[tuple[float, str], ...]:
    return tuple((t_s, name) for t_s, name in soundness.step_rows(database))


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
        content = store.get_chunks(database, exchange, from_client=from_client)
        return content[: store.KEEP], max(0, len(content) - store.KEEP)
    return _stored(database, key)


def _stored(database: sqlite3.Connection, key: bytes | None) -> tuple[bytes, int]:
    """A body and the bytes of it that are missing; a damaged body is missing as a whole."""
    content = store.get_body(database, key)
    if content is not None:
        return content, 0
    row = database.execute("SELECT size FROM body WHERE sha256=?", (key,)).fetchone()
    return b"", min(max(1, int(row[0])), store.KEEP) if row else 1


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(store.open_to_read(path / store.DATABASE)) as database:
            yield database
    except soundness.UNSOUND as error:
        raise UserError(f"{path.name} is damaged", f"{error}; try `evenhand verify`") from None

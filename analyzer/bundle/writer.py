"""Writes one session bundle, call by call, so that a killed process loses nothing."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from analyzer.bundle import sealing, seals, store
from analyzer.bundle.clock import SessionClock
from analyzer.bundle.connections import ConnectionTable
from analyzer.bundle.store import RecordingError
from analyzer.bundle.tallies import connection_counts, measured_exit, table_counts
from analyzer.bundle.transactions import Transactions
from analyzer.custody import log
from analyzer.errors import UserError
from analyzer.instants import instant, iso
from analyzer.models import CheckState, Event, Exchange, Headers, Session

_MESSAGE = re.compile(r"(.+)\.w[0-9]+")


class BundleWriter:
    """Writes one bundle, from one thread. What a method has written survives a killed process.

    Every method raises `RecordingError` when the disk refuses; then only `close` still works.
    `counts` is kept up to date: exchanges, messages, events, bytes_up, bytes_down (of bodies).
    `connections` takes what becomes of each connection; `seconds` turns seconds since 1970 (by
    default: now) into seconds since the session's start.
    """

    def __init__(
        self, path: Path, session: Session, database: sqlite3.Connection, lock: sealing.Lock
    ) -> None:
        self.path = path
        self.session = session
        self.counts = dict.fromkeys(
            ("exchanges", "messages", "events", "bytes_up", "bytes_down"), 0
        )
        self._database = database
        self._writing = Transactions(path, database)
        self.connections = ConnectionTable(self._writing)
        self._lock = lock
        self._clock = SessionClock(instant(session.started))
        self.seconds = self._clock.seconds
        self._numbers: dict[int, int] = {}  # WebSocket -> messages so far
        self._imported: dict[str, int] = {}  # id in the source -> id here
        self._closed = False

    @classmethod
    def create(cls, captures: Path, session: Session, *, phase: str) -> Self:
        """Make the folder `captures`/<session id> and begin to record.

        `phase` is the study's first phase: exchanges before the first step belong to it.
        `UserError` if the folder exists or cannot be made.
        """
        path = captures / session.id
        try:
            captures.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.mkdir(mode=0o700)
            lock = sealing.Lock(path)
            sealing.write_session(path, session)  # first: without it, nobody could close the rest
            database = store.create(path / store.DATABASE)
            database.execute("INSERT INTO step(t_s, name) VALUES(0,?)", (store.storable(phase),))
        except FileExistsError:
            raise UserError(f"{path} exists already", "give the session another id") from None
        except (OSError, sqlite3.Error) as error:
            raise UserError(f"{path} cannot be written", str(error)) from None
        whose = {"account": session.account} if session.account else {}
        study = seals.study_of(path)
        log.append(study, "recorded", session=session.id, origin=session.origin, **whose)
        return cls(path, session, database, lock)

    @property
    def closed(self) -> bool:
        """Whether nothing can be added any more."""
        return self._closed

    def free_bytes(self) -> int:
        """Space left on the disk of the bundle."""
        return shutil.disk_usage(self.path).free

    @property
    def exit_country(self) -> str | None:
        """Where the traffic leaves from, as far as it was measured (see `Session.egress`)."""
        return measured_exit(self._database)

    def together(self) -> AbstractContextManager[None]:
        """Write what is added within at once: faster, and all of it or nothing (then only `close`).

        For importers and generators, which can do it again. What is recorded live is written as it
        comes: with a killed process, what was added within would be lost.
        """
        return self._writing.together()

    def mark_incomplete(self, why: str) -> None:
        """Note that something may be missing; the session will not count as complete."""
        self._writing.faults[why] = None

    def add_exchange(self, exchange: Exchange) -> int:
        """Store a whole exchange, as an importer has it; return its number in this bundle.

        Its `id`, `session` and `phase` are given anew on reading (phases come from `add_step`).
        A WebSocket message (method ``WS``, id ``<handshake's id>.w<n>``) must come after its
        handshake; `ValueError` otherwise. Bodies beyond `KEEP` bytes are cut and counted.
        """
        if exchange.method == "WS":
            return self._add_foreign_message(exchange)
        with self._writing:
            request, request_cut = store.put_body(self._database, exchange.request_body)
            response, response_cut = store.put_body(self._database, exchange.response_body)
            number = self._writing.insert(
                "exchange",
                t_s=exchange.t_s,
                state="done" if exchange.complete else "failed",
                method=store.storable(exchange.method),
                url=store.storable(exchange.url),
                transport=exchange.transport,
                server_ip=exchange.server_ip,
                request_headers=store.dump_headers(exchange.request_headers),
                request_body=request,
                request_cut=request_cut + exchange.truncated,
                status=exchange.status,
                response_headers=store.dump_headers(exchange.response_headers),
                response_body=response,
                response_cut=response_cut,
            )
        self._imported[exchange.id] = number
        self._count("exchanges", len(exchange.request_body), len(exchange.response_body))
        return number

    def begin_exchange(
        self,
        *,
        t_s: float,
        method: str,
        url: str,
        headers: Headers,
        body: bytes | None,
        transport: str,
        server_ip: str | None = None,
        trailers: Headers = (),
        connection: int | None = None,
    ) -> int:
        """Store a request and return its number.

        `body` is None while it is still flowing: then `add_chunk` and `finish_request` follow.
        `connection` is the number of the one it came over.
        """
        with self._writing:
            key, cut = store.put_body(self._database, body or b"")
            number = self._writing.insert(
                "exchange",
                t_s=t_s,
                state="sending" if body is None else "sent",
                method=store.storable(method),
                url=store.storable(url),
                transport=transport,
                server_ip=server_ip,
                connection=connection,
                request_headers=store.dump_headers(headers),
                request_trailers=store.dump_headers(trailers),
                request_body=key,
                request_cut=cut,
            )
        self._count("exchanges", len(body or b""), 0)
        return number

    def add_chunk(self, exchange: int, data: bytes, *, from_client: bool) -> None:
        """Store the next piece of a body that is still flowing."""
        with self._writing:
            self._writing.insert("chunk", exchange=exchange, from_client=from_client, data=data)

    def finish_request(
        self, exchange: int, *, last: bytes = b"", trailers: Headers = (), cut: int = 0
    ) -> None:
        """End a request that came in chunks, `last` the end; `cut` bytes were not given."""
        with self._writing:
            key, size = self._join(exchange, last, from_client=True)
            self._database.execute(
                "UPDATE exchange SET request_body=?, request_cut=?, request_trailers=?,"
                " state=CASE state WHEN 'sending' THEN 'sent' ELSE state END WHERE id=?",
                (key, cut, store.dump_headers(trailers), exchange),
            )
        self._count("", size + cut, 0)

    def begin_answer(
        self, exchange: int, *, t_s: float, status: int, headers: Headers, server_ip: str | None
    ) -> None:
        """Store the head of an answer whose body follows in chunks, then `finish_exchange`."""
        with self._writing:
            self._database.execute(
                "UPDATE exchange SET answered_s=?, status=?, response_headers=?, server_ip=?"
                " WHERE id=?",
                (t_s, status, store.dump_headers(headers), server_ip, exchange),
            )

    def finish_exchange(
        self,
        exchange: int,
        *,
        t_s: float,
        status: int | None,
        headers: Headers = (),
        body: bytes | None = b"",
        trailers: Headers = (),
        cut: int = 0,
        server_ip: str | None = None,
        failed: str = "",
        opens_websocket: bool = False,
    ) -> None:
        """Store the answer of a request. `body` None: it came in chunks, `cut` bytes are missing.

        `failed` says in fixed words why there is no (complete) answer. After `opens_websocket`,
        `add_message` and `end_websocket` follow.
        """
        state = "failed" if failed else "open" if opens_websocket else "done"
        with self._writing:
            if body is None:
                key, size = self._join(exchange, from_client=False)
            else:
                size = len(body)
                key, beyond = store.put_body(self._database, body)
                cut += beyond
                size -= beyond
            self._database.execute(
                "UPDATE exchange SET state=?, reason=?, answered_s=?, status=?, response_headers=?,"
                " response_trailers=?, response_body=?, response_cut=?,"
                " server_ip=coalesce(?, server_ip) WHERE id=?",
                (
                    state,
                    store.storable(failed),
                    t_s,
                    status,
                    store.dump_headers(headers),
                    store.dump_headers(trailers),
                    key,
                    cut,
                    server_ip,
                    exchange,
                ),
            )
        self._count("", 0, size + cut)

    def add_message(
        self, exchange_id: int, from_client: bool, is_text: bool | None, content: bytes, t_s: float
    ) -> None:
        """Store a WebSocket message of the handshake `exchange_id`; `is_text` None: not known."""
        number = self._numbers.get(exchange_id, 0) + 1
        with self._writing:
            key, cut = store.put_body(self._database, content)
            self._writing.insert(
                "message",
                exchange=exchange_id,
                seq=number,
                t_s=t_s,
                from_client=from_client,
                is_text=is_text,
                body=key,
                cut=cut,
            )
        self._numbers[exchange_id] = number
        up, down = (len(content), 0) if from_client else (0, len(content))
        self._count("messages", up, down)

    def end_websocket(self, exchange: int, *, failed: str = "") -> None:
        """Note that a WebSocket was closed, or why it broke."""
        state = "failed" if failed else "done"
        with self._writing:
            self._database.execute(
                "UPDATE exchange SET state=?, reason=? WHERE id=?",
                (state, store.storable(failed), exchange),
            )

    def add_event(self, event: Event) -> None:
        """Store what happened beside the exchanges."""
        with self._writing:
            self._writing.insert(
                "event",
                t_s=event.t_s,
                kind=event.kind,
                host=store.storable(event.host),
                reason=store.storable(event.reason),
                bytes_up=event.bytes_up,
                bytes_down=event.bytes_down,
            )
        self._count("events", 0, 0)

    def add_checkup(self, phone: str, name: str, state: CheckState, found: str) -> None:
        """Store what the check page found out about `phone` (its address), now."""
        with self._writing:
            self._writing.insert(
                "checkup",
                t_s=self.seconds(),
                phone=phone,
                name=name,
                state=state,
                found=store.storable(found),
            )

    def add_measured(self, topic: str, value: str, source: str, t_s: float | None = None) -> None:
        """Store a measured fact about the phone or its way out (see `models.Measured`)."""
        with self._writing:
            self._writing.insert(
                "measured",
                t_s=self.seconds() if t_s is None else t_s,
                topic=topic,
                value=store.storable(value),
                source=store.storable(source),
            )

    def add_step(self, name: str, t_s: float) -> None:
        """Mark the beginning of a phase at `t_s`."""
        with self._writing:
            self._writing.insert("step", t_s=t_s, name=store.storable(name))

    def close(
        self, reason: str, *, extra: Mapping[str, int] | None = None, ended: float | None = None
    ) -> Session:
        """End the session, seal the bundle and return the session as it was written.

        `reason` is in fixed words ("stopped", "imported", ...); `extra` are further counts; `ended`
        is in seconds since 1970, by default now. Raises `RecordingError` if the bundle could not be
        sealed: `recover` does it later.
        """
        if self._closed:
            return self.session
        self._closed = True
        try:
            self._lock.free_reserve()
            self._writing.end()
            self.session = self._ended(reason, extra or {}, ended)
            sealing.seal(self.path, self._database, self.session)
        except (sqlite3.Error, OSError) as error:
            raise RecordingError(
                f"{self.path.name} could not be closed: {error}",
                "make room on the disk, then run `evenhand recover`",
            ) from error
        finally:
            self._database.close()
            self._lock.release()
        return self.session

    def _ended(self, reason: str, extra: Mapping[str, int], ended: float | None) -> Session:
        partial = (
            *self.session.partial,
            *self._writing.faults,
            *sealing.open_exchanges(self._database),
        )
        if not self._writing.broken:
            with store.transaction(self._database):
                # Bodies that were still flowing stay in pieces: to join them would take long.
                self._database.execute("UPDATE exchange SET state='left' WHERE state='open'")
        counts = {
            **extra,
            **connection_counts(self._database),
            **table_counts(self._database),
        }
        return dataclasses.replace(
            self.session,
            ended=iso(self._clock.end(ended)),
            end_reason=reason,
            complete=not self._writing.faults,
            egress=measured_exit(self._database) or self.session.egress,
            counts=tuple(sorted(counts.items())),
            partial=partial,
        )

    def _add_foreign_message(self, exchange: Exchange) -> int:
        found = _MESSAGE.fullmatch(exchange.id)
        handshake = self._imported.get(found[1]) if found else None
        if handshake is None:
            raise ValueError("a WebSocket message came before its handshake")
        from_client = bool(exchange.request_body) or not exchange.response_body
        content = exchange.request_body if from_client else exchange.response_body
        self.add_message(handshake, from_client, None, content, exchange.t_s)
        return handshake

    def _join(
        self, exchange: int, last: bytes = b"", *, from_client: bool
    ) -> tuple[bytes | None, int]:
        content = store.get_chunks(self._database, exchange, from_client=from_client) + last
        key, _ = store.put_body(self._database, content)
        self._database.execute(
            "DELETE FROM chunk WHERE exchange=? AND from_client=?", (exchange, from_client)
        )
        return key, len(content)

    def _count(self, what: str, up: int, down: int) -> None:
        if what:
            self.counts[what] += 1
        self.counts["bytes_up"] += up
        self.counts["bytes_down"] += down

"""Follows one bundle while it is written, and says what is in it so far."""

from __future__ import annotations

import bisect
import shutil
import sqlite3
import time
from collections import Counter, deque
from collections.abc import Set
from contextlib import closing
from pathlib import Path
from typing import Final, TypeVar

from analyzer.bundle import read_session, store
from analyzer.bundle.sealing import is_locked, is_sealed
from analyzer.classify import Classifier
from analyzer.errors import UserError
from analyzer.extract import Extractor
from analyzer.extract.places import place_of
from analyzer.extract.shapes import safe_url, visible
from analyzer.instants import instant
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.live.alarms import with_alarms
from analyzer.live.ledger import Judged, Ledger
from analyzer.live.places import Places
from analyzer.live.rows import Batch, ExchangeRow, Tail
from analyzer.live.sightings import Sightings
from analyzer.live.snapshot import Check, Condition, Fact, Phone, Request, Snapshot, Totals
from analyzer.models import Checkup, Destination, Measured, Session, TrustState
from analyzer.pipeline import persona_of
from analyzer.study import SETUP, Study
from analyzer.trust import is_own

BUDGET: Final = 0.2  # seconds that a poll reads and searches
_LATEST_REQUESTS: Final = 10
_MOST_STEPS: Final = 200
_MOST_CHECKS: Final = 200  # pairs of phone and check
_MOST_FACTS: Final = 50
_MOST_SHOWN: Final = 25  # phones
_LONGEST: Final = 100  # characters of anything that comes from a capture
_DAMAGED: Final = (sqlite3.Error, ValueError, TypeError, RecursionError)
_UNREAD_EVENTS: Final = frozenset(("tls_refused", "tls_passthrough", "non_http"))
_MOST_PARTIAL: Final = 10
Key = TypeVar("Key")
Value = TypeVar("Value")


class Follower:
    """Reads the bundle `path`, which a process is recording or which was closed.

    `study` says whose values are searched and who is the first party. `UserError` where `path` is
    no bundle.
    """

    def __init__(self, path: Path, study: Study, knowledge: Knowledge | None = None) -> None:
        self.path = path
        self._study = study
        known = knowledge or load_knowledge()
        session = read_session(path)
        extractor = Extractor(known, persona_of(study, session).values, study.key, session.arm.age)
        country = known.countries.get(session.arm.country)
        self._country_name = country.name if country else session.arm.country
        self._mask = extractor.mask
        self._classify = Classifier(study, known, extractor.mask).destination
        self._sightings = Sightings(
            session.id, extractor, self._where, known, unverified=study.compare.unverified
        )
        self._tail = Tail()
        self._ledger = Ledger()
        self._places = Places()
        self._totals: Counter[str] = Counter()
        self._where_of: dict[int, Destination] = {}  # of exchanges that may still change
        self._requests: deque[ExchangeRow] = deque(maxlen=_LATEST_REQUESTS)
        self._steps: list[tuple[float, int, str]] = []
        self._checks: dict[tuple[str, str], Checkup] = {}
        self._facts: dict[tuple[str, str], Measured] = {}

    def poll(self, budget: float = BUDGET) -> Snapshot:
        """Read what is new for about `budget` seconds; return what is known then.

        `UserError` where the bundle is damaged or gone.
        """
        session = read_session(self.path)
        running = is_locked(self.path)  # before reading: what comes later is read next time
        deadline = time.monotonic() + budget
        try:
            with closing(store.open_to_read(self.path / store.DATABASE)) as database:
                self._take(self._tail.read(database, deadline - budget / 2))
                steps = [(t_s, name) for t_s, _, name in self._steps]
                self._sightings.look(database, self._tail.counted, deadline, steps)
                left = self._tail.left(database)
        except _DAMAGED as error:
            raise UserError(f"{self.path.name} is damaged", f"{error}") from None
        condition: Condition = "recording" if running else "ended"
        if not running and not is_sealed(self.path):
            condition = "crashed"
        return self._snapshot(
            session, condition, left + self._sightings.backlog(self._tail.counted)
        )

    def _where(self, host: str) -> Destination:
        return self._classify(host)

    def _take(self, batch: Batch) -> None:
        for row, before in batch.exchanges:
            self._exchange(row, before)
        for message in batch.messages:
            where = self._where_of.get(message.exchange)
            if where is not None:
                self._count(where, messages=1, up=message.up, down=message.down)
                if message.up:
                    self._sightings.later(message.exchange, message.seq)
        for number in [each for each in self._where_of if not self._tail.follows(each)]:
            del self._where_of[number]
        for connection in batch.connections:
            self._ledger.note(connection)
        for event in batch.events:
            self._totals["gaps"] += event.kind == "gap"
            self._totals["unanswered"] += event.kind == "error" and not is_own(event.host)
            if event.kind in _UNREAD_EVENTS:  # of bundles without connections
                self._totals["unread_up"] += event.up
                self._totals["unread_down"] += event.down
        for step in batch.steps:
            bisect.insort(self._steps, step)
        del self._steps[1 : max(1, len(self._steps) - _MOST_STEPS)]
        for checkup in batch.checkups:
            _keep_latest(self._checks, (checkup.phone, checkup.name), checkup, _MOST_CHECKS)
        for measured in batch.measured:
            _keep_latest(self._facts, (measured.topic, measured.source), measured, _MOST_FACTS)

    def _exchange(self, row: ExchangeRow, before: ExchangeRow | None) -> None:
        host = place_of(row.url)[0]
        if is_own(host):
            return
        where = self._where_of[row.id] = self._where(host)
        if before is None:
            self._count(where, exchanges=1, up=row.up, down=row.down)
            self._requests.append(row)
            return
        # What flowed in pieces may be a little less when it is put together: headers come late.
        self._count(where, up=row.up - before.up, down=row.down - before.down)
        if before.state == "sending" and row.state != "sending":
            self._sightings.later(row.id)
        for at, each in enumerate(self._requests):
            if each.id == row.id:
                self._requests[at] = row

    def _count(
        self, where: Destination, *, exchanges: int = 0, messages: int = 0, up: int, down: int
    ) -> None:
        self._places.add(where, exchanges=exchanges, messages=messages, up=up, down=down)
        self._totals.update(exchanges=exchanges, messages=messages, read_up=up, read_down=down)

    def _snapshot(self, session: Session, condition: Condition, backlog: int) -> Snapshot:
        every = list(self._ledger.judged())
        judged = [each for each in every if each.host is None or not is_own(each.host, each.state)]
        since, phase = self._phase()
        ended = instant(session.ended) if session.ended else time.time()
        now = Snapshot(
            session=session.id,
            arm=session.arm.label,
            account=session.account,
            country=session.arm.country,
            country_name=self._country_name,
            age=session.arm.age,
            app=_plain(session.app),
            device=_plain(session.device),
            mode=_plain(session.mode),
            instrumented=_plain(session.instrumented),
            condition=condition,
            end_reason=_plain(session.end_reason or ""),
            complete=session.complete,
            partial=tuple(_plain(each) for each in session.partial[:_MOST_PARTIAL]),
            elapsed_s=max(0.0, ended - instant(session.started)),
            phase=_plain(phase),
            phase_since_s=since,
            phases=self._study.phases,
            steps=tuple(dict.fromkeys(_plain(name) for _, _, name in self._steps)),
            next_phase=next_phase(self._study, phase),
            phones=self._phones({each.phone for each in every if each.state == "decrypted"}),
            facts=tuple(
                Fact(_plain(each.topic), _plain(each.value), _plain(each.source))
                for each in self._facts.values()
            ),
            totals=self._sum(judged),
            recipients=self._places.recipients(
                (None if each.host is None else self._where(each.host), each) for each in judged
            ),
            requests=tuple(self._request(row) for row in reversed(self._requests)),
            sightings=self._sightings.found(),
            more_sightings=self._sightings.more,
            backlog=backlog,
            skipped=self._sightings.skipped,
            free_bytes=shutil.disk_usage(self.path).free,
            alarms=(),
        )
        return with_alarms(now)

    def _sum(self, judged: list[Judged]) -> Totals:
        states: Counter[TrustState] = Counter()
        for each in judged:
            states[each.state] += each.count
        return Totals(
            exchanges=self._totals["exchanges"],
            messages=self._totals["messages"],
            in_flight=len(self._tail.pending),
            connections=sum(each.count for each in judged),
            states=tuple(states.most_common()),
            read_up=self._totals["read_up"],
            read_down=self._totals["read_down"],
            unread_up=self._totals["unread_up"] + sum(each.up for each in judged),
            unread_down=self._totals["unread_down"] + sum(each.down for each in judged),
            gaps=self._totals["gaps"],
            unanswered=self._totals["unanswered"] + states["failed"],
        )

    def _phones(self, trusted: Set[str]) -> tuple[Phone, ...]:
        addresses = dict.fromkeys([*self._ledger.phones, *(phone for phone, _ in self._checks)])
        found = []
        for address in list(addresses)[:_MOST_SHOWN]:
            last, count = self._ledger.phones.get(address, (0.0, 0))
            checks = [each for (phone, _), each in self._checks.items() if phone == address]
            found.append(
                Phone(
                    address=_plain(address),
                    last_s=max([last, *(each.t_s for each in checks)]),
                    connections=count,
                    trusted=address in trusted,
                    checks=tuple(
                        Check(_plain(each.name), each.state, _plain(each.found)) for each in checks
                    ),
                )
            )
        return tuple(found)

    def _phase(self) -> tuple[float, str]:
        return (self._steps[-1][0], self._steps[-1][2]) if self._steps else (0.0, "")

    def _request(self, row: ExchangeRow) -> Request:
        path = safe_url(row.url.partition("?")[0]).partition("://")[2].partition("/")[2]
        return Request(
            id=row.id,
            t_s=row.t_s,
            method=_plain(row.method)[:12],
            host=self._where(place_of(row.url)[0]).host,
            path=_plain("/" + self._mask(path)),
            status=row.status,
            state=_plain(row.state),
        )


def next_phase(study: Study, phase: str) -> str:
    """Return the phase of `study` after `phase`, "" after the last and after one of another name.

    After the set-up of the phone comes the first.

    What was marked in between under another name does not count: see `evenhand step`.
    """
    phases = study.phases
    if phase == SETUP:
        return phases[0]
    after = phases.index(phase) + 1 if phase in phases else len(phases)
    return phases[after] if after < len(phases) else ""


def _keep_latest(kept: dict[Key, Value], key: Key, value: Value, most: int) -> None:
    if key in kept or len(kept) < most:
        kept[key] = value


def _plain(text: str) -> str:
    """Return `text` without anything that could hide or reorder what stands beside it."""
    shown = visible(text[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"

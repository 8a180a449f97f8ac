"""The first time that each type of data goes to each owner, found while the session runs.

The program's own decoding and rules, on requests only and within a bounded time; `evenhand analyze`
reads everything when the session has ended.
"""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from analyzer.bundle import store
from analyzer.decode import Limits, decode
from analyzer.extract import Extractor
from analyzer.extract.places import place_of
from analyzer.knowledge import Knowledge
from analyzer.live.snapshot import Sighting
from analyzer.models import Destination, Exchange, Headers

_MOST: Final = 400  # pairs of data type and owner
_MOST_WAITING: Final = 20_000
_LARGEST: Final = 1024 * 1024  # bytes of a body that is searched here
_BATCH: Final = 50
_LIMITS: Final = Limits(
    max_body=_LARGEST, max_expansion=8 * _LARGEST, max_leaves=4_000, max_seconds=0.2
)
_EXCHANGE: Final = """
SELECT id, t_s, method, url, request_headers, request_trailers, request_body, state,
  coalesce((SELECT size FROM body WHERE sha256=request_body), 0)
FROM exchange """
_MESSAGE: Final = """
SELECT m.t_s, e.url, m.body, coalesce((SELECT size FROM body WHERE sha256=m.body), 0)
FROM message m JOIN exchange e ON e.id=m.exchange
WHERE m.exchange=? AND m.seq=? AND m.from_client"""


class Sightings:
    """Searches what was sent, as far as its time goes. `classify` tells where a host leads."""

    def __init__(
        self,
        session: str,
        extractor: Extractor,
        classify: Callable[[str], Destination],
        knowledge: Knowledge,
        *,
        unverified: bool,
    ) -> None:
        self.skipped = 0
        self.more = 0  # pairs beyond the most that are kept
        self._session = session
        self._extractor = extractor
        self._classify = classify
        self._types = knowledge.types
        self._hearsay = frozenset() if unverified else _hearsay(knowledge)
        self._first: dict[tuple[str, str], Sighting] = {}
        self._looked = 0  # highest exchange that was searched or put off
        self._waiting: deque[tuple[int, int]] = deque()  # (exchange, message or 0)

    def later(self, exchange: int, message: int = 0) -> None:
        """Put a message, or a request that was not complete yet, on the list."""
        if message or exchange <= self._looked:
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting.popleft()
                self.skipped += 1
            self._waiting.append((exchange, message))

    def backlog(self, counted: int) -> int:
        """How much was not searched yet, of the exchanges up to `counted`."""
        return max(0, counted - self._looked) + len(self._waiting)

    def look(
        self,
        database: sqlite3.Connection,
        counted: int,
        deadline: float,
        steps: Sequence[tuple[float, str]],
    ) -> None:
        """Search what is there up to exchange `counted`, at least one, until `deadline`.

        `steps` are (seconds, name of the phase) in time order.
        """
        while self._looked < counted:
            rows = database.execute(
                f"{_EXCHANGE} WHERE id>? AND id<=? ORDER BY id LIMIT {_BATCH}",
                (self._looked, counted),
            ).fetchall()
            if not rows:
                self._looked = counted
            for row in rows:
                self._looked = row[0]
                self._request(database, row, steps)
                if time.monotonic() > deadline:
                    return
        while self._waiting and time.monotonic() < deadline:
            exchange, message = self._waiting.popleft()
            if message:
                self._message(database, exchange, message, steps)
            else:
                found = database.execute(f"{_EXCHANGE} WHERE id=?", (exchange,)).fetchone()
                self._request(database, found, steps)

    def found(self) -> tuple[Sighting, ...]:
        """Return the first sightings, the latest first."""
        return tuple(sorted(self._first.values(), key=lambda each: -each.t_s))

    def _request(
        self,
        database: sqlite3.Connection,
        row: tuple[int, float, str, str, str, str, bytes | None, str, int],
        steps: Sequence[tuple[float, str]],
    ) -> None:
        number, t_s, method, url, headers, trailers, key, state, size = row
        if state == "sending":
            return  # it comes again when it is complete
        fields = store.load_headers(headers) + store.load_headers(trailers)
        body = self._body(database, key, size)
        self._search(_sent(self._session, str(number), t_s, method, url, fields, body), steps)

    def _message(
        self,
        database: sqlite3.Connection,
        exchange: int,
        message: int,
        steps: Sequence[tuple[float, str]],
    ) -> None:
        row = database.execute(_MESSAGE, (exchange, message)).fetchone()
        if row is not None:  # what the server sent is not searched
            t_s, url, key, size = row
            number = f"{exchange}.w{message}"
            body = self._body(database, key, size)
            self._search(_sent(self._session, number, t_s, "WS", url, (), body), steps)

    def _body(self, database: sqlite3.Connection, key: bytes | None, size: int) -> bytes:
        if size > _LARGEST:
            self.skipped += 1
            return b""
        return store.get_body(database, key) or b""

    def _search(self, sent: Exchange, steps: Sequence[tuple[float, str]]) -> None:
        matches = self._extractor.extract(sent, decode(sent, _LIMITS)).matches
        if not matches:
            return
        where = self._classify(place_of(sent.url)[0])
        for match in matches:
            known = self._types.get(match.data_type)
            if match.rule_id in self._hearsay or (known and not known.counts_as_data):
                continue
            key = (match.data_type, where.owner)
            before = self._first.get(key)
            if before is not None and before.t_s <= sent.t_s:
                continue
            if before is None and len(self._first) >= _MOST:
                self.more += 1
                continue
            began = bisect_right([t_s for t_s, _ in steps], sent.t_s) - 1
            self._first[key] = Sighting(
                t_s=sent.t_s,
                phase=steps[max(0, began)][1] if steps else "",
                data_type=match.data_type,
                label=known.label if known else match.data_type,
                owner=where.owner,
                party=where.party,
                host=where.host,
                method=match.method,
                shape=match.shape,
                transformed=match.transformed,
            )


def _sent(
    session: str, number: str, t_s: float, method: str, url: str, headers: Headers, body: bytes
) -> Exchange:
    """A request as far as it says something of the phone: without its answer."""
    return Exchange(
        id=number,
        session=session,
        t_s=t_s,
        phase="",
        method=method,
        url=url,
        request_headers=headers,
        request_body=body,
        status=None,
        response_headers=(),
        response_body=b"",
        server_ip=None,
        transport="ws" if method == "WS" else "",
        complete=True,
        truncated=0,
    )


def _hearsay(knowledge: Knowledge) -> frozenset[str]:
    """The ids of the rules that nobody has verified: reports leave out what they find."""
    return frozenset(
        rule.rule_id
        for tracker in knowledge.trackers
        for endpoint in tracker.endpoints
        for rule in endpoint.fields
        if not rule.verified
    )

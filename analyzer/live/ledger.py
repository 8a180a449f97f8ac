"""What became of the connections of a session, in bounded memory.

What a connection's end means depends on the others of its phone (`analyzer.trust`): the first
refusals of a session are judged anew once something could be decrypted. So the latest connections
are kept one by one, and of older ones the groups of those that are judged alike, each with one that
stands for all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from analyzer.models import Connection, Outcome, Transport, TrustState
from analyzer.trust import judge

_MOST_RECENT: Final = 2_000  # that have ended
_MOST_LIVE: Final = 5_000
_MOST_GROUPS: Final = 4_000  # of older ones
_MOST_PHONES: Final = 50
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Judged:
    """Connections to one host that ended alike; `host` is None for those beyond all bounds."""

    phone: str
    host: str | None  # as captured; the address where nobody learned the name
    state: TrustState
    count: int
    up: int
    down: int


class _Kind(NamedTuple):
    """Connections of one kind are judged alike."""

    phone: str
    host: str
    transport: Transport
    outcome: Outcome
    reason: str
    tls: bool
    read: bool  # the host had been read before
    trusted: bool  # something of the phone had been decrypted before


@dataclass(slots=True)
class _Sum:
    """Connections of one kind. Whether two were apart is a question of these two of them."""

    one: Connection  # the last to begin
    first: Connection  # the first to end
    count: int = 0
    up: int = 0
    down: int = 0

    def add(self, connection: Connection) -> None:
        if connection.t_s >= self.one.t_s:
            self.one = connection
        if _end_of(connection) < _end_of(self.first):
            self.first = connection
        self.count += 1
        self.up += connection.bytes_up
        self.down += connection.bytes_down


class Ledger:
    """Takes every connection each time it has changed, and judges all of them together."""

    def __init__(self) -> None:
        self.phones: dict[str, tuple[float, int]] = {}  # address -> (last seen, connections)
        self._live: dict[int, Connection] = {}
        self._recent: dict[int, Connection] = {}
        self._older: dict[_Kind, _Sum] = {}
        self._beyond: dict[tuple[str, TrustState], _Sum] = {}
        self._first_read: dict[tuple[str, str], float] = {}
        self._trusting: dict[str, float] = {}  # phone -> when something was first decrypted

    def note(self, connection: Connection) -> None:
        """Take a connection that is new, or that has changed."""
        if self._live.pop(connection.id, None) is None:
            self._see(connection)
        if connection.outcome == "read":
            who = (connection.phone, _shown(connection))
            _earliest(self._first_read, who, connection.t_s, _MOST_GROUPS)
            _earliest(self._trusting, connection.phone, connection.t_s, _MOST_PHONES)
        if connection.ended_s is None:
            self._live[connection.id] = connection
            if len(self._live) > _MOST_LIVE:
                self._end(self._live.pop(next(iter(self._live))))
        else:
            self._end(connection)

    def judged(self) -> Iterator[Judged]:
        """Yield all connections with their states; of older ones those of a kind together."""
        parts: list[tuple[Connection, _Sum | None]] = []
        for kind, group in self._older.items():
            parts.append((group.one, group))
            if kind.outcome in {"silent", "refused"}:  # those are counted: two that were apart
                parts.append((group.first, _Sum(group.first, group.first)))
        parts += [(each, None) for each in self._recent.values()]
        parts += [(each, None) for each in self._live.values()]
        for (one, total), state in zip(parts, judge([one for one, _ in parts]), strict=True):
            if total is None:
                yield Judged(one.phone, _shown(one), state, 1, one.bytes_up, one.bytes_down)
            elif total.count:
                yield Judged(one.phone, _shown(one), state, total.count, total.up, total.down)
        for (phone, state), rest in self._beyond.items():
            yield Judged(phone, None, state, rest.count, rest.up, rest.down)

    def _see(self, connection: Connection) -> None:
        phone = connection.phone
        if phone in self.phones or len(self.phones) < _MOST_PHONES:
            last, count = self.phones.get(phone, (0.0, 0))
            self.phones[phone] = (max(last, connection.t_s), count + 1)

    def _end(self, connection: Connection) -> None:
        self._recent[connection.id] = connection
        if len(self._recent) > _MOST_RECENT:
            self._fold(self._recent.pop(next(iter(self._recent))))

    def _fold(self, connection: Connection) -> None:
        phone, host = connection.phone, _shown(connection)
        kind = _Kind(
            phone,
            host,
            connection.transport,
            connection.outcome,
            connection.reason,
            connection.tls != "",
            self._first_read.get((phone, host), connection.t_s + 1) <= connection.t_s,
            self._trusting.get(phone, connection.t_s + 1) <= connection.t_s,
        )
        total = self._older.get(kind)
        if total is None and len(self._older) < _MOST_GROUPS:
            total = self._older[kind] = _Sum(connection, connection)
        if total is None:
            self._put_beyond(connection)
        else:
            total.add(connection)

    def _put_beyond(self, connection: Connection) -> None:
        """Judge a connection for good: there are too many hosts to remember this one."""
        who = connection.phone
        read = (
            each.one
            for kind, each in self._older.items()
            if kind.phone == who and kind.outcome == "read"
        )
        state = judge([*islice(read, 1), connection])[-1]
        self._beyond.setdefault((connection.phone, state), _Sum(connection, connection)).add(
            connection
        )


def _shown(connection: Connection) -> str:
    return connection.host or connection.address.rpartition(":")[0]


def _end_of(connection: Connection) -> float:
    return math.inf if connection.ended_s is None else connection.ended_s


def _earliest(times: dict[Key, float], key: Key, t_s: float, most: int) -> None:
    if key in times or len(times) < most:
        times[key] = min(times.get(key, t_s), t_s)

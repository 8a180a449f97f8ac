"""What became of the connections of a session, in bounded memory.

What a connection's end means depends on the others of its phone (`analyzer.trust`): the first
refusals of a session are judged anew once something could be decrypted. So connections that have
ended are kept as groups of those that are judged alike, with one that stands for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from analyzer.models import Connection, Outcome, Transport, TrustState
from analyzer.trust import SILENT_ENOUGH, judge

_MOST_GROUPS: Final = 4_000  # of phone, host and outcome
_MOST_LIVE: Final = 5_000
_MOST_PHONES: Final = 50


@dataclass(frozen=True, slots=True)
class Judged:
    """Connections to one host that ended alike; `host` is None for those beyond all bounds."""

    phone: str
    host: str | None  # as captured
    state: TrustState
    count: int
    up: int
    down: int


class _Kind(NamedTuple):
    """Connections of one kind are judged alike."""

    phone: str
    host: str
    shown: str  # the host, or the address where nobody learned the name
    transport: Transport
    outcome: Outcome
    late: bool  # began after the first one to this host that was read


@dataclass(slots=True)
class _Sum:
    one: Connection
    count: int = 0
    up: int = 0
    down: int = 0

    def add(self, connection: Connection) -> None:
        self.count += 1
        self.up += connection.bytes_up
        self.down += connection.bytes_down


class Ledger:
    """Takes every connection each time it has changed, and judges all of them together."""

    def __init__(self) -> None:
        self.phones: dict[str, tuple[float, int]] = {}  # address -> (last seen, connections)
        self._live: dict[int, Connection] = {}
        self._ended: dict[_Kind, _Sum] = {}
        self._beyond: dict[tuple[str, TrustState], _Sum] = {}
        self._first_read: dict[tuple[str, str], float] = {}

    def note(self, connection: Connection) -> None:
        """Take a connection that is new, or that has changed."""
        if self._live.pop(connection.id, None) is None:
            self._see(connection)
        if connection.outcome == "read":
            who = (connection.phone, connection.host)
            if who in self._first_read or len(self._first_read) < _MOST_GROUPS:
                before = self._first_read.get(who, connection.t_s)
                self._first_read[who] = min(before, connection.t_s)
        if connection.ended_s is None:
            self._live[connection.id] = connection
            if len(self._live) > _MOST_LIVE:
                self._end(self._live.pop(next(iter(self._live))))
        else:
            self._end(connection)

    def judged(self) -> Iterator[Judged]:
        """Yield all connections with their states, those of one kind together."""
        weights: list[tuple[str, _Sum]] = []
        stand_ins: list[Connection] = []
        for kind, total in self._ended.items():
            # Silences count: as many of them stand for the group as a judgement asks for.
            several = min(total.count, SILENT_ENOUGH) if kind.outcome == "silent" else 1
            stand_ins += [total.one] * several
            weights += [(kind.shown, total), *[(kind.shown, _Sum(total.one))] * (several - 1)]
        for connection in self._live.values():
            stand_ins.append(connection)
            weights.append(
                (
                    _shown(connection),
                    _Sum(connection, 1, connection.bytes_up, connection.bytes_down),
                )
            )
        for one, state, (host, total) in zip(stand_ins, judge(stand_ins), weights, strict=True):
            if total.count:
                yield Judged(one.phone, host, state, total.count, total.up, total.down)
        for (phone, state), total in self._beyond.items():
            yield Judged(phone, None, state, total.count, total.up, total.down)

    def _see(self, connection: Connection) -> None:
        phone = connection.phone
        if phone in self.phones or len(self.phones) < _MOST_PHONES:
            last, count = self.phones.get(phone, (0.0, 0))
            self.phones[phone] = (max(last, connection.t_s), count + 1)

    def _end(self, connection: Connection) -> None:
        who = (connection.phone, connection.host)
        late = self._first_read.get(who, connection.t_s + 1) <= connection.t_s
        kind = _Kind(*who, _shown(connection), connection.transport, connection.outcome, late)
        total = self._ended.get(kind)
        if total is None:
            if len(self._ended) >= _MOST_GROUPS:
                self._put_beyond(connection)
                return
            total = self._ended[kind] = _Sum(connection)
        total.add(connection)

    def _put_beyond(self, connection: Connection) -> None:
        """Judge a connection for good: there are too many hosts to remember this one."""
        read = next((each.one for each in self._ended.values() if each.one.outcome == "read"), None)
        state = judge([*([read] if read else []), connection])[-1]
        self._beyond.setdefault((connection.phone, state), _Sum(connection)).add(connection)


def _shown(connection: Connection) -> str:
    return connection.host or connection.address.rpartition(":")[0]

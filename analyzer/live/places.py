"""Who receives how much, by owner and party, in bounded memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from analyzer.live.ledger import Judged
from analyzer.live.snapshot import Recipient
from analyzer.models import Destination, Party, TrustState

OTHERS: Final = "others"  # what comes after the most owners that are kept apart
_MOST_OWNERS: Final = 300
_MOST_HOSTS: Final = 100  # of one owner
_SHOWN_HOSTS: Final = 8

_Key = tuple[Party, str]


@dataclass(slots=True)
class _Seen:
    hosts: dict[str, None] = field(default_factory=dict)
    exchanges: int = 0
    messages: int = 0
    up: int = 0
    down: int = 0


@dataclass(slots=True)
class _Unread:
    up: int = 0
    down: int = 0
    states: Counter[TrustState] = field(default_factory=Counter)


class Places:
    """Counts what was read, owner by owner."""

    def __init__(self) -> None:
        self._seen: dict[_Key, _Seen] = {}

    def add(
        self,
        where: Destination,
        *,
        exchanges: int = 0,
        messages: int = 0,
        up: int = 0,
        down: int = 0,
    ) -> None:
        """Add to the counts of the owner of `where`."""
        seen = self._at(where)
        seen.exchanges += exchanges
        seen.messages += messages
        seen.up += up
        seen.down += down

    def recipients(
        self, judged: Iterable[tuple[Destination | None, Judged]]
    ) -> tuple[Recipient, ...]:
        """Return every owner with what was read and, from connections, what was not.

        The first party comes first, then who has most traffic.
        """
        unread: dict[_Key, _Unread] = {}
        for where, each in judged:
            if where is None:
                key = self._key("third", OTHERS)
            else:
                self._at(where)
                key = self._key(where.party, where.owner)
            total = unread.setdefault(key, _Unread())
            total.up += each.up
            total.down += each.down
            total.states[each.state] += each.count
        rows = [self._row(key, unread.get(key, _Unread())) for key in {**self._seen, **unread}]
        return tuple(sorted(rows, key=_rank))

    def _at(self, where: Destination) -> _Seen:
        key = self._key(where.party, where.owner)
        seen = self._seen.setdefault(key, _Seen())
        if where.host and len(seen.hosts) < _MOST_HOSTS:
            seen.hosts[where.host] = None
        return seen

    def _key(self, party: Party, owner: str) -> _Key:
        key = (party, owner)
        return key if key in self._seen or len(self._seen) < _MOST_OWNERS else ("third", OTHERS)

    def _row(self, key: _Key, unread: _Unread) -> Recipient:
        seen = self._seen.get(key, _Seen())
        return Recipient(
            owner=key[1],
            party=key[0],
            hosts=tuple(seen.hosts)[:_SHOWN_HOSTS],
            more_hosts=max(0, len(seen.hosts) - _SHOWN_HOSTS),
            exchanges=seen.exchanges,
            messages=seen.messages,
            read_up=seen.up,
            read_down=seen.down,
            unread_up=unread.up,
            unread_down=unread.down,
            states=tuple(unread.states.most_common()),
        )


def _rank(row: Recipient) -> tuple[bool, int, int, str]:
    size = row.read_up + row.read_down + row.unread_up + row.unread_down
    connections = sum(count for _, count in row.states)
    return row.party != "first", -size, -row.exchanges - connections, row.owner

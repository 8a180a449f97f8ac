"""The ids of findings and signals: they depend on session, place and rule, not on the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from operator import itemgetter
from typing import TypeVar

from analyzer.models import Match, Signal

T = TypeVar("T")
_Place = tuple[str, ...]
_by_place = itemgetter(0, 1)


def identify(prefix: str, *parts: str) -> str:
    """Return `prefix` and 10 hexadecimal digits that depend on `parts` only.

    >>> identify("f", "KE-13-r01", "17", "body", "device.id")
    'f94fc788079'
    >>> identify("f", "ab", "c") == identify("f", "a", "bc")
    False
    """
    return prefix + blake2b(_written(*parts), digest_size=5).hexdigest()


def exchange_order(exchange: str) -> tuple[int, ...]:
    """Return a key that sorts the ids of exchanges as they happened.

    >>> sorted(["17", "3", "17.w12", "17.w3"], key=exchange_order)
    ['3', '17', '17.w3', '17.w12']
    """
    return tuple(int(digits) for digits in exchange.replace("w", "").split(".") if digits.isdigit())


class Names:
    """Sorts and names what was found in the exchanges of a session."""

    def __init__(self, session: str) -> None:
        self._session = _written(session)

    def findings(self, exchange: str, found: Sequence[Match]) -> Iterator[tuple[str, Match]]:
        """Yield the id of each match of `exchange`, in the order of their places."""
        placed: list[tuple[_Place, str, Match]] = [
            ((each.part, each.path, each.data_type, each.rule_id), each.digest, each)
            for each in found
        ]
        return self._named("f", exchange, placed)

    def signals(self, exchange: str, found: Sequence[Signal]) -> Iterator[tuple[str, Signal]]:
        """Yield the id of each signal of `exchange`, in the order of their places."""
        placed: list[tuple[_Place, str, Signal]] = [
            ((each.part, each.path, each.signal, each.rule_id), each.value, each) for each in found
        ]
        return self._named("s", exchange, placed)

    def _named(
        self, prefix: str, exchange: str, placed: list[tuple[_Place, str, T]]
    ) -> Iterator[tuple[str, T]]:
        """Two that share a place are told apart by their number."""
        if not placed:
            return
        placed.sort(key=_by_place)
        begun = blake2b(self._session + _written(exchange), digest_size=5)
        last: _Place = ()
        again = 0
        for place, _, each in placed:
            again = again + 1 if place == last else 0
            last = place
            digest = begun.copy()
            digest.update(_told(*place))
            if again:
                digest.update(_told(str(again)))
            yield prefix + digest.hexdigest(), each


@lru_cache(8192)
def _told(*parts: str) -> bytes:
    return _written(*parts)


def _written(*parts: str) -> bytes:
    text = "".join([f"{len(part)}:{part}" for part in parts])
    return text.encode("utf-8", "surrogatepass")

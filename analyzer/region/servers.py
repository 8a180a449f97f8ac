"""In which countries the servers of each host are, as databases of addresses have it.

A database tells where an address is registered or announced from. Of a content network that
announces one address from many places (anycast) that is one of them, and seldom the nearest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from analyzer.findings import Server
from analyzer.models import Problem
from analyzer.region.exits import Databases

MOST: Final = 20_000  # different pairs of host and address


class Servers:
    """Counts the exchanges with each address of each host of one session."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._beyond = 0

    def exchange(self, host: str, address: str | None) -> None:
        """Count an exchange with `host` at `address`, where that is known."""
        if address:
            self.add({(host, address): 1})

    def add(self, addresses: Mapping[tuple[str, str], int]) -> None:
        """Count the next exchanges by host and address, in the order of the first of each."""
        for pair, count in addresses.items():
            if pair in self._counts or len(self._counts) < MOST:
                self._counts[pair] += count
            else:
                self._beyond += count

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be counted, because there was too much of it."""
        if not self._beyond:
            return ()
        detail = f"{self._beyond} exchanges beyond {MOST} addresses"
        return (Problem("", "classify", "too_many_servers", detail),)

    def located(self, session: str, databases: Databases) -> tuple[Server, ...]:
        """Return hosts with what each of `databases` says, in order of host, source and country."""
        found: Counter[tuple[str, str, str]] = Counter()
        for (host, address), count in self._counts.items():
            for answer in databases.answers(address):
                found[host, answer.source, answer.country] += count
        return tuple(
            Server(session, host, country, source, count)
            for (host, source, country), count in sorted(found.items())
        )

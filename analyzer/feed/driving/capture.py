"""Follows the feed in a bundle that another process is recording."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from analyzer.bundle import read_session, soundness, store
from analyzer.bundle.clock import SessionClock
from analyzer.bundle.sealing import is_locked
from analyzer.decoders.schema import place_of
from analyzer.errors import UserError
from analyzer.feed.adapters import Adapter
from analyzer.feed.reading import FeedReader, Found
from analyzer.instants import instant
from analyzer.live.rows import Tail
from analyzer.readers.bundle import Span, read_exchanges

_BUDGET_S: Final = 0.5
_MOST_PLACES: Final = 10_000


class LiveFeed:
    """The feed of the bundle `path`, piece by piece. `key` is the study's secret.

    `steps` are (seconds, name) of the session so far, in order of time.
    """

    def __init__(self, path: Path, adapters: Sequence[Adapter], key: bytes) -> None:
        self.path = path
        self.session = read_session(path)
        self.steps: list[tuple[float, str]] = []
        self._clock = SessionClock(instant(self.session.started))
        self._adapters = tuple(adapters)
        self._reader = FeedReader(path.name, adapters, key)
        self._tail = Tail()
        self._concerned: dict[tuple[str, str], bool] = {}

    def now(self) -> float:
        """Return how many seconds the session lasts by now."""
        return self._clock.seconds()

    @property
    def running(self) -> bool:
        """Whether it is still being recorded."""
        return is_locked(self.path)

    @property
    def phase(self) -> str:
        """The step that the session is in."""
        return self.steps[-1][1] if self.steps else ""

    def poll(self) -> list[Found]:
        """Return what the feed was given and what was told of it since the last time.

        `UserError` where the bundle is damaged or gone.
        """
        found: list[Found] = []
        try:
            with closing(store.open_to_read(self.path / store.DATABASE)) as database:
                left = True
                while left:
                    batch = self._tail.read(database, time.monotonic() + _BUDGET_S)
                    self.steps.extend((t_s, name) for t_s, _, name in batch.steps)
                    for row, before in batch.exchanges:
                        # Once it is over; a socket's messages are no answers of a feed.
                        over = not row.in_flight and (before is None or before.in_flight)
                        if over and self._concerns(row.url):
                            for exchange in read_exchanges(self.path, Span(row.id, row.id)):
                                found.extend(self._reader.read(exchange))
                    left = bool(batch.exchanges) and self._tail.left(database) > 0
        except soundness.UNSOUND as error:
            raise UserError(f"{self.path.name} is damaged", f"{error}") from None
        self.steps.sort(key=lambda step: step[0])
        return found

    def _concerns(self, url: str) -> bool:
        """Whether the address is one of a feed: videos are not read."""
        place = place_of(url)
        known = self._concerned.get(place)
        if known is None:
            if len(self._concerned) >= _MOST_PLACES:
                self._concerned.clear()
            known = self._concerned[place] = any(
                any(surface.place.holds(*place) for surface in adapter.surfaces)
                or any(rule.place.holds(*place) for rule in adapter.watches)
                for adapter in self._adapters
            )
        return known

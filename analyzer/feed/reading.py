"""From a recorded session to the items that its feed was given, in one pass.

`FeedReader` takes exchanges one by one, also while they are recorded; `read_feed` takes those of a
bundle. Nothing is held but counts. What an answer of the feed's addresses holds that is not
understood is a `Problem`, so that a new format is never an empty feed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

from analyzer.decoders import MISS, Budget, Fault, Layer, Pairs
from analyzer.decoders.schema import place_of
from analyzer.feed.adapters import Adapter, Surface, WatchRule
from analyzer.feed.asking import asks, told_by_answer
from analyzer.feed.conditions import holds
from analyzer.feed.items import clean_id, make_item, signs
from analyzer.feed.lists import NOWHERE, entries, rows_of
from analyzer.feed.paths import MOST, WIDE, find, first, has_list, is_empty, opened
from analyzer.feed.records import Health, Item, Serving, Told, Watch
from analyzer.feed.telling import Telling
from analyzer.feed.trees import body_tree
from analyzer.feed.watching import media_of, read_watches
from analyzer.models import Exchange, Problem
from analyzer.readers.bundle import read_exchanges

PRELOAD: Final = "preload"  # the surface of items that wait for their turn outside a feed's order
_MOST_PLACES: Final = 10_000
_LEAST_SERVINGS: Final = 5  # with which it can be said that a field is gone
_MANY_SERVINGS: Final = 20  # of which one at least has what nearly every item has
_LEAST_ANSWERS: Final = 3  # with which it can be said that none has items
_SILENT: Final = ("HEAD", "OPTIONS", "WS", "CONNECT")

# An `Item` by itself tells more of one that is served elsewhere.
Found = Serving | Item | Watch | Problem
_Surfaces = tuple[Surface, ...]
_Known = tuple[tuple[Adapter, _Surfaces, tuple[WatchRule, ...]], ...]


@dataclass(slots=True)
class _Tally:
    """What was found in the lists of one answer.

    Of its `entries`, `strange` were no items, though nothing says that they are none. `empty`: more
    entries, without anything at the place of an item.
    """

    there: bool = False  # a list, be it empty
    hidden: bool = False  # something that only items have, though no entry was found
    entries: int = 0
    strange: int = 0
    empty: int = 0

    @property
    def lost(self) -> int:
        """How many entries were not understood."""
        return self.strange + self.empty

    @property
    def understood(self) -> bool:
        if self.hidden:
            return False
        return self.there and (self.lost == 0 or self.entries > self.strange)


class FeedReader:
    """Reads the exchanges of one session, in their order. `key` is the study's secret.

    `tell` is told what leads to each item and to who made it: see `items.signs`.
    """

    def __init__(
        self,
        session: str,
        adapters: Sequence[Adapter],
        key: bytes,
        tell: Callable[[str], object] | None = None,
    ) -> None:
        self._tell = tell
        self._session = session
        self._adapters = tuple(adapters)
        self._key = key
        self._places: dict[tuple[str, str], _Known] = {}
        self._batches: Counter[str] = Counter()
        self._answers: Counter[str] = Counter()
        self._understood: Counter[str] = Counter()
        self._servings: Counter[str] = Counter()
        self._lacking: dict[str, Counter[str]] = {}
        self._telling = Telling()

    def wants(self, url: str) -> bool:
        """Whether a feed may have to do with an exchange of `url`: others need not be read."""
        return bool(self._known(url))

    def read(self, exchange: Exchange) -> Iterator[Found]:
        """Yield what `exchange` serves and tells; nothing for what is not of a feed."""
        if exchange.method in _SILENT:
            return
        for adapter, surfaces, rules in self._known(exchange.url):
            for found in read_watches(exchange, adapter, rules, self._key):
                if isinstance(found, Fault):
                    yield self._problem(exchange, "feed_log_unread", f"{adapter.id}: {found.code}")
                else:
                    yield found
            asked = [each for each in surfaces if asks(exchange, each)]
            for surface in asked:
                yield from self._answer(exchange, adapter, surface)
            if len(asked) < len(surfaces) and not any(each.has for each in asked):
                for surface in told_by_answer(exchange, surfaces):
                    yield from self._answer(exchange, adapter, replace(surface, optional=True))

    def end(self) -> Iterator[Problem]:
        """Yield what can be said only when all was read: fields that are gone, or all items."""
        for health in self.health:
            if health.understood >= _LEAST_ANSWERS and not health.servings:
                detail = (
                    f"{health.platform}: {health.understood} answers and no item in any of them"
                )
                yield Problem("", "extract", "feed_empty", detail)
            for name, count in health.lacking:
                if health.servings >= _LEAST_SERVINGS and count * 2 > health.servings:
                    detail = f"{health.platform}: {name} in {count} of {health.servings} servings"
                    yield Problem("", "extract", "feed_lacking", detail)
        for adapter in self._adapters:
            if (number := self._servings[adapter.id]) >= _MANY_SERVINGS:
                for name in self._telling.never(adapter):
                    detail = f"{adapter.id}: {name} in {number} of {number} servings"
                    yield Problem("", "extract", "feed_lacking", detail)

    @property
    def told(self) -> tuple[Told, ...]:
        """Return what was told of items so far, by platform and surface."""
        return self._telling.told

    @property
    def health(self) -> tuple[Health, ...]:
        """Return how much was understood so far, by platform; only of those that were met."""
        return tuple(
            Health(
                self._session,
                adapter.id,
                self._answers[adapter.id],
                self._understood[adapter.id],
                self._servings[adapter.id],
                tuple(sorted(self._lacking.get(adapter.id, Counter()).items())),
            )
            for adapter in self._adapters
            if self._answers[adapter.id]
        )

    def _known(self, url: str) -> _Known:
        place = place_of(url)
        known = self._places.get(place)
        if known is None:
            if len(self._places) >= _MOST_PLACES:
                self._places.clear()
            surfaces = _surfaces_at(self._adapters, *place)
            known = self._places[place] = tuple(
                (adapter, surfaces[adapter.id], rules)
                for adapter in self._adapters
                for rules in (tuple(r for r in adapter.watches if r.place.holds(*place)),)
                if surfaces[adapter.id] or rules
            )
        return known

    def _answer(
        self, exchange: Exchange, adapter: Adapter, surface: Surface
    ) -> Iterator[Serving | Item | Problem]:
        if exchange.status != 200:
            if exchange.status is None or exchange.status >= 400:
                yield from self._unread(exchange, adapter, surface, "feed_refused", "no answer")
            return
        kind, encoding = media_of(exchange.response_headers)
        tree, budget = body_tree(exchange.response_body, kind, encoding, exchange.url, answer=True)
        if isinstance(tree, Fault) or tree is MISS:
            code, why = "feed_unread", tree.code if isinstance(tree, Fault) else "no known format"
            if not exchange.response_body:
                code, why = "feed_empty", "an answer without a body"
            elif not exchange.complete:
                why = "truncated"
            yield from self._unread(exchange, adapter, surface, code, why)
            return
        parts = _parts(tree, budget)
        if any(holds(each, part, budget) for part in parts for each in adapter.refusals):
            yield from self._unread(exchange, adapter, surface, "feed_refused", "an error")
            return
        if any(part is None for part in parts):  # the rest of a stream that was cut
            yield self._problem(exchange, "feed_unread", f"{adapter.id}/{surface.id}: truncated")
        yield from self._lists(exchange, adapter, surface, parts, budget)

    def _lists(
        self,
        exchange: Exchange,
        adapter: Adapter,
        surface: Surface,
        parts: Sequence[object],
        budget: Budget,
    ) -> Iterator[Serving | Item | Problem]:
        tally = _Tally()
        batches: dict[str, int] = {}
        positions: Counter[str] = Counter()
        served: dict[tuple[str, str], int] = {}
        named = self._named(exchange, adapter, surface)
        is_none = partial(self._is_no_item, adapter, budget=budget)
        kinds = ((surface.id, surface.lists), (PRELOAD, surface.preload))
        for tree, (own, lists) in product(parts, kinds):
            if own == surface.id and not tally.there:
                tally.there = any(has_list(tree, steps, budget) for steps in lists)
            for number, node in entries(tree, rows_of(lists), budget, is_none):
                if tally.entries >= MOST:
                    yield self._problem(exchange, "feed_bound", f"more than {MOST} entries")
                    break
                if number == NOWHERE:
                    tally.empty += 1
                    continue
                tally.entries += 1
                if is_none(node):
                    continue
                entry = _unwrapped(adapter, node, budget)
                made = make_item(entry, adapter, self._key, budget, named)
                if made is None:
                    tally.strange += 1
                    continue
                item, lacking = made
                place = surface.id if surface.details else own
                self._telling.add(place, entry, item, adapter, budget)
                if self._tell:
                    for sign in signs(entry, adapter, budget):
                        self._tell(sign)
                # One that two lists of the answer have was served once; the second may tell more.
                if surface.details or served.setdefault((own, item.key), number) != number:
                    yield item
                    continue
                if own not in batches:
                    batches[own] = self._next(own)
                where = (exchange.t_s, own, batches[own], positions[own])
                yield Serving(exchange.session, exchange.id, *where, item)
                positions[own] += 1
                self._servings[adapter.id] += 1
                if lacking:
                    self._lacking.setdefault(adapter.id, Counter()).update(lacking)
        if not tally.entries and surface.signs:
            tally.hidden = any(first(part, surface.signs, budget) is not None for part in parts)
        yield from self._judge(exchange, adapter, surface, tally)

    def _next(self, surface: str) -> int:
        number = self._batches[surface]
        self._batches[surface] += 1
        return number

    def _judge(
        self, exchange: Exchange, adapter: Adapter, surface: Surface, tally: _Tally
    ) -> Iterator[Problem]:
        """Say whether the answer was understood."""
        if surface.details or (surface.optional and not tally.there and not tally.hidden):
            return
        self._answers[adapter.id] += 1
        self._understood[adapter.id] += tally.understood
        where = f"{adapter.id}/{surface.id}"
        if not tally.understood:
            why = f"{where}: feed answers without recognised items"
            yield self._problem(exchange, "feed_format", why)
            return
        for _ in range(min(MOST, tally.lost)):
            yield self._problem(exchange, "feed_entry", f"{where}: entries that are no items")

    def _unread(
        self, exchange: Exchange, adapter: Adapter, surface: Surface, code: str, why: str
    ) -> Iterator[Problem]:
        # One whose answer has the names of a feed is of that feed, though it may not be its items.
        if surface.details or (surface.optional and not surface.has):
            return
        self._answers[adapter.id] += 1
        yield self._problem(exchange, code, f"{adapter.id}/{surface.id}: {why}")

    def _named(self, exchange: Exchange, adapter: Adapter, surface: Surface) -> str:
        """Return the id of the item that the request asked for."""
        if not surface.request_id:
            return ""
        kind, encoding = media_of(exchange.request_headers)
        tree, budget = body_tree(exchange.request_body, kind, encoding, exchange.url, answer=False)
        return clean_id(adapter, first(tree, surface.request_id, budget))

    @staticmethod
    def _is_no_item(adapter: Adapter, node: object, budget: Budget) -> bool:
        plain = node if isinstance(node, dict) else None
        for steps in adapter.not_items:
            if plain is not None and steps and steps[0] not in plain and steps[0] not in WIDE:
                continue
            for each in find(node, steps, budget):
                if not is_empty(each):
                    return True
        return any(holds(each, node, budget) for each in adapter.not_if)

    @staticmethod
    def _problem(exchange: Exchange, code: str, detail: str) -> Problem:
        return Problem(exchange.id, "extract", code, detail)


class FeedReading:
    """What `read_feed` returns. Iterate it once; `health` and `problems` are whole after that."""

    def __init__(self, bundle: Path, adapters: Sequence[Adapter], key: bytes) -> None:
        self._bundle = bundle
        self._reader = FeedReader(bundle.name, adapters, key)
        self.problems: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Found]:
        """Yield servings, watch lines, details and problems in the order of the exchanges."""
        for exchange in read_exchanges(self._bundle, wants=self._reader.wants):
            for found in self._reader.read(exchange):
                if isinstance(found, Problem):
                    self.problems[found.code] += 1
                yield found
        for problem in self._reader.end():
            self.problems[problem.code] += 1
            yield problem

    @property
    def health(self) -> tuple[Health, ...]:
        """Return how much of the feed's answers was understood, by platform."""
        return self._reader.health

    @property
    def told(self) -> tuple[Told, ...]:
        """Return what was told of items, by platform and surface."""
        return self._reader.told


def read_feed(bundle: Path, adapters: Sequence[Adapter], key: bytes) -> FeedReading:
    """Return the reading of the session bundle `bundle`, in flat memory.

    `UserError` while it is iterated, where the bundle cannot be read.
    """
    return FeedReading(bundle, adapters, key)


def _surfaces_at(adapters: Sequence[Adapter], host: str, path: str) -> dict[str, _Surfaces]:
    """Return the surfaces of an address, by adapter.

    Of a host that none names, those at whose paths nobody else asks: platforms take new hosts.
    """
    named = {
        adapter.id: tuple(each for each in adapter.surfaces if each.place.holds(host, path))
        for adapter in adapters
    }
    if any(named.values()):
        return named
    return {
        adapter.id: tuple(
            moved
            for each in adapter.surfaces
            if each.anywhere and (moved := each.elsewhere()).place.holds(host, path)
        )
        for adapter in adapters
    }


def _parts(tree: object, budget: Budget) -> list[object]:
    """Return the documents of an answer: one, or those of a stream. None: one that is cut."""
    if isinstance(tree, list) and tree and all(isinstance(each, Layer) for each in tree):
        return [opened(each, budget) for each in tree]
    return [tree]


def _unwrapped(adapter: Adapter, node: object, budget: Budget) -> object:
    """Return the item that the entry `node` holds, or `node` if it is one."""
    inside = first(node, adapter.wrapped, budget)
    return inside if isinstance(inside, dict | Pairs) else node

"""The app's own log of what became of an item: requests as `Watch` lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, unquote

from analyzer.decoders import MISS, Budget, Fault
from analyzer.feed import values
from analyzer.feed.adapters import Adapter, Paths, WatchRule
from analyzer.feed.conditions import holds
from analyzer.feed.items import clean_id, item_key
from analyzer.feed.paths import find, first
from analyzer.feed.records import Watch
from analyzer.feed.trees import LIMITS, body_tree
from analyzer.models import Exchange

_MOST_FIELDS: Final = 1_000
_LONGEST_URL: Final = 64 * 1024
_MOST_SPANS: Final = 1_000
_LONGEST_WATCH: Final = 24 * 3600.0  # seconds; more is no time that anybody watched


def read_watches(
    exchange: Exchange, adapter: Adapter, rules: tuple[WatchRule, ...], key: bytes
) -> Iterator[Watch | Fault]:
    """Yield what the request of `exchange` tells; a `Fault` if its body cannot be read."""
    body: tuple[object, Budget] | None = None
    for rule in rules:
        if rule.part == "body":
            if body is None:
                body = _body(exchange)
                if isinstance(body[0], Fault):
                    yield body[0]
            tree, budget = body
        else:
            tree, budget = _address(exchange.url, rule), Budget(LIMITS)
        if tree is MISS or isinstance(tree, Fault):
            continue
        for row in find(tree, rule.rows, budget):
            if holds(rule.where, row, budget):
                line = _line(exchange, adapter, rule, row, key, budget)
                if line:
                    yield line


def _body(exchange: Exchange) -> tuple[object, Budget]:
    kind, encoding = media_of(exchange.request_headers)
    body = exchange.request_body
    tree, budget = body_tree(body, kind, encoding, exchange.url, answer=False)
    unread = tree is MISS and bool(body)
    return Fault("opaque_body", "no known format") if unread else tree, budget


def media_of(headers: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Return the Content-Type and the Content-Encoding of `headers`."""
    kind, encodings = "", []
    for name, value in headers:
        lower = name.lower()
        if lower == "content-type":
            kind = value
        elif lower == "content-encoding":
            encodings.append(value)
    return kind, ",".join(encodings)


def _address(url: str, rule: WatchRule) -> object:
    """Return the fields of the query, or the named groups of the address' pattern."""
    url = url[:_LONGEST_URL]
    if rule.part == "query":
        query = url.partition("#")[0].partition("?")[2]
        return dict(parse_qsl(query, max_num_fields=_MOST_FIELDS)) if _few(query) else MISS
    found = rule.pattern.search(url.partition("?")[0]) if rule.pattern else None
    return {k: unquote(v or "") for k, v in found.groupdict().items()} if found else MISS


def _few(query: str) -> bool:
    return query.count("&") < _MOST_FIELDS


def _line(
    exchange: Exchange, adapter: Adapter, rule: WatchRule, row: object, key: bytes, budget: Budget
) -> Watch | None:
    native = clean_id(adapter, first(row, rule.item, budget))
    if not native or native == "0":
        return None
    return Watch(
        session=exchange.session,
        exchange=exchange.id,
        t_s=exchange.t_s,
        key=item_key(adapter, native, key),
        watch_s=_watched(row, rule, budget),
        rounds=values.count(first(row, rule.rounds, budget)),
        order=values.count(first(row, rule.order, budget)),
        liked="liked" in rule.sets,
        shared="shared" in rule.sets,
        commented="commented" in rule.sets,
        followed="followed" in rule.sets,
        kind=rule.id,
        surface=adapter.entered.get(values.name(first(row, rule.surface, budget)), ""),
    )


def _watched(row: object, rule: WatchRule, budget: Budget) -> float | None:
    found = values.seconds(first(row, rule.watch_s, budget))
    if found is None:
        found = values.seconds(first(row, rule.watch_ms, budget), 0.001)
    if found is None and rule.starts:
        found = _spans(row, rule.starts, rule.ends, budget)
    return found if found is not None and found <= _LONGEST_WATCH else None


def _spans(row: object, starts: Paths, ends: Paths, budget: Budget) -> float | None:
    """Return the seconds of all spans, told as two lists with commas between their numbers."""
    lists = [values.name(first(row, each, budget)).split(",") for each in (starts, ends)]
    pairs = list(zip(*(map(values.number, each[:_MOST_SPANS]) for each in lists), strict=False))
    spans = [end - start for start, end in pairs if start is not None and end is not None]
    return round(sum(span for span in spans if span > 0), 3) if spans else None

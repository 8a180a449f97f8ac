"""Exchanges of invented feeds, and what `FeedReader` makes of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from analyzer.feed.adapters import Adapter, load_adapters
from analyzer.feed.reading import FeedReader, Found
from analyzer.feed.records import Item, Serving, Watch
from analyzer.models import Exchange, Problem
from benchmarks.accuracy.vectors import build_exchange

KEY = b"k" * 16
APP = "https://api16-normal-c-useast1a.tiktokv.com"
FEED = f"{APP}/aweme/v1/feed/"
ADAPTERS = {adapter.id: adapter for adapter in load_adapters()}


def exchange(example: Mapping[str, Any], *, number: str = "1", t_s: float = 0.0) -> Exchange:
    """Build the request and the answer that an example of an adapter describes."""
    built = build_exchange(example["request"], number, example.get("response", {}))
    return replace(built, session="s", t_s=t_s)


def aweme(number: int, **more: Any) -> dict[str, Any]:
    """An item of the app, with the id of `number`."""
    return {
        "aweme_id": str(7_300_000_000_000_000_000 + number),
        "desc": f"video {number} #tag{number}",
        "create_time": 1751328000 + number,
        "author": {"uid": str(6_600_000_000_000_000_000 + number % 7)},
        "video": {"duration": 10_000},
        "statistics": {"digg_count": number, "play_count": 10 * number},
        "is_ads": False,
        **more,
    }


def served(items: Iterable[dict[str, Any]], t_s: float = 0.0, number: str = "1") -> Exchange:
    """An answer of the app's feed."""
    answer = {"status_code": 0, "aweme_list": list(items)}
    made = exchange({"request": {"url": FEED}, "response": {"json": answer}}, number=number)
    return replace(made, t_s=t_s)


def logged(
    now: int, before: int = 0, played_ms: int | str = "", t_s: float = 0.0, number: str = "9"
) -> Exchange:
    """A line of the app's log: `now` begins (0: nothing), and `before` had been played."""
    form = {"pre_item_playtime": str(played_ms)}
    if now:
        form["item_id"] = str(7_300_000_000_000_000_000 + now)
    if before:
        form["pre_item_id"] = str(7_300_000_000_000_000_000 + before)
    url = f"{APP}/aweme/v1/aweme/stats/?aid=1233"
    request = {"method": "POST", "url": url, "form": form}
    return replace(exchange({"request": request}, number=number), t_s=t_s)


def read(
    exchanges: Sequence[Exchange], adapters: Sequence[Adapter] = tuple(ADAPTERS.values())
) -> tuple[list[Found], FeedReader]:
    """Return everything that a reader finds in `exchanges`, and the reader."""
    reader = FeedReader("s", adapters, KEY)
    found = [each for exchange in exchanges for each in reader.read(exchange)]
    return [*found, *reader.end()], reader


def servings(found: Iterable[Found]) -> list[Serving]:
    """Return the servings of what was found."""
    return [each for each in found if isinstance(each, Serving)]


def watches(found: Iterable[Found]) -> list[Watch]:
    """Return the lines of the log."""
    return [each for each in found if isinstance(each, Watch)]


def details(found: Iterable[Found]) -> list[Item]:
    """Return what is told of items that are served elsewhere."""
    return [each for each in found if isinstance(each, Item)]


def problems(found: Iterable[Found]) -> list[str]:
    """Return the codes of the problems."""
    return [each.code for each in found if isinstance(each, Problem)]


def as_json(value: object) -> bytes:
    """Return `value` as a body."""
    return json.dumps(value).encode()

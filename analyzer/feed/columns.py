"""The columns of the private files of items, and of what is handed on of them without texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from analyzer.feed.joining import Fate
from analyzer.feed.records import Hashtag, Item, Serving

_SPAN: Final = pa.struct([("start", pa.int32()), ("end", pa.int32())])
SERVED: Final = pa.schema(
    [
        ("exchange", pa.string()),
        ("t_s", pa.float64()),
        ("surface", pa.string()),
        ("batch", pa.int32()),
        ("position", pa.int32()),
        ("platform", pa.string()),
        ("item_key", pa.string()),
        ("native", pa.string()),
        ("author_key", pa.string()),
        ("text", pa.string()),
        ("language", pa.string()),
        ("hashtags", pa.list_(pa.string())),
        ("hashtag_at", pa.list_(_SPAN)),  # of each, in UTF-16 code units
        ("music", pa.string()),
        ("duration_s", pa.float64()),
        ("created", pa.string()),
        ("plays", pa.int64()),
        ("likes", pa.int64()),
        ("comments", pa.int64()),
        ("shares", pa.int64()),
        ("ad", pa.string()),
        ("ad_reasons", pa.list_(pa.string())),
        ("warnings", pa.list_(pa.string())),
    ]
)
_OF_ITEM: Final = {"item_key": "key", "author_key": "author"}  # what is called otherwise there
_OF_SERVING: Final = ("exchange", "t_s", "surface", "batch", "position")
FATE: Final = pa.schema(
    [
        ("place", pa.int32()),
        ("state", pa.string()),
        ("by", pa.string()),
        ("feed_s", pa.float64()),  # of the session; those of the account are added when it is read
        ("watch_s", pa.float64()),
        ("rounds", pa.int32()),
        ("engaged", pa.bool_()),
    ]
)
WHOLE: Final = pa.schema([*SERVED, *FATE])
# What `load_showings` gives: nothing that anybody wrote, no id of a platform.
SHOWINGS: Final = pa.schema(
    [
        ("account", pa.string()),
        ("arm", pa.string()),
        ("session", pa.string()),
        ("exchange", pa.string()),
        ("order", pa.int32()),  # among the servings of its session and surface, from 0
        ("surface", pa.string()),
        ("item_key", pa.string()),
        ("author_key", pa.string()),
        ("state", pa.string()),
        ("by", pa.string()),
        ("feed_s", pa.float64()),  # feed time of the account
        ("watch_s", pa.float64()),
        ("duration_s", pa.float64()),
        ("rounds", pa.int32()),
        ("engaged", pa.bool_()),
        ("ad", pa.string()),
    ]
)


def servings_table(servings: Sequence[Serving]) -> pa.Table:
    """Return servings as a table: their own fields and those of their items."""
    items = [serving.item for serving in servings]
    told: dict[str, list[Any]] = {
        name: list(map(attrgetter(name), servings)) for name in _OF_SERVING
    }
    told |= {
        name: list(map(attrgetter(_OF_ITEM.get(name, name)), items))
        for name in SERVED.names
        if name not in _OF_SERVING and name not in ("hashtags", "hashtag_at")
    }
    told["hashtags"] = [[tag.name for tag in item.hashtags] for item in items]
    told["hashtag_at"] = [_spans(item) for item in items]
    columns = [pa.array(told[each.name], type=each.type) for each in SERVED]
    return pa.Table.from_arrays(columns, schema=SERVED)


def item_columns(item: Item) -> dict[str, Any]:
    """Return the columns of an item."""
    row = {field.name: getattr(item, field.name) for field in fields(item)}
    row |= {"item_key": row.pop("key"), "author_key": row.pop("author")}
    return row | {"hashtags": [tag.name for tag in item.hashtags], "hashtag_at": _spans(item)}


def _spans(item: Item) -> list[dict[str, int]]:
    return [{"start": tag.start, "end": tag.end} for tag in item.hashtags]


def item_of(row: Mapping[str, Any]) -> Item:
    """Return the item that the columns `row` hold."""
    told: dict[str, Any] = {field.name: row.get(field.name) for field in fields(Item)}
    told |= {"key": row["item_key"], "author": row["author_key"]}
    told |= {name: tuple(row[name]) for name in ("ad_reasons", "warnings")}
    pairs = zip(row["hashtags"], row["hashtag_at"], strict=True)
    told["hashtags"] = tuple(Hashtag(name, **span) for name, span in pairs)
    return Item(**told)


def served_table(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows, as `SERVED` names their fields, as a table."""
    return pa.Table.from_pylist(rows, schema=SERVED)


def with_fates(batch: pa.RecordBatch, fates: list[Fate]) -> pa.RecordBatch:
    """Return `batch` of servings with what became of each."""
    columns = [pa.array(list(map(attrgetter(each.name), fates)), type=each.type) for each in FATE]
    return pa.RecordBatch.from_arrays([*batch.columns, *columns], schema=WHOLE)


def showings(
    batch: pa.RecordBatch, account: str, arm: str, session: str, before_s: float
) -> pa.RecordBatch:
    """Return `batch` of a file of items as showings; `before_s`: feed time of earlier sessions."""
    told = {"account": account, "arm": arm, "session": session}
    columns = []
    for each in SHOWINGS:
        if each.name in told:
            columns.append(pa.repeat(pa.scalar(told[each.name], each.type), batch.num_rows))
        else:
            columns.append(batch.column("place" if each.name == "order" else each.name))
    feed = SHOWINGS.get_field_index("feed_s")
    columns[feed] = pc.add(columns[feed], before_s)
    return pa.RecordBatch.from_arrays(columns, schema=SHOWINGS)

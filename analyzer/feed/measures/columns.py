"""Showings as numpy columns: how a million of them are measured without a million objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from analyzer.feed.records import AdClass, Showing, State

ADS: tuple[AdClass, ...] = get_args(AdClass)
STATES: tuple[State, ...] = get_args(State)
SHOWN, UNKNOWN = STATES.index("shown"), STATES.index("unknown")
FORMAL, NO_AD = ADS.index("formal"), ADS.index("none")
UNCODED = -1
_ROWS = 65_536
_ADS: dict[str, int] = {name: place for place, name in enumerate(ADS)}
_STATES: dict[str, int] = {name: place for place, name in enumerate(STATES)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Some showings, a row each. Those of one account come in the order of feed time from one
    chunk to the next (in a chunk, in any; accounts may take turns). A row that comes later than it
    should is counted (`AccountFigures.late`), and taken for a time as shown when it comes.
    """

    account: NDArray[np.int32]  # place among the accounts of the study
    feed_s: NDArray[np.float64]  # nan unless shown
    category: NDArray[np.int16]  # place among the categories; UNCODED: nobody coded it
    ad: NDArray[np.int8]  # place in ADS
    engaged: NDArray[np.bool_]
    key: NDArray[np.uint64]  # of the item
    state: NDArray[np.int8]  # place in STATES


def columns_of(
    rows: Iterable[Showing],
    accounts: Sequence[str],
    codes: Mapping[str, str],
    categories: Sequence[str],
) -> Iterator[Columns]:
    """Yield `rows` as chunks; those of other accounts are left out.

    `codes` has the category of each item that somebody coded, by key; an item of which they could
    not tell is not in it. A category that is not among `categories` is a KeyError.
    """
    places, numbers = _places(accounts), _places(categories)
    told: list[tuple[int, float, int, int, bool, int, int]] = []
    for row in rows:
        if row.account not in places:
            continue
        code = codes.get(row.key)
        told.append(
            (
                places[row.account],
                np.nan if row.feed_s is None else row.feed_s,
                UNCODED if code is None else numbers[code],
                _ADS[row.ad],
                row.engaged,
                digest(row.key),
                _STATES[row.state],
            )
        )
        if len(told) == _ROWS:
            yield _columns(told)
            told = []
    if told:
        yield _columns(told)


def columns_of_batches(
    batches: Iterable[Any],
    accounts: Sequence[str],
    codes: Mapping[str, str],
    categories: Sequence[str],
) -> Iterator[Columns]:
    """Yield record batches of pyarrow as chunks, as `columns_of` does.

    Their columns: `account`, `item_key`, `feed_s` (null unless shown), `ad`, `engaged`, `state`.
    """
    places, numbers = _places(accounts), _places(categories)
    for batch in batches:
        account = _told(batch.column("account"), places, -1)
        keys, key_of = _distinct(batch.column("item_key"))
        code = [numbers[codes[key]] if key in codes else UNCODED for key in keys]
        mine = account >= 0
        yield Columns(
            account=account[mine].astype(np.int32),
            feed_s=_plain(batch.column("feed_s"))[mine].astype(np.float64),
            category=np.asarray(code, dtype=np.int16)[key_of][mine],
            ad=_told(batch.column("ad"), _ADS)[mine].astype(np.int8),
            engaged=_plain(batch.column("engaged"))[mine].astype(np.bool_),
            key=np.asarray([digest(key) for key in keys], dtype=np.uint64)[key_of][mine],
            state=_told(batch.column("state"), _STATES)[mine].astype(np.int8),
        )


def digest(key: str) -> int:
    """Return 64 bits that stand for an item's key."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def _columns(told: Sequence[tuple[int, float, int, int, bool, int, int]]) -> Columns:
    account, feed_s, category, ad, engaged, key, state = zip(*told, strict=True)
    return Columns(
        np.asarray(account, dtype=np.int32),
        np.asarray(feed_s, dtype=np.float64),
        np.asarray(category, dtype=np.int16),
        np.asarray(ad, dtype=np.int8),
        np.asarray(engaged, dtype=np.bool_),
        np.asarray(key, dtype=np.uint64),
        np.asarray(state, dtype=np.int8),
    )


def _distinct(column: Any) -> tuple[list[str], NDArray[np.intp]]:
    named = column.dictionary_encode()
    return named.dictionary.to_pylist(), _plain(named.indices)


def _told(
    column: Any, places: Mapping[str, int], otherwise: int | None = None
) -> NDArray[np.int64]:
    names, place_of = _distinct(column)
    told = [places[name] if otherwise is None else places.get(name, otherwise) for name in names]
    return np.asarray(told, dtype=np.int64)[place_of]


def _plain(column: Any) -> NDArray[Any]:
    found: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found


def _places(names: Sequence[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}

"""MessagePack. Without an announcement only a map with readable names that fills the body.

The package builds the whole tree before anything is known of its size, so its containers are
counted as they come: a body of empty lists would else take fifty times its size in memory.
"""

from __future__ import annotations

import msgpack  # type: ignore[import-untyped]

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint, Pairs
from analyzer.decoders.json_outline import of_tree
from analyzer.decoders.outlines import LONGEST
from analyzer.decoders.text import is_readable, utf8


class _TooMany(Exception):  # noqa: N818 - never leaves this file
    """There are more containers than can be shown."""


def _name(key: object) -> str:
    if isinstance(key, bytes):
        return utf8(key) or key.hex()
    return key if isinstance(key, str) else str(key)


def _extension(code: int, data: bytes) -> object:
    return {"ext": code, "data": data}


class _Tree:
    """Builds containers from what the unpacker gives. `named`: each key is a readable name."""

    def __init__(self, most: int, *, named: bool) -> None:
        self._left = most
        self._named = named

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise _TooMany

    def map(self, pairs: list[tuple[object, object]]) -> object:
        """Return an object; in what nobody announced its names are the proof."""
        self._count()
        if self._named and not all(
            isinstance(key, str) and key.isprintable() and key for key, _ in pairs
        ):
            raise ValueError
        named = [(_name(key), value) for key, value in pairs]
        names = dict(named)
        return names if len(names) == len(named) else Pairs(named)

    def list(self, items: list[object]) -> object:
        """Return a list."""
        self._count()
        return items


def _plain(content: bytes, budget: Budget) -> object:
    """Read what packs to the same bytes again: then no name was repeated, and nothing was lost.

    `MISS` for all else, and for what has more bytes than containers are counted: the package calls
    nothing here for each of them.
    """
    if len(content) > min(LONGEST, 4 * budget.limits.max_leaves):
        return MISS
    try:
        tree: object = msgpack.unpackb(content)
        if not isinstance(tree, dict | list) or msgpack.packb(tree) != content:
            return MISS
    except (ValueError, msgpack.UnpackException, RecursionError, OverflowError, TypeError):
        return MISS
    return of_tree(tree)


def _unpack(content: bytes, budget: Budget, *, named: bool, raw: bool) -> object:
    built = _Tree(4 * budget.limits.max_leaves, named=named)
    try:
        tree: object = msgpack.unpackb(
            content,
            raw=raw,
            strict_map_key=False,
            timestamp=1,  # as a number
            object_pairs_hook=built.map,
            list_hook=built.list,
            ext_hook=_extension,
        )
    except (ValueError, msgpack.UnpackException, RecursionError, OverflowError, TypeError):
        return MISS
    except _TooMany:
        if named:
            return MISS
        return Fault("too_many_leaves", "more containers than can be shown")
    return tree


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    if hint.announced != "msgpack":
        tree = _unpack(content, budget, named=True, raw=False)
        if not isinstance(tree, dict | Pairs) or not tree:
            return MISS
        return MISS if hint.doubtful and not is_readable(tree, len(content)) else tree
    tree = _plain(content, budget)
    if tree is not MISS:
        return tree
    tree = _unpack(content, budget, named=False, raw=False)
    if tree is MISS:  # old packers have one type for text and bytes
        tree = _unpack(content, budget, named=False, raw=True)
    return tree if isinstance(tree, dict | Pairs | list | Fault) else MISS


DECODERS.register("msgpack")(
    Decoder(
        body=_body,
        media=(
            "application/msgpack",
            "application/x-msgpack",
            "application/vnd.msgpack",
            "+msgpack",
        ),
        starts=bytes(range(0x81, 0x90)) + b"\xde\xdf",
        guesses=True,
        rank=60,
    )
)

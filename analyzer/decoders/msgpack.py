"""MessagePack. Without an announcement only a map with readable names that fills the body."""

from __future__ import annotations

from collections.abc import Callable

import msgpack  # type: ignore[import-untyped]

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Pairs
from analyzer.decoders.text import utf8


def _name(key: object) -> str:
    if isinstance(key, bytes):
        return utf8(key) or key.hex()
    return key if isinstance(key, str) else str(key)


def _map(pairs: list[tuple[object, object]]) -> object:
    named = [(_name(key), value) for key, value in pairs]
    names = dict(named)
    return names if len(names) == len(named) else Pairs(named)


def _map_of_names(pairs: list[tuple[object, object]]) -> object:
    """Accept only names that a person could have given: the proof of what nobody announced."""
    if not all(isinstance(key, str) and key.isprintable() and key for key, _ in pairs):
        raise ValueError
    return _map(pairs)


def _extension(code: int, data: bytes) -> object:
    return {"ext": code, "data": data}


def _unpack(content: bytes, hook: Callable[..., object], *, raw: bool) -> object:
    try:
        tree: object = msgpack.unpackb(
            content,
            raw=raw,
            strict_map_key=False,
            timestamp=1,  # as a number
            object_pairs_hook=hook,
            ext_hook=_extension,
        )
    except (ValueError, msgpack.UnpackException, RecursionError, OverflowError, TypeError):
        return MISS
    return tree


def _body(content: bytes, hint: Hint, _budget: Budget) -> object:
    if hint.announced != "msgpack":
        tree = _unpack(content, _map_of_names, raw=False)
        return tree if isinstance(tree, dict | Pairs) and tree else MISS
    tree = _unpack(content, _map, raw=False)
    if tree is MISS:  # old packers have one type for text and bytes
        tree = _unpack(content, _map, raw=True)
    return tree if isinstance(tree, dict | Pairs | list) else MISS


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
        rank=60,
    )
)

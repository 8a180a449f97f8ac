"""MessagePack. Without an announcement only a map with readable names that fills the body."""

from __future__ import annotations

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


def _extension(code: int, data: bytes) -> object:
    return {"ext": code, "data": data}


def _body(content: bytes, hint: Hint, _budget: Budget) -> object:
    announced = hint.announced == "msgpack"
    tree: object = MISS
    for raw in (False, True):  # old packers have one type for text and bytes
        try:
            tree = msgpack.unpackb(
                content,
                raw=raw,
                strict_map_key=False,
                timestamp=1,
                object_pairs_hook=_map,
                ext_hook=_extension,
            )
            break
        except UnicodeDecodeError:
            continue
        except (ValueError, msgpack.UnpackException, RecursionError, OverflowError, TypeError):
            return MISS
    if announced:
        return tree if isinstance(tree, dict | Pairs | list) else MISS
    if not isinstance(tree, dict) or not tree:
        return MISS
    return tree if all(name.isprintable() and name for name in tree) else MISS


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

"""Brotli, bounded. It has no magic number, so only a Content-Encoding says where it is.

From 1.2 on the package takes a bound on its output. Before, one call returns all that its input
expands to, so the input goes in by 32 bytes: as a command of the format copies at most 16 MiB, that
keeps a bomb below some 24 MiB beyond the bound (measured).
"""

from __future__ import annotations

from collections.abc import Iterator

import brotli  # type: ignore[import-untyped]

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint, Layer

_STEP = 32
_BLOCK = 64 * 1024
_LEAST = 64
_MOST_SALVAGED = 256 * 1024
_BOUNDED = hasattr(brotli.Decompressor, "can_accept_more_data")


def _pieces(engine: brotli.Decompressor, content: bytes) -> Iterator[bytes]:
    """Yield the output little by little; raises `brotli.error` where `content` is corrupt."""
    if _BOUNDED:
        yield engine.process(content, output_buffer_limit=_BLOCK)
        while not engine.can_accept_more_data():
            piece = engine.process(b"", output_buffer_limit=_BLOCK)
            if not piece:
                break
            yield piece
        return
    for start in range(0, len(content), _STEP):
        yield engine.process(content[start : start + _STEP])


def _salvage(content: bytes, limit: int) -> bytes:
    """Return what comes out before a fault, byte by byte: an error takes its whole step with it."""
    engine = brotli.Decompressor()
    out = bytearray()
    consumed = 0
    finished = False  # after an error the engine may not be asked
    try:
        while consumed < len(content) and not finished and len(out) <= limit:
            for piece in _pieces(engine, content[consumed : consumed + 1]):
                out += piece
            consumed += 1
            finished = engine.is_finished()
    except brotli.error:
        pass
    # Without a magic number, data that breaks before it gave much was never Brotli, nor was what
    # happens to end early.
    if len(out) < _LEAST or (finished and consumed * 2 < len(content)):
        return b""
    return bytes(out[:limit])


def _body(content: bytes, _hint: Hint, budget: Budget) -> object:
    limit = budget.output(len(content))
    engine = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in _pieces(engine, content):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return Fault("bomb", "compressed data expands beyond its bound")
    except brotli.error:
        found = b"".join(pieces)
        if len(content) <= _MOST_SALVAGED:
            found = _salvage(content, limit)
        return Layer(found, fault="bad_encoding") if len(found) >= _LEAST else MISS
    if not engine.is_finished():
        return Layer(b"".join(pieces), fault="bad_encoding") if size else MISS
    return Layer(b"".join(pieces))


DECODERS.register("br")(Decoder(body=_body, codings=("br",), sniffed=False))

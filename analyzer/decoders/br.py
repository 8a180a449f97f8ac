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
_BOUNDED = hasattr(brotli.Decompressor, "can_accept_more_data")


def _pieces(engine: brotli.Decompressor, content: bytes) -> Iterator[bytes]:
    """Yield the output little by little; raises `brotli.error` where `content` is corrupt."""
    if _BOUNDED:
        yield engine.process(content, output_buffer_limit=_BLOCK)
        while not engine.can_accept_more_data():
            yield engine.process(b"", output_buffer_limit=_BLOCK)
        return
    for start in range(0, len(content), _STEP):
        yield engine.process(content[start : start + _STEP])


def _body(content: bytes, _hint: Hint, budget: Budget) -> object:
    limit = budget.output(len(content))
    engine = brotli.Decompressor()
    pieces: list[bytes] = []
    size = 0
    fault = ""
    try:
        for piece in _pieces(engine, content):
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return Fault("bomb", "compressed data expands beyond its bound")
    except brotli.error:
        # Without a magic number, data that breaks before it gave anything was never Brotli.
        if size < 64:
            return MISS
        fault = "bad_encoding"
    if not engine.is_finished():
        if not size:
            return MISS
        fault = "bad_encoding"
    return Layer(b"".join(pieces), fault=fault)


DECODERS.register("br")(Decoder(body=_body, codings=("br",), sniffed=False))

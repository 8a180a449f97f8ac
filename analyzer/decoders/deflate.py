"""gzip, zlib and raw deflate, bounded: the output stops at what the budget allows."""

from __future__ import annotations

import zlib

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint, Layer

_GZIP = 31  # for zlib: the largest window, in a gzip wrapper
_MAGIC = b"\x1f\x8b"
_MOST_MEMBERS = 1000  # each costs a copy of what follows
_LEAST_UNMARKED = 12  # bytes
_MOST_UNMARKED = 64  # times its size: each body that nothing else reads is tried
_STEP = 512  # bytes fed at a time to save what comes before a fault


def _salvage(content: bytes, window: int, limit: int) -> bytes:
    """Return what comes out before the place at which `content` is corrupt."""
    engine = zlib.decompressobj(window)
    pieces: list[bytes] = []
    size = 0
    for start in range(0, len(content), _STEP):
        try:
            piece = engine.decompress(content[start : start + _STEP], limit - size + 1)
        except zlib.error:
            break
        pieces.append(piece)
        size += len(piece)
        if size > limit or engine.eof:
            break
    return b"".join(pieces)[:limit]


def inflate(content: bytes, window: int, budget: Budget) -> Layer | Fault:
    """Decompress one stream, or several gzip members; `window` as zlib's ``wbits``."""
    limit = budget.output(len(content))
    pieces: list[bytes] = []
    size = 0
    rest = content
    while rest:
        engine = zlib.decompressobj(window)
        try:
            piece = engine.decompress(rest, limit - size + 1)
        except zlib.error:
            pieces.append(_salvage(rest, window, limit - size))
            return Layer(b"".join(pieces), fault="bad_encoding")
        size += len(piece)
        if size > limit:
            return Fault("bomb", "compressed data expands beyond its bound")
        pieces.append(piece)
        if not engine.eof:
            return Layer(b"".join(pieces), fault="bad_encoding")
        rest = engine.unused_data
        if window != _GZIP or rest[:2] != _MAGIC or len(pieces) >= _MOST_MEMBERS:
            break
    # Zeros pad blocks; anything else behind the end is something that was not read.
    fault = "bad_encoding" if rest.strip(b"\0") else ""
    return Layer(pieces[0] if len(pieces) == 1 else b"".join(pieces), fault=fault)


def _gzip(content: bytes, hint: Hint, budget: Budget) -> object:
    if content[:3] != b"\x1f\x8b\x08":
        return MISS
    found = inflate(content, _GZIP, budget)
    return MISS if hint.doubtful and isinstance(found, Layer) and found.fault else found


def _zlib(content: bytes, hint: Hint, budget: Budget) -> object:
    if len(content) < 6 or content[0] & 0x0F != 8 or int.from_bytes(content[:2]) % 31:
        raw = hint.announced == "deflate"
        return _raw(content, budget) if raw else MISS
    found = inflate(content, 15, budget)
    if isinstance(found, Layer) and found.fault:
        # Two bytes prove little: only a content coding makes a broken stream one.
        return found if hint.announced == "deflate" else MISS
    return found


def _unmarked(content: bytes, hint: Hint, budget: Budget) -> object:
    """Raw deflate that nobody announced: one whole stream, and something that reads in turn."""
    if hint.doubtful or len(content) < _LEAST_UNMARKED or budget.late():
        return MISS
    engine = zlib.decompressobj(-15)
    most = min(budget.output(len(content)), _MOST_UNMARKED * len(content))
    try:
        found = engine.decompress(content, most)
    except zlib.error:
        return MISS
    if not engine.eof or engine.unused_data:
        return MISS
    return Layer(found, doubtful=True)


def _raw(content: bytes, budget: Budget) -> object:
    """Raw deflate: what some servers send as ``deflate``, and impossible to sniff."""
    found = inflate(content, -15, budget)
    return MISS if isinstance(found, Layer) and found.fault else found


DECODERS.register("gzip")(
    Decoder(
        body=_gzip,
        media=("application/gzip", "application/x-gzip"),
        codings=("gzip", "x-gzip"),
        starts=b"\x1f",
        sure=True,
        guesses=True,
        rank=1,
    )
)
DECODERS.register("deflate")(
    Decoder(
        body=_zlib,
        media=("application/zlib",),
        codings=("deflate",),
        # The first byte of zlib is x8 with a window of up to 32 KiB; in practice it is 32 KiB.
        starts=b"\x78\x68\x58\x48",
        sure=True,
        guesses=True,
        rank=40,
    )
)
DECODERS.register("raw_deflate")(
    Decoder(
        body=_unmarked,
        starts=bytes(byte for byte in range(256) if byte & 6 != 6),  # the kinds of blocks there are
        rank=95,
    )
)

"""Zstandard, bounded in output and in window (8 MiB, as RFC 8878 advises receivers).

The object that says where a frame ends has no bound on its output, so the input goes in by 512
bytes: a block of four bytes becomes at most 128 KiB, so a bomb ends below 16 MiB beyond the bound.
"""

from __future__ import annotations

import zstandard

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint, Layer

_MAGIC = b"\x28\xb5\x2f\xfd"
_STEP = 512
_WINDOW = 8 * 1024 * 1024
_MOST_PIECES = 40_000


def _frame(content: bytes, start: int, limit: int, pieces: list[bytes]) -> tuple[int, bool]:
    """Decompress the frame at `start` into `pieces`; return where it ends and whether it is whole.

    Stops when `pieces` hold more than `limit` bytes. Raises `zstandard.ZstdError`.
    """
    unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    engine = unpacker.decompressobj()
    size = sum(map(len, pieces))
    while start < len(content) and not engine.eof and size <= limit:
        piece = engine.decompress(content[start : start + _STEP])
        pieces.append(piece)
        size += len(piece)
        start = min(len(content), start + _STEP) - len(engine.unused_data)
    return start, engine.eof


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    if content[:4] != _MAGIC:
        return MISS
    limit = budget.output(len(content))
    pieces: list[bytes] = []
    end = 0
    whole = True
    try:
        while whole and content[end : end + 4] == _MAGIC and len(pieces) < _MOST_PIECES:
            end, whole = _frame(content, end, limit, pieces)
    except zstandard.ZstdError:
        whole = False
    if content[end:].strip(b"\0"):
        whole = False  # something that was not read
    if sum(map(len, pieces)) > limit:
        return Fault("bomb", "compressed data expands beyond its bound")
    if not whole and hint.doubtful:
        return MISS
    return Layer(b"".join(pieces), fault="" if whole else "bad_encoding")


DECODERS.register("zstd")(
    Decoder(
        body=_body,
        media=("application/zstd",),
        codings=("zstd",),
        starts=b"\x28",
        sure=True,
        guesses=True,
        rank=2,
    )
)

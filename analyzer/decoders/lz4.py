"""LZ4, bounded: frames, and the block with its size before it that many clients write.

A block has no magic number. Unless it is announced it has to give exactly the bytes that its size
promises, and counts only if these can be read in turn.
"""

from __future__ import annotations

import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint, Layer

_MAGIC = b"\x04\x22\x4d\x18"
_MOZILLA = b"mozLz40\0"
_BEST_RATIO = 255
_LEAST = 12
_MOST_FRAMES = 1000
_BOMB = Fault("bomb", "compressed data expands beyond its bound")


def _frames(content: bytes, limit: int) -> Layer | Fault:
    pieces: list[bytes] = []
    size = 0
    rest = content
    whole = False
    try:
        while rest[:4] == _MAGIC and len(pieces) < _MOST_FRAMES:
            engine = lz4.frame.LZ4FrameDecompressor()
            piece = engine.decompress(rest, max_length=limit - size + 1)
            pieces.append(piece)
            size += len(piece)
            if size > limit:
                return _BOMB
            whole = bool(engine.eof)
            rest = engine.unused_data or b"" if whole else b""
    except (RuntimeError, EOFError):
        whole = False
    if rest.strip(b"\0"):
        whole = False  # something that was not read
    return Layer(b"".join(pieces), fault="" if whole else "bad_encoding")


def _block(content: bytes, hint: Hint, budget: Budget) -> object:
    size = int.from_bytes(content[:4], "little")
    packed = len(content) - 4
    if packed < _LEAST or not packed // 2 < size <= packed * _BEST_RATIO:
        return MISS
    announced = hint.announced == "lz4"
    if size > budget.output(len(content)):
        return _BOMB if announced else MISS
    try:
        found: bytes = lz4.block.decompress(memoryview(content)[4:], uncompressed_size=size)
    except lz4.block.LZ4BlockError:
        return MISS
    return Layer(found, doubtful=not announced) if len(found) == size else MISS


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    if content[:4] == _MAGIC:
        found = _frames(content, budget.output(len(content)))
        return MISS if hint.doubtful and isinstance(found, Layer) and found.fault else found
    if content.startswith(_MOZILLA):
        content = content[len(_MOZILLA) :]
    return _block(content, hint, budget)


DECODERS.register("lz4")(
    Decoder(
        body=_body,
        media=("application/x-lz4", "application/lz4"),
        codings=("lz4", "x-lz4"),
        guesses=True,
        rank=90,
    )
)

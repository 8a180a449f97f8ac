"""Hexadecimal text, only where its first digits are those of JSON or of a compressed stream."""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Decoder, Layer

_HEX = re.compile(r"(?i:(?:7b22|7b7d|5b[257]|1f8b08|28b52ffd|789c|78da|7801)[0-9a-f]*+)")


def _text(text: str) -> object:
    if text[:1] not in ("7", "5", "1", "2") or len(text) % 2 or not _HEX.fullmatch(text):
        return MISS
    return Layer(bytes.fromhex(text), doubtful=True)


DECODERS.register("hex")(Decoder(text=_text, rank=55, least=16))

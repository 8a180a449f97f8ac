"""Hexadecimal text, only where it begins like something that can be read, or is all readable.

Bare, after ``0x``, as ``\\x7b\\x22``, or in pairs with separators. Of
digests of 128 bits one in ten million is readable throughout; what is shorter is left alone.
"""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Decoder, Layer

_STARTS = r"(?:7b22|7b7d|5b[257]|1f8b08|28b52ffd|04224d18|789c|78da|7801|62706c697374|3c3f786d6c)"
_HEX = re.compile(rf"(?i:{_STARTS}[0-9a-f]*+)")
_READABLE = re.compile(r"(?i:(?:[2-6][0-9a-f]|7[0-9a-e]|0[9ad]){16,}+)")
_PAIRS = re.compile(r"(?i:[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2})++)")
_BACKSLASHES = re.compile(r"(?i:(?:\\x[0-9a-f]{2})++)")


def _text(text: str) -> object:
    head = text[:2]
    dashed = text[2:3] == "-"
    if head in ("0x", "0X"):
        text = text[2:]
    elif head == "\\x":
        if not _BACKSLASHES.fullmatch(text):
            return MISS
        text = text.replace("\\x", "").replace("\\X", "")
    elif text[2:3] in (":", "-"):
        if not _PAIRS.fullmatch(text):
            return MISS
        text = text.replace(text[2], "")
    if text[:1] not in "1234567 0" or len(text) % 2:
        return MISS
    if not _HEX.fullmatch(text) and (dashed or not _READABLE.fullmatch(text)):
        return MISS
    return Layer(bytes.fromhex(text), doubtful=True)


DECODERS.register("hex")(Decoder(text=_text, rank=55, least=16))

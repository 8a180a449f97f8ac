"""Bytes that stand in a text: a message that happened to be UTF-8, or one character for each byte.

Control characters give them away; what they hold only counts if it can be read.
"""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Decoder, Layer
from analyzer.decoders.text import legible

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def _text(text: str) -> object:
    if not _CONTROL.search(text):
        return MISS
    try:
        single = text.encode("latin-1")
    except UnicodeEncodeError:
        single = b""
    if not text.isascii() and single and legible(single):
        return Layer(single, doubtful=True)
    return Layer(text.encode("utf-8", "replace"), doubtful=True)


DECODERS.register("binary")(Decoder(text=_text, rank=70))

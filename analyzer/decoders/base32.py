"""Base32 (RFC 4648), where the result proves that it was: as with Base64, it has to be readable."""

from __future__ import annotations

import base64
import binascii
import re

from analyzer.decoders import DECODERS, MISS, Decoder, Layer

_TOKEN = re.compile(r"([A-Z2-7]{16,}+|[a-z2-7]{16,}+)={0,6}")
_LENGTHS = frozenset((0, 2, 4, 5, 7))  # what is left of the last group of eight


def _text(text: str) -> object:
    found = _TOKEN.fullmatch(text)
    if not found or text.isalpha() or text.isdigit():  # a word has no digits, and 40% of these
        return MISS
    bare = found[1]
    if len(bare) % 8 not in _LENGTHS or (len(bare) != len(text) and len(text) % 8):
        return MISS
    try:
        content = base64.b32decode(bare.upper() + "=" * (-len(bare) % 8))
    except binascii.Error:
        return MISS
    if base64.b32encode(content[-(len(content) % 5 or 5) :])[: len(bare) % 8 or 8].decode() != (
        bare[-(len(bare) % 8 or 8) :].upper()
    ):
        return MISS  # the unused bits of the last character are zero in Base32
    return Layer(content, doubtful=True)


DECODERS.register("base32")(Decoder(text=_text, rank=65, least=16))

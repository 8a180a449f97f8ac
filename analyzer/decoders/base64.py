"""Base64, standard and URL-safe, where the result proves that it was Base64.

Any identifier of the right length decodes to something, so what comes out is only accepted
(`Layer.doubtful`) if it is a JSON container, a compressed stream that decompresses, a property
list, strict and plausible protobuf with readable strings, or readable text with structure. Numbers,
hex digests and UUIDs are never tried.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64

from analyzer.decoders import DECODERS, MISS, Decoder, Layer

_TOKEN = re.compile(r"[A-Za-z0-9+/_-]++={0,2}")
_NEVER = re.compile(r"[0-9A-Fa-f-]++|[0-9+/_-]++")  # digests, UUIDs, numbers
_ALPHABET = str.maketrans("-_", "+/")


def _text(text: str) -> object:
    if not _TOKEN.fullmatch(text):
        if "\n" not in text:
            return MISS
        text = "".join(text.split())  # MIME breaks lines
        if not _TOKEN.fullmatch(text):
            return MISS
    if _NEVER.fullmatch(text):
        return MISS
    bare = text.rstrip("=")
    if len(bare) % 4 == 1 or (len(bare) != len(text) and len(text) % 4):
        return MISS
    if "-" in bare or "_" in bare:
        if "+" in bare or "/" in bare:
            return MISS
        bare = bare.translate(_ALPHABET)
    padded = (bare + "=" * (-len(bare) % 4)).encode()
    try:
        content = a2b_base64(padded)
    except Error:
        return MISS
    # The unused bits of the last character are zero in Base64, and random in an identifier.
    if b2a_base64(content[-(len(content) % 3 or 3) :], newline=False) != padded[-4:]:
        return MISS
    return Layer(content, doubtful=True)


DECODERS.register("base64")(Decoder(text=_text, rank=60))

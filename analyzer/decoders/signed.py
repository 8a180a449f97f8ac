"""Values with a signature beside them, and other wrappings of cookies. The signature is not read.

Express ``s:value.signature`` and ``j:{json}``; itsdangerous and Django ``base64.time.signature`` (a
dot before it: compressed by zlib); Rails ``base64--signature``; Facebook ``signature.base64``;
Instagram ``signature.{json}``. What is in them only counts if it can be read. Of Google Analytics
and Meta, whose cookies have a version and a time before the identifier, the identifier is taken
out: other requests carry it bare.
"""

from __future__ import annotations

import re
import zlib
from binascii import Error, a2b_base64

from analyzer.decoders import DECODERS, MISS, Decoder, Layer

_EXPRESS = re.compile(r"s:(.+)\.[A-Za-z0-9+/]{43}=?", re.DOTALL)
_DOTTED = re.compile(r"(\.?)(ey[\w-]{6,}|eJ[\w-]{8,})=*[.:][\w-]{5,8}[.:][\w-]{20,90}")
_RAILS = re.compile(r"([A-Za-z0-9+/_-]{12,}={0,2})--[0-9a-f]{40,128}")
_FACEBOOK = re.compile(r"[\w-]{43}\.(ey[\w-]{6,})")
_INSTAGRAM = re.compile(r"(?:SIGNATURE|[0-9a-f]{64})\.(?=\{)")
_CLIENT = re.compile(r"GA1\.[0-9](?:-[0-9])?\.([0-9]{1,10}\.[0-9]{10})")
_BROWSER = re.compile(r"fb\.[0-9]\.([0-9]{13})\.([\w-]{5,})")
_SESSION = re.compile(r"GS1\.[0-9]\.([0-9]{10})\.([0-9]+)(?:\.[0-9]+)*")
_MOST_UNPACKED = 1024 * 1024
_ALPHABET = str.maketrans("-_", "+/")


def _text(text: str) -> object:
    head = text[:2]
    if head == "j:" and text[2:3] in ("{", "["):
        return Layer(text[2:])
    if head == "s:":
        found = _EXPRESS.fullmatch(text)
        return Layer(found[1]) if found else MISS
    if head in ("GA", "GS", "fb"):
        return _analytics(text)
    if text[-1:] == "}" and ".{" in text[:70] and (found := _INSTAGRAM.match(text)):
        return Layer(text[found.end() :], "application/json", doubtful=True)
    dotted = "." in text
    if (dotted or ":" in text) and (found := _DOTTED.fullmatch(text)):
        return _unpacked(found[2], packed=bool(found[1]))
    found = _RAILS.fullmatch(text) if "--" in text else None
    if found or (dotted and (found := _FACEBOOK.fullmatch(text))):
        return _unpacked(found[1], packed=False)
    return MISS


def _analytics(text: str) -> object:
    if found := _CLIENT.fullmatch(text):
        return {"client_id": found[1]}
    if found := _BROWSER.fullmatch(text):
        return {"time": found[1], "id": found[2]}
    if found := _SESSION.fullmatch(text):
        return {"session_id": found[1], "count": found[2]}
    return MISS


def _unpacked(text: str, *, packed: bool) -> object:
    bare = text.rstrip("=").translate(_ALPHABET)
    try:
        content = a2b_base64(bare + "=" * (-len(bare) % 4))
        if packed:
            engine = zlib.decompressobj()
            content = engine.decompress(content, _MOST_UNPACKED)
            if not engine.eof:
                return MISS
    except (Error, zlib.error):
        return MISS
    return Layer(content, doubtful=True)


DECODERS.register("signed")(Decoder(text=_text, rank=22))

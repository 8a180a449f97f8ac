"""JSON Web Tokens: the header and the claims. The signature is not looked at.

Of an encrypted one (JWE, RFC 7516) only the header is readable: it may name a key or a person.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64

from analyzer.decoders import DECODERS, MISS, Checked, Decoder, Noted
from analyzer.decoders.json import read_json
from analyzer.decoders.noise import measured

_JWT = re.compile(r"(ey[A-Za-z0-9_-]{8,}+)\.([A-Za-z0-9_-]{2,}+)\.[A-Za-z0-9_-]*")
_JWE = re.compile(r"(ey[A-Za-z0-9_-]{8,}+)\.[\w-]*\.[\w-]*\.([\w-]++)\.[\w-]++", re.ASCII)
_ALPHABET = str.maketrans("-_", "+/")


def _part(text: str) -> Checked | None:
    try:
        content = a2b_base64(text.translate(_ALPHABET) + "=" * (-len(text) % 4))
    except Error:
        return None
    found = read_json(content)
    return found if isinstance(found, Checked) and isinstance(found.tree, dict) else None


def _text(text: str) -> object:
    if not text.startswith("ey") or "." not in text:
        return MISS
    found = _JWT.fullmatch(text)
    if not found:
        return _encrypted(text)
    header, payload = _part(found[1]), _part(found[2])
    if header is None or not isinstance(header.tree, dict) or "alg" not in header.tree:
        return MISS
    # An encrypted token (JWE) has no readable claims, but its header may name a key or a person.
    return {"header": header} if payload is None else {"header": header, "payload": payload}


def _encrypted(text: str) -> object:
    found = _JWE.fullmatch(text)
    header = _part(found[1]) if found else None
    if found is None or header is None or not isinstance(header.tree, dict):
        return MISS
    if "enc" not in header.tree:
        return MISS
    cipher = found[2][: len(found[2]) // 4 * 4].translate(_ALPHABET)
    size = measured(a2b_base64(cipher))
    detail = f"{size}, that nothing reads: JSON Web Encryption"
    return Noted("opaque_value", detail, {"header": header})


DECODERS.register("jwt")(Decoder(text=_text, rank=20))

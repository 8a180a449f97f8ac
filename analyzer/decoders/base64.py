"""Base64, in all its alphabets and paddings, where the result proves that it was Base64.

Any identifier of the right length decodes to something, so what comes out is only accepted
(`Layer.doubtful`) if it is a JSON container, a compressed stream that decompresses, a property
list, strict and plausible protobuf with readable strings, or readable text with structure. Numbers,
hex digests and UUIDs are never tried.

Besides ``+/`` and ``-_`` with ``=`` or nothing behind, there are: padding by dots, commas, tildes,
asterisks or the number of the missing characters (as ASP.NET writes it), ``._-`` (Yahoo), ``-_~``
(CloudFront), broken lines, and a short name and a colon before it.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64

from analyzer.decoders import DECODERS, MISS, Decoder, Layer

_TOKEN = re.compile(r"[A-Za-z0-9+/_-]++={0,2}")
_NEVER = re.compile(r"[0-9A-Fa-f-]++|[0-9+/_-]++")  # digests, UUIDs, numbers
_ALPHABET = str.maketrans("-_", "+/")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,15}[:|](?=[A-Za-z0-9+/_-]{20})")
_ODD_PADDING = re.compile(r"[A-Za-z0-9+/_-]++([.,~*])\1?")
_YAHOO = re.compile(r"[A-Za-z0-9._]++-{1,2}")
_CLOUDFRONT = re.compile(r"[A-Za-z0-9~-]++_{1,2}")
_FROM_YAHOO = str.maketrans("._-", "+/=")
_FROM_CLOUDFRONT = str.maketrans("-_~", "+=/")


def _plain(text: str) -> str:
    """Return `text` in one of the two usual alphabets, "" where it is in none."""
    if "\n" in text or "\r" in text:
        text = "".join(text.split())  # MIME breaks lines
    if ":" in text or "|" in text:
        prefix = _PREFIX.match(text)
        if prefix:
            text = text[prefix.end() :]
    if _TOKEN.fullmatch(text):
        return text
    if _ODD_PADDING.fullmatch(text):
        return text.rstrip(text[-1])
    if _YAHOO.fullmatch(text):
        return text.translate(_FROM_YAHOO)
    return ""


def _text(text: str) -> object:
    text = _plain(text)
    if not text or _NEVER.fullmatch(text):
        return MISS
    found = _unpacked(text)
    if found is None or (found[:1] in (b"{", b"[") and found.rstrip()[-1:] not in (b"}", b"]")):
        found = _oddly_padded(text) or found
    return MISS if found is None else Layer(found, doubtful=True)


def _oddly_padded(text: str) -> bytes | None:
    """Return the content if the end of `text` is a padding that could be content as well."""
    if text[-1] == "_" and _CLOUDFRONT.fullmatch(text):
        return _unpacked(text.translate(_FROM_CLOUDFRONT))
    if text[-1] in "012" and (len(text) - 1 + int(text[-1])) % 4 == 0:
        return _unpacked(text[:-1])  # the digit is how many characters of padding are not there
    return None


def _unpacked(text: str) -> bytes | None:
    bare = text.rstrip("=")
    if len(bare) % 4 == 1 or (len(bare) != len(text) and len(text) % 4):
        return None
    if "-" in bare or "_" in bare:
        if "+" in bare or "/" in bare:
            return None
        bare = bare.translate(_ALPHABET)
    padded = (bare + "=" * (-len(bare) % 4)).encode()
    try:
        content = a2b_base64(padded)
    except Error:
        return None
    # The unused bits of the last character are zero in Base64, and random in an identifier.
    if b2a_base64(content[-(len(content) % 3 or 3) :], newline=False) != padded[-4:]:
        return None
    return content


DECODERS.register("base64")(Decoder(text=_text, rank=60))

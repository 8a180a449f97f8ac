"""``data:`` URLs: the content that stands in them, by the media type that they name."""

from __future__ import annotations

import re
from binascii import Error, a2b_base64

from analyzer.decoders import DECODERS, MISS, Decoder, Layer
from analyzer.decoders.percent import unescape

_DATA = re.compile(r"(?i:data:)([a-z0-9.+/;=_\"' -]{0,200}),", re.IGNORECASE)


def _text(text: str) -> object:
    if text[:5] not in ("data:", "DATA:"):
        return MISS
    found = _DATA.match(text)
    if not found:
        return MISS
    media = found[1].lower()
    content = unescape(text[found.end() :].encode("utf-8", "replace"))
    if media.endswith(";base64"):
        media = media.removesuffix(";base64")
        content = content.replace(b"-", b"+").replace(b"_", b"/")
        try:
            content = a2b_base64(content + b"=" * (-len(content) % 4))
        except Error:
            return MISS
    return Layer(content, media or "text/plain") if content else MISS


DECODERS.register("data_url")(Decoder(text=_text, rank=5))

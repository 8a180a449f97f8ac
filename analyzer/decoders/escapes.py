"""Escapes that a layer of software has left in a text: of JSON, JavaScript, HTML, e-mail.

``{\\"a\\":1}`` (JSON written twice, unwrapped once), ``\\u0041``, ``\\x41``, ``%u0041``, ``&quot;``
and ``=7B=22`` (quoted-printable, only where its own sign is escaped too: ``=3D``).
"""

from __future__ import annotations

import html
import json
import re
from binascii import a2b_qp

from analyzer.decoders import DECODERS, MISS, Decoder, Layer
from analyzer.decoders.text import clean

_ESCAPE = re.compile(r"(?:\\|%)u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_ENTITY = re.compile(r"&(?:[a-z]{2,6}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_QUOTED = re.compile(r"(?:[^=]|=(?:[0-9A-F]{2}|\r?\n))*+=?")
_LEAST_QUOTED = 2


def _text(text: str) -> object:
    if text[:2] in ("{\\", "[\\") or text[:3] == "[{\\":
        try:
            found = json.loads(f'"{text}"', strict=False)
        except ValueError:
            return MISS
        return Layer(clean(found))
    if text.count("=3D") >= _LEAST_QUOTED and _QUOTED.fullmatch(text):
        return Layer(a2b_qp(text.encode()), doubtful=True)
    if "\\" in text or "%u" in text:
        plain = _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
        if plain != text:
            # Characters beyond the first 65,536 stand there as two.
            return Layer(plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    if "&" in text and _ENTITY.search(text):
        plain = html.unescape(_ENTITY.sub(_known, text))
        if plain != text:
            return Layer(clean(plain))
    return MISS


def _known(found: re.Match[str]) -> str:
    return html.unescape(found[0])


DECODERS.register("escapes")(Decoder(text=_text, rank=28, marks="\\%&=", least=6))

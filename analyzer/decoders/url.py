"""The query and the form-like fragment of a URL that stands in a value."""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Decoder, Noted
from analyzer.decoders.form import read_fields, read_form

_URL = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.\-]{1,31}:)?/[^\s?#\"<>]*+(\?[^\s#\"<>]*+)?(#[^\s\"<>]*+)?"
)


def _text(text: str) -> object:
    found = _URL.fullmatch(text)
    if not found:
        return MISS
    query, fragment = found.groups()
    if query and not fragment:
        return read_fields(query[1:]) if "=" in query else MISS
    fields: dict[str, object] = {}
    for piece in (query, fragment):
        if piece and "=" in piece:
            # A fragment may hold a query of its own: #/page?x=1
            read = read_form(piece[1:].rpartition("?")[2] if piece[0] == "#" else piece[1:])
            if isinstance(read, Noted):
                return read
            fields.update(read)
    return fields or MISS


DECODERS.register("url")(Decoder(text=_text, rank=25, marks="?#"))

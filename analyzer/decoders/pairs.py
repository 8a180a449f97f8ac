"""Names and values in a cookie, a header or a segment of a path: ``a:b|c:d``, ``x;a=b;c=d``.

Two pairs at least, one separator between them and one sign inside each, and nothing else: then it
was written as a table. What has an ampersand is a form.
"""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Decoder, Noted
from analyzer.decoders.percent import unquote

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,63}"
_TABLE = re.compile(
    rf"""
      [A-Za-z_][A-Za-z0-9_-]{{0,63}}(?P<sign>[:=])[^:=|;,&\s]*+
      (?P<gap>[|;,]\s?)
      {_NAME}(?P=sign)[^:=|;,&]*+
      (?:(?P=gap){_NAME}(?P=sign)[^:=|;,&]*+)*+
      [|;,]?
    """,
    re.VERBOSE,
)
_MATRIX = re.compile(rf"[^;=/,]*+((?:;{_NAME}=[^;=/,]*+)++)")  # RFC 3986, section 3.3
_MOST = 1000


def _text(text: str) -> object:
    found = _TABLE.fullmatch(text)
    if found:
        sign, gap = found["sign"], found["gap"]
        pieces = text.rstrip("|;,").split(gap, 2 * _MOST)
    else:
        matrix = _MATRIX.fullmatch(text)
        if not matrix or " " in text:
            return MISS
        sign, pieces = "=", matrix[1][1:].split(";", 2 * _MOST)
    fields: dict[str, object] = {}
    for piece in pieces:
        name, _, raw = piece.partition(sign)
        value = unquote(raw)
        if len(fields) > _MOST:
            return Noted("too_many_leaves", f"a table of more than {_MOST} values", fields)
        known = fields.get(name)
        if name not in fields:
            fields[name] = value
        elif isinstance(known, list):
            known.append(value)
        else:
            fields[name] = [known, value]
    return fields


DECODERS.register("pairs")(Decoder(text=_text, rank=29, least=7))

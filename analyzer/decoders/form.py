"""URL-encoded forms, and queries, which are the same."""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint
from analyzer.decoders.percent import unquote, unquote_name
from analyzer.decoders.text import to_text

_NAME = r"[A-Za-z0-9_.\-\[\]$:*~%+]{1,128}"
# White space and quotes are always encoded in a form; what has them is something else.
_SEVERAL = re.compile(rf"{_NAME}=[^\s&\"<>{{}}]*+(?:&(?:{_NAME}(?:=[^\s&\"<>{{}}]*+)?)?)++")
_ONE = re.compile(r"[A-Za-z_][\w.\[\]]{0,63}=(?!=)[^\s&\"<>{}=][^\s&\"<>{}]*+")
_ONE_LEAST = 12  # a single name=value in a string must be worth it


def read_form(text: str) -> dict[str, object]:
    """Return the fields of `text`: a repeated name has a list, a piece without ``=`` no value."""
    fields: dict[str, object] = {}
    for piece in text.split("&"):
        name, _, raw = piece.partition("=")
        value: object = raw
        if "%" in piece or "+" in piece:
            if "+" in raw:
                raw = raw.replace("+", " ")
            value = unquote(raw)
            name = unquote_name(name.replace("+", " "))
        elif not piece:
            continue
        if name not in fields:
            fields[name] = value
            continue
        known = fields[name]
        if isinstance(known, list):
            known.append(value)
        else:
            fields[name] = [known, value]
    return fields


def is_form(text: str) -> bool:
    """Whether `text`, of which nothing else is known, is certainly a form."""
    if "&" in text:
        return _SEVERAL.fullmatch(text) is not None
    if _ONE.fullmatch(text) is None:
        return False
    value = text.partition("=")[2]
    return "%" in value or len(value) >= _ONE_LEAST


def _body(content: bytes, hint: Hint, _budget: Budget) -> object:
    text = to_text(content, hint.charset, announced=hint.announced == "form")
    if text is None:
        return MISS
    if hint.announced != "form":
        return read_form(text) if is_form(text) else MISS
    return read_form(text.strip("\r\n")) if "=" in text else MISS


def _text(text: str) -> object:
    return read_form(text) if is_form(text) else MISS


DECODERS.register("form")(
    Decoder(
        body=_body,
        text=_text,
        media=("application/x-www-form-urlencoded",),
        rank=30,
        marks="=",
    )
)

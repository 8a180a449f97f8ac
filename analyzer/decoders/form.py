"""URL-encoded forms, and queries, which are the same.

Names may nest: ``a[b][c]=``, ``a[0].b=``, ``a[]=`` (PHP, Rails, qs). They become the dotted paths
that a document of the same data would have; ``a.b=`` is one already.
"""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Noted
from analyzer.decoders.percent import unquote, unquote_name
from analyzer.decoders.text import to_text

_NAME = r"[A-Za-z0-9_.\-\[\]$:*~%+]{1,128}"
# White space and quotes are always encoded in a form; what has them is something else.
_SEVERAL = re.compile(rf"{_NAME}=[^\s&\"<>{{}}]*+(?:&(?:{_NAME}(?:=[^\s&\"<>{{}}]*+)?)?)++")
_ONE = re.compile(r"[A-Za-z_][\w.\[\]]{0,63}=(?!=)[^\s&\"<>{}=][^\s&\"<>{}]*+")
_ONE_LEAST = 12  # a single name=value in a string must be worth it
_SEMICOLONS = re.compile(r"[\w.\-\[\]%+]{1,128}=[^;=&]*+(?:;[\w.\-\[\]%+]{1,128}=[^;=&]*+)++")
_NESTED = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])(?:\[[^\[\]]*\]|\.[^\[\].]+)*")
_KEYS = re.compile(r"[\[\].]+")
_MOST_FIELDS = 100_000
_DEEPEST = 64


class Names:
    """The paths of nested names. ``a[][b]`` begins a new element when it has a ``b`` already."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}
        self._at: dict[str, int] = {}
        self.too_deep = False

    def path(self, name: str) -> tuple[str, bool]:
        """Return the path that `name` stands for, and whether its values are a list."""
        if not _NESTED.fullmatch(name):
            return name, False
        if name.count("[") > _DEEPEST:
            self.too_deep = True
            return name, False
        listed = name.endswith("[]")
        if listed:
            name = name[:-2]
        if "[]" in name:
            name = self._numbered(name)
        return ".".join(filter(None, _KEYS.split(name))), listed

    def _numbered(self, name: str) -> str:
        head, _, rest = name.partition("[]")
        seen = self._seen.setdefault(head, set())
        if rest in seen:
            self._at[head] = self._at.get(head, 0) + 1
            seen.clear()
        seen.add(rest)
        return f"{head}[{self._at.get(head, 0)}]" + rest.replace("[]", "[0]")


def read_form(text: str) -> dict[str, object] | Noted:
    """Return the fields of `text`: a repeated name has a list, a piece without ``=`` no value.

    `Noted` where there are more fields, or deeper names, than are read.
    """
    fields: dict[str, object] = {}
    names: Names | None = None
    between = ";" if ";" in text and "&" not in text and _SEMICOLONS.fullmatch(text) else "&"
    pieces = text.split(between, _MOST_FIELDS)
    if len(pieces) > _MOST_FIELDS and pieces.pop().strip(between):
        tree = read_form("&".join(pieces[:_MOST_FIELDS]))
        return Noted("too_many_leaves", f"a form of more than {_MOST_FIELDS} fields", tree)
    for piece in pieces:
        name, _, raw = piece.partition("=")
        value: object = raw
        if "%" in piece or "+" in piece:
            if "+" in raw:
                raw = raw.replace("+", " ")
            value = unquote(raw)
            name = unquote_name(name.replace("+", " "))
        elif not piece:
            continue
        if "[" in name:
            names = names or Names()
            name, listed = names.path(name)
            if listed:
                value = [value]
        if name not in fields:
            fields[name] = value
            continue
        known = fields[name]
        if not isinstance(known, list):
            known = fields[name] = [known]
        if isinstance(value, list):
            known.extend(value)
        else:
            known.append(value)
    if names and names.too_deep:
        return Noted("too_deep", f"names nested more than {_DEEPEST} times", fields)
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
    return read_form(text.strip("\r\n\ufeff")) if "=" in text else MISS


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

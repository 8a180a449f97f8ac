"""URL-encoded forms, and queries, which are the same.

Names may nest: ``a[b][c]=``, ``a[0].b=``, ``a[]=`` (PHP, Rails, qs). They become the dotted paths
that a document of the same data would have; ``a.b=`` is one already.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Noted
from analyzer.decoders.outlines import LONGEST, MEMORY, Columns, Shape, suspects
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
_MOST_KNOWN = 256  # fields of which the names are remembered
_SIGNS = b"=&" * _MOST_KNOWN
_NO_SIGNS = bytes(each for each in range(256) if each not in b"=&")
_shapes: Final[dict[tuple[str, ...], Shape]] = {}
MEMORY.hold(_shapes.clear)


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


def read_fields(text: str) -> dict[str, object] | Noted | Columns:
    """Do as `read_form`, and give `Columns` for fields whose names were read before."""
    if len(text) > LONGEST or not text.isascii():
        return read_form(text)
    signs = text.encode().translate(None, _NO_SIGNS)
    count = len(signs) // 2 + 1
    # Each piece has one equals sign, which no other decoder of forms takes for something else.
    if count > _MOST_KNOWN or signs != _SIGNS[: 2 * count - 1] or (count == 1 and ";" in text):
        return read_form(text)
    pieces = text.replace("&", "=").split("=")
    names = tuple(pieces[::2])
    shape = _shapes.get(names)
    if shape is None:
        tree = read_form(text)
        if isinstance(tree, dict) and MEMORY.again(names):
            _learn(names, tree)
        return tree
    values = pieces[1::2]
    if "%" in text or "+" in text:
        found = unquote("\0".join(values).replace("+", " "))
        if not isinstance(found, str):
            return read_form(text)
        values = found.split("\0")
        if len(values) != count:
            return read_form(text)
    return Columns(shape, values, suspects(values), partial(read_form, text))


def _learn(names: tuple[str, ...], tree: dict[str, object]) -> None:
    """Remember where the fields of these names go, if each goes to its own place."""
    if len(tree) != len(names) or not all(type(value) is str for value in tree.values()):
        return
    paths = MEMORY.shared(tuple(tree), sum(map(len, names)))
    _shapes[names] = Shape(paths, tuple(range(len(paths))), len(paths))


def is_form(text: str) -> bool:
    """Whether `text`, of which nothing else is known, is certainly a form."""
    if "&" in text:
        return _SEVERAL.fullmatch(text) is not None
    if _ONE.fullmatch(text) is None:
        return False
    value = text.partition("=")[2]
    return "%" in value or len(value) >= _ONE_LEAST


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    read = read_form if budget.whole else read_fields
    text = to_text(content, hint.charset, announced=hint.announced == "form")
    if text is None:
        return MISS
    if hint.announced != "form":
        return read(text) if is_form(text) else MISS
    return read(text.strip("\r\n\ufeff")) if "=" in text else MISS


def _text(text: str) -> object:
    return read_fields(text) if is_form(text) else MISS


DECODERS.register("form")(
    Decoder(
        body=_body,
        text=_text,
        media=("application/x-www-form-urlencoded",),
        rank=30,
        marks="=",
    )
)

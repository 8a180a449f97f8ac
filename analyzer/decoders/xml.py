"""XML: elements and attributes by name. A document that declares entities is not read.

Entities are how XML expands without bound and how it reads files; nothing an app sends needs them.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Fault, Hint

_DECLARED = re.compile(r"<\?xml[^>]{0,200}\?>")


class _Entities(Exception):  # noqa: N818 - never leaves this file
    """The document declares an entity."""


class _TooMuch(Exception):  # noqa: N818 - never leaves this file
    """The document is deeper or larger than the bounds allow."""


class _Builder:
    """Builds dicts from the events of the parser: attributes as ``@name``, mixed text as ``#``."""

    def __init__(self, most: int, deepest: int) -> None:
        self.root: dict[str, object] = {}
        self._open: list[tuple[dict[str, object], list[str]]] = [(self.root, [])]
        self._left = most
        self._deepest = deepest

    def start(self, _name: str, attributes: dict[str, str]) -> None:
        self._left -= 1 + len(attributes)
        if self._left < 0 or len(self._open) > self._deepest:
            raise _TooMuch
        self._open.append(({f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, data: str) -> None:
        self._open[-1][1].append(data)

    def end(self, name: str) -> None:
        fields, pieces = self._open.pop()
        text = "".join(pieces).strip()
        value: object = fields
        if not fields:
            value = text
        elif text:
            fields["#"] = text
        parent = self._open[-1][0]
        if name not in parent:
            parent[name] = value
            return
        known = parent[name]
        if isinstance(known, list):
            known.append(value)
        else:
            parent[name] = [known, value]

    def entity(self, *_: object) -> None:
        raise _Entities


def _body(content: bytes, _hint: Hint, budget: Budget) -> object:
    return _read(content, 2 * budget.limits.max_leaves, budget.limits.max_json_depth)


def _text(text: str) -> object:
    """Read XML in a string: an advertisement in VAST, an envelope. A page is none."""
    inner = text.strip()
    if inner[:1] != "<" or inner[-1:] != ">" or ("</" not in inner and "/>" not in inner):
        return MISS
    if inner[:5].lower() in ("<html", "<!doc") and "<!entity" not in inner[:1024].lower():
        return MISS
    # What the declaration says of bytes no longer holds.
    return _read(_DECLARED.sub("", inner, count=1), 20_000, 64)


def _read(content: bytes | str, most: int, deepest: int) -> object:
    builder = _Builder(most, deepest)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    parser.EntityDeclHandler = builder.entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError):
        return MISS
    except _Entities:
        return Fault("bomb", "XML that declares entities is not read")
    except _TooMuch:
        return Fault("too_many_leaves", "XML with too many or too deep elements")
    return builder.root or MISS


DECODERS.register("xml")(
    Decoder(
        body=_body,
        text=_text,
        media=("application/xml", "text/xml", "+xml"),
        starts=b"<\xef\xff\xfe",
        guesses=True,
        rank=50,
        marks="<",
    )
)

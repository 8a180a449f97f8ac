"""Data that a page carries in its scripts: JSON in elements of their own, or set to a variable.

Only pages that a server sends. What people read in them is no data of the person's; the state that
a page begins with often is (``__NEXT_DATA__``, ``window.__INITIAL_STATE__ = {...}``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from itertools import islice

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Layer
from analyzer.decoders.text import to_text, without_surrogates

_OPEN = re.compile(r"<script\b([^>]{0,2048})>", re.IGNORECASE)
_CLOSE = re.compile(r"</script", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(id|type)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
# x = {, x["y"] = [, push([, x = JSON.parse("{, x = '\x7b: where an object or a list is handed over.
_HANDED = re.compile(
    r"(?<![\w$.])([A-Za-z_$][\w$.]{0,99})(?:\[[\"']([\w$.-]{1,99})[\"']\])?\s*[=(]\s*"
    r"(?:JSON\.parse\(\s*(?=[\"'])|(?=[{\[])|(?=[\"'](?:[{\[]|\\x[57][bB]|\\u00[57][bB])))"
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(\r\n|.))", re.DOTALL)
_QUOTED = {
    quote: re.compile(rf"{quote}((?:[^{quote}\\\n]|\\.)*+){quote}", re.DOTALL) for quote in "\"'"
}
_LETTERS = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "\n": "",
    "\r\n": "",
}
_MOST_PAGE = 2 * 1024 * 1024  # bytes of a page that are looked at
_MOST_SCRIPTS = 256
_MOST_TRIED = 64  # places in one script
_LEAST = 8  # characters
_decode = json.JSONDecoder().raw_decode


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    if not budget.answer or hint.doubtful or b"<" not in content[:64]:
        return MISS
    text = to_text(content[:_MOST_PAGE], hint.charset)
    if text is None:
        return MISS
    found: dict[str, object] = {}
    for number, attributes, script in _scripts(text):
        told = {
            each[1].lower(): each[2] or each[3] or each[4] or ""
            for each in _ATTRIBUTE.finditer(unescape(attributes))
        }
        if "json" in told.get("type", "").lower():
            inside = script.strip().encode("utf-8", "replace")
            if len(inside) >= _LEAST:
                found[told.get("id") or str(number)] = Layer(inside, media="application/json")
            continue
        for name, value in _values(script, budget):
            found.setdefault(name, value)
    return found or MISS


def _scripts(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield number, attributes and content of each script of a page."""
    end = 0
    for number in range(_MOST_SCRIPTS):
        begun = _OPEN.search(text, end)
        closed = _CLOSE.search(text, begun.end()) if begun else None
        if not begun or not closed:
            return
        end = closed.end()
        yield number, begun[1], text[begun.end() : closed.start()]


def _values(script: str, budget: Budget) -> Iterator[tuple[str, object]]:
    """Yield the names and values of the data that is set in a script."""
    end = 0
    places = (place for place in _HANDED.finditer(script) if place.start() >= end)
    for place in islice(places, _MOST_TRIED):
        if budget.late():
            break
        try:
            value, end = _value(script, place.end())
        except (ValueError, RecursionError):
            continue
        if end - place.end() < _LEAST:
            continue
        name = place[2] or place[1]
        if isinstance(value, str):  # JSON in a string, which has to be JSON
            inside = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
            yield name, Layer(inside, media="application/json", doubtful=True)
        else:
            yield name, without_surrogates(value)


def _value(script: str, at: int) -> tuple[object, int]:
    """Return the value that begins at `at`, and where it ends; `ValueError` if there is none.

    A text has to be JSON.
    """
    if script[at : at + 1] not in ("'", '"'):
        return _decode(script, at)
    found = _QUOTED[script[at]].match(script, at)
    if not found:
        raise ValueError("a text without an end")
    text = _ESCAPE.sub(_unescaped, found[1]).strip()
    if _decode(text)[1] != len(text):
        raise ValueError("more than one value")
    return text, found.end()


def _unescaped(found: re.Match[str]) -> str:
    """Return the character that an escape of JavaScript stands for."""
    number = found[1] or found[2]
    return chr(int(number, 16)) if number else _LETTERS.get(found[3], found[3])


DECODERS.register("html")(
    Decoder(body=_body, media=("text/html", "application/xhtml+xml"), sniffed=False)
)

"""JSON, fast where nothing can be lost and exact where something could.

orjson is twice as fast as the standard library, but keeps only the last of two equal names and
makes a float of an integer beyond 64 bits. Both would let a client hide a value, so the text's
names are counted: a name is a string right before a colon, and inside a string a quote has a
backslash. Text in which that count may err (white space before a colon, a backslash before a
closing quote) is read exactly at once. Hand-made JSON (NaN, trailing commas, a byte order mark,
UTF-16, Latin-1, lone surrogates) is read by the standard library.
"""

from __future__ import annotations

import json
import re
from functools import partial

import orjson

from analyzer.decoders import DECODERS, MISS, Budget, Checked, Decoder, Fault, Hint, Number, Pairs
from analyzer.decoders.json_outline import read
from analyzer.decoders.outlines import Columns
from analyzer.decoders.text import to_text, without_surrogates

_WHITE = ((b" ", b" :"), (b"\t", b"\t:"), (b"\n", b"\n:"), (b"\r", b"\r:"))
_SLOW_LIMIT = 2 * 1024 * 1024  # hand-made JSON beyond this size is not read
_LARGE = 1024 * 1024
_MOST_CONTAINERS = 300_000
_MOST_NAMES = 400_000
_MOST_VALUES = 1_500_000
_TRAILING_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s*+[}\]])', re.DOTALL)


def _names(text: bytes | str) -> int:
    """How many names the objects in `text` have; -1 where counting quotes could err.

    One character is looked for ten times as fast as two, so what most texts lack is asked first.
    """
    if isinstance(text, str):
        if "\\" in text:
            if '\\\\"' in text:
                return -1
            escaped = text.count('\\":')
        else:
            escaped = 0
        for white in " \t\n\r":
            if white in text and f"{white}:" in text:
                return -1
        return text.count('":') - escaped
    if b"\\" in text:
        if b'\\\\"' in text:
            return -1
        escaped = text.count(b'\\":')
    else:
        escaped = 0
    for space, before in _WHITE:
        if space in text and before in text:
            return -1
    return text.count(b'":') - escaped


def _object(pairs: list[tuple[str, object]]) -> object:
    names = dict(pairs)
    return names if len(names) == len(pairs) else Pairs(pairs)


def _exact(text: str) -> object:
    """Read `text` by the standard library, keeping repeated names and all digits."""
    try:
        tree: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=Number,
            parse_constant=Number,
            strict=False,
        )
        return without_surrogates(tree) if "\\u" in text or not text.isascii() else tree
    except (ValueError, RecursionError):
        return MISS


def _exact_again(content: bytes | str) -> object:
    return _exact(content if isinstance(content, str) else content.decode("utf-8", "replace"))


def _hand_made(text: str) -> object:
    if len(text) > _SLOW_LIMIT:
        return MISS
    tree = _exact(text)
    if tree is MISS and "," in text:
        tidy = _TRAILING_COMMA.sub(lambda found: found.group(1) or "", text)
        if tidy != text:
            tree = _exact(tidy)
    return tree


def _is_too_much(content: bytes) -> bool:
    """Whether a document would take many times its size in memory, only to show its beginning."""
    if len(content) < _LARGE:
        return False
    containers = content.count(b"{") + content.count(b"[")
    if containers > _MOST_CONTAINERS or content.count(b'":') > _MOST_NAMES:
        return True
    return content.count(b",") > _MOST_VALUES


def read_json(content: bytes | str, *, counted: bool = True) -> object:
    """Parse standard JSON into a `Checked` tree; `MISS` if it is not standard JSON.

    Not `counted`: the names are not, for those who take the tree as it is.
    """
    try:
        tree = orjson.loads(content)
    except orjson.JSONDecodeError:
        return MISS
    return Checked(tree, _names(content) if counted else -1, partial(_exact_again, content))


def read_columns(content: bytes | str) -> object:
    """Do as `read_json`, and give `Columns` for a document that is like one read before."""
    known = read(content, partial(read_json, content))
    if isinstance(known, Columns):
        return known
    found = read_json(content)
    if known is not None and isinstance(found, Checked):
        known.learn(found.tree)
    return found


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    announced = hint.announced == "json"
    if _is_too_much(content):
        return Fault("too_many_leaves", "JSON of more values than can be shown")
    found = read_json(content, counted=False) if budget.whole else read_columns(content)
    if isinstance(found, Columns):
        return found
    if isinstance(found, Checked):
        if isinstance(found.tree, dict | list | str) or announced:
            return found
        return MISS
    text = to_text(content, hint.charset)
    if text is None:
        return MISS
    text = text.strip("\ufeff \t\r\n\0\x1e")
    if text[:1] not in ("{", "[", '"') and not announced:
        return MISS
    again = read_json(text)
    if again is not MISS:
        return again
    # A guess must not be stretched: only a body may be JSON with mistakes.
    return MISS if hint.doubtful else _hand_made(text)


def _text(text: str) -> object:
    inner = text.strip(" \t\r\n\ufeff")
    if inner[:1] + inner[-1:] not in ("{}", "[]", '""') or len(inner) < 2:
        return MISS
    found = read_columns(inner)
    if found is MISS and ("NaN" in inner or "Infinity" in inner or "\\ud" in inner.lower()):
        return _hand_made(inner)
    return found


DECODERS.register("json")(
    Decoder(
        body=_body,
        text=_text,
        media=("application/json", "text/json", "application/csp-report", "+json"),
        # The last four: a byte order mark, or UTF-16 without one.
        starts=b'{["\xef\xff\xfe\x00',
        sure=True,
        guesses=True,
        rank=10,
        marks='{["',
    )
)

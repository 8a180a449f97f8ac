"""What servers and socket libraries put around JSON: a callback, a guard, an event number."""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Layer
from analyzer.decoders.json import read_json

_STRICT = Hint(doubtful=True)
_GUARD = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*+(?:
        \)\]\}'?,?(?:\s*+[0-9]{1,9}[ \t\r]*+\n)?  # and the length of what follows
      | for\s?\(;;\);|while\s?\((?:1|true)\);|throw\s(?:1|'[^']{0,100}');?|&&&START&&&|/\*-secure-
      | \{\}\s?&&|//
    )\s*+""",
    re.VERBOSE,
)
_CALLBACK = re.compile(
    rb"\s*+(?:/\*\*/)?\s*+(?:typeof [\w$.]{1,128} === 'function' && )?[\w$.]{1,128}\s?\("
)
# Socket.IO writes a number before a list, SockJS the letter a before one of strings
_EVENT = re.compile(rb"(?:[0-9]{1,6}(?:/[\w/-]{1,64},)?|a(?=\[\"))(?=[\[{])")


def _body(content: bytes, hint: Hint, _budget: Budget | None) -> object:
    found = _GUARD.match(content) or _EVENT.match(content)
    inner = content[found.end() :] if found else b""
    if not found:
        found = _CALLBACK.match(content)
        if not found:
            return MISS
        inner = content[found.end() :].rstrip(b" \t\r\n;")
        if not inner.endswith(b")"):
            return MISS
        inner = inner[:-1]
    if inner.lstrip()[:1] not in (b"{", b"["):
        return MISS
    if hint.doubtful and read_json(inner) is MISS:
        return MISS
    return Layer(inner, "application/json", doubtful=True)


def _text(text: str) -> object:
    if text.rstrip(" \t\r\n;")[-1:] not in (")", "}", "]"):
        return MISS
    return _body(text.encode("utf-8", "replace"), _STRICT, None)


DECODERS.register("jsonp")(
    Decoder(
        body=_body,
        text=_text,
        media=(
            "application/javascript",
            "text/javascript",
            "application/x-javascript",
            "application/ecmascript",
        ),
        starts=b"{\xef)/&_$0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        sure=True,
        guesses=True,
        rank=20,
        marks="{[",
    )
)

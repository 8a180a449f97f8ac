"""What servers and socket libraries put around JSON: a callback, a guard, an event number."""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Layer

_GUARD = re.compile(
    rb"""\s*+(?:\)\]\}',?|for\s?\(;;\);|while\s?\(1\);|throw\s1;|&&&START&&&|/\*-secure-)\s*+"""
)
_CALLBACK = re.compile(
    rb"\s*+(?:/\*\*/)?\s*+(?:typeof [\w$.]{1,128} === 'function' && )?[\w$.]{1,128}\s?\("
)
_EVENT = re.compile(rb"[0-9]{1,6}(?:/[\w/-]{1,64},)?(?=[\[{])")  # Socket.IO: 42["name",{}]


def _body(content: bytes, _hint: Hint, _budget: Budget) -> object:
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
    return Layer(inner, "application/json", doubtful=True)


DECODERS.register("jsonp")(
    Decoder(
        body=_body,
        media=(
            "application/javascript",
            "text/javascript",
            "application/x-javascript",
            "application/ecmascript",
        ),
        starts=b")/&_$0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        sure=True,
        rank=20,
    )
)

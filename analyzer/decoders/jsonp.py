"""What servers and socket libraries put around JSON: a callback, a guard, an event number."""

from __future__ import annotations

import re

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Layer

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
        starts=b"{\xef)/&_$0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        sure=True,
        rank=20,
    )
)

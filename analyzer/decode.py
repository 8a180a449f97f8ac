"""One exchange into leaves: the request line, the headers, the cookies and both bodies.

`decode` never raises, whatever the exchange holds: what cannot be read is a `Problem`. Everything
is bounded by `Limits`. The message bodies themselves are the business of `analyzer.walk`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.decoders import Limits
from analyzer.decoders.form import read_form
from analyzer.decoders.percent import unquote_name
from analyzer.decoders.text import clean
from analyzer.models import Exchange, Headers, Leaf, Part, Problem
from analyzer.walk import Steps, Walker, new_leaf, plain

__all__ = ["Decoded", "Limits", "decode"]

_TRANSPORT: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "http2-settings",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_DEFAULT: Final = Limits()


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was read of one exchange.

    `payloads` are the decoded layers of the request body (not of the answer), each once, for a
    search over raw bytes: keys, and places that no leaf shows.
    """

    leaves: tuple[Leaf, ...]
    problems: tuple[Problem, ...]
    payloads: tuple[bytes, ...]


def decode(exchange: Exchange, limits: Limits = _DEFAULT) -> Decoded:
    """Return the leaves of `exchange`.

    Paths: segments by position (part ``path``), names of query fields, headers (lower case) and
    cookies, keys and positions joined by dots in bodies. `steps` are the decoders passed; parts of
    the request line and headers start with none, queries with ``query``. A value that holds another
    encoding gives its own leaf, then those of what is inside it.

    Of a WebSocket message (method ``WS``) only the message is read: its URL and headers are those
    of the handshake, which is an exchange of its own.
    """
    cut = not exchange.complete or exchange.truncated > 0
    walker = Walker(exchange.id, limits, cut=cut, partial=exchange.status == 206)
    walker.budget.url = exchange.url
    message = exchange.method == "WS"
    if not message:
        _request_line(walker, exchange.url)
    kind, encoding = _headers(walker, exchange.request_headers, "header", "cookie", message)
    walker.body("body", exchange.request_body, "" if message else kind, "" if message else encoding)
    kind, encoding = _headers(
        walker, exchange.response_headers, "response_header", "response_cookie", message
    )
    if exchange.response_body:
        if message:
            kind = encoding = ""
        walker.body("response", exchange.response_body, kind, encoding)
    if exchange.truncated:
        walker.fault("truncated", "a part of it was not kept", "request or response")
    leaves = walker.leaves
    if len(leaves) > limits.max_leaves:
        del leaves[limits.max_leaves :]
    return Decoded(tuple(leaves), walker.problems(), tuple(walker.payloads))


@lru_cache(4096)
def _segments(path: str) -> tuple[tuple[str, str, Steps], ...]:
    """Return (position, text, steps) of the segments of a path that are not empty."""
    return tuple(
        (str(position), unquote_name(segment), ("percent",) if "%" in segment else ())
        for position, segment in enumerate(path.removeprefix("/").split("/"))
        if segment
    )


def _request_line(walker: Walker, url: str) -> None:
    url = clean(url)
    start = url.find("://")
    slash = url.find("/", start + 3 if start >= 0 else 0)
    rest, _, _ = (url[slash:] if slash >= 0 else "").partition("#")
    if slash < 0 and "?" in url:
        rest = url[url.index("?") :]
    path, _, query = rest.partition("?")
    walker.part = "path"
    for position, text, steps in _segments(path):
        walker.string(text, position, steps)
    if query:
        walker.part = "query"
        if "=" in query:
            walker.enter(read_form(query), "", ("query",))
        else:
            walker.string(unquote_name(query), "", ("query",))


@lru_cache(4096)
def _kind(name: str) -> tuple[str, str]:
    """Return the name in lower case, and what to do with the header."""
    lower = clean(name).lower()
    if lower in _TRANSPORT or lower.startswith((":", "sec-websocket-")):
        return lower, "skip"
    special = ("cookie", "set-cookie", "authorization", "content-type", "content-encoding")
    return lower, lower if lower in special else "value"


def _headers(
    walker: Walker, headers: Headers, part: Part, cookie: Part, message: bool
) -> tuple[str, str]:
    """Make leaves of headers; return the Content-Type and the Content-Encoding."""
    content_type = encoding = ""
    if message:
        return content_type, encoding
    walker.part = part
    exchange, append = walker.exchange, walker.leaves.append
    for name, value in headers:
        lower, kind = _kind(name)
        if kind == "skip":
            continue
        if kind == "value":
            if value in plain:
                append(new_leaf(Leaf, (exchange, part, lower, value, ())))
            else:
                walker.string(clean(value), lower, ())
        elif kind == "content-type":
            content_type = value
            walker.string(clean(value), lower, ())
        elif kind == "content-encoding":
            encoding = f"{encoding},{value}" if encoding else value
            walker.string(clean(value), lower, ())
        elif kind == "authorization":
            walker.string(clean(value), lower, ())
            token = clean(value).partition(" ")[2]
            if token:
                walker.string(token, lower, ("authorization",), doubtful=True)
        else:
            walker.part = cookie
            _cookies(walker, clean(value), kind == "set-cookie")
            walker.part = part
    return content_type, encoding


def _cookies(walker: Walker, header: str, being_set: bool) -> None:
    # HAR joins several Set-Cookie headers by line ends.
    pieces = header.split("\n") if being_set else header.split(";")
    for piece in pieces:
        name, equals, value = piece.partition(";")[0].partition("=")
        if equals:
            walker.string(value.strip(), name.strip(), ())
        elif name.strip():
            walker.string(name.strip(), "", ())

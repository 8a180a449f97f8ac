"""One exchange into leaves: the request line, the headers, the cookies and both bodies.

`decode` never raises, whatever the exchange holds: what cannot be read is a `Problem`. Everything
is bounded by `Limits`. The message bodies themselves are the business of `analyzer.walk`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.decoders import Limits
from analyzer.decoders.form import read_fields
from analyzer.decoders.percent import unquote_name
from analyzer.decoders.text import clean
from analyzer.leaves import Piece, Steps
from analyzer.models import Exchange, Headers, Leaf, Part, Problem
from analyzer.walk import Walker

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
_MOST_LINES: Final = 4096
_LONGEST_LINE: Final = 1024  # characters
_MOST_IN_LINE: Final = 32  # leaves
_MOST_IN_BLOCK: Final = 64  # headers
_MOST_BLOCKS: Final = 512
_MANY: Final = 256  # headers, after which it is asked whether there is room and time for more

# The leaves of header lines and paths of URLs that had no problem, by part, name and value.
_lines: Final[dict[tuple[Part, str, str], tuple[Piece, ...]]] = {}
# The same of all headers of a message, with its Content-Type and Content-Encoding.
_blocks: Final[dict[tuple[Part, Headers], tuple[tuple[Piece, ...], str, str]]] = {}
_once: Final[set[int]] = set()  # hashes of headers that came once


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was read of one exchange. `leaves` are columns (`Leaves`) where `decode` made them.

    `payloads` are the decoded layers of the request body (not of the answer), each once, for a
    search over raw bytes: keys, and places that no leaf shows.
    """

    leaves: Sequence[Leaf]
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
        detail = f"more than {limits.max_leaves} values"
        walker.fault("too_many_leaves", detail, "request or response")
        leaves.cut(limits.max_leaves)
    return Decoded(leaves, walker.problems(), tuple(walker.payloads))


def _request_line(walker: Walker, url: str) -> None:
    url = clean(url)
    base, _, query = url.partition("?")
    if "#" not in url and _known(walker, "path", "", base):
        _query(walker, query)
        return
    start = url.find("://")
    slash = url.find("/", start + 3 if start >= 0 else 0)
    rest, _, _ = (url[slash:] if slash >= 0 else "").partition("#")
    if slash < 0 and "?" in url:
        rest = url[url.index("?") :]
    path, _, query = rest.partition("?")
    walker.part = "path"
    if not _known(walker, "path", "", path):
        start, trouble = len(walker.leaves), walker.trouble
        for position, segment in enumerate(path.removeprefix("/").split("/")):
            if segment:
                coded: Steps = ("percent",) if "%" in segment else ()
                walker.string(unquote_name(segment), str(position), coded)
        _learn(walker, "path", "", path, start, trouble)
        # Again under the address, where it is all of the path.
        if path and base.endswith(path):
            _learn(walker, "path", "", base, start, trouble)
    _query(walker, query)


def _query(walker: Walker, query: str) -> None:
    if query:
        walker.part = "query"
        if "=" in query:
            walker.enter(read_fields(query), "", ("query",))
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
    if message or not headers:
        return "", ""
    if walker.limits is not _DEFAULT or len(headers) > _MOST_IN_BLOCK:
        return _each(walker, headers, part, cookie)
    key = (part, headers)
    block = _blocks.get(key)
    if block is not None:
        walker.leaves.put(block[0])
        return block[1], block[2]
    start, trouble = len(walker.leaves), walker.trouble
    found = _each(walker, headers, part, cookie)
    if hash(key) not in _once:
        if len(_once) >= _MOST_LINES:
            _once.clear()
        _once.add(hash(key))
    elif walker.trouble == trouble:
        size = sum(len(name) + len(value) for name, value in headers)
        pieces = walker.leaves.pieces(start)
        if size + _characters(pieces) <= 4 * _LONGEST_LINE:
            if len(_blocks) >= _MOST_BLOCKS:
                _blocks.clear()
            _blocks[key] = (pieces, *found)
    return found


def _each(walker: Walker, headers: Headers, part: Part, cookie: Part) -> tuple[str, str]:
    content_type = encoding = ""
    for at, (name, value) in enumerate(headers):
        if at >= _MANY and (_is_full(walker) or walker.budget.late()):
            if not _is_full(walker):
                walker.fault("too_slow", "decoding was ended by its time limit")
            return _announced(headers[at:], content_type, encoding)
        lower, kind = _kind(name)
        if kind == "skip":
            continue
        if kind == "content-type":
            content_type = value
        elif kind == "content-encoding":
            encoding = f"{encoding},{value}" if encoding else value
        if _known(walker, part, lower, value):
            continue
        start, trouble = len(walker.leaves), walker.trouble
        walker.part = part
        text = clean(value)
        if kind in ("cookie", "set-cookie"):
            walker.part = cookie
            _cookies(walker, text, kind == "set-cookie")
        else:
            walker.string(text, lower, ())
            token = text.partition(" ")[2] if kind == "authorization" else ""
            if token:
                walker.string(token, lower, ("authorization",), doubtful=True)
        _learn(walker, part, lower, value, start, trouble)
    return content_type, encoding


def _announced(headers: Headers, content_type: str, encoding: str) -> tuple[str, str]:
    """Return both as they are with those of `headers`, of which nothing else is read."""
    for name, value in headers:
        if len(name) == len("content-type") and name.lower() == "content-type":
            content_type = value
        elif len(name) == len("content-encoding") and name.lower() == "content-encoding":
            encoding = f"{encoding},{value}"[-_LONGEST_LINE:] if encoding else value
    return content_type, encoding


def _is_full(walker: Walker) -> bool:
    """Tell whether there are more leaves than are kept."""
    return len(walker.leaves) > walker.limits.max_leaves


def _known(walker: Walker, part: Part, name: str, value: str) -> bool:
    """Put in the leaves of a header line or a path that were remembered; False if none were."""
    pieces = _lines.get((part, name, value)) if walker.limits is _DEFAULT else None
    if pieces is None:
        return False
    walker.leaves.put(pieces)
    return True


def _learn(walker: Walker, part: Part, name: str, value: str, start: int, trouble: int) -> None:
    """Remember the leaves from `start` on as those of a header line, or of a path.

    Phones send the same lines with each request. What gave a problem is read again each time, and
    so is what is long or holds much.
    """
    size = len(walker.leaves) - start
    if walker.trouble != trouble or len(value) > _LONGEST_LINE or size > _MOST_IN_LINE:
        return
    if walker.limits is not _DEFAULT or len(walker.leaves) > walker.limits.max_leaves:
        return
    pieces = walker.leaves.pieces(start)
    if _characters(pieces) > 4 * _LONGEST_LINE:
        return
    if len(_lines) >= _MOST_LINES:
        _lines.clear()
    _lines[part, name, value] = pieces


def _characters(pieces: Iterable[Piece]) -> int:
    return sum(len(text) for piece in pieces for text in piece.values)


def _cookies(walker: Walker, header: str, being_set: bool) -> None:
    # HAR joins several Set-Cookie headers by line ends.
    pieces = header.split("\n") if being_set else header.split(";")
    for piece in pieces:
        if _is_full(walker):
            return
        name, equals, value = piece.partition(";")[0].partition("=")
        if equals:
            walker.string(value.strip(), name.strip(), ())
        elif name.strip():
            walker.string(name.strip(), "", ())

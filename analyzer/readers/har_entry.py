"""One entry of a HAR: what of it is read. Headers are read once for all entries that have them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from analyzer.models import Headers
from analyzer.readers.har_text import headers_of

T = TypeVar("T")
_LONG_HEADERS = 4096  # bytes of JSON; those of fewer are remembered
_NOTHING = msgspec.Raw(b"null")


class PostData(msgspec.Struct, rename="camel"):
    """The body of a request."""

    mime_type: Any = None
    text: Any = None
    params: Any = None
    encoding: Any = None


class Request(msgspec.Struct, rename="camel"):
    """What was asked; headers and cookies are JSON that is not read yet."""

    method: str
    url: str
    http_version: Any = None
    headers: msgspec.Raw = _NOTHING
    cookies: msgspec.Raw = _NOTHING
    post_data: PostData | None = None
    body_size: Any = None


class Content(msgspec.Struct, rename="camel"):
    """The body of an answer."""

    size: Any = None
    mime_type: Any = None
    text: Any = None
    encoding: Any = None


class Response(msgspec.Struct, rename="camel"):
    """What was answered."""

    status: Any = None
    http_version: Any = None
    headers: msgspec.Raw = _NOTHING
    cookies: msgspec.Raw = _NOTHING
    content: Content | None = None
    error: Any = msgspec.field(name="_error", default=None)


class Entry(msgspec.Struct, rename="camel"):
    """A request and its answer."""

    request: Request
    response: Response | None = None
    started_date_time: Any = None
    server: Any = msgspec.field(name="serverIPAddress", default=None)
    from_cache: Any = msgspec.field(name="_fromCache", default=None)
    fetch_type: Any = msgspec.field(name="_fetchType", default=None)
    messages: Any = msgspec.field(name="_webSocketMessages", default=None)


_whole_entry = msgspec.json.Decoder(Entry).decode


def decoded(raw: memoryview, kind: type[T]) -> T:
    """Decode a piece of JSON; ValueError or RecursionError if it cannot be."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Half surrogate pairs, NaN: Python and JavaScript write and read them, msgspec does not.
        return msgspec.convert(json.loads(bytes(raw)), type=kind)


def read_entry(raw: memoryview) -> Entry:
    """Decode one entry; ValueError or RecursionError if it cannot be."""
    try:
        return _whole_entry(raw)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        tree = json.loads(bytes(raw))
        for name in ("request", "response"):
            message = tree.get(name) if isinstance(tree, dict) else None
            for key in ("headers", "cookies"):
                if isinstance(message, dict) and key in message:
                    message[key] = msgspec.Raw(json.dumps(message[key]).encode())
        return msgspec.convert(tree, type=Entry)


def headers_in(entry: Entry) -> tuple[Headers, Headers]:
    """Return those of the request and of the answer; ValueError or RecursionError if none can be.

    Programs send the same ones again and again, so these are remembered.
    """
    request, answer = entry.request, entry.response
    asked = bytes(request.headers), bytes(request.cookies), "cookie"
    if answer is None:
        return _read_headers(*asked), ()
    answered = bytes(answer.headers), bytes(answer.cookies), "set-cookie"
    return _read_headers(*asked), _read_headers(*answered)


def _read_headers(listed: bytes, cookies: bytes, cookie_header: str) -> Headers:
    read = _known_headers if len(listed) + len(cookies) < _LONG_HEADERS else _new_headers
    return read(listed, cookies, cookie_header)


def _new_headers(listed: bytes, cookies: bytes, cookie_header: str) -> Headers:
    return headers_of(
        decoded(memoryview(listed), object), decoded(memoryview(cookies), object), cookie_header
    )


_known_headers = lru_cache(512)(_new_headers)

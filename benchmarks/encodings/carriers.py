"""The places of a request in which something is sent."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import quote, urlencode

from analyzer.models import Exchange
from benchmarks.encodings.layers import Content

_URL: Final = "https://collect.example/v2/track"
_AGENT: Final = ("User-Agent", "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)")


def request(url: str = _URL, body: bytes = b"", *headers: tuple[str, str]) -> Exchange:
    """Return an exchange of one request."""
    return Exchange(
        id="1",
        session="s",
        t_s=0.0,
        phase="use",
        method="POST" if body else "GET",
        url=url,
        request_headers=(_AGENT, *headers),
        request_body=body,
        status=200,
        response_headers=(),
        response_body=b"",
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )


def _text(content: Content) -> str:
    return content if isinstance(content, str) else base64.b64encode(content).decode()


def _json(content: Content, name: str) -> Exchange:
    document = json.dumps({"batch": [{"n": 1}, {"n": 2, name: _text(content)}]}).encode()
    return request(_URL, document, ("Content-Type", "application/json"))


def _gzip(content: Content, name: str) -> Exchange:
    packed = gzip.compress(json.dumps({name: _text(content)}).encode(), mtime=0)
    headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    return request(_URL, packed, *headers)


def _form(content: Content, name: str) -> Exchange:
    form = urlencode({"k": "1", name: _text(content)}).encode()
    return request(_URL, form, ("Content-Type", "application/x-www-form-urlencoded"))


def _body(content: Content, _name: str) -> Exchange:
    data = content.encode() if isinstance(content, str) else content
    kind = "text/plain" if isinstance(content, str) else "application/octet-stream"
    return request(_URL, data, ("Content-Type", kind))


def _multipart(content: Content, name: str) -> Exchange:
    data = content.encode() if isinstance(content, str) else content
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="'
        + name.encode()
        + b'"\r\n\r\n'
        + data
        + b"\r\n--edge--\r\n"
    )
    return request(_URL, body, ("Content-Type", "multipart/form-data; boundary=edge"))


def _query(content: Content, name: str) -> Exchange:
    return request(f"{_URL}?{urlencode({'v': '3', name: _text(content)})}")


def _path(content: Content, name: str) -> Exchange:
    return request(f"https://collect.example/{name}/{quote(_text(content), safe='')}/x.gif")


def _header(content: Content, name: str) -> Exchange:
    return request(_URL, b"", (f"X-{name}", quote(_text(content), safe=" ,;:=+/@.\"'{}[]()&?")))


def _cookie(content: Content, name: str) -> Exchange:
    return request(_URL, b"", ("Cookie", f"a=1; {name}={quote(_text(content), safe='')}; z=2"))


CARRIERS: Final[dict[str, Callable[[Content, str], Exchange]]] = {
    "JSON body": _json,
    "gzip body": _gzip,
    "form": _form,
    "body": _body,
    "multipart": _multipart,
    "query": _query,
    "path": _path,
    "header": _header,
    "cookie": _cookie,
}
"""Each takes what is sent, and the name of its field where there is one."""
NAMELESS: Final = frozenset({"body", "path"})


def fields(values: dict[str, str], random: Random) -> Exchange:
    """Return a request that has `values` beside each other, in a place that `random` chooses."""
    place = random.choice(("query", "form", "JSON body", "header", "cookie"))
    if place == "query":
        return request(f"{_URL}?{urlencode(values)}")
    if place == "form":
        body = urlencode(values).encode()
        return request(_URL, body, ("Content-Type", "application/x-www-form-urlencoded"))
    if place == "JSON body":
        body = json.dumps({"user": {"id": 7, **values}}).encode()
        return request(_URL, body, ("Content-Type", "application/json"))
    if place == "header":
        pairs = [(f"X-{name.title()}", quote(text, safe=" ")) for name, text in values.items()]
        return request(_URL, b"", *pairs)
    pairs_ = "; ".join(f"{name}={quote(text, safe='')}" for name, text in values.items())
    return request(_URL, b"", ("Cookie", pairs_))

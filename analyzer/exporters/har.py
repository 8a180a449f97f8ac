"""HAR 1.2, with WebSocket messages as Chrome and mitmproxy write them."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

import orjson

from analyzer import __version__
from analyzer.exporters import EXPORTERS
from analyzer.exporters.redaction import Redactor
from analyzer.exporters.session import Conversation, Recorded, SentMessage, without_coding
from analyzer.models import Headers
from analyzer.readers.har_text import body_bytes, value_of

VERSIONS = {"http/1.1": "HTTP/1.1", "h2": "HTTP/2", "h3": "HTTP/3"}
_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_LOST = (
    "who and where: persona, arm, device and versions are in session.json only",
    "how long requests took, and the time before the first one",
    "which exchanges were cut off, and by how much",
    "header bytes that are not UTF-8, and which headers came after the body",
    "phases stand as pages and are not read back",
)


@EXPORTERS.register("har")
def write_har(recorded: Recorded, file: BinaryIO, redactor: Redactor) -> list[str]:
    """Write a session entry by entry; bodies are without their content coding, as HAR has them."""
    creator = {"name": "evenhand", "version": __version__}
    head = {"version": "1.2", "creator": creator, "pages": _pages(recorded)}
    file.write(b'{"log":' + orjson.dumps(head)[:-1] + b',"entries":[')
    decoded = left = 0
    for number, conversation in enumerate(recorded.conversations()):
        exchange = conversation.exchange
        bodies: list[bytes] = []
        for headers, body in (
            (exchange.request_headers, exchange.request_body),
            (exchange.response_headers, exchange.response_body),
        ):
            plain = without_coding(body, headers) if body else body
            left += plain is None
            decoded += plain is not None and plain != body
            bodies.append(body if plain is None else plain)
        entry = _entry(conversation, bodies[0], bodies[1], redactor)
        file.write((b",\n" if number else b"\n") + orjson.dumps(entry))
    file.write(b"\n]}}\n")
    lost = [*_LOST, *recorded.lost_events()]
    if decoded:
        lost.append(f"the content coding of {decoded} bodies: they are written decoded")
    if left:
        lost.append(f"the decoding of {left} bodies: they are written as they came")
    return lost


def _pages(recorded: Recorded) -> list[dict[str, Any]]:
    begun: dict[str, float] = {}
    for t_s, name in recorded.steps:
        begun.setdefault(name, t_s)
    return [
        {
            "startedDateTime": iso(recorded.started + t_s),
            "id": name,
            "title": name,
            "pageTimings": {},
        }
        for name, t_s in begun.items()
    ]


def _entry(
    conversation: Conversation, sent: bytes, got: bytes, redactor: Redactor
) -> dict[str, Any]:
    exchange = conversation.exchange
    version = VERSIONS.get(exchange.transport, "HTTP/1.1")
    url = redactor.url(exchange.url)
    asked = redactor.headers(exchange.request_headers)
    told = redactor.headers(exchange.response_headers)
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": url,
        "httpVersion": version,
        "cookies": _cookies(asked, "cookie"),
        "headers": _headers(asked),
        "queryString": _query(url),
        "headersSize": -1,
        "bodySize": len(exchange.request_body),
    }
    if sent:
        media = value_of(asked, "content-type")
        request["postData"] = {"mimeType": media, **_text(redactor.text(sent), media)}
    media = value_of(told, "content-type")
    content: dict[str, Any] = {"size": len(got), "mimeType": media}
    if got:
        content |= _text(redactor.text(got), media)
    response = {
        "status": exchange.status or 0,
        "statusText": "",
        "httpVersion": version if exchange.status else "",
        "cookies": _cookies(told, "set-cookie"),
        "headers": _headers(told),
        "content": content,
        "redirectURL": value_of(told, "location"),
        "headersSize": -1,
        "bodySize": len(exchange.response_body) if exchange.status else -1,
    }
    entry: dict[str, Any] = {
        "pageref": exchange.phase,
        "startedDateTime": iso(conversation.at),
        "time": 0,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0},
    }
    if exchange.server_ip:
        entry["serverIPAddress"] = exchange.server_ip
    if conversation.messages:
        entry["_resourceType"] = "websocket"
        entry["_webSocketMessages"] = [_message(one, redactor) for one in conversation.messages]
    return entry


def _message(message: SentMessage, redactor: Redactor) -> dict[str, Any]:
    content = redactor.text(message.content)
    data = content.decode("utf-8", "replace")
    if not message.is_text or data.encode() != content:
        data = base64.b64encode(content).decode("ascii")
    return {
        "type": "send" if message.from_client else "receive",
        "time": message.at,
        "opcode": 1 if message.is_text else 2,
        "data": data,
    }


def _text(content: bytes, media: str) -> dict[str, str]:
    """Return a body as text where the reader turns that into the same bytes, else as Base64."""
    charset = _CHARSET.search(media)
    for name in (charset[1] if charset else "utf-8", "utf-8"):
        try:
            text = content.decode(name)
        except (LookupError, UnicodeError):
            continue
        if not _CONTROL.search(text) and body_bytes(text, None, media, latin1=False) == content:
            return {"text": text}
    return {"text": base64.b64encode(content).decode("ascii"), "encoding": "base64"}


def _headers(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _cookies(headers: Headers, header: str) -> list[dict[str, str]]:
    """Return the cookies of HAR's own list; none where the header was redacted."""
    found: list[dict[str, str]] = []
    for name, value in headers:
        if name.lower() == header:
            parts = value.split(";") if header == "cookie" else [value.split(";")[0]]
            pairs = (part.partition("=") for part in parts if "=" in part)
            found += [{"name": key.strip(), "value": text.strip()} for key, _, text in pairs]
    return found


def _query(url: str) -> list[dict[str, str]]:
    try:
        pairs = parse_qsl(urlsplit(url).query, keep_blank_values=True, max_num_fields=10_000)
    except ValueError:
        return []
    return [{"name": name, "value": value} for name, value in pairs]


def iso(moment: float) -> str:
    """Return seconds since 1970 as HAR writes a time."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")

"""mitmproxy's flow dumps, in the format of the installed mitmproxy (11 and 12 write the same)."""

from __future__ import annotations

from typing import BinaryIO

from mitmproxy import connection, flow, http, websocket
from mitmproxy.io import FlowWriter
from mitmproxy.net.http import url as urls

from analyzer.exporters import EXPORTERS
from analyzer.exporters.redaction import Redactor
from analyzer.exporters.session import Conversation, Recorded, without_coding
from analyzer.models import Headers

_VERSIONS = {"h2": b"HTTP/2.0", "h3": b"HTTP/3"}
_LOST = (
    "who and where: persona, arm, device and versions are in session.json only",
    "how long requests took, and the time before the first one",
    "how much is missing of exchanges that were cut off",
    "header bytes that are not UTF-8, and which headers came after the body",
    "phases stand as comments and are not read back",
    "the connections: ports, certificates, TLS versions",
)


@EXPORTERS.register("mitm")
def write_mitm(recorded: Recorded, file: BinaryIO, redactor: Redactor) -> list[str]:
    """Write a session flow by flow; bodies are as on the wire unless something was redacted."""
    writer = FlowWriter(file)
    unwritten = 0
    bodies = _Bodies(redactor)
    for conversation in recorded.conversations():
        built = _flow(conversation, redactor, bodies)
        if built is None:
            unwritten += 1
        else:
            writer.add(built)
    lost = [*_LOST, *recorded.lost_events()]
    if bodies.decoded:
        lost.append(f"the content coding of {bodies.decoded} bodies with credentials in them")
    if unwritten:
        lost.append(f"{unwritten} exchanges whose URL mitmproxy cannot express")
    return lost


class _Bodies:
    """Takes credentials out of bodies that are still in their content coding."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self.decoded = 0

    def redacted(self, headers: Headers, body: bytes) -> tuple[Headers, bytes]:
        """Return headers and body; where a coded body had to change, both are without coding."""
        plain = without_coding(body, headers) if body else body
        if plain is None:
            return headers, body
        changed = self._redactor.text(plain)
        if changed == plain:
            return headers, body
        if plain == body:
            return headers, changed
        self.decoded += 1
        kept = tuple(pair for pair in headers if pair[0].lower() != "content-encoding")
        return kept, changed


def _flow(conversation: Conversation, redactor: Redactor, bodies: _Bodies) -> http.HTTPFlow | None:
    exchange, at = conversation.exchange, conversation.at
    url = redactor.url(exchange.url)
    if url[:3].lower() == "ws:" or url[:4].lower() == "wss:":
        url = "http" + url[2:]
    try:
        scheme, host, port, path = urls.parse(url)
        address = host.decode("idna")
    except (ValueError, UnicodeError):
        return None
    client = connection.Client(peername=("", 0), sockname=("", 0), timestamp_start=at)
    server = connection.Server(address=(address, port))
    if exchange.server_ip:
        server.peername = (exchange.server_ip, port)
    asked, sent = bodies.redacted(exchange.request_headers, exchange.request_body)
    built = http.HTTPFlow(client, server)
    built.timestamp_created = at
    built.comment = f"phase: {exchange.phase}"
    version = _VERSIONS.get(exchange.transport, b"HTTP/1.1")
    built.request = http.Request(
        host=address,
        port=port,
        method=exchange.method.encode("utf-8", "surrogateescape"),
        scheme=scheme,
        authority=b"",
        path=path,
        http_version=version,
        headers=_headers(redactor.headers(asked)),
        content=sent,
        trailers=None,
        timestamp_start=at,
        timestamp_end=at,
    )
    if exchange.status is not None:
        told, got = bodies.redacted(exchange.response_headers, exchange.response_body)
        built.response = http.Response(
            http_version=version,
            status_code=exchange.status,
            reason=b"",
            headers=_headers(redactor.headers(told)),
            content=got,
            trailers=None,
            timestamp_start=at,
            timestamp_end=at,
        )
    if exchange.status is None or not exchange.complete:
        built.error = flow.Error("no answer" if exchange.status is None else "cut off", at)
    if conversation.messages:
        built.websocket = websocket.WebSocketData(
            messages=[
                websocket.WebSocketMessage(
                    1 if message.is_text else 2,
                    message.from_client,
                    redactor.text(message.content),
                    message.at,
                )
                for message in conversation.messages
            ]
        )
    return built


def _headers(headers: Headers) -> http.Headers:
    return http.Headers(
        [
            (name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape"))
            for name, value in headers
        ]
    )

"""mitmproxy's flow dumps, of every format that the installed mitmproxy can still migrate."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import UserError
from analyzer.models import Event, Exchange, Problem
from analyzer.readers import READERS, Message, Reading, Record, is_time
from analyzer.readers.mitm_frames import START, outline, whole_frames

if TYPE_CHECKING:
    from mitmproxy.connection import Server
    from mitmproxy.dns import DNSFlow
    from mitmproxy.flow import Flow
    from mitmproxy.http import Headers, HTTPFlow
    from mitmproxy.tcp import TCPFlow
    from mitmproxy.udp import UDPFlow

# What mitmproxy's migrations and records raise when a file has another shape than they expect: they
# take dictionaries apart without looking, so one flipped bit can end in any of these. `Exception`
# would also hide faults of our own.
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RecursionError,
    struct.error,
    TypeError,
    ValueError,  # also UnicodeError, and the library's own for certificates
)
_VERSION = re.compile(r"flow format version \(?[0-9, ]{1,12}\)?")
_REASONS = (
    (re.compile(r"reset by client|client disconnected|cancel", re.IGNORECASE), "client hung up"),
    (re.compile(r"killed", re.IGNORECASE), "stopped by the proxy's user"),
    (re.compile(r"certificate|tls|ssl", re.IGNORECASE), "TLS with the server failed"),
    (re.compile(r"connect|resolve|getaddrinfo|name or", re.IGNORECASE), "server not reached"),
    (re.compile(r"timed? ?out", re.IGNORECASE), "time ran out"),
)


@READERS.register("mitm")
class MitmReader:
    """Reads a dump flow by flow; the first pass only counts and looks for the earliest time."""

    def sniff(self, head: bytes) -> bool:
        """A netstring that holds a dictionary."""
        return START.match(head) is not None

    def read(self, path: Path) -> Reading:
        """Open a dump; `UserError` if it does not hold one whole flow."""
        found = outline(path)
        if not found.flows:
            raise UserError(
                f"{path.name} is a flow dump damaged in its first flow", "record it again"
            )
        reading = Reading("flows", found.started, tools=(("mitmproxy", "flow dump"),))
        reading.total = None if found.damaged else found.flows
        reading.records = _records(reading, path)
        return reading


def _records(reading: Reading, path: Path) -> Iterator[Record]:
    # mitmproxy costs a quarter of a second: only those who read a dump should wait for it.
    from mitmproxy.exceptions import FlowReadException  # noqa: PLC0415
    from mitmproxy.io import FlowReader  # noqa: PLC0415

    faults = (FlowReadException, *_FAULTS)
    handshakes: dict[str, str] = {}
    with path.open("rb") as file:
        for number, frame in enumerate(whole_frames(file), 1):
            ident = str(number)
            try:
                records = [
                    record
                    for flow in FlowReader(io.BytesIO(frame)).stream()
                    for record in _flow_records(flow, ident, reading.started, handshakes)
                ]
            except faults as error:
                yield Problem(ident, "read", "bad_flow", _fault(error))
                continue
            reading.read += 1
            yield from records


def _fault(error: Exception) -> str:
    version = _VERSION.search(str(error))
    return f"mitmproxy cannot read {version[0]}" if version else "not a flow that can be read"


def _flow_records(
    flow: Flow, ident: str, started: float | None, handshakes: dict[str, str]
) -> Iterator[Record]:
    if flow.type == "http":
        yield from _http(flow, ident, started, handshakes)  # type: ignore[arg-type]
    elif flow.type == "dns":
        yield _dns(flow, started)  # type: ignore[arg-type]
    elif flow.type in {"tcp", "udp"}:
        yield _raw(flow, started)  # type: ignore[arg-type]
    else:
        yield Problem(ident, "read", "unknown_flow", "a kind of flow that is not known here")


def _http(
    flow: HTTPFlow, ident: str, started: float | None, handshakes: dict[str, str]
) -> Iterator[Record]:
    since = _since(flow.request.timestamp_start, started)
    answer = flow.response
    if flow.id in handshakes and "duplicated" in flow.metadata:
        # Old formats keep a WebSocket beside its handshake, which has been read already.
        ident = handshakes[flow.id]
    else:
        if answer and answer.status_code == 101:
            handshakes[flow.id] = ident
        request_body, response_body = flow.request.raw_content, answer and answer.raw_content
        not_kept = request_body is None or (answer is not None and response_body is None)
        yield Exchange(
            id=ident,
            session="",
            t_s=since,
            phase="",
            method=flow.request.method,
            url=_url(flow),
            request_headers=_headers(flow.request.headers),
            request_body=request_body or b"",
            status=answer.status_code if answer else None,
            response_headers=_headers(answer.headers) if answer else (),
            response_body=response_body or b"",
            server_ip=_ip(flow.server_conn),
            transport=_transport(flow.request.http_version),
            complete=answer is not None and flow.error is None and not not_kept,
            truncated=0,
        )
        if not_kept:
            yield Problem(ident, "read", "body_left_out", "a body was not kept in the dump")
        if _made_up(flow):
            yield Problem(ident, "read", "no_handshake", "a WebSocket without its handshake")
        elif answer is None:
            yield Event(since, "error", flow.request.pretty_host, _reason(flow), 0, 0)
    for message in flow.websocket.messages if flow.websocket else ():
        yield Message(
            ident,
            max(since, _since(message.timestamp, started)),
            message.from_client,
            message.is_text,
            _bytes(message.content),
        )


def _bytes(content: bytes | str) -> bytes:
    """Return the content of a message; formats before 12 keep text as text."""
    return content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content


def _made_up(flow: HTTPFlow) -> bool:
    """Tell whether mitmproxy invented the request for a WebSocket whose handshake is missing."""
    return flow.request.host == "unknown" and "duplicated" in flow.metadata


def _dns(flow: DNSFlow, started: float | None) -> Event:
    asked = flow.request.questions
    name = asked[0].name if asked else ""
    down = len(flow.response.packed) if flow.response else 0
    since = _since(flow.request.timestamp, started)
    return Event(since, "dns", name, "question", len(flow.request.packed), down)


def _raw(flow: TCPFlow | UDPFlow, started: float | None) -> Event:
    up = sum(len(message.content) for message in flow.messages if message.from_client)
    down = sum(len(message.content) for message in flow.messages if not message.from_client)
    server = flow.server_conn
    host = server.sni or flow.client_conn.sni or (server.address[0] if server.address else "")
    first = flow.messages[0].timestamp if flow.messages else flow.client_conn.timestamp_start
    return Event(_since(first, started), "non_http", host, flow.type, up, down)


def _url(flow: HTTPFlow) -> str:
    if flow.request.method == "CONNECT":
        return f"https://{flow.request.pretty_host}:{flow.request.port}/"
    if _made_up(flow) and flow.server_conn.address:
        host, port = flow.server_conn.address[:2]
        scheme = "https" if flow.server_conn.tls or port == 443 else "http"
        return f"{scheme}://{flow.server_conn.sni or host}:{port}/"
    return flow.request.pretty_url


def _headers(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in headers.fields
    )


def _transport(version: str) -> str:
    return {"HTTP/2": "h2", "HTTP/3": "h3"}.get(version[:6], "http/1.1")


def _ip(server: Server) -> str | None:
    for address in (server.peername, server.address):
        try:
            return str(ip_address(address[0])) if address else None
        except ValueError:
            continue
    return None


def _reason(flow: HTTPFlow) -> str:
    """Put mitmproxy's message into fixed words: it can quote what was captured."""
    message = flow.error.msg if flow.error else ""
    return next((words for pattern, words in _REASONS if pattern.search(message)), "no answer")


def _since(moment: float | None, started: float | None) -> float:
    if moment is None or started is None or not is_time(moment):
        return 0.0
    return max(0.0, moment - started)

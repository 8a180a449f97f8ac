"""Writes what the phone and its servers say to each other into the session bundle.

A request is stored when it is complete, or piece by piece while it flows; its answer before the
phone has all of it; a WebSocket message before it is forwarded. So whatever either side has seen
completed is in the file, even if the process is killed at that moment.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from mitmproxy.flow import Error
from mitmproxy.http import Headers as WireHeaders
from mitmproxy.http import HTTPFlow
from mitmproxy.websocket import WebSocketMessage

from addons.guard import Guard, hook
from addons.streaming import Tee, declared_length, is_small
from analyzer.bundle import BundleWriter
from analyzer.models import Headers

PROXY_PAGE = "mitm.it"  # mitmproxy's own page with its certificate: not the app's traffic
_TRANSPORTS = {"HTTP/2.0": "h2", "HTTP/2": "h2", "HTTP/3": "h3"}
# What mitmproxy says of a broken exchange (in part written by the other side) in fixed words.
_CAUSES = (
    (Error.KILLED_MESSAGE, "stopped by the recorder"),
    ("killed", "stopped by the recorder"),
    ("client disconnected", "the app hung up"),
    ("stream reset by client", "the app hung up"),
    ("stream closed by client", "the app hung up"),
    ("server closed connection", "the server hung up"),
    ("server disconnected", "the server hung up"),
    ("stream reset by server", "the server hung up"),
    ("stream closed by server", "the server hung up"),
    ("certificate verify failed", "the server's certificate was not accepted"),
    ("connect call failed", "the server could not be reached"),
)


@dataclass(slots=True)
class _Flight:
    """An exchange under way: its number in the bundle, and the tees of its bodies."""

    number: int = 0  # 0: not in the bundle yet
    up: Tee | None = None
    down: Tee | None = None
    answered: bool = False


class Capture:
    """The recorder. `guard` watches over its hooks."""

    def __init__(self, writer: BundleWriter, guard: Guard) -> None:
        self.guard = guard
        self._writer = writer
        self._flights: dict[str, _Flight] = {}

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        """Decide whether the request's body is small enough to be held back."""
        flight = self._flights[flow.id] = _Flight()
        if not is_small(flow.request):
            flight.up = Tee(
                self.guard,
                "request body",
                functools.partial(self._keep_request, flow, flight),
                lambda: None,
                None,
            )
            flow.request.stream = flight.up

    @hook
    def request(self, flow: HTTPFlow) -> None:
        """Store a request that is complete, before the server gets (the last of) it."""
        flight = self._flight(flow)
        if flow.request.host == PROXY_PAGE and flow.response is not None:
            del self._flights[flow.id]
            flow.metadata[PROXY_PAGE] = True
        elif flight.number and flight.up:
            self._writer.finish_request(
                flight.number, trailers=_headers(flow.request.trailers), cut=flight.up.cut
            )
        else:
            self._begin(flow, flight, flow.request.raw_content or b"")

    @hook
    def responseheaders(self, flow: HTTPFlow) -> None:
        """Decide whether the answer's body is small enough to be held back."""
        response = flow.response
        if response is None or PROXY_PAGE in flow.metadata or is_small(flow.request, response):
            return
        flight = self._flight(flow)
        if not flight.number:
            self._begin(flow, flight, None)  # the answer comes before the request has ended
        self._writer.begin_answer(
            flight.number,
            t_s=self._writer.seconds(response.timestamp_start),
            status=response.status_code,
            headers=_headers(response.headers),
            server_ip=_server_ip(flow),
        )
        flight.down = Tee(
            self.guard,
            "response body",
            functools.partial(self._writer.add_chunk, flight.number, from_client=False),
            functools.partial(self._answer, flow, flight),
            declared_length(response),
        )
        response.stream = flight.down

    @hook
    def response(self, flow: HTTPFlow) -> None:
        """Store an answer that is complete, before the phone gets it."""
        if PROXY_PAGE in flow.metadata:
            return
        flight = self._flight(flow)
        if not flight.answered:
            self._answer(flow, flight)
        if flow.websocket is None:
            self._land(flow)

    @hook
    def error(self, flow: HTTPFlow) -> None:
        """Store how far an exchange came that broke off."""
        if PROXY_PAGE in flow.metadata:
            return
        flight = self._flight(flow)
        if not flight.number:
            self._begin(flow, flight, flow.request.raw_content or b"")
        if not flight.answered:
            if flight.up and flow.request.timestamp_end is None:
                self._writer.finish_request(flight.number, cut=flight.up.cut)
            self._answer(flow, flight, failed=_cause(flow.error))
        self._land(flow)

    @hook
    def websocket_message(self, flow: HTTPFlow) -> None:
        """Store a message before it is forwarded, then forget all but the last."""
        if flow.websocket is None:
            return
        messages: list[WebSocketMessage] = flow.websocket.messages
        last = messages[-1]
        self._writer.add_message(
            self._flight(flow).number,
            last.from_client,
            last.is_text,
            last.content,
            self._writer.seconds(last.timestamp),
        )
        del messages[:-1]

    @hook
    def websocket_end(self, flow: HTTPFlow) -> None:
        """Note that a WebSocket has ended."""
        abnormal = flow.websocket is None or flow.websocket.close_code == 1006
        failed = "the connection was lost" if abnormal else ""
        self._writer.end_websocket(self._flight(flow).number, failed=failed)
        self._land(flow)

    def _flight(self, flow: HTTPFlow) -> _Flight:
        return self._flights.setdefault(flow.id, _Flight())

    def _land(self, flow: HTTPFlow) -> None:
        self._flights.pop(flow.id, None)

    def _keep_request(self, flow: HTTPFlow, flight: _Flight, data: bytes) -> None:
        if not flight.number:
            self._begin(flow, flight, None)
        self._writer.add_chunk(flight.number, data, from_client=True)

    def _begin(self, flow: HTTPFlow, flight: _Flight, body: bytes | None) -> None:
        request = flow.request
        flight.number = self._writer.begin_exchange(
            t_s=self._writer.seconds(request.timestamp_start),
            method=request.method,
            url=request.pretty_url,
            headers=_headers(request.headers),
            body=body,
            trailers=_headers(request.trailers),
            transport=_TRANSPORTS.get(request.http_version, "http/1.1"),
            server_ip=_server_ip(flow),
        )

    def _answer(self, flow: HTTPFlow, flight: _Flight, *, failed: str = "") -> None:
        response = flow.response
        body = response.raw_content if response else b""
        self._writer.finish_exchange(
            flight.number,
            t_s=self._writer.seconds(),
            status=response.status_code if response else None,
            headers=_headers(response.headers) if response else (),
            body=None if flight.down else body or b"",
            trailers=_headers(response.trailers) if response else (),
            cut=flight.down.cut if flight.down else 0,
            server_ip=_server_ip(flow),
            failed=failed,
            opens_websocket=flow.websocket is not None and not failed,
        )
        flight.answered = True


def _headers(fields: WireHeaders | None) -> Headers:
    """Names and values in the order of the wire, with repeats; odd bytes as lone surrogates."""
    if fields is None:
        return ()
    return tuple(
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in fields.fields
    )


def _server_ip(flow: HTTPFlow) -> str | None:
    return flow.server_conn.peername[0] if flow.server_conn.peername else None


def _cause(error: Error | None) -> str:
    said = error.msg.lower() if error else ""
    for words, cause in _CAUSES:
        if words.lower() in said:
            return cause
    return "broke off"

"""Writes what the phone and its servers say to each other into the session bundle.

A request is stored before the server has all of it, its answer before the phone has all of it, a
WebSocket message before it is forwarded. So whatever either side has seen completed is in the file,
even if the process is killed at that moment. Of what flows on unfinished, the head is in the file
before it is forwarded, and the body but for its last second (see `Tee`).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from mitmproxy.connection import ConnectionState
from mitmproxy.http import Headers as WireHeaders
from mitmproxy.http import HTTPFlow
from mitmproxy.websocket import WebSocketMessage

from addons.guard import Guard, hook
from addons.loopback import ELSEWHERE
from addons.streaming import Tee, is_small
from addons.trust import Trust
from addons.upstream import WRONG_COUNTRY
from analyzer.bundle import BundleWriter
from analyzer.models import Headers

PROXY_PAGE = "mitm.it"  # mitmproxy's own page with its certificate: not the app's traffic
OWN = "evenhand"  # in the metadata of a flow that the recorder itself answers: not the app's either
_BODILESS = ("GET", "HEAD", "OPTIONS", "DELETE")  # mostly
_TRANSPORTS = {"HTTP/2.0": "h2", "HTTP/2": "h2", "HTTP/3": "h3"}
# What mitmproxy says of a broken exchange (in part in the words of the other side), in fixed words.
_CAUSES = (
    (ELSEWHERE, ELSEWHERE),
    (WRONG_COUNTRY, WRONG_COUNTRY),
    ("refused http connect", "the upstream proxy refused the connection"),
    ("killed", "stopped by the recorder"),
    ("client disconnected", "the app hung up"),
    ("by client", "the app hung up"),
    ("server disconnected", "the server hung up"),
    ("by server", "the server hung up"),
    ("certificate verify failed", "the server's certificate was not accepted"),
    ("connect call failed", "the server could not be reached"),
)


@dataclass(slots=True)
class _Flight:
    """An exchange under way: its number in the bundle, and the tees of its bodies."""

    number: int = 0  # 0: not in the bundle yet
    up: Tee | None = None
    down: Tee | None = None
    requested: bool = False  # the request is whole in the bundle
    answering: bool = False  # the head of the answer is
    answered: bool = False  # the answer is, or never will be


class Capture:
    """The recorder. `guard` watches over its hooks, `trust` knows the connections."""

    def __init__(self, writer: BundleWriter, guard: Guard, trust: Trust | None = None) -> None:
        self.guard = guard
        self._trust = trust
        self._writer = writer
        self._flights: dict[str, _Flight] = {}

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        """Hold the request's body back if it is small, else store the head and let it flow."""
        if OWN in flow.metadata:
            return
        flight = self._flights[flow.id] = _Flight()
        request = flow.request
        # (mitmproxy cannot stream what is answered already.)
        if not is_small(request) and request.host != PROXY_PAGE and flow.response is None:
            flight.up = request.stream = Tee(
                self.guard,
                "request body",
                begin=functools.partial(self._begin, flow, flight, None),
                keep=functools.partial(self._keep_request, flow, flight),
                end=functools.partial(self._end_request, flow, flight),
                message=request,
            )
            # Of HTTP/2 it is not said here whether a body will come at all: a GET has none, and
            # its end is the next that is read.
            if request.method not in _BODILESS or request.http_version.startswith("HTTP/1"):
                self._begin(flow, flight, None)

    @hook
    def request(self, flow: HTTPFlow) -> None:
        """Store a request that is complete, before the server gets (the last of) it."""
        if OWN in flow.metadata:
            return
        flight = self._flight(flow)
        if flow.request.host == PROXY_PAGE and flow.response is not None:
            del self._flights[flow.id]
            flow.metadata[OWN] = True
        else:
            self._end_request(flow, flight)
            self._land(flow, flight)

    @hook
    def responseheaders(self, flow: HTTPFlow) -> None:
        """Hold the answer's body back if it is small, else store the head and let it flow."""
        response = flow.response
        if response is None or OWN in flow.metadata or is_small(flow.request, response):
            return
        flight = self._flight(flow)
        flight.down = response.stream = Tee(
            self.guard,
            "response body",
            begin=functools.partial(self._begin_answer, flow, flight),
            keep=functools.partial(self._keep_response, flow, flight),
            end=functools.partial(self._answer, flow, flight),
            message=response,
        )
        self._begin_answer(flow, flight)

    @hook
    def response(self, flow: HTTPFlow) -> None:
        """Store an answer that is complete, before the phone gets it."""
        if OWN in flow.metadata:
            return
        flight = self._flight(flow)
        if not flight.answered:
            self._answer(flow, flight)
        self._land(flow, flight)

    @hook
    def error(self, flow: HTTPFlow) -> None:
        """Store how far an exchange came that broke off."""
        if OWN in flow.metadata:
            return
        flight = self._flight(flow)
        if not flight.answered:
            self._end_request(flow, flight)
            self._answer(flow, flight, failed=_cause(flow))
        self._flights.pop(flow.id, None)

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
        self._flights.pop(flow.id, None)

    def _flight(self, flow: HTTPFlow) -> _Flight:
        return self._flights.setdefault(flow.id, _Flight())

    def _land(self, flow: HTTPFlow, flight: _Flight) -> None:
        """Forget an exchange that is over; a server may answer before it has the whole request."""
        if flight.requested and flight.answered and flow.websocket is None:
            self._flights.pop(flow.id, None)

    def _keep_request(self, flow: HTTPFlow, flight: _Flight, data: bytes) -> None:
        self._begin(flow, flight, None)
        self._writer.add_chunk(flight.number, data, from_client=True)

    def _keep_response(self, flow: HTTPFlow, flight: _Flight, data: bytes) -> None:
        self._begin_answer(flow, flight)
        self._writer.add_chunk(flight.number, data, from_client=False)

    def _begin_answer(self, flow: HTTPFlow, flight: _Flight) -> None:
        self._begin(flow, flight, None)
        if flight.answering or flow.response is None:
            return
        flight.answering = True
        self._writer.begin_answer(
            flight.number,
            t_s=self._writer.seconds(flow.response.timestamp_start),
            status=flow.response.status_code,
            headers=_headers(flow.response.headers),
            server_ip=_server_ip(flow),
        )

    def _end_request(self, flow: HTTPFlow, flight: _Flight) -> None:
        if flight.requested:
            return
        if flight.number and flight.up:
            self._writer.finish_request(
                flight.number,
                last=flight.up.rest(),
                trailers=_headers(flow.request.trailers),
                cut=flight.up.cut,
            )
        else:
            self._begin(flow, flight, flow.request.raw_content or b"")
        flight.requested = True

    def _begin(self, flow: HTTPFlow, flight: _Flight, body: bytes | None) -> None:
        if flight.number:
            return
        request = flow.request
        flight.number = self._writer.begin_exchange(
            t_s=self._writer.seconds(request.timestamp_start),
            method=request.method,
            url=_url(flow),
            headers=_headers(request.headers),
            body=body,
            trailers=_headers(request.trailers),
            transport=_TRANSPORTS.get(request.http_version, "http/1.1"),
            server_ip=_server_ip(flow),
            connection=self._trust.number_of(flow.client_conn.id) if self._trust else None,
        )

    def _answer(self, flow: HTTPFlow, flight: _Flight, *, failed: str = "") -> None:
        response = flow.response
        self._begin(flow, flight, None)
        body: bytes | None
        if flight.down and flight.down.kept:
            flight.down.flush()
            body = None
        elif flight.down:
            body = flight.down.rest()
        else:
            body = (response.raw_content if response else None) or b""
        self._writer.finish_exchange(
            flight.number,
            t_s=self._writer.seconds(),
            status=response.status_code if response else None,
            headers=_headers(response.headers) if response else (),
            body=body,
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


def _url(flow: HTTPFlow) -> str:
    """The URL that was asked for; of a request that mitmproxy refuses to read, as far as known."""
    request = flow.request
    if request.first_line_format == "authority":
        return f"https://{request.authority}"
    if request.scheme:
        return request.pretty_url
    request = request.copy()
    request.scheme = "https" if flow.client_conn.tls else "http"
    request.data.port = request.port or (443 if flow.client_conn.tls else 80)
    request.data.host = request.host or flow.client_conn.sni or ""
    return request.pretty_url


def _server_ip(flow: HTTPFlow) -> str | None:
    return flow.server_conn.peername[0] if flow.server_conn.peername else None


def _cause(flow: HTTPFlow) -> str:
    said = flow.error.msg.lower() if flow.error else ""
    for words, cause in _CAUSES:
        if words in said:
            return cause
    if not flow.client_conn.state & ConnectionState.CAN_READ:
        return "the app hung up"
    if flow.server_conn.timestamp_start and not flow.server_conn.connected:
        return "the server hung up"
    return "broke off"

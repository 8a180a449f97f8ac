"""The phone: sends what is planned, through a proxy, and keeps its own record of it.

It talks to the proxy alone, trusts the proxy's certificate authority as a prepared test phone does,
and, for hosts whose certificate the app pins, only the servers' own.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import httpx
from websockets.asyncio.client import connect

from analyzer.simulation.log import PhoneLog, seen
from analyzer.simulation.plan import Planned

TIMEOUT_S = 20.0
_PINNED_TRIES = 2  # an app tries again before it gives up


class _Http2First(ssl.SSLContext):
    """Offers HTTP/2 before HTTP/1.1, as phones do; httpx has it the other way round."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        """Take the names, with ``h2`` in front."""
        super().set_alpn_protocols(sorted(alpn_protocols, key=lambda name: name != "h2"))


def trust(authority: Path) -> ssl.SSLContext:
    """Return the TLS settings of a phone that trusts the authority in this PEM file."""
    context = _Http2First(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=str(authority))
    return context


class Phone:
    """One test phone behind the proxy at `proxy` ("http://127.0.0.1:port").

    `trusted` is the PEM file of the authority that the phone trusts (the proxy's); `pinned` that of
    the servers, for the hosts that the app pins.
    """

    def __init__(self, proxy: str, trusted: Path, pinned: Path) -> None:
        self._proxy = proxy
        self._trusted = trust(trusted)
        # httpx offers HTTP/2 on the context it is given; a WebSocket needs HTTP/1.1.
        self._socket_trust = trust(trusted)
        self._pinned = trust(pinned)

    def play(self, requests: Sequence[Planned], mark: Callable[[str], None]) -> PhoneLog:
        """Send `requests` one after another; call `mark` with each phase when it begins."""
        log = PhoneLog()
        phase: str | None = None
        targets = {request.url: request for request in requests if request.redirected}
        with self._client(self._trusted) as client:
            for request in requests:
                if request.phase != phase:
                    phase = request.phase
                    mark(phase)
                if request.pinned:
                    self._send_pinned(request, log)
                elif request.messages:
                    self._talk(request, log)
                elif not request.redirected:
                    location = self._send(client, request, log)
                    if location:
                        self._send(client, targets[location], log)
        return log

    def _client(self, context: ssl.SSLContext) -> httpx.Client:
        return httpx.Client(
            proxy=self._proxy, verify=context, http2=True, timeout=TIMEOUT_S, trust_env=False
        )

    def _send(self, client: httpx.Client, request: Planned, log: PhoneLog) -> str:
        """Send one request; return where the answer leads on to, "" where it does not."""
        ask = client.build_request(
            request.method,
            request.url,
            headers=list(request.headers),
            content=request.body or None,
        )
        answer = client.send(ask, stream=True)
        try:
            received = b"".join(answer.iter_raw())
        finally:
            answer.close()
        log.seen.append(seen(ask.method, str(ask.url), request.body, answer.status_code, received))
        return str(answer.next_request.url) if answer.next_request else ""

    def _send_pinned(self, request: Planned, log: PhoneLog) -> None:
        host = httpx.URL(request.url).host
        for _ in range(_PINNED_TRIES):
            with self._client(self._pinned) as client:
                try:
                    self._send(client, request, log)
                except httpx.ConnectError:
                    log.refused[host] = log.refused.get(host, 0) + 1
                else:
                    return

    def _talk(self, request: Planned, log: PhoneLog) -> None:
        # Not websockets' threaded client: it reads and writes one TLS connection from two threads,
        # which OpenSSL does not allow. On a busy machine one session in a hundred hung for ever.
        asyncio.run(asyncio.wait_for(self._converse(request, log), TIMEOUT_S))

    async def _converse(self, request: Planned, log: PhoneLog) -> None:
        named = dict(request.headers)
        agent = named.pop("user-agent", None)
        async with connect(
            request.url,
            ssl=self._socket_trust,
            proxy=self._proxy,
            user_agent_header=agent,
            additional_headers=named,
            compression=None,
        ) as socket:
            status = socket.response.status_code if socket.response else None
            log.seen.append(seen("GET", request.url, b"", status, b""))
            for message in request.messages:
                content = message.content.decode() if message.is_text else message.content
                await socket.send(content)
                log.seen.append(seen("WS", request.url, message.content, None, b""))
                answer = await socket.recv()
                received = answer.encode() if isinstance(answer, str) else answer
                log.seen.append(seen("WS", request.url, b"", None, received))

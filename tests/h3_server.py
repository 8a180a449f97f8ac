"""The rig's servers over HTTP/3: the same app on the same port number, with a log of its own.

aioquic is what mitmproxy itself speaks QUIC with; here it stands between QUIC and the ASGI app.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

from aioquic.asyncio.protocol import QuicConnectionProtocol
from aioquic.asyncio.server import serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, H3Event, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ProtocolNegotiated, QuicEvent
from app_server import Server


class Http3Server(Server):
    """Answers over QUIC as `beside` does over TCP, under the same certificate."""

    def __init__(self, beside: Server, folder: Path) -> None:
        own = folder / "h3"
        own.mkdir()
        super().__init__(own)
        self._socket.close()  # its own TCP port is of no use
        self.address, self.authority = beside.address, beside.authority
        self._certificate = beside._certificate

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        configuration = QuicConfiguration(alpn_protocols=H3_ALPN, is_client=False)
        configuration.load_cert_chain(self._certificate, self._certificate)
        listening = await serve(
            *self.address,
            configuration=configuration,
            create_protocol=partial(_Connection, app=self._app),
        )
        self._ready.set()
        await self._stop.wait()
        listening.close()  # type: ignore[no-untyped-call]


class _Connection(QuicConnectionProtocol):
    """One client: a task of the app for each of its requests."""

    def __init__(self, quic: QuicConnection, stream_handler: Any = None, *, app: Any) -> None:
        super().__init__(quic, stream_handler)
        self._app = app
        self._http: H3Connection | None = None
        self._bodies: dict[int, asyncio.Queue[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._peer: Any = None

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        self._peer = addr
        super().datagram_received(data, addr)

    def quic_event_received(self, event: QuicEvent) -> None:
        if isinstance(event, ProtocolNegotiated):
            self._http = H3Connection(self._quic)
        if self._http:
            for each in self._http.handle_event(event):
                self._take(each)

    def _take(self, event: H3Event) -> None:
        if isinstance(event, HeadersReceived) and event.stream_id not in self._bodies:
            self._bodies[event.stream_id] = asyncio.Queue()
            task = asyncio.create_task(self._answer(event))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if isinstance(event, HeadersReceived | DataReceived):
            body = event.data if isinstance(event, DataReceived) else b""
            self._bodies[event.stream_id].put_nowait(
                {"type": "http.request", "body": body, "more_body": not event.stream_ended}
            )

    async def _answer(self, request: HeadersReceived) -> None:
        given = dict(request.headers)
        path, _, query = given[b":path"].partition(b"?")
        headers = [(name, value) for name, value in request.headers if not name.startswith(b":")]
        scope = {
            "type": "http",
            "client": self._peer,
            "http_version": "3",
            "scheme": "https",
            "method": given[b":method"].decode(),
            "path": path.decode(),
            "raw_path": path,
            "query_string": query,
            "headers": [(b"host", given[b":authority"]), *headers],
        }
        send = partial(self._send, request.stream_id)
        await self._app(scope, self._bodies[request.stream_id].get, send)

    async def _send(self, stream: int, message: dict[str, Any]) -> None:
        assert self._http
        if message["type"] == "http.response.start":
            status = str(message["status"]).encode()
            self._http.send_headers(stream, [(b":status", status), *message["headers"]])
        else:
            self._http.send_data(stream, message["body"], end_stream=not message["more_body"])
        self.transmit()

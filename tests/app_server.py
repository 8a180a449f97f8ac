"""An app's servers on loopback (HTTP/1.1, HTTP/2, WebSockets), for tests of the capture."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config

HOSTS = ("api.app.example", "cdn.app.example", "ads.other.example", "pinned.other.example")


@dataclass(frozen=True, slots=True)
class Served:
    """A request as the server got it, and what it answered (of a WebSocket: the messages)."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int
    answer: bytes


class Server:
    """An app's servers, TLS with HTTP/1.1 and HTTP/2, for all of `HOSTS`; a context manager.

    `issuer` made their certificate, and can make more; `peers` are the ports that asked.
    `elsewhere` are further hosts of a test, or some of these that another server stands for.

    ``/echo`` answers with the request's body, ``/bytes?n=9`` with so many bytes, ``/chunks?n=9``
    with that many pieces of unknown total length, ``/events?n=9&every=0.1`` with an event stream,
    ``/never`` not at all, ``/talk`` is a WebSocket that echoes.
    """

    def __init__(self, folder: Path) -> None:
        self.log: list[Served] = []
        self.peers: set[int] = set()  # the ports that requests came from
        self.elsewhere: dict[str, tuple[str, int]] = {}
        self.authority = folder / "server-ca.pem"
        self._certificate = folder / "server.pem"
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self.issuer = authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        authority.issue_cert(*HOSTS).private_key_and_cert_chain_pem.write_to_path(self._certificate)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def remap(self) -> dict[str, tuple[str, int]]:
        """Where a proxy finds the hosts."""
        return {**dict.fromkeys(HOSTS, self.address), **self.elsewhere}

    def __enter__(self) -> Server:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop and self._stop:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        config = Config()
        config.bind = [f"fd://{self._socket.detach()}"]
        config.certfile = config.keyfile = str(self._certificate)
        config.alpn_protocols = ["h2", "http/1.1"]
        config.graceful_timeout = 0.2
        config.wsgi_max_body_size = config.h2_max_concurrent_streams = 1000
        config.errorlog = logging.getLogger("rig")
        self._loop.call_soon(self._ready.set)
        await serve(self._app, config, shutdown_trigger=self._stop.wait)

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        self.peers.add(scope["client"][1])
        host = next(value.decode() for name, value in scope["headers"] if name == b"host")
        query = scope["query_string"].decode()
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        url = f"{scheme}://{host}{scope['raw_path'].decode()}{'?' if query else ''}{query}"
        if scope["type"] == "websocket":
            await self._talk(url, receive, send)
            return
        body = b""
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        status, answer = await self._answer(scope["path"], parse_qs(query), body, send)
        headers = tuple((k.decode(), v.decode()) for k, v in scope["headers"])
        self.log.append(Served(scope["method"], url, headers, body, status, answer))

    async def _answer(
        self, path: str, query: dict[str, list[str]], body: bytes, send: Any
    ) -> tuple[int, bytes]:
        n = int(query.get("n", ["0"])[0])
        if path == "/echo":
            pieces, kind, every = [body], b"application/octet-stream", None
        elif path == "/bytes":
            pieces, kind, every = [patterned(n)], b"image/png", None
        elif path == "/chunks":
            pieces = [patterned(1000 + i) for i in range(n)]
            kind, every = b"application/json", 0.0
        elif path == "/events":
            pieces = [b"data: %d\n\n" % i for i in range(n)]
            kind, every = b"text/event-stream", float(query["every"][0])
        elif path == "/never":
            await asyncio.sleep(3600)
            raise AssertionError
        else:
            pieces, kind, every = [b"no such page"], b"text/plain", None
        headers = [(b"content-type", kind), (b"x-twice", b"1"), (b"x-twice", b"2")]
        if every is None:
            headers.append((b"content-length", str(len(pieces[0])).encode()))
        status = 200 if kind != b"text/plain" else 404
        await send({"type": "http.response.start", "status": status, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            if every:
                await asyncio.sleep(every)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return status, b"".join(pieces)

    async def _talk(self, url: str, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                return
            text = event.get("text")  # "" is a message, too
            content: str | bytes = event["bytes"] if text is None else text
            key = "text" if isinstance(content, str) else "bytes"
            raw = content.encode() if isinstance(content, str) else content
            self.log.append(Served("WS", url, (), raw, 101, b""))
            self.log.append(Served("WS", url, (), b"", 101, raw))
            await send({"type": "websocket.send", key: content})


def patterned(size: int) -> bytes:
    """Bytes of which no two stretches are alike."""
    return b"".join(b"%09d," % i for i in range(size // 10 + 1))[:size]

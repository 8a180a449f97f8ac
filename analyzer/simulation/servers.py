"""The fictional app's servers: every host of the declaration, TLS and HTTP/2, on loopback.

Each session has a port of its own (in the world, the place and the account tell the servers whom
they serve; here the port does), so nothing has to be added to the traffic. All hosts share a port:
the Host header tells them apart, and one certificate names them all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from analyzer.simulation.declaration import Declaration
from analyzer.simulation.log import Seen, seen
from analyzer.simulation.plan import Reply, Scene, reply

_START_S = 20.0
_STOP_S = 5.0
_BODY_LIMIT = 4 * 1024 * 1024
_UNKNOWN = Reply(404, (), b"")


class Servers:
    """The running servers, as a context manager; `folder` takes their key and certificates.

    `port_of(scene)` is where the hosts listen for a session, `log_of(scene)` what they saw of it.
    """

    def __init__(self, folder: Path, scenes: Iterable[Scene]) -> None:
        self._folder = folder
        self._scenes = list(scenes)
        self._sockets: list[socket.socket] = []
        self._ports: dict[tuple[str, int], int] = {}
        self._app = _App()
        self._thread = threading.Thread(target=self._run, name="servers", daemon=True)
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def authority(self) -> Path:
        """The PEM file of the authority that signs the servers' certificate."""
        return self._folder / "servers-ca.pem"

    def port_of(self, scene: Scene) -> int:
        """Return the loopback port on which all hosts serve the session `scene`."""
        return self._ports[scene.arm.label, scene.repeat]

    def addresses(self, scene: Scene) -> dict[str, tuple[str, int]]:
        """Return where each host of the app is to be found for the session `scene`."""
        return {host: ("127.0.0.1", self.port_of(scene)) for host in hosts(scene.declaration)}

    def log_of(self, scene: Scene) -> list[Seen]:
        """Return what the servers saw of the session `scene`, in the order of the answers."""
        return list(self._app.logs[self.port_of(scene)])

    def __enter__(self) -> Servers:
        self._folder.mkdir(parents=True, exist_ok=True)
        _certify(self._folder, hosts(self._scenes[0].declaration))
        for scene in self._scenes:
            listening = socket.create_server(("127.0.0.1", 0), backlog=100)
            port = listening.getsockname()[1]
            self._sockets.append(listening)
            self._ports[scene.arm.label, scene.repeat] = port
            self._app.scenes[port] = scene
            self._app.logs[port] = []
        self._thread.start()
        self._ready.wait(_START_S)
        if self._failed is not None or not self._ready.is_set():
            raise RuntimeError("the servers did not start") from self._failed
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None and self._stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except (OSError, RuntimeError) as error:
            self._failed = error
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        config = Config()
        config.bind = [f"fd://{listening.detach()}" for listening in self._sockets]
        config.certfile = str(self._folder / "servers.pem")
        config.keyfile = str(self._folder / "servers.key")
        config.alpn_protocols = ["h2", "http/1.1"]
        config.include_date_header = False
        config.include_server_header = False
        config.graceful_timeout = 1.0
        config.errorlog = logging.getLogger("analyzer.simulation.servers")
        self._loop.call_soon(self._ready.set)
        await serve(self._app, config, shutdown_trigger=self._stop.wait)


class _App:
    """The ASGI application behind every host and port."""

    def __init__(self) -> None:
        self.scenes: dict[int, Scene] = {}
        self.logs: dict[int, list[Seen]] = {}

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        port = scope["server"][1] if scope["server"] else None
        scene = self.scenes[port or 0]
        host = next(value.decode() for name, value in scope["headers"] if name == b"host")
        query = f"?{scope['query_string'].decode()}" if scope["query_string"] else ""
        url = f"{scope['scheme']}://{host}{scope['raw_path'].decode()}{query}"
        channel = find_channel(scene.declaration, url)
        answer = reply(scene, channel) if channel else _UNKNOWN
        log = self.logs[port or 0]
        if scope["type"] == "websocket":
            await _talk(url, answer, receive, send, log)
            return
        body = await _body(receive)
        log.append(seen(scope["method"], url, body, answer.status, answer.body))
        headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})


async def _lifespan(receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: ASGIReceiveCallable) -> bytes:
    content = b""
    while len(content) <= _BODY_LIMIT:
        event = await receive()
        if event["type"] != "http.request":
            break
        content += event["body"]
        if not event["more_body"]:
            break
    return content


async def _talk(
    url: str,
    answer: Reply,
    receive: ASGIReceiveCallable,
    send: ASGISendCallable,
    log: list[Seen],
) -> None:
    await receive()
    await send({"type": "websocket.accept", "subprotocol": None, "headers": []})
    log.append(seen("GET", url, b"", 101, b""))
    while True:
        event = await receive()
        if event["type"] != "websocket.receive":
            return
        text, raw = event.get("text"), event.get("bytes")
        content = text.encode() if text is not None else raw or b""
        log.append(seen("WS", url, content, None, b""))
        log.append(seen("WS", url, b"", None, answer.body))
        await send({"type": "websocket.send", "text": answer.body.decode(), "bytes": None})


def hosts(declaration: Declaration) -> list[str]:
    """Return every host that the app talks to, in order."""
    urls = (channel.url for channel in declaration.channels.values() if channel.url)
    return sorted({urlsplit(url).hostname or "" for url in urls})


def find_channel(declaration: Declaration, url: str) -> str | None:
    """Return the channel whose address `url` is; a ``-`` in a declared path stands for any part."""
    asked = urlsplit(url)
    for name, channel in declaration.channels.items():
        here = urlsplit(channel.url)
        if here.hostname != asked.hostname:
            continue
        pattern, parts = here.path.split("/"), asked.path.split("/")
        if len(pattern) == len(parts) and all(
            wanted in ("-", part) for wanted, part in zip(pattern, parts, strict=True)
        ):
            return name
    return None


def _certify(folder: Path, names: list[str]) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "servers-ca.pem"))
    certificate = authority.issue_cert(*names)
    (folder / "servers.key").touch(mode=0o600)
    certificate.private_key_pem.write_to_path(str(folder / "servers.key"))
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    (folder / "servers.pem").write_bytes(chain)

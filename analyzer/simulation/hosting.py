"""An ASGI application behind TLS on ports of loopback: HTTP/2 and HTTP/1.1, in a thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable

_START_S = 20.0
_STOP_S = 5.0
_BODY_LIMIT = 4 * 1024 * 1024


class Hosting:
    """Serves `app` under the host `names`, whose certificate and key are written to `folder`."""

    def __init__(self, folder: Path, names: Sequence[str], app: ASGIFramework) -> None:
        self._folder = folder
        self._names = names
        self._app = app
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, name="servers", daemon=True)
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    @property
    def authority(self) -> Path:
        """The PEM file of the authority that signs the servers' certificate."""
        return self._folder / "servers-ca.pem"

    def listen(self) -> int:
        """Take one more port, before `start`, and return it."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._sockets.append(listening)
        return int(listening.getsockname()[1])

    def start(self) -> None:
        """Serve; `RuntimeError` where that does not begin."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _certify(self._folder, self._names)
        self._thread.start()
        self._ready.wait(_START_S)
        if self._failed is not None or not self._ready.is_set():
            raise RuntimeError("the servers did not start") from self._failed

    def stop(self) -> None:
        """End, within seconds."""
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
        config.errorlog = logging.getLogger("analyzer.simulation.hosting")
        self._loop.call_soon(self._ready.set)
        await serve(self._app, config, shutdown_trigger=self._stop.wait)


async def live(receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Answer what a server asks of an application at its start and its end."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def read_body(receive: ASGIReceiveCallable) -> bytes:
    """Return the body of a request, as far as it is reasonable."""
    content = b""
    while len(content) <= _BODY_LIMIT:
        event = await receive()
        if event["type"] != "http.request":
            break
        content += event["body"]
        if not event["more_body"]:
            break
    return content


async def send_answer(
    send: ASGISendCallable, status: int, headers: Sequence[tuple[str, str]], body: bytes
) -> None:
    """Send a whole answer."""
    told = [(name.encode(), value.encode()) for name, value in headers]
    told.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _certify(folder: Path, names: Sequence[str]) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "servers-ca.pem"))
    certificate = authority.issue_cert(*names)
    (folder / "servers.key").touch(mode=0o600)
    certificate.private_key_pem.write_to_path(str(folder / "servers.key"))
    chain = b"".join(pem.bytes() for pem in certificate.cert_chain_pems)
    (folder / "servers.pem").write_bytes(chain)

"""A real server, a real proxy and real clients on loopback, for tests of the capture.

Run as a script, it records in a process of its own (to be killed): the argument is JSON; standard
output has the port, and at a proper end its reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import resource
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config

from addons.runner import record
from analyzer.bundle import RecordingError, list_bundles, new_session
from analyzer.models import Arm, Session
from analyzer.study import CompareSettings, Study

HOSTS = ("api.app.example", "cdn.app.example", "ads.other.example", "pinned.other.example")
ARM = Arm("KE-13", "KE", 13, "none")


def a_study(root: Path) -> Study:
    """A study with one arm in `root`."""
    return Study(
        root=root,
        name="rig",
        app="com.app.example",
        app_version="1.0",
        first_party=("app.example",),
        key=b"k" * 32,
        phases=("first launch", "use"),
        arms={ARM.label: ARM},
        personas={},
        persona_of={},
        compare=CompareSettings(),
    )


def a_session(root: Path, repeat: int = 1) -> Session:
    """A session of that arm."""
    return new_session(a_study(root), ARM, repeat=repeat, origin="proxy")


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

    ``/echo`` answers with the request's body, ``/bytes?n=9`` with so many bytes, ``/chunks?n=9``
    with that many pieces of unknown total length, ``/events?n=9&every=0.1`` with an event stream,
    ``/never`` not at all, ``/talk`` is a WebSocket that echoes.
    """

    def __init__(self, folder: Path) -> None:
        self.log: list[Served] = []
        self.authority = folder / "server-ca.pem"
        self._certificate = folder / "server.pem"
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        authority.issue_cert(*HOSTS).private_key_and_cert_chain_pem.write_to_path(self._certificate)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def remap(self) -> dict[str, tuple[str, int]]:
        """Where a proxy finds the hosts."""
        return dict.fromkeys(HOSTS, self.address)

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
            content = event.get("text") or event.get("bytes") or b""
            key = "text" if isinstance(content, str) else "bytes"
            raw = content.encode() if isinstance(content, str) else content
            self.log.append(Served("WS", url, (), raw, 101, b""))
            self.log.append(Served("WS", url, (), b"", 101, raw))
            await send({"type": "websocket.send", key: content})


def patterned(size: int) -> bytes:
    """Bytes of which no two stretches are alike."""
    return b"".join(b"%09d," % i for i in range(size // 10 + 1))[:size]


class _Http2First(ssl.SSLContext):
    """Offers HTTP/2 before HTTP/1.1, as phones do; httpx behind a proxy has it the other way."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        super().set_alpn_protocols(sorted(alpn_protocols))  # h2 comes first


def trusting(authority: Path) -> ssl.SSLContext:
    """A client's TLS settings that trust `authority`, HTTP/2 first."""
    context = _Http2First(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority)
    return context


class Recording:
    """A session being recorded in a thread of this process; a context manager."""

    def __init__(self, root: Path, server: Server, confdir: Path, **options: Any) -> None:
        self.port = 0
        self.sealed: Session | None = None
        self.failed: BaseException | None = None
        self.counts: list[dict[str, int]] = []
        self._session = a_session(root)
        self.path = root / "captures" / self._session.id
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._options = {
            "phase": "first launch",
            "confdir": confdir,
            "remap": server.remap,
            "upstream_ca": server.authority,
            "low_disk": 0,
            **options,
        }
        self._thread = threading.Thread(target=self._record, args=(root / "captures",))
        self.authority = confdir / "mitmproxy-ca-cert.pem"

    def _record(self, captures: Path) -> None:
        def ready(port: int) -> None:
            self.port = port
            self._ready.set()

        try:
            self.sealed = record(
                captures,
                self._session,
                ready=ready,
                stop=self._stop,
                on_counts=lambda counts: self.counts.append(dict(counts)),
                **self._options,
            )
        except BaseException as error:  # noqa: BLE001 - handed to the test's thread
            self.failed = error
        self._ready.set()

    def __enter__(self) -> Recording:
        self._thread.start()
        assert self._ready.wait(20)
        if self.failed:
            raise self.failed
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the session as Ctrl-C would, and wait for it."""
        self._stop.set()
        self.wait()

    def wait(self) -> None:
        """Wait until the session has ended by itself."""
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def proxy(self) -> str:
        """The proxy's address, as clients take it."""
        return f"http://127.0.0.1:{self.port}"

    def trusting(self) -> ssl.SSLContext:
        """A client's TLS settings that trust the proxy's certificate."""
        return trusting(self.authority)

    @contextlib.contextmanager
    def client(self, *, http2: bool = True) -> Iterator[httpx.Client]:
        """An HTTP client behind the proxy, which trusts it."""
        with httpx.Client(
            proxy=self.proxy, verify=self.trusting(), http2=http2, timeout=10
        ) as client:
            yield client


class RecordingProcess:
    """A session being recorded in a process of its own; `kill` it. A context manager.

    `file_limit` is the largest size that a file of that process may have.
    """

    def __init__(self, root: Path, server: Server, confdir: Path, **more: int) -> None:
        arguments = {
            "root": str(root),
            "confdir": str(confdir),
            "remap": server.remap,
            "authority": str(server.authority),
            **more,
        }
        self.process = subprocess.Popen(
            [sys.executable, __file__, json.dumps(arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline() or 0)
        [self.path] = list_bundles(root / "captures")
        self.proxy = f"http://127.0.0.1:{self.port}"
        self._authority = confdir / "mitmproxy-ca-cert.pem"

    def __enter__(self) -> RecordingProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def trusting(self) -> ssl.SSLContext:
        """A client's TLS settings that trust the proxy's certificate."""
        return trusting(self._authority)

    def end(self) -> str:
        """Wait for the end; return what the process said, empty if it was killed."""
        said, complaints = self.process.communicate(timeout=20)
        assert "Traceback" not in complaints, complaints
        return said.strip()


def main() -> None:
    """Record in this process until a signal comes."""
    given = json.loads(sys.argv[1])
    if "file_limit" in given:
        resource.setrlimit(resource.RLIMIT_FSIZE, (given["file_limit"], given["file_limit"]))
    root = Path(given["root"])
    try:
        session = record(
            root / "captures",
            a_session(root),
            phase="first launch",
            confdir=Path(given["confdir"]),
            remap={host: (ip, port) for host, (ip, port) in given["remap"].items()},
            upstream_ca=Path(given["authority"]),
            ready=lambda port: print(port, flush=True),  # noqa: T201
            low_disk=0,
        )
    except RecordingError as error:
        print(error)  # noqa: T201
        sys.exit(1)
    print(session.end_reason)  # noqa: T201


if __name__ == "__main__":
    main()

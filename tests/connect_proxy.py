"""A proxy in another country: accepts CONNECT, and keeps a log of who went where through it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Passed:
    """A CONNECT as the proxy got it, and the port from which it went on to the server (0: not)."""

    authority: str
    credentials: str
    port: int


class _Served(ABC):
    """A server in a thread, on a free port of 127.0.0.1; a context manager."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.port = 0
        self._tls = tls
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.port

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop and self._stop:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    @abstractmethod
    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client."""


class ConnectProxy(_Served):
    """`hosts` says where names lead; what is not in it gets 403.

    With `credentials` ("user:password"), anyone without them gets 407. With `tls`, one talks TLS to
    the proxy itself.
    """

    def __init__(
        self,
        hosts: Mapping[str, tuple[str, int]],
        *,
        credentials: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls)
        self.log: list[Passed] = []
        self.hosts = dict(hosts)
        self._wanted = credentials

    @property
    def ports(self) -> set[int]:
        """Those from which connections went on to servers."""
        return {each.port for each in self.log if each.port}

    @property
    def passed(self) -> list[str]:
        """The authorities of those that went on."""
        return [each.authority for each in self.log if each.port]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, EOFError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, authority, _ = head[0].split(" ")
            fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            raw = dict(line.split(": ", 1) for line in head[1:] if line)
            assert fields["host"] == authority.lower()
            credentials = base64.b64decode(
                raw.get("Proxy-Authorization", "").removeprefix("Basic ")
            ).decode()
            there = self.hosts.get(authority.rpartition(":")[0])
            if credentials != self._wanted or method != "CONNECT" or there is None:
                status = "407 no" if credentials != self._wanted else "403 no"
                self.log.append(Passed(authority, credentials, 0))
                writer.write(f"HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n".encode())
                await writer.drain()
            else:
                on = await asyncio.open_connection(*there)
                port = on[1].get_extra_info("sockname")[1]
                self.log.append(Passed(authority, credentials, port))
                writer.write(b"HTTP/1.1 200 ok\r\n\r\n")
                await asyncio.gather(_pump(reader, on[1]), _pump(on[0], writer))
        writer.close()


class Echo(_Served):
    """A server that is not HTTP: gives back what it gets, over TLS with `tls`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.peers: set[int] = set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.add(writer.get_extra_info("peername")[1])
        await _pump(reader, writer)


class PlainServer(Echo):
    """HTTP without TLS, that says "plain"."""

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(EOFError, OSError):
            self.peers.add(writer.get_extra_info("peername")[1])
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 ok\r\ncontent-length: 5\r\n\r\nplain")
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()

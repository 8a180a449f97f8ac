"""A server that says exactly what a test makes it say over HTTP/1, and a client that does so."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from app_server import HOSTS, Server

Talk = Callable[[ssl.SSLSocket], None]


class RawServer(Server):
    """Lets `talk` have each connection for all of `HOSTS`; a context manager.

    It stands for `Server` in a recording; its `log` stays empty.
    """

    def __init__(self, folder: Path, talk: Talk) -> None:
        super().__init__(folder)
        self._talk_raw = talk
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.issuer.issue_cert(*HOSTS).configure_cert(self._context)
        self._context.set_alpn_protocols(["http/1.1"])
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._ready.set()

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with (
            contextlib.suppress(OSError),
            self._context.wrap_socket(connection, server_side=True) as secured,
        ):
            self._talk_raw(secured)


def until(connection: ssl.SSLSocket, end: bytes) -> bytes:
    """Read until `end` has come, or the other side ends."""
    got = b""
    while end not in got:
        piece = connection.recv(65536)
        if not piece:
            break
        got += piece
    return got


def answering(answers: Mapping[bytes, bytes], got: list[bytes]) -> Talk:
    """Say the answer of each path, after a head, or after a body in chunks; `got` is what came."""

    def talk(connection: ssl.SSLSocket) -> None:
        while request := until(connection, b"\r\n\r\n"):
            head, _, rest = request.partition(b"\r\n\r\n")
            if b"chunked" in head.lower():
                while b"\r\n0\r\n" not in b"\r\n" + rest or not rest.endswith(b"\r\n\r\n"):
                    rest += connection.recv(65536)
            got.append(head + b"\r\n\r\n" + rest)
            connection.sendall(answers[head.split(b" ")[1]])

    return talk


def raw_client(port: int, authority: Path, host: str = HOSTS[0]) -> ssl.SSLSocket:
    """Return a connection through the proxy at `port`, on which HTTP/1 can be said byte by byte."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(4096)
    assert b" 200 " in answer.splitlines()[0]
    context = ssl.create_default_context(cafile=str(authority))
    return context.wrap_socket(connection, server_hostname=host)

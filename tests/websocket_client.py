"""A WebSocket client in one thread.

That of `websockets` reads in a thread of its own while another writes to the same TLS connection,
which OpenSSL does not allow. What is written while a session ticket is being read is never sent;
then it waits for ever, in spite of its open_timeout (websockets 17.4, Python 3.11 and 3.13).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections import deque
from typing import AnyStr, Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Request,
    TextMessage,
)
from wsproto.extensions import Extension, PerMessageDeflate
from wsproto.utilities import ProtocolError

TIMEOUT_S = 10


class Talk:
    """A WebSocket over TLS to `host`; a context manager that closes it as it should be.

    On `port` of this machine is a plain proxy, or with `proxied=False` the server itself. Whatever
    ends it early is an `OSError`.
    """

    def __init__(
        self,
        port: int,
        host: str,
        target: str,
        context: ssl.SSLContext,
        *,
        proxied: bool = True,
        compressed: bool = False,
    ) -> None:
        raw = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        if proxied:
            raw.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
            if not raw.recv(4096).startswith(b"HTTP/1.1 200"):
                raise ConnectionError("the proxy refuses")
        self._socket = context.wrap_socket(raw, server_hostname=host)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: deque[Event] = deque()
        extensions: list[Extension] = [PerMessageDeflate()] if compressed else []
        self._write(Request(host=host, target=target, extensions=extensions))
        accepted = self._next()
        if not isinstance(accepted, AcceptConnection):
            raise ConnectionError(f"not accepted: {type(accepted).__name__}")
        assert bool(accepted.extensions) == compressed

    def ask(self, message: AnyStr) -> AnyStr:
        """Send a message, return the next one, which is of the same kind."""
        if isinstance(message, str):
            self._write(TextMessage(data=message))
        else:
            self._write(BytesMessage(data=message))
        pieces = []
        while True:
            event = self._next()
            if not isinstance(event, Message):
                raise ConnectionError(f"closed: {type(event).__name__}")
            pieces.append(event.data)
            if event.message_finished:
                return type(message)().join(pieces)

    def close(self) -> None:
        """Say goodbye, and wait until the other side hangs up; it may have done so before."""
        with contextlib.suppress(OSError, ProtocolError):
            self._write(CloseConnection(code=1000))
            while self._socket.recv(65536):
                pass
        self._socket.close()

    def _write(self, event: Event) -> None:
        self._socket.sendall(self._protocol.send(event))

    def _next(self) -> Event:
        while not self._events:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the other side has hung up")
            self._protocol.receive_data(data)
            self._events.extend(self._protocol.events())
        return self._events.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

"""A WebSocket client in one thread.

That of `websockets` reads in a thread of its own while another writes to the same TLS connection;
Python's ssl (3.13.0) loses a message now and then when they meet.
"""

from __future__ import annotations

import socket
import ssl
from collections import deque
from typing import Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Event, Request, TextMessage


class Talk:
    """A WebSocket over TLS to `host`, through the plain proxy on `port`; a context manager."""

    def __init__(self, port: int, host: str, target: str, context: ssl.SSLContext) -> None:
        raw = socket.create_connection(("127.0.0.1", port), timeout=10)
        raw.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 200")
        self._socket = context.wrap_socket(raw, server_hostname=host)
        self._socket.settimeout(10)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._events: deque[Event] = deque()
        self._socket.sendall(self._protocol.send(Request(host=host, target=target)))
        assert isinstance(self._next(), AcceptConnection)

    def ask(self, text: str) -> str:
        """Send a message, return the next one."""
        self._socket.sendall(self._protocol.send(TextMessage(data=text)))
        said = ""
        while True:
            event = self._next()
            assert isinstance(event, TextMessage), event
            said += event.data
            if event.message_finished:
                return said

    def _next(self) -> Event:
        while not self._events:
            self._protocol.receive_data(self._socket.recv(65536) or None)
            self._events.extend(self._protocol.events())
        return self._events.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

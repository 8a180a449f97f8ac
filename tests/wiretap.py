"""A stretch of wire in front of a server that keeps what passes, to be written as a capture."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from types import TracebackType

from foreign_files import PHONE, SERVER, pcap, tcp

SYN, ACK, FIN, PUSH = 2, 16, 1, 8


class Wiretap:
    """Forwards connections on `address` to `server`; a context manager.

    `packets` are those of all of them, each as if from `PHONE` to `SERVER`, port 443.
    """

    def __init__(self, server: tuple[str, int]) -> None:
        self.packets: list[bytes] = []
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Wiretap:
        self._threads.append(threading.Thread(target=self._accept, daemon=True))
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def capture(self) -> bytes:
        """The packets as a pcap file."""
        return pcap(*self.packets)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, (_, port) = self._listener.accept()
                server = socket.create_connection(self._server)
                numbers = {True: 1_000_000 + port, False: 0xFFFFFF00}  # one of them wraps around
                self._say(port, numbers, b"", SYN, up=True)
                self._say(port, numbers, b"", SYN | ACK, up=False)
                for source, sink, up in ((client, server, True), (server, client, False)):
                    arguments = (source, sink, port, numbers, up)
                    self._threads.append(threading.Thread(target=self._pump, args=arguments))
                    self._threads[-1].start()

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        port: int,
        numbers: dict[bool, int],
        up: bool,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1400):
                self._say(port, numbers, data, ACK | PUSH, up=up)
                sink.sendall(data)
        self._say(port, numbers, b"", FIN | ACK, up=up)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _say(
        self, port: int, numbers: dict[bool, int], data: bytes, flags: int, *, up: bool
    ) -> None:
        ends = (PHONE, port, SERVER, 443) if up else (SERVER, 443, PHONE, port)
        with self._lock:
            self.packets.append(tcp(*ends, data, sequence=numbers[up], flags=flags))
            length = len(data) + bool(flags & (SYN | FIN))
            numbers[up] = (numbers[up] + length) & 0xFFFFFFFF

    def settle(self) -> None:
        """Wait until every connection has ended."""
        for _ in range(100):
            if all(not thread.is_alive() for thread in self._threads[1:]):
                return
            time.sleep(0.05)
        raise AssertionError("a connection is still open")

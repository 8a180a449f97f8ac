"""adbd's side of the protocol over TCP, on 127.0.0.1, as the real `adb connect` speaks it.

See OVERVIEW.TXT, SERVICES.TXT and SYNC.TXT of adb. What a shell would answer is the business of
`fake_phone`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

_HEADER = struct.Struct("<6I")
_PAIR = struct.Struct("<4sI")
_MOST = 256 * 1024
_VERSION = 0x01000001  # with this one nobody looks at checksums
_CHUNK = 64 * 1024
_OUT, _ERR, _EXIT = 1, 2, 3  # of a shell of version 2
_REGULAR = 0o100644
_TOKEN, _SIGNATURE = 1, 2  # of AUTH
_WAIT_S = 20


class Shell(Protocol):
    """A phone's insides."""

    authorised: bool
    files: dict[str, bytes]
    reversed: dict[str, str]

    @property
    def banner(self) -> str:
        """What it is and can do."""

    def run(self, line: str) -> tuple[bytes, bytes, int]:
        """Run a command line: its output, its complaints, its exit code."""


class Adbd:
    """A server for one phone, in a thread of its own. `plug` and `unplug` are its cable."""

    def __init__(self, phone: Shell) -> None:
        self.phone = phone
        self.port = 0
        self._links: set[_Link] = set()
        self._server: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        self.plug()

    def stop(self) -> None:
        self.unplug()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def plug(self) -> None:
        self._do(self._plug())

    def unplug(self) -> None:
        self._do(self._unplug())

    def ask_host(self, port: int, request: bytes) -> bytes:
        """Send `request` to the host's `port`, as what listens on a reversed port does."""
        [link] = self._links
        return self._do(link.ask_host(f"tcp:{port}", request))

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_WAIT_S)

    async def _plug(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _unplug(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.close()
        while self._links:
            await asyncio.sleep(0.01)
        self.phone.reversed.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self.phone, reader, writer)
        self._links.add(link)
        try:
            await link.serve()
        except (asyncio.IncompleteReadError, OSError):
            pass  # the cable is out
        finally:
            link.close()
            self._links.discard(link)


class _Stream:
    """One of the conversations on a link."""

    def __init__(self, link: _Link, local: int, remote: int) -> None:
        self._link = link
        self.local = local
        self.remote = remote
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.okay = asyncio.Event()
        self.closed = False
        self._rest = b""

    def shut(self) -> None:
        self.closed = True
        self.okay.set()
        self.inbox.put_nowait(b"")

    async def read(self, count: int) -> bytes:
        while len(self._rest) < count:
            piece = await self.inbox.get()
            if not piece:
                raise ConnectionResetError
            self._rest += piece
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    async def write(self, data: bytes) -> None:
        for at in range(0, len(data), _CHUNK):
            self.okay.clear()
            if self.closed:
                raise ConnectionResetError
            await self._link.send(b"WRTE", self.local, self.remote, data[at : at + _CHUNK])
            await self.okay.wait()


class _Link:
    """A connection of an adb server."""

    def __init__(
        self, phone: Shell, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._phone = phone
        self._reader = reader
        self._writer = writer
        self._streams: dict[int, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._next = 1

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._writer.close()

    async def send(self, name: bytes, first: int, second: int, data: bytes = b"") -> None:
        word = int.from_bytes(name, "little")
        total = sum(data) & 0xFFFFFFFF
        head = _HEADER.pack(word, first, second, len(data), total, word ^ 0xFFFFFFFF)
        self._writer.write(head + data)
        await self._writer.drain()

    async def serve(self) -> None:
        while True:
            head = await self._reader.readexactly(_HEADER.size)
            word, first, second, size, _, _ = _HEADER.unpack(head)
            data = await self._reader.readexactly(min(size, 2 * _MOST))
            await self._hear(word.to_bytes(4, "little"), first, second, data)

    async def _hear(self, name: bytes, first: int, second: int, data: bytes) -> None:
        stream = self._streams.get(second)
        if name == b"CNXN" and self._phone.authorised:
            await self.send(b"CNXN", _VERSION, _MOST, self._phone.banner.encode())
        elif name == b"CNXN" or (name == b"AUTH" and first == _SIGNATURE):
            await self.send(b"AUTH", _TOKEN, 0, os.urandom(20))
        elif name == b"OPEN":
            stream = self._new(first)
            task = asyncio.create_task(self._open(stream, data.rstrip(b"\0").decode()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif stream is not None and name == b"OKAY":
            stream.remote = first
            stream.okay.set()
        elif stream is not None and name == b"WRTE":
            await self.send(b"OKAY", stream.local, stream.remote)
            if data:
                stream.inbox.put_nowait(data)
        elif stream is not None and name == b"CLSE":
            stream.shut()
            del self._streams[second]

    def _new(self, remote: int) -> _Stream:
        stream = _Stream(self, self._next, remote)
        self._streams[self._next] = stream
        self._next += 1
        return stream

    async def _open(self, stream: _Stream, service: str) -> None:
        kind, _, words = service.partition(":")
        with contextlib.suppress(ConnectionResetError, OSError):
            if kind.split(",")[0] not in {"shell", "sync", "reverse"}:
                await self.send(b"CLSE", 0, stream.remote)
                return
            await self.send(b"OKAY", stream.local, stream.remote)
            if kind == "sync":
                await self._sync(stream)
            elif kind == "reverse":
                await stream.write(self._reverse(words))
            else:
                await self._shell(stream, words, is_new="v2" in kind.split(","))
            if not stream.closed:
                await self.send(b"CLSE", stream.local, stream.remote)

    async def _shell(self, stream: _Stream, line: str, *, is_new: bool) -> None:
        out, err, code = self._phone.run(line)
        if not is_new:
            await stream.write(out + err)
            return
        for number, data in ((_OUT, out), (_ERR, err)):
            for at in range(0, len(data), _CHUNK - 5):
                piece = data[at : at + _CHUNK - 5]
                await stream.write(struct.pack("<BI", number, len(piece)) + piece)
        await stream.write(struct.pack("<BIB", _EXIT, 1, code))

    async def _sync(self, stream: _Stream) -> None:
        while True:
            name, size = _PAIR.unpack(await stream.read(_PAIR.size))
            if name == b"QUIT":
                return
            path = (await stream.read(size)).decode()
            if name == b"STAT":
                body = self._phone.files.get(path)
                there = (0, 0, 0) if body is None else (_REGULAR, len(body), 1)
                await stream.write(b"STAT" + struct.pack("<3I", *there))
            elif name == b"SEND":
                self._phone.files[path.rpartition(",")[0]] = await self._received(stream)
                await stream.write(_PAIR.pack(b"OKAY", 0))
            elif name == b"RECV" and path in self._phone.files:
                body = self._phone.files[path]
                for at in range(0, len(body), _CHUNK):
                    piece = body[at : at + _CHUNK]
                    await stream.write(_PAIR.pack(b"DATA", len(piece)) + piece)
                await stream.write(_PAIR.pack(b"DONE", 0))
            else:
                reason = b"No such file or directory"
                await stream.write(_PAIR.pack(b"FAIL", len(reason)) + reason)

    async def _received(self, stream: _Stream) -> bytes:
        body = b""
        while True:
            name, size = _PAIR.unpack(await stream.read(_PAIR.size))
            if name == b"DONE":
                return body
            body += await stream.read(size)

    def _reverse(self, words: str) -> bytes:
        verb, *rest = words.split(":", 1)
        if verb == "list-forward":
            rows = "".join(f"UsbFfs {a} {b}\n" for a, b in self._phone.reversed.items())
            return f"{len(rows):04x}{rows}".encode()
        if verb == "killforward":
            gone = self._phone.reversed.pop(rest[0], None)
            return b"OKAY" if gone else _failure(f"listener '{rest[0]}' not found")
        here, _, there = rest[0].removeprefix("norebind:").partition(";")
        if rest[0].startswith("norebind:") and here in self._phone.reversed:
            return _failure("cannot rebind existing socket")
        self._phone.reversed[here] = there
        return b"OKAY"

    async def ask_host(self, where: str, request: bytes) -> bytes:
        stream = self._new(0)
        await self.send(b"OPEN", stream.local, 0, where.encode() + b"\0")
        await stream.okay.wait()
        await stream.write(request)
        answer = b""
        while piece := await stream.inbox.get():
            answer += piece
        return answer


def _failure(reason: str) -> bytes:
    return f"FAIL{len(reason):04x}{reason}".encode()

"""Long films, large uploads and bodies that break off: they flow, memory stays flat, bytes stay."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from capture_rig import Recording, RecordingProcess, Server, patterned

from analyzer.bundle import KEEP
from analyzer.models import Exchange
from analyzer.readers.bundle import read_exchanges

pytestmark = pytest.mark.capture
HOST = "api.app.example"
MB = 1024 * 1024
LONG = 200 * MB
_PATIENCE_S = 20
_BLOCK = patterned(MB)


class Raw:
    """A server of bytes, one request for each connection; a context manager.

    ``GET /film?n=9`` is answered with so many bytes; to ``POST`` it answers with the SHA-256 of
    what it got, when all has come. ``/break?n=9`` declares 2 MB and breaks off after n bytes.
    `got` are the bytes that came with the last POST.
    """

    def __init__(self, server: Server) -> None:
        self.got = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.issuer.issue_cert(HOST).configure_cert(self._context)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(plain, True) as secure:
            head, _, body = _head(secure)
            target = head.split()[1].decode()
            wanted = int(target.partition("n=")[2] or 0)
            if head.startswith(b"POST"):
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.lower().splitlines()
                    if line.startswith(b"content-length")
                )
                digest = hashlib.sha256(body)
                self.got = len(body)
                while self.got < length and (data := secure.recv(65536)):
                    digest.update(data)
                    self.got += len(data)
                _send(secure, 64, iter([digest.hexdigest().encode()]))
            elif target.startswith("/break"):
                _send(secure, 2 * MB, iter([patterned(wanted)]))
            else:
                _send(secure, wanted, (_BLOCK for _ in range(wanted // MB)))
            # Nobody waits for what did not come.
            with contextlib.suppress(OSError):
                secure.unwrap()


def _head(secure: ssl.SSLSocket) -> tuple[bytes, bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = secure.recv(65536)
        if not more:
            raise OSError("no request")
        data += more
    return data.partition(b"\r\n\r\n")


def _send(secure: ssl.SSLSocket, length: int, pieces: Iterator[bytes]) -> None:
    kind = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: "
    secure.sendall(kind + b"%d\r\n\r\n" % length)
    for piece in pieces:
        secure.sendall(piece)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    (tmp_path / "server").mkdir()
    return Server(tmp_path / "server")


@pytest.fixture
def raw(server: Server) -> Iterator[Raw]:
    with Raw(server) as running:
        server.address = running.address
        yield running


@pytest.fixture
def recording(tmp_path: Path, server: Server, raw: Raw) -> Iterator[Recording]:
    with Recording(tmp_path, server, tmp_path / "conf", remap={HOST: raw.address}) as running:
        yield running


@contextlib.contextmanager
def connected(port: int, context: ssl.SSLContext) -> Iterator[ssl.SSLSocket]:
    with socket.create_connection(("127.0.0.1", port)) as plain:
        plain.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        assert plain.recv(1000).startswith(b"HTTP/1.1 200")
        context.set_alpn_protocols(["http/1.1"])
        with context.wrap_socket(plain, server_hostname=HOST) as secure:
            secure.settimeout(_PATIENCE_S)
            yield secure


def resident(process: int) -> int:
    """Bytes of memory that a process has taken at most."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def in_time(found: Callable[[], bool]) -> bool:
    end = time.monotonic() + _PATIENCE_S
    while not found() and time.monotonic() < end:
        time.sleep(0.05)
    return found()


def test_a_long_film_begins_at_once_and_a_large_upload_needs_no_memory(
    tmp_path: Path, server: Server, raw: Raw
) -> None:
    with RecordingProcess(tmp_path, server, tmp_path / "conf") as running:
        with connected(running.port, running.trusting()) as client:
            client.sendall(f"GET /film?n={MB} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            _, _, got = _head(client)
        before = resident(running.process.pid)
        with connected(running.port, running.trusting()) as client:
            began = time.monotonic()
            client.sendall(f"GET /film?n={LONG} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            _, _, got = _head(client)
            first = time.monotonic() - began
            size = len(got)
            while size < LONG and (data := client.recv(MB)):
                size += len(data)
            whole = time.monotonic() - began
        assert size == LONG
        assert first < min(1.0, whole / 2)
        digest = hashlib.sha256()
        with connected(running.port, running.trusting()) as client:
            head = f"POST /up HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {LONG}\r\n\r\n"
            client.sendall(head.encode())
            for _ in range(LONG // MB):
                client.sendall(_BLOCK)
                digest.update(_BLOCK)
            _, _, answer = _head(client)
            while len(answer) < 64 and (data := client.recv(64)):
                answer += data
            assert answer.decode() == digest.hexdigest()
        # What is kept of a body is put together once, and packed.
        assert resident(running.process.pid) - before < 4 * KEEP
        running.process.terminate()
        assert running.end() == "terminated"
    film, upload = [each for each in read_exchanges(running.path) if each.truncated]
    assert len(film.response_body) == len(upload.request_body) == KEEP
    assert film.truncated == upload.truncated == LONG - KEEP
    assert film.response_body == (_BLOCK * (KEEP // MB))
    assert upload.response_body.decode() == digest.hexdigest()


@pytest.mark.parametrize("size", [20_000, 300_000])
def test_an_answer_that_breaks_off_keeps_what_came(recording: Recording, size: int) -> None:
    with connected(recording.port, recording.trusting()) as client:
        client.sendall(f"GET /break?n={size} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
        _, _, got = _head(client)
        with contextlib.suppress(OSError):
            while data := client.recv(MB):
                got += data
    assert got == patterned(size)[: len(got)]
    recording.stop()
    [found] = read_exchanges(recording.path)
    assert found.response_body == patterned(size)
    assert (found.status, found.complete) == (200, False)


@pytest.mark.parametrize("size", [20_000, 300_000])
def test_an_upload_that_breaks_off_keeps_what_came(
    recording: Recording, raw: Raw, size: int
) -> None:
    with connected(recording.port, recording.trusting()) as client:
        head = f"POST /up HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {2 * MB}\r\n\r\n"
        client.sendall(head.encode() + patterned(size))
        assert in_time(lambda: raw.got >= size)

    def cut() -> Exchange | None:
        found = list(read_exchanges(recording.path))
        return found[0] if found and len(found[0].request_body) == size else None

    assert in_time(lambda: cut() is not None)
    recording.stop()
    found = cut()
    assert found
    assert found.request_body == patterned(size)
    assert (found.status, found.complete) == (None, False)

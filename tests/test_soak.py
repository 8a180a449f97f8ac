"""A recording in steady use takes no more memory and no more files as it goes on."""

from __future__ import annotations

import random
import socket
import ssl
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.client import HTTPResponse
from pathlib import Path
from statistics import median

import pytest
from capture_rig import RecordingProcess, Server

from analyzer.bundle import read_session, verify
from analyzer.readers.bundle import read_connections, read_exchanges

pytestmark = pytest.mark.capture
HOST = "api.app.example"
# mitmproxy keeps the TLS settings of the last connections, some hundred of them: then it is flat.
WARM = 700
WARM_S = 90.0  # some ten on an idle machine
SOAK_S = 14.0
CLIENTS = 4
REQUESTS = 6  # on each connection, once it is warm
GROWTH_MB = 6.0  # bodies that are kept would be more than 20; the garbage collector needs some
KEPT = 1  # SQLite closes no file while the process has a lock on it, but takes it for the next use


def app(
    running: RecordingProcess, authority: Path, seed: int, end: threading.Event
) -> list[list[bytes]]:
    """Connections that come and go until `end`; return the digests of what each of them asked.

    The first have one request each, to be warm soon.
    """
    chosen = random.Random(seed)
    context = ssl.create_default_context(cafile=authority)
    seen: list[list[bytes]] = []
    while not end.is_set():
        raw = socket.create_connection(("127.0.0.1", running.port), timeout=20)
        raw.sendall(f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n".encode())
        assert raw.recv(4096).startswith(b"HTTP/1.1 200")
        with context.wrap_socket(raw, server_hostname=HOST) as secure:
            seen.append([])
            for _ in range(REQUESTS if len(seen) > WARM / CLIENTS else 1):
                body = chosen.randbytes(chosen.randrange(100, 20_000))
                head = f"POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {len(body)}\r\n\r\n"
                secure.sendall(head.encode() + body)
                answer = HTTPResponse(secure)
                answer.begin()
                assert answer.read() == body
                seen[-1].append(sha256(body).digest())
    return seen


def memory_mb(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def test_memory_and_files_stay_flat_while_connections_come_and_go(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("no /proc to read memory and files from")
    (tmp_path / "server").mkdir()
    began = time.monotonic()
    with (
        Server(tmp_path / "server") as server,
        RecordingProcess(tmp_path, server, tmp_path / "conf") as running,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        pid = running.process.pid
        idle = files(pid)
        end = threading.Event()
        authority = tmp_path / "conf" / "mitmproxy-ca-cert.pem"
        apps = [pool.submit(app, running, authority, seed, end) for seed in range(CLIENTS)]
        try:
            while len(server.peers) < WARM:
                assert time.monotonic() - began < WARM_S
                time.sleep(0.1)
            samples = []
            warm = time.monotonic()
            while time.monotonic() - warm < SOAK_S:
                samples.append((memory_mb(pid), files(pid)))
                time.sleep(0.2)
        finally:
            end.set()
        asked = [connection for each in apps for connection in each.result(20)]
        deadline = time.monotonic() + 5
        while files(pid) > idle + KEPT and time.monotonic() < deadline:
            time.sleep(0.05)
        assert files(pid) <= idle + KEPT
        running.process.terminate()
        assert running.end() == "terminated"
    part = len(samples) // 4
    first, last = samples[:part], samples[-part:]
    growth = median(memory for memory, _ in last) - median(memory for memory, _ in first)
    assert growth < GROWTH_MB
    assert max(count for _, count in last) <= max(count for _, count in first) + CLIENTS
    # Nothing was lost on the way, nothing was made up.
    assert verify(running.path) == []
    session = read_session(running.path)
    assert session.complete
    found = list(read_exchanges(running.path))
    assert len(found) > 1000
    sent = Counter(digest for connection in asked for digest in connection)
    assert Counter(sha256(each.request_body).digest() for each in found) == sent
    assert all(each.complete and each.response_body == each.request_body for each in found)
    connections = read_connections(running.path)
    assert len(connections) == len(asked)
    assert {(each.outcome, each.ended_s is None) for each in connections} == {("read", False)}

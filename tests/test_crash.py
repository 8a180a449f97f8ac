"""A recording that ends badly, killed under load or out of disk, loses nothing complete."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from capture_rig import Recording, RecordingProcess, Server, patterned
from killable import Killable
from websocket_client import Talk

from addons.capture import Capture
from analyzer.bundle import crashed_bundles, read_session, recover, running_bundles, verify
from analyzer.errors import UserError
from analyzer.models import Exchange
from analyzer.readers.bundle import read_exchanges

pytestmark = pytest.mark.capture
API = "https://api.app.example"
KILLS = 20
TWO_LANES_KILLS = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


class Load:
    """Clients behind `proxy` that never stop; `seen` is what they saw completed.

    `trusting` makes the TLS settings of a client: it is for each to say which protocols it speaks.
    """

    def __init__(self, proxy: str, trusting: Callable[[], ssl.SSLContext]) -> None:
        self.seen: list[tuple[str, str, bytes, bytes]] = []
        self._proxy = proxy
        self._trusting = trusting
        self._pool = ThreadPoolExecutor(4)
        self._end = threading.Event()
        self._all = [
            self._pool.submit(self._requests, True),
            self._pool.submit(self._requests, False),
            self._pool.submit(self._messages),
            self._pool.submit(self._events),
        ]

    def begun(self) -> Load:
        """Wait until each of the clients has seen something completed."""
        deadline = time.monotonic() + 20
        while {kind for kind, *_ in self.seen} != {"POST", "GET", "WS", "EVENTS"}:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self

    def stop(self) -> None:
        """Wait for the clients, which end when the proxy is gone."""
        self._end.set()
        for client in self._all:
            client.result(timeout=20)
        self._pool.shutdown()

    def _requests(self, http2: bool) -> None:
        context = self._trusting()
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.Client(proxy=self._proxy, verify=context, http2=http2) as client,
        ):
            for number in range(10**6):
                if self._end.is_set():
                    return
                body = patterned(random.randrange(60_000))
                url = f"{API}/echo?client={http2}&number={number}"
                answer = client.post(url, content=body)
                if answer.status_code == 200:
                    self.seen.append(("POST", url, body, answer.content))
                url = f"{API}/chunks?n={number % 9}&client={http2}&number={number}"
                answer = client.get(url)
                if answer.status_code == 200:
                    self.seen.append(("GET", url, b"", answer.content))

    def _messages(self) -> None:
        port = httpx.URL(self._proxy).port
        assert port
        with (
            contextlib.suppress(OSError),
            Talk(port, "cdn.app.example", "/talk", self._trusting()) as talk,
        ):
            for number in range(10**6):
                if self._end.is_set():
                    return
                answer = talk.ask(b"%d" % number)
                url = "https://cdn.app.example/talk"
                self.seen.append(("WS", url, b"%d" % number, b""))
                self.seen.append(("WS", url, b"", answer))
                time.sleep(0.005)

    def _events(self) -> None:
        context = self._trusting()
        with (
            contextlib.suppress(httpx.HTTPError),
            httpx.Client(proxy=self._proxy, verify=context) as client,
            client.stream("GET", f"{API}/events?n=1000&every=0.02") as stream,
        ):
            for piece in stream.iter_raw():
                self.seen.append(("EVENTS", "", b"", piece))
                if self._end.is_set():
                    return


def said(exchange: Exchange) -> tuple[str, str, bytes, bytes]:
    return (exchange.method, exchange.url, exchange.request_body, exchange.response_body)


def assert_nothing_is_lost(path: Path, load: Load) -> None:
    found = list(read_exchanges(path))
    events = b"".join(piece for method, _, _, piece in load.seen if method == "EVENTS")
    [stream] = [e.response_body for e in found if "/events" in e.url] or [b""]
    assert stream.startswith(events)
    expected = Counter(line for line in load.seen if line[0] != "EVENTS")
    stored = Counter(said(exchange) for exchange in found if exchange.complete)
    assert expected - stored == Counter()


def assert_is_recovered(path: Path, load: Load) -> None:
    """A bundle that was never closed has everything, is closed, and still has it."""
    assert_nothing_is_lost(path, load)
    assert running_bundles(path.parent) == []
    assert read_session(path).ended is None
    assert "never closed" in verify(path)[0]
    session = recover(path)
    assert verify(path) == []
    assert (session.end_reason, session.complete) == ("crashed", False)
    assert any("WebSocket still open" in words for words in session.partial)
    assert session.ended is not None
    assert session.ended > session.started
    assert session == read_session(path)
    assert_nothing_is_lost(path, load)
    assert recover(path) == session


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_recording_loses_nothing_that_anyone_saw_completed(
    tmp_path: Path, server: Server, confdir: Path, seed: int
) -> None:
    with Killable(tmp_path, server, confdir) as running:
        [path], [proxy] = running.paths, running.proxies
        load = Load(proxy, running.trusting).begun()
        with pytest.raises(UserError, match="still being recorded"):
            recover(path)
        time.sleep(random.Random(seed).random() * 0.8)
        running.kill()
        load.stop()
    assert_is_recovered(path, load)


@pytest.mark.parametrize("seed", range(TWO_LANES_KILLS))
def test_a_killed_recording_of_two_phones_loses_nothing_of_either(
    tmp_path: Path, server: Server, confdir: Path, seed: int
) -> None:
    with Killable(tmp_path, server, confdir, lanes=2) as running:
        loads = [Load(proxy, running.trusting) for proxy in running.proxies]
        for load in loads:
            load.begun()
        time.sleep(random.Random(seed).random() * 0.8)
        running.kill()
        for load in loads:
            load.stop()
    assert crashed_bundles(tmp_path / "captures") == sorted(running.paths)
    for path, load in zip(running.paths, loads, strict=True):
        assert_is_recovered(path, load)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGINT, "stopped"),
        (signal.SIGTERM, "terminated"),
        (signal.SIGHUP, "terminal closed"),
    ],
)
def test_a_signal_ends_a_recording_properly(
    tmp_path: Path, server: Server, confdir: Path, number: signal.Signals, reason: str
) -> None:
    with RecordingProcess(tmp_path, server, confdir) as running:
        load = Load(running.proxy, running.trusting)
        time.sleep(0.5)
        running.process.send_signal(number)
        began = time.monotonic()
        assert running.end() == reason
        assert time.monotonic() - began < 4  # 3 s, and the end of the interpreter
        load.stop()
    session = read_session(running.path)
    assert (session.end_reason, session.complete) == (reason, True)
    assert verify(running.path) == []
    assert_nothing_is_lost(running.path, load)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    no = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    if os.geteuid() != 0 or not shutil.which("mount"):
        no("only root can mount a small file system")
    where = tmp_path / "tiny"
    where.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(where)],
        check=False,
        capture_output=True,
    )
    if made.returncode:
        no("this root may not mount")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def assert_forwarding_stopped(running: RecordingProcess, server: Server, load: Load) -> Path:
    said = running.end()
    load.stop()
    assert "full" in said or "I/O" in said, said
    assert "\n" not in said
    forwarded = got(server)
    time.sleep(0.3)
    assert got(server) == forwarded
    return running.path


def got(server: Server) -> int:
    """How much has reached the server, less event streams: they end long after their clients."""
    return sum("/events" not in line.url for line in server.log)


def test_a_full_disk_stops_the_traffic_and_loses_nothing_that_was_written(
    tiny_disk: Path, tmp_path: Path, server: Server, confdir: Path
) -> None:
    with RecordingProcess(tiny_disk, server, confdir) as running:
        load = Load(running.proxy, running.trusting)
        path = assert_forwarding_stopped(running, server, load)
        assert_nothing_is_lost(path, load)
    saved = tmp_path / "saved" / path.name
    shutil.copytree(path, saved)
    session = recover(saved)
    assert not session.complete
    assert "recording failed" in (session.end_reason or "")
    assert verify(saved) == []
    assert_nothing_is_lost(saved, load)


def test_a_write_error_stops_the_traffic_and_is_the_reason_of_the_end(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with RecordingProcess(tmp_path, server, confdir, file_limit=1_000_000) as running:
        load = Load(running.proxy, running.trusting)
        path = assert_forwarding_stopped(running, server, load)
    session = recover(path)
    assert not session.complete
    assert "recording failed" in (session.end_reason or "")
    assert verify(path) == []
    assert_nothing_is_lost(path, load)


def test_an_exception_in_a_hook_is_counted_and_marks_the_session(
    tmp_path: Path,
    server: Server,
    confdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("".join(("pri", "vate")))

    monkeypatch.setattr(Capture, "_answer", broken)
    with Recording(tmp_path, server, confdir) as recording, recording.client() as client:
        for _ in range(3):
            assert client.get(f"{API}/bytes?n=1").status_code == 200
        recording.stop()
    assert recording.sealed is not None
    assert not recording.sealed.complete
    assert dict(recording.sealed.counts)["hook_errors"] == 3
    assert recording.sealed.partial[0].startswith("an error in the recorder (response: KeyError at")
    logged = [record for record in caplog.records if record.name == "addons.guard"]
    assert len(logged) == 1
    assert "private" not in caplog.text
    assert verify(recording.path) == []


def test_a_store_that_vanishes_under_the_recorder_ends_the_session(
    tmp_path: Path, server: Server, confdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with Recording(tmp_path, server, confdir) as recording, recording.client() as client:
        assert client.get(f"{API}/bytes?n=1").status_code == 200
        monkeypatch.setattr("analyzer.bundle.store.put_body", full)
        with pytest.raises(httpx.HTTPError):
            client.get(f"{API}/bytes?n=2&never=served")
        recording.wait()
        assert not [served for served in server.log if "never=served" in served.url]
    assert recording.sealed is not None
    assert recording.sealed.end_reason == "recording failed: database or disk is full"
    assert not recording.sealed.complete
    assert verify(recording.path) == []

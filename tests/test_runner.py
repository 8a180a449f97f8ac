"""A recording starts with a word about what is wrong, and ends quickly with all sessions sealed."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from capture_rig import (
    OTHER_ARM,
    Recording,
    RecordingProcess,
    Server,
    a_session,
    patterned,
)
from mitmproxy import platform
from mitmproxy_rs.wireguard import genkey
from websocket_client import Talk

from addons.lanes import Lane
from addons.runner import record_lanes
from addons.sleeping import SleepWatch, slept_s
from analyzer.bundle import crashed_bundles, list_bundles, read_session, recover, sealing, verify
from analyzer.errors import UserError
from analyzer.readers.bundle import read_events, read_exchanges

API = "https://api.app.example"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


class Live:
    """Clients of each lane that are in the middle of something: a stream, a WebSocket, TLS."""

    def __init__(self, running: RecordingProcess) -> None:
        self._all = contextlib.ExitStack()
        context = running.trusting()
        for port in running.ports:
            proxy = f"http://127.0.0.1:{port}"
            client = self._all.enter_context(httpx.Client(proxy=proxy, verify=context))
            assert client.get(f"{API}/bytes?n=100").content == patterned(100)
            events = self._all.enter_context(
                client.stream("GET", f"{API}/events?n=1000&every=0.05")
            )
            assert next(events.iter_raw())
            talk = self._all.enter_context(Talk(port, "cdn.app.example", "/talk", context))
            assert talk.ask("hello") == "hello"
            raw = self._all.enter_context(socket.create_connection(("127.0.0.1", port)))
            raw.sendall(b"CONNECT ads.other.example:443 HTTP/1.1\r\n\r\n")
            assert raw.recv(4096).startswith(b"HTTP/1.1 200")

    def close(self) -> None:
        """Let go of them; the proxy is gone by now."""
        with contextlib.suppress(httpx.HTTPError, OSError):
            self._all.close()


@pytest.mark.capture
@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGINT, "stopped"),
        (signal.SIGTERM, "terminated"),
        (signal.SIGHUP, "terminal closed"),
    ],
)
def test_a_signal_ends_all_lanes_within_three_seconds_with_live_connections(
    tmp_path: Path, server: Server, confdir: Path, number: signal.Signals, reason: str
) -> None:
    with RecordingProcess(tmp_path, server, confdir, lanes=2) as running:
        assert len(set(running.ports)) == 2
        live = Live(running)
        began = time.monotonic()
        running.process.send_signal(number)
        assert running.end() == reason
        assert time.monotonic() - began < 3
        assert running.process.returncode == 0
        live.close()
    for path in running.paths:
        assert verify(path) == []
        session = read_session(path)
        assert session.end_reason == reason
        assert any("WebSocket still open" in words for words in session.partial)
        stored = list(read_exchanges(path))
        assert [each.response_body for each in stored if "bytes" in each.url] == [patterned(100)]


@pytest.mark.capture
@pytest.mark.parametrize("seconds", [0.0, 2.6])
def test_everyone_is_hung_up_on_before_a_sealing_that_takes_long(
    tmp_path: Path,
    server: Server,
    confdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
) -> None:
    ended: list[float] = []
    closing: list[float] = []
    seal = sealing.seal

    def slow(*given: Any) -> None:
        ended.append(time.monotonic())
        time.sleep(seconds)
        seal(*given)

    monkeypatch.setattr(sealing, "seal", slow)
    with (
        Recording(
            tmp_path, server, confdir, on_closing=lambda: closing.append(time.monotonic())
        ) as running,
        running.client() as client,
        client.stream("GET", f"{API}/events?n=1000&every=0.05") as stream,
        socket.create_connection(("127.0.0.1", running.port)) as idle,
    ):
        pieces = stream.iter_raw()
        assert next(pieces)
        stopping = threading.Thread(target=running.stop)
        began = time.monotonic()
        stopping.start()
        with contextlib.suppress(httpx.HTTPError):
            list(pieces)
        assert idle.recv(1) == b""
        hung_up = time.monotonic()
        stopping.join()
    assert hung_up - began < 3
    assert hung_up < ended[0] + 0.5
    assert len(closing) == (seconds > 2)
    assert verify(running.path) == []


@pytest.mark.capture
def test_a_killed_process_leaves_a_bundle_of_each_lane_that_can_be_recovered(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with RecordingProcess(tmp_path, server, confdir, lanes=2) as running:
        live = Live(running)
        running.process.kill()
        running.process.wait(10)
        live.close()
    assert crashed_bundles(tmp_path / "captures") == running.paths
    for path in running.paths:
        session = recover(path)
        assert session.partial
        assert verify(path) == []
        stored = list(read_exchanges(path))
        assert [each.response_body for each in stored if "bytes" in each.url] == [patterned(100)]
        assert [each.request_body for each in stored if each.method == "WS"] == [b"hello", b""]


@pytest.mark.capture
def test_a_closed_lid_is_a_gap_of_its_length_in_every_session(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    asleep = [1000.0]
    with (
        Recording(tmp_path, server, confdir, lanes=({}, {}), slept=lambda: asleep[0]) as running,
        running.client() as client,
    ):
        assert client.get(f"{API}/bytes?n=5").status_code == 200
        asleep[0] += 312.2
        time.sleep(0.3)
        assert client.get(f"{API}/bytes?n=5").status_code == 200
    for path in running.paths:
        [gap] = [event for event in read_events(path) if event.kind == "gap"]
        assert gap.reason == "this machine was asleep for 312 s"
        session = read_session(path)
        assert gap.reason in session.partial
        assert not session.complete
        assert session.end_reason == "stopped"


def test_sleep_is_told_once_and_not_for_a_moment() -> None:
    values = iter([5.0, 5.5, 65.5, 65.5, 65.4])
    watch = SleepWatch(lambda: next(values))
    assert [watch.length() for _ in range(4)] == [0.0, 60.0, 0.0, 0.0]


def test_the_clocks_of_this_machine_differ_by_its_sleep_only() -> None:
    first = slept_s()
    assert first > -0.1
    assert abs(slept_s() - first) < 0.1


def keys(folder: Path, *, text: str = "") -> Path:
    """A tunnel's key file."""
    path = folder / "keys.json"
    path.write_text(text or json.dumps({"server_key": genkey(), "client_key": genkey()}))
    return path


def refused(root: Path, confdir: Path, *lanes: dict[str, Any]) -> str:
    """What is said of lanes that cannot be recorded; nothing may remain of them."""
    captures = root / "captures"
    with pytest.raises(UserError) as caught:
        record_lanes(
            captures,
            [
                Lane(session=a_session(root, number), phase="use", **each)
                for number, each in enumerate(lanes, 1)
            ],
            confdir=confdir,
        )
    assert list_bundles(captures) == []
    said = f"{caught.value} {caught.value.fix}"
    assert "\n" not in said
    assert caught.value.fix
    return said


@pytest.mark.capture
@pytest.mark.parametrize("kind", ["regular", "socks5", "transparent", "wireguard"])
def test_a_taken_port_is_said_in_every_mode(tmp_path: Path, confdir: Path, kind: str) -> None:
    udp = kind == "wireguard"
    mode = f"wireguard:{keys(tmp_path)}" if udp else kind
    with socket.socket(type=socket.SOCK_DGRAM if udp else socket.SOCK_STREAM) as taken:
        taken.bind(("127.0.0.1", 0))
        if not udp:
            taken.listen()
        port = taken.getsockname()[1]
        said = refused(tmp_path, confdir, {}, {"mode": mode, "port": port})
    assert f"cannot listen on 127.0.0.1 port {port} (Address already in use)" in said


def test_two_phones_cannot_share_a_port(tmp_path: Path, confdir: Path) -> None:
    said = refused(tmp_path, confdir, {"port": 8123}, {"mode": "socks5", "port": 8123})
    assert "share port 8123" in said


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("upstream:http://proxy.example", "no mode 'upstream'"),
        ("wireguard", "no key file"),
        ("wireguard:{missing}", "No such file"),
        ("wireguard:{broken}", "does not hold the keys"),
        ("wireguard:{folder}", "Is a directory"),
        ("regular:more", "is not a mode"),
    ],
)
def test_a_mode_that_cannot_work_is_said_before_anything_is_made(
    tmp_path: Path, confdir: Path, mode: str, words: str
) -> None:
    broken = keys(tmp_path, text='{"server_key": "short", "client_key": 3}')
    filled = mode.format(missing=tmp_path / "none", broken=broken, folder=tmp_path)
    assert words in refused(tmp_path, confdir, {"mode": filled})
    assert not (tmp_path / "none").exists()  # mitmproxy would make it


def test_transparent_mode_is_refused_where_the_system_has_none(
    tmp_path: Path, confdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "original_addr", None)
    assert "no transparent mode" in refused(tmp_path, confdir, {"mode": "transparent"})


def test_when_the_second_bundle_cannot_be_made_nothing_remains_of_the_first(
    tmp_path: Path, confdir: Path
) -> None:
    session = a_session(tmp_path)
    lanes = [Lane(session=session, phase="use"), Lane(session=session, phase="use")]
    with pytest.raises(UserError, match="exists already"):
        record_lanes(tmp_path / "captures", lanes, confdir=confdir)
    assert list_bundles(tmp_path / "captures") == []


@pytest.mark.capture
def test_tunnel_and_plain_proxy_listen_in_one_process_and_say_where(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    tunnel = {"mode": f"wireguard:{keys(tmp_path)}", "session": a_session(tmp_path, arm=OTHER_ARM)}
    with Recording(tmp_path, server, confdir, lanes=({}, tunnel)) as running:
        with running.client() as client:
            assert client.get(f"{API}/bytes?n=5").status_code == 200
        with (
            socket.socket(type=socket.SOCK_DGRAM) as probe,
            pytest.raises(OSError, match="in use"),
        ):
            probe.bind(("127.0.0.1", running.ports[1]))
    assert [session.mode for session in running.sealed_all] == ["regular", "wireguard"]
    assert [dict(session.counts)["exchanges"] for session in running.sealed_all] == [1, 0]


def test_leaving_says_what_was_said_and_waits_for_nobody(tmp_path: Path) -> None:
    code = (
        "import sys, threading, time; from addons.runner import leave\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "sys.stdout.write('all of it'); sys.stderr.write('and this'); leave(3)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (3, "all of it", "and this")

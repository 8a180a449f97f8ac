"""A recording ends within three seconds whatever its phones are in the middle of."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import phone_clients
import pytest
from app_server import Server, patterned
from capture_rig import RecordingProcess
from grpc_rig import GrpcServer, framed
from netns_recorder import recorder
from netns_rig import phone_namespace
from okhttp_rig import OkHttp, compiled

from analyzer.bundle import read_session, verify
from analyzer.readers.bundle import read_connections, read_exchanges

pytestmark = pytest.mark.capture
API = "https://api.app.example"
EVENTS = f"{API}/events?n=200&every=0.05"
SOCKET = "wss://cdn.app.example/talk"
ENDS = [
    (signal.SIGINT, "stopped"),
    (signal.SIGTERM, "terminated"),
    (signal.SIGHUP, "terminal closed"),
]


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return compiled(tmp_path_factory.mktemp("okhttp"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running, GrpcServer(running):
        yield running


def app_talks(phone: OkHttp) -> None:
    """Calls over both protocols, whose connections stay in the pool, and a WebSocket, left open."""
    for protocol in ("h2", "http/1.1"):
        assert phone.call(f"{API}/echo", patterned(20_000), protocol=protocol).status == 200
    assert phone.talk(SOCKET, ["one", b"\0two"], close=False) == ["one", b"\0two"]


def everything_is_there(path: Path, phone: OkHttp, reason: str) -> None:
    """What was completed is; what was cut off is partial, up to where it had come."""
    assert verify(path) == []
    session = read_session(path)
    assert session.end_reason == reason
    assert session.complete
    assert dict(session.counts)["hook_errors"] == 0
    found = list(read_exchanges(path))
    assert Counter(
        (each.method, each.url, each.request_body, each.response_body)
        for each in found
        if (each.complete and each.status != 101) or each.method == "WS"
    ) == Counter((each.method, each.url, each.body, each.answer) for each in phone.log)
    cut = {each.url: each for each in found if not each.complete}
    assert len(cut) == len(session.partial) - 1 == 2  # besides, the WebSocket still open
    assert cut[EVENTS].response_body.startswith(b"data: 0\n\ndata: 1\n\n")
    [call] = [each for url, each in cut.items() if url != EVENTS]
    assert (call.request_body, call.response_body) == (framed([b"held"]), framed([b"held"]))
    assert any("WebSocket still open" in words for words in session.partial)
    states = Counter(each.outcome for each in read_connections(path))
    assert states == {"read": 5}  # OkHttp's three, the events, the gRPC call


@pytest.mark.parametrize(("number", "reason"), ENDS)
def test_it_ends_while_apps_behind_a_proxy_hold_on(
    tmp_path: Path,
    java: list[str],
    server: Server,
    confdir: Path,
    number: signal.Signals,
    reason: str,
) -> None:
    with RecordingProcess(tmp_path, server, confdir) as running, contextlib.ExitStack() as open_:
        authority = confdir / "mitmproxy-ca-cert.pem"
        phone = open_.enter_context(OkHttp(java, [authority], proxy=running.port))
        open_.enter_context(phone_clients.held(authority, running.proxy))
        client = open_.enter_context(
            httpx.Client(proxy=running.proxy, verify=running.trusting(), timeout=10)
        )
        app_talks(phone)
        pieces = open_.enter_context(client.stream("GET", EVENTS)).iter_raw()
        assert next(pieces) + next(pieces)
        began = time.monotonic()
        running.process.send_signal(number)
        assert running.end() == reason
        assert time.monotonic() - began < 3
        assert running.process.returncode == 0
    everything_is_there(running.path, phone, reason)


@pytest.mark.parametrize(("number", "reason"), ENDS[2:])
def test_it_ends_while_apps_in_a_tunnel_hold_on(
    tmp_path: Path, java: list[str], server: Server, number: signal.Signals, reason: str
) -> None:
    with (
        recorder(tmp_path, server) as running,
        phone_namespace(running.config()) as inside,
        OkHttp(java, [running.authority], inside=inside) as phone,
    ):
        call = phone_clients.start(inside, "held", running.authority, "")
        events = inside.popen("curl", "-sN", "--cacert", running.authority, EVENTS)
        assert call.stdout
        assert events.stdout
        app_talks(phone)
        assert call.stdout.readline() == "ready\n"
        assert [events.stdout.readline() for _ in range(3)] == ["data: 0\n", "\n", "data: 1\n"]
        began = time.monotonic()
        assert running.end(number) == reason
        assert time.monotonic() - began < 3
        assert running.process.returncode == 0
        for each in (call, events):
            each.communicate(timeout=20)
    everything_is_there(running.path, phone, reason)

"""Several phones in one process: each lane's traffic is in its own session and in no other."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from capture_rig import Recording, Server, a_session, patterned
from mitmproxy.connection import Client
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.mode_specs import ProxyMode
from mitmproxy.test import tflow
from websocket_client import Talk

from addons.guard import Guard, hook
from addons.lanes import Lane, Lanes, Track
from addons.runner import OTHER_FAILED
from analyzer.bundle import BundleWriter, read_session, verify
from analyzer.readers.bundle import read_exchanges

API = "https://api.app.example"
TWO: tuple[dict[str, str], ...] = ({}, {})


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


def hammer(running: Recording, lane: int, http2: bool) -> None:
    """Forty requests of one client, which say which client they are of."""
    urls = [f"{API}/echo?lane={lane}&h2={http2}&n={number}" for number in range(40)]
    running.post_all(urls, patterned(5000), http2=http2, lane=lane)


def talk(running: Recording, lane: int) -> None:
    """A WebSocket, as above."""
    target = f"/talk?lane={lane}"
    context = running.trusting()
    with Talk(running.ports[lane], "cdn.app.example", target, context) as socket:
        for number in range(40):
            assert socket.ask(f"lane={lane} n={number}") == f"lane={lane} n={number}"


@pytest.mark.capture
def test_two_phones_at_once_and_no_exchange_in_the_wrong_session(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with Recording(tmp_path, server, confdir, lanes=TWO) as running, ThreadPoolExecutor(6) as pool:
        clients = [
            pool.submit(hammer, running, lane, http2) for lane in (0, 1) for http2 in (True, False)
        ] + [pool.submit(talk, running, lane) for lane in (0, 1)]
        for client in clients:
            client.result(timeout=60)
    assert [session.arm.label for session in running.sealed_all] == ["KE-13", "DE-13"]
    for lane, path in enumerate(running.paths):
        assert verify(path) == []
        stored = list(read_exchanges(path))
        served = [each for each in server.log if f"lane={lane}" in each.url]
        assert len(served) == 80 + 80  # requests, messages there and back
        assert {f"lane={lane}" in each.url for each in stored} == {True}
        assert sorted(
            (each.method, each.url, each.request_body, each.response_body)
            for each in stored
            if each.method != "GET"  # the handshake
        ) == sorted((each.method, each.url, each.body, each.answer) for each in served)
        assert dict(running.sealed_all[lane].counts)["hook_errors"] == 0
        assert running.sealed_all[lane].mode == "regular"
        assert running.sealed_all[lane].complete


@pytest.mark.capture
def test_a_socks_phone_beside_one_with_a_proxy_setting(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with Recording(tmp_path, server, confdir, lanes=({}, {"mode": "socks5"})) as running:
        hammer(running, 0, http2=True)
        asking = http.client.HTTPSConnection("api.app.example", timeout=10)
        asking.sock = socks(running.ports[1], "api.app.example", running.trusting())
        asking.request("POST", "/echo?lane=1", body=b"by way of SOCKS")
        assert asking.getresponse().read() == b"by way of SOCKS"
        asking.close()
    assert [session.mode for session in running.sealed_all] == ["regular", "socks5"]
    [one] = read_exchanges(running.paths[1])
    assert (one.url, one.request_body) == (f"{API}/echo?lane=1", b"by way of SOCKS")
    assert {"lane=0" in each.url for each in read_exchanges(running.paths[0])} == {True}


def socks(port: int, host: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    """TLS with `host` through a SOCKS 5 proxy (RFC 1928), HTTP/1.1."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    raw.sendall(b"\x05\x01\x00")
    assert raw.recv(2) == b"\x05\x00"
    name = host.encode()
    raw.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + (443).to_bytes(2, "big"))
    assert raw.recv(10)[:2] == b"\x05\x00"
    return context.wrap_socket(raw, server_hostname=host)


class Failing:
    """Breaks its lane's bundle, as a full disk does, when asked to."""

    def __init__(self, writer: BundleWriter, guard: Guard) -> None:
        self.guard = guard
        self._writer = writer

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        if "break" in flow.request.path:
            vars(self._writer)["_database"].execute("PRAGMA query_only=1")


@pytest.mark.capture
def test_when_one_recording_fails_no_phone_gets_anything_through(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with (
        Recording(tmp_path, server, confdir, lanes=({"extra": (Failing,)}, {})) as running,
        running.client(lane=0) as broken,
        running.client(lane=1) as other,
    ):
        assert other.get(f"{API}/bytes?n=5").status_code == 200
        with pytest.raises(httpx.HTTPError):
            broken.get(f"{API}/bytes?n=5&break")
        with pytest.raises(httpx.HTTPError):
            other.get(f"{API}/bytes?n=6")
        running.wait()
    assert [each.url for each in server.log] == [f"{API}/bytes?n=5"]
    session = read_session(running.paths[1])
    assert session.end_reason == OTHER_FAILED
    assert not session.complete
    assert verify(running.paths[1]) == []
    [kept] = read_exchanges(running.paths[1])
    assert kept.response_body == patterned(5)


class Seen:
    """An addon that remembers what it was given."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.seen: list[object] = []

    @hook
    def request(self, flow: HTTPFlow) -> None:
        self.seen.append(flow)

    @hook
    def client_connected(self, client: Client) -> None:
        self.seen.append(client)


@pytest.fixture
def tracks(tmp_path: Path) -> Iterator[tuple[Track, Track]]:
    made = []
    for repeat in (1, 2):
        session = a_session(tmp_path, repeat)
        writer = BundleWriter.create(tmp_path, session, phase="use")
        lane = Lane(session=session, phase="use")
        track = Track(lane, writer, lambda _: None, remap=None, upstream_ca=None)
        track.addons = [Seen(track.guard)]
        made.append(track)
    yield made[0], made[1]
    for track in made:
        track.writer.close("stopped")


def flow_of(spec: str) -> HTTPFlow:
    """A flow of a client that came in by `spec`."""
    flow = tflow.tflow()
    flow.client_conn.proxy_mode = ProxyMode.parse(spec)
    return flow


def test_each_hook_goes_to_the_lane_of_its_client(tracks: tuple[Track, Track]) -> None:
    lanes = Lanes({"regular@:81": tracks[0], "socks5@:82": tracks[1], "dns@:83": tracks[1]})
    flows = [flow_of(spec) for spec in ("regular@:81", "socks5@:82", "dns@:83")]
    for flow in flows:
        lanes.request(flow)  # type: ignore[attr-defined]
        lanes.client_connected(flow.client_conn)  # type: ignore[attr-defined]
    seen = [each.seen for track in tracks for each in track.addons if isinstance(each, Seen)]
    assert seen[0] == [flows[0], flows[0].client_conn]
    assert seen[1] == [flows[1], flows[1].client_conn, flows[2], flows[2].client_conn]
    assert not hasattr(lanes, "response")  # nobody wants it


def test_who_came_in_by_no_lane_gets_nothing_through(tracks: tuple[Track, Track]) -> None:
    lanes = Lanes({"regular@:81": tracks[0], "socks5@:82": tracks[1]})
    flow = flow_of("regular@:80")
    lanes.client_connected(flow.client_conn)  # type: ignore[attr-defined]
    lanes.request(flow)  # type: ignore[attr-defined]
    assert flow.client_conn.error
    assert flow.error is not None
    assert [each.seen for track in tracks for each in track.addons if isinstance(each, Seen)] == [
        [],
        [],
    ]


class Unmarked:
    def request(self, flow: HTTPFlow) -> None:
        """Nobody would count its exceptions."""


class Asynchronous:
    async def request(self, flow: HTTPFlow) -> None:
        """mitmproxy would wait for it, the lane would not."""


class Global:
    def running(self) -> None:
        """Of no connection, so of no lane."""


@pytest.mark.parametrize("addon", [Unmarked(), Asynchronous(), Global()])
def test_an_addon_that_cannot_be_dispatched_is_refused_at_the_start(
    tracks: tuple[Track, Track], addon: object
) -> None:
    tracks[0].addons = [addon]
    with pytest.raises(TypeError, match="an addon of a lane has"):
        Lanes({"regular@:81": tracks[0]})

"""The recorder behind real clients and in front of real servers: nothing lost, nothing invented."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from capture_rig import HOSTS, Recording, Served, Server, a_session, patterned
from websocket_client import Talk

from addons.runner import record
from analyzer.bundle import add_step, list_bundles, running_bundles, verify
from analyzer.errors import UserError
from analyzer.models import Exchange
from analyzer.readers.bundle import read_events, read_exchanges, read_steps

pytestmark = pytest.mark.capture
API = "https://api.app.example"


@pytest.fixture
def recording(tmp_path: Path, server: Server, confdir: Path) -> Iterator[Recording]:
    with Recording(tmp_path, server, confdir) as running:
        yield running


def stored(path: Path) -> list[Exchange]:
    return list(read_exchanges(path))


def said(exchange: Exchange | Served) -> tuple[str, str, bytes, int | None, bytes]:
    if isinstance(exchange, Served):
        return (exchange.method, exchange.url, exchange.body, exchange.status, exchange.answer)
    return (
        exchange.method,
        exchange.url,
        exchange.request_body,
        exchange.status,
        exchange.response_body,
    )


def test_everything_in_the_servers_log_is_in_the_store_byte_for_byte_and_nothing_else(
    recording: Recording, server: Server
) -> None:
    def use(http2: bool) -> None:
        with recording.client(http2=http2) as client:
            for number in range(8):
                host = HOSTS[number % 3]
                client.get(f"https://{host}/bytes?n={number * 700}", headers={"x-n": str(number)})
                client.post(f"https://{host}/echo?q=%C3%A9", content=patterned(number * 3000))
                client.get(f"https://{host}/chunks?n={number}")
                client.head(f"https://{host}/nothing")

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(use, True), pool.submit(use, False)]:
            done.result()
    with Talk(
        recording.port, "cdn.app.example", "/talk", recording.trusting(), compressed=True
    ) as talk:
        for number in range(20):
            if number % 2:
                talk.ask(f"tëxt {number}")
            else:
                talk.ask(patterned(number * 50))
    recording.stop()

    found = stored(recording.path)
    handshakes = [exchange for exchange in found if exchange.url.endswith("/talk")][:1]
    assert [exchange.status for exchange in handshakes] == [101]
    heads = [served for served in server.log if served.method == "HEAD"]
    expected = Counter(said(served) for served in server.log if served.method != "HEAD")
    expected.update((head.method, head.url, b"", head.status, b"") for head in heads)
    assert Counter(said(exchange) for exchange in found if exchange not in handshakes) == expected
    assert len(server.log) == 2 * 8 * 4 + 2 * 20
    assert {exchange.transport for exchange in found} == {"h2", "http/1.1", "ws"}
    assert all(exchange.complete and not exchange.truncated for exchange in found)
    assert all(exchange.server_ip == "127.0.0.1" for exchange in found)
    assert recording.sealed is not None
    assert recording.sealed.complete
    assert recording.sealed.end_reason == "stopped"
    assert verify(recording.path) == []


def test_headers_keep_their_order_and_repeats(recording: Recording, server: Server) -> None:
    with recording.client(http2=False) as client:
        several = [(b"X-B", b"1"), (b"X-A", b"2"), (b"X-B", "ü".encode()), (b"X-C", b"\xff")]
        client.get(f"{API}/bytes?n=3", headers=several)
    recording.stop()
    [exchange] = stored(recording.path)
    sent = [pair for pair in exchange.request_headers if pair[0].startswith("X-")]
    assert sent == [("X-B", "1"), ("X-A", "2"), ("X-B", "ü"), ("X-C", "ÿ")]
    assert [value for name, value in exchange.response_headers if name == "x-twice"] == ["1", "2"]
    assert dict(exchange.request_headers)["Host"] == "api.app.example"


def test_a_websocket_can_be_read_while_it_is_open(recording: Recording) -> None:
    with Talk(recording.port, "cdn.app.example", "/talk", recording.trusting()) as talk:
        assert talk.ask("hello") == "hello"
        live = stored(recording.path)
        assert [(e.method, e.request_body, e.response_body) for e in live] == [
            ("GET", b"", b""),
            ("WS", b"hello", b""),
            ("WS", b"", b"hello"),
        ]
        assert live[1].url == "https://cdn.app.example/talk"
        assert live[1].transport == "ws"
        assert not live[0].complete
        recording.stop()
    assert recording.sealed is not None
    assert recording.sealed.partial == ("exchange 1 was a WebSocket still open",)
    assert stored(recording.path)[0].complete


def test_an_event_stream_flows_on_and_what_has_passed_is_in_the_file(recording: Recording) -> None:
    began = time.monotonic()
    with (
        recording.client() as client,
        client.stream("GET", f"{API}/events?n=5&every=0.3") as response,
    ):
        pieces = response.iter_raw()
        first = next(pieces)
        assert time.monotonic() - began < 1.2
        [live] = stored(recording.path)
        assert live.response_body.startswith(first)
        assert live.status == 200
        assert not live.complete
        assert list(pieces)
    recording.stop()
    [whole] = stored(recording.path)
    assert whole.response_body == b"".join(b"data: %d\n\n" % i for i in range(5))
    assert whole.complete


@pytest.mark.parametrize("http2", [True, False])
def test_long_bodies_pass_whole_but_only_a_bounded_copy_is_kept(
    recording: Recording, server: Server, http2: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = 2_000_001  # in the middle of a piece
    monkeypatch.setattr("addons.streaming.KEEP", keep)
    size = keep + 100_000
    with recording.client(http2=http2) as client:
        answer = client.post(f"{API}/bytes?n={size}", content=patterned(size))
        assert answer.content == patterned(size)
    assert server.log[0].body == patterned(size)
    recording.stop()
    [exchange] = stored(recording.path)
    assert exchange.request_body == exchange.response_body == patterned(size)[:keep]
    assert exchange.truncated == 200_000
    assert not exchange.complete


def test_a_long_answer_is_in_the_file_before_the_client_has_its_last_byte(
    recording: Recording,
) -> None:
    size = 1_500_000
    with recording.client() as client, client.stream("GET", f"{API}/bytes?n={size}") as response:
        got = 0
        for piece in response.iter_raw():
            got += len(piece)
            if got == size:
                [live] = stored(recording.path)
                assert live.complete
                assert live.response_body == patterned(size)
    assert got == size


def test_the_proxys_own_page_is_not_part_of_the_session(recording: Recording) -> None:
    with recording.client() as client:
        assert client.get("http://mitm.it/").status_code == 200
    recording.stop()
    assert stored(recording.path) == []


def test_nothing_leaves_the_machine_and_what_wanted_to_is_recorded(recording: Recording) -> None:
    with recording.client() as client:
        assert client.get("https://elsewhere.example/x").status_code == 502
        assert client.get("http://192.0.2.1/").status_code == 502
    recording.stop()
    events = {(event.kind, event.host, event.reason) for event in read_events(recording.path)}
    refused = "refused: this session stays on this machine"
    assert events == {("blocked", "elsewhere.example", refused), ("blocked", "192.0.2.1", refused)}
    assert [(e.url, e.status, e.complete) for e in stored(recording.path)] == [
        ("https://elsewhere.example/x", None, False),
        ("http://192.0.2.1/", None, False),
    ]


@pytest.mark.parametrize("http2", [True, False])
def test_an_app_that_hangs_up_leaves_a_cut_exchange(recording: Recording, http2: bool) -> None:
    with recording.client(http2=http2) as client, pytest.raises(httpx.ReadTimeout):
        client.get(f"{API}/never", timeout=0.4)
    time.sleep(0.3)
    recording.stop()
    [exchange] = stored(recording.path)
    assert (exchange.status, exchange.complete) == (None, False)
    with contextlib.closing(sqlite3.connect(recording.path / "capture.sqlite")) as database:
        reasons = database.execute("SELECT state, reason FROM exchange").fetchall()
    assert reasons == [("failed", "the app hung up")]
    assert recording.sealed is not None
    assert recording.sealed.partial == ()


def test_steps_from_another_place_mark_the_phases(recording: Recording, tmp_path: Path) -> None:
    captures = tmp_path / "captures"
    assert running_bundles(captures) == [recording.path]
    with recording.client() as client:
        client.get(f"{API}/bytes?n=1")
        add_step(recording.path, "consent accepted")
        client.get(f"{API}/bytes?n=2")
    recording.stop()
    assert [exchange.phase for exchange in stored(recording.path)] == [
        "first launch",
        "consent accepted",
    ]
    assert [name for _, name in read_steps(recording.path)] == ["first launch", "consent accepted"]
    assert running_bundles(captures) == []


def test_a_recording_ends_quickly_with_live_connections(recording: Recording) -> None:
    with (
        Talk(recording.port, "cdn.app.example", "/talk", recording.trusting()),
        recording.client() as client,
        client.stream("GET", f"{API}/events?n=100&every=0.2"),
        socket.create_connection(("127.0.0.1", recording.port)),
    ):
        began = time.monotonic()
        recording.stop()
        assert time.monotonic() - began < 3
    assert verify(recording.path) == []
    assert recording.sealed is not None
    assert len(recording.sealed.partial) == 2


def test_counts_are_given_while_it_runs_and_agree_with_the_end(recording: Recording) -> None:
    with recording.client() as client:
        client.post(f"{API}/echo", content=b"12345")
        client.get(f"{API}/chunks?n=2")
    time.sleep(0.7)
    recording.stop()
    assert recording.counts[-1] == {
        "exchanges": 2,
        "messages": 0,
        "events": 0,
        "bytes_up": 5,
        "bytes_down": 5 + 1000 + 1001,
    }
    assert recording.sealed is not None
    assert dict(recording.sealed.counts)["exchanges"] == 2
    assert dict(recording.sealed.tools)["mitmproxy"]


def test_a_port_in_use_is_said_in_one_line_and_leaves_no_bundle(
    tmp_path: Path, confdir: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match="cannot listen") as caught:
            record(
                tmp_path / "captures",
                a_session(tmp_path),
                phase="use",
                confdir=confdir,
                port=port,
            )
    assert "\n" not in str(caught.value)
    assert list_bundles(tmp_path / "captures") == []


def test_low_disk_space_ends_the_session_with_its_reason(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with Recording(tmp_path, server, confdir, low_disk=2**60) as recording:
        recording.wait()
    assert recording.sealed is not None
    assert recording.sealed.end_reason == "the disk is almost full"
    assert verify(recording.path) == []

"""What becomes of each connection, by real clients: one row each, with one outcome."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import ssl
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest
from capture_rig import Recording, Server, trusting
from ports import free_port
from tap import Tap
from websocket_client import Talk

from addons import trust
from addons.loopback import ELSEWHERE
from analyzer.models import Connection, TrustState
from analyzer.readers.bundle import read_connections, read_events, read_exchanges
from analyzer.trust import CUT_SHORT, HUNG_UP, HUNG_UP_EARLY, QUIET, REFUSED, judge

pytestmark = pytest.mark.capture
API = "https://api.app.example"
HOST = "api.app.example"
PINNED = "pinned.other.example"


@pytest.fixture
def recording(tmp_path: Path, server: Server, confdir: Path) -> Iterator[Recording]:
    with Recording(tmp_path, server, confdir) as running:
        yield running


@pytest.fixture
def plain_server() -> Iterator[Tap]:
    """A server that speaks no TLS: it answers each connection with its first line, then waits."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Tap(listener.getsockname()) as tap:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    accepted, _ = listener.accept()
                    line = accepted.recv(65536)
                    if line.startswith(b"GET"):
                        accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    else:
                        accepted.sendall(line)

        threading.Thread(target=serve, daemon=True).start()
        yield tap


def rows(recording: Recording) -> list[Connection]:
    recording.stop()
    return list(read_connections(recording.path))


def outcomes(recording: Recording) -> list[tuple[str, str]]:
    return [(each.host, each.outcome) for each in rows(recording)]


def states(recording: Recording) -> list[TrustState]:
    return list(judge(rows(recording)))


def connected(recording: Recording, to: str) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", recording.port))
    plain.sendall(f"CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n".encode())
    assert plain.recv(1000).startswith(b"HTTP/1.1 200")
    return plain


@pytest.mark.parametrize(("http2", "alpn"), [(True, "h2"), (False, "http/1.1")])
def test_what_was_read_has_one_row_and_its_exchanges_name_it(
    recording: Recording, http2: bool, alpn: str
) -> None:
    with recording.client(http2=http2) as client:
        for number in range(3):
            client.get(f"{API}/bytes?n={number}")
        client.get("https://cdn.app.example/bytes?n=1")
    time.sleep(0.1)
    one, other = rows(recording)
    assert (one.host, one.outcome, one.alpn, one.tls) == (HOST, "read", alpn, "TLSv1.3")
    assert (one.address, one.transport, one.phone) == (f"{HOST}:443", "tcp", "127.0.0.1")
    assert (one.reason, one.bytes_up, one.bytes_down) == ("", 0, 0)
    assert one.ended_s is not None
    assert 0 <= one.t_s < one.ended_s
    assert other.host == "cdn.app.example"
    with contextlib.closing(sqlite3.connect(recording.path / "capture.sqlite")) as database:
        found = database.execute("SELECT connection FROM exchange ORDER BY id").fetchall()
    assert found == [(one.id,)] * 3 + [(other.id,)]
    assert list(read_events(recording.path)) == []


def test_a_websocket_is_read(recording: Recording) -> None:
    with Talk(recording.port, "cdn.app.example", "/talk", recording.trusting()) as talk:
        talk.ask("x")
    assert outcomes(recording) == [("cdn.app.example", "read")]


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_knows_only_its_own_authority_refuses(
    recording: Recording, server: Server, version: ssl.TLSVersion
) -> None:
    context = trusting(server.authority)
    context.minimum_version = context.maximum_version = version
    with (
        httpx.Client(proxy=recording.proxy, verify=context) as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.get(f"https://{PINNED}/secret")
    [row] = rows(recording)
    assert (row.host, row.outcome, row.reason, row.tls) == (PINNED, "refused", REFUSED, "")
    assert judge([row]) == ("ca_refused",)
    [event] = read_events(recording.path)
    assert (event.kind, event.host) == ("tls_refused", PINNED)
    assert list(read_exchanges(recording.path)) == []
    assert server.log == []


def test_once_the_phone_trusts_us_for_anything_a_refusal_is_a_pin(
    recording: Recording, server: Server
) -> None:
    with httpx.Client(proxy=recording.proxy, verify=trusting(server.authority)) as client:
        for _ in range(2):
            with contextlib.suppress(httpx.ConnectError):
                client.get(f"https://{PINNED}/bytes?n=1")
    with recording.client() as client:
        client.get(f"{API}/bytes?n=1")
    assert states(recording) == ["pinned", "passed", "decrypted"]


def test_hanging_up_in_the_middle_of_the_handshake_is_a_refusal(recording: Recording) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = recording.trusting().wrap_bio(incoming, outgoing, server_hostname=PINNED)
    with connected(recording, f"{PINNED}:443") as plain, pytest.raises(ssl.SSLWantReadError):
        secure.do_handshake()
    with connected(recording, f"{PINNED}:443") as plain:
        plain.sendall(outgoing.read())
        assert plain.recv(65536)
    time.sleep(0.1)
    unsaid, early = rows(recording)
    assert (early.host, early.outcome, early.reason) == (PINNED, "refused", HUNG_UP_EARLY)
    assert (unsaid.host, unsaid.outcome, unsaid.reason) == (PINNED, "silent", trust.NOTHING_SAID)
    assert judge([unsaid]) == ("unused",)
    assert judge([early]) == ("pin_suspected",)


def test_hanging_up_before_a_certificate_came_is_no_refusal(recording: Recording) -> None:
    with recording.client() as client:
        client.get(f"{API}/bytes?n=1")
    for _ in range(2):
        outgoing = ssl.MemoryBIO()
        secure = recording.trusting().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=PINNED)
        with connected(recording, f"{PINNED}:443") as plain, pytest.raises(ssl.SSLWantReadError):
            secure.do_handshake()
        with connected(recording, f"{PINNED}:443") as plain:
            plain.sendall(outgoing.read()[:100])
        time.sleep(0.1)
    found = rows(recording)
    cut = [each for each in found if each.reason == CUT_SHORT]
    assert [(each.host, each.outcome, each.tls) for each in cut] == [(PINNED, "silent", "")] * 2
    assert set(judge(found)) == {"decrypted", "unused"}
    assert list(read_events(recording.path)) == []


def test_hanging_up_after_the_handshake_is_silence(recording: Recording) -> None:
    for _ in range(2):
        with recording.trusting().wrap_socket(
            connected(recording, f"{PINNED}:443"), server_hostname=PINNED
        ):
            pass
        time.sleep(0.1)
    with recording.client() as client:
        client.get(f"{API}/bytes?n=1")
    first, second, _ = rows(recording)
    assert (first.outcome, first.reason) == (second.outcome, second.reason) == ("silent", HUNG_UP)
    assert (first.tls, first.alpn) == ("TLSv1.3", "")
    assert states(recording) == ["pinned", "pinned", "decrypted"]
    assert [event.kind for event in read_events(recording.path)] == ["tls_refused"] * 2


def test_a_preconnect_that_is_never_used_is_quiet_and_no_pin(recording: Recording) -> None:
    waiting = [
        recording.trusting().wrap_socket(connected(recording, f"{host}:443"), server_hostname=host)
        for host in (HOST, "cdn.app.example", "cdn.app.example", "ads.other.example")
    ]
    time.sleep(1.8)
    live = {each.outcome for each in read_connections(recording.path)}
    waiting[0].sendall(f"GET /bytes?n=1 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
    assert waiting[0].recv(1000)
    found = rows(recording)
    assert live == {"silent"}
    assert [(each.outcome, each.reason) for each in found] == [("read", "")] + [
        ("silent", QUIET)
    ] * 3
    assert states(recording) == ["decrypted"] + ["pin_suspected"] * 3
    for each in waiting:
        each.close()


def test_plain_http_is_a_row_for_each_connection_with_its_first_host(
    tmp_path: Path, confdir: Path, server: Server, plain_server: Tap
) -> None:
    remap = {"one.example": plain_server.address, "two.example": plain_server.address}
    with (
        Recording(tmp_path, server, confdir, remap=remap) as recording,
        contextlib.closing(HTTPConnection("127.0.0.1", recording.port)) as client,
    ):
        for host in ("one.example", "two.example", "gone.example"):
            client.request("GET", f"http://{host}/x", headers={"Host": host})
            client.getresponse().read()
    [row] = rows(recording)
    assert (row.host, row.outcome, row.tls) == ("one.example", "plain", "")
    assert row.address == "one.example:80"
    events = [(each.kind, each.host, each.reason) for each in read_events(recording.path)]
    assert events == [("blocked", "gone.example", ELSEWHERE)]
    assert len(list(read_exchanges(recording.path))) == 3


def test_what_is_not_http_is_counted_and_not_kept(
    tmp_path: Path, confdir: Path, server: Server, plain_server: Tap
) -> None:
    said = b"\x10\x1e\x00\x04MQTT private"
    remap = {"mqtt.example": plain_server.address}
    with Recording(tmp_path, server, confdir, remap=remap) as recording:
        with connected(recording, "mqtt.example:1883") as plain:
            plain.sendall(said)
            assert plain.recv(1000) == said
            plain.sendall(b"private again")
            time.sleep(0.2)
        time.sleep(0.2)
    [row] = rows(recording)
    assert (row.host, row.address, row.outcome) == ("mqtt.example", "mqtt.example:1883", "tcp")
    assert (row.bytes_up, row.bytes_down) == (len(said) + 13, len(said))
    assert (plain_server.up, plain_server.down) == (row.bytes_up, row.bytes_down)
    assert b"private" not in (recording.path / "capture.sqlite").read_bytes()
    [event] = read_events(recording.path)
    assert (event.kind, event.bytes_up) == ("non_http", row.bytes_up)


def test_what_is_not_http_inside_tls_shows_that_the_phone_trusts_us(
    recording: Recording, server: Server
) -> None:
    with recording.trusting().wrap_socket(
        connected(recording, f"{HOST}:8883"), server_hostname=HOST
    ) as secure:
        secure.sendall(b"\x10\x1e\x00\x04MQTT")
        time.sleep(0.3)
    found = rows(recording)
    assert [(each.outcome, each.tls, each.bytes_up) for each in found] == [("tcp", "TLSv1.3", 8)]
    refused = Connection(
        9, 0.0, 1.0, "127.0.0.1", PINNED, "", "tcp", "", "", "refused", REFUSED, 0, 0
    )
    assert judge([*found, refused]) == ("tcp", "pinned")


def test_servers_that_cannot_be_had_are_failures_in_fixed_words(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    nobody = free_port()
    remap = {HOST: server.address, "gone.example": ("127.0.0.1", nobody)}
    with (
        Recording(tmp_path, server, confdir, upstream_ca=None, remap=remap) as recording,
        recording.client() as client,
    ):
        for host in (HOST, "gone.example", "elsewhere.example"):
            assert client.get(f"https://{host}/x").status_code == 502
            assert client.get(f"https://{host}/x").status_code == 502
    events = [(event.kind, event.host, event.reason) for event in read_events(recording.path)]
    assert events == [
        ("error", HOST, trust.BAD_SERVER),
        ("error", "gone.example", trust.UNREACHED),
        ("blocked", "elsewhere.example", ELSEWHERE),
    ]
    assert states(recording) == ["failed", "failed", "blocked"]
    assert not any(exchange.complete for exchange in read_exchanges(recording.path))


def test_a_connection_over_which_anything_was_answered_stays_read(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with Tap(server.address) as tap:
        remap = {**server.remap, HOST: tap.address}
        with (
            Recording(tmp_path, server, confdir, remap=remap) as recording,
            recording.client(http2=False) as client,
        ):
            assert client.get(f"{API}/bytes?n=1").status_code == 200
            tap.cut()
            assert client.get(f"{API}/bytes?n=1").status_code == 502
    assert outcomes(recording) == [(HOST, "read")]


def test_a_client_that_says_nothing_to_the_proxy_is_unused(recording: Recording) -> None:
    with socket.create_connection(("127.0.0.1", recording.port)):
        time.sleep(0.05)
    time.sleep(0.1)
    [row] = rows(recording)
    assert (row.outcome, row.host, row.address) == ("silent", "", "")
    assert states(recording) == ["unused"]
    assert list(read_events(recording.path)) == []


def test_what_is_open_at_the_end_is_left_open(recording: Recording) -> None:
    with (
        recording.client() as client,
        client.stream("GET", f"{API}/events?n=100&every=0.2"),
        socket.create_connection(("127.0.0.1", recording.port)),
    ):
        time.sleep(0.2)
        found = rows(recording)
    assert [(each.outcome, each.ended_s) for each in found] == [("read", None), ("open", None)]

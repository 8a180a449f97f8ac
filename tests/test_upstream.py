"""A phone behind a proxy in another country: all of its traffic leaves there, under its names."""

from __future__ import annotations

import contextlib
import http.client
import socket
import sqlite3
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import httpx
import mitmproxy.connection
import pytest
from capture_rig import Recording, Server, a_session, patterned, trusting
from connect_proxy import ConnectProxy, Echo, PlainServer
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.layers import TCPLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.test import taddons, tflow
from websocket_client import Talk

from addons.guard import Guard, hook
from addons.upstream import WRONG_COUNTRY, ThroughUpstream, Upstream, parse_upstream
from analyzer.bundle import BundleWriter
from analyzer.errors import UserError
from analyzer.readers.bundle import read_connections, read_exchanges

API = "https://api.app.example"
SECRET = "s3cret"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


def behind(proxy: ConnectProxy, credentials: str = "", scheme: str = "http") -> Upstream:
    """How a lane names the proxy."""
    before = f"{credentials}@" if credentials else ""
    return parse_upstream(f"{scheme}://{before}127.0.0.1:{proxy.port}")


def tunnel(port: int, authority: str) -> socket.socket:
    """A connection through our proxy, which waits for its first byte."""
    raw = socket.create_connection(("127.0.0.1", port), timeout=10)
    raw.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
    assert raw.recv(4096).startswith(b"HTTP/1.1 200")
    return raw


def test_an_upstream_is_told_without_its_credentials() -> None:
    upstream = parse_upstream("http://user%40home:p%3Aw@proxy.example:3128/")
    assert upstream.credentials == "user@home:p:w"
    assert upstream.label == "http://proxy.example:3128"
    assert "p:w" not in repr(upstream)
    assert upstream.authorization == "Basic dXNlckBob21lOnA6dw=="
    assert parse_upstream("https://[2001:db8::1]").address == ("2001:db8::1", 443)
    assert parse_upstream("https://[2001:db8::1]").label == "https://[2001:db8::1]:443"
    assert not parse_upstream("http://proxy.example").authorization


@pytest.mark.parametrize(
    "url",
    [
        f"socks5://user:{SECRET}@proxy.example:1080",
        f"ftp://user:{SECRET}@proxy.example",
        f"http://user:{SECRET}@proxy.example:99999",
        f"http://user:{SECRET}@proxy.example/path",
        f"http://user:{SECRET}@[::1",
        f"user:{SECRET}@proxy.example:1080",
        "http://",
    ],
)
def test_what_is_no_upstream_is_said_in_one_line_without_credentials(url: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_upstream(url)
    said = f"{caught.value} {caught.value.fix}"
    assert "\n" not in said
    assert SECRET not in said
    assert ("SOCKS" in said) == url.startswith("socks")


@pytest.mark.capture
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_everything_leaves_through_the_upstream_and_under_its_name(
    tmp_path: Path, server: Server, confdir: Path, scheme: str
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.issuer.issue_cert("127.0.0.1").configure_cert(tls)
    with (
        ConnectProxy(
            server.remap,
            credentials=f"user:{SECRET}",
            tls=tls if scheme == "https" else None,
        ) as proxy,
        Recording(
            tmp_path, server, confdir, upstream=behind(proxy, f"user:{SECRET}", scheme)
        ) as running,
    ):
        for http2 in (True, False):
            urls = [
                f"https://{host}.app.example/echo?{http2}&{number}"
                for host in ("api", "cdn")
                for number in range(5)
            ]
            running.post_all(urls, b"x" * 9, http2=http2)
        with Talk(running.port, "cdn.app.example", "/talk", running.trusting()) as talk:
            assert talk.ask("hello") == "hello"
    assert server.peers
    assert server.peers <= proxy.ports
    assert set(proxy.passed) == {"api.app.example:443", "cdn.app.example:443"}
    stored = list(read_exchanges(running.path))
    sent = {each.url for each in server.log}
    assert {each.url for each in stored} >= sent
    assert len([each for each in stored if each.method == "POST"]) == 20
    everything = b"".join(each.read_bytes() for each in running.path.iterdir())
    for secret in (SECRET.encode(), b"Proxy-Authorization", b"dXNlcjpzM2NyZXQ="):
        assert secret not in everything
    assert running.sealed is not None
    assert running.sealed.policy == (
        "QUIC refused",
        f"upstream {scheme}://127.0.0.1:{proxy.port}",
    )


@pytest.mark.capture
def test_one_connection_to_many_plain_hosts_is_not_held_back(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    hosts = [f"h{number}.app.example" for number in range(8)]
    with (
        PlainServer() as plain,
        ConnectProxy(dict.fromkeys(hosts, plain.address)) as proxy,
        Recording(tmp_path, server, confdir, upstream=behind(proxy)) as running,
    ):
        asking = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
        for host in hosts:
            asking.request("GET", f"http://{host}/path", headers={"Host": host})
            assert asking.getresponse().read() == b"plain"
        asking.close()
    assert proxy.passed == [f"{host}:80" for host in hosts]


@pytest.mark.capture
def test_a_name_that_the_phone_looked_up_itself_still_goes_out_as_a_name(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with (
        PlainServer() as plain,
        ConnectProxy({**server.remap, "plain.app.example": plain.address}) as proxy,
        Recording(tmp_path, server, confdir, upstream=behind(proxy)) as running,
    ):
        raw = tunnel(running.port, "198.18.0.9:443")
        asking = http.client.HTTPSConnection("api.app.example", timeout=5)
        asking.sock = running.trusting().wrap_socket(raw, server_hostname="api.app.example")
        asking.request("POST", "/echo", body=b"over TLS")
        assert asking.getresponse().read() == b"over TLS"
        asking.close()
        with tunnel(running.port, "198.18.0.8:80") as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: plain.app.example\r\n\r\n")
            answer = b"HTTP/1.1 200 ok\r\ncontent-length: 5\r\n\r\nplain"
            assert received(raw, len(answer)) == answer
    assert proxy.passed == ["api.app.example:443", "plain.app.example:80"]


class Pass:
    """Lets TLS for one host pass, as learned passthrough does."""

    def __init__(self, writer: BundleWriter, guard: Guard) -> None:
        self.guard = guard

    @hook
    def next_layer(self, data: NextLayer) -> None:
        if b"pinned.other.example" in data.data_client():
            data.context.client.sni = "pinned.other.example"
            data.layer = TCPLayer(data.context, ignore=False)


@pytest.mark.capture
def test_raw_tcp_and_tls_that_is_not_decrypted_use_the_upstream_too(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.issuer.issue_cert("mqtt.app.example").configure_cert(tls)
    said = patterned(100_000)
    with (
        Echo() as plain,
        Echo(tls) as secure,
        ConnectProxy(
            {**server.remap, "raw.app.example": plain.address, "mqtt.app.example": secure.address}
        ) as proxy,
        Recording(tmp_path, server, confdir, upstream=behind(proxy), extra=(Pass,)) as running,
    ):
        with tunnel(running.port, "raw.app.example:7000") as raw:
            raw.sendall(b"\x00\x01\x02" + said)
            assert received(raw, len(said) + 3) == b"\x00\x01\x02" + said
        with (
            tunnel(running.port, "198.18.0.3:8883") as raw,
            running.trusting().wrap_socket(raw, server_hostname="mqtt.app.example") as inside,
        ):
            inside.sendall(b"\x10\x00\x00\x00" + said)
            assert received(inside, len(said) + 4) == b"\x10\x00\x00\x00" + said
        raw = tunnel(running.port, "198.18.0.4:443")
        pinned = trusting(server.authority)
        pinned.set_alpn_protocols([])
        asking = http.client.HTTPSConnection("pinned.other.example", timeout=5)
        asking.sock = pinned.wrap_socket(raw, server_hostname="pinned.other.example")
        asking.request("POST", "/echo", body=b"not for the proxy")
        assert asking.getresponse().read() == b"not for the proxy"
        asking.close()
    assert sorted(proxy.passed) == [
        "mqtt.app.example:8883",
        "pinned.other.example:443",
        "raw.app.example:7000",
    ]
    assert plain.peers | secure.peers | server.peers == proxy.ports


@pytest.mark.capture
def test_what_the_upstream_refuses_is_recorded_and_does_not_leave_otherwise(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with (
        ConnectProxy({}, credentials="user:right") as proxy,
        Recording(tmp_path, server, confdir, upstream=behind(proxy, "user:wrong")) as running,
        running.client() as client,
    ):
        assert client.get(f"{API}/echo").status_code == 502
    assert not server.peers
    assert [each.credentials for each in proxy.log] == ["user:wrong"]
    assert reasons(running.path) == [(f"{API}/echo", "the upstream proxy refused the connection")]


def reasons(path: Path) -> list[tuple[str, str]]:
    """Why exchanges have no answer, by URL."""
    with contextlib.closing(sqlite3.connect(path / "capture.sqlite")) as database:
        return database.execute("SELECT url, reason FROM exchange ORDER BY id").fetchall()


@pytest.mark.capture
def test_a_server_connection_that_bypasses_the_upstream_is_refused(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with (
        ConnectProxy(server.remap) as proxy,
        Recording(tmp_path, server, confdir, upstream=behind(proxy), extra=(Bypass,)) as running,
        running.client() as client,
    ):
        assert client.get(f"{API}/echo").status_code == 502
    assert not server.peers
    assert not proxy.log
    assert reasons(running.path) == [(f"{API}/echo", WRONG_COUNTRY)]
    [row] = read_connections(running.path)
    assert (row.host, row.outcome, row.reason) == ("api.app.example", "blocked", WRONG_COUNTRY)


@pytest.mark.capture
@pytest.mark.parametrize("url", [f"{API}/echo", "http://plain.app.example/"])
def test_an_upstream_that_is_gone_is_told_of_the_host_that_was_asked_for(
    tmp_path: Path, server: Server, confdir: Path, url: str
) -> None:
    with ConnectProxy({}) as gone:
        upstream = behind(gone)
    with (
        Recording(tmp_path, server, confdir, upstream=upstream) as running,
        running.client() as client,
    ):
        assert client.get(url).status_code == 502
    assert reasons(running.path) == [(url, "the server could not be reached")]
    [row] = read_connections(running.path)
    assert row.host == httpx.URL(url).host
    assert (row.outcome, row.reason) == ("failed", "the server could not be reached")


class Bypass:
    """An addon that is wrong: it takes the way out away again."""

    def __init__(self, writer: BundleWriter, guard: Guard) -> None:
        self.guard = guard

    @hook
    def requestheaders(self, flow: HTTPFlow) -> None:
        flow.server_conn.via = None


def through(writer: BundleWriter) -> ThroughUpstream:
    """The addon, of a phone that has looked up one name."""
    return ThroughUpstream(
        parse_upstream("http://127.0.0.1:3128"),
        Guard(writer, lambda _: None),
        name_of=lambda client: "raw.app.example" if client.peername[0] == "10.0.0.1" else "",
    )


@pytest.mark.parametrize(
    ("phone", "sni", "asked", "authority"),
    [
        ("10.0.0.1", None, "198.18.0.1", "raw.app.example:7000"),
        ("10.0.0.1", "sni.app.example", "198.18.0.1", "sni.app.example:7000"),
        ("10.0.0.2", None, "198.18.0.1", "198.18.0.1:7000"),
        ("10.0.0.2", None, "2001:db8::1", "[2001:db8::1]:7000"),
        ("10.0.0.1", "sni.app.example", "asked.app.example", "asked.app.example:7000"),
    ],
)
def test_a_connect_asks_for_the_best_name_that_is_known(
    tmp_path: Path, phone: str, sni: str | None, asked: str, authority: str
) -> None:
    writer = BundleWriter.create(tmp_path, a_session(tmp_path), phase="use")
    flow = tflow.tflow()
    flow.client_conn.peername, flow.client_conn.sni = (phone, 1), sni
    flow.request.data.host, flow.request.data.port = asked, 7000
    flow.request.headers["Host"] = "anything"
    through(writer).http_connect_upstream(flow)
    assert (flow.request.authority, flow.request.headers["Host"]) == (authority, authority)
    assert "Proxy-Authorization" not in flow.request.headers
    writer.close("stopped")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_udp_to_the_upstream_itself_is_no_way_out(
    tmp_path: Path, transport: Literal["tcp", "udp"]
) -> None:
    writer = BundleWriter.create(tmp_path, a_session(tmp_path), phase="use")
    addon = through(writer)
    server = mitmproxy.connection.Server(address=("127.0.0.1", 3128), transport_protocol=transport)
    client = mitmproxy.connection.Client(peername=("10.0.0.1", 1), sockname=("10.0.0.2", 443))
    with taddons.context():
        addon.server_connect(ServerConnectionHookData(server, client))
    assert server.error == (None if transport == "tcp" else WRONG_COUNTRY)
    writer.close("stopped")


def received(raw: socket.socket, size: int) -> bytes:
    """So many bytes."""
    found = b""
    while len(found) < size and (piece := raw.recv(65536)):
        found += piece
    return found

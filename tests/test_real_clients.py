"""Chromium, an HTTP/2 client, gRPC and OkHttp at once: what they say is in the store, all of it.

The truth is the servers' logs and the clients' own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import phone_clients
import pytest
from app_server import Served, Server, patterned
from capture_rig import Recording
from grpc_rig import HOST as GRPC
from grpc_rig import GrpcServer
from netns_browser import Browser, Visit, open_page
from netns_recorder import recorder
from netns_rig import phone_namespace
from okhttp_rig import OkHttp, compiled
from phone_clients import unpacked

from addons.starting import prepare_authority
from analyzer.bundle import read_session, verify
from analyzer.models import Exchange
from analyzer.readers.bundle import read_connections, read_exchanges
from analyzer.trust import judge

pytestmark = [pytest.mark.capture, pytest.mark.browser]
API = "https://api.app.example"
CDN = "https://cdn.app.example"
SOCKET = "wss://cdn.app.example/talk"
# What the page says; it returns its log: [method, URL, status, body, answer], bytes in Base64.
SPEAK = """
async () => {
    const who = "who=WHO", log = [];
    const text = async data => {
        const bytes = new Uint8Array(await new Response(data).arrayBuffer());
        return btoa(Array.from(bytes, each => String.fromCharCode(each)).join(""));
    };
    const ask = async (method, url, body) => {
        const request = new Request(url, {method, body});
        const sent = await text(request.clone().body ? await request.clone().arrayBuffer() : "");
        const answer = await fetch(request);
        log.push([method, request.url, answer.status, sent, await text(answer.body)]);
    };
    await ask("POST", `/echo?${who}`, JSON.stringify({device: {ifa: who}}));
    await ask("POST", `/echo?${who}`, new URLSearchParams({a: who, b: "\\u00e9"}));
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(70000), who]), "blob.bin");
    await ask("POST", `/echo?${who}`, form);
    const packed = new Blob([who]).stream().pipeThrough(new CompressionStream("gzip"));
    await ask("POST", `/echo?${who}`, await new Response(packed).arrayBuffer());
    await Promise.all([...Array(20).keys()].map(n => ask("POST", `/echo?${who}&n=${n}`, who + n)));
    await ask("GET", `/bytes?n=200000&${who}`);
    await ask("GET", `/chunks?n=9&${who}`);
    await ask("GET", `/events?n=5&every=0.02&${who}`);
    const socket = new WebSocket(`wss://api.app.example/talk?${who}`);
    socket.binaryType = "arraybuffer";
    const shown = socket.url.replace("wss:", "https:");
    await new Promise((done, failed) => { socket.onopen = done; socket.onerror = failed; });
    for (const message of [who, "\\u00e9", new Uint8Array([0, 255, 7]), "x".repeat(70000)]) {
        const answered = new Promise(done => { socket.onmessage = event => done(event.data); });
        socket.send(message);
        const answer = await text(await answered);
        log.push(["WS", shown, 101, await text(message), ""], ["WS", shown, 101, "", answer]);
    }
    await new Promise(done => { socket.onclose = done; socket.close(); });
    return log;
}
"""
Line = tuple[str, str, bytes, bytes, int | None]


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return compiled(tmp_path_factory.mktemp("okhttp"))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, GrpcServer]]:
    with Server(tmp_path_factory.mktemp("server")) as server, GrpcServer(server) as rpc:
        yield server, rpc


@pytest.fixture
def server(servers: tuple[Server, GrpcServer]) -> Server:
    servers[0].log.clear()
    servers[1].log.clear()
    return servers[0]


@pytest.fixture
def rpc(servers: tuple[Server, GrpcServer]) -> GrpcServer:
    return servers[1]


def visit(authority: Path, who: str, **more: str) -> Visit:
    """The page's first request has `who` in it, too."""
    page = f"{API}/nothing?who={who}"
    return Visit(page, SPEAK.replace("WHO", who), trusted=str(authority), **more)  # type: ignore[arg-type]


def apps_talk(phone: OkHttp, who: str) -> list[Served]:
    """An Android app: several calls at once over both protocols, and a WebSocket over each."""
    for protocol in ("h2", "http/1.1"):
        calls = [
            (f"{API}/echo?who={who}&{protocol}&n={number}", patterned(number * 9_000))
            for number in range(12)
        ]
        begun = [phone.begin(url, body, protocol=protocol) for url, body in calls]
        for number, (url, body) in zip(begun, calls, strict=True):
            answer = phone.result(number, url, body)
            assert (answer.status, answer.protocol, answer.body) == (200, protocol, body)
        assert phone.call(f"{CDN}/chunks?n=30&who={who}", protocol=protocol).status == 200
        assert phone.call(f"{CDN}/nothing?who={who}", protocol=protocol).status == 404
        said: list[str | bytes] = [who, "é", b"\0\xff\7", patterned(70_000), ""]
        assert phone.talk(f"{SOCKET}?who={who}", said, protocol=protocol) == said
    return phone.log


def counted(lines: Sequence[Served]) -> Counter[Line]:
    return Counter((each.method, each.url, each.body, each.answer, each.status) for each in lines)


def stored(found: Sequence[Exchange]) -> Counter[Line]:
    """What is in the store, less the openings of WebSockets: the servers log their messages."""
    return Counter(
        (each.method, each.url, each.request_body, each.response_body, each.status)
        for each in found
        if each.status != 101 or each.method == "WS"
    )


def openings(found: Sequence[Exchange]) -> int:
    return sum(each.status == 101 and each.method == "GET" for each in found)


def the_store_is_the_truth(path: Path, served: Sequence[Served], said: Sequence[Served]) -> None:
    """Everything that was served and nothing else; everything that clients saw completed."""
    assert verify(path) == []
    found = list(read_exchanges(path))
    assert stored(found) == counted(served)
    # The page's own first request, and an icon if the browser likes one, are not in its log.
    unsaid = counted(served) - counted(said)
    assert counted(said) - counted(served) == Counter()
    assert {method for method, *_ in unsaid} == {"GET"}
    assert unsaid.total() <= 2
    assert openings(found) == 3  # Chromium's and the two of OkHttp
    assert all(each.complete and not each.truncated for each in found)
    versions = {(each.transport, each.url.split("/")[2]) for each in found}
    assert {("h2", GRPC), ("h2", "api.app.example"), ("http/1.1", "api.app.example")} <= versions
    session = read_session(path)
    assert session.complete
    assert session.partial == ()
    counts = dict(session.counts)
    assert counts["hook_errors"] == 0
    assert counts["exchanges"] == sum(each.method != "WS" for each in found)
    assert counts["messages"] == sum(each.method == "WS" for each in found)
    every = read_connections(path)
    # Beside them, what Chromium asks of its maker is there as refused, or as never used.
    ours = [
        state
        for each, state in zip(every, judge(every), strict=True)
        if each.host.endswith(".app.example")
    ]
    assert {"decrypted"} <= set(ours) <= {"decrypted", "unused"}


def of(log: Sequence[Served], who: str) -> list[Served]:
    """A phone's part. The request for a page's icon names the page as its referrer."""

    def named(line: Served) -> bool:
        asked = (line.url, *(value for _, value in line.headers))
        return who.encode() in line.body or any(f"who={who}" in each for each in asked)

    return [each for each in log if named(each)]


def test_two_phones_of_four_real_clients_each_at_once_behind_proxies(
    tmp_path: Path, java: list[str], server: Server, rpc: GrpcServer
) -> None:
    confdir = tmp_path / "conf"
    prepare_authority(confdir, 2048)
    names = ("first", "second")
    with (
        Recording(tmp_path, server, confdir, lanes=({}, {})) as running,
        ThreadPoolExecutor(6) as pool,
    ):
        authority = running.authority
        proxies = [f"http://127.0.0.1:{port}" for port in running.ports]
        pages = [
            open_page(None, visit(authority, who, proxy=proxy))
            for who, proxy in zip(names, proxies, strict=True)
        ]
        phones = [OkHttp(java, [authority], proxy=port) for port in running.ports]
        begun = [
            (
                pool.submit(apps_talk, phone, who),
                pool.submit(phone_clients.http2, authority, who, proxy),
                pool.submit(phone_clients.rpc, authority, who, proxy),
            )
            for phone, who, proxy in zip(phones, names, proxies, strict=True)
        ]
        said = [
            app.result(60) + unpacked(http2.result(60)) + unpacked(calls.result(60)) + log_of(page)
            for (app, http2, calls), page in zip(begun, pages, strict=True)
        ]
        for phone in phones:
            phone.end()
    everything = [*server.log, *rpc.log]
    assert [session.arm.label for session in running.sealed_all] == ["KE-13", "DE-13"]
    mine = [of(everything, who) for who in names]
    assert counted(mine[0]) + counted(mine[1]) == counted(everything)
    for path, served, log in zip(running.paths, mine, said, strict=True):
        the_store_is_the_truth(path, served, log)


def log_of(page: Browser) -> list[Served]:
    return unpacked(json.dumps(page.result()))


def test_four_real_clients_at_once_in_a_tunnel(
    tmp_path: Path, java: list[str], server: Server, rpc: GrpcServer
) -> None:
    with recorder(tmp_path, server) as running, phone_namespace(running.config()) as inside:
        page = open_page(inside, visit(running.authority, "first"))
        others = [
            phone_clients.start(inside, name, running.authority, "first")
            for name in ("http2", "rpc")
        ]
        with OkHttp(java, [running.authority], inside=inside) as phone:
            said = apps_talk(phone, "first")
            for other in others:
                log, complaints = other.communicate(timeout=60)
                assert other.returncode == 0, complaints
                said += unpacked(log)
            said += log_of(page)
        assert running.end() == "terminated"
    the_store_is_the_truth(running.path, [*server.log, *rpc.log], said)

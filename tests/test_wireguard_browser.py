"""A real Chromium behind WireGuard: HTTP/3, its refusal, and two phones at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_server import Served, Server
from h3_server import Http3Server
from netns_browser import Visit, open_page
from netns_recorder import recorder
from netns_rig import phone_namespace

from analyzer.bundle import verify
from analyzer.models import Exchange
from analyzer.readers.bundle import read_connections, read_exchanges

pytestmark = [pytest.mark.capture, pytest.mark.browser]
PAGE = "https://api.app.example/nothing"
HOSTS = ("api.app.example", "cdn.app.example")
SPEAK = """
async () => {
    const who = `who=${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
    const post = (body, headers) => fetch(`/echo?${who}`, {method: "POST", body, headers});
    await post(JSON.stringify({device: {ifa: "x"}, who}));
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(70000)]), "blob.bin");
    await post(form);
    const packed = new Blob([who]).stream().pipeThrough(new CompressionStream("gzip"));
    await post(await new Response(packed).arrayBuffer(), {"x-packed": "gzip"});
    for (let number = 0; number < 20; number++) await post(`${who}&number=${number}`);
    navigator.sendBeacon(`/echo?beacon=1&${who}`, "beacon");
    const pixel = new Image();
    const loaded = new Promise(done => { pixel.onload = pixel.onerror = done; });
    pixel.src = `https://cdn.app.example/bytes?n=40&pixel=1&${who}`;
    await loaded;
    await (await fetch(`/bytes?n=200000&${who}`)).arrayBuffer();
    await (await fetch(`/chunks?n=5&${who}`)).arrayBuffer();
    const socket = new WebSocket(`wss://api.app.example/talk?${who}`);
    await new Promise((done, failed) => { socket.onopen = done; socket.onerror = failed; });
    for (const message of [who, "\\u00e9", new Uint8Array([0, 255, 7])]) {
        const answered = new Promise(done => { socket.onmessage = done; });
        socket.send(message);
        await answered;
    }
    await new Promise(done => { socket.onclose = done; socket.close(); });
    return performance.getEntriesByType("resource").map(each => each.nextHopProtocol);
}
"""
Line = tuple[str, str, bytes, bytes]


class OffersHttp3(Server):
    """Says in each answer that it can be spoken to over HTTP/3 as well."""

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        async def offering(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"].append((b"alt-svc", b'h3=":443"'))
            await send(message)

        await super()._app(scope, receive, offering)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Http3Server]]:
    folder = tmp_path_factory.mktemp("server")
    server = OffersHttp3(folder)
    http3 = Http3Server(server, folder)
    with server, http3:
        yield server, http3


@pytest.fixture
def server(servers: tuple[Server, Http3Server]) -> Server:
    servers[0].log.clear()
    return servers[0]


@pytest.fixture
def http3(servers: tuple[Server, Http3Server]) -> Http3Server:
    servers[1].log.clear()
    return servers[1]


def served(*logs: list[Served]) -> Counter[Line]:
    return Counter((line.method, line.url, line.body, line.answer) for log in logs for line in log)


def stored(exchanges: list[Exchange]) -> Counter[Line]:
    """What is in the store, less the openings of WebSockets: the servers log their messages."""
    return Counter(
        (each.method, each.url, each.request_body, each.response_body)
        for each in exchanges
        if each.status != 101 or each.method == "WS"
    )


def requests(exchanges: list[Exchange]) -> list[Exchange]:
    return [each for each in exchanges if each.method != "WS" and each.status != 101]


def test_http3_is_read_through_the_tunnel(
    tmp_path: Path, server: Server, http3: Http3Server
) -> None:
    with recorder(tmp_path, server) as running, phone_namespace(running.config()) as phone:
        visit = Visit(PAGE, SPEAK, trusted=str(running.authority), force_quic=HOSTS, local=True)
        protocols = open_page(phone, visit).result()
        assert running.end() == "terminated"
    assert set(protocols) - {""} == {"h3"}  # of the picture from another host it does not tell
    assert verify(running.path) == []
    found = list(read_exchanges(running.path))
    assert stored(found) == served(server.log, http3.log)
    assert {each.transport for each in requests(found)} == {"h3"}
    assert len(http3.log) > 25
    assert {line.method for line in server.log} == {"WS"}  # they stay on TCP


def test_refused_http3_is_counted_and_the_page_loads_over_tcp(
    tmp_path: Path, server: Server, http3: Http3Server
) -> None:
    with (
        recorder(tmp_path, server, lanes=[{"refuse_quic": True}]) as running,
        phone_namespace(running.config()) as phone,
    ):
        open_page(phone, Visit(PAGE, SPEAK, trusted=str(running.authority))).result()
        assert running.end() == "terminated"
    assert http3.log == []
    found = list(read_exchanges(running.path))
    assert stored(found) == served(server.log)
    assert {each.transport for each in requests(found)} == {"h2"}
    assert len(requests(found)) > 25
    refused = [each for each in read_connections(running.path) if each.outcome == "quic_refused"]
    assert refused
    assert {each.transport for each in refused} == {"quic"}


def test_two_phones_at_once_are_kept_apart(
    tmp_path: Path, server: Server, http3: Http3Server
) -> None:
    zones = ("Africa/Nairobi", "Europe/Berlin")
    with (
        recorder(tmp_path, server, lanes=({}, {})) as running,
        phone_namespace(running.config(0)) as first,
        phone_namespace(running.config(1)) as second,
    ):
        trusted = str(running.authority)
        visits = [
            open_page(first, Visit(PAGE, SPEAK, trusted, HOSTS, "sw-KE", zones[0], local=True)),
            open_page(second, Visit(PAGE, SPEAK, trusted, (), "de-DE", zones[1])),
        ]
        for visit in visits:
            visit.result()
        assert running.end() == "terminated"
    everything: Counter[Line] = Counter()
    for path, zone, language in zip(running.paths, zones, ("sw-KE", "de-DE"), strict=True):
        assert verify(path) == []
        found = list(read_exchanges(path))
        everything += stored(found)
        said = [each for each in found if "who=" in each.url]
        assert len(said) > 25
        assert {each.url.partition("who=")[2] for each in said} == {zone}
        languages = {dict(each.request_headers)["accept-language"][:5] for each in requests(found)}
        assert languages == {language}
    assert everything == served(server.log, http3.log)

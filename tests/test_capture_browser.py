"""A real Chromium as the phone: what its pages send is in the store, byte for byte."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_rig import Recording, Server
from netns_browser import fingerprint
from playwright.sync_api import Browser

from addons.starting import prepare_authority
from analyzer.bundle import verify
from analyzer.models import Exchange
from analyzer.readers.bundle import read_events, read_exchanges
from reports.chromium import find_chromium

pytestmark = [pytest.mark.capture, pytest.mark.browser]
PAGE = "https://api.app.example/nothing"
SPEAK = """
async () => {
    const echo = "/echo?from=page";
    await fetch(echo, {method: "POST", body: JSON.stringify({device: {ifa: "x"}})});
    await fetch(echo, {method: "POST", body: new URLSearchParams({a: "1", b: "é"})});
    const form = new FormData();
    form.append("file", new Blob([new Uint8Array(70000)]), "blob.bin");
    await fetch(echo, {method: "POST", body: form});
    const packed = new Blob(["packed"]).stream().pipeThrough(new CompressionStream("gzip"));
    await fetch(echo, {method: "POST", body: await new Response(packed).arrayBuffer(),
                       headers: {"x-packed": "gzip"}});
    navigator.sendBeacon("/echo?beacon=1", "beacon");
    const pixel = new Image();
    const loaded = new Promise(done => { pixel.onload = pixel.onerror = done; });
    pixel.src = "https://ads.other.example/bytes?n=40&pixel=1";
    await loaded;
    const socket = new WebSocket("wss://api.app.example/talk");
    await new Promise((done, failed) => { socket.onopen = done; socket.onerror = failed; });
    for (const message of ["hello", "\\u00e9", new Uint8Array([0, 255, 7])]) {
        const answered = new Promise(done => { socket.onmessage = done; });
        socket.send(message);
        await answered;
    }
    await new Promise(done => { socket.onclose = done; socket.close(); });
    await (await fetch("/bytes?n=20000")).arrayBuffer();
}
"""


@pytest.fixture
def chromium(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """A Chromium that trusts the proxy's authority as a prepared phone does, from the first."""
    confdir = tmp_path / "conf"
    prepare_authority(confdir, 2048)
    accepted = fingerprint(confdir / "mitmproxy-ca-cert.pem")
    arguments = ["--no-first-run", f"--ignore-certificate-errors-spki-list={accepted}"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    arguments += [f"--disable-{each}" for each in ("background-networking", "sync", "gpu")]
    launched = browser.browser_type.launch(executable_path=find_chromium(), args=arguments)
    yield launched
    launched.close()


def test_what_pages_send_is_in_the_store_and_nothing_else(
    tmp_path: Path, chromium: Browser
) -> None:
    (tmp_path / "server").mkdir()
    with (
        Server(tmp_path / "server") as server,
        Recording(tmp_path, server, tmp_path / "conf") as recording,
    ):
        context = chromium.new_context(proxy={"server": recording.proxy}, user_agent="Pixel 7")
        page = context.new_page()
        page.goto(PAGE)
        page.evaluate(SPEAK)
        page.wait_for_timeout(300)  # a beacon has no answer to wait for
        context.close()
    assert verify(recording.path) == []
    exchanges = list(read_exchanges(recording.path))
    requests = [each for each in exchanges if each.status is not None and each.status != 101]
    # A favicon is asked for or not, as the browser likes; server and store have to agree on it.
    served = Counter((each.method, each.url, each.body, each.answer) for each in server.log)
    stored = Counter(
        (each.method, each.url, each.request_body, each.response_body)
        for each in exchanges
        if each in requests or each.method == "WS"
    )
    assert stored == served
    assert [_spoken(each) for each in exchanges if each.method == "WS"] == [
        (b"hello", b""),
        (b"", b"hello"),
        ("é".encode(), b""),
        (b"", "é".encode()),
        (b"\x00\xff\x07", b""),
        (b"", b"\x00\xff\x07"),
    ]
    assert {each.transport for each in requests} == {"h2"}
    # Whatever Chromium calls of its own accord is refused, and never leaves this machine.
    assert all(event.kind != "tls_passthrough" for event in read_events(recording.path))


def _spoken(exchange: Exchange) -> tuple[bytes, bytes]:
    return exchange.request_body, exchange.response_body

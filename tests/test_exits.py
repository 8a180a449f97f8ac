"""Where the traffic leaves is measured over its own way; from the wrong country nothing leaves."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from capture_rig import Recording, Server, a_session
from connect_proxy import ConnectProxy, Echo

from addons.exits import UNANSWERED, ExitCheck, Exits
from addons.guard import Guard
from addons.upstream import parse_upstream
from analyzer.bundle import BundleWriter, read_session
from analyzer.errors import UserError
from analyzer.models import Measured
from analyzer.readers.bundle import read_connections, read_events, read_measured

API = "https://api.app.example"
KE, DE, RO = "192.0.2.1", "192.0.2.2", "2001:db8::3"
PLACES = {
    KE: (("KE", "geo:one 2026"), ("KE", "geo:two 2026")),
    DE: (("DE", "geo:one 2026"), ("DE", "geo:two 2026")),
    RO: (("RO", "geo:one 2026"), ("DE", "geo:two 2026")),
}


def locate(address: str) -> Sequence[tuple[str, str]]:
    """What two databases say."""
    return PLACES.get(address, ())


class Teller(Echo):
    """The check URL's server: says `address`, or whatever `answer` is."""

    def __init__(self, address: str, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self.address_told = address
        self.answer: bytes | None = None
        self.asked: list[bytes] = []

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.add(writer.get_extra_info("peername")[1])
        with contextlib.suppress(EOFError, OSError):
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            body = self.address_told.encode()
            head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body)
            writer.write(head + body if self.answer is None else self.answer)
            await writer.drain()
            if self.answer == b"":  # says nothing, and stays
                await reader.read()
        writer.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running


def asked_once(
    root: Path, url: str, *, timeout_s: float = 5.0, authority: Path | None = None
) -> tuple[list[Measured], list[str], bool]:
    """Ask directly, for the arm KE: what was measured, the events, and whether it is wrong."""
    writer = BundleWriter.create(root / "captures", a_session(root), phase="use")
    exits = Exits(
        writer,
        Guard(writer, lambda _: None),
        ExitCheck(url, locate),
        country="KE",
        upstream=None,
        authority=authority,
    )
    asyncio.run(exits.ask(timeout_s))
    writer.close("stopped")
    assert exits.guard.errors == 0
    return (
        list(read_measured(writer.path)),
        [event.reason for event in read_events(writer.path)],
        exits.wrong,
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n" + KE.encode() + b"\n",
        b'HTTP/1.1 200 OK\r\ncontent-length: 19\r\n\r\n{"ip": "192.0.2.1"}',
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n192.\r\n5\r\n0.2.1\r\n0\r\n\r\n",  # noqa: E501
        b"HTTP/1.0 200 OK\r\n\r\n192.0.2.1",
    ],
)
def test_the_address_is_told_as_text_or_as_json(tmp_path: Path, answer: bytes) -> None:
    with Teller(KE) as teller:
        teller.answer = answer
        measured, events, wrong = asked_once(tmp_path, f"http://127.0.0.1:{teller.port}/ip?v=4")
    assert [(each.topic, each.value, each.source) for each in measured] == [
        ("exit_ip", KE, "check url"),
        ("exit_country", "KE", "geo:one 2026"),
        ("exit_country", "KE", "geo:two 2026"),
    ]
    assert teller.asked[0].startswith(b"GET /ip?v=4 HTTP/1.1\r\n")
    assert (events, wrong) == ([], False)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n\r\n<html>192.0.2.1</html>",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n" + b'{"ip":' * 9000,
        b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe",
        b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 100_000 + KE.encode(),
        b"HTTP/1.1 503 No\r\n\r\n192.0.2.1",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz",
        b"SSH-2.0",
    ],
)
def test_an_answer_that_tells_nothing_is_an_event(tmp_path: Path, answer: bytes) -> None:
    with Teller(KE) as teller:
        teller.answer = answer
        began = time.monotonic()
        found = asked_once(tmp_path, f"http://127.0.0.1:{teller.port}/", timeout_s=0.5)
    assert found == ([], [UNANSWERED], False)
    assert time.monotonic() - began < 2


def test_a_server_whose_certificate_is_not_trusted_is_not_believed(
    tmp_path: Path, server: Server
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.issuer.issue_cert("127.0.0.1").configure_cert(tls)
    with Teller(DE, tls) as teller:
        url = f"https://127.0.0.1:{teller.port}/"
        trusted = asked_once(tmp_path / "a", url, authority=server.authority)
        untrusted = asked_once(tmp_path / "b", url)
    assert [each.value for each in trusted[0]] == [DE, "DE", "DE"]
    assert trusted[2]
    assert untrusted == ([], [UNANSWERED], False)


def test_where_the_databases_differ_nothing_is_refused(tmp_path: Path) -> None:
    with Teller(RO) as teller:
        measured, _, wrong = asked_once(tmp_path, f"http://127.0.0.1:{teller.port}/")
    assert [each.value for each in measured] == [RO, "RO", "DE"]
    assert not wrong


@pytest.mark.parametrize(
    "url", ["check.example", "ftp://a/", "http://", "http://a b/", "http://[/"]
)
def test_a_check_url_that_cannot_be_asked_is_a_mistake(url: str) -> None:
    with pytest.raises(UserError, match="check url"):
        ExitCheck(url, locate)


@pytest.mark.capture
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_from_the_wrong_country_nothing_leaves_until_it_is_right_again(
    tmp_path: Path, server: Server, confdir: Path, scheme: str
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.issuer.issue_cert("127.0.0.1").configure_cert(tls)
    secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.issuer.issue_cert("check.example").configure_cert(secure)
    with (
        Teller(KE, secure) as teller,
        ConnectProxy(
            {**server.remap, "check.example": teller.address},
            credentials="user:pass",
            tls=tls if scheme == "https" else None,
        ) as proxy,
        Recording(
            tmp_path,
            server,
            confdir,
            upstream=parse_upstream(f"{scheme}://user:pass@127.0.0.1:{proxy.port}"),
            exit_check=ExitCheck("https://check.example/", locate, every_s=0.2),
        ) as running,
    ):
        assert len(teller.asked) == 1  # before the phone was told to come
        answers: list[int] = []
        for told in (KE, DE, KE):
            teller.address_told = told
            count = len(teller.asked)
            while len(teller.asked) < count + 2:  # the second was asked after the change
                time.sleep(0.02)
            with running.client() as client:
                answers.append(client.get(f"{API}/bytes?n={len(answers)}").status_code)
        before_the_end = len(teller.asked)
    assert answers == [200, 502, 200]
    assert [each.url for each in server.log] == [f"{API}/bytes?n=0", f"{API}/bytes?n=2"]
    assert len(teller.asked) > before_the_end
    assert server.peers
    assert teller.peers | server.peers <= proxy.ports  # the last one may have been cut off
    values = [each.value for each in read_measured(running.path) if each.topic == "exit_country"]
    assert {"KE", "DE"} == set(values)
    assert read_session(running.path).egress == "disputed"
    assert read_session(running.path).policy[-1] == "wrong exit refused"
    blocked = [each for each in read_connections(running.path) if each.outcome == "blocked"]
    assert [(each.host, each.reason) for each in blocked] == [
        ("api.app.example", "would leave from the wrong country")
    ]


@pytest.mark.capture
def test_a_wrong_exit_can_be_allowed_and_is_recorded(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with Teller(DE) as teller:
        check = ExitCheck(f"http://127.0.0.1:{teller.port}/", locate, allow_wrong=True)
        with (
            Recording(tmp_path, server, confdir, exit_check=check) as running,
            running.client() as client,
        ):
            assert client.get(f"{API}/bytes?n=1").status_code == 200
    assert len(teller.asked) == 2  # start and end
    assert read_session(running.path).egress == "DE"
    assert read_session(running.path).policy == ("wrong exit recorded",)


@pytest.mark.capture
def test_a_check_url_that_hangs_holds_nobody_up(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with Teller(KE) as teller:
        check = ExitCheck(f"http://127.0.0.1:{teller.port}/", locate, every_s=0.1)
        with Recording(tmp_path, server, confdir, exit_check=check) as running:
            teller.answer = b""
            time.sleep(0.3)
            with running.client() as client:
                assert client.get(f"{API}/bytes?n=1").status_code == 200
            began = time.monotonic()
            running.stop()
            assert time.monotonic() - began < 3
    assert read_session(running.path).egress == "KE"

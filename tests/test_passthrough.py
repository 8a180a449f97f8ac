"""Apps that let nobody read them work on behind the recorder, and what passes is counted."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from capture_rig import Recording, Server, patterned, trusting
from cryptography import x509
from ports import free_port
from tap import Tap
from websocket_client import Talk

from addons import refusals
from analyzer.models import Connection
from analyzer.readers.bundle import read_connections, read_exchanges
from analyzer.trust import CUT_SHORT, judge

pytestmark = pytest.mark.capture
API = "https://api.app.example"
PINNED = "pinned.other.example"


@pytest.fixture
def tap(server: Server) -> Iterator[Tap]:
    with Tap(server.address) as running:
        yield running


@pytest.fixture
def recording(tmp_path: Path, server: Server, tap: Tap, confdir: Path) -> Iterator[Recording]:
    remap = {**server.remap, PINNED: tap.address}
    with Recording(tmp_path, server, confdir, remap=remap) as running:
        yield running


@contextlib.contextmanager
def pinning(recording: Recording, server: Server, *, http2: bool = True) -> Iterator[httpx.Client]:
    """An app that trusts its own servers only."""
    with httpx.Client(
        proxy=recording.proxy, verify=trusting(server.authority), http2=http2, timeout=10
    ) as client:
        yield client


def refuse(recording: Recording, server: Server, host: str = PINNED) -> None:
    with pinning(recording, server) as client, pytest.raises(httpx.ConnectError):
        client.get(f"https://{host}/bytes?n=1")


def show_trust(recording: Recording) -> None:
    with recording.client() as client:
        assert client.get(f"{API}/bytes?n=1").status_code == 200


def connected(recording: Recording, host: str) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", recording.port))
    plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    assert plain.recv(1000).startswith(b"HTTP/1.1 200")
    return plain


def hang_up(recording: Recording, how: str, host: str = PINNED) -> None:
    """Finish the handshake, then leave without a word, as OkHttp's CertificatePinner does."""
    plain = connected(recording, host)
    with recording.trusting().wrap_socket(plain, server_hostname=host) as secure:
        if how == "close_notify":
            with contextlib.suppress(OSError):
                secure.unwrap()
        elif how == "RST":
            secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.15)


def of(recording: Recording, host: str) -> list[Connection]:
    recording.stop()
    return [each for each in read_connections(recording.path) if each.host == host]


@pytest.mark.parametrize("http2", [True, False])
def test_a_pinned_app_works_from_its_second_try_and_its_bytes_are_those_of_the_server(
    recording: Recording, server: Server, tap: Tap, http2: bool
) -> None:
    show_trust(recording)
    refuse(recording, server)
    up, down = patterned(300_000), patterned(2_000_000)
    with pinning(recording, server, http2=http2) as client:
        assert client.post(f"https://{PINNED}/echo", content=up).content == up
        assert client.get(f"https://{PINNED}/bytes?n={len(down)}").content == down
    tap.settle()
    refused, passed = of(recording, PINNED)
    every = read_connections(recording.path)
    states = [state for each, state in zip(every, judge(every), strict=True) if each.host == PINNED]
    assert states == ["pinned", "passed"]
    assert (refused.bytes_up, refused.bytes_down) == (0, 0)
    assert (passed.bytes_up, passed.bytes_down) == (tap.up, tap.down)
    sent, got = len(up), len(up) + len(down)
    assert sent < passed.bytes_up < sent * 1.02 + 5_000
    assert got < passed.bytes_down < got * 1.02 + 10_000
    assert passed.ended_s is not None
    assert (passed.tls, passed.alpn) == ("", "")
    assert [each.url for each in read_exchanges(recording.path)] == [f"{API}/bytes?n=1"]


@pytest.mark.parametrize("how", ["FIN", "RST", "close_notify"])
def test_two_silent_closes_are_a_refusal(recording: Recording, server: Server, how: str) -> None:
    hang_up(recording, how)
    hang_up(recording, how)
    with pinning(recording, server) as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    assert [each.outcome for each in of(recording, PINNED)] == ["silent", "silent", "passed"]


def test_one_silent_close_is_a_precaution_and_the_host_is_read(
    recording: Recording, server: Server
) -> None:
    hang_up(recording, "FIN")
    with recording.client() as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    found = of(recording, PINNED)
    assert [each.outcome for each in found] == ["silent", "read"]
    assert judge(found) == ("unused", "decrypted")


def hello(recording: Recording, host: str) -> bytes:
    """The first words of a client."""
    outgoing = ssl.MemoryBIO()
    secure = recording.trusting().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=host)
    with pytest.raises(ssl.SSLWantReadError):
        secure.do_handshake()
    return outgoing.read()


def test_connections_opened_in_advance_and_closed_unused_are_no_refusal(
    recording: Recording, server: Server
) -> None:
    show_trust(recording)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            plain = connected(recording, PINNED)
            stack.enter_context(recording.trusting().wrap_socket(plain, server_hostname=PINNED))
    time.sleep(0.15)
    with recording.client() as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    assert [each.outcome for each in of(recording, PINNED)] == ["silent"] * 4 + ["read"]


def test_handshakes_that_are_cancelled_before_a_certificate_came_are_no_refusal(
    recording: Recording, server: Server
) -> None:
    show_trust(recording)
    for _ in range(3):
        words = hello(recording, PINNED)
        with connected(recording, PINNED) as plain:
            plain.sendall(words[:100])  # of a whole hello the answer may be quicker
        time.sleep(0.15)
    with recording.client() as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    found = of(recording, PINNED)
    assert [each.outcome for each in found] == ["silent"] * 3 + ["read"]
    assert {each.reason for each in found[:3]} == {CUT_SHORT}


def test_handshakes_that_are_cancelled_together_are_no_refusal(
    recording: Recording, server: Server
) -> None:
    show_trust(recording)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            plain = stack.enter_context(connected(recording, PINNED))
            plain.sendall(hello(recording, PINNED))
            assert plain.recv(100)
    time.sleep(0.15)
    with recording.client() as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    found = of(recording, PINNED)
    assert [each.outcome for each in found] == ["refused"] * 3 + ["read"]
    assert set(judge(found)) == {"pin_suspected", "decrypted"}


def test_a_host_that_one_part_of_the_app_reads_is_passed_on_after_three_silences_in_a_row(
    recording: Recording, server: Server
) -> None:
    host = "api.app.example"
    show_trust(recording)
    for _ in range(2):
        hang_up(recording, "FIN", host)
        hang_up(recording, "FIN", host)
        show_trust(recording)
    for _ in range(3):
        hang_up(recording, "FIN", host)
    with pinning(recording, server) as client:
        assert client.get(f"https://{host}/bytes?n=5").status_code == 200
    found = of(recording, host)
    assert [each.outcome for each in found] == [
        "read", *["silent", "silent", "read"] * 2, *["silent"] * 3, "passed",
    ]  # fmt: skip
    assert set(judge(found)) == {"decrypted", "pin_suspected", "passed"}


def test_what_was_learned_is_tried_again_and_forgotten_once_it_is_read(
    recording: Recording, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    show_trust(recording)
    refuse(recording, server)
    with pinning(recording, server) as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    monkeypatch.setattr(refusals, "_RETRY_S", 0.0)
    refuse(recording, server)  # the app still pins
    monkeypatch.setattr(refusals, "_RETRY_S", 60.0)
    with pinning(recording, server) as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    monkeypatch.setattr(refusals, "_RETRY_S", 0.0)
    for _ in range(2):
        with recording.client() as client:
            assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    assert [each.outcome for each in of(recording, PINNED)] == [
        "refused", "passed", "refused", "passed", "read", "read",
    ]  # fmt: skip


def test_a_phone_that_is_given_the_authority_is_read_although_no_other_host_shows_it(
    recording: Recording, server: Server
) -> None:
    for host in (PINNED, "cdn.app.example"):
        refuse(recording, server, host)
    for _ in range(2):
        with pinning(recording, server) as client:
            assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    with recording.client() as client:  # the authority has been installed
        assert client.get(f"https://{PINNED}/bytes?n=6").status_code == 200
    with recording.client() as client:
        assert client.get("https://cdn.app.example/bytes?n=6").status_code == 200
    found = [each.outcome for each in of(recording, PINNED)]
    assert found == ["refused", "passed", "passed", "read"]
    assert [each.outcome for each in of(recording, "cdn.app.example")] == ["refused", "read"]


def test_a_phone_without_the_authority_works_on_until_it_trusts_and_is_read_then(
    recording: Recording, server: Server
) -> None:
    refuse(recording, server)
    with pinning(recording, server) as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    show_trust(recording)  # the authority has been installed
    with recording.client() as client:
        assert client.get(f"https://{PINNED}/bytes?n=6").status_code == 200
    found = of(recording, PINNED)
    assert [each.outcome for each in found] == ["refused", "passed", "read"]
    assert judge(read_connections(recording.path))[0] == "ca_refused"


def test_a_pinned_app_gets_its_second_chance_once(recording: Recording, server: Server) -> None:
    refuse(recording, server)
    show_trust(recording)
    refuse(recording, server)
    show_trust(recording)
    with pinning(recording, server) as client:
        assert client.get(f"https://{PINNED}/bytes?n=5").status_code == 200
    assert [each.outcome for each in of(recording, PINNED)] == ["refused", "refused", "passed"]


def test_without_learning_an_app_is_refused_for_ever(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    with Recording(tmp_path, server, confdir, learn=False) as recording:
        for _ in range(3):
            refuse(recording, server)
    assert [each.outcome for each in of(recording, PINNED)] == ["refused"] * 3


def test_a_websocket_of_a_pinned_app_goes_on(
    recording: Recording, server: Server, tap: Tap
) -> None:
    refuse(recording, server)
    context = ssl.create_default_context(cafile=server.authority)
    with Talk(recording.port, PINNED, "/talk", context) as talk:
        assert talk.ask("one") == "one"
        assert talk.ask(patterned(70_000)) == patterned(70_000)
        time.sleep(1.1)
        talk.ask("and its bytes are written while it is open")
        live = next(c for c in read_connections(recording.path) if c.outcome == "passed")
        assert live.bytes_up > 70_000
        assert live.ended_s is None
    tap.settle()
    passed = of(recording, PINNED)[-1]
    assert (passed.bytes_up, passed.bytes_down) == (tap.up, tap.down)
    assert list(read_exchanges(recording.path)) == []


def shake_hands(
    secure: ssl.SSLObject,
    incoming: ssl.MemoryBIO,
    outgoing: ssl.MemoryBIO,
    plain: socket.socket,
    cut: int,
) -> None:
    """Do a handshake whose first flight comes in pieces, the first of `cut` bytes."""
    plain.settimeout(5)
    done = False
    while not done:
        try:
            secure.do_handshake()
            done = True
        except ssl.SSLWantReadError:
            pass
        for piece in _pieces(outgoing.read(), cut):
            plain.sendall(piece)
            time.sleep(0.03)
        if not done:
            incoming.write(plain.recv(65536))


@pytest.mark.parametrize("cut", [1, 4, 5, 60, 200])
def test_a_hello_in_pieces_is_waited_for(recording: Recording, server: Server, cut: int) -> None:
    refuse(recording, server)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = trusting(server.authority).wrap_bio(incoming, outgoing, server_hostname=PINNED)
    with connected(recording, PINNED) as plain:
        shake_hands(secure, incoming, outgoing, plain, cut)
        assert secure.getpeercert()
    assert [each.outcome for each in of(recording, PINNED)] == ["refused", "passed"]


@pytest.mark.parametrize("cut", [1, 2])
def test_a_hello_that_begins_with_a_byte_is_read_all_the_same(
    recording: Recording, server: Server, cut: int
) -> None:
    host = "api.app.example"
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = recording.trusting().wrap_bio(incoming, outgoing, server_hostname=host)
    with connected(recording, host) as plain:
        shake_hands(secure, incoming, outgoing, plain, cut)
        secure.write(f"GET /bytes?n=3 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        plain.sendall(outgoing.read())
        assert plain.recv(65536)
    assert [each.outcome for each in of(recording, host)] == ["read"]


def _pieces(data: bytes, cut: int) -> list[bytes]:
    return [piece for piece in (data[:cut], data[cut : cut + 1], data[cut + 1 :]) if piece]


def test_the_recorders_own_pages_are_not_passed_on(recording: Recording, server: Server) -> None:
    host = "a.phone.check"
    for _ in range(2):
        refuse(recording, server, host)
    context = recording.trusting()
    with context.wrap_socket(connected(recording, host), server_hostname=host) as secure:
        certificate = secure.getpeercert(binary_form=True)
    assert certificate
    assert "mitmproxy" in x509.load_der_x509_certificate(certificate).issuer.rfc4514_string()


def test_a_passed_host_whose_server_is_gone_is_a_failure_and_is_told(
    tmp_path: Path, server: Server, confdir: Path
) -> None:
    nobody = free_port()
    remap = {**server.remap, PINNED: ("127.0.0.1", nobody)}
    with Recording(tmp_path, server, confdir, remap=remap) as recording:
        refuse(recording, server)
        refuse(recording, server)
    found = of(recording, PINNED)
    assert [each.outcome for each in found] == ["refused", "failed"]
    assert judge(found) == ("ca_refused", "failed")

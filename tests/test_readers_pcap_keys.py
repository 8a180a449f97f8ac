"""Captures with their TLS secrets: what a real client and a real server said is read."""

from __future__ import annotations

import os
import random
import shutil
import ssl
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from app_server import Served, Server, patterned
from connect_proxy import ConnectProxy
from foreign_files import PHONE, client_hello, of_kind, pcap, pcapng, tcp, tls_record, written
from websocket_client import Talk
from wiretap import ACK, SYN, Wiretap

from analyzer.models import Event, Exchange, Problem
from analyzer.readers import Asked, Record
from analyzer.readers.pcap import PcapReader
from analyzer.readers.pcap_keys import KeyLog
from analyzer.readers.pcap_tls import TlsConnection, Unreadable

HOST = "api.app.example"
BOTH = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(autouse=True)
def _empty(server: Server) -> None:
    server.log.clear()


def trusting(
    server: Server, keys: Path, version: ssl.TLSVersion, ciphers: str = ""
) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=server.authority)
    context.keylog_filename = str(keys)
    context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def client(wire: Wiretap, context: ssl.SSLContext, *, http2: bool = False) -> httpx.Client:
    """A client that finds every host at the other end of the wire."""

    class Here(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            request.extensions["sni_hostname"] = request.url.host
            request.url = request.url.copy_with(host=wire.address[0], port=wire.address[1])
            return super().handle_request(request)

    return httpx.Client(transport=Here(verify=context, http2=http2), timeout=10)


def read(capture: bytes | Path, tmp_path: Path, keys: Path | None, **asked: Any) -> list[Record]:
    path = capture if isinstance(capture, Path) else written(tmp_path / "capture", capture)
    reader = PcapReader()
    reader.asked = Asked(keys=keys, **asked)
    return list(reader.read(path))


def heard(records: list[Record]) -> list[tuple[str, str, bytes, int | None, bytes]]:
    return [
        (each.method, each.url, each.request_body, each.status, each.response_body)
        for each in of_kind(records, Exchange)
    ]


def served(log: list[Served]) -> list[tuple[str, str, bytes, int | None, bytes]]:
    return [(each.method, each.url, each.body, each.status, each.answer) for each in log]


def talk(session: httpx.Client) -> None:
    """Say a bit of everything."""
    session.post(f"https://{HOST}/echo", content=patterned(70_000))
    session.get(f"https://{HOST}/bytes?n=100000")
    session.get(f"https://{HOST}/chunks?n=7")
    session.post(f"https://{HOST}/echo?a=1", content=iter([b"in ", b"pieces"]))
    session.get(f"https://{HOST}/nowhere")
    session.put("https://cdn.app.example/echo", content=b"")


@pytest.mark.parametrize("http2", [False, True])
@pytest.mark.parametrize("version", BOTH)
def test_everything_that_was_said_is_read_and_nothing_else(
    server: Server, tmp_path: Path, version: ssl.TLSVersion, http2: bool
) -> None:
    keys = tmp_path / "keys.log"
    with Wiretap(server.address) as wire:
        with client(wire, trusting(server, keys, version), http2=http2) as session:
            talk(session)
        wire.settle()
    records = read(wire.capture(), tmp_path, keys)
    exchanges = of_kind(records, Exchange)
    assert heard(records) == served(server.log)
    assert len(exchanges) == 6
    assert all(each.complete and not each.truncated for each in exchanges)
    assert {each.transport for each in exchanges} == {"h2" if http2 else "http/1.1"}
    assert {each.server_ip for each in exchanges} == {"203.0.113.7"}
    headers = exchanges[0].response_headers
    assert [value for name, value in headers if name == "x-twice"] == ["1", "2"]
    assert len(records) == 6


@pytest.mark.parametrize(
    "cipher",
    [
        "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
    ],
)  # fmt: skip
def test_each_cipher_of_tls_1_2_with_authentication_is_opened(
    server: Server, tmp_path: Path, cipher: str
) -> None:
    keys = tmp_path / "keys.log"
    context = trusting(server, keys, ssl.TLSVersion.TLSv1_2, cipher)
    with Wiretap(server.address) as wire:
        try:
            with client(wire, context) as session:
                session.post(f"https://{HOST}/echo", content=b"hello")
        except httpx.ConnectError:
            assert ("RSA" in cipher) != ("ECDSA" in cipher)  # the server has one kind of key
            return
        wire.settle()
    assert heard(read(wire.capture(), tmp_path, keys)) == served(server.log)


def openssl(wire: Wiretap, keys: Path, suite: str) -> bytes:
    """Ask twice with openssl, which renews the keys of both sides in between."""
    program = shutil.which("openssl")
    if program is None:
        reason = "no openssl on this machine (apt-get install openssl)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    process = subprocess.Popen(
        [
            program, "s_client", "-connect", f"127.0.0.1:{wire.address[1]}", "-tls1_3",
            "-ciphersuites", suite, "-keylogfile", str(keys), "-servername", HOST,
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    request = f"GET /bytes?n=20 HTTP/1.1\r\nHost: {HOST}\r\n"
    said = b""
    for line in (f"{request}\r\n", "K\n", f"{request}Connection: close\r\n\r\n"):
        process.stdin.write(line.encode())
        process.stdin.flush()
        before = len(said)
        while line != "K\n" and patterned(20) not in said[before:]:
            said += os.read(process.stdout.fileno(), 4096)
        time.sleep(0.1)  # it has to be read by itself
    process.wait(10)
    return said


@pytest.mark.parametrize(
    "suite", ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
)
def test_each_cipher_of_tls_1_3_is_opened_also_with_new_keys(
    server: Server, tmp_path: Path, suite: str
) -> None:
    keys = tmp_path / "keys.log"
    with Wiretap(server.address) as wire:
        said = openssl(wire, keys, suite)
        wire.settle()
    assert suite.encode() in said
    records = read(wire.capture(), tmp_path, keys)
    assert heard(records) == served(server.log)
    assert len(heard(records)) == 2


def a_talk(
    server: Server, tmp_path: Path, *, http2: bool = True, hosts: int = 1
) -> tuple[Wiretap, Path]:
    keys = tmp_path / "keys.log"
    with Wiretap(server.address) as wire:
        for number in range(hosts):
            context = trusting(server, keys, ssl.TLSVersion.TLSv1_3)
            with client(wire, context, http2=http2) as session:
                session.post(f"https://{HOST}/echo?n={number}", content=patterned(30_000))
        wire.settle()
    return wire, keys


def disordered(packets: list[bytes], seed: int) -> list[bytes]:
    """Each packet twice, and those of one side some places from where they belong."""
    order = random.Random(seed)
    slots = [(each, each[12:16]) for each in packets for _ in range(2)]
    for side in {source for _, source in slots}:
        places = [at for at, (_, source) in enumerate(slots) if source == side]
        mine = [(number + order.uniform(0, 6), slots[at]) for number, at in enumerate(places)]
        for at, (_, each) in zip(places, sorted(mine, key=lambda one: one[0]), strict=True):
            slots[at] = each
    return [each for each, _ in slots]


@pytest.mark.parametrize("seed", range(5))
def test_packets_that_come_late_or_twice_change_nothing(
    server: Server, tmp_path: Path, seed: int
) -> None:
    wire, keys = a_talk(server, tmp_path)
    packets = wire.packets[:2] + disordered(wire.packets[2:], seed)
    assert packets != wire.packets
    assert heard(read(pcap(*packets), tmp_path, keys)) == served(server.log)


def test_a_lost_packet_leaves_its_connection_unread_and_counted(
    server: Server, tmp_path: Path
) -> None:
    wire, keys = a_talk(server, tmp_path, http2=False)
    uploads = [at for at, each in enumerate(wire.packets) if len(each) == 1440]
    gap = uploads[len(uploads) // 3]
    records = read(pcap(*wire.packets[:gap], *wire.packets[gap + 1 :]), tmp_path, keys)
    assert [each.complete for each in of_kind(records, Exchange)] == [False]
    assert [each.host for each in of_kind(records, Event)] == [HOST]
    assert [each.detail for each in of_kind(records, Problem)] == [
        "1 connections: packets of it are missing"
    ]


def test_a_cut_packet_leaves_its_connection_unread_and_counted(
    server: Server, tmp_path: Path
) -> None:
    wire, keys = a_talk(server, tmp_path)
    whole = wire.capture()
    at = whole.index(wire.packets[6]) - 16
    _, _, kept, length = struct.unpack_from("<IIII", whole, at)
    cut = struct.pack("<II", kept - 10, length)
    broken = whole[: at + 8] + cut + whole[at + 16 : at + 16 + kept - 10] + whole[at + 16 + kept :]
    records = read(broken, tmp_path, keys)
    [event] = of_kind(records, Event)
    assert (event.host, event.kind) == (HOST, "host_seen")
    assert event.bytes_up > 30_000
    [problem] = of_kind(records, Problem)
    assert (problem.code, problem.detail) == (
        "not_decrypted",
        "1 connections: packets of it are missing",
    )


def test_connections_without_secrets_are_names_and_bytes(server: Server, tmp_path: Path) -> None:
    wire, keys = a_talk(server, tmp_path)
    other, _ = a_talk(server, tmp_path / ".." / tmp_path.name)
    strange = [
        tcp(PHONE, 5, "203.0.113.9", 443, flags=SYN),
        tcp("203.0.113.9", 443, PHONE, 5, flags=SYN | ACK),
        tcp(PHONE, 5, "203.0.113.9", 443, tls_record(client_hello("sealed.example")), sequence=1),
        tcp("203.0.113.9", 443, PHONE, 5, b"\x17\x03\x03\x00\x05hello", sequence=1),
    ]
    records = read(pcap(*wire.packets, *strange), tmp_path, keys)
    assert heard(records)[:1] == served(server.log)[:1]
    [event] = of_kind(records, Event)
    assert (event.host, event.reason) == ("sealed.example", "tls sni")
    [problem] = of_kind(records, Problem)
    assert problem.detail == "1 connections: its secrets are not in the log"
    assert other.packets


def test_wrong_secrets_open_nothing(server: Server, tmp_path: Path) -> None:
    wire, keys = a_talk(server, tmp_path)
    lines = [line.rsplit(" ", 1) for line in keys.read_text().splitlines() if " " in line]
    keys.write_text("\n".join(f"{head} {'ab' * (len(secret) // 2)}" for head, secret in lines))
    records = read(wire.capture(), tmp_path, keys)
    assert heard(records) == []
    assert [each.host for each in of_kind(records, Event)] == [HOST]
    [problem] = of_kind(records, Problem)
    assert problem.detail == "1 connections: the secrets do not open it"


def test_a_cipher_without_authentication_is_left_closed(server: Server, tmp_path: Path) -> None:
    hello = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x27" + b"\0"
    keys = KeyLog({("CLIENT_RANDOM", b"\7" * 32): bytes(48)})
    tls = TlsConnection(keys)
    assert list(tls.feed(tls_record(client_hello("x.example")), from_client=True)) == []
    said = tls_record(b"\2" + len(hello).to_bytes(3) + hello)
    with pytest.raises(Unreadable, match="its cipher is not supported"):
        list(tls.feed(said, from_client=False))


@pytest.mark.parametrize("http2", [False, True])
def test_what_went_through_a_proxy_is_read_as_well(
    server: Server, tmp_path: Path, http2: bool
) -> None:
    """As on the phone's side of the regular proxy: TLS begins behind CONNECT."""
    keys = tmp_path / "keys.log"
    context = trusting(server, keys, ssl.TLSVersion.TLSv1_3)
    with ConnectProxy(server.remap) as proxy, Wiretap(proxy.address) as wire:
        there = f"http://127.0.0.1:{wire.address[1]}"
        with httpx.Client(proxy=there, verify=context, http2=http2) as session:
            talk(session)
        wire.settle()
    records = read(wire.capture(), tmp_path, keys)
    assert heard(records) == served(server.log)
    assert len(records) == 6


def test_after_an_upgrade_bytes_are_counted_as_unread(server: Server, tmp_path: Path) -> None:
    keys = tmp_path / "keys.log"
    context = trusting(server, keys, ssl.TLSVersion.TLSv1_3)
    with Wiretap(server.address) as wire:
        with Talk(wire.address[1], HOST, "/talk", context, proxied=False) as ws:
            for _ in range(5):
                ws.ask(os.urandom(600))
        wire.settle()
    records = read(wire.capture(), tmp_path, keys)
    [exchange] = of_kind(records, Exchange)
    assert (exchange.status, exchange.complete) == (101, True)
    [event] = of_kind(records, Event)
    assert (event.kind, event.host) == ("non_http", HOST)
    assert 3000 < event.bytes_up < 3200
    assert 3000 < event.bytes_down < 3200


def test_a_request_without_its_answer_is_kept_as_incomplete(server: Server, tmp_path: Path) -> None:
    keys = tmp_path / "keys.log"
    with Wiretap(server.address) as wire:
        with client(wire, trusting(server, keys, BOTH[1]), http2=True) as session:
            session.get(f"https://{HOST}/bytes?n=10")
            with pytest.raises(httpx.ReadTimeout):
                session.post(f"https://{HOST}/never", content=b"hello", timeout=0.3)
        wire.settle()
    exchanges = of_kind(read(wire.capture(), tmp_path, keys), Exchange)
    assert [(each.url[-5:], each.status, each.complete) for each in exchanges] == [
        ("?n=10", 200, True),
        ("never", None, False),
    ]
    assert exchanges[1].request_body == b"hello"


def test_only_the_connections_of_the_phone_are_read(server: Server, tmp_path: Path) -> None:
    wire, keys = a_talk(server, tmp_path)
    assert len(heard(read(wire.capture(), tmp_path, keys, phones=(PHONE,)))) == 1
    assert heard(read(wire.capture(), tmp_path, keys, phones=("10.9.9.9",))) == []


def test_a_witness_is_read_for_names_only(server: Server, tmp_path: Path) -> None:
    wire, keys = a_talk(server, tmp_path)
    during = (1_600_000_000.0, 1_800_000_000.0)
    records = read(wire.capture(), tmp_path, keys, during=during)
    assert heard(records) == []
    assert [each.host for each in of_kind(records, Event)] == [HOST]


@pytest.mark.parametrize("order", ["<", ">"])
def test_secrets_may_be_inside_of_the_capture(server: Server, tmp_path: Path, order: str) -> None:
    wire, keys = a_talk(server, tmp_path)
    plain = pcapng(*wire.packets, order=order)
    text = keys.read_bytes()
    body = struct.pack(f"{order}II", 0x544C534B, len(text)) + text + b"\0" * (-len(text) % 4)
    size = struct.pack(f"{order}I", 12 + len(body))
    block = struct.pack(f"{order}I", 10) + size + body + size
    section = struct.unpack_from(f"{order}I", plain, 4)[0]
    with_keys = plain[:section] + block + plain[section:]
    assert heard(read(with_keys, tmp_path, None)) == served(server.log)
    assert heard(read(plain, tmp_path, None)) == []

"""Connections in captures: DNS over TCP, ECH, ports that are used again, and flat memory."""

from __future__ import annotations

import struct
from itertools import permutations
from pathlib import Path

import pytest
from foreign_files import (
    PHONE,
    RESOLVER,
    SERVER,
    client_hello,
    crypto_frame,
    dns_answer,
    dns_query,
    of_kind,
    pcap,
    quic_initial,
    tcp,
    tls_record,
    udp,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.models import Event, Problem
from analyzer.readers import Record, pcap_flows
from analyzer.readers.pcap import PcapReader
from analyzer.readers.pcap_dns import DnsStream
from analyzer.readers.pcap_flows import Flows
from analyzer.readers.pcap_hello import client_hello as read_hello
from analyzer.readers.pcap_packets import Packet

SYN, SYN_ACK = 0x02, 0x12
HELLO = tls_record(client_hello("api.pebblo.example"))
Seen = tuple[str, str, str, int, int]


def read(folder: Path, *packets: bytes) -> list[Record]:
    return list(PcapReader().read(written(folder / "x.pcap", pcap(*packets))))


def seen(folder: Path, *packets: bytes) -> list[Seen]:
    return [
        (each.kind, each.host, each.reason, each.bytes_up, each.bytes_down)
        for each in of_kind(read(folder, *packets), Event)
    ]


def with_ech(name: str) -> bytes:
    """A ClientHello with an extension in which nobody can tell a real offer from a made-up one."""
    plain = client_hello(name)
    extension = struct.pack(">HH", 0xFE0D, 8) + b"\x00\x00\x01\x00\x01\x2a\x00\x00"
    at = 4 + 2 + 32 + 1 + 4 + 2  # where the extensions' length stands
    length = int.from_bytes(plain[at : at + 2]) + len(extension)
    body = plain[4:at] + struct.pack(">H", length) + extension + plain[at + 2 :]
    return b"\x01" + len(body).to_bytes(3) + body


def prefixed(message: bytes) -> bytes:
    return struct.pack(">H", len(message)) + message


def test_an_offer_of_ech_is_noted_beside_the_outer_name(tmp_path: Path) -> None:
    hello = with_ech("front.example")
    packets = [
        tcp(PHONE, 40_000, SERVER, 443, tls_record(hello), sequence=1),
        udp(PHONE, 7_000, SERVER, 443, quic_initial(crypto_frame(0, hello))),
    ]
    offered = ", ECH offered (may be GREASE)"
    found = [each[1:3] for each in seen(tmp_path, *packets)]
    assert found == [
        ("front.example", "tls sni" + offered),
        ("front.example", "quic sni" + offered),
    ]


def test_an_offer_of_ech_without_an_outer_name_is_noted_beside_the_address(tmp_path: Path) -> None:
    bare = tls_record(with_ech(""))
    ((_, host, reason, _, _),) = seen(tmp_path, tcp(PHONE, 1_024, SERVER, 443, bare, sequence=1))
    assert (host, reason) == (SERVER, "ip, ECH offered (may be GREASE)")


def test_a_hello_without_ech_has_no_such_note() -> None:
    found = read_hello(client_hello("a.example"), "tls")
    assert found is not None
    assert not found.ech


# DNS


def over_tcp(*segments: tuple[int, bytes], up: bool, first: int) -> list[bytes]:
    ends = (PHONE, 5_000, RESOLVER, 53) if up else (RESOLVER, 53, PHONE, 5_000)
    return [tcp(*ends, data, sequence=first + at) for at, data in segments]


QUESTIONS = prefixed(dns_query("one.example")) + prefixed(dns_query("two.example"))
ANSWERS = prefixed(dns_answer("one.example", [SERVER])) + prefixed(dns_answer("two.example", []))


def test_names_asked_for_over_tcp_are_read_and_their_bytes_counted_once(tmp_path: Path) -> None:
    handshake = [
        tcp(PHONE, 5_000, RESOLVER, 53, sequence=9, flags=SYN),
        tcp(RESOLVER, 53, PHONE, 5_000, sequence=99, flags=SYN_ACK),
    ]
    asked = [(0, QUESTIONS[:1]), (1, QUESTIONS[1:20]), (20, QUESTIONS[20:])]
    for order in permutations(asked):
        packets = handshake + over_tcp(*order, up=True, first=10)
        packets += over_tcp((0, ANSWERS), up=False, first=100)
        packets.append(udp(PHONE, 6_000, SERVER, 3_478, b"stun"))
        found = seen(tmp_path, *packets)
        one, two = len(dns_query("one.example")) + 2, len(dns_query("two.example")) + 2
        assert sorted(found) == [
            ("dns", "one.example", "question", one, one + 16),
            ("dns", "two.example", "question", two, two),
            ("host_seen", "one.example", "dns", 4, 0),
        ]


def test_dns_over_tcp_that_is_cut_is_counted_by_address(tmp_path: Path) -> None:
    packets = over_tcp((0, QUESTIONS[:40]), (90, b"more"), up=True, first=10)
    one = len(dns_query("one.example")) + 2
    assert seen(tmp_path, *packets) == [
        ("dns", "one.example", "question", one, 0),
        ("host_seen", RESOLVER, "ip", 44 - one, 0),
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=60)), max_size=90))
def test_no_segments_make_the_stream_of_dns_fail(segments: list[tuple[int, bytes]]) -> None:
    stream = DnsStream()
    stream.begin(7)
    for at, data in segments:
        stream.feed(at % 400, data)
        stream.feed(at, QUESTIONS[:20] + data)
        assert stream.size <= 128 * 1024


def test_an_address_has_the_name_that_was_asked_for_before_the_connection(tmp_path: Path) -> None:
    packets = [
        udp(RESOLVER, 53, PHONE, 5_000, dns_answer("first.example", [SERVER])),
        tcp(PHONE, 40_000, SERVER, 5_228, b"\0push", sequence=1),
        udp(RESOLVER, 53, PHONE, 5_001, dns_answer("second.example", [SERVER])),
        tcp(PHONE, 40_000, SERVER, 5_228, b"\0more", sequence=6),
        tcp(PHONE, 40_001, SERVER, 5_228, b"\0else", sequence=1),
    ]
    found = [each[1:] for each in seen(tmp_path, *packets) if each[0] == "host_seen"]
    assert found == [("first.example", "dns", 10, 0), ("second.example", "dns", 5, 0)]


# greetings


@pytest.mark.parametrize("port", [b"", b":8080"])
def test_the_host_of_a_request_and_of_a_tunnel_has_no_port(tmp_path: Path, port: bytes) -> None:
    for method in (b"GET /a", b"CONNECT glint.example:443"):
        text = method + b" HTTP/1.1\r\nHost: glint.example" + port + b"\r\n\r\n"
        ((_, host, reason, _, _),) = seen(tmp_path, tcp(PHONE, 9, SERVER, 80, text, sequence=1))
        assert (host, reason) == ("glint.example", "http host")


def test_a_hello_inside_the_syn_is_read(tmp_path: Path) -> None:
    packets = [
        tcp(PHONE, 40_000, SERVER, 443, HELLO[:50], sequence=99, flags=SYN),
        tcp(PHONE, 40_000, SERVER, 443, HELLO[50:], sequence=150),
    ]
    assert [each[1] for each in seen(tmp_path, *packets)] == ["api.pebblo.example"]


def test_the_same_ports_again_over_quic_are_another_connection(tmp_path: Path) -> None:
    datagrams = [
        quic_initial(crypto_frame(0, client_hello("one.example"))),
        quic_initial(crypto_frame(0, client_hello("one.example")), number=1),  # said again
        quic_initial(crypto_frame(0, client_hello("two.example")), connection=b"\x07" * 8),
    ]
    packets = [udp(PHONE, 7_000, SERVER, 443, each) for each in datagrams]
    packets.insert(2, udp(SERVER, 443, PHONE, 7_000, b"\x40" * 70))
    packets.append(udp(SERVER, 443, PHONE, 7_000, b"\x40" * 30))
    one, two, three = map(len, datagrams)
    assert [each[1:] for each in seen(tmp_path, *packets)] == [
        ("one.example", "quic sni", one + two, 70),
        ("two.example", "quic sni", three, 30),
    ]


# memory


def test_idle_connections_make_room_before_busy_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcap_flows, "MAX_FLOWS", 8)
    busy = tcp(PHONE, 40_000, SERVER, 443, b"x" * 10, sequence=2_000)
    packets = [tcp(PHONE, 40_000, SERVER, 443, HELLO, sequence=1)]
    for number in range(200):
        packets += [busy, udp(PHONE, 1_000 + number, "198.51.100.9", 3_478, b"stun")]
    assert [each[1:] for each in seen(tmp_path, *packets)] == [
        ("api.pebblo.example", "tls sni", len(HELLO) + 2_000, 0),
        ("198.51.100.9", "ip", 800, 0),
    ]


def test_no_more_connections_are_kept_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcap_flows, "MAX_FLOWS", 50)
    flows = Flows()
    for number in range(2_000):
        packet = Packet(17, bytes(4), 10_000 + number, bytes(3) + b"\1", 9, 5, b"abcde")
        flows.add(float(number), packet)
        flows.add(float(number), packet)
        assert len(flows.udp) <= 2 * 50
    (event,) = flows.events(0.0)
    assert event.bytes_up == 2_000 * 2 * 5


def test_beginnings_of_hellos_do_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pcap_flows, "MAX_HELD", 2_000)
    beginning = tls_record(client_hello("slow.example", padding=800))[:500]
    packets = [tcp(PHONE, 1_000 + n, SERVER, 443, beginning, sequence=1) for n in range(9)]
    packets.append(tcp(PHONE, 40_000, SERVER, 443, HELLO, sequence=1))
    records = read(tmp_path, *packets)
    assert {each.host for each in of_kind(records, Event)} == {SERVER, "api.pebblo.example"}
    assert [(each.code, each.detail) for each in of_kind(records, Problem)] == [
        ("unfinished_greeting", "5 connections began too long a greeting")
    ]

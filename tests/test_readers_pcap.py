from __future__ import annotations

import random
import struct
import tempfile
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
    ethernet,
    of_kind,
    pcap,
    pcapng,
    quic_initial,
    tcp,
    tls_record,
    udp,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import UserError
from analyzer.models import Event, Problem
from analyzer.readers import READERS, Reading, Record, pcap_flows
from analyzer.readers.pcap_dns import dns_message
from analyzer.readers.pcap_files import Frame
from analyzer.readers.pcap_hello import Stream
from analyzer.readers.pcap_hello import client_hello as read_hello
from analyzer.readers.pcap_packets import packet_of
from analyzer.readers.pcap_quic import VERSION_2, QuicHello, client_keys

Seen = tuple[str, str, int, int]
SYN, SYN_ACK, ACK = 0x02, 0x12, 0x10


def read(content: bytes) -> tuple[Reading, list[Record]]:
    with tempfile.TemporaryDirectory() as folder:
        reading = READERS.entries()["pcap"]().read(written(Path(folder) / "x.pcap", content))
        return reading, list(reading)


def hosts(content: bytes) -> set[Seen]:
    """(host, how it is known, bytes up, bytes down) of every host in a capture."""
    return {
        (event.host, event.reason, event.bytes_up, event.bytes_down)
        for event in of_kind(read(content)[1], Event)
        if event.kind == "host_seen"
    }


def conversation(*segments: bytes, first: int = 1) -> list[bytes]:
    """A TCP handshake and what the phone then sends, in order."""
    packets = [
        tcp(PHONE, 40_000, SERVER, 443, sequence=first - 1, flags=SYN),
        tcp(SERVER, 443, PHONE, 40_000, sequence=900, flags=SYN_ACK),
    ]
    for segment in segments:
        packets.append(tcp(PHONE, 40_000, SERVER, 443, segment, sequence=first % 2**32))
        first += len(segment)
    return packets


HELLO = tls_record(client_hello("Api.Pebblo.example"))
NAME = "api.pebblo.example"


@pytest.mark.parametrize("wrap", [pcap, pcapng])
def test_a_client_hello_names_the_host_and_both_directions_are_counted(wrap: object) -> None:
    packets = [*conversation(HELLO), tcp(SERVER, 443, PHONE, 40_000, b"x" * 70, sequence=901)]
    content = (pcap if wrap is pcap else pcapng)(*packets)
    reading, records = read(content)
    (event,) = of_kind(records, Event)
    assert event == Event(0.0, "host_seen", NAME, "tls sni", len(HELLO), 70)
    assert reading.extent() == "4 of 4 packets"
    assert reading.started == 1_700_000_000.0


def test_a_big_endian_pcapng_is_read() -> None:
    assert hosts(pcapng(*conversation(HELLO), order=">")) == {(NAME, "tls sni", len(HELLO), 0)}


def test_segments_in_any_order_make_the_same_hello() -> None:
    cuts = [HELLO[:3], HELLO[3:40], HELLO[40:]]
    whole = conversation(*cuts)
    for order in permutations(whole[2:]):
        assert hosts(pcap(*whole[:2], *order)) == {(NAME, "tls sni", len(HELLO), 0)}


def test_repeated_and_overlapping_segments_do_not_confuse_the_hello() -> None:
    packets = conversation(HELLO[:50])
    packets.append(tcp(PHONE, 40_000, SERVER, 443, HELLO[:50], sequence=1))
    packets.append(tcp(PHONE, 40_000, SERVER, 443, HELLO[30:], sequence=31))
    assert {seen[:2] for seen in hosts(pcap(*packets))} == {(NAME, "tls sni")}


def test_a_hello_may_cross_the_end_of_the_sequence_numbers() -> None:
    packets = conversation(HELLO[:20], HELLO[20:], first=2**32 - 10)
    assert {seen[:2] for seen in hosts(pcap(*packets))} == {(NAME, "tls sni")}


def test_a_hello_spread_over_tls_records_is_joined() -> None:
    hello = client_hello(NAME, padding=2_000)
    records = b"".join(tls_record(hello[at : at + 100]) for at in range(0, len(hello), 100))
    assert {s[:2] for s in hosts(pcap(*conversation(records[:900], records[900:])))} == {
        (NAME, "tls sni")
    }


def test_a_capture_that_began_in_the_middle_takes_the_side_with_the_hello_as_client() -> None:
    answer = tcp(SERVER, 9_999, PHONE, 40_000, b"x" * 9, sequence=5)
    packets = [answer, tcp(PHONE, 40_000, SERVER, 9_999, HELLO, sequence=77)]
    assert hosts(pcap(*packets)) == {(NAME, "tls sni", len(HELLO), 9)}


def test_the_same_ports_again_are_a_new_connection() -> None:
    other = tls_record(client_hello("second.example"))
    packets = [*conversation(HELLO), *conversation(other, first=50_000)]
    assert {seen[0] for seen in hosts(pcap(*packets))} == {NAME, "second.example"}


def test_plain_http_names_its_host() -> None:
    request = b"GET /pixel HTTP/1.1\r\nAccept: */*\r\nHost: Glint.example\r\n\r\n"
    packets = conversation(request[:30], request[30:])
    assert {s[:2] for s in hosts(pcap(*packets))} == {("glint.example", "http host")}


def test_without_a_name_the_host_is_what_dns_said_and_else_the_address() -> None:
    packets = [
        udp(PHONE, 5_000, RESOLVER, 53, dns_query("waymark.example")),
        udp(RESOLVER, 53, PHONE, 5_000, dns_answer("waymark.example", ["198.51.100.1", SERVER])),
        tcp(PHONE, 40_001, SERVER, 5_228, b"\x00push", sequence=1),
        udp(PHONE, 6_000, "198.51.100.99", 3_478, b"stun"),
    ]
    reading, records = read(pcap(*packets))
    events = of_kind(records, Event)
    assert [(e.kind, e.host, e.reason, e.bytes_up, e.bytes_down) for e in events] == [
        ("dns", "waymark.example", "question", 33, 65),
        ("host_seen", "waymark.example", "dns", 5, 0),
        ("host_seen", "198.51.100.99", "ip", 4, 0),
    ]
    assert reading.read == 4


def test_quic_keys_are_those_of_the_specifications() -> None:
    connection = bytes.fromhex("8394c8f03e515708")  # RFC 9001, A.1; RFC 9369, A.1
    first, second = client_keys(1, connection), client_keys(VERSION_2, connection)
    assert first is not None
    assert second is not None
    assert [part.hex() for part in first] == [
        "1f369613dd76d5467730efcbe3b1a22d",
        "fa044b2f42a3fd3b46fb255c",
        "9f50449e04a0e810283a1e9933adedd2",
    ]
    assert [part.hex() for part in second] == [
        "8b1a0bc121284290a29e0971b5cd045d",
        "91f73e2351d8fa91660e909f",
        "45b95e15235d6f45a6b19cbcb0294ba9",
    ]
    assert client_keys(0x51303436, connection) is None


@pytest.mark.parametrize("version", [1, VERSION_2, 0xFF00001D, 0xFF00001B])
def test_a_quic_hello_names_the_host(version: int) -> None:
    datagram = quic_initial(crypto_frame(0, client_hello(NAME)), version=version)
    answer = udp(SERVER, 4_433, PHONE, 7_000, b"\x40" * 80)
    content = pcap(udp(PHONE, 7_000, SERVER, 4_433, datagram), answer)
    assert hosts(content) == {(NAME, "quic sni", len(datagram), 80)}


def test_a_quic_hello_in_pieces_over_packets_in_any_order_is_joined() -> None:
    hello = client_hello(NAME, padding=1_500)
    pieces = [
        crypto_frame(600, hello[600:1_200]) + b"\x01" + crypto_frame(10, hello[10:600]),
        crypto_frame(1_200, hello[1_200:]),
        b"\x02\x05\x00\x00\x00" + crypto_frame(0, hello[:40]),
    ]
    other = b"\x11\x22\x33\x44"  # the client has learnt the server's id; the keys stay
    packets = [
        quic_initial(pieces[0]),
        quic_initial(
            pieces[1], connection=other, keyed=b"\x83\x94\xc8\xf0\x3e\x51\x57\x08", number=1
        ),
        quic_initial(pieces[2], number=2),
    ]
    for order in permutations(packets):
        if order[0] is packets[1]:
            continue  # without the first id nobody can know the keys
        found = hosts(pcap(*(udp(PHONE, 7_000, SERVER, 443, one) for one in order)))
        assert {seen[:2] for seen in found} == {(NAME, "quic sni")}


def test_coalesced_packets_and_tokens_are_walked() -> None:
    hello = client_hello(NAME)
    datagram = quic_initial(crypto_frame(0, hello[:30]), token=b"\x07" * 9) + quic_initial(
        crypto_frame(30, hello[30:]), number=1
    )
    assert QuicHello().feed(datagram) == read_hello(hello, "quic")


def test_a_quic_packet_that_was_changed_gives_no_name() -> None:
    datagram = bytearray(quic_initial(crypto_frame(0, client_hello(NAME))))
    datagram[-1] ^= 1
    assert QuicHello().feed(bytes(datagram)) is None


@pytest.mark.parametrize("name", ["a b.example", "<script>", "x" * 300, "ex\u0430mple.com"])
def test_a_name_that_is_none_is_not_taken_from_a_hello(name: str) -> None:
    found = read_hello(client_hello(name), "tls")
    assert found is not None
    assert found.name == ""


def test_vlan_and_loopback_and_cooked_frames_are_unwrapped() -> None:
    packet = udp(PHONE, 6_000, SERVER, 3_478, b"stun")
    wrapped = {
        1: [ethernet(packet), b"\x02" * 12 + b"\x81\x00\x00\x05\x08\x00" + packet],
        0: [b"\x02\x00\x00\x00" + packet],
        9: [b"\x00\x21" + packet, b"\xff\x03\x00\x21" + packet],
        113: [b"\x00" * 14 + b"\x08\x00" + packet],
        276: [b"\x08\x00" + b"\x00" * 18 + packet],
    }
    for link, frames in wrapped.items():
        for frame in frames:
            assert hosts(pcap(frame, link=link)) == {(SERVER, "ip", 4, 0)}, link


def test_ipv6_extension_headers_are_skipped() -> None:
    segment = struct.pack(">HHHH", 6_000, 3_478, 12, 0) + b"stun"
    extended = bytes([17, 0, 0, 0, 0, 0, 0, 0]) + segment
    addresses = bytes(15) + b"\x01" + b"\x20\x01\x0d\xb8" + bytes(11) + b"\x02"
    packet = struct.pack(">IHBB", 0x60000000, len(extended), 0, 64) + addresses + extended
    assert hosts(pcap(packet)) == {("2001:db8::2", "ip", 4, 0)}


def test_packets_that_were_cut_when_captured_count_with_their_whole_length() -> None:
    packet = udp(PHONE, 6_000, SERVER, 3_478, b"x" * 500)[:60]
    assert hosts(pcap(packet)) == {(SERVER, "ip", 500, 0)}


def test_unknown_links_and_broken_headers_are_counted_problems() -> None:
    reading, records = read(pcap(b"\x45\x00", udp(PHONE, 1, SERVER, 2, b"x")))
    assert reading.extent() == "1 of 2 packets"
    assert [problem.code for problem in of_kind(records, Problem)] == ["bad_packet"]
    reading, records = read(pcap(b"wifi", b"wifi", link=105))
    assert reading.extent() == "0 of 2 packets"
    assert [(p.code, p.detail) for p in of_kind(records, Problem)] == [
        ("unknown_link", "2 packets of link type 105 are unread")
    ]


@pytest.mark.parametrize("wrap", [pcap, pcapng])
def test_a_file_cut_anywhere_keeps_every_whole_packet(wrap: object) -> None:
    build = pcap if wrap is pcap else pcapng
    packets = [udp(PHONE, 6_000, SERVER, 3_478, b"x" * 20) for _ in range(4)]
    ends = [len(build(*packets[: n + 1])) for n in range(4)]
    raw = build(*packets)
    for cut in range(ends[0], len(raw) + 1):
        reading, _ = read(raw[:cut])
        whole = sum(end <= cut for end in ends)
        assert reading.read == whole
        assert (reading.total is None) == (cut not in ends)


def test_a_file_without_one_whole_packet_is_refused() -> None:
    with pytest.raises(UserError, match="without one whole packet"):
        read(pcap())


def test_more_connections_than_are_followed_at_once_are_still_summed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pcap_flows, "MAX_FLOWS", 3)
    packets = [udp(PHONE, 6_000 + port, SERVER, 3_478, b"x") for port in range(20)]
    assert hosts(pcap(*packets)) == {(SERVER, "ip", 20, 0)}


def test_more_hosts_than_are_told_apart_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pcap_flows, "MAX_HOSTS", 2)
    packets = [udp(PHONE, 6_000, f"198.51.100.{n}", 3_478, b"x") for n in range(5)]
    _, records = read(pcap(*packets))
    assert len(of_kind(records, Event)) == 2
    assert [(p.code, p.detail) for p in of_kind(records, Problem)] == [
        ("too_many_hosts", "3 connections are not told apart")
    ]


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([0, 1, 9, 12, 101, 113, 276]))
def test_no_packet_makes_the_walk_fail(data: bytes, link: int) -> None:
    for content in (data, b"\x45\x00" + data, b"\x60" + data, ethernet(b"\x45" + data)):
        try:
            packet = packet_of(Frame(link, 0.0, content, len(content)))
        except ValueError:
            continue
        assert packet is None or packet.length >= 0


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_no_bytes_make_the_parsers_of_greetings_fail(data: bytes, place: int) -> None:
    dns_message(data)
    dns_message(dns_answer("a.example", [SERVER])[: place % 60] + data)
    Stream().feed(0, data)
    Stream().feed(0, HELLO[:place] + data)
    read_hello(data, "tls")
    QuicHello().feed(b"\xc0\x00\x00\x00\x01" + data)
    frames = crypto_frame(0, client_hello(NAME))[:place] + data
    QuicHello().feed(quic_initial(frames))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8), st.booleans())
def test_damaged_files_are_read_or_refused(place: int, noise: bytes, new: bool) -> None:
    raw = (pcapng if new else pcap)(
        *conversation(HELLO), udp(PHONE, 1, RESOLVER, 53, dns_query("a.b"))
    )
    at = 8 + place % (len(raw) - 8)
    try:
        reading, _ = read(raw[:at] + noise + raw[at + len(noise) :])
    except UserError:
        return
    assert reading.total is None or reading.read <= reading.total


def test_pure_noise_after_the_magic_is_refused_or_damaged() -> None:
    source = random.Random(7)
    for _ in range(50):
        with pytest.raises(UserError):
            read(pcap()[:20] + source.randbytes(200))

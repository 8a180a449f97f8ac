"""The walk over packets: counting without looking gives what taking apart gives."""

from __future__ import annotations

import struct
from collections.abc import Sequence
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
    quic_initial,
    tcp,
    tls_record,
    udp,
    written,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.models import Event
from analyzer.readers import pcap_walk
from analyzer.readers.pcap import PcapReader
from analyzer.readers.pcap_apps import app_of
from analyzer.readers.pcap_flows import Flows

SYN, SYN_ACK, ACK = 0x02, 0x12, 0x10
HELLO = tls_record(client_hello("api.pebblo.example"))
INITIAL = quic_initial(crypto_frame(0, client_hello("quic.pebblo.example")))


def as_ipv6(packet: bytes) -> bytes:
    """The same transport in IPv6, between addresses that hold those of IPv4."""
    ends = b"".join(bytes(12) + packet[at : at + 4] for at in (12, 16))
    body = packet[20:]
    return struct.pack(">IHBB", 0x60000000, len(body), packet[9], 64) + ends + body


def framed(packet: bytes, link: int) -> bytes:
    kind = b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd"
    return {
        0: b"\x02\0\0\0",
        1: b"\x02" * 12 + kind,
        101: b"",
        113: bytes(14) + kind,
        276: kind + bytes(18),
    }[link] + packet


def events(content: bytes, folder: Path) -> Sequence[Event]:
    return of_kind(PcapReader().read(written(folder / "x.pcap", content)), Event)


def one_of_many(step: tuple[int, int, bool, int]) -> bytes:
    """A packet of one of a few connections, which differ in port and protocol."""
    kind, port, up, size = step
    ends = (PHONE, 40_000 + port, SERVER, 443) if up else (SERVER, 443, PHONE, 40_000 + port)
    said = b"\x16\x03" + bytes(size) if size % 3 else HELLO
    return {
        0: tcp(*ends, flags=SYN if up else SYN_ACK, sequence=99),
        1: tcp(*ends, said, sequence=100),
        2: tcp(*ends, b"x" * size, sequence=100 + len(HELLO)),
        3: tcp(*ends, sequence=100),
        4: udp(*ends, INITIAL if up else b"\xc0" + bytes(size)),
        5: udp(*ends, b"\x40" + bytes(size)),
        6: udp(*ends, b""),
        7: udp(*ends, b"\x80" + bytes(size))[: 29 + size // 2],
    }[kind]


STEPS = st.tuples(st.integers(0, 7), st.integers(0, 2), st.booleans(), st.integers(0, 80))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.tuples(STEPS, st.booleans()), max_size=60), st.sampled_from([0, 1, 101, 113, 276])
)
def test_counting_gives_what_taking_apart_gives(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[tuple[int, int, bool, int], bool]],
    link: int,
) -> None:
    folder = tmp_path_factory.getbasetemp()
    packets = [udp(PHONE, 1, RESOLVER, 2, b"first")]
    packets += [as_ipv6(one_of_many(step)) if six else one_of_many(step) for step, six in steps]
    content = pcap(*(framed(each, link) for each in packets), link=link)
    counted = events(content, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pcap_walk, "ORDINARY_LINKS", {})
        assert counted == events(content, folder)


def test_most_packets_of_a_connection_are_only_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at = []
    add = Flows.add

    def noted(self: Flows, moment: float, packet: object, app: str = "") -> None:
        looked_at.append(packet)
        add(self, moment, packet, app)  # type: ignore[arg-type]

    monkeypatch.setattr(Flows, "add", noted)
    packets = [
        tcp(PHONE, 40_000, SERVER, 443, flags=SYN, sequence=99),
        tcp(SERVER, 443, PHONE, 40_000, flags=SYN_ACK, sequence=5),
        tcp(PHONE, 40_000, SERVER, 443, HELLO, sequence=100),
    ]
    packets += [tcp(SERVER, 443, PHONE, 40_000, b"x" * 900, sequence=6)] * 500
    packets += [udp(PHONE, 7_000, SERVER, 443, INITIAL)]
    packets += [udp(SERVER, 443, PHONE, 7_000, b"\x41" * 900)] * 500
    found = {each.host: each.bytes_down for each in events(pcap(*packets), tmp_path)}
    assert found == {"api.pebblo.example": 450_000, "quic.pebblo.example": 450_000}
    assert len(looked_at) == 4


def test_other_ether_types_whose_content_looks_like_ip_are_not_counted(tmp_path: Path) -> None:
    packet = udp(PHONE, 6_000, SERVER, 3_478, b"stun")
    tagged = b"\x02" * 12 + b"\x81\x00\x45\x00\x08\x00" + packet  # a VLAN whose tag begins with 45
    strange = b"\x02" * 12 + b"\x88\xb5" + packet
    found = events(pcap(tagged, strange, ethernet(packet), link=1), tmp_path)
    assert [(each.host, each.bytes_up) for each in found] == [(SERVER, 8)]


# PCAPdroid


def trailer(app: bytes, uid: int = 10_123) -> bytes:
    return struct.pack(">Ii20sI", 0x01072021, uid, app, 0)


@pytest.mark.parametrize(
    ("app", "shown"),
    [
        (b"Pebblo", "Pebblo"),
        ("Peb\u202eblo \x1b[31m".encode(), "Pebblo [31m"),
        ("\u5b50\u4f9b".encode(), "\u5b50\u4f9b"),
        (b"0123456789012345678\xe5", "0123456789012345678"),
        (b"", ""),
    ],
)
def test_the_app_is_told_from_pcapdroids_trailer(app: bytes, shown: str) -> None:
    assert app_of(b"frame" + trailer(app)) == shown


def test_bytes_are_summed_by_host_and_app(tmp_path: Path) -> None:
    packets = []
    for port, app in ((40_000, b"Pebblo"), (40_001, b"Other"), (40_002, b"Pebblo")):
        for payload in (HELLO, b"x" * 300):
            packet = tcp(PHONE, port, SERVER, 443, payload, sequence=100)
            padding = bytes(-(14 + len(packet)) % 4)
            packets.append(bytes(12) + b"\x08\x00" + packet + padding + trailer(app))
    found = {
        each.reason: (each.host, each.bytes_up) for each in events(pcap(*packets, link=1), tmp_path)
    }
    assert found == {
        "tls sni, app Pebblo": ("api.pebblo.example", 2 * (len(HELLO) + 300)),
        "tls sni, app Other": ("api.pebblo.example", len(HELLO) + 300),
    }


@given(st.binary(max_size=80))
def test_no_frame_makes_the_reader_of_trailers_fail(data: bytes) -> None:
    app_of(data)
    assert len(app_of(data + trailer(data[:20]))) <= 20


def test_the_earliest_time_begins_the_session(tmp_path: Path) -> None:
    records = pcap(udp(PHONE, 1, RESOLVER, 53, dns_query("a.example")))
    for seconds in (0, 4_294_967_295, 1_600_000_000):
        answer = udp(RESOLVER, 53, PHONE, 1, dns_answer("a.example", [SERVER]))
        records += struct.pack("<IIII", seconds, 0, len(answer), len(answer)) + answer
    reading = PcapReader().read(written(tmp_path / "x.pcap", records))
    assert reading.started == 1_600_000_000.0

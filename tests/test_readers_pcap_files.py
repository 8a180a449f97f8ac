"""Capture files in pieces: several interfaces, other blocks, packets across the pieces' borders."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from foreign_files import PHONE, SERVER, ethernet, of_kind, pcap, pcapng, udp, written
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.models import Event
from analyzer.readers import pcap_files
from analyzer.readers.pcap import PcapReader
from analyzer.readers.pcap_files import MARGIN, PacketFile

PACKET = udp(PHONE, 6_000, SERVER, 3_478, b"stun")
Parts = list[tuple[int, float, bytes, int]]


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(link: int, options: bytes = b"", order: str = "<") -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, 0) + options, order)


def enhanced(number: int, ticks: int, data: bytes, order: str = "<") -> bytes:
    size = len(data)
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, size, size)
    return block(6, head + data, order)


def parts(path: Path) -> tuple[Parts, bool]:
    """(link, time, bytes, length on the wire) of each packet; whether the file is whole."""
    with path.open("rb") as file:
        packets = PacketFile(file)
        found = [
            (link, moment, piece[start : start + kept], wire)
            for piece, link, moment, start, kept, wire in packets
        ]
        return found, packets.whole


def test_interfaces_have_their_own_links_and_clocks(tmp_path: Path) -> None:
    clock = struct.pack("<HHB3x", 9, 1, 0x80 | 10) + struct.pack("<HHq", 14, 8, 1_000)
    content = (
        section()
        + interface(1)
        + interface(101, clock)
        + enhanced(1, 2_048, PACKET)
        + interface(113)
        + enhanced(0, 3_000_000, ethernet(PACKET))
        + enhanced(2, 4_000_000, bytes(14) + b"\x08\x00" + PACKET)
        + section(">")
        + interface(101, order=">")
        + enhanced(0, 5_000_000, PACKET, ">")
    )
    path = written(tmp_path / "x.pcapng", content)
    found, whole = parts(path)
    assert [each[:2] for each in found] == [(101, 1_002.0), (1, 3.0), (113, 4.0), (101, 5.0)]
    assert whole
    (event,) = of_kind(PcapReader().read(path), Event)
    assert (event.host, event.bytes_up) == (SERVER, 4 * 4)


def test_packets_of_the_old_and_the_simple_kind_are_read(tmp_path: Path) -> None:
    ticks = 7_000_000
    old = struct.pack("<HHIIII", 0, 0, ticks >> 32, ticks, len(PACKET), len(PACKET)) + PACKET
    simple = struct.pack("<I", len(PACKET) + 900) + PACKET
    content = section() + interface(101) + block(2, old) + block(3, simple)
    found, whole = parts(written(tmp_path / "x.pcapng", content))
    assert found == [(101, 7.0, PACKET, len(PACKET)), (101, 7.0, PACKET, len(PACKET) + 900)]
    assert whole


@pytest.mark.parametrize("size", [100, 5 << 20])
def test_secrets_and_other_blocks_are_passed_over(tmp_path: Path, size: int) -> None:
    secrets = block(10, struct.pack("<II", 0x544C534B, size) + b"\x06" * size)
    content = section() + secrets + interface(101) + secrets + enhanced(0, 1, PACKET) + secrets
    found, whole = parts(written(tmp_path / "x.pcapng", content))
    assert [data for _, _, data, _ in found] == [PACKET]
    assert whole


def test_a_packet_of_an_interface_that_was_not_described_is_damage(tmp_path: Path) -> None:
    content = section() + interface(101) + enhanced(0, 1, PACKET) + enhanced(1, 2, PACKET)
    found, whole = parts(written(tmp_path / "x.pcapng", content))
    assert len(found) == 1
    assert not whole


@pytest.mark.parametrize("build", [pcap, pcapng])
def test_packets_across_the_borders_of_pieces_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: object
) -> None:
    packets = [udp(PHONE, 1, SERVER, 2, bytes([n]) * (n % 90)) for n in range(200)]
    path = written(tmp_path / "x", (pcap if build is pcap else pcapng)(*packets))
    for piece in (200, 257, 1_000):
        monkeypatch.setattr(pcap_files, "_PIECE", piece)
        found, whole = parts(path)
        assert [data for _, _, data, _ in found] == packets
        assert whole


def test_headers_can_be_read_behind_the_last_packet(tmp_path: Path) -> None:
    path = written(tmp_path / "x.pcap", pcap(b""))
    with path.open("rb") as file:
        ((piece, _, _, start, kept, _),) = PacketFile(file)
    assert len(piece) - start - kept == MARGIN


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=300), st.sampled_from([pcap()[:4], section(), section(">")]))
def test_no_bytes_make_the_reader_of_files_fail(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, head: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp() / "noise", head + data)
    found, _ = parts(path)
    assert all(wire >= 0 for *_, wire in found)

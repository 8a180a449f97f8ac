"""Google's QUIC: the name in hellos that are plain, and in those with salts of their own.

The packets built here are read the same by tshark 4.0 and by nDPI 4.2.
"""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from foreign_files import PHONE, SERVER, client_hello, of_kind, pcap, udp, written
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.models import Event
from analyzer.readers.pcap import PcapReader
from analyzer.readers.pcap_gquic import client_hello as read_chlo
from analyzer.readers.pcap_gquic import gquic_hello
from analyzer.readers.pcap_hello import Hello
from analyzer.readers.pcap_quic import QuicHello, client_keys, is_quic

NAME = "video.glint.example"
CONNECTION = bytes.fromhex("c0ffee0123456789")
OLD, MIDDLE, SEALED = ["Q039", "Q043"], ["Q046"], ["Q050", "T050", "T051"]


def chlo(name: str = NAME) -> bytes:
    """A ClientHello of Google's own: tags with the ends of their values, then the values."""
    tags = [(b"PAD\0", b"-" * 900), (b"SNI\0", name.encode()), (b"VER\0", b"Q043")]
    heads, values = b"", b""
    for tag, value in tags:
        values += value
        heads += tag + struct.pack("<I", len(values))
    return b"CHLO" + struct.pack("<HH", len(tags), 0) + heads + values


def stream_frame(data: bytes) -> bytes:
    """Stream 1, with an explicit length and no offset."""
    return b"\xa0\x01" + struct.pack(">H", len(data)) + data


def old_packet(version: str, frames: bytes, *, number: bytes = b"\x01") -> bytes:
    widths = {1: 0x00, 2: 0x10, 4: 0x20, 6: 0x30}
    head = bytes([0x09 | widths[len(number)]]) + CONNECTION + version.encode() + number
    return head + bytes(12) + frames.ljust(1_300, b"\0")


def middle_packet(version: str, frames: bytes) -> bytes:
    head = b"\xc3" + version.encode() + b"\x50" + CONNECTION + b"\0\0\0\x01"
    return head + bytes(12) + frames.ljust(1_300, b"\0")


def sealed_packet(version: str, frames: bytes, number: int = 0) -> bytes:
    keys = client_keys(int.from_bytes(version.encode()), CONNECTION)
    assert keys is not None
    frames = frames.ljust(1_200, b"\0")
    header = version.encode() + b"\x08" + CONNECTION + b"\x00\x00"
    header += struct.pack(">H", 0x4000 | 1 + len(frames) + 16) + bytes([number])
    nonce = (int.from_bytes(keys.iv) ^ number).to_bytes(12)
    body = AESGCM(keys.key).encrypt(nonce, frames, b"\xc0" + header)
    mask = Cipher(AES(keys.header), ECB()).encryptor().update(body[3:19])
    return bytes([0xC0 ^ (mask[0] & 15)]) + header[:-1] + bytes([number ^ mask[1]]) + body


def sealed_frame(data: bytes, offset: int = 0) -> bytes:
    return b"\x08" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(data)) + data


def datagram(version: str) -> bytes:
    if version in OLD:
        return old_packet(version, stream_frame(chlo()))
    if version in MIDDLE:
        return middle_packet(version, stream_frame(chlo()))
    return sealed_packet(version, sealed_frame(client_hello(NAME) if version[0] == "T" else chlo()))


@pytest.mark.parametrize("version", OLD + MIDDLE + SEALED)
def test_a_hello_of_googles_quic_names_the_host(tmp_path: Path, version: str) -> None:
    packet = datagram(version)
    answer = b"\x08" + CONNECTION + b"\x01" + bytes(40)
    path = written(
        tmp_path / "x.pcap",
        pcap(udp(PHONE, 7_000, SERVER, 443, packet), udp(SERVER, 443, PHONE, 7_000, answer)),
    )
    events = of_kind(PcapReader().read(path), Event)
    assert events == [Event(0.0, "host_seen", NAME, "quic sni", len(packet), len(answer))]


@pytest.mark.parametrize("number", [b"\x01", b"\x01\0", b"\x01\0\0\0", b"\x01\0\0\0\0\0"])
def test_packet_numbers_have_one_to_six_bytes(number: bytes) -> None:
    packet = old_packet("Q043", stream_frame(chlo()), number=number)
    assert gquic_hello(packet) == Hello("quic", NAME)


def test_padding_pings_offsets_and_missing_lengths_are_walked() -> None:
    with_offset = b"\xa4\x01\x00\x00" + struct.pack(">H", len(chlo())) + chlo()
    to_the_end = b"\x00\x07\x00\x80\x01" + chlo()
    for frames in (with_offset, to_the_end):
        assert gquic_hello(old_packet("Q039", frames)) == Hello("quic", NAME)


def test_a_sealed_hello_in_two_packets_is_joined() -> None:
    hello = QuicHello()
    whole = chlo()
    assert hello.feed(sealed_packet("Q050", b"\x07" + sealed_frame(whole[500:], 500), 1)) is None
    assert hello.feed(sealed_packet("Q050", sealed_frame(whole[:500]))) == Hello("quic", NAME)


@pytest.mark.parametrize(
    "packet",
    [
        old_packet("Q038", stream_frame(chlo())),  # numbers in another order of bytes
        old_packet("Q043", b"\xa0\x05" + stream_frame(chlo())[2:]),  # another stream
        old_packet("Q043", b"\x40" * 60),  # an acknowledgement only
        middle_packet("Q044", stream_frame(chlo())),
        middle_packet("Q046", stream_frame(chlo())).replace(b"\x50", b"\x05", 1),
        b"\x08" + old_packet("Q043", stream_frame(chlo()))[1:],  # says that it has no version
    ],
)
def test_what_is_no_hello_of_a_known_version_has_no_name(packet: bytes) -> None:
    assert gquic_hello(packet) is None
    assert not is_quic(packet)


def test_a_message_without_a_name_or_of_another_kind_says_so() -> None:
    assert read_chlo(b"CHLO\x00\x00\x00\x00") == Hello("quic", "")
    assert read_chlo(b"SHLO" + chlo()[4:]) == Hello("", "")
    assert read_chlo(b"CHLO\xff\xff\x00\x00") == Hello("", "")
    assert read_chlo(chlo()[:-30]) is None
    assert read_chlo(chlo("not a name")) == Hello("quic", "")


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(OLD + MIDDLE + SEALED), st.integers(0, 60))
def test_no_bytes_make_the_parser_fail(data: bytes, version: str, keep: int) -> None:
    whole = datagram(version)
    for packet in (data, whole[:keep] + data, whole[: len(whole) - 900 + keep] + data):
        gquic_hello(packet)
        QuicHello().feed(packet)
    read_chlo(chlo()[:keep] + data)
    QuicHello().feed(sealed_packet("Q050", sealed_frame(chlo())[:keep] + data))

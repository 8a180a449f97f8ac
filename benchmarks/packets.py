"""Builds a capture of phone traffic: the same bytes for the same number and seed.

Some forty conversations run at a time, over IPv4 and IPv6: TLS with hellos in one or two segments;
QUIC versions 1 and 2 with hellos in one or two Initials; DNS; plain HTTP; calls. Segments come in
order: to read a hello out of order, tshark would need an option that costs it time. What comes
after the greeting is noise of realistic sizes, in TLS records or short-header packets.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from analyzer.readers.pcap_quic import VERSION_2, client_keys

AT_A_TIME = 40
NAMES = 1_500
_SYN, _SYN_ACK, _ACK = 0x02, 0x12, 0x10
_KINDS = ("tls", "quic", "quic2", "http", "call", "lookup")
_WEIGHTS = (50, 20, 3, 5, 3, 19)
_NOISE = random.Random(1).randbytes(1 << 16)


def write_packets(path: Path, packets: int, seed: int = 7) -> tuple[set[str], set[str]]:
    """Write a capture of `packets` packets (pcap, Ethernet); return the TLS and DNS names in it.

    Names of conversations that the end cuts off before they are said are not among them.
    """
    random_ = random.Random(seed)
    greeted: set[str] = set()
    asked: set[str] = set()
    running: list[Iterator[bytes]] = []
    begun = written = 0
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, 1))
        while written < packets:
            while len(running) < AT_A_TIME:
                running.append(_conversation(random_, begun, greeted, asked))
                begun += 1
            place = random_.randrange(len(running))
            frame = next(running[place], None)
            if frame is None:
                running[place] = running[-1]
                running.pop()
                continue
            moment = 1_795_300_000_000_000 + written * 400
            head = struct.pack("<II", moment // 1_000_000, moment % 1_000_000)
            file.write(head + struct.pack("<II", len(frame), len(frame)) + frame)
            written += 1
    return greeted, asked


class _Line:
    """The two ends of one conversation; packs what they say into frames."""

    def __init__(self, random_: random.Random, number: int, place: int, protocol: int) -> None:
        self.protocol = protocol
        self.port = 49_152 + number % 16_000  # where no other protocol is suspected
        self.server_port = 443
        six = random_.random() < 0.3
        host = struct.pack(">H", place + 1)
        phone = struct.pack(">I", number // 16_000 + 2)
        self.phone = b"\xfd" + bytes(11) + phone if six else b"\x0a" + phone[1:]
        self.server = b"\x20\x01\x0d\xb8" + bytes(10) + host if six else b"\xcb\x00" + host
        self.sent = {True: 1_000, False: 9_000}  # sequence numbers, by `up`

    def udp(self, payload: bytes, *, up: bool = True) -> bytes:
        ports = (self.port, self.server_port) if up else (self.server_port, self.port)
        return self._ip(struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload, up=up)

    def tcp(self, payload: bytes = b"", flags: int = _ACK, *, up: bool = True) -> bytes:
        ports = (self.port, self.server_port) if up else (self.server_port, self.port)
        head = struct.pack(
            ">HHIIBBHHHIII", *ports, self.sent[up], self.sent[not up], 0x80, flags, 2_000, 0, 0,
            0x0101080A, 1, 1,
        )  # fmt: skip
        self.sent[up] += len(payload) + (1 if flags & _SYN else 0)
        return self._ip(head + payload, up=up)

    def _ip(self, body: bytes, *, up: bool) -> bytes:
        ends = self.phone + self.server if up else self.server + self.phone
        if len(ends) == 32:
            head = struct.pack(">IHBB", 0x60000000, len(body), self.protocol, 64)
            return b"\x02" * 12 + b"\x86\xdd" + head + ends + body
        head = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(body), 0x4000, 64, self.protocol, 0)
        return b"\x02" * 12 + b"\x08\x00" + head + ends + body


def _conversation(
    random_: random.Random, number: int, greeted: set[str], asked: set[str]
) -> Iterator[bytes]:
    kind = random_.choices(_KINDS, _WEIGHTS)[0]
    place = min(int(random_.expovariate(0.004)), NAMES - 1)  # a few names make most of the traffic
    name = f"{('api', 'cdn', 'events', 'img')[place % 4]}.service-{place}.example"
    line = _Line(random_, number, place, 6 if kind in {"tls", "http"} else 17)
    if kind == "lookup":
        yield from _lookup(line, name)
        asked.add(name)
    elif kind in {"tls", "http"}:
        yield from _over_tcp(random_, line, name, greeted, plain=kind == "http")
    elif kind == "call":
        for _ in range(random_.randrange(50, 400)):
            yield line.udp(b"\x80\x60" + _noise(random_, 160), up=random_.random() < 0.5)
    else:
        yield from _over_quic(random_, line, name, 1 if kind == "quic" else VERSION_2)
        greeted.add(name)


def _lookup(line: _Line, name: str) -> Iterator[bytes]:
    line.server_port = 53
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    question += b"\x00\x00\x01\x00\x01"
    yield line.udp(struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0) + question)
    answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + line.server[-4:]
    head = struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0)
    yield line.udp(head + question + answer, up=False)


def _over_tcp(
    random_: random.Random, line: _Line, name: str, greeted: set[str], *, plain: bool
) -> Iterator[bytes]:
    line.server_port = 80 if plain else 443
    yield line.tcp(flags=_SYN)
    yield line.tcp(flags=_SYN_ACK, up=False)
    yield line.tcp()
    if plain:
        yield line.tcp(f"GET /a HTTP/1.1\r\nHost: {name}\r\nAccept: */*\r\n\r\n".encode())
        yield line.tcp(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", up=False)
        for _ in range(9):
            yield line.tcp(_noise(random_, 1_000), up=False)
        return
    hello = _client_hello(name, random_.choice((300, 1_500)))
    record = b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello
    if len(record) < 1_300:
        yield line.tcp(record)
    else:
        yield line.tcp(record[:1_300])
        yield line.tcp(record[1_300:])
    greeted.add(name)
    left = 0
    for _ in range(int(random_.lognormvariate(3.2, 1))):
        up = not left and random_.random() < 0.25
        size = random_.randrange(40, 600) if up else random_.randrange(300, 1_388)
        if up:
            yield line.tcp(b"\x17\x03\x03" + struct.pack(">H", size) + _noise(random_, size))
        elif left:  # the same record goes on
            size = min(size, left)
            left -= size
            yield line.tcp(_noise(random_, size), up=False)
        else:
            whole = random_.randrange(size, 8_000)
            left = whole - size
            head = b"\x17\x03\x03" + struct.pack(">H", whole)
            yield line.tcp(head + _noise(random_, size), up=False)
        if not up and random_.random() < 0.5:
            yield line.tcp()


def _over_quic(random_: random.Random, line: _Line, name: str, version: int) -> Iterator[bytes]:
    connection = random_.randbytes(8)
    hello = _client_hello(name, random_.choice((300, 1_500)))
    cut = len(hello) if len(hello) < 1_000 else 1_000
    for number, at in enumerate(range(0, len(hello), cut)):
        yield line.udp(_initial(version, connection, number, at, hello[at : at + cut]))
    yield line.udp(b"\x40" + _noise(random_, 1_200), up=False)
    for _ in range(int(random_.lognormvariate(3.2, 1))):
        up = random_.random() < 0.3
        size = random_.randrange(30, 200) if up else random_.randrange(200, 1_250)
        yield line.udp(b"\x40" + _noise(random_, size), up=up)


def _initial(version: int, connection: bytes, number: int, offset: int, data: bytes) -> bytes:
    """An Initial packet of a client with one CRYPTO frame, padded to 1,200 bytes."""
    keys = client_keys(version, connection)
    if keys is None:
        raise ValueError("no such version")
    frames = b"\x06" + struct.pack(">HH", 0x4000 | offset, 0x4000 | len(data)) + data
    frames = frames.ljust(1_200 - 7 - len(connection) - 4 - 16, b"\x00")
    header = struct.pack(">IB", version, len(connection)) + connection + b"\x00\x00"
    header += struct.pack(">HB", 0x4000 | 1 + len(frames) + 16, number)
    first = 0xD0 if version == VERSION_2 else 0xC0
    nonce = (int.from_bytes(keys.iv) ^ number).to_bytes(12)
    sealed = AESGCM(keys.key).encrypt(nonce, frames, bytes([first]) + header)
    # ECB of one block is how QUIC masks its headers (RFC 9001, 5.4.3).
    mask = Cipher(AES(keys.header), ECB()).encryptor().update(sealed[3:19])
    return bytes([first ^ (mask[0] & 15)]) + header[:-1] + bytes([number ^ mask[1]]) + sealed


@lru_cache(maxsize=4_096)
def _client_hello(name: str, padding: int) -> bytes:
    raw = name.encode()
    listed = struct.pack(">HBH", len(raw) + 3, 0, len(raw)) + raw
    groups = struct.pack(">HHHH", 10, 4, 2, 29)
    versions = struct.pack(">HHBHH", 43, 5, 4, 0x0304, 0x0303)
    extensions = struct.pack(">HH", 21, padding) + bytes(padding) + groups + versions
    extensions += struct.pack(">HH", 0, len(listed)) + listed
    body = b"\x03\x03" + b"\x07" * 32 + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    return b"\x01" + len(body).to_bytes(3) + body


def _noise(random_: random.Random, size: int) -> bytes:
    at = random_.randrange(len(_NOISE) - size)
    return _NOISE[at : at + size]

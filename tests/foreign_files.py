"""Small captures in the formats of other programs, built byte by byte."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from mitmproxy import flow as flows
from mitmproxy import websocket
from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow

from analyzer.readers import Record
from analyzer.readers.pcap_quic import VERSION_2, client_keys
from analyzer.study import Study, load_study

T = TypeVar("T")
STUDY = """\
[study]
name = "Bedtime"
app = "Pebblo"
first_party = ["pebblo.example"]
key = "00112233445566778899aabbccddeeff"
phases = ["first launch", "use"]

[arms.KE-13]
country = "KE"
age = 13

[arms.DE-13]
country = "DE"
age = 13
"""


def make_study(folder: Path) -> Study:
    """A study of two arms in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return load_study(folder)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def of_kind(records: Iterable[Record], kind: type[T]) -> list[T]:
    return [record for record in records if isinstance(record, kind)]


# HAR


def har_entry(url: str = "https://api.pebblo.example/start", **changes: Any) -> dict[str, Any]:
    """A plain entry; keys are merged one level deep: ``request={"method": "POST"}``."""
    entry: dict[str, Any] = {
        "startedDateTime": "2026-11-22T10:00:00.000Z",
        "time": 12,
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "HTTP/2",
            "headers": [{"name": "Accept", "value": "*/*"}],
        },
        "response": {
            "status": 200,
            "httpVersion": "HTTP/2",
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
        },
    }
    for key, value in changes.items():
        merge = isinstance(value, dict) and isinstance(entry.get(key), dict)
        entry[key] = {**entry[key], **value} if merge else value
    return entry


def har(*entries: object, creator: str = "WebInspector", **log: Any) -> bytes:
    whole = {
        "log": {
            "version": "1.2",
            "creator": {"name": creator, "version": "1"},
            "entries": list(entries),
            **log,
        }
    }
    return json.dumps(whole).encode()


# flow dumps


def http_flow(number: int = 0, *, error: str = "", answered: bool = True) -> HTTPFlow:
    """A POST to a path with `number` in it, at 1,700,000,000 seconds plus `number`."""
    flow = tflow.tflow(resp=answered)
    flow.request.url = f"https://api.pebblo.example/v1/{number}"
    flow.request.headers["host"] = "api.pebblo.example"
    flow.request.method = "POST"
    flow.request.raw_content = f"n={number}".encode()
    flow.request.timestamp_start = 1_700_000_000.0 + number
    if error:
        flow.error = flows.Error(error, 1_700_000_000.0)
    return flow


def websocket_flow() -> HTTPFlow:
    flow = http_flow()
    if flow.response:
        flow.response.status_code = 101
    flow.websocket = websocket.WebSocketData(
        messages=[
            websocket.WebSocketMessage(1, True, b'{"hello": 1}', 1_700_000_001.0),
            websocket.WebSocketMessage(2, False, b"\x08\xff", 1_700_000_002.5),
        ]
    )
    return flow


def dump(*several: flows.Flow) -> bytes:
    stream = io.BytesIO()
    writer = FlowWriter(stream)
    for flow in several:
        writer.add(flow)
    return stream.getvalue()


# packets

PHONE, SERVER, RESOLVER = "10.0.0.2", "203.0.113.7", "10.0.0.53"


def _address(text: str) -> bytes:
    return bytes(int(part) for part in text.split("."))


def _ip(protocol: int, source: str, target: str, body: bytes) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0)
    return head + _address(source) + _address(target) + body


def udp(source: str, source_port: int, target: str, target_port: int, payload: bytes) -> bytes:
    """An IPv4 packet with a UDP datagram."""
    head = struct.pack(">HHHH", source_port, target_port, 8 + len(payload), 0)
    return _ip(17, source, target, head + payload)


def tcp(
    source: str,
    source_port: int,
    target: str,
    target_port: int,
    payload: bytes = b"",
    *,
    sequence: int = 0,
    flags: int = 0x18,
) -> bytes:
    """An IPv4 packet with a TCP segment."""
    head = struct.pack(">HHIIBBHHH", source_port, target_port, sequence, 0, 0x50, flags, 1024, 0, 0)
    return _ip(6, source, target, head + payload)


def ethernet(packet: bytes) -> bytes:
    return b"\x02" * 12 + b"\x08\x00" + packet


def pcap(*packets: bytes, link: int = 101, start: float = 1_700_000_000.0) -> bytes:
    """A pcap file, one packet a second."""
    records = [struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, link)]
    for number, packet in enumerate(packets):
        records.append(
            struct.pack("<IIII", int(start) + number, 0, len(packet), len(packet)) + packet
        )
    return b"".join(records)


def pcapng(*packets: bytes, link: int = 101, order: str = "<") -> bytes:
    """A pcapng file with a clock in nanoseconds, one packet a second."""

    def block(kind: int, body: bytes) -> bytes:
        body += b"\x00" * (-len(body) % 4)
        size = struct.pack(order + "I", 12 + len(body))
        return struct.pack(order + "I", kind) + size + body + size

    section = struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1)
    option = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    blocks = [
        block(0x0A0D0D0A, section),
        block(1, struct.pack(order + "HHI", link, 0, 0) + option),
        block(5, b"statistics  "),
    ]
    for number, packet in enumerate(packets):
        moment = (1_700_000_000 + number) * 10**9
        head = struct.pack(
            order + "IIIII", 0, moment >> 32, moment & 0xFFFFFFFF, len(packet), len(packet)
        )
        blocks.append(block(6, head + packet))
    return b"".join(blocks)


def client_hello(name: str = "", *, padding: int = 0) -> bytes:
    """A TLS ClientHello, as handshake bytes; `name` "" for none."""
    extensions = b""
    if padding:
        extensions += struct.pack(">HH", 21, padding) + b"\x00" * padding
    if name:
        raw = name.encode()
        entry = b"\x00" + struct.pack(">H", len(raw)) + raw
        listed = struct.pack(">H", len(entry)) + entry
        extensions += struct.pack(">HH", 0, len(listed)) + listed
    body = b"\x03\x03" + b"\x07" * 32 + b"\x00" + b"\x00\x02\x13\x01" + b"\x01\x00"
    body += struct.pack(">H", len(extensions)) + extensions
    return b"\x01" + len(body).to_bytes(3) + body


def tls_record(handshake: bytes) -> bytes:
    return b"\x16\x03\x01" + struct.pack(">H", len(handshake)) + handshake


def crypto_frame(offset: int, data: bytes) -> bytes:
    return (
        b"\x06" + struct.pack(">H", 0x4000 | offset) + struct.pack(">H", 0x4000 | len(data)) + data
    )


def quic_initial(
    frames: bytes,
    *,
    connection: bytes = b"\x83\x94\xc8\xf0\x3e\x51\x57\x08",
    keyed: bytes | None = None,
    version: int = 1,
    number: int = 0,
    token: bytes = b"",
) -> bytes:
    """An Initial packet of a client, protected with the keys of `keyed` (default: `connection`)."""
    keys = client_keys(version, keyed or connection)
    assert keys is not None
    frames = frames.ljust(60, b"\x00")
    first = 0xD0 if version == VERSION_2 else 0xC0
    length = struct.pack(">H", 0x4000 | 1 + len(frames) + 16)
    header = (
        bytes([first])
        + version.to_bytes(4)
        + bytes([len(connection)])
        + connection
        + b"\x00"
        + bytes([len(token)])
        + token
        + length
        + bytes([number])
    )
    nonce = (int.from_bytes(keys.iv) ^ number).to_bytes(12)
    sealed = AESGCM(keys.key).encrypt(nonce, frames, header)
    mask = Cipher(AES(keys.header), ECB()).encryptor().update(sealed[3:19])
    return bytes([first ^ (mask[0] & 0x0F)]) + header[1:-1] + bytes([header[-1] ^ mask[1]]) + sealed


def dns_query(name: str, *, ident: int = 7) -> bytes:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0) + labels + b"\x00\x00\x01\x00\x01"


def dns_answer(name: str, addresses: Sequence[str]) -> bytes:
    query = dns_query(name)
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + _address(address) for address in addresses
    )
    return query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(addresses), 0, 0) + query[12:] + records

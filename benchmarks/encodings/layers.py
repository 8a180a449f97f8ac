"""What a value is wrapped in on its way: encodings inside each other, written here by hand."""

from __future__ import annotations

import base64
import gzip
import json
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Final
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

Content = str | bytes
Layer = Callable[[Content], Content]
FILLER: Final = {"event": "open", "seq": 17, "ok": True, "screen": "home"}


def _text(content: Content) -> str:
    """What stands in text: bytes have to be Base64 there."""
    return content if isinstance(content, str) else base64.b64encode(content).decode()


def _bytes(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _json(content: Content) -> str:
    return json.dumps({**FILLER, "data": {"items": ["first", _text(content)]}})


def _xml(content: Content) -> str:
    value = escape(_text(content))
    return f'<?xml version="1.0"?><r><event>open</event><item k="1">{value}</item></r>'


def _jwt(content: Content) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iat": 1_795_340_000, "sub": _text(content)})
    head, body = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
    )
    return f"{head}.{body}.c2lnbmF0dXJlLW9mLXNvbWUtbGVuZ3Ro"


def _data_url(content: Content) -> str:
    body = json.dumps({"v": _text(content)}).encode()
    return "data:application/json;base64," + base64.b64encode(body).decode()


def varint(number: int) -> bytes:
    """Return a base-128 varint."""
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _protobuf(content: Content) -> bytes:
    data = _bytes(content)
    inner = b"\x0a\x04open" + b"\x12" + varint(len(data)) + data + b"\x18\x11"
    return b"\x08\x96\x01" + b"\x1a" + varint(len(inner)) + inner + b"\x22\x05en_KE"


def _msgpack(content: Content) -> bytes:
    text = _text(content).encode()
    size = len(text)
    if size < 32:
        head = bytes([0xA0 | size])
    elif size < 256:
        head = b"\xd9" + struct.pack(">B", size)
    else:
        head = b"\xda" + struct.pack(">H", size) if size < 65_536 else b"\xdb" + _long(size)
    return b"\x82\xa5event\xa4open\xa4data" + head + text


def _cbor(content: Content) -> bytes:
    text = _text(content).encode()
    size = len(text)
    if size < 24:
        head = bytes([0x60 | size])
    elif size < 256:
        head = b"\x78" + struct.pack(">B", size)
    else:
        head = b"\x79" + struct.pack(">H", size) if size < 65_536 else b"\x7a" + _long(size)
    return b"\xa2\x65event\x64open\x64data" + head + text


def _long(size: int) -> bytes:
    return struct.pack(">I", size)


LAYERS: Final[dict[str, Layer]] = {
    "JSON": _json,
    "JSON string": lambda content: json.dumps({"payload": _json(content)}),
    "form": lambda content: urlencode({"e": "open", "data": _text(content), "z": "1"}),
    "Base64": lambda content: base64.b64encode(_bytes(content)).decode(),
    "Base64 URL-safe": lambda content: (
        base64.urlsafe_b64encode(_bytes(content)).decode().rstrip("=")
    ),
    "hex": lambda content: _bytes(content).hex(),
    "percent": lambda content: quote(_text(content), safe=""),
    "gzip": lambda content: gzip.compress(_bytes(content), mtime=0),
    "zlib": lambda content: zlib.compress(_bytes(content)),
    "protobuf": _protobuf,
    "MessagePack": _msgpack,
    "CBOR": _cbor,
    "XML": _xml,
    "JWT": _jwt,
    "data: URL": _data_url,
    "URL": lambda content: f"https://cdn.example/r?u={quote(_text(content), safe='')}&n=1",
}
"""Layers. Each takes text or bytes and gives text or bytes."""


def wrap(content: Content, depth: int, random: Random) -> tuple[Content, list[str]]:
    """Return `content` inside `depth` random layers, and their names from the outside in."""
    names: list[str] = []
    for _ in range(depth):
        name = random.choice(list(LAYERS))
        content = LAYERS[name](content)
        names.insert(0, name)
    return content, names

"""Fuzzing of all decoders: `python -m benchmarks.fuzz --seconds 600`.

Two kinds of input. Made ones: a document of a random format that holds a marker, in up to four
random wrappings, which decoding must find. Broken ones: the same, mutated, or plain random bytes,
in every place of an exchange, which decoding must survive within its bounds. The tests run both for
half a minute; what this finds is printed with the seed that makes it again.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import plistlib
import random
import resource
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote

import brotli  # type: ignore[import-untyped]
import cbor2
import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import msgpack  # type: ignore[import-untyped]
import zstandard

from analyzer.decode import Decoded, Limits, decode
from analyzer.models import Exchange, Headers

MARKER: Final = "wanjiku.planted@mail.example"
MOST_SECONDS: Final = 8.0
_LIMITS: Final = Limits()


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _url_b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _json(value: object) -> bytes:
    return json.dumps({"n": 1, "d": value}).encode()


def _text(content: bytes) -> str | None:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _part(content: bytes, header: str = "") -> bytes:
    mark = f"x{zlib.crc32(content):08x}"  # nested ones must not share it
    head = f'--{mark}\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n{header}\r\n'
    return head.encode() + content + f"\r\n--{mark}--\r\n".encode()


DOCUMENTS: Final[Mapping[str, Callable[[str], bytes]]] = {
    "json": lambda m: json.dumps({"device": [{"user": m}], "n": 1.5}).encode(),
    "json, spaced": lambda m: json.dumps({"a": {"b": m}}, indent=1).encode(),
    "ndjson": lambda m: b'{"a":1}\n' + json.dumps({"u": m}).encode() + b"\n",
    "form": lambda m: f"os=android&user[mail]={quote(m)}&n=1".encode(),
    "xml": lambda m: f'<?xml version="1.0"?><log><user mail="{m}">x</user></log>'.encode(),
    "plist": lambda m: plistlib.dumps({"user": [m]}, fmt=plistlib.FMT_BINARY),
    "xml plist": lambda m: plistlib.dumps({"user": [m]}),
    "msgpack": lambda m: msgpack.packb({"user": {"mail": m}, "n": 1}),
    "cbor": lambda m: cbor2.dumps({"user": {"mail": m}, "n": 1}),
    "protobuf": lambda m: _field(1, m.encode()) + _field(2, _field(1, b"screen_view")),
    "thrift": lambda m: b"\x82\x21\x01\x03log\x18" + bytes([len(m)]) + m.encode() + b"\0",
    "multipart": lambda m: _part(m.encode(), "Content-Type: text/plain\r\n"),
}


def _string(content: bytes) -> bytes:
    text = _text(content)
    return _json(text if text is not None else _b64(content))


def _jwt(content: bytes) -> bytes:
    head, claims = b'{"alg":"none"}', _json(_b64(content))
    return _json(f"{_url_b64(head)}.{_url_b64(claims)}.")


WRAPS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": lambda c: gzip.compress(c, mtime=0),
    "zlib": zlib.compress,
    "zstd": lambda c: zstandard.ZstdCompressor().compress(c),
    "lz4": lambda c: bytes(lz4.frame.compress(c)),
    "string in JSON": _string,
    "base64 in JSON": lambda c: _json(_b64(c)),
    "URL-safe base64 in JSON": lambda c: _json(_url_b64(c)),
    "base64 in lines": lambda c: _json(base64.encodebytes(c).decode()),
    "base64 after a name": lambda c: _json("v1:" + _b64(c)),
    "base64": base64.b64encode,
    "base32": lambda c: _json(base64.b32encode(c).decode()),
    "gzip in hex": lambda c: _json(gzip.compress(c, mtime=0).hex()),
    "data URL": lambda c: _json("data:application/octet-stream;base64," + _b64(c)),
    "escaped JSON": lambda c: json.dumps(_string(c).decode())[1:-1].encode(),
    "base64 in a form": lambda c: f"os=android&d={quote(_b64(c), safe='')}".encode(),
    "escapes in a form": lambda c: b"os=android&d=" + quote(c, safe="").encode(),
    "escapes twice": lambda c: b"os=android&d=" + quote(quote(_b64(c), safe=""), safe="").encode(),
    "URL": lambda c: _json("https://a.example/?x=1&d=" + quote(_b64(c), safe="")),
    "file": _part,
    "base64 file": lambda c: _part(base64.b64encode(c), "Content-Transfer-Encoding: base64\r\n"),
    "bytes in MessagePack": lambda c: bytes(msgpack.packb({"name": "event", "data": c})),
    "bytes in CBOR": lambda c: cbor2.dumps({"name": "event", "data": c}),
    "bytes in protobuf": lambda c: (
        _field(1, b"event of the app" * (2 + len(c) // 16)) + _field(3, c)
    ),
    "bytes in a property list": lambda c: plistlib.dumps({"d": c}, fmt=plistlib.FMT_BINARY),
    "base64 in XML": lambda c: f"<a><b>{_b64(c)}</b></a>".encode(),
    "token": _jwt,
    "lines": lambda c: b'{"a":1}\n' + _json(_b64(c)) + b"\n",
    "guard": lambda c: b")]}',\n" + _json(_b64(c)),
    "callback": lambda c: b"cb(" + _json(_b64(c)) + b");",
}
_TYPES: Final = (
    "",
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "application/x-protobuf",
    "application/grpc",
    "application/grpc-web-text",
    "application/msgpack",
    "application/cbor",
    "application/x-thrift",
    "application/x-plist",
    "application/x-ndjson",
    "application/xml; charset=utf-16",
    "multipart/form-data; boundary=xY",
    "text/event-stream",
    "text/plain; charset=utf-32",
    "text/html",
    "image/png",
)
_CODINGS: Final = ("", "", "", "gzip", "br", "deflate", "zstd", "lz4", "gzip, br", "x", "identity")
_URLS: Final = (
    "https://a.example/x",
    "https://firebaselogging-pa.googleapis.com/v1/firelog/legacy/batchlog",
    "https://rtb.example/openrtb/bid",
    "https://otel.example/v1/traces",
)
_PIECES: Final = (
    b"\0",
    b"\xff",
    b"%",
    b"%25",
    b"=",
    b"==",
    b"&",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"\\",
    b"\\u",
    b"<",
    b">",
    b"<!ENTITY",
    b"&#x",
    b";",
    b":",
    b"|",
    b".",
    b"--",
    b"\r\n",
    b"\n\n",
    b"ey",
    b"data:",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"bplist00",
    b"\x82\x21",
    b"\x80\x01\0\x01",
    b"\x0a\xff\xff\xff\x03",
    b"\xdf\xff\xff\xff\xff",
    b"\xbf",
    b"\x9f",
    b"9" * 400,
    b"\xed\xa0\x80",
)


def exchange(
    body: bytes, content_type: str = "", encoding: str = "", url: str = _URLS[0], value: str = ""
) -> Exchange:
    """Return an exchange with `body` both ways and `value` in its headers, cookies and query."""
    headers: Headers = (("Content-Type", content_type), ("Content-Encoding", encoding))
    headers = tuple(each for each in headers if each[1])
    if value:
        headers += (("X-Device", value), ("Cookie", f"c={value}"), ("Authorization", f"B {value}"))
        url += f"/{value}?{value}"
    return Exchange(
        id="1",
        session="s",
        t_s=0.0,
        phase="",
        method="POST",
        url=url,
        request_headers=headers,
        request_body=body,
        status=200,
        response_headers=headers,
        response_body=body,
        server_ip=None,
        transport="h2",
        complete=True,
        truncated=0,
    )


def finds(body: bytes) -> bool:
    """Return whether decoding `body` shows the marker, or says that it stopped before."""
    found = decode(exchange(body))
    if any(problem.code == "too_deep" for problem in found.problems):
        return True
    return any(leaf.part == "body" and MARKER in leaf.value for leaf in found.leaves)


def nested(document: str, wraps: list[str]) -> bytes:
    """Return a document with the marker in wrappings, the first one innermost."""
    content = DOCUMENTS[document](MARKER)
    for name in wraps:
        content = WRAPS[name](content)
    return content


def mutated(chance: random.Random, content: bytes) -> bytes:
    """Return `content` with a few random faults: pieces changed, cut, doubled or put in."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(made) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            made[at : at + 1] = bytes([chance.randrange(256)])
        elif kind == 1:
            made[at:at] = chance.choice(_PIECES) * chance.choice((1, 1, 2, 40))
        elif kind == 2:
            del made[at : at + chance.choice((1, 1, 4, 200))]
        elif kind == 3:
            made[at:at] = made[at : at + chance.randint(1, 60)]
        else:
            made[at : at + 4] = chance.randbytes(4)
    return bytes(made)


def broken(seed: int) -> Exchange:
    """Return an exchange that no sane client sends; the same for the same seed."""
    chance = random.Random(seed)
    if chance.random() < 0.2:
        body = chance.randbytes(chance.choice((3, 20, 200, 3000)))
    else:
        wraps = chance.choices(sorted(WRAPS), k=chance.randint(0, 3))
        body = mutated(chance, nested(chance.choice(sorted(DOCUMENTS)), wraps))
    coding = chance.choice(_CODINGS)
    if coding == "br" and chance.random() < 0.5:
        body = mutated(chance, brotli.compress(body))
    value = ""
    if chance.random() < 0.5:
        value = mutated(chance, body[:300]).decode("latin-1").replace("\n", " ")
    return exchange(body, chance.choice(_TYPES), coding, chance.choice(_URLS), value)


def survived(odd: Exchange) -> Decoded:
    """Decode `odd` and check what must hold whatever it is; `AssertionError` if it does not."""
    began = time.process_time()
    found = decode(odd)
    assert time.process_time() - began < MOST_SECONDS, "too slow"
    assert len(found.leaves) <= _LIMITS.max_leaves, "too many leaves"
    for leaf in found.leaves:
        leaf.path.encode()
        leaf.value.encode()
        assert len(leaf.value) <= _LIMITS.max_value, "a value that is too long"
    for problem in found.problems:
        assert problem.stage == "decode"
        assert problem.detail.isascii(), "content in a problem"
        assert MARKER not in problem.detail, "content in a problem"
    return found


def main() -> None:
    """Fuzz for the given time; print what was found and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    seed, made, missed, failed, slowest = options.seed, 0, 0, 0, 0.0
    end = time.monotonic() + options.seconds
    while time.monotonic() < end:
        seed += 1
        chance = random.Random(seed)
        document = chance.choice(sorted(DOCUMENTS))
        wraps = chance.choices(sorted(WRAPS), k=chance.randint(0, 4))
        made += 1
        if not finds(nested(document, wraps)):
            missed += 1
            print(f"seed {seed}: not found: {document} in {', '.join(wraps)}", flush=True)
        for each in range(4):
            began = time.process_time()
            try:
                survived(broken(seed * 4 + each))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                failed += 1
                print(f"seed {seed * 4 + each}: {type(error).__name__}: {error}", flush=True)
            slowest = max(slowest, time.process_time() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{made} made, {missed} not found; {4 * made} broken, {failed} failed")
    print(f"slowest {slowest:.2f} s; peak memory {peak} MiB")


if __name__ == "__main__":
    main()

"""Bodies made to exhaust memory or time, each decoded in a process of its own.

Run as a program: prints one line of JSON for each, with its codes, its seconds of processor time
and the memory that it took beyond what the process had before (MiB). A process may have no more
than `MOST_ADDRESS` of address space: a bomb that goes off ends itself and not the machine.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import pickle
import plistlib
import resource
import sys
import time
import traceback
import zlib
from collections.abc import Callable, Mapping

import brotli  # type: ignore[import-untyped]
import lz4.block  # type: ignore[import-untyped]
import lz4.frame  # type: ignore[import-untyped]
import zstandard
from wire import exchange, field, varint

from analyzer.decode import Limits, decode
from analyzer.models import Exchange

MOST_ADDRESS = 3 * 1024**3
MIB = 1024 * 1024
ZEROS = 100 * MIB
BODY = Limits().max_body - 64
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PROTO, XML = "application/x-protobuf", "application/xml"
MSGPACK, CBOR, PLIST = "application/msgpack", "application/cbor", "application/x-plist"
THRIFT = "application/vnd.apache.thrift.compact"
BOM = "bomb"


def raw_deflate(content: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(content) + engine.flush()


def chain(levels: int, content: bytes = b"[1]") -> bytes:
    for _ in range(levels):
        content = gzip.compress(content, mtime=0)
    return content


def binary_plist(objects: bytes, offsets: list[int], refs: int = 2) -> bytes:
    table = 8 + len(objects)
    trailer = bytes(6) + bytes([8, refs]) + len(offsets).to_bytes(8) + bytes(8)
    listed = b"".join(offset.to_bytes(8) for offset in offsets)
    return b"bplist00" + objects + listed + trailer + table.to_bytes(8)


def laughs() -> bytes:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY l0 "lol">{lines}]><x>&l9;</x>'.encode()


def quadratic() -> bytes:
    return b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 100_000 + b'">]><x>' + b"&a;" * 100_000 + b"</x>"


def defaults() -> bytes:
    listed = " ".join(f'a{n} CDATA "{"v" * 90}"' for n in range(5000))
    return f"<!DOCTYPE x [<!ATTLIST y {listed}>]><x>".encode() + b"<y/>" * 500_000 + b"</x>"


def nested_protobuf() -> bytes:
    content = b"\x00x"
    for _ in range(10_000):
        content = field(1, content)
    return content


def wide_protobuf() -> bytes:
    """Sixty messages in each other, each nearly the whole body."""
    content = b"\x08\x01" * (4 * MIB // 2)
    for _ in range(60):
        content = field(1, content)
    return content


def nested_multipart() -> bytes:
    content = b"x"
    for level in range(2000):
        head = f"--b{level}\r\nContent-Type: multipart/mixed; boundary=b{level - 1}\r\n\r\n"
        content = head.encode() + content + f"\r\n--b{level}--\r\n".encode()
    return content


def names(count: int) -> bytes:
    return b"&".join(b"%x=" % number for number in range(count))


def frames(count: int) -> bytes:
    return (b"\0" + (2).to_bytes(4) + b"\x08\x01") * count


def sent(body: bytes, media: str = "", encoding: str = "") -> Exchange:
    return exchange(body, media, encoding)


# What it is, and the codes of which one has to be among its problems ("": none needs to be).
BOMBS: Mapping[str, tuple[str, Callable[[], Exchange]]] = {
    "gzip": (BOM, lambda: sent(gzip.compress(bytes(ZEROS), 1), JSON, "gzip")),
    "gzip without its header": (BOM, lambda: sent(gzip.compress(bytes(ZEROS), 1))),
    "zlib": (BOM, lambda: sent(zlib.compress(bytes(ZEROS), 1), JSON, "deflate")),
    "raw deflate": (BOM, lambda: sent(raw_deflate(bytes(ZEROS)), JSON, "deflate")),
    "br": (BOM, lambda: sent(brotli.compress(bytes(ZEROS), quality=1), JSON, "br")),
    "zstd": (BOM, lambda: sent(zstandard.ZstdCompressor().compress(bytes(ZEROS)), JSON, "zstd")),
    "lz4": (BOM, lambda: sent(lz4.frame.compress(bytes(ZEROS)), JSON, "lz4")),
    "a block of lz4": (BOM, lambda: sent(lz4.block.compress(bytes(ZEROS)), JSON, "lz4")),
    "gzip in gzip": (BOM, lambda: sent(gzip.compress(gzip.compress(bytes(ZEROS), 1)))),
    "zstd in br": (
        BOM,
        lambda: sent(
            brotli.compress(zstandard.ZstdCompressor().compress(bytes(ZEROS)), quality=1),
            JSON,
            "zstd, br",
        ),
    ),
    "gzip in base64 in JSON": (
        BOM,
        lambda: sent(
            json.dumps({"d": base64.b64encode(gzip.compress(bytes(ZEROS), 1)).decode()}).encode()
        ),
    ),
    "gzip without end": ("too_deep", lambda: sent(chain(200))),
    "gzip of many members": ("bad_encoding", lambda: sent(gzip.compress(b"") * 200_000)),
    "deep JSON": (
        "too_deep bad_json",
        lambda: sent(b'{"a":' * 10_000 + b"1" + b"}" * 10_000, JSON),
    ),
    "a million brackets": ("too_many_leaves", lambda: sent(b"[" * MIB + b"]" * MIB, JSON)),
    "deep JSON in a string": (
        "too_deep",
        lambda: sent(json.dumps({"a": "[" * 900 + "]" * 900}).encode(), JSON),
    ),
    "deep MessagePack": ("opaque_body", lambda: sent(b"\x91" * 10_000 + b"\x01", MSGPACK)),
    "deep CBOR": ("opaque_body", lambda: sent(b"\x81" * 10_000 + b"\x01", CBOR)),
    "deep XML": ("too_many_leaves", lambda: sent(b"<a>" * 10_000 + b"</a>" * 10_000, XML)),
    "deep protobuf": ("", lambda: sent(nested_protobuf(), PROTO)),
    "wide and deep protobuf": ("too_many_leaves", lambda: sent(wide_protobuf(), PROTO)),
    "deep Thrift": ("opaque_body", lambda: sent(b"\x1c" * 10_000 + bytes(10_001), THRIFT)),
    "a deep form": ("too_deep", lambda: sent(b"a" + b"[b]" * 10_000 + b"=1", FORM)),
    "a deep query": (
        "too_deep",
        lambda: exchange(url="https://a.example/?a" + "[b]" * 10_000 + "=1"),
    ),
    "a deep property list": (
        "opaque_body too_many_leaves too_deep",
        lambda: sent(
            b'<plist version="1.0">' + b"<array>" * 10_000 + b"</array>" * 10_000 + b"</plist>",
            PLIST,
        ),
    ),
    "multipart in multipart": (
        "",
        lambda: sent(nested_multipart(), "multipart/mixed; boundary=b1999"),
    ),
    "escapes of escapes": ("too_deep", lambda: sent(b"a=%" + b"25" * 10_000 + b"41", FORM)),
    "one line of 100 MB": ("too_large", lambda: sent(b"a" * 100_000_000, "text/plain")),
    "one string of 100 MB": ("too_large", lambda: sent(b'["' + b"a" * 100_000_000 + b'"]', JSON)),
    "one line": ("too_large", lambda: sent(b"a" * BODY, "text/plain")),
    "one string": ("too_large", lambda: sent(b'["' + b"a" * (BODY - 4) + b'"]', JSON)),
    "one name": (
        "too_large",
        lambda: sent(b'{"' + b"a" * 6 * MIB + b'":[' + b"1," * 90_000 + b"1]}", JSON),
    ),
    "long names in each other": (
        "too_large",
        lambda: sent(
            (b'{"' + b"a" * 100_000 + b'":') * 60 + b"[" + b"1," * 19_000 + b"1]" + b"}" * 60, JSON
        ),
    ),
    "billion laughs": (BOM, lambda: sent(laughs(), XML)),
    "billion laughs in a string": (
        BOM,
        lambda: sent(json.dumps([laughs().decode()]).encode(), JSON),
    ),
    "quadratic blow-up": (BOM, lambda: sent(quadratic(), XML)),
    "an external entity": (
        BOM,
        lambda: sent(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>', XML),
    ),
    "a parameter entity": (
        BOM,
        lambda: sent(b'<!DOCTYPE x [<!ENTITY % e "<!ENTITY f 1>"> %e;]><x/>', XML),
    ),
    "default attributes": ("too_many_leaves", lambda: sent(defaults(), XML)),
    "laughs in a property list": (
        "opaque_body bomb",
        lambda: sent(laughs().replace(b"<x>", b"<plist>"), PLIST),
    ),
    "a property list in itself": (
        "too_many_leaves too_deep",
        lambda: sent(binary_plist(b"\xa2\0\0\0\0", [8]), PLIST),
    ),
    "a property list of the same bytes": (
        "opaque_body",
        lambda: sent(
            binary_plist(b"\xaf\x12" + (250_000).to_bytes(4) + bytes(500_000), [8] * 250_000), PLIST
        ),
    ),
    "a property list that promises": (
        "opaque_body",
        lambda: sent(binary_plist(b"\xaf\x13" + b"\x7f" + b"\xff" * 7, [8]), PLIST),
    ),
    "a number of a million digits": ("", lambda: sent(b"[" + b"9" * MIB + b"]", JSON)),
    "a big number in CBOR": ("", lambda: sent(b"\xc2\x5a" + MIB.to_bytes(4) + b"\xff" * MIB, CBOR)),
    "a number in a property list": (
        "too_large",
        lambda: sent(b"<plist><integer>" + b"9" * MIB + b"</integer></plist>", PLIST),
    ),
    "a number in an entity": (
        "",
        lambda: sent(json.dumps({"a": "&#" + "9" * MIB + ";"}).encode(), JSON),
    ),
    "fields of a form": ("too_many_leaves", lambda: sent(names(1_300_000)[:BODY], FORM)),
    "fields of a query": (
        "too_many_leaves",
        lambda: exchange(url="https://a.example/?" + names(400_000).decode()),
    ),
    "cookies": (
        "too_many_leaves",
        lambda: exchange(headers=(("Cookie", "; ".join(f"{n}=1" for n in range(400_000))),)),
    ),
    "segments of a path": (
        "too_many_leaves",
        lambda: exchange(url="https://a.example" + "/a" * MIB),
    ),
    "parts": (
        "too_many_leaves",
        lambda: sent(b"--a\r\n\r\n\r\n" * 700_000, "multipart/mixed; boundary=a"),
    ),
    "names of an object": (
        "too_many_leaves",
        lambda: sent(b'{"a":1' + b"".join(b',"%x":1' % n for n in range(750_000)) + b"}", JSON),
    ),
    "numbers in JSON": (
        "too_many_leaves",
        lambda: sent(b"[" + b"1," * (BODY // 2 - 2) + b"1]", JSON),
    ),
    "numbers in JSON, read exactly": (
        "too_many_leaves",
        lambda: sent(b'{"a":1,"a":[' + b"1," * (BODY // 2 - 9) + b"1]}", JSON),
    ),
    "objects in JSON": (
        "too_many_leaves",
        lambda: sent(b"[" + b'{"a":1},' * (BODY // 8 - 2) + b"1]", JSON),
    ),
    "empty lists in JSON": (
        "too_many_leaves",
        lambda: sent(b"[" + b"[]," * (BODY // 3 - 2) + b"1]", JSON),
    ),
    "lines of JSON": (
        "too_many_leaves",
        lambda: sent(b"{}\n" * (BODY // 3), "application/x-ndjson"),
    ),
    "lines of numbers": (
        "too_many_leaves",
        lambda: sent(b"1\n" * (BODY // 2), "application/x-ndjson"),
    ),
    "numbers in MessagePack": (
        "too_many_leaves",
        lambda: sent(b"\xdd" + (BODY - 9).to_bytes(4) + b"\x01" * (BODY - 9), MSGPACK),
    ),
    "maps in MessagePack": (
        "too_many_leaves",
        lambda: sent(b"\xdd" + MIB.to_bytes(4) + b"\x81\xa1a\x01" * MIB, MSGPACK),
    ),
    "numbers in CBOR": (
        "too_many_leaves",
        lambda: sent(b"\x9a" + (BODY - 9).to_bytes(4) + b"\x01" * (BODY - 9), CBOR),
    ),
    "fields of protobuf": ("too_many_leaves", lambda: sent(b"\x08\x01" * (BODY // 2), PROTO)),
    "messages in protobuf": (
        "too_many_leaves",
        lambda: sent(b"\x0a\x02\x08\x01" * (BODY // 4), PROTO),
    ),
    "frames of gRPC": (
        "opaque_body too_many_leaves",
        lambda: sent(frames(BODY // 7), "application/grpc"),
    ),
    "numbers in Thrift": (
        "too_many_leaves",
        lambda: sent(b"\x19\xf5" + varint(BODY - 20) + b"\x02" * (BODY - 20) + b"\0", THRIFT),
    ),
    "elements of XML": (
        "too_many_leaves",
        lambda: sent(b"<x>" + b"<a/>" * (BODY // 4 - 9) + b"</x>", XML),
    ),
    "elements of a property list": (
        "too_many_leaves",
        lambda: sent(plistlib.dumps({"a": [1] * 200_000}, fmt=plistlib.FMT_BINARY), PLIST),
    ),
    "events": ("too_many_leaves", lambda: sent(b"data:1\n\n" * (BODY // 8), "text/event-stream")),
    "pairs of a table": (
        "too_many_leaves",
        lambda: sent(json.dumps([";".join(f"a{n}=1" for n in range(400_000))]).encode(), JSON),
    ),
    "values to look into": (
        "",
        lambda: sent(json.dumps(["a=%b?#{[&;<" * 40] * 17_000).encode(), JSON),
    ),
}


def built(name: str) -> Exchange:
    """Make an exchange in yet another process, so that making it counts for nothing."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(BOMBS[name][1](), pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        odd: Exchange = pickle.load(pipe)
    os.waitpid(child, 0)
    return odd


def run(name: str) -> dict[str, object]:
    """Decode one bomb in a forked process; return what became of it."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        told: dict[str, object] = {"name": name}
        try:
            odd = built(name)
            resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESS, MOST_ADDRESS))
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            began = time.process_time()
            found = decode(odd)
            told["seconds"] = round(time.process_time() - began, 2)
            told["mib"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
            told["codes"] = sorted({problem.code for problem in found.problems})
            told["leaves"] = len(found.leaves)
        except BaseException:  # noqa: BLE001 - told to the parent
            told["error"] = traceback.format_exc()[-2000:]
        os.write(writer, json.dumps(told).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        content = pipe.read()
    _, status = os.waitpid(child, 0)
    if not content:
        return {"name": name, "error": f"died: {status}"}
    told_of: dict[str, object] = json.loads(content)
    return told_of


if __name__ == "__main__":
    for each in sys.argv[1:] or BOMBS:
        sys.stdout.write(json.dumps(run(each)) + "\n")
        sys.stdout.flush()

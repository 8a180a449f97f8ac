"""Builds payloads the way the fictional parties write them: values at paths, then bytes.

A tree is nested dicts; keys are the components of the path. A dict whose first key is ``"0"`` is a
list (no protobuf field has that number). Numbers stay numbers where the format has them.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

import brotli  # type: ignore[import-untyped]
import zstandard

from analyzer.simulation.declaration import BodyKind, Encoding, Scalar, Transform

Tree = dict[str, object]

# The smallest picture there is, and the first box of a film: content that carries no text.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(range(256)) * 16
CONTENT_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
    "protobuf": "application/x-protobuf",
    "gif": "image/gif",
    "mp4": "video/mp4",
}
_TRANSFORMS: Mapping[str, Callable[[str], str]] = {
    "raw": lambda text: text,
    "md5": lambda text: hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
    "sha1": lambda text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(),
    "sha256": lambda text: hashlib.sha256(text.encode()).hexdigest(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "upper": str.upper,
}


def disguise(value: Scalar, transform: Transform) -> Scalar:
    """Return `value` as `transform` leaves it; "raw" keeps numbers numbers."""
    return value if transform == "raw" else _TRANSFORMS[transform](str(value))


def place(tree: Tree, path: str, value: Scalar) -> None:
    """Put `value` at the dotted `path` of `tree`; `ValueError` where something is already there."""
    *parents, last = path.split(".")
    at: Tree = tree
    for name in parents:
        below = at.setdefault(name, {})
        if isinstance(below, list):
            below = {str(index): entry for index, entry in enumerate(below)}
            at[name] = below
        if not isinstance(below, dict):
            raise ValueError(f"{path!r} goes through a value")  # noqa: TRY004
        at = below
    if last in at:
        raise ValueError(f"two values at {path!r}")
    at[last] = value


def wrap(tree: Tree, nested: Mapping[str, str]) -> Tree:
    """Return `tree` with the subtrees at the paths of `nested` encoded, the deepest first."""
    result = tree
    for path in sorted(nested, key=lambda path: -path.count(".")):
        result = _wrap_one(result, path.split("."), nested[path].split())
    return result


def _wrap_one(tree: Tree, path: list[str], encodings: list[str]) -> Tree:
    name, *rest = path
    below = tree.get(name)
    if not isinstance(below, dict):
        return tree
    return {**tree, name: _wrap_one(below, rest, encodings) if rest else _encode(below, encodings)}


def _encode(tree: Tree, encodings: list[str]) -> str | bytes:
    first, *outer = encodings
    if first != "json":
        raise ValueError(f"no format {first!r} for what is nested")
    content: str | bytes = write(tree, "json").decode()
    for encoding in outer:
        raw = content if isinstance(content, bytes) else content.encode()
        if encoding == "base64":
            content = base64.b64encode(raw).decode()
        elif encoding == "gzip":
            content = compress(raw, "gzip")
        else:
            raise ValueError(f"no encoding {encoding!r}")
    return content


def write(tree: Tree, kind: BodyKind) -> bytes:
    """Return `tree` as a body of `kind`."""
    if kind == "json":
        return json.dumps(_lists(tree), separators=(",", ":"), ensure_ascii=False).encode()
    if kind == "form":
        return urlencode({name: _text(value) for name, value in tree.items()}).encode()
    if kind == "protobuf":
        return _protobuf(tree)
    if kind == "multipart":
        return _multipart(tree)
    return {"gif": GIF, "mp4": MP4}.get(kind, b"")


def content_type(kind: BodyKind, body: bytes) -> str:
    """Return the Content-Type of a body of `kind` (a multipart one begins with its boundary)."""
    if kind == "multipart":
        boundary = body.split(b"\r\n", 1)[0].removeprefix(b"--").decode()
        return f"multipart/form-data; boundary={boundary}"
    return CONTENT_TYPES[kind]


def compress(body: bytes, encoding: Encoding) -> bytes:
    """Return `body` under a content-encoding; the same bytes every time."""
    if encoding == "gzip":
        return gzip.compress(body, mtime=0)
    if encoding == "br":
        packed: bytes = brotli.compress(body, quality=5)
        return packed
    return zstandard.compress(body) if encoding == "zstd" else body


def _text(value: object) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    raise ValueError("a form holds text; say in `nested` how the rest is encoded")


def _lists(value: object) -> object:
    if isinstance(value, dict):
        if "0" in value:
            return [_lists(value[str(index)]) for index in range(len(value))]
        return {name: _lists(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_lists(below) for below in value]
    return value


def _protobuf(tree: Tree) -> bytes:
    fields = [(int(name), value) for name, value in tree.items()]
    return b"".join(_field(number, value) for number, value in sorted(fields, key=lambda f: f[0]))


def _field(number: int, value: object) -> bytes:
    if isinstance(value, dict) and "0" in value:
        return b"".join(_field(number, value[str(index)]) for index in range(len(value)))
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    if isinstance(value, float):
        return _varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, dict):
        content = _protobuf(value)
    elif isinstance(value, str):
        content = value.encode()
    else:
        raise ValueError(f"field {number} has no protobuf form")  # noqa: TRY004
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _multipart(tree: Tree) -> bytes:
    boundary = b"----pebblo-" + hashlib.sha256(repr(tree).encode()).hexdigest()[:16].encode()
    out = b""
    for name, value in tree.items():
        head = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += f'; filename="{name}.json.gz"\r\nContent-Type: application/gzip'
            content = value
        else:
            content = _text(value).encode()
        out += b"--" + boundary + b"\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"
    return out + b"--" + boundary + b"--\r\n"

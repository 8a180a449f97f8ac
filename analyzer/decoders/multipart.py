"""Multipart bodies: forms with files, and the mixed kind."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import NamedTuple

from analyzer.decoders import DECODERS, MISS, Budget, Decoder, Hint, Layer, Limits
from analyzer.decoders.form import Names
from analyzer.decoders.percent import unquote_name
from analyzer.decoders.plan import bare_text

_DISPOSITION = re.compile(r"""(?i:[;\s](name|filename)(\*?))=(?:"((?:[^"\\]|\\.)*+)"|([^\s;]++))""")
_SNIFF = re.compile(rb"--([^\r\n]{1,200})\r?\n(?i:content-[a-z-]+):")
_MOST_HEADERS = 16 * 1024
_LONG = 256  # bytes of headers; shorter ones repeat from request to request


def _headers(block: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _unwrapped(content: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding; content that does not fit it stays as it is."""
    if encoding == "base64":
        try:
            return binascii.a2b_base64(content)
        except binascii.Error:
            return content  # and the strings in it are looked into as any others
    return binascii.a2b_qp(content) if encoding == "quoted-printable" else content


class _Head(NamedTuple):
    """What the headers of a part say: its name, if it has one, and what is known of its content."""

    name: str | None
    file: str
    media: str
    encoding: str


def _head(block: bytes) -> _Head:
    headers = _headers(block)
    names: dict[str, str] = {}
    for key, star, quoted, bare in _DISPOSITION.findall(headers.get("content-disposition", "")):
        text = quoted or bare
        names.setdefault(key.lower(), unquote_name(text.rpartition("'")[2]) if star else text)
    return _Head(
        names.get("name"),
        names.get("filename", ""),
        headers.get("content-type", ""),
        headers.get("content-transfer-encoding", "").lower(),
    )


_known_head = lru_cache(4096)(_head)


def _split(block: bytes) -> tuple[_Head, bytes]:
    """Return the headers and the content of what stands between two delimiters."""
    if block.startswith((b"\r\n", b"\n")):  # no headers at all
        return _head(b""), block[2 if block[0] == 13 else 1 :]
    for gap in (b"\r\n\r\n", b"\n\n"):
        end = block.find(gap, 0, _MOST_HEADERS)
        if end >= 0:
            read = _known_head if end < _LONG else _head
            return read(block[:end]), block[end + len(gap) :]
    return _head(block[:_MOST_HEADERS]), b""


def _body(content: bytes, hint: Hint, budget: Budget) -> object:
    boundary = hint.boundary.encode("utf-8", "replace")
    if not boundary or b"--" + boundary not in content:
        found = _SNIFF.match(content[:4096].lstrip(b"\r\n"))
        if not found:
            return MISS
        boundary = found[1].rstrip()
    delimiter = b"--" + boundary
    pieces = content.split(b"\n" + delimiter, budget.limits.max_leaves)
    if pieces[0].startswith(delimiter):
        pieces[0] = pieces[0][len(delimiter) :]
    else:
        pieces.pop(0)  # the preamble, which means nothing
    fields: dict[str, object] = {}
    nested = Names()
    for position, piece in enumerate(pieces):
        if piece.startswith(b"--"):
            break
        head, line_end, block = piece.partition(b"\n")
        if not line_end or head.strip():
            continue
        headers, value = _split(block)
        value = value.removesuffix(b"\r")
        if headers.encoding:
            value = _unwrapped(value, headers.encoding)
        name, listed = str(position) if headers.name is None else headers.name, False
        if "[" in name:
            name, listed = nested.path(name)
        text = None if headers.media else bare_text(value)
        layer = Layer(value, headers.media) if text is None else text
        _add(fields, name, [layer] if listed else layer)
        if headers.file:
            _add(fields, f"{name}.filename", headers.file)
    return fields or MISS


def _add(fields: dict[str, object], name: str, value: object) -> None:
    if name not in fields:
        fields[name] = value
        return
    known = fields[name]
    if not isinstance(known, list):
        known = fields[name] = [known]
    if isinstance(value, list):
        known.extend(value)
    else:
        known.append(value)


def _text(text: str) -> object:
    """Read a multipart body that stands in a string: of a batch, or escaped in a form."""
    if text[:2] != "--" or "\n" not in text:
        return MISS
    return _body(text.encode("utf-8", "replace"), Hint(), Budget(Limits()))


DECODERS.register("multipart")(
    Decoder(
        body=_body,
        media=(
            "multipart/form-data",
            "multipart/mixed",
            "multipart/related",
            "multipart/alternative",
        ),
        text=_text,
        least=40,
        starts=b"-\r\n",
        guesses=True,
        rank=15,
    )
)

"""What may be inside a value that no decoder took apart.

A decoder must be sure of what it says, because names and shapes are read from it; most short texts
would be some Base64. A planted value proves itself, so that for its sake everything may be
tried: Base64, hexadecimal, compression, escapes, inside each other, wherever they begin. What is
given back is searched, and never shown.
"""

from __future__ import annotations

import re
import zlib
from binascii import Error, a2b_base64
from collections.abc import Iterator, Sequence
from html import unescape
from itertools import islice
from typing import Final
from urllib.parse import unquote_to_bytes

from zstandard import ZstdDecompressor, ZstdError

SHORTEST: Final = 11  # characters: eight digits in Base64
LONGEST: Final = 65_536
_DEEPEST: Final = 9
_MOST_BYTES: Final = 262_144  # of all attempts at one value
_MOST: Final = 200  # attempts at one value
_TOKEN: Final = re.compile(rb"[A-Za-z0-9+/_-]{11,}={0,2}")
_SHORT_TOKEN: Final = re.compile(rb"[A-Za-z0-9+/_-]{8,}={0,2}")
_NEVER: Final = re.compile(rb"[0-9A-Fa-f-]+|[0-9+/_-]+")  # digests, UUIDs, numbers
# Something that is read, or can be unpacked; random bytes mostly have neither.
_PACKED: Final = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|\x28\xb5\x2f\xfd")
_PROMISING: Final = re.compile(rb"[\x20-\x7e]{6}|" + _PACKED.pattern)
_LONG: Final = 64  # bytes; what is longer is looked at in any case
_LINES: Final = re.compile(rb"(?:[A-Za-z0-9+/]{60,76}\r?\n)+[A-Za-z0-9+/]*={0,2}")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{16,}")
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# Byte by byte, as certificates' digests are shown; addresses of hardware are shorter.
_PAIRS: Final = re.compile(rb"[0-9A-Fa-f]{2}([:\- ])(?:[0-9A-Fa-f]{2}\1){7,}[0-9A-Fa-f]{2}")
_LEAST_JOINTS: Final = 8
# The first three bits of raw deflate that is one block: the last one, and packed. Digests are not
# tried: many are sent, and what is packed is rarely as long as one.
_ONE_BLOCK: Final = frozenset((3, 5))
_DIGESTS: Final = frozenset((16, 20, 32))
_PERCENT: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_UNICODE: Final = re.compile(rb"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})")
_ESCAPE: Final = re.compile(rb"\\([^0-9A-Za-z]|[nrt])")  # of any sign: some escape all
_ESCAPED: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
_ENTITY: Final = re.compile(rb"&(?:#[0-9]{1,6}|#x[0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos);")
_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
_MOST_PACKED: Final = 64  # in one content
_WINDOW: Final = 8 * 1024 * 1024
_STEP: Final = 512

# Hexadecimal and no more: where it is of whole bytes, below `_LONG`, see `promising`.
is_short_hex: Final = re.compile(r"[0-9A-Fa-f]{12,126}").fullmatch
# A UUID, a number: no run of sixteen digits, so that `attempts` finds nothing in it.
is_identifier: Final = re.compile(r"[0-9A-Fa-f]{1,15}(?:-[0-9A-Fa-f]{0,15}){0,14}").fullmatch


def attempts(text: bytes, *, binary: bool = False) -> list[bytes]:
    """Return what `text` may hold, encoded once or several times; each thing once.

    Text is what begins where it begins; in what is `binary` anything may begin anywhere.
    """
    joined = text.count(b"-") >= _LEAST_JOINTS
    if not (binary or joined) and _NEVER.fullmatch(text):  # most of what is tried, mostly in vain
        run = _HEX.search(text)
        if run is None or not any(map(_promises, _from_hex(run[0]))):
            return []
    told: dict[bytes, None] = {}
    room = _MOST_BYTES
    level = [text]
    if binary:  # a body that was squeezed without any mark at its beginning
        level += [found for found in _unpacked(text, -15) if _promises(found)]
        told.update(dict.fromkeys(level[1:]))
    for depth in range(_DEEPEST):
        below: list[bytes] = []
        for content in level:
            for found in _inside(content, binary or depth > 0):
                if not found or found in told or found == text or not _promises(found):
                    continue
                room -= len(found)
                if room < 0 or len(told) >= _MOST:
                    return list(told)
                told[found] = None
                below.append(found)
        level = below
    return list(told)


def promising(hexed: Sequence[str]) -> list[str]:
    """Return those of `hexed`, texts of 6 to 63 bytes in hexadecimal, that may hold something.

    All are looked at together: random identifiers come with every request, and hold nothing.
    """
    content = bytes.fromhex("00".join(hexed))
    if not _PROMISING.search(content) and not any(
        piece and "\ufffd" not in piece for piece in content.decode(errors="replace").split("\0")
    ):
        return [each for each in hexed if any(_deflated(bytes.fromhex(each)))]
    return [each for each in hexed if any(map(_promises, _from_hex(each.encode())))]


def _inside(content: bytes, deep: bool) -> Iterator[bytes]:
    # In binary, what stands before a token may look like a piece of it: it is the token's length.
    starts = range(4) if deep else range(1)
    for found in (_SHORT_TOKEN if deep else _TOKEN).finditer(content):
        token = found[0].rstrip(b"=")
        if _NEVER.fullmatch(token):
            continue
        for start in starts:
            yield from _base64(token[start:])
    if b"\n" in content:
        for found in _LINES.finditer(content):
            yield from _base64(b"".join(found[0].split()).rstrip(b"="))
    for found in _HEX.finditer(content):
        for start in starts[:2]:
            yield from _from_hex(found[0][start:])
    if max(content.count(b":"), content.count(b"-"), content.count(b" ")) >= _LEAST_JOINTS:
        for found in _PAIRS.finditer(content):
            yield found[0].translate(None, b":- ")
    if deep:
        if content.count(0) >= len(content) // 2 > 1:  # every other byte: UTF-16
            yield content[1::2] if content[0] == 0 else content[::2]
        for found in islice(_PACKED.finditer(content), _MOST_PACKED):
            if found[0] == _ZSTD:
                yield from _unframed(content[found.start() :])
            else:
                yield from _unpacked(content[found.start() :], 47)
    if b"%" in content and _PERCENT.search(content):
        yield unquote_to_bytes(content)
        if b"+" in content:  # a form writes spaces so
            yield unquote_to_bytes(content.replace(b"+", b" "))
    if b"\\" in content:
        if _UNICODE.search(content):
            yield _UNICODE.sub(_letter, content)
        yield _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), content)
    if b"&" in content and _ENTITY.search(content):
        yield unescape(content.decode("utf-8", "replace")).encode("utf-8", "replace")


def _promises(content: bytes) -> bool:
    """Tell whether there can be anything in `content`."""
    if len(content) >= _LONG or _PROMISING.search(content):
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _base64(token: bytes) -> Iterator[bytes]:
    bare = token[: len(token) - 1] if len(token) % 4 == 1 else token
    if b"-" in bare or b"_" in bare:
        bare = bare.translate(_ALPHABET)
    try:
        content = a2b_base64(bare + b"=" * (-len(bare) % 4))
    except Error:
        return
    yield content
    if len(content) >= SHORTEST and not content.isascii():
        yield from _unpacked(content, -15)  # what has no mark at its beginning


def _from_hex(token: bytes) -> Iterator[bytes]:
    content = bytes.fromhex(token[: len(token) // 2 * 2].decode())
    yield content
    yield from _deflated(content)


def _deflated(content: bytes) -> Iterator[bytes]:
    """Yield what `content` holds if it is raw deflate, which no mark tells apart."""
    if (
        len(content) >= SHORTEST
        and content[0] & 7 in _ONE_BLOCK
        and len(content) not in _DIGESTS
        and not content.isascii()
    ):
        yield from _unpacked(content, -15)


def _unpacked(content: bytes, bits: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(bits)
    try:
        found = unpacker.decompress(content, LONGEST)
    except zlib.error:
        return
    if bits > 0 or unpacker.eof:
        yield found


def _unframed(content: bytes) -> Iterator[bytes]:
    unpacker = ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
    pieces: list[bytes] = []
    size = 0
    for start in range(0, len(content), _STEP):  # its output has no bound: see `decoders.zstd`
        try:
            pieces.append(unpacker.decompress(content[start : start + _STEP]))
        except ZstdError:
            break
        size += len(pieces[-1])
        if unpacker.eof or size >= LONGEST:
            break
    yield b"".join(pieces)[:LONGEST]


def _letter(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1] or found[2], 16)).encode("utf-8", "surrogatepass")

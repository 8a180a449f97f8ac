"""What looks like a cipher: bytes without any pattern, bare or written as Base64, Base85 or hex.

Not a decoder itself. Nothing here reads anything; it tells a value that may hide personal data from
one that merely is long. Shorter ones (tokens, digests, signatures of 512 bits) prove nothing and
are left alone, but for many different ones in one body, and so are signed tokens, public keys and
certificates.
"""

from __future__ import annotations

import base64
import re
from binascii import a2b_base64
from collections import Counter
from collections.abc import Sequence
from math import log2

from analyzer.decoders.media import belies, is_media, is_written
from analyzer.decoders.text import to_text
from analyzer.models import Part

LEAST = 192  # bytes that a value must hide
SHORTEST = LEAST // 3 * 4  # characters that take them: as Base64, the denser of the two spellings

# Chi-squared against 256 equal shares has a mean of 255 and a deviation of 23 for a cipher, however
# long; 160,000 of them reached 380. Text, numbers and certificates begin at 500.
_MOST_UNEVEN = 400
_SAMPLE = 64 * 1024
_WINDOW = 1024  # bytes looked at in one place; over more, a slight bias of compression shows

_ARCHIVES = (
    b"PK\x03\x04",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\xfd7zXZ\0",
    b"BZh",
    b"\x04\x22\x4d\x18",  # LZ4, where it is broken
)
_CERTIFICATE = re.compile(rb"\x30\x82..\x30\x82..\xa0\x03\x02\x01", re.DOTALL)
_PUBLIC_KEY = re.compile(rb"\x30\x82..\x30.\x06", re.DOTALL)

# Signed addresses and sessions, by the names that the clouds give them.
_CREDENTIALS = ("authorization", "x-amz-security-token", "x-goog-signature", "signature")

_BETWEEN = re.compile(r"[^A-Za-z0-9+/_\-\s]+")
_SIGNED = re.compile(r"(?<![\w-])ey[\w-]++\.ey[\w-]*+\.[\w-]*+(?!\.)")  # as JSON Web Tokens
_HEX = re.compile(r"[0-9A-Fa-f\s-]++")
_LINES = (64, 76)  # of PEM and MIME
_CONTROL = bytes(set(range(0x20)) - set(b"\t\n\f\r\x1b"))
_LEAST_FALSE = 24  # bytes: of a cipher, one in ten is a control character

# Of each alphabet of Base85: its signs in the order of their values. A random text of them has a
# chi-squared of 84 with a deviation of 13; one of Base64, which uses 64 of them, has 170 and more.
_RFC1924 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_ASCII85 = "".join(map(chr, range(ord("!"), ord("u") + 1)))
_Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_MOST_UNEVEN_85 = 150
_FEWEST_SIGNS = 70

# Sizes of digests, UUIDs and signatures; a list of those is no cipher in pieces.
_DIGESTS = frozenset((16, 20, 28, 32, 64))
_LEAST_PIECE = 33  # bytes
_FEWEST_PIECES = 3
_MOST_PIECES = 256
SHORTEST_PIECE = _LEAST_PIECE // 3 * 4  # characters
_WHOLE = re.compile(r"[A-Za-z0-9+/_-]++={0,2}")
_ALPHABET = str.maketrans("-_", "+/")


def is_handed_out(part: Part, path: str) -> bool:
    """Whether what stands there is a credential: it came from a server, and says nothing new."""
    if part in ("header", "query"):
        return path.lower().partition(".")[0] in _CREDENTIALS
    return part in ("cookie", "response_cookie")


def is_noise(content: bytes) -> bool:
    """Whether `content` has the even spread of a cipher at its start, its middle or its end."""
    size = len(content)
    if size < LEAST:
        return False
    starts = (0, (size - _WINDOW) // 2, size - _WINDOW) if size > _WINDOW else (0,)
    return any(_unevenness(content[start : start + _WINDOW]) < _MOST_UNEVEN for start in starts)


def hides(content: bytes) -> bool:
    """Whether `content`, which no decoder reads, may hide data: a cipher, or a packed archive."""
    if len(content) < LEAST or is_media(content):
        return False
    if content.startswith(_ARCHIVES):
        return True
    return is_noise(content) and not _is_key(content)


def pretends(media: str, content: bytes) -> bool:
    """Whether `content` cannot be the media that it was announced as: a picture, or a page."""
    if belies(media, content):
        return True
    return is_written(media) and (is_noise(content) or _is_small_cipher(content))


def _is_small_cipher(content: bytes) -> bool:
    """Whether `content`, too short to measure, cannot be text of any charset."""
    if not _LEAST_FALSE <= len(content) < LEAST:
        return False
    return len(content.translate(None, _CONTROL)) < len(content) and to_text(content) is None


def measured(content: bytes) -> str:
    """Return the size of `content` and its entropy: ``4,096 bytes, 7.96 bits per byte``.

    Entropy is Shannon's, over single bytes, of at most the first 64 KiB. Few bytes have few values:
    192 of a cipher measure some 7.2, 4,096 of it 7.95.
    """
    sample = content[:_SAMPLE]
    size = len(sample)
    bits = -sum(n / size * log2(n / size) for n in Counter(sample).values()) if size else 0.0
    return f"{len(content):,} bytes, {abs(bits):.2f} bits per byte"


def sealed(text: str) -> tuple[str, bytes] | None:
    """Return how a value that no decoder reads hides bytes, and these; None if it does not.

    Looks at the longest piece between separators: ``v1:...``, a data URI, an encrypted token.
    """
    if "." in text:
        text = _SIGNED.sub(".", text)
    piece = max(_BETWEEN.split(text), key=len).strip()
    if _HEX.fullmatch(piece):
        # Identifiers stand in lists: what separates them is never part of one.
        piece = max(piece.replace("-", " ").split(), key=len, default="")
        kind, content = "hex", bytes.fromhex(piece[: len(piece) // 2 * 2])
    else:
        piece = _joined(piece)
        if len(piece) < SHORTEST:
            return _in_base85(text)
        kind, content = "base64", _unpacked(piece)
    return (kind, content) if hides(content) else None


def in_pieces(texts: Sequence[str]) -> tuple[int, bytes] | None:
    """Return how many of `texts`, values of one body, hide bytes together, and all of these.

    None if they hide none. Each is too short to tell, and identifiers look like a cipher as well:
    they have one length, or that of a digest.
    """
    contents: dict[bytes, None] = {}
    for text in texts[:_MOST_PIECES]:
        if _WHOLE.fullmatch(text) and not _HEX.fullmatch(text):
            content = _unpacked(text.rstrip("="))
            if (
                len(content) >= _LEAST_PIECE
                and len(content) not in _DIGESTS
                and not is_media(content)
            ):
                contents[content] = None
    if len(contents) < _FEWEST_PIECES or len(set(map(len, contents))) < 2:
        return None
    whole = b"".join(contents)
    if len(whole) < LEAST or _unevenness(whole) >= _MOST_UNEVEN:
        return None
    return len(contents), whole


def _in_base85(text: str) -> tuple[str, bytes] | None:
    """Return the bytes that `text` hides as Base85: of RFC 1924, Ascii85 or Z85."""
    bare = "".join(text.split("\n")).strip().removeprefix("<~").removesuffix("~>")
    counts = Counter(bare)
    if len(bare) < SHORTEST or not _FEWEST_SIGNS <= len(counts) <= 86:
        return None
    if sum(count * count for count in counts.values()) * 85 / len(bare) - len(bare) > (
        _MOST_UNEVEN_85
    ):
        return None
    for signs in (_RFC1924, _ASCII85, _Z85):
        if counts.keys() <= set(signs):
            try:
                content = base64.b85decode(bare.translate(str.maketrans(signs, _RFC1924)))
            except ValueError:  # a group beyond 32 bits
                continue
            return ("base85", content) if hides(content) else None
    return None


def _is_key(content: bytes) -> bool:
    """Whether `content` is one certificate or public key (X.509 in DER) and nothing more."""
    if int.from_bytes(content[2:4]) + 4 != len(content):
        return False
    return _CERTIFICATE.match(content) is not None or _PUBLIC_KEY.match(content) is not None


def _unevenness(content: bytes) -> float:
    size = len(content)
    return sum(count * count for count in Counter(content).values()) * 256 / size - size


def _unpacked(piece: str) -> bytes:
    over = len(piece) % 4
    if over == 1:  # cut
        piece, over = piece[:-1], 0
    return a2b_base64(piece.translate(_ALPHABET) + "=" * (-over % 4))


def _joined(piece: str) -> str:
    """Undo the breaking of lines, and plus signs that a form has made spaces."""
    parts = piece.split()
    if len(parts) < 2:
        return piece
    widths = set(map(len, parts[:-1]))
    lines = "\n" in piece
    if (widths <= {*_LINES} and len(widths) == 1) if lines else len({*map(len, parts)}) > 1:
        return ("" if lines else "+").join(parts)
    return max(parts, key=len)

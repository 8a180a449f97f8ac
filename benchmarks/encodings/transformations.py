"""The ways in which an identifier is written: those of any text. Written with the standard library.

A way gives back text, or several fields, which stand beside each other in a request.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

from benchmarks.encodings import spellings
from benchmarks.encodings.identifiers import Identifier

Fields = dict[str, str]
Way = Callable[[str], str | Fields]


def hexadecimal(name: str, change: Callable[[str], str] = str.lower) -> Way:
    """Return the way of a hash `name` in hexadecimal, of what `change` makes of the text."""
    return lambda text: hashlib.new(name, change(text).encode()).hexdigest()


def of_hash(outer: str, inner: str) -> Way:
    """Return the way of the hash `outer` of the hexadecimal text of the hash `inner`."""

    def write(text: str) -> str:
        first = hashlib.new(inner, text.lower().encode()).hexdigest()
        return hashlib.new(outer, first.encode()).hexdigest()

    return write


def base64_after(before: bytes) -> Way:
    """Return the way of Base64 of the text, with bytes before and after it."""
    return lambda text: base64.b64encode(before + text.encode() + b"\x01\xff").decode()


def _lines(text: str) -> str:
    whole = json.dumps({"note": "this is a rather long document", "value": text})
    return base64.encodebytes(whole.encode()).decode()


def _digest64(name: str, code: Callable[[bytes], bytes], end: bytes = b"") -> Way:
    def write(text: str) -> str:
        value = hashlib.new(name, text.lower().encode()).digest()
        return code(value).rstrip(end).decode()

    return write


def _packed(pack: Callable[[bytes], bytes]) -> Way:
    return lambda text: base64.b64encode(pack(json.dumps({"v": text}).encode())).decode()


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


ANY: Final[dict[str, Way]] = {
    "as it is": lambda text: text,
    "lower case": str.lower,
    "upper case": str.upper,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded, lower": lambda text: quote(text, safe="").lower(),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form-encoded": quote_plus,
    "JSON escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "JSON string": lambda text: json.dumps(json.dumps({"v": text})),
    "in a sentence": lambda text: f"for ({text}), please",
    "in pairs": lambda text: f"a=1;v={text};z=2",
    "in a URL": lambda text: f"https://cdn.example/p?v={quote(text, safe='')}&z=2",
    "quoted": lambda text: f'"{text}"',
    "hex": lambda text: text.encode().hex(),
    "hex, upper": lambda text: text.encode().hex().upper(),
    "Base64": lambda text: base64.b64encode(text.encode()).decode(),
    "Base64, URL-safe": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "Base64, no padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "Base64, one before": base64_after(b"\x07"),
    "Base64, two before": base64_after(b"\x07\x9c"),
    "Base64, three before": base64_after(b"\x07\x9c\xe1"),
    "Base64, lines": _lines,
    "Base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "Base32": lambda text: base64.b32encode(text.encode()).decode(),
    "gzip, Base64": _packed(lambda data: gzip.compress(data, mtime=0)),
    "zlib, Base64": _packed(zlib.compress),
    "deflate, Base64": _packed(_raw_deflate),
    "reversed": lambda text: text[::-1],
    "MD5": hexadecimal("md5"),
    "SHA-1": hexadecimal("sha1"),
    "SHA-224": hexadecimal("sha224"),
    "SHA-256": hexadecimal("sha256"),
    "SHA-384": hexadecimal("sha384"),
    "SHA-512": hexadecimal("sha512"),
    "SHA3-256": hexadecimal("sha3_256"),
    "SHA-256, as written": hexadecimal("sha256", str),
    "SHA-256 of upper case": hexadecimal("sha256", str.upper),
    "MD5 of upper case": hexadecimal("md5", str.upper),
    "SHA-256, upper hex": lambda text: hashlib.sha256(text.lower().encode()).hexdigest().upper(),
    "MD5, line end": lambda text: hashlib.md5((text + "\n").encode()).hexdigest(),
    "SHA-256, Base64": _digest64("sha256", base64.b64encode),
    "SHA-256, Base64 URL-safe": _digest64("sha256", base64.urlsafe_b64encode, b"="),
    "MD5, Base64": _digest64("md5", base64.b64encode),
    "SHA-256 of MD5": of_hash("sha256", "md5"),
    "MD5 of SHA-256": of_hash("md5", "sha256"),
    "SHA-256 of SHA-256": of_hash("sha256", "sha256"),
}
"""The ways of any text."""


def ways(identifier: Identifier) -> Iterator[tuple[str, str | Fields]]:
    """Yield (name of the way, what it gives) for `identifier`."""
    if identifier.kind == "place":
        plain = [name for name in ANY if name not in _NOT_OF_PLACES]
    else:
        plain = list(ANY)
    for name in plain:
        yield name, ANY[name](identifier.text)
    yield from spellings.of(identifier)


# Nobody hashes, or looks up, a place as one text: there are as many texts as metres.
_NOT_OF_PLACES: Final = frozenset(
    name for name in ANY if name.startswith(("SHA", "MD5"))
) | frozenset({"lower case", "upper case"})

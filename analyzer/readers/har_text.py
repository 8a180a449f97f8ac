"""Bodies and header lists of HAR files, back as the bytes that they stand for.

HAR keeps text. Bodies are without their content encoding, although the header that names it is
still there, and each program has its own way with what is not text: Base64 with a mark (browsers),
Latin-1 without one (mitmproxy).
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from typing import Any
from urllib.parse import urlencode

from analyzer.models import Headers

_CHARSET = re.compile(r"charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_BOUNDARY = re.compile(r"boundary=\"?([^\";,]{1,70})", re.IGNORECASE)
_TEXTUAL = re.compile(r"json|html|xml|css|javascript", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def body_bytes(text: object, encoding: object, content_type: str, *, latin1: bool) -> bytes | None:
    """Return the bytes of a HAR `text`; None if there is none or its Base64 is broken.

    `content_type` is the header; `latin1`: the program that wrote the file reads bodies of no
    declared character set as Latin-1.
    """
    if not isinstance(text, str):
        return None
    if encoding == "base64":
        try:
            return base64.b64decode(text, altchars=b"-_" if "_" in text or "-" in text else None)
        except (binascii.Error, ValueError):  # ValueError: not ASCII
            return None
    if text.isascii():
        return text.encode("ascii")
    declared = _CHARSET.search(content_type)
    if declared:
        try:
            return text.encode(declared[1])
        except (LookupError, UnicodeError):
            return _utf8(text)
    guess_latin1 = latin1 or _CONTROL.search(text) is not None
    if guess_latin1 and not _TEXTUAL.search(content_type):
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            return _utf8(text)
    return _utf8(text)


def _utf8(text: str) -> bytes:
    """Encode text in which a lone surrogate stands for a byte that was not UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, as JavaScript cuts strings
        return text.encode("utf-8", "surrogatepass")


def params_body(params: object, content_type: str) -> tuple[bytes, str] | None:
    """Rebuild a form from HAR `params`; return the body and its content type, None without any."""
    fields = named(params)
    if not fields:
        return None
    if "multipart/" not in content_type.lower():
        plain = [(name, value) for name, value in fields]
        body = urlencode(plain, errors="surrogatepass").encode("ascii")
        return body, content_type or "application/x-www-form-urlencoded"
    given = _BOUNDARY.search(content_type)
    boundary = given[1] if given else f"evenhand-{secrets.token_hex(8)}"
    parts = [
        _utf8(
            f"--{boundary}\r\nContent-Disposition: form-data; "
            f'name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        )
        for name, value in fields
    ]
    body = b"".join(parts) + _utf8(f"--{boundary}--\r\n")
    return body, content_type if given else f"multipart/form-data; boundary={boundary}"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def headers_of(listed: object, cookies: object, cookie_header: str) -> Headers:
    """Return the headers of a HAR message, in order.

    HTTP/2's pseudo headers are left out: method and URL say the same. Values that Firefox joined by
    newlines are separate again. Cookies listed without their header become one.
    """
    found = [
        (name, line)
        for name, value in named(listed)
        if name and not name.startswith(":")
        for line in value.split("\n")
    ]
    if not any(name.lower() == cookie_header for name, _ in found):
        pairs = [f"{name}={value}" for name, value in named(cookies) if name]
        if cookie_header == "cookie" and pairs:
            found.append(("cookie", "; ".join(pairs)))
        elif pairs:
            found += [(cookie_header, pair) for pair in pairs]
    return tuple(found)


def named(listed: object) -> list[tuple[str, str]]:
    """Return the pairs of a HAR list: ``{"name": .., "value": ..}``, or ``[name, value]``."""
    pairs: list[tuple[str, str]] = []
    for item in listed if isinstance(listed, list) else ():
        name: Any = None
        value: Any = None
        if isinstance(item, dict):
            name, value = item.get("name"), item.get("value", "")
        elif isinstance(item, list) and len(item) == 2:
            name, value = item
        if isinstance(name, str):
            pairs.append((name, value if isinstance(value, str) else _scalar(value)))
    return pairs


def _scalar(value: object) -> str:
    return str(value) if isinstance(value, int | float) else ""


def value_of(headers: Headers, name: str) -> str:
    """Return the first value of the header `name` (lower case), or an empty text."""
    return next((value for key, value in headers if key.lower() == name), "")

"""What may be shown of a value and of what stands around it.

A report may show the shape of a value, never the value. `digest` tells equal values from different
ones without showing either; `safe_path`, `safe_url` and `visible` make paths, URLs and names fit to
be printed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote_plus

from analyzer.extract.random_text import is_random
from analyzer.extract.value_shape import EMAIL, HEX, MAC, SHAPES, UUID, ZERO_UUID, shape

__all__ = [
    "SHAPES",
    "ZERO_UUID",
    "canonical",
    "digest",
    "digests",
    "is_blank",
    "safe_host",
    "safe_path",
    "safe_url",
    "shape",
    "visible",
]

_LONGEST_PART: Final = 48
_LONGEST_PATH: Final = 512
_LONGEST_READ: Final = 4096
_MOST_PAIRS: Final = 200
_AT = re.compile(r"[^\s/@{}\[\]]{1,320}@[^\s/@{}\[\]]{1,320}")
_A_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_A_MAC = re.compile(r"(?<![0-9a-f])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![0-9a-f])", re.IGNORECASE)
# Four small numbers in a row are positions in a protobuf; an address has an octet of three digits.
_IPV4 = re.compile(
    r"(?<![0-9])(?<![0-9]\.)(?=[0-9.]{0,11}[0-9]{3})[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\.?[0-9])"
)
_DECIMAL = re.compile(r"(?<![0-9])(?<![0-9]\.)-?[0-9]{1,3}\.[0-9]{4,}(?![0-9])")
_HEX = re.compile(
    r"(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{12,}"
    r"|(?=[0-9A-F]*[0-9])(?=[0-9A-F]*[A-F])[0-9A-F]{12,}"
)
_DIGITS = re.compile(r"\+?[0-9]{6,}")
_MASKS: Final = (
    (_AT, "{email}"),
    (_A_UUID, "{uuid}"),
    (_A_MAC, "{mac}"),
    (_IPV4, "{ip:v4}"),
    (_DECIMAL, "{decimal}"),
    (_HEX, "{hex}"),
    (_DIGITS, "{int}"),
)
# Of a host any twelve hexadecimal digits: its letters have lost their case, and may be none.
_HOST_MASKS: Final = (
    (_A_UUID, "{uuid}"),
    (re.compile(r"[0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12}", re.IGNORECASE), "{uuid}"),
    (re.compile(r"(?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{12,}", re.IGNORECASE), "{hex}"),
    (re.compile(r"[0-9]{6,}"), "{int}"),
    # Where everybody who writes has a host; what the services call their own is short, or told.
    (
        re.compile(
            r"(?:(?<=\.)|\A)(?!(?:[a-z]{0,2}[0-9]{0,3}|www[0-9]?|api|public-api|app|assets?|cdn|files|"
            r"help|images?|img|media|mobile|pixel|px|srvcs|static|stats|support|widgets?)\.)"
            r"[^./{}]+(?=\.(?:tumblr|blogspot|wordpress|substack|bandcamp|livejournal|deviantart|"
            r"typepad|newgrounds)\.com\Z|\.carrd\.co\Z)",
            re.IGNORECASE,
        ),
        "{person}",
    ),
)
_BLANK: Final = frozenset(("", "null", "none", "nil", "undefined", "(null)", "n/a", "unknown"))
_LONGEST_BLANK: Final = max(map(len, _BLANK))
_LEAST_ZEROS: Final = 8
_INVISIBLE: Final = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u3164\ufeff\uffa0")
_VALUE_SHAPES: Final = frozenset(
    {
        "uuid", "uuid:zero", "email", "phone", "ip:v4", "ip:v6", "mac", "hex", "timestamp", "date",
        "datetime", "decimal", "url", "json", "jwt", "text:<=256", "text:long",
    }
)  # fmt: skip


def canonical(value: str) -> str:
    """Return the form in which two spellings of one value are equal.

    Surrounding space goes; e-mail addresses, UUIDs, MACs and hexadecimal text become lower case.
    """
    text = value.strip()
    lower = text.lower()
    if lower == text:
        return text
    if len(text) <= 320 and (
        UUID.fullmatch(text) or EMAIL.fullmatch(text) or MAC.fullmatch(text) or HEX.fullmatch(text)
    ):
        return lower
    return text


def digest(value: str, key: bytes) -> str:
    """Return 24 hexadecimal digits that equal values share under `key` (at most 64 bytes)."""
    keyed = _keyed(key).copy()
    keyed.update(canonical(value).encode("utf-8", "surrogatepass"))
    return keyed.hexdigest()


@lru_cache(maxsize=16)
def _keyed(key: bytes) -> blake2b:
    return blake2b(key=key, digest_size=12)


def digests(values: Iterable[tuple[str, str]], key: bytes) -> tuple[str, ...]:
    """Return the digest of each of a persona's (data type, seeded value), as a session holds it."""
    return tuple(digest(value, key) for _, value in values)


def is_blank(value: str) -> bool:
    """Tell whether `value` says nothing: empty, a null, or an identifier of zeros only."""
    text = value.strip()
    length = len(text)
    if length > 64:
        return False
    if length <= _LONGEST_BLANK and text.lower() in _BLANK:
        return True
    return length >= _LEAST_ZEROS and not text.strip("-:0") and text.count("0") >= _LEAST_ZEROS


def visible(text: str) -> str:
    """Return `text` with every control, bidi and invisible character written out.

    >>> visible("kid\\x00\\u202egpj")
    'kid⟨U+0000⟩⟨U+202E⟩gpj'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"⟨U+{ord(char):04X}⟩" if _is_invisible(char) else char for char in text)


def _is_invisible(char: str) -> bool:
    if char == " ":
        return False
    return char in _INVISIBLE or unicodedata.category(char) in {
        "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp",
    }  # fmt: skip


def safe_path(path: str) -> str:
    """Return the dotted `path` of a leaf with ``{shape}`` in place of what may be a value.

    Servers use e-mail addresses, identifiers and coordinates as keys; such a key is not printed. An
    address may hold dots itself, so that what surrounds it goes with it.

    >>> safe_path("users/ada@example.com/age"), safe_path("imp.id.3141592653")
    ('users/{email}/age', 'imp.id.{int}')
    """
    text = path[:_LONGEST_READ]
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    text = visible(".".join(_component(part) for part in text.split(".")))
    return text if len(text) <= _LONGEST_PATH else text[: _LONGEST_PATH - 1] + "…"


def _component(part: str) -> str:
    if not part.isascii() or " " in part:
        # Names of keys have neither spaces nor letters beyond ASCII; names of people do.
        if any(char.isspace() or (char.isalpha() and not char.isascii()) for char in part):
            return "{text}"
    elif is_random(part):
        return "{token}"
    if len(part) <= 16 or "{" in part:
        return part if len(part) <= _LONGEST_PART else "{text}"
    found = shape(part)
    if found in _VALUE_SHAPES or found.startswith(("geo:", "hex:")) or len(part) > _LONGEST_PART:
        return "{" + found + "}" if found in _VALUE_SHAPES else "{text}"
    return part


def safe_host(host: str) -> str:
    """Return `host` with ``{shape}`` in place of identifiers and long numbers in its labels.

    Some parties carry an identifier in the name of a host, and where people have a host each it is
    the name of one. An IP address stays as it is.

    >>> safe_host("38400000-8cf0-11bd-b23e-10b96e40000d.id.t.example"), safe_host("10.0.0.1")
    ('{uuid}.id.t.example', '10.0.0.1')
    >>> safe_host("quiet-girl.tumblr.com"), safe_host("64.media.tumblr.com")
    ('{person}.tumblr.com', '64.media.tumblr.com')
    """
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        pass
    else:
        return host
    text = host
    for pattern, mask in _HOST_MASKS:
        text = pattern.sub(mask, text)
    return text


def _safe_authority(authority: str) -> str:
    """Return the host and port of the authority of a URL, without the user's name and password."""
    where = authority.rpartition("@")[2]
    host, colon, port = where.rpartition(":")
    if colon and port.isdigit() and len(port) <= 5:
        return safe_host(host) + colon + port
    return safe_host(where)


def safe_url(url: str) -> str:
    """Return `url` with its host, and shapes in place of its values.

    Values of the query become ``{shape}``, parts of the path do where they look like a value; the
    user's name and password and the fragment are dropped.

    >>> safe_url("https://ada:pw@t.example/u/38400000-8cf0-11bd-b23e-10b96e40000d?mail=a@b.org#x")
    'https://t.example/u/{uuid}?mail={email}'
    """
    rest = url.partition("#")[0]
    scheme, separator, after = rest.partition("://")
    if not separator:
        scheme, after = "", rest
    before, question, query = after.partition("?")
    authority, slash, path = before.partition("/")
    host = _safe_authority(authority)
    shown = f"{scheme}{separator}{host}{slash}" + "/".join(map(_segment, path.split("/")))
    if question:
        pairs = query.split("&", _MOST_PAIRS)
        shown += "?" + "&".join(map(_pair, pairs[:_MOST_PAIRS]))
        shown += "&…" if len(pairs) > _MOST_PAIRS else ""
    return visible(shown)


def _segment(segment: str) -> str:
    masked = safe_path(_unquoted(segment)) if segment else ""
    return "{" + shape(segment) + "}" if len(segment) > _LONGEST_PART else masked


def _pair(pair: str) -> str:
    key, equals, value = pair.partition("=")
    if not equals:
        return safe_path(_unquoted(key))
    return f"{safe_path(_unquoted(key))}={{{shape(_unquoted(value))}}}"


def _unquoted(text: str) -> str:
    return unquote_plus(text, errors="replace")

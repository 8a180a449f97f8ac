"""How programs write the identifiers of a phone: UUIDs, hardware addresses, IMEIs, hex numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from analyzer.extract.value_shape import MAC as MAC_TEXT
from analyzer.extract.value_shape import UUID as UUID_TEXT

_HEX: Final = re.compile(r"[0-9A-Fa-f]{16}")
_CISCO: Final = re.compile(r"[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}")
_BARE_MAC: Final = re.compile(r"[0-9A-Fa-f]{12}")
_IMEI: Final = re.compile(r"[0-9]{2}[ /-]?[0-9]{6}[ /-]?[0-9]{6}(?:[ /-]?[0-9]{1,2})?")
_NOT_DIGITS: Final = re.compile(r"[^0-9]+")
_LEAST_DECIMAL: Final = 12  # digits of a decimal number that nothing else is by chance


def is_uuid(text: str) -> bool:
    """Tell whether `text` is a UUID: an advertising ID, or another made like one."""
    return UUID_TEXT.fullmatch(text) is not None


def is_mac(data_type: str, text: str) -> bool:
    """Tell whether `text` is the hardware address of an interface or of an access point."""
    if MAC_TEXT.fullmatch(text) or _CISCO.fullmatch(text):
        return True
    return data_type in ("id.mac", "loc.wifi_cell") and _BARE_MAC.fullmatch(text) is not None


def is_hex_id(text: str) -> bool:
    """Tell whether `text` is 64 bits in hexadecimal, as the Android ID is."""
    return _HEX.fullmatch(text) is not None


def is_imei(data_type: str, text: str) -> bool:
    """Tell whether `text` is an IMEI: 14 digits, mostly with a check digit (3GPP TS 23.003)."""
    if not data_type.startswith("id.") or not _IMEI.fullmatch(text):
        return False
    digits = _NOT_DIGITS.sub("", text)
    return len(digits) != 15 or digits[14] == luhn(digits[:14])


def luhn(digits: str) -> str:
    """Return the check digit of `digits` (3GPP TS 23.003, annex B).

    >>> luhn("35209900176148")
    '1'
    """
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def uuid_forms(text: str) -> Iterator[str]:
    """Yield other ways of writing a UUID: without or with other joints, as numbers of 64 bits.

    The two halves are what `UUID.getMostSignificantBits` and its sister give in Java.
    """
    yield text.replace("-", "")
    yield text.replace("-", "_")
    number = UUID(text).int
    for half in (number >> 64, number & (1 << 64) - 1):
        yield from _decimals(half, 64)


def uuid_bytes(text: str) -> tuple[bytes, bytes]:
    """Return the 16 bytes of a UUID, and in the order that Windows gives them."""
    uuid = UUID(text)
    return uuid.bytes, uuid.bytes_le


def hex_forms(text: str) -> Iterator[str]:
    """Yield 64 bits in hexadecimal with a mark, without first zeros, and as a decimal number."""
    number = int(text, 16)
    yield f"0x{text}"
    if len(bare := f"{number:x}") >= _LEAST_DECIMAL:
        yield bare
    yield from _decimals(number, 64)


def hex_bytes(text: str) -> tuple[bytes, bytes]:
    """Return the bytes that `text` writes, and the same turned round."""
    data = bytes.fromhex(text)
    return data, data[::-1]


def _decimals(number: int, bits: int) -> Iterator[str]:
    for each in dict.fromkeys((number, number - (number >> bits - 1 << bits))):
        if len(text := str(each)) >= _LEAST_DECIMAL:
            yield text


def mac_forms(text: str) -> Iterator[str]:
    """Yield other ways of writing a hardware address, those in upper case too: hashes differ.

    iOS drops the first zero of each byte of a BSSID (`CNCopyCurrentNetworkInfo`).
    """
    bare = re.sub(r"[^0-9A-Fa-f]", "", text).lower()
    pairs = [bare[at : at + 2] for at in range(0, 12, 2)]
    for form in (
        *(joint.join(pairs) for joint in (":", "-", "", ".", "_", " ")),
        ".".join(bare[at : at + 4] for at in (0, 4, 8)),
    ):
        yield form
        yield form.upper()
    yield ":".join(f"{int(pair, 16):x}" for pair in pairs)
    yield from _decimals(int(bare, 16), 64)


def imei_forms(text: str) -> Iterator[str]:
    """Yield other ways of writing an IMEI, with and without its check digit."""
    digits = _NOT_DIGITS.sub("", text)
    body = digits[:14]
    full = body + luhn(body)
    yield full
    yield body
    yield full + "0"  # a software version of one digit too few is padded
    for joint in ("-", " ", "/"):
        yield joint.join((body[:2], body[2:8], body[8:], full[14]))
        yield joint.join((body[:8], body[8:], full[14]))
        yield joint.join((body[:8], body[8:]))

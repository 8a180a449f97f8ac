"""Recognises a value by its own looks, where its key says nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from analyzer.extract.value_checks import (
    TYPICAL,
    fit,
    is_locale,
    territories,
    zones,
)
from analyzer.extract.value_shape import EMAIL, MAC, UUID

_LONGEST: Final = 512
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")
_IPV4 = re.compile(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}")
_IPV6 = re.compile(r"[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){4,7}")
_GEO = re.compile(r"(-?[0-9]{1,2}\.[0-9]{4,15}) ?[,;|] ?(-?[0-9]{1,3}\.[0-9]{4,15})")
_SCREEN = re.compile(r"([0-9]{3,4})[xX*]([0-9]{3,4})")
_OS = re.compile(r"(?:Android|iOS|iPadOS|iPhone OS|HarmonyOS)[ /-]?[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}")
_APP = re.compile(r"(?:com|org|net|io)(?:\.[a-z][a-z0-9_]{1,30}){1,4}")
_IMEI_STARTS: Final = ("35", "86", "01", "99")
IMEI_DIGITS: Final = 15
_LONGEST_WORD: Final = 12  # letters and digits alone: Android14, 020000000001
_CONNECTIONS: Final = frozenset(("wifi", "WIFI", "WiFi", "Wi-Fi", "4g", "4G", "5g", "5G", "LTE"))
_UUID_DIGITS: Final = 36

TYPE_OF: Final[dict[str, str]] = {
    "app": "dev.app_context", "connection": "dev.network", "country": "loc.country",
    "email": "person.email", "geo": "loc.precise", "imei": "id.device", "ip": "id.ip",
    "language": "demo.language", "mac": "id.mac", "model": "dev.model", "os": "dev.os",
    "phone": "person.phone", "screen": "dev.screen", "timezone": "loc.timezone",
    "user_agent": "dev.user_agent", "uuid": "id.device",
}  # fmt: skip
"""The data type of each kind of telling value."""


class TellingValues:
    """Kinds of values that say what they are; `makers` and `models` are phones' own."""

    def __init__(self, makers: frozenset[str], models: Sequence[str]) -> None:
        self._makers = makers
        self._models = re.compile("|".join(f"(?:{each})" for each in models) or r"(?!)")

    def is_model(self, value: str) -> bool:
        """Tell whether `value` is written as makers write their models, or is a maker."""
        return value.lower() in self._makers or bool(self._models.fullmatch(value))

    def kind(self, value: str, siblings: int) -> str:
        """Return what `value` looks like, a key of `TYPE_OF`; "" for nothing in particular.

        `siblings` as `confidence.company` says: short values tell something in company only.
        """
        length = len(value)
        if not 2 <= length <= _LONGEST:
            return ""
        if value.isdigit():
            return "imei" if length == IMEI_DIGITS and _is_imei(value) else ""
        if length <= 5 and value.isalnum():
            return self._short(value) if siblings else ""
        marked = "" if length > _LONGEST_WORD and value.isalnum() else self._marked(value, length)
        return marked or ("model" if siblings and self._models.fullmatch(value) else "")

    def _short(self, value: str) -> str:
        if value in _CONNECTIONS:
            return "connection"
        if len(value) == 2 and value.isupper() and value in territories():
            return "country"
        return ""

    def _marked(self, value: str, length: int) -> str:
        """Return what `value` is by a character that few others have."""
        if length == _UUID_DIGITS and value[8] == "-":
            return "uuid" if UUID.fullmatch(value) else ""
        if "@" in value:
            return "email" if EMAIL.fullmatch(value) else ""
        first = value[0]
        if first == "+":
            return "phone" if _PHONE.fullmatch(value) else ""
        if "/" in value and value[0].isupper():
            if value in zones():
                return "timezone"
            if fit("dev.user_agent", value) == TYPICAL and ("(" in value or "CFNetwork" in value):
                return "user_agent"
        if first.isdigit() or first == "-":
            return _numeric(value)
        if ":" in value:
            return "mac" if MAC.fullmatch(value) else "ip" if _IPV6.fullmatch(value) else ""
        if first.islower():
            if length <= 11 and is_locale(value):
                return "language"
            return "app" if _APP.fullmatch(value) and value.count(".") >= 2 else ""
        return "os" if _OS.fullmatch(value) else ""


def _numeric(value: str) -> str:
    if pair := _GEO.fullmatch(value):
        inside = abs(float(pair[1])) <= 90 and abs(float(pair[2])) <= 180
        return "geo" if inside else ""
    if _IPV4.fullmatch(value):
        octets = [int(each) for each in value.split(".")]
        # Versions have four numbers as well, and small ones.
        return "ip" if max(octets) <= 255 and max(octets) >= 100 and octets[0] else ""
    if size := _SCREEN.fullmatch(value):
        sides = sorted((int(size[1]), int(size[2])))
        return "screen" if sides[0] >= 320 and sides[1] >= 480 else ""
    if MAC.fullmatch(value):
        return "mac"
    return "ip" if _IPV6.fullmatch(value) else ""


def _is_imei(digits: str) -> bool:
    """Tell whether the check digit is right (Luhn) and the first two digits are ever given."""
    if not digits.startswith(_IMEI_STARTS):
        return False
    total = 0
    for index, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if index % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0

"""Values that stand where a value would, and say nothing of the person or the phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.extract.shapes import is_blank

_MASKS: Final = frozenset("*•xX●")
_LEAST_MASK: Final = 3
_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Values, compared without case, that say nothing under the data types named, and why."""

    types: tuple[str, ...]
    values: tuple[str, ...]
    reason: str
    source: str


PLACEHOLDERS: Final = (
    Placeholder(
        ("id.mac", "loc.wifi_cell"),
        ("02:00:00:00:00:00", "020000000000", "ff:ff:ff:ff:ff:ff"),
        "What Android gives every app that may not know the address, and the broadcast address",
        "https://developer.android.com/about/versions/marshmallow/android-6.0-changes",
    ),
    Placeholder(
        ("id.device", "id.vendor_scoped"),
        ("9774d56d682e549c",),
        "The Android ID that a fault of Android 2.2 gave to many phones, and emulators give still",
        "https://issuetracker.google.com/issues/36917477",
    ),
    Placeholder(
        ("id.ip",),
        ("127.0.0.1", "0.0.0.0", "::1", "::", "localhost"),  # noqa: S104 - nothing is bound to it
        "This host, and no address in particular",
        "RFC 6890, sections 2.2.2 and 2.2.3",
    ),
    Placeholder(
        (
            "id.account", "id.device", "id.vendor_scoped", "id.installation", "id.session",
            "id.push_token", "id.cross_vendor", "id.advertising", "id.browser_cookie",
            "person.username",
        ),
        ("0", "-1", "false", "guest", "anonymous", "not_set", "(not set)", "nan"),
        "Nobody is signed in, or nothing was set",
        "the zero, missing and default values of JSON libraries",
    ),
    Placeholder(
        ("soc.contacts", "soc.messages", "dev.installed_apps"),
        ("0", "false", "[]", "{}"),
        "None: a count of zero is no address book",
        "the meaning of the type",
    ),
    Placeholder(
        ("person.email",),
        ("null@null.com", "noreply@example.com", "test@test.com", "email@example.com"),
        "An address that forms are filled with",
        "RFC 2606 for example.com; the others are custom",
    ),
    Placeholder(
        ("person.phone",),
        ("0", "+0", "0000000", "0000000000", "1234567890", "123456789"),
        "A number that forms are filled with",
        "custom",
    ),
    Placeholder(
        ("demo.birthdate",),
        (
            "1900-01-01", "01/01/1900", "1.1.1900", "19000101", "0001-01-01", "1970-01-01", "0",
            "1900-01-01t00:00:00", "1900-01-01t00:00:00z", "1970-01-01t00:00:00z",
            "1970-01-01t00:00:00.000z", "0001-01-01t00:00:00", "0001-01-01t00:00:00z",
        ),
        "The first day that a calendar of a program knows",
        "ECMA-262 and POSIX (1970), SQL Server's datetime (1900), .NET's DateTime (0001)",
    ),
)  # fmt: skip
"""The list. To add one: name the types, the values as text, why, and who says so. It is asked where
only the name of a key speaks: a rule knows its field, and has `not_values` of its own."""


def says_nothing(data_type: str, value: str) -> bool:
    """Tell whether `value` says nothing under `data_type`: blank, a placeholder, or masked out.

    >>> says_nothing("id.ip", "127.0.0.1"), says_nothing("id.ip", "41.90.1.2")
    (True, False)
    """
    return is_blank(value) or is_placeholder(data_type, value)


def is_placeholder(data_type: str, value: str) -> bool:
    """Tell whether `value`, which is not blank, says nothing under `data_type`."""
    text = value.strip().lower()
    if len(text) > _LONGEST:
        return False
    if data_type.startswith("person.") and len(text) >= _LEAST_MASK and _MASKS.issuperset(text):
        return True
    return text in _by_type().get(data_type, ())


@lru_cache(maxsize=1)
def _by_type() -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for each in PLACEHOLDERS:
        for data_type in each.types:
            found[data_type] = found.get(data_type, frozenset()) | frozenset(each.values)
    return found

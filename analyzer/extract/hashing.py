"""The hashes of a planted value: of the normal forms that vendors document, as they compose them.

What they document is data (`analyzer/data/normalisations.yaml`); here is how the forms are made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from analyzer.extract.machine_ids import imei_forms, mac_forms
from analyzer.extract.writings import (
    birth_day,
    hashed_dates,
    phone_digits,
    split_name,
    split_phone,
    without_accents,
)
from analyzer.knowledge.normalisations import load_recipes

_HALVES: Final = {"first": 0, "last": 1}
_SHORTEST_HALF: Final = 2  # letters of a name


class Digest(NamedTuple):
    """A hash of a planted value. `side` is 0 or 1 for the hash of a first or last name alone."""

    algorithm: str
    value: bytes
    plain: bool  # of the text itself, not of a hash
    side: int | None


def digests(kind: str, text: str) -> Iterator[Digest]:
    """Yield the hashes of `text`, a value of the kind `kind`, each once."""
    told: set[tuple[str, str, bytes]] = set()
    for recipe in load_recipes():
        for name in recipe.forms.get(kind, ()):
            side = _HALVES.get(name)
            for form in dict.fromkeys(_FORMS[name](text)):
                data = (form + recipe.suffix).encode("utf-8", "surrogatepass")
                for outer, inner in recipe.hashes:
                    if not form or (outer, inner, data) in told:
                        continue
                    told.add((outer, inner, data))
                    for content in _inner(inner, data):
                        yield Digest(outer, digest(outer, content), not inner, side)


def mistaken(text: str) -> Iterator[Digest]:
    """Yield hashes of `text` with the line end or space that a tool left behind it."""
    for form in dict.fromkeys((text, text.lower())):
        data = form.encode("utf-8", "surrogatepass")
        for name in ("md5", "sha1", "sha256"):
            for end in (b"\n", b" ", b"\r\n"):
                yield Digest(name, digest(name, data + end), False, None)


def digest(name: str, data: bytes) -> bytes:
    """Return the hash `name` of `data`."""
    return hashlib.new(name, data, usedforsecurity=False).digest()


def _inner(name: str, data: bytes) -> tuple[bytes, ...]:
    if not name:
        return (data,)
    text = digest(name, data).hex()
    return text.encode(), text.upper().encode()


def _gmail(text: str) -> list[str]:
    """Gmail ignores dots, and what follows a plus (UID2's and Google's pages say so)."""
    local, _, domain = text.strip().lower().rpartition("@")
    if domain not in ("gmail.com", "googlemail.com"):
        domains = [domain]  # some take the dots out everywhere
    else:
        domains = ["gmail.com", "googlemail.com"]
    locals_ = (local.partition("+")[0].replace(".", ""), local.replace(".", ""))
    return [f"{each}@{at}" for each in locals_ for at in domains]


def _without_plus(text: str) -> list[str]:
    local, _, domain = text.strip().lower().rpartition("@")
    return [f"{local.partition('+')[0]}@{domain}"]


def _e164(text: str) -> list[str]:
    code, national = split_phone(text)
    return [f"+{code}{national}", f"+{code}0{national}"] if code else []


def _digits(text: str) -> list[str]:
    return [form for form in phone_digits(text) if not form.startswith("0")]


def _national(text: str) -> list[str]:
    return [split_phone(text)[1]]


def _national_zero(text: str) -> list[str]:
    return ["0" + split_phone(text)[1]]


def _international(text: str) -> list[str]:
    code, national = split_phone(text)
    return [f"00{code}{national}"] if code else []


def _letters(text: str) -> list[str]:
    """Meta's form of names and places: lower case, no punctuation, no space."""
    return ["".join(filter(str.isalnum, each.lower())) for each in (text, *without_accents(text))]


def _half(side: int) -> Callable[[str], list[str]]:
    def form(text: str) -> list[str]:
        half = split_name(text)[side].strip()
        if len(half) < _SHORTEST_HALF:
            return []
        forms = [half, *without_accents(half)]
        lower = [each.lower() for each in forms]
        return [*lower, *("".join(filter(str.isalpha, each)) for each in lower), *forms]

    return form


def _folded(text: str) -> list[str]:
    return [each.lower() for each in without_accents(text)]


def _iso(text: str) -> list[str]:
    day = birth_day(text)
    return [f"{day:%Y-%m-%d}", f"{day:%Y%m%d}"] if day else []


_FORMS: Final[Mapping[str, Callable[[str], list[str]]]] = {
    "given": lambda text: [text],
    "lower": lambda text: [text.lower().strip().removeprefix("@")],
    "upper": lambda text: [text.upper()],
    "bare": lambda text: [text.replace("-", "").lower(), text.replace("-", "").upper()],
    "letters": _letters,
    "folded": _folded,
    "first": _half(0),
    "last": _half(1),
    "gmail": _gmail,
    "without_plus": _without_plus,
    "e164": _e164,
    "digits": _digits,
    "national": _national,
    "national_zero": _national_zero,
    "international": _international,
    "dates": hashed_dates,
    "iso": _iso,
    "imei": lambda text: list(imei_forms(text))[:2],
    "written": lambda text: list(mac_forms(text))[:6],
}
"""How each of `analyzer.knowledge.normalisations.FORMS` is made."""

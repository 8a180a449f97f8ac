"""Whom a reader can call: lines of the countries that are compared, and where the reader may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.feed.coding.words import Line, crisis_lines
from reports.language import Language

# Where whoever reads a language may be, of the countries of which a line is known.
_READERS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("GB", "US"),
    "es": ("ES", "MX"),
    "fr": ("FR",),
    "pt": ("BR", "PT"),
    "de": ("DE",),
    "sw": ("KE", "TZ"),
    "fil": ("PH",),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One line. `dialled` is its number as a telephone takes it."""

    country: str
    name: str
    number: str
    dialled: str
    free: bool
    always: bool  # somebody answers day and night


@dataclass(frozen=True, slots=True)
class Crisis:
    """The notice: the lines, and the number of emergencies."""

    calls: tuple[Call, ...]
    emergency: str


def crisis(countries: Iterable[str], language: Language) -> Crisis:
    """Return the lines of `countries` (ISO 3166-1 alpha-2) and of those who read `language`.

    All that are known where there is none for any of them.
    """
    known = crisis_lines()
    wanted = dict.fromkeys((*countries, *_READERS.get(language.code, ())))
    return Crisis(tuple(_call(line, language) for line in known.of(list(wanted))), known.emergency)


def _call(line: Line, language: Language) -> Call:
    return Call(
        country=language.country(line.country),
        name=line.name,
        number=line.number,
        dialled="".join(each for each in line.number if each.isdigit() or each == "+"),
        free=line.free,
        always=line.hours == 24,
    )

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
    reader: bool  # of where the reader may be, which is no country that is compared


@dataclass(frozen=True, slots=True)
class Crisis:
    """The notice: the lines, and the numbers of emergencies: of those countries, and of others."""

    calls: tuple[Call, ...]
    numbers: str
    emergency: str


def crisis(countries: Iterable[str], language: Language) -> Crisis:
    """Return the lines of `countries` (ISO 3166-1 alpha-2), then of where `language` is read.

    The latter only where none of the countries is one of them. All that are known where there is
    none for any of them.
    """
    known = crisis_lines()
    own = list(dict.fromkeys(countries))
    readers = [] if set(own) & set(readers_of := _READERS.get(language.code, ())) else readers_of
    wanted = [*own, *readers]
    lines = known.of(wanted)
    named = [each for each in own if each in known.emergencies]
    return Crisis(
        tuple(_call(line, language, reader=line.country in readers) for line in lines),
        language.semicolon.join(
            f"{language.country(each)}{language.colon}{language.comma.join(known.emergencies[each])}"
            for each in named
        ),
        known.emergency,
    )


def _call(line: Line, language: Language, *, reader: bool) -> Call:
    return Call(
        country=language.country(line.country),
        name=line.name,
        number=line.number,
        dialled="".join(each for each in line.number if each.isdigit() or each == "+"),
        free=line.free,
        always=line.hours == 24,
        reader=reader,
    )

"""How a phone of an arm should look from outside: its languages and its time zone.

Where the study does not say, they come from the country: languages with an official standing
there and the country's time zones, both from the Unicode CLDR by way of Babel.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from babel.core import get_global
from babel.languages import get_official_languages, get_territory_language_info

# RFC 5646 without the forms of old; language, script, region and what follows.
_TAG = re.compile(
    r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?"
    r"(?:[-_][A-Za-z0-9]{1,8}){0,6}"
)
_LONGEST_TAG = 60
_SPOKEN_PERCENT = 0.5  # of the people, at least
_FIXED = ("UTC", "GMT")  # what a phone may be set to and no country has


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a phone shows that is where its arm says. Empty: nothing is known, anything goes.

    `languages` are BCP 47 tags, of which one without a region is met by every region.
    `time_zones` are canonical IANA names.
    """

    country: str  # ISO 3166-1 alpha-2
    languages: tuple[str, ...]
    time_zones: tuple[str, ...]

    def language_fits(self, tag: str, *, regions: bool = True) -> bool:
        """Say whether a phone whose first language is `tag` belongs here.

        Without `regions`, the language alone counts. A `tag` that names no region is not held
        against the phone; one that names another country is: apps read it as the user's country.
        """
        found = parse_tag(tag)
        if found is None:
            return False
        for each in self.languages:
            wanted = parse_tag(each)
            if wanted and wanted.language == found.language:
                same_region = not (found.region and wanted.region) or found.region == wanted.region
                if same_region or not regions:
                    return True
        return False

    def time_zone_fits(self, name: str) -> bool:
        """Say whether a phone whose time zone is `name` (also an old name of it) belongs here."""
        return canonical_zone(name) in self.time_zones


@dataclass(frozen=True, slots=True)
class Tag:
    """The parts of a language tag that matter here, in their usual case; "" for none."""

    language: str
    script: str
    region: str

    def __str__(self) -> str:
        return "-".join(part for part in (self.language, self.script, self.region) if part)


def expect(
    country: str, languages: Sequence[str] = (), time_zones: Sequence[str] = ()
) -> Expectation:
    """Return what to expect of a phone in `country`; what is given replaces what is usual there."""
    return Expectation(
        country,
        tuple(languages) or _languages_of(country),
        tuple(zone for each in time_zones if (zone := canonical_zone(each))) or _zones_of(country),
    )


def parse_tag(text: str) -> Tag | None:
    """Read a language tag (``pt-BR``, ``zh_Hant_TW``); None for anything else.

    Languages that have changed their code get the one of today.
    """
    found = _TAG.fullmatch(text) if len(text) <= _LONGEST_TAG else None
    if found is None:
        return None
    language, script, region = (part or "" for part in found.groups())
    language = language.lower()
    language = _today(str(get_global("language_aliases").get(language, language)))
    return Tag(language, script.title(), region.upper())


def canonical_zone(name: str) -> str | None:
    """Return the name that a time zone has today, None where there is none of that name."""
    today = str(get_global("zone_aliases").get(name, name))
    return today if today in _all_zones() else None


def _today(language: str) -> str:
    """Norwegian is Bokmål in practice, and on phones."""
    return "nb" if language == "no" else language


@cache
def _all_zones() -> frozenset[str]:
    # What the machine knows may be newer than what Babel does.
    mere_links = get_global("zone_aliases").keys()
    known = zoneinfo.available_timezones() - {"localtime", "Factory"} - set(mere_links)
    return frozenset({*get_global("zone_territories"), *known, *_FIXED})


def _languages_of(country: str) -> tuple[str, ...]:
    """Return the official languages of a country, each with that country as its region."""
    spoken = get_territory_language_info(country)
    official = [
        language
        for language in get_official_languages(country, regional=True, de_facto=True)
        if float(spoken[language]["population_percent"] or 0) >= _SPOKEN_PERCENT
    ]
    tags = (parse_tag(each) for each in official)
    return tuple(dict.fromkeys(f"{tag.language}-{country}" for tag in tags if tag))


def _zones_of(country: str) -> tuple[str, ...]:
    zones = (canonical_zone(each) for each in get_global("territory_zones").get(country, ()))
    return tuple(sorted({zone for zone in zones if zone}))

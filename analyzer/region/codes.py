"""Captured text as codes and names of public lists: countries, languages, time zones, operators.

Whatever is not on a list becomes an empty text: nothing captured passes through unread.
"""

from __future__ import annotations

import re
from functools import cache

from analyzer.expectation import canonical_zone, parse_tag
from analyzer.knowledge import Knowledge

_LONGEST = 200  # characters of a value that are looked at
_OPERATOR = re.compile(r"([0-9]{3})[-_, |/]?([0-9]{2,3})?", re.ASCII)
_NOWHERE = ("UTC", "GMT")  # a clock without a place


class Codes:
    """Reads countries, as they are written and as the numbers of mobile operators."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._countries = {code: code for code in knowledge.countries}
        self._countries |= {each.alpha3: each.alpha2 for each in knowledge.countries.values()}
        self._places = knowledge.places

    def country(self, text: str) -> str:
        """Return the alpha-2 code of a country (alpha-2 or alpha-3, in any case); "" for none."""
        return self._countries.get(text.strip().upper(), "") if len(text) <= _LONGEST else ""

    def operator(self, text: str) -> str:
        """Return the country of a mobile operator's number (MCC, or MCC and MNC); "" for none."""
        found = _OPERATOR.fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if found is None:
            return ""
        return self._places.operator_country(found[1] + (found[2] or ""))

    def airport(self, code: str) -> str:
        """Return the country of an IATA code (upper case); "" for none."""
        return self._places.airports.get(code, "")


def locale_of(text: str) -> str:
    """Return the first language tag of `text`, as in a setting or Accept-Language; "" for none.

    >>> locale_of("de_DE"), locale_of("sw-KE,sw;q=0.9"), locale_of("Bob")
    ('de-DE', 'sw-KE', '')
    """
    if len(text) > _LONGEST:
        return ""
    tag = parse_tag(re.split("[,;.@]", text, maxsplit=1)[0].strip())
    if tag is None:
        return ""
    languages, scripts, territories = _cldr()
    known = (
        tag.language in languages
        and (not tag.script or tag.script in scripts)
        and (not tag.region or tag.region in territories)
    )
    return str(tag) if known else ""


def region_of(locale: str) -> str:
    """Return the region of a tag of `locale_of`; "" where it names none."""
    tag = parse_tag(locale)
    return tag.region if tag else ""


def zone_of(text: str) -> str:
    """Return the time zone that `text` names, by its name of today; "" for none, and for UTC."""
    zone = canonical_zone(text.strip()) if len(text) <= _LONGEST else None
    return "" if zone is None or zone in _NOWHERE or zone.startswith("Etc/") else zone


@cache
def _cldr() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the languages, scripts and territories that the Unicode CLDR has names for."""
    from babel import Locale  # noqa: PLC0415 - its tables take a while to load

    english = Locale("en")
    return frozenset(english.languages), frozenset(english.scripts), frozenset(english.territories)

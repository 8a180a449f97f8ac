"""The check page in the phone's language: catalogues, and names of places as people say them."""

from __future__ import annotations

import datetime
import functools
import importlib.resources
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from babel import Locale
from babel.dates import format_timedelta, get_timezone_location
from babel.lists import format_list

from analyzer.expectation import parse_tag

LANGUAGES = ("en", "es", "fr", "pt", "sw", "de")  # one file each, in the order of the page
_MINUTE_S = 60
_LISTED = 3  # alternatives that a sentence names


class Words:
    """The catalogue of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        file = importlib.resources.files("addons") / "locales" / f"{language}.toml"
        self._texts: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        self._locale = Locale(language)

    @property
    def name(self) -> str:
        """What the language calls itself."""
        return str(self._texts["name"])

    def say(self, table: str, key: str, **facts: str) -> str:
        """Return a text with `facts` filled in; plain text, to be escaped."""
        return str(self._texts[table][key]).format_map(facts)

    def steps(self, guide: str) -> list[str]:
        """Return the steps of a guide to install the certificate."""
        return list(self._texts["steps"][guide])

    def mode(self, mode: str) -> str:
        """Return by which way a phone comes in."""
        modes = self._texts["modes"]
        return str(modes.get(mode, modes["other"]))

    def localized(self, facts: Mapping[str, str]) -> dict[str, str]:
        """Return the facts of a check as this language says them."""
        said = dict(facts)
        for name, value in facts.items():
            if make := _MAKERS.get(name.removeprefix("expected_")):
                said[name] = self._either([make(self, each) for each in value.split()])
        if len(facts.get("expected_zone", "").split()) > _LISTED:
            said["expected_zone"] = said["country"]  # settings ask for the country first
        if "seconds" in facts:
            said["duration"] = self._duration(int(facts["seconds"]))
        return said

    def _either(self, names: Sequence[str]) -> str:
        return format_list(list(names[:_LISTED]), style="or", locale=self._locale)

    def _country(self, code: str) -> str:
        return str(self._locale.territories.get(code, code))

    def _language(self, text: str) -> str:
        tag = parse_tag(text)
        name = self._locale.languages.get(tag.language) if tag else None
        if tag is None or name is None:
            return text
        return f"{name} ({self._country(tag.region)})" if tag.region else str(name)

    def _zone(self, name: str) -> str:
        """The city, which is what settings offer; the name itself where it has none."""
        if "/" not in name or name.startswith("Etc/"):
            return name.removeprefix("Etc/")
        try:
            return get_timezone_location(name, locale=self._locale, return_city=True)
        except LookupError:  # newer than what this machine knows
            return name

    def _duration(self, seconds: int) -> str:
        length = datetime.timedelta(seconds=seconds)
        return format_timedelta(
            length, threshold=2 if seconds < _MINUTE_S else 1.5, locale=self._locale
        )


_MAKERS: dict[str, Callable[[Words, str], str]] = {
    "country": Words._country,
    "language": Words._language,
    "zone": Words._zone,
}


@functools.cache
def words(language: str) -> Words:
    """Return the catalogue of one of `LANGUAGES`."""
    return Words(language)


def choose_language(wanted: str, spoken: Sequence[str]) -> str:
    """Return the language of the page: the wanted one, else the first spoken that there is."""
    for each in (wanted, *spoken):
        tag = parse_tag(each)
        if tag and tag.language in LANGUAGES:
            return tag.language
    return LANGUAGES[0]

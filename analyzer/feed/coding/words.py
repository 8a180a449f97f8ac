"""The coding page in the coder's language, and the lines that a coder can call."""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from babel import Locale

from analyzer.errors import UserError
from analyzer.knowledge.source import Source, Table

LANGUAGES: Final = ("en", "sw", "fil", "es", "pt", "fr")  # one file each
CRISIS_LINES: Final = Path(__file__).parent.parent.parent / "data" / "crisis_lines.yaml"
_NUMBER: Final = r"\+?[0-9 ]{3,20}"
_SOURCE: Final = "https://.+|http://.+"


@dataclass(frozen=True, slots=True)
class Line:
    """A crisis line. `hours`: in how many of a day somebody answers, None where unknown."""

    country: str
    name: str
    number: str
    free: bool
    hours: int | None
    source: str


@dataclass(frozen=True, slots=True)
class CrisisLines:
    """All lines by country, and what to keep in mind."""

    emergency: str
    note: str
    lines: tuple[Line, ...]
    emergencies: Mapping[str, tuple[str, ...]]  # by country, its own number first

    def of(self, countries: Sequence[str]) -> tuple[Line, ...]:
        """Return the lines of `countries`, in that order; all where none of them has one."""
        found = [each for code in countries for each in self.lines if each.country == code]
        return tuple(found) or self.lines

    def emergency_of(self, countries: Sequence[str], said: Words) -> str:
        """Return the numbers for emergencies of `countries`, and the usual one where one has none.

        A country is named, in the language of `said`, where there are several.
        """
        of = {each: ", ".join(self.emergencies.get(each, ())) for each in countries}
        told = [
            f"{said.country(code)}: {numbers}" if len(of) > 1 else numbers
            for code, numbers in of.items()
            if numbers
        ]
        return "; ".join(told if told and all(of.values()) else [*told, self.emergency])


@functools.cache
def crisis_lines(path: Path = CRISIS_LINES) -> CrisisLines:
    """Read the lines; `UserError` names the file, the line and what is wrong."""
    source = Source(path.name, path.read_text(encoding="utf-8"))
    found = read_crisis_lines(source)
    if faults := source.faults():
        raise UserError(str(faults[0]), "put it right")
    return found


def read_crisis_lines(source: Source) -> CrisisLines:
    """Return the lines of one file; what is wrong is noted in `source`."""
    root = source.root()
    found = CrisisLines(
        root.matching("emergency", _NUMBER),
        root.text("note"),
        tuple(map(_line, root.tables("lines"))),
        dict(map(_emergency, root.tables("emergencies"))),
    )
    root.done()
    return found


def _country(table: Table) -> str:
    country = table.matching("country", "[A-Z]{2}")
    if country and country not in Locale("en").territories:
        table.wrong("country", f"is {country!r}, which is no country's code")
    return country


def _emergency(table: Table) -> tuple[str, tuple[str, ...]]:
    country, numbers = _country(table), table.texts("numbers", required=True)
    if not all(re.fullmatch(_NUMBER, each) for each in numbers):
        table.wrong("numbers", "has to be telephone numbers")
    table.matching("source", _SOURCE)
    table.done()
    return country, tuple(numbers)


def _line(table: Table) -> Line:
    line = Line(
        country=_country(table),
        name=table.text("name"),
        number=table.matching("number", _NUMBER),
        free=table.flag("free", default=False),
        hours=table.whole("hours"),
        source=table.matching("source", _SOURCE),
    )
    table.done()
    return line


class Words:
    """The texts of the page in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        place = importlib.resources.files("analyzer.feed.coding") / "locales" / f"{language}.toml"
        self._texts: Mapping[str, Any] = tomllib.loads(place.read_text(encoding="utf-8"))
        self._locale = Locale(language)

    def __getitem__(self, key: str) -> str:
        """Return the text `key`; `KeyError` where there is none."""
        return str(self._texts[key])

    def keys(self) -> set[str]:
        """Return the keys of all texts."""
        return set(self._texts)

    def say(self, key: str, **facts: object) -> str:
        """Return the text `key` with `facts` filled in; plain text, to be escaped."""
        return self[key].format(**facts)

    def country(self, code: str) -> str:
        """Return what the language calls a country."""
        return str(self._locale.territories.get(code, code))


@functools.cache
def words(language: str) -> Words:
    """Return the texts of one of `LANGUAGES`."""
    return Words(language)


def lines_text() -> str:
    """Return the crisis lines as plain text in English, to lie beside exported sheets."""
    said = words("en")
    known = crisis_lines()
    numbers = known.emergency_of([*known.emergencies], said)
    lines = [said["lines"], said.say("emergency", number=numbers), ""]
    lines += [f"{said.country(each.country)}: {each.name}, {each.number}" for each in known.lines]
    return "\n".join([*lines, "", known.note, ""])

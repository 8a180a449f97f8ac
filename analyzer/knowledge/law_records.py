"""The records of countries, blocs, and the rules on profiling minors that hold there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.models import Grade

Level = Literal["ban", "default_off", "consent_only", "none"]
LawKind = Literal["law", "platform"]
LEVELS: tuple[Level, ...] = ("ban", "default_off", "consent_only", "none")  # strongest first


@dataclass(frozen=True, slots=True)
class Country:
    """A country or territory of ISO 3166-1, with its UN M49 regions and World Bank income group.

    `region`, `subregion` and `income` are empty where the body in question lists none.
    """

    alpha2: str
    alpha3: str
    name: str
    region: str
    subregion: str
    income: str  # "low", "lower_middle", "upper_middle", "high" or ""
    income_verified: bool


@dataclass(frozen=True, slots=True)
class Bloc:
    """A set of countries (alpha-2 codes) that are compared as one, and why these."""

    id: str
    name: str
    members: frozenset[str]
    definition: str
    source: str
    date: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Protection:
    """How far the law of a country shields a minor from profiling on a day."""

    level: Level
    laws: tuple[str, ...]  # ids of the entries that give this level; none: nothing is known
    verified: bool


@dataclass(frozen=True, slots=True)
class LawEntry:
    """A rule on profiling minors, of a legislator or declared by the platform itself.

    It binds in `countries` (those of its blocs are included) from `since` until the day before
    `until`, and stands on paper from `adopted`. These are ISO dates, or only a year or a month,
    which count from their first day; an empty one is open. `age_from` and `age_below` (None: no
    bound) are whole years. `unverified` names the entries of a verified rule that are not.
    """

    id: str
    kind: LawKind
    blocs: tuple[str, ...]
    countries: frozenset[str]
    jurisdiction: str
    instrument: str
    rule: str
    age: str
    age_from: int
    age_below: int | None
    status: str
    adopted: str
    since: str
    until: str
    protection: Level
    grade: Grade
    verified: bool
    unverified: tuple[str, ...]
    sources: tuple[str, ...]

    def binds(self, country: str, age: int, day: str, *, on_paper: bool = False) -> bool:
        """Say whether it holds in `country` (alpha-2) for a person of `age` on `day` (ISO date).

        With `on_paper` a rule counts from its adoption, before it has to be followed.
        """
        return (
            country in self.countries
            and self.age_from <= age
            and (self.age_below is None or age < self.age_below)
            and ((on_paper and self.adopted) or self.since) <= day
            and (not self.until or day < self.until)
        )

"""The law to hold it against, by date, and how far it protects in each country."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.comparison import Comparison, Side
from analyzer.knowledge import Knowledge, LawEntry, Level
from analyzer.said import Said, say
from reports.naming import ADULT, Names

PROTECTION: Final[Mapping[Level, Said]] = {
    "ban": say("profiling minors for advertising is banned"),
    "default_off": say("profiling is off unless it is switched on"),
    "consent_only": say("a parent has to consent"),
    "none": say("no rule on profiling minors is known from a source that was read"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with its number on the page; `paper`: it was adopted, but did not bind yet."""

    number: int
    law: LawEntry
    paper: bool


@dataclass(frozen=True, slots=True)
class Protected:
    """How far the law of a country protected a child of the study on its first day."""

    side: str
    country: str
    age: int
    level: Said
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lawful:
    """Rules in the order in which they came into force, and levels by country."""

    rules: tuple[Rule, ...]
    numbers: Mapping[str, int]  # of the rules that rows name, by id
    levels: tuple[Protected, ...]
    day: str


def lawful(comparison: Comparison, knowledge: Knowledge, names: Names) -> Lawful:
    """Return the verified rules for the countries, ages and days of the compared sessions."""
    asked = {
        (row.country, row.age, row.started[:10])
        for row in comparison.sessions
        if row.role == "compared"
    }
    bound = {law.id for each in asked for law in _verified(knowledge, *each, paper=False)}
    cited = {law for row in comparison.deltas for law in row.law}
    paper = {law.id for each in asked for law in _verified(knowledge, *each, paper=True)}
    wanted = bound | cited | paper
    laws = sorted(
        (law for law in knowledge.laws if law.id in wanted and law.kind == "law"),
        key=lambda law: (law.id not in bound | cited, law.since or law.adopted, law.id),
    )
    rules = tuple(
        Rule(number, law, law.id not in bound | cited) for number, law in enumerate(laws, 1)
    )
    numbers = {rule.law.id: rule.number for rule in rules}
    day = first_day(comparison)
    return Lawful(rules, numbers, tuple(_levels(comparison, knowledge, names, numbers, day)), day)


def _verified(
    knowledge: Knowledge, country: str, age: int, day: str, *, paper: bool
) -> list[LawEntry]:
    found = knowledge.laws_for(country, age, day, on_paper=paper)
    return [law for law in found if law.verified and law.kind == "law"]


def levels(
    side: Side, knowledge: Knowledge, day: str
) -> Iterator[tuple[str, int, Level, tuple[str, ...]]]:
    """Yield (country, age, level, rules that give it) for the minors of `side`, as of `day`."""
    for country, age in sorted({(arm.country, arm.age) for arm in side.arms}):
        if age >= ADULT or not day:
            continue
        found = knowledge.protection(country, age, day)
        yield country, age, *((found.level, found.laws) if found.verified else ("none", ()))


def first_day(comparison: Comparison) -> str:
    """Return the first day of the compared sessions (ISO 8601); "" where there is none."""
    days = (row.started[:10] for row in comparison.sessions if row.role == "compared")
    return min(days, default="")


def _levels(
    comparison: Comparison, knowledge: Knowledge, names: Names, numbers: Mapping[str, int], day: str
) -> Iterator[Protected]:
    for side in (comparison.a, comparison.b):
        which = names.side("a" if side is comparison.a else "b")
        for country, age, level, laws in levels(side, knowledge, day):
            told = tuple(numbers[law] for law in laws if law in numbers)
            yield Protected(which, names.country(country), age, PROTECTION[level], told)

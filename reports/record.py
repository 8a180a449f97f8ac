"""The record beside the page: all that the page says, for a machine, with a schema.

The schema is made from the records themselves and kept in ``schemas/``, where
``python -m reports.record`` writes it anew. Texts are English; nothing here holds a captured value.
"""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from analyzer.comparison import Comparison, Side, Which
from analyzer.countries import CountryMatrix
from analyzer.knowledge import Knowledge, Level, load_measures
from analyzer.linkage import Linkage
from analyzer.models import Grade, Party
from analyzer.said import Said
from reports.answer import answer
from reports.language import Language
from reports.lawful import first_day, lawful, levels
from reports.limits import limits
from reports.naming import Names

FORMAT: Final = "evenhand-report-1"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_KEPT: Final = f"schemas/{FORMAT}.schema.json"


@dataclass(frozen=True, slots=True)
class Term:
    """What an id stands for. `source` says who says so; "" for what the program itself defines."""

    id: str
    label: str
    meaning: str
    group: str  # of a data type; the stack of a signal; the unit of a measure
    source: str


@dataclass(frozen=True, slots=True)
class Who:
    """Who received something in the compared sessions of either side.

    `countries` (ISO 3166-1 alpha-2) are where databases put its servers; empty where none has one.
    """

    owner: str
    party: Party
    parent: str  # the company above; "" where nobody has looked it up
    purposes: tuple[str, ...]
    sites: tuple[str, ...]
    hosts: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Law:
    """A rule on profiling minors, for the countries, ages and days of the compared sessions.

    `binding`: it bound on a day of a session; otherwise it was adopted, and did not bind yet.
    Dates are ISO 8601, or only a year or a month; "" is open. `level` is how far it protects.
    """

    id: str
    jurisdiction: str
    instrument: str
    rule: str
    age: str
    status: str
    adopted: str
    since: str
    until: str
    level: Level
    grade: Grade
    binding: bool
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One number that the page begins with, as a text. `doubtful`: it weakens the answer."""

    title: str
    value: str
    note: str  # what is counted
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Protection:
    """How far verified law protected a child of the study on the first day of the recordings."""

    side: Which
    country: str  # ISO 3166-1 alpha-2
    age: int
    level: Level
    law: tuple[str, ...]  # ids of the rules that give it


@dataclass(frozen=True, slots=True)
class Record:
    """A whole report. `answer`, `facts` and `limits` are the sentences of the page, in English.

    `countries` is the matrix of all countries of the study; None where it has fewer than two.
    """

    format: Literal["evenhand-report-1"]
    title: str
    answer: tuple[str, ...]
    facts: tuple[Fact, ...]
    limits: tuple[str, ...]
    comparison: Comparison
    linkage: Linkage | None
    countries: CountryMatrix | None
    recipients: tuple[Who, ...]
    law: tuple[Law, ...]
    protection: tuple[Protection, ...]
    data_types: tuple[Term, ...]
    signals: tuple[Term, ...]
    measures: tuple[Term, ...]


def record(
    comparison: Comparison,
    knowledge: Knowledge,
    linkage: Linkage | None = None,
    countries: CountryMatrix | None = None,
) -> Record:
    """Return the record of `comparison`; `linkage` is that of its two sides."""
    names = Names(comparison, knowledge, Language())
    head = answer(comparison, names)
    law = _law(comparison, knowledge, names)
    return Record(
        format=FORMAT,
        title=str(head.title),
        answer=tuple(map(str, head.sentences)),
        facts=tuple(
            Fact(str(each.title), str(each.value), str(each.note), each.doubtful)
            for each in head.facts
        ),
        limits=tuple(map(str, limits(comparison, names))),
        comparison=comparison,
        linkage=linkage,
        countries=countries,
        recipients=_recipients(comparison, linkage),
        law=law,
        protection=_protection(comparison, knowledge, {each.id for each in law}),
        data_types=_data_types(comparison, knowledge),
        signals=_signals(comparison, knowledge),
        measures=tuple(
            Term(each.id, each.label, each.definition, each.unit, "")
            for each in load_measures().values()
        ),
    )


def record_json(whole: Record) -> str:
    """Return the record as indented JSON with sorted keys, which `schema` describes.

    It is plain ASCII: a terminal has nothing to obey in it, and captured text stays as it was.
    """
    return ascii_json(msgspec.to_builtins(whole, enc_hook=_plain))


def ascii_json(plain: Any) -> str:
    """Return plain values as indented JSON with sorted keys, in which a terminal obeys nothing."""
    text = json.dumps(plain, indent=2, sort_keys=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record, made from the records in code."""
    return schema_of(Record, FORMAT)


def schema_of(kind: type, name: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a record, the same whatever Python makes it."""
    found = json.loads(json.dumps(msgspec.json.schema(kind)))  # its tuples are lists then
    for each in found["$defs"].values():
        if "description" in each:  # Python 3.13 takes the indentation out of docstrings
            each["description"] = inspect.cleandoc(each["description"])
    return {"$schema": _DIALECT, "$id": f"urn:evenhand:{name}", **found}


def schema_text() -> str:
    """Return the schema as it is kept in the package."""
    return files("reports").joinpath(_KEPT).read_text(encoding="utf-8")


def _plain(value: object) -> str:
    if isinstance(value, Said):
        return str(value)
    raise NotImplementedError(f"a report cannot hold {type(value).__name__}")


def _recipients(comparison: Comparison, linkage: Linkage | None) -> tuple[Who, ...]:
    parents = {row.owner: row.parent for row in linkage.linkable} if linkage else {}
    placed: dict[str, set[str]] = {}
    for place in linkage.places if linkage else ():
        if place.country and place.count.k:
            placed.setdefault(place.owner, set()).add(place.country)
    return tuple(
        Who(
            each.owner,
            each.party,
            parents.get(each.owner, ""),
            each.purposes,
            each.sites,
            each.hosts,
            tuple(sorted(placed.get(each.owner, ()))),
        )
        for each in comparison.recipients
    )


def _law(comparison: Comparison, knowledge: Knowledge, names: Names) -> tuple[Law, ...]:
    return tuple(
        Law(
            rule.law.id,
            rule.law.jurisdiction,
            rule.law.instrument,
            rule.law.rule,
            rule.law.age,
            rule.law.status,
            rule.law.adopted,
            rule.law.since,
            rule.law.until,
            rule.law.protection,
            rule.law.grade,
            not rule.paper,
            rule.law.sources,
        )
        for rule in lawful(comparison, knowledge, names).rules
    )


def _protection(
    comparison: Comparison, knowledge: Knowledge, cited: set[str]
) -> tuple[Protection, ...]:
    """Return the levels; of the rules that give them those that may be cited."""
    day = first_day(comparison)
    sides: tuple[tuple[Which, Side], ...] = (("a", comparison.a), ("b", comparison.b))
    return tuple(
        Protection(which, country, age, level, tuple(each for each in laws if each in cited))
        for which, side in sides
        for country, age, level, laws in levels(side, knowledge, day)
    )


def _data_types(comparison: Comparison, knowledge: Knowledge) -> tuple[Term, ...]:
    used = {row.subject for row in comparison.deltas if row.kind == "data"}
    used |= {row.subject for row in comparison.magnitudes}
    known = (knowledge.types[each] for each in sorted(used) if each in knowledge.types)
    return tuple(Term(each.id, each.label, each.meaning, each.group, each.dpv) for each in known)


def _signals(comparison: Comparison, knowledge: Knowledge) -> tuple[Term, ...]:
    used = {row.subject for row in comparison.deltas if row.kind == "signal"}
    known = (knowledge.signals[each] for each in sorted(used) if each in knowledge.signals)
    return tuple(Term(each.id, each.title, each.meaning, each.stack, each.source) for each in known)


if __name__ == "__main__":
    _text = json.dumps(schema(), indent=2, sort_keys=True)
    Path(__file__).parent.joinpath(_KEPT).write_text(f"{_text}\n", encoding="utf-8")

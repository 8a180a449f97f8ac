"""`law.yaml`: what legislators say on profiling minors, and what the platform has declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from analyzer.knowledge.law_records import LEVELS, Bloc, Country, LawEntry, LawKind, Level
from analyzer.knowledge.ontology import grade_of
from analyzer.knowledge.source import Source, Table, known_only

_ID = r"[a-z]+(\.[a-z0-9_]+)+"
_DATE = r"\d{4}(-\d\d(-\d\d)?)?"
_KINDS: tuple[LawKind, ...] = ("law", "platform")
_MAY_BE_UNVERIFIED = frozenset({"adopted", "since", "until", "age"})


def read_laws(
    source: Source, countries: Mapping[str, Country], blocs: Mapping[str, Bloc]
) -> tuple[LawEntry, ...]:
    """Return the entries of law.yaml in their order."""
    root = source.root()
    laws: dict[str, LawEntry] = {}
    for table in root.tables("law"):
        entry = _entry(table, countries, blocs)
        if entry.id in laws:
            table.wrong("id", f"{entry.id!r} is there twice")
        laws[entry.id] = entry
    root.done()
    return tuple(laws.values())


def _entry(table: Table, countries: Mapping[str, Country], blocs: Mapping[str, Bloc]) -> LawEntry:
    named = table.texts("countries")
    known_only(table, "countries", named, countries)
    within = table.texts("blocs")
    known_only(table, "blocs", within, blocs)
    if not named and not within:
        table.wrong("countries", "is missing: name `countries` or `blocs`")
    members = frozenset(named).union(*(blocs[bloc].members for bloc in within if bloc in blocs))
    unverified = table.texts("unverified")
    known_only(table, "unverified", unverified, _MAY_BE_UNVERIFIED)
    grade, verified = grade_of(table)
    made = LawEntry(
        id=table.matching("id", _ID),
        kind=cast("LawKind", table.choice("kind", _KINDS, "law")),
        blocs=within,
        countries=members,
        jurisdiction=table.text("jurisdiction"),
        instrument=table.text("instrument"),
        rule=table.text("rule"),
        age=table.text("age"),
        age_from=table.whole("age_from") or 0,
        age_below=table.whole("age_below"),
        status=table.text("status"),
        adopted=table.matching("adopted", _DATE, ""),
        since=table.matching("since", _DATE, ""),
        until=table.matching("until", _DATE, ""),
        protection=cast("Level", table.choice("protection", LEVELS)),
        grade=grade,
        verified=verified,
        unverified=unverified,
        sources=table.texts("sources", required=verified),
    )
    table.done()
    return made

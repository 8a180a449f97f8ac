"""`regions.yaml`: the countries, and the sets of countries that are compared."""

from __future__ import annotations

from collections.abc import Mapping

from analyzer.knowledge.law_records import Bloc, Country
from analyzer.knowledge.source import Source, Table, known_only

INCOMES = ("low", "lower_middle", "upper_middle", "high")
_ID = r"[a-z][a-z0-9_]*"
_DATE = r"\d{4}-\d\d-\d\d"


def read_regions(source: Source) -> tuple[dict[str, Country], dict[str, Bloc]]:
    """Return the countries by alpha-2 code and the blocs by id, of regions.yaml."""
    root = source.root()
    region_of = root.mapping("subregions", lambda value: isinstance(value, str), "a region")
    countries: dict[str, Country] = {}
    for code, table in root.keyed("countries").items():
        countries[code] = _country(code, table, region_of)
    blocs: dict[str, Bloc] = {}
    for table in root.tables("blocs"):
        bloc = _bloc(table, countries, blocs)
        if bloc.id in blocs:
            table.wrong("id", f"{bloc.id!r} is there twice")
        blocs[bloc.id] = bloc
    root.done()
    return countries, blocs


def _country(code: str, table: Table, region_of: Mapping[str, str]) -> Country:
    if len(code) != 2 or not code.isascii() or not code.isupper():
        table.source.note(table.path, f"{code!r} is not an alpha-2 code")
    subregion = table.text("subregion", "")
    if subregion and subregion not in region_of:
        table.wrong("subregion", f"is {subregion!r}, which `subregions` does not have")
    made = Country(
        alpha2=code,
        alpha3=table.matching("alpha3", r"[A-Z]{3}"),
        name=table.text("name"),
        region=region_of.get(subregion, ""),
        subregion=subregion,
        income=table.choice("income", ("", *INCOMES), ""),
        income_verified=table.flag("income_verified", True),
    )
    table.done()
    return made


def _bloc(table: Table, countries: Mapping[str, Country], blocs: Mapping[str, Bloc]) -> Bloc:
    members = _members(table.table("include", required=True), countries, blocs)
    members -= _members(table.table("exclude"), countries, blocs)
    if not members:
        table.wrong("include", "leaves no country")
    made = Bloc(
        id=table.matching("id", _ID),
        name=table.text("name"),
        members=members,
        definition=table.text("definition"),
        source=table.text("source"),
        date=table.matching("date", _DATE),
        verified=table.flag("verified", True),
    )
    table.done()
    return made


def _members(
    table: Table, countries: Mapping[str, Country], blocs: Mapping[str, Bloc]
) -> frozenset[str]:
    """Return the countries that any of the entries of an `include` or `exclude` names."""
    named = table.texts("countries")
    known_only(table, "countries", named, countries)
    within = table.texts("blocs")
    known_only(table, "blocs", within, blocs)
    regions, subregions, incomes = (
        table.texts(key) for key in ("regions", "subregions", "incomes")
    )
    every = countries.values()
    known_only(table, "regions", regions, frozenset(each.region for each in every))
    known_only(table, "subregions", subregions, frozenset(each.subregion for each in every))
    known_only(table, "incomes", incomes, frozenset(each.income for each in every))
    table.done()
    return frozenset(
        each.alpha2
        for each in every
        if each.alpha2 in named
        or each.region in regions
        or each.subregion in subregions
        or each.income in incomes
        or any(each.alpha2 in blocs[bloc].members for bloc in within if bloc in blocs)
    )

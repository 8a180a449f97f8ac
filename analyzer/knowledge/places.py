"""`pops.yaml`: what in traffic tells where a phone is."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import cast

from analyzer.knowledge.place_records import PlaceRule, Places, Tells
from analyzer.knowledge.source import Source, Table, regex_fault
from analyzer.models import Part

_ID = r"[a-z0-9-]+/[a-z0-9-]+"
_TELLS = ("pop", "country", "market")
_PARTS = ("response_header", "response_cookie", "response")


def read_places(source: Source, countries: Collection[str]) -> Places:
    """Return what pops.yaml says; `countries` are the alpha-2 codes that it may name."""
    root = source.root()
    airports = _codes(root, "airports", r"[A-Z]{3}", countries)
    operators = _codes(root, "mobile_country_codes", r"[0-9]{3}|[0-9]{5,6}", countries)
    rules: list[PlaceRule] = []
    for table in root.tables("rules"):
        rules.append(_rule(table))
        if any(rule.id == rules[-1].id for rule in rules[:-1]):
            table.wrong("id", f"{rules[-1].id!r} is there twice")
    root.done()
    return Places(tuple(rules), airports, operators)


def _rule(table: Table) -> PlaceRule:
    part = cast("Part", table.choice("part", _PARTS))
    names = table.texts("names", required=True)
    pattern = table.text("pattern")
    fault = regex_fault(pattern)
    if fault:
        table.wrong("pattern", fault)
        pattern = "()"
    elif re.compile(pattern).groups != 1:
        table.wrong("pattern", "has not one group, for the code")
        pattern = "()"
    made = PlaceRule(
        id=table.matching("id", _ID),
        tells=cast("Tells", table.choice("tells", _TELLS)),
        part=part,
        names=names if part == "response" else tuple(name.lower() for name in names),
        hosts=table.texts("hosts"),
        url_paths=table.texts("url_paths"),
        pattern=re.compile(pattern),
        source=table.text("source"),
        hits=tuple(
            table.mapping("hits", lambda code: isinstance(code, str), "a code in quotes").items()
        ),
        misses=table.texts("misses", required=True),
    )
    for value, code in made.hits:
        if made.code(value) != code:
            table.wrong("hits", f"{value!r} is not read as {code}")
    for value in made.misses:
        if made.code(value):
            table.wrong("misses", f"{value!r} is read as {made.code(value)}")
    table.done()
    return made


def _codes(root: Table, key: str, form: str, countries: Collection[str]) -> dict[str, str]:
    """Return the country of each code of `key`, where each country has a list of codes."""
    table = root.table(key, required=True)
    found: dict[str, str] = {}
    for country in list(table.raw):
        if country not in countries:
            table.wrong(str(country), "is not a country of regions.yaml")
        for code in table.texts(str(country)):
            if not re.fullmatch(form, code):
                table.wrong(str(country), f"has {code!r}, which has not the form {form}")
            if code in found:
                table.wrong(str(country), f"has {code!r}, which {found[code]} has, too")
            found[code] = str(country)
    return found

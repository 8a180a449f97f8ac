"""Cells as people read them: ids in words, sentences in the language of the reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from analyzer.knowledge import load_measures
from analyzer.said import Said, say
from reports.dictionary_columns import Column, Table, plain
from reports.dictionary_labels import UNITS, label
from reports.language import Language
from reports.lawful import PROTECTION
from reports.naming import Names

_YES: Final = {True: say("yes"), False: say("no")}
# Words for what stands in a column of this name, wherever it stands.
_WORDS: Final[Mapping[str, Mapping[str, Said]]] = {
    "kind": {
        "data": say("data"), "signal": say("signal"), "magnitude": say("measured"),
        "bloc": say("other definition of the bloc"), "country": say("without a country"),
        "instrumented": say("apps that were changed"), "region": say("proof of the region"),
        "side": say("side"), "arm": say("arm"), "duplicate": say("two arms of one region"),
    },
    "role": {"compared": say("compared"), "control": say("adult control")},
    "consent": {
        "accepted": say("accepted"), "refused": say("refused"), "none": say("never asked"),
    },
    "verdict": {
        "proven": say("proven"), "disputed": say("disputed"), "contradicted": say("contradicted"),
        "unproven": say("not proven"), "differs": say("not the same in all countries"),
    },
    "stage": {
        "read": say("reading the recording"), "decode": say("decoding"),
        "extract": say("recognising"), "classify": say("naming the recipient"),
    },
    "way": {
        "redirect": say("a redirect took it there"), "set": say("set there, then sent here"),
        "shared": say("sent to both by the app"),
        "unsent": say("in an answer; not seen to be sent"),
    },
    "scope": {
        "session": say("the session"), "persona": say("the test account"),
        "device": say("the device, whoever uses it"),
        "everywhere": say("all phones and test accounts"),
    },
    "tracker": {"yes": say("yes"), "no": say("no"), "unknown": say("not known")},
    "gate level": {"session": say("each session"), "pair": say("both sides together")},
}  # fmt: skip


def heading(table: Table, column: Column, names: Names) -> str:
    """Return what a column is headed with."""
    found = label(table.name, column.name)
    if "{side}" not in found.template:
        return names.language.tell(found)
    side = names.side("a" if column.name.startswith("a") else "b")
    return names.language.tell(found.of(side=side))


def meaning(column: Column, language: Language) -> str:
    """Return what a column says, its unit, and how it is called in files for machines."""
    unit = f" [{language.tell(UNITS[column.unit])}]" if column.unit else ""
    return f"{language.gettext(column.meaning)}{unit} ({column.name})"


def shown(table: Table, column: Column, row: Any, names: Names) -> Any:
    """Return a cell in words of the language of `names`; numbers stay numbers."""
    value = column.value(row)
    if isinstance(value, bool):
        return names.language.tell(_YES[value])
    if value is None or isinstance(value, int | float) or value == "":
        return value
    if isinstance(value, tuple):
        return _several(table, column, row, value, names)
    return _one(table, column, row, value, names)


def _several(table: Table, column: Column, row: Any, values: tuple[Any, ...], names: Names) -> str:
    if column.name in {"methods", "data_types", "identifiers", "types", "common", "countries"}:
        told = [_one(table, column, row, each, names) for each in values]
        return "; ".join(str(each) for each in told if each)
    sentences = [names.language.tell(each) for each in values if isinstance(each, Said)]
    return "; ".join(sentences) if sentences else str(plain(values))


def _one(table: Table, column: Column, row: Any, value: Any, names: Names) -> str:
    kind = f"{table.name} {column.name}"
    if isinstance(value, Said):
        return names.language.tell(value)
    if kind in _OF:
        return str(names.plain(_OF[kind](row, value, names)))
    if column.name in _BY:
        return str(names.plain(_BY[column.name](row, value, names)))
    if value in (words := _WORDS.get(column.name, {})):
        return names.language.tell(words[value])
    return str(plain(value))


def _subject(row: Any, value: str, names: Names) -> str:
    row = getattr(row, "row", row)
    return names.signal(value) if getattr(row, "kind", "data") == "signal" else names.data(value)


def _verdict(_: Any, value: Any, names: Names) -> str:
    told = _WORDS["verdict"].get(value)
    return told or names.verdict(value)


def _state(row: Any, value: str, names: Names) -> str:
    kind = getattr(getattr(row, "row", row), "kind", "")
    return _measure(value, names) if kind == "magnitude" else names.state(value)


def _title(_: Any, value: str, names: Names) -> str:
    return names.language.term(value)


def _measure(value: str, names: Names) -> str:
    known = next((each for each in load_measures().values() if each.id == value), None)
    return names.language.term(known.label) if known else value


def _group(value: str, names: Names) -> str:
    comparison = names.comparison
    if value in (comparison.a.name, comparison.b.name):
        return names.side("a" if value == comparison.a.name else "b")
    return value


_Told = Callable[[Any, Any, Names], str]
_BY: Final[Mapping[str, _Told]] = {
    "side": lambda _, value, names: names.side(value),
    "subject": _subject,
    "state": _state,
    "verdict": _verdict,
    "alternative": _verdict,
    "measure": lambda _, value, names: _measure(value, names),
    "party": lambda _, value, names: names.party(value),
    "taker_party": lambda _, value, names: names.party(value),
    "country": lambda _, value, names: names.country(value),
    "countries": lambda _, value, names: names.country(value),
    "data_type": lambda _, value, names: names.data(value),
    "data_types": lambda _, value, names: names.data(value),
    "identifiers": lambda _, value, names: names.data(value),
    "types": lambda _, value, names: names.data(value),
    "common": lambda _, value, names: names.data(value),
    "method": lambda _, value, names: names.method([value])[0],
    "methods": lambda _, value, names: names.method([value])[0],
    "part": lambda _, value, names: names.part(value),
    "code": lambda _, value, names: names.problem(value),
    "level": lambda _, value, __: PROTECTION[value],
    "label": _title,
    "meaning": _title,
    "unit": _title,
    "group": _title,
}
_OF: Final[Mapping[str, _Told]] = {
    "gates level": lambda _, value, __: _WORDS["gate level"][value],
    "measures label": _title,
    "dictionary table": lambda row, _, __: row[0].title,
    "dictionary column": lambda row, _, names: heading(row[0], row[1], names),
    "countries country": lambda _, value, __: value,
    "countries title": lambda row, _, names: names.country(row.country),
    "same_law other": lambda _, value, names: names.country(value),
    "law jurisdiction": _title,
    "law instrument": _title,
    "law rule": _title,
    "law age": _title,
    "law status": _title,
    "data_types group": lambda _, value, names: names.group(value),
    **{
        f"{table} group": lambda _, value, names: _group(value, names)
        for table in ("linkable", "diffaudit", "servers")
    },
}

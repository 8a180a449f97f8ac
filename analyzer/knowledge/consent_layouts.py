"""`consent_strings.yaml`: where the fields of consent strings stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, cast

from analyzer.errors import UserError
from analyzer.knowledge.ontology import grade_of
from analyzer.knowledge.source import Source, Table
from analyzer.models import Grade

FILE: Final = "consent_strings.yaml"
Kind = Literal[
    "int", "flag", "time", "letters", "bits", "pairs", "vendors", "vendors_v1", "restrictions",
    "fibonacci",
]  # fmt: skip
_SIZED: Final = frozenset(("int", "letters", "bits", "pairs"))
_PLAIN: Final = frozenset(("flag", "time", "vendors", "vendors_v1", "restrictions", "fibonacci"))
_FIELD: Final = re.compile(r"([A-Za-z0-9]+) ([a-z0-9_]+)(?:\(([A-Za-z0-9]+)\))?")
_WIDEST: Final = 64  # bits, or elements, of a field of fixed size


@dataclass(frozen=True, slots=True)
class ConsentField:
    """A field of a consent string: `size` elements, or as many as the field `size_of` says."""

    name: str
    kind: Kind
    size: int = 1
    size_of: str = ""


@dataclass(frozen=True, slots=True)
class ConsentLayout:
    """One layout of a section. See `consent_strings.yaml` for what the entries mean."""

    name: str
    section: int
    title: str
    versions: tuple[int, ...]  # empty: the section does not say
    has_header: bool
    set_from: int  # 0: whatever the length
    fields: tuple[ConsentField, ...]
    type_bits: int
    segments: Mapping[int, tuple[ConsentField, ...]]
    grade: Grade
    source: str


Layouts = Mapping[int, tuple[ConsentLayout, ...]]  # by section, in the order to try


def read_layouts(source: Source) -> Layouts:
    """Return the layouts of the file by section; what is wrong in it is noted in `source`."""
    root = source.root()
    found: dict[int, list[ConsentLayout]] = {}
    for table in root.tables("sections"):
        made = _layout(table)
        found.setdefault(made.section, []).append(made)
    root.done()
    return MappingProxyType({section: tuple(each) for section, each in found.items()})


@lru_cache(maxsize=1)
def consent_layouts() -> Layouts:
    """Return the layouts that come with the program, read once; `UserError` if they are wrong."""
    path = Path(__file__).parent.parent / "data" / FILE
    source = Source(FILE, path.read_text(encoding="utf-8"))
    found = read_layouts(source)
    if faults := source.faults():
        raise UserError(str(faults[0]), "put it right and run `evenhand knowledge check`")
    return found


def _layout(table: Table) -> ConsentLayout:
    segments: dict[int, tuple[ConsentField, ...]] = {}
    given = table.table("segments")
    for key in given.raw:
        if not str(key).isdigit():
            given.wrong(str(key), "is not the number of a segment")
            continue
        segments[int(key)] = _fields(given, str(key))
    versions = table.texts("versions")
    if not all(version.isdigit() for version in versions):
        table.wrong("versions", "are not numbers")
    made = ConsentLayout(
        name=table.matching("name", "[a-z0-9]+"),
        section=table.whole("section") or 0,
        title=table.text("title"),
        versions=tuple(int(version) for version in versions if version.isdigit()),
        has_header=table.choice("form", ("plain", "header"), "plain") == "header",
        set_from=table.whole("set_from") or 0,
        fields=_fields(table, "fields"),
        type_bits=table.whole("type_bits") or 0,
        segments=MappingProxyType(segments),
        grade=grade_of(table)[0],
        source=table.text("source"),
    )
    if not made.section:
        table.wrong("section", "is missing or 0")
    table.done()
    return made


def _fields(table: Table, key: str) -> tuple[ConsentField, ...]:
    found: list[ConsentField] = []
    for line in table.texts(key, required=True):
        made = _field(line, {each.name for each in found})
        if isinstance(made, str):
            table.wrong(key, f"has {line!r}, which {made}")
        else:
            found.append(made)
    return tuple(found)


def _field(line: str, before: set[str]) -> ConsentField | str:
    """Return the field that `line` describes, or what is wrong with it."""
    parts = _FIELD.fullmatch(line)
    if parts is None:
        return "is not a name and a type"
    name, kind, size = parts.groups()
    if name in before:
        return "names a field that is there already"
    if kind in _PLAIN and size is None:
        return ConsentField(name, cast("Kind", kind))
    if kind not in _SIZED or size is None:
        return "has no type that is known, or no size"
    if size in before and kind == "bits":
        return ConsentField(name, "bits", 0, size)
    if not size.isdigit() or not 1 <= int(size) <= _WIDEST:
        return f"has no size from 1 to {_WIDEST}"
    return ConsentField(name, cast("Kind", kind), int(size))

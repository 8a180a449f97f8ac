"""`ontology.yaml`: the kinds of personal data."""

from __future__ import annotations

from typing import cast

from analyzer.knowledge.records import DataType, normal_name
from analyzer.knowledge.source import Source, Table, known_shapes
from analyzer.models import Grade

GRADES: tuple[Grade, ...] = ("S", "D", "R", "O", "K")
_ID = r"[a-z]+\.[a-z][a-z_]*"


def grade_of(table: Table, default: Grade | None = None) -> tuple[Grade, bool]:
    """Take `grade` and `verified`: general knowledge (K) has to say that it is not verified.

    Without a `default` the grade is required.
    """
    grade = cast("Grade", table.choice("grade", GRADES, default))
    verified = table.flag("verified", True)
    if grade == "K" and verified:
        table.wrong("grade", "is K (general knowledge): add `verified: false`")
    return grade, verified


def read_types(source: Source) -> dict[str, DataType]:
    """Return the data types of ontology.yaml by id."""
    root = source.root()
    types: dict[str, DataType] = {}
    named: dict[str, str] = {}
    for table in root.tables("types"):
        found = _type(table)
        if found.id in types:
            table.wrong("id", f"{found.id!r} is there twice")
        for name in found.names:
            if name in named:
                table.wrong("names", f"has {name!r}, as {named[name]} has")
            named[name] = found.id
        types[found.id] = found
    root.done()
    return types


def _type(table: Table) -> DataType:
    shapes = table.texts("shapes")
    known_shapes(table, "shapes", shapes)
    names = table.texts("names")
    normal = tuple(normal_name(name) for name in names)
    if not all(normal) or len(set(normal)) != len(normal):
        table.wrong("names", "has a name without letters, or one twice once it is normalised")
    made = DataType(
        id=table.matching("id", _ID),
        group=table.text("group"),
        label=table.text("label"),
        meaning=table.text("meaning"),
        dpv=table.text("dpv"),
        diffaudit=table.text("diffaudit"),
        trackhar=table.texts("trackhar"),
        google_play=table.text("google_play"),
        apple=table.text("apple"),
        names=normal,
        shapes=shapes,
        grade=grade_of(table, "D")[0],
        counts_as_data=table.flag("counts_as_data", True),
    )
    table.done()
    return made

"""The matrix of the page: which type of data goes to which recipient, on either side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from analyzer.comparison import Recipient
from analyzer.models import Delta
from reports import words
from reports.naming import Names

COLUMNS = 10  # more do not fit on A4
_TELLING = ("only_b", "only_a", "more_b", "more_a", "insufficient", "same")


@dataclass(frozen=True, slots=True)
class Cell:
    """One field: a data type at a recipient. `row` is its most telling row, over all phases."""

    row: Delta | None
    phases: int  # how many rows there are


@dataclass(frozen=True, slots=True)
class Line:
    """One data type and its cells, in the order of the columns."""

    data_type: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Data types of one kind, under a heading."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Data types by recipients. No recipient that is `left_out` has more differences."""

    columns: tuple[Recipient, ...]
    groups: tuple[Group, ...]
    left_out: int


def matrix(groups: list[tuple[Recipient, list[Delta]]], names: Names) -> Matrix:
    """Return the matrix of the rows about data, of the recipients that differ most."""
    found = [(recipient, [row for row in rows if row.kind == "data"]) for recipient, rows in groups]
    found = [(recipient, rows) for recipient, rows in found if rows]
    telling = sorted(range(len(found)), key=lambda place: -_different(found[place][1]))
    shown = [found[place] for place in sorted(telling[:COLUMNS])]
    return Matrix(
        columns=tuple(recipient for recipient, _ in shown),
        groups=_lines([rows for _, rows in shown], names),
        left_out=len(found) - len(shown),
    )


def _different(rows: list[Delta]) -> int:
    return sum(row.verdict in words.DIFFERENT for row in rows)


def _lines(columns: list[list[Delta]], names: Names) -> tuple[Group, ...]:
    groups = []
    for group, types in groupby(names.knowledge.types.values(), key=lambda each: each.group):
        lines = tuple(
            Line(each.id, names.data(each.id), tuple(_cell(rows, each.id) for rows in columns))
            for each in types
            if any(row.subject == each.id for rows in columns for row in rows)
        )
        if lines:
            groups.append(Group(names.group(group), lines))
    return tuple(groups)


def _cell(rows: list[Delta], data_type: str) -> Cell:
    mine = [row for row in rows if row.subject == data_type]
    telling = min(mine, key=lambda row: _TELLING.index(row.verdict), default=None)
    return Cell(telling, len(mine))

"""What a table of a report is: columns with unit and meaning, and rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from analyzer.said import Said

Unit = Literal[
    "", "sessions", "share", "difference of shares", "probability", "per cent", "seconds", "bytes",
    "count", "in its unit", "years", "yes or no",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `value` takes it from the record that a row is of. `unit` is "" for text."""

    name: str
    unit: Unit
    meaning: str
    value: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what a row of it is, its columns, and where its rows come from."""

    name: str
    title: Said
    row: Said
    columns: tuple[Column, ...]
    rows: Callable[[Any], Iterable[Any]]  # of a record: a report's, or a feed's

    def cells(self, record: Any) -> Iterator[list[Any]]:
        """Yield each row as the values of its columns: text, numbers, booleans and None."""
        for row in self.rows(record):
            yield [plain(column.value(row)) for column in self.columns]


def column(
    name: str, meaning: str, unit: Unit = "", value: Callable[[Any], Any] | str = ""
) -> Column:
    """Return a column; `value` is a function, or a dotted path, or the name itself.

    A `meaning` that is written in the call is a text to be translated, as in ``say``.
    """
    return Column(name, unit, meaning, value if callable(value) else attrgetter(value or name))


def plain(value: Any) -> Any:
    """Return what a cell can hold: several texts become one, with spaces between them.

    Half of a surrogate pair, which JSON can spell, has no place in a file.
    """
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    if isinstance(value, str):
        return str(value).encode("utf-8", "backslashreplace").decode()
    return value

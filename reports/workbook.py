"""How a workbook is written: what to know first, then every table on a sheet of its own.

Nothing captured is a formula or a link that the workbook's program would follow unasked. The same
tables give the same bytes: a workbook bears the date that it is told.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from analyzer.extract.shapes import visible
from analyzer.said import say, say_many
from reports.cells import meaning
from reports.dictionary_columns import Column, Table, plain
from reports.language import Language

Line = tuple[str, str]  # what it is about, and a text

_FIRST: Final = say("Read me first")
_LONGEST_SHEET: Final = 31  # characters of the name of a sheet
_NO_SHEET: Final = re.compile(r"[\[\]:*?/\\]")
_LONGEST_CELL: Final = 32_000  # characters; a cell holds 32767
_MOST_ROWS: Final = 1_000_000  # a sheet holds 1048576
_NARROW, _WIDE = 8, 60  # characters
_SAMPLED: Final = 200  # rows that decide on the width of a column
_FORMATS: Final[Mapping[str, str]] = {
    "sessions": "0",
    "count": "#,##0",
    "in its unit": "#,##0.0##",
    "years": "0",
    "bytes": "#,##0",
    "share": "0.0%",
    "difference of shares": "+0.00;-0.00;0.00",
    "probability": "0.0000",
    "per cent": "0",
    "seconds": "#,##0.0",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Tables of one record, and how they are written.

    `heading` heads a column, `cell` makes a value of a row's: text or a number. `marks` are the
    colours of verdicts, as they are written. `linked`: cells name rows of other sheets.
    """

    tables: tuple[Table, ...]
    record: Any
    heading: Callable[[Table, Column], str]
    cell: Callable[[Table, Column, Any], Any]
    marks: Mapping[str, str] = field(default_factory=dict)
    linked: bool = False


@dataclass(frozen=True, slots=True)
class Contents:
    """All of a workbook. `moment` (ISO 8601) is the date that it bears."""

    title: str
    lines: tuple[Line, ...]
    parts: tuple[Part, ...]
    moment: str


def written(contents: Contents, language: Language) -> bytes:
    """Return an Office Open XML workbook (xlsx), its sentences in `language`."""
    buffer = io.BytesIO()
    book = Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties(
        {
            "title": _cell(contents.title),
            "comments": "evenhand",
            "created": _date(contents.moment),
        }
    )
    _Writing(book, contents, language).write()
    book.close()
    return buffer.getvalue()


class _Writing:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Workbook, contents: Contents, language: Language) -> None:
        self._book = book
        self._contents = contents
        self._language = language
        self._tell = language.tell
        self._head = book.add_format(
            {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1, "bg_color": "#E8E8E8"}
        )
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._bold = book.add_format({"bold": True, "valign": "top"})
        self._text = book.add_format({"valign": "top"})
        self._wrapped = book.add_format({"valign": "top", "text_wrap": True})
        self._link = book.add_format({"font_color": "#0B57A4", "underline": 1, "valign": "top"})
        self._numbers = {
            unit: book.add_format({"num_format": form, "valign": "top"})
            for unit, form in _FORMATS.items()
        }
        every = (table for part in contents.parts for table in part.tables)
        self._sheets = _sheets(every, self._tell)
        # Where a row with this id stands, to be linked to from other sheets.
        self._places: dict[str, str] = {}

    def write(self) -> None:
        """Write everything."""
        first = self._book.add_worksheet(_sheet_name(self._tell(_FIRST)))
        if self._language.direction == "rtl":
            first.right_to_left()
        shown = [
            (part, table, list(table.rows(part.record)))
            for part in self._contents.parts
            for table in part.tables
        ]
        for _, table, rows in shown:
            column = table.columns[0]
            for at, row in enumerate(rows[:_MOST_ROWS], 2):
                if column.name == "id":
                    place = f"internal:'{self._sheets[table.name]}'!A{at}"
                    self._places.setdefault(str(column.value(row)), place)
        self._first(first, [(table, len(rows)) for _, table, rows in shown])
        for part, table, rows in shown:
            self._sheet(part, table, rows)

    def _first(self, sheet: Any, counts: Iterable[tuple[Table, int]]) -> None:
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 100)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, _cell(self._contents.title), self._title)
        at = 2
        for name, text in self._contents.lines:
            sheet.write_string(at, 0, _cell(self._tell(name)), self._bold)
            sheet.write_string(at, 1, _cell(self._tell(text)), self._wrapped)
            at += 1
        at += 1
        for table, number in counts:
            name = self._sheets[table.name]
            sheet.write_url(at, 0, f"internal:'{name}'!A1", self._link, name)
            told = say_many(
                "{number} row. A row is: {what}", "{number} rows. A row is: {what}", number,
                what=table.row,
            )  # fmt: skip
            sheet.write_string(at, 1, _cell(self._tell(told)), self._text)
            if number > _MOST_ROWS:
                at += 1
                cut = say("Only the first {number} are here.", number=_MOST_ROWS)
                sheet.write_string(at, 1, self._tell(cut), self._text)
            at += 1
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _sheet(self, part: Part, table: Table, rows: list[Any]) -> None:
        sheet = self._book.add_worksheet(self._sheets[table.name])
        if self._language.direction == "rtl":
            sheet.right_to_left()
        heads = [_cell(part.heading(table, column)) for column in table.columns]
        told = [
            [part.cell(table, column, row) for column in table.columns] for row in rows[:_MOST_ROWS]
        ]
        for at, (column, head) in enumerate(zip(table.columns, heads, strict=True)):
            sheet.write_string(0, at, head, self._head)
            sheet.write_comment(0, at, meaning(column, self._language), {"x_scale": 2})
            sheet.set_column(at, at, _width(head, at, told))
        for number, (row, cells) in enumerate(zip(rows, told, strict=False), 1):
            for at, (column, value) in enumerate(zip(table.columns, cells, strict=True)):
                place = self._target(column, column.value(row)) if part.linked else ""
                self._cell(sheet, number, at, column, value, place)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, len(told)), len(heads) - 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        self._colour(sheet, part, table, len(told))

    def _colour(self, sheet: Any, part: Part, table: Table, rows: int) -> None:
        at = next((at for at, each in enumerate(table.columns) if each.name == "verdict"), None)
        if at is None or not rows:
            return
        for verdict, colour in part.marks.items():
            text = verdict.replace('"', '""')
            sheet.conditional_format(
                1, at, rows, at,
                {
                    "type": "cell", "criteria": "==", "value": f'"{_cell(text)}"',
                    "format": self._book.add_format({"bg_color": colour}),
                },
            )  # fmt: skip

    def _cell(
        self, sheet: Any, at_row: int, at: int, column: Column, value: Any, place: str
    ) -> None:
        if value is None or value == "":
            return
        if isinstance(value, int | float):
            sheet.write_number(at_row, at, value, self._numbers.get(column.unit, self._text))
        elif place:
            sheet.write_url(at_row, at, place, self._link, _cell(str(value)))
        else:
            sheet.write_string(at_row, at, _cell(str(value)), self._text)

    def _target(self, column: Column, value: object) -> str:
        """Return where a cell that names rows of another sheet leads: to the first of them."""
        if column.name not in {"examples", "session", "law", "subject", "measure"}:
            return ""
        return self._places.get(str(plain(value)).split(" ", maxsplit=1)[0], "")


def _sheets(found: Iterable[Table], tell: Callable[[str], str]) -> dict[str, str]:
    """Return the name of each table's sheet: its title, cut to what a sheet may be called."""
    sheets: dict[str, str] = {}
    for table in found:
        name = _sheet_name(tell(table.title))
        taken = {each.casefold() for each in sheets.values()}
        sheets[table.name] = table.name if name.casefold() in taken else name
    return sheets


def _sheet_name(title: str) -> str:
    return _NO_SHEET.sub(" ", title).strip("' ")[:_LONGEST_SHEET].strip()


def _width(head: str, at: int, rows: list[list[Any]]) -> float:
    longest = max((len(str(row[at])) for row in rows[:_SAMPLED] if row[at] is not None), default=0)
    return min(_WIDE, max(_NARROW, len(head) + 3, longest + 1))


def _cell(text: str) -> str:
    """Return `text` with nothing hidden in it, as long as a cell can be."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[:_LONGEST_CELL]}…"


def _date(moment: str) -> datetime:
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return datetime(1980, 1, 1)

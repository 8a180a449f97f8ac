"""A workbook for investigators: what to know first, then every table on a sheet of its own.

Nothing captured is a formula or a link that the workbook's program would follow unasked. The same
record gives the same bytes: the workbook bears the date of the last session.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from analyzer.extract.shapes import visible
from analyzer.gates import Gate
from reports.dictionary import dictionary, tables
from reports.dictionary_columns import Column, Table
from reports.record import Record

_FIRST: Final = "Read me first"
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
_MARKS: Final = {
    "only_a": "#F6D5C3", "more_a": "#FBE9DF", "only_b": "#C9DDF0", "more_b": "#E4EEF7",
    "insufficient": "#EEEEEE",
}  # fmt: skip


def workbook(record: Record) -> bytes:
    """Return `record` as an Office Open XML workbook (xlsx)."""
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
    moment = max((row.started for row in record.comparison.sessions), default="")
    book.set_properties(
        {"title": _cell(record.title), "comments": "evenhand", "created": _date(moment)}
    )
    _Writing(book, record).write()
    book.close()
    return buffer.getvalue()


class _Writing:
    """Writes the sheets of one workbook."""

    def __init__(self, book: Workbook, record: Record) -> None:
        self._book = book
        self._record = record
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
        self._tables = [*tables(), dictionary()]
        # Where a row with this id stands, to be linked to from other sheets.
        self._places: dict[str, str] = {}

    def write(self) -> None:
        """Write everything."""
        first = self._book.add_worksheet(_FIRST)
        written = [(table, list(table.cells(self._record))) for table in self._tables]
        for table, rows in written:
            for at, row in enumerate(rows[:_MOST_ROWS], 2):
                if table.columns[0].name == "id":
                    self._places.setdefault(str(row[0]), f"internal:'{table.title}'!A{at}")
        self._first(first, {table.title: len(rows) for table, rows in written})
        for table, rows in written:
            self._sheet(table, rows)

    def _first(self, sheet: Any, counts: Mapping[str, int]) -> None:
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 100)
        sheet.hide_gridlines(2)
        sheet.write_string(0, 0, _cell(self._record.title), self._title)
        at = 2
        for name, text in _introduction(self._record):
            sheet.write_string(at, 0, _cell(name), self._bold)
            sheet.write_string(at, 1, _cell(text), self._wrapped)
            at += 1
        at += 1
        for title, number in counts.items():
            sheet.write_url(at, 0, f"internal:'{title}'!A1", self._link, title)
            row = next(table.row for table in self._tables if table.title == title)
            told = f"{number} rows. A row is: {row[0].lower()}{row[1:]}."
            if number > _MOST_ROWS:
                told += f" Only the first {_MOST_ROWS} are here."
            sheet.write_string(at, 1, told, self._text)
            at += 1
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)

    def _sheet(self, table: Table, rows: list[list[Any]]) -> None:
        sheet = self._book.add_worksheet(table.title)
        last = len(table.columns) - 1
        for at, column in enumerate(table.columns):
            sheet.write_string(0, at, column.name, self._head)
            unit = f" [{column.unit}]" if column.unit else ""
            sheet.write_comment(0, at, f"{column.meaning}{unit}", {"x_scale": 2})
            sheet.set_column(at, at, _width(column, at, rows))
        for number, row in enumerate(rows[:_MOST_ROWS], 1):
            for at, (column, value) in enumerate(zip(table.columns, row, strict=True)):
                self._cell(sheet, number, at, column, value)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, max(1, min(len(rows), _MOST_ROWS)), last)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        names = [column.name for column in table.columns]
        if "verdict" in names and rows:
            at = names.index("verdict")
            for verdict, colour in _MARKS.items():
                sheet.conditional_format(
                    1, at, len(rows), at,
                    {
                        "type": "cell", "criteria": "==", "value": f'"{verdict}"',
                        "format": self._book.add_format({"bg_color": colour}),
                    },
                )  # fmt: skip

    def _cell(self, sheet: Any, row: int, at: int, column: Column, value: Any) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_string(row, at, "yes" if value else "no", self._text)
        elif isinstance(value, int | float):
            sheet.write_number(row, at, value, self._numbers.get(column.unit, self._text))
        elif place := self._target(column, str(value)):
            sheet.write_url(row, at, place, self._link, _cell(str(value)))
        else:
            sheet.write_string(row, at, _cell(str(value)), self._text)

    def _target(self, column: Column, value: str) -> str:
        """Return where a cell that names rows of another sheet leads: to the first of them."""
        if column.name not in {"examples", "session", "law", "subject", "measure"}:
            return ""
        return self._places.get(value.split(" ", maxsplit=1)[0], "")


def _introduction(record: Record) -> Iterator[tuple[str, str]]:
    comparison = record.comparison
    yield (
        "What this is",
        (
            f"What {comparison.app} sends from phones of {comparison.a.title} (side a) and of"
            f" {comparison.b.title} (side b), compared session by session. No value that was"
            " captured is in this workbook."
        ),
    )
    for number, sentence in enumerate(record.answer):
        yield ("Answer" if number == 0 else ""), sentence
    for side, name in ((comparison.a, "Side a"), (comparison.b, "Side b")):
        arms = ", ".join(arm.label for arm in side.arms)
        yield name, f"{side.title}: {side.sessions} sessions of {arms}. {side.definition}".strip()
    for number, sentence in enumerate(record.limits):
        yield ("Limits" if number == 0 else ""), sentence
    for number, warning in enumerate(comparison.warnings):
        yield ("Warnings" if number == 0 else ""), str(warning)
    for gate in comparison.gates:
        if gate.waived:
            yield "Gate waived", _waived(gate)
    settings = comparison.settings
    yield (
        "Bounds",
        (
            f"False discovery rate {settings.alpha}; the same within {settings.margin} of a share;"
            f" at least {settings.min_sessions} sessions a side;"
            f" {settings.confidence:.0%} intervals"
        ),
    )
    yield "Made by", ", ".join(f"{name} {version}" for name, version in comparison.versions)
    yield "Recorded by", ", ".join(f"{name} {version}" for name, version in comparison.tools)
    yield "Knowledge", f"SHA-256 {comparison.knowledge}"
    yield "Recordings", "Their SHA-256 stand in the sheet Sessions, column capture."
    yield "Columns", "What a column means stands in the note on its head, and in Dictionary."


def _waived(gate: Gate) -> str:
    return f"{gate.title}: {gate.found}. The study does without it: {gate.waived}"


def _width(column: Column, at: int, rows: list[list[Any]]) -> float:
    longest = max((len(str(row[at])) for row in rows[:_SAMPLED] if row[at] is not None), default=0)
    return min(_WIDE, max(_NARROW, len(column.name) + 3, longest + 1))


def _cell(text: str) -> str:
    """Return `text` with nothing hidden in it, as long as a cell can be."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST_CELL else f"{shown[:_LONGEST_CELL]}…"


def _date(moment: str) -> datetime:
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return datetime(1980, 1, 1)

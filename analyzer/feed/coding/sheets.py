"""Sheets for coders: each coder her own, as CSV or xlsx. They say nothing of country or account."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Literal

from xlsxwriter import Workbook  # type: ignore[import-untyped]

from analyzer.feed.codebook import Codebook
from analyzer.feed.coding.material import Piece
from analyzer.feed.coding.plan import Plan

Format = Literal["csv", "xlsx"]
COLUMNS: Final = ("row", "text", "hashtags", "category", "item", "coder", "codebook")
# How a formula begins, plain or full-width, to a spreadsheet.
_FORMULA: Final = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
_WIDTHS: Final = {"row": 6, "text": 90, "hashtags": 40, "category": 16}
WELLBEING: Final = (
    "Before you begin: these texts may speak of suicide, self-harm and eating disorders. "
    "Take a break every 20 minutes, do not code alone at night, and stop whenever you want to: "
    "nobody will ask why. Lines that you can call are in crisis_lines.txt."
)


def to_write(codebook: Codebook) -> str:
    """Return what belongs into the column `category`."""
    keys = ", ".join(codebook.keys)
    return (
        f"Write one of these into the column `category` of your sheet, for each row: {keys}. "
        "The number of the category, or its name in any language of the codebook, will do as well."
    )


def rows(
    plan: Plan, coder: str, pieces: Mapping[str, Piece], given: Mapping[str, str]
) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the sheet of `coder`, with the codes that she has `given` already."""
    for number, key in enumerate(plan.order(coder), 1):
        piece = pieces[key]
        tags = " ".join(f"#{tag}" for tag in piece.hashtags)
        yield (str(number), piece.text, tags, given.get(key, ""), key, coder, plan.codebook)


def csv_sheet(
    plan: Plan,
    coder: str,
    pieces: Mapping[str, Piece],
    given: Mapping[str, str],
    codebook: Codebook,
) -> bytes:
    """Return the sheet as CSV, in UTF-8 with the mark by which spreadsheets know it.

    A CSV file cannot offer a choice: the column `one_of` says what may stand in `category`.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    after = COLUMNS.index("category") + 1
    choice = " | ".join(codebook.keys)
    writer.writerow((*COLUMNS[:after], "one_of", *COLUMNS[after:]))
    for row in rows(plan, coder, pieces, given):
        writer.writerow(_harmless(cell) for cell in (*row[:after], choice, *row[after:]))
    return text.getvalue().encode("utf-8-sig")


def xlsx_sheet(
    plan: Plan,
    coder: str,
    pieces: Mapping[str, Piece],
    given: Mapping[str, str],
    codebook: Codebook,
) -> bytes:
    """Return the sheet as a workbook: what to know, the codebook, and the rows to code.

    The column `category` offers the categories. The same plan gives the same bytes.
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = Workbook(out, {**options, "strings_to_numbers": False})
    book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet("Code")
    sheet.write_row(0, 0, COLUMNS, bold)
    count = 0
    for count, row in enumerate(rows(plan, coder, pieces, given), 1):
        for column, cell in enumerate(row):
            sheet.write_string(count, column, cell, wrapped)
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, _WIDTHS.get(name, 10))
    place = COLUMNS.index("category")
    if count:
        choice = {
            "validate": "list",
            "source": list(codebook.keys),
            "error_title": "No category",
            "error_message": "Choose one of the list. The sheet Codebook says what each means.",
        }
        sheet.data_validation(1, place, count, place, choice)
    sheet.freeze_panes(1, 0)
    guide = book.add_worksheet("Codebook")
    guide.set_column(0, 1, 22)
    guide.set_column(2, 2, 110, wrapped)
    for number, line in enumerate(_guide(codebook)):
        for column, cell in enumerate(line):
            guide.write_string(number, column, cell, wrapped)
    book.close()
    return out.getvalue()


def guide_text(codebook: Codebook) -> str:
    """Return the codebook for coders, as plain text."""
    lines = [WELLBEING, "", f"Codebook: {codebook.name} (version {codebook.version})", ""]
    lines += [to_write(codebook), ""]
    if codebook.about:
        lines += [codebook.about, ""]
    for number, each in enumerate(codebook.categories, 1):
        lines += [f"{number}. {each.key}: {each.name()}", f"   {each.definition}"]
        lines += [f"   Also: {each.include}"] if each.include else []
        lines += [f"   Not: {each.exclude}"] if each.exclude else []
        lines.append("")
    return "\n".join(lines)


def _guide(codebook: Codebook) -> Iterator[tuple[str, str, str]]:
    yield "", "", WELLBEING
    yield codebook.name, f"version {codebook.version}", codebook.about
    yield "category", "what to write", to_write(codebook)
    for number, each in enumerate(codebook.categories, 1):
        yield each.key, f"{number}. {each.name()}", each.definition
        if each.include:
            yield "", "also", each.include
        if each.exclude:
            yield "", "not", each.exclude


def _harmless(cell: str) -> str:
    """Return a cell that is no formula to a spreadsheet."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def sheets(
    plan: Plan,
    pieces: Mapping[str, Piece],
    given: Mapping[str, Mapping[str, str]],
    codebook: Codebook,
    form: Format,
) -> dict[str, bytes]:
    """Return files by name: a sheet for each coder with what she has `given`, and the codebook."""
    made = {"codebook.txt": guide_text(codebook).encode()}
    for coder in plan.coders:
        own = given.get(coder, {})
        made[f"{coder}.{form}"] = (
            csv_sheet(plan, coder, pieces, own, codebook)
            if form == "csv"
            else xlsx_sheet(plan, coder, pieces, own, codebook)
        )
    return made

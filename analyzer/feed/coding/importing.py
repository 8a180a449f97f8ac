"""Reads what coders have filled in, and refuses what cannot be what they meant."""

from __future__ import annotations

import csv
import io
import lzma
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from analyzer.errors import UserError
from analyzer.feed.codebook import Codebook
from analyzer.feed.coding.material import Piece, seen_alike
from analyzer.feed.coding.meaning import Meanings
from analyzer.feed.coding.plan import Plan
from analyzer.feed.coding.sheets import COLUMNS

_NEEDED: Final = ("item", "category", "coder", "codebook")
_LARGEST: Final = 64_000_000  # bytes of a sheet
_MOST_ROWS: Final = 1_000_000
_DELIMITERS: Final = ",;\t"  # spreadsheets of many countries write a semicolon
_QUOTED: Final = 40  # characters of a cell that a complaint quotes

# What unpacking and reading give of a workbook that is damaged, locked, or none: a fault in its XML
# is a SyntaxError, a password a RuntimeError, another way to pack a NotImplementedError.
_DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, InvalidFileException,
    SyntaxError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError,
)  # fmt: skip

csv.field_size_limit(1_000_000)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one coder has filled in. `blank`: rows without a category yet."""

    coder: str
    codes: Mapping[str, str]  # item -> category
    blank: int


def read_sheet(
    path: Path,
    plan: Plan,
    codebook: Codebook,
    pieces: Mapping[str, Piece],
    *,
    partial: bool = False,
) -> Sheet:
    """Read a filled-in sheet (.csv or .xlsx); `UserError` says what is wrong with it, and where.

    All rows that were given out have to be there, unless `partial`; their categories may be blank.
    """
    found = _rows(path)
    if not found:
        raise UserError(f"{path.name} has no rows", "fill in the sheet that was exported")
    coder = _one(
        path, found, "coder", "leave this column as it was exported, a file for each coder"
    )
    version = _one(path, found, "codebook", "leave this column as it was exported")
    if version != codebook.version:
        raise UserError(
            f"{path.name} was coded by codebook {version[:_QUOTED]!r}, not {codebook.version}",
            "put the codebook back, or export again and code by the new one",
        )
    if coder not in plan.coders:
        raise UserError(
            f"{path.name} is by {coder[:_QUOTED]!r}, to whom no sheet was given",
            f"use one of {', '.join(plan.coders)}, or export a sheet for this coder",
        )
    checked = _Checked(path.name, plan, codebook, pieces)
    for number, row in found:
        checked.take(number, row)
    given = plan.order(coder)
    if (lacking := sum(item not in checked.seen for item in given)) and not partial:
        raise UserError(
            f"{path.name} lacks {lacking} of {len(given)} rows",
            "put them back (blank is fine), or say --partial",
        )
    return Sheet(coder, checked.codes, checked.blank)


class _Checked:
    """Takes row by row, and complains of the first that is wrong."""

    def __init__(
        self, name: str, plan: Plan, codebook: Codebook, pieces: Mapping[str, Piece]
    ) -> None:
        self._name = name
        self._items = frozenset(plan.items)
        self._pieces = pieces
        self._meanings = Meanings(codebook)
        self.seen: dict[str, int] = {}
        self.codes: dict[str, str] = {}
        self.blank = 0

    def take(self, number: int, row: Mapping[str, str]) -> None:
        item = row["item"].strip().removeprefix("'")
        if item not in self._items:
            raise self._wrong(
                number, "has a key that was not given out", "copy the column `item` from the export"
            )
        if item in self.seen:
            raise self._wrong(
                number, f"is the same item as row {self.seen[item]}", "take one of them out"
            )
        if "text" in row and not seen_alike(self._pieces[item], row["text"]):
            raise self._wrong(
                number,
                "has the text of another item, or an edited one",
                "sort whole rows only, and leave the texts as they are: begin with a new export",
            )
        self.seen[item] = number
        category = self._meanings.category(row["category"], f"{self._name}: row {number}")
        if not category:
            self.blank += 1
            return
        self.codes[item] = category

    def _wrong(self, number: int, what: str, fix: str) -> UserError:
        return UserError(f"{self._name}: row {number} {what}", fix)


def _one(path: Path, found: list[tuple[int, dict[str, str]]], column: str, fix: str) -> str:
    values = {row[column].strip() for _, row in found}
    if len(values) > 1:
        raise UserError(f"{path.name} has several values in the column {column!r}", fix)
    return values.pop()


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the rows that are not blank, with their numbers in the file; the heading is row 1."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError(f"{path} is no file", "name a sheet that was exported")
        with path.open("rb") as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise UserError(f"{path} cannot be read", error.strerror or str(error)) from None
    if len(raw) > _LARGEST:
        raise UserError(f"{path.name} is larger than 64 MB", "name a sheet that was exported")
    lines = _workbook(path.name, raw) if raw.startswith(b"PK") else _table(path.name, raw)
    if not lines:
        return []
    heading = [cell.strip().casefold() for cell in lines[0]]
    for column in _NEEDED:
        if heading.count(column) != 1:
            raise UserError(
                f"{path.name} has no column {column!r}, or two of them",
                f"its first row has to be {', '.join(COLUMNS)}",
            )
    return [
        (number, dict(zip(heading, [*line, *[""] * (len(heading) - len(line))], strict=False)))
        for number, line in enumerate(lines[1:], 2)
        if any(cell.strip() for cell in line)
    ]


def _table(name: str, raw: bytes) -> list[list[str]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{name} is not UTF-8 text", 'save it as "CSV UTF-8", or as xlsx') from None
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[:_MOST_ROWS]
    except csv.Error as error:
        raise UserError(f"{name} is no CSV file: {error}", "save it again, or as xlsx") from None


def _workbook(name: str, raw: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(each.file_size for each in archive.infolist()) > 8 * _LARGEST:
                raise UserError(f"{name} is too large when unpacked", "name an exported sheet")
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return [
            ["" if cell is None else str(cell) for cell in line]
            for line in sheet.iter_rows(max_row=_MOST_ROWS, max_col=64, values_only=True)
        ]
    except _DAMAGED:
        raise UserError(
            f"{name} is no workbook that can be read", "save it as xlsx or CSV"
        ) from None

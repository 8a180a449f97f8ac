"""The workbook, read back by another program, and the dictionary of all tables."""

from __future__ import annotations

import io
from dataclasses import fields, replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import reporting
import synthetic
from openpyxl.workbook import Workbook
from reporting import poisoned

from analyzer.comparison import CoverageRow, Evidence, SessionRow
from analyzer.gates import Gate
from analyzer.magnitudes import Magnitude
from reports.dictionary import dictionary, tables
from reports.dictionary_labels import UNITS, label
from reports.language import LANGUAGES, Language
from reports.material import Material
from reports.naming import Names
from reports.record import Record, record
from reports.tables import table_bytes, table_frame
from reports.xlsx import workbook

MATERIAL = Material(reporting.sent_only_in_kenya(), synthetic.knowledge())


def made(material: Material, language: str = "en") -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(workbook(material, Language(language))))


@pytest.fixture(scope="module")
def whole() -> Record:
    return MATERIAL.record


@pytest.fixture(scope="module")
def book() -> Workbook:
    return made(MATERIAL)


def test_a_workbook_begins_with_what_to_know_and_has_every_table(
    book: Workbook, whole: Record
) -> None:
    assert book.sheetnames == ["Read me first", *(t.title for t in tables()), "Dictionary"]
    told = [cell.value for row in book["Read me first"].rows for cell in row if cell.value]
    assert whole.title in told
    assert set(whole.answer) <= set(told)
    assert set(whole.limits) <= set(told)
    assert any(whole.comparison.knowledge in str(text) for text in told)


def test_every_row_is_on_its_sheet_with_numbers_as_they_are(book: Workbook, whole: Record) -> None:
    for table in tables():
        rows = list(book[table.title].iter_rows(values_only=True))
        assert all(rows[0]), table.name
        expected = list(table.cells(whole))
        assert len(rows) == 1 + len(expected), table.name
        for told, meant in zip(rows[1:], expected, strict=True):
            for cell, value in zip(told, meant, strict=True):
                if isinstance(value, bool):
                    assert cell == ("yes" if value else "no")
                elif isinstance(value, int | float) or value in ("", None):
                    assert cell == (None if value == "" else value)
                else:
                    assert isinstance(cell, str)


def test_ids_are_told_in_words(book: Workbook) -> None:
    rows = list(book["Differences"].iter_rows(values_only=True))
    what = MATERIAL.knowledge.types["id.advertising"].label
    told = next(dict(zip(rows[0], row, strict=True)) for row in rows[1:] if what in row)
    assert told["Verdict"] == "only for Kenya"
    assert told["Party"] == "third party"
    assert told["Kenya: sessions with it"] == 6


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_workbook_speaks_the_language_of_its_reader(code: str) -> None:
    language = Language(code)
    book = made(MATERIAL, code)
    names = Names(MATERIAL.comparison, MATERIAL.knowledge, language)
    assert len(book.sheetnames) == len(set(book.sheetnames)) == len(tables()) + 2
    assert all(len(name) <= 31 for name in book.sheetnames)
    sheet = book.worksheets[1]
    assert bool(sheet.sheet_view.rightToLeft) == (code == "ar")
    heads = [cell.value for cell in sheet[1]]
    at = [column.name for column in tables()[0].columns].index("verdict")
    assert heads[at] == language.gettext("Verdict")
    verdicts = {row[at] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert verdicts == {
        language.tell(names.verdict(row.verdict))
        for row in MATERIAL.comparison.deltas
        if row.kind == "data"
    }
    texts = [str(cell.value) for one in book.worksheets for row in one.rows for cell in row]
    assert not [text for text in texts if "{side}" in text or "{number}" in text]


def test_numbers_are_numbers_in_a_format_and_heads_explain_themselves(book: Workbook) -> None:
    sheet = book["Differences"]
    heads = {cell.value: cell for cell in sheet[1]}
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref.startswith("A1:")
    row = sheet[2]
    effect = row[[cell.value for cell in sheet[1]].index("Difference")]
    assert isinstance(effect.value, int | float)
    assert effect.number_format == "+0.00;-0.00;0.00"
    assert str(heads["q"].comment).startswith("Comment: False discovery rate over the whole report")
    assert sheet.column_dimensions["A"].width >= 8


def test_rows_lead_to_their_evidence(book: Workbook) -> None:
    sheet = book["Differences"]
    at = next(cell.column for cell in sheet[1] if cell.value == "Evidence")
    cell = sheet.cell(2, at)
    assert cell.hyperlink is not None
    title, _, place = str(cell.hyperlink.location).partition("!")
    assert book[title.strip("'")][place].value == str(cell.value).split()[0]


def test_the_same_record_gives_the_same_bytes(whole: Record) -> None:
    assert workbook(MATERIAL) == workbook(MATERIAL)
    assert (
        made(MATERIAL)
        .properties.created.isoformat()
        .startswith(max(row.started for row in whole.comparison.sessions)[:10])
    )


@pytest.mark.parametrize("start", ["=1+1", "+1", "@SUM(A1)", "http://evil.example/", "mailto:a@b"])
def test_nothing_that_was_captured_is_a_formula_or_a_link(start: str) -> None:
    comparison = reporting.sent_only_in_kenya()
    spoilt = tuple(replace(row, path=start, host=start) for row in comparison.evidence)
    book = made(Material(replace(comparison, evidence=spoilt), synthetic.knowledge()))
    cells = [cell for row in book["Evidence"].rows for cell in row if cell.value == start]
    assert len(cells) == 2 * len(spoilt)
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


def test_hostile_text_is_shown_and_long_text_is_cut() -> None:
    comparison = reporting.sent_only_in_kenya()
    comparison = replace(
        comparison,
        evidence=poisoned(comparison.evidence),
        coverage=poisoned(comparison.coverage),
        warnings=("x" * 40_000,),
    )
    book = made(Material(comparison, synthetic.knowledge()))
    hosts = [cell.value for cell in book["Evidence"]["I"][1:]]
    assert hosts
    assert all("⟨U+202E⟩" in host and "\x1b" not in host for host in hosts)
    longest = max(len(str(cell.value)) for row in book["Read me first"].rows for cell in row)
    assert 32_000 < longest < 32_768


# The dictionary


def test_every_column_has_a_heading_and_a_unit_with_words() -> None:
    for table in (*tables(), dictionary()):
        for column in table.columns:
            assert label(table.name, column.name)
            assert not column.unit or UNITS[column.unit]
        heads = [label(table.name, column.name) for column in table.columns]
        shared = {"a_", "b_"}  # told apart by the side in them
        plain = [
            head
            for head, column in zip(heads, table.columns, strict=True)
            if column.name[:2] not in shared
        ]
        assert len(set(plain)) == len(plain), table.name


def test_every_column_is_explained_once(whole: Record) -> None:
    rows = list(dictionary().cells(whole))
    names = [(table, column) for table, _, column, _, _ in rows]
    assert len(set(names)) == len(names) == sum(len(table.columns) for table in tables())
    assert all(row and meaning for _, row, _, _, meaning in rows)


@pytest.mark.parametrize(
    ("table", "kind", "told_elsewhere"),
    [
        ("sessions", SessionRow, {"tools"}),
        ("coverage", CoverageRow, set()),
        ("evidence", Evidence, set()),
        ("gates", Gate, set()),
        ("magnitudes", Magnitude, {"a", "b"}),
    ],
)
def test_no_field_of_a_record_is_left_out(table: str, kind: type, told_elsewhere: set[str]) -> None:
    [found] = [each for each in tables() if each.name == table]
    columns = {column.name for column in found.columns}
    assert {field.name for field in fields(kind)} - columns == told_elsewhere


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_every_table_can_be_read_again(form: str, whole: Record, tmp_path: Path) -> None:
    for table in tables():
        frame = table_frame(table, whole)
        path = tmp_path / f"t.{form}"
        path.write_bytes(table_bytes(frame, form))
        if form == "csv":
            again = pd.read_csv(path)
        elif form == "json":
            again = pd.read_json(path) if len(frame) else frame
        else:
            again = pd.read_parquet(path)
            assert again.dtypes.astype(str).tolist() == frame.dtypes.astype(str).tolist()
        assert list(again) == list(frame) == [column.name for column in table.columns]
        assert len(again) == len(frame)


def test_an_empty_table_has_the_types_of_a_full_one(whole: Record) -> None:
    nothing = record(reporting.nothing_found(), synthetic.knowledge())
    [table] = [each for each in tables() if each.name == "differences"]
    assert table_frame(table, nothing)["a_k"].dtype == table_frame(table, whole)["a_k"].dtype

"""The feed in a workbook, read back by another program."""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
import pytest
import reporting
import synthetic
from feed_audits import audit_of, compared
from openpyxl.workbook import Workbook

from reports.dictionary import tables as report_tables
from reports.feed.record import feed_record
from reports.feed.tables import tables
from reports.feed.view import view
from reports.feed.workbook import feed_workbook
from reports.language import Language
from reports.material import Material
from reports.xlsx import workbook

AUDIT = audit_of(compared())
NAMES = [*(each.name for each in tables()), "feed_dictionary"]


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def first_of(book: Workbook) -> list[str]:
    sheet = book[book.sheetnames[0]]
    return [str(cell.value) for row in sheet.rows for cell in row if cell.value]


@pytest.fixture(scope="module")
def book() -> Workbook:
    return opened(feed_workbook(AUDIT))


def test_it_has_every_table_with_every_row(book: Workbook) -> None:
    assert book.sheetnames == ["Read me first", *NAMES]
    record = feed_record(AUDIT)
    for table in tables():
        rows = list(book[table.name].iter_rows(values_only=True))
        assert list(rows[0]) == [each.name for each in table.columns]
        assert len(rows) == 1 + len(list(table.rows(record)))
    columns = [each.name for each in tables()[1].columns]
    first = dict(zip(columns, next(book["feed_figures"].iter_rows(2, 2)), strict=True))
    assert first["value"].value == pytest.approx(AUDIT.comparison.figures[0].value)
    assert isinstance(first["accounts"].value, int)


def test_it_begins_with_the_exercise_and_the_answer(book: Workbook) -> None:
    told = first_of(book)
    seen = view(AUDIT)
    assert told[0] == seen.title
    assert any("this app does not exist" in each for each in told[:4])
    for sentence in (*(each.lead for each in seen.headlines), seen.joint, *seen.limits):
        assert str(sentence) in told
    real = first_of(opened(feed_workbook(replace(AUDIT, fictional=False))))
    assert not any("does not exist" in each for each in real)


def test_a_cell_is_no_formula_and_has_no_number_that_is_none() -> None:
    bad = "=HYPERLINK(1)"
    accounts = tuple(
        replace(each, name=bad, onset_s=float("inf")) for each in AUDIT.comparison.accounts
    )
    poisoned = replace(AUDIT, comparison=replace(AUDIT.comparison, accounts=accounts))
    sheet = opened(feed_workbook(poisoned))["feed_accounts"]
    assert sheet["A2"].value == bad
    assert sheet["A2"].data_type == "s"
    onset = [each.value for each in sheet[1]].index("onset_s") + 1
    assert sheet.cell(2, onset).value is None


def test_the_same_audit_gives_the_same_bytes_in_any_language() -> None:
    assert feed_workbook(AUDIT, Language("ar")) == feed_workbook(AUDIT, Language("ar"))
    german = opened(feed_workbook(AUDIT, Language("de")))
    assert german.sheetnames[1:] == NAMES
    assert german.sheetnames[0] != "Read me first"


def test_the_workbook_of_a_report_has_the_feed_only_where_it_was_measured() -> None:
    material = Material(reporting.sent_only_in_kenya(), synthetic.knowledge())
    without = opened(workbook(material))
    assert not any(name.startswith("feed") for name in without.sheetnames)
    both = opened(workbook(replace(material, feed=AUDIT)))
    assert both.sheetnames == [*without.sheetnames, *NAMES]
    assert len(without.sheetnames) == len(report_tables()) + 2
    assert str(view(AUDIT).headlines[0].lead) in first_of(both)
    assert set(first_of(without)) - set(first_of(both)) == set()

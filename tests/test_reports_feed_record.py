from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

import jsonschema
import pandas as pd
import pytest
from feed_audits import audit_of, compared

from analyzer.feed.audit_records import Audit, Caution
from analyzer.said import say
from reports.feed.publishing import account_numbers, published
from reports.feed.record import (
    feed_record,
    feed_record_json,
    feed_schema,
    feed_schema_text,
)
from reports.feed.tables import dictionary, feed_files, rows_csv, tables


def parsed(text: str) -> Any:
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize(("each", "uncoded"), [(8, 0.0), (4, 0.3)])
def test_the_record_is_as_its_schema_has_it(each: int, uncoded: float) -> None:
    record = feed_record(audit_of(compared(each=each, uncoded=uncoded)))
    content = parsed(feed_record_json(record))
    jsonschema.Draft202012Validator(feed_schema()).validate(content)
    assert content["format"] == "evenhand-feed-1"


def test_the_schema_refuses_what_is_no_record() -> None:
    content = parsed(feed_record_json(feed_record(audit_of(compared()))))
    content["comparison"]["rows"][0]["verdict"] = "maybe"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(feed_schema()).validate(content)


def test_the_schema_in_the_package_is_that_of_the_records() -> None:
    assert json.loads(feed_schema_text()) == feed_schema()


def test_what_nothing_bounds_is_null() -> None:
    content = parsed(feed_record_json(feed_record(audit_of(compared()))))
    onset = next(
        each
        for each in content["comparison"]["figures"]
        if each["measure"] == "onset" and each["role"] == "control"
    )
    assert onset["value"] is None
    assert onset["interval"] == [21600.0, None]


def test_coders_have_numbers_and_items_no_digest() -> None:
    text = feed_record_json(feed_record(audit_of(compared())))
    assert "coder 1" in text
    for secret in ('"ada"', '"ben"', "5ecre7d19e57", "words looked for", "lookedfor"):
        assert secret not in text


def shown_to_all(key: bytes = b"k" * 32) -> Audit:
    found = audit_of(compared())
    return published(found, account_numbers([each.name for each in found.accounts], key))


def test_published_accounts_have_numbers_everywhere() -> None:
    audit = shown_to_all()
    text = feed_record_json(feed_record(audit))
    assert all(f'account {number}"' in text for number in range(1, 33))
    assert "KE-seeded-0" in feed_record_json(feed_record(audit_of(compared())))
    for name in (each.name for each in audit_of(compared()).accounts):
        assert name not in text
    assert str(audit.cautions[0].text) == f"Not complete: {audit.examples[0].account}."
    assert audit.examples[0].key == ""
    assert audit.protocol.interests["blue"].terms == ()
    assert "KE-seeded" not in repr(audit)


def test_published_numbers_are_the_same_in_every_table() -> None:
    audit, before = shown_to_all(), audit_of(compared())
    assert [each.name for each in audit.accounts] == [
        each.name for each in audit.comparison.accounts
    ]
    of = account_numbers([each.name for each in before.accounts], b"k" * 32)
    assert audit.examples[0].account == of["KE-seeded-0"]
    told = {each.name: each.first_exposure_s for each in audit.comparison.accounts}
    assert told == {of[each.name]: each.first_exposure_s for each in before.comparison.accounts}


def test_published_accounts_stand_in_an_order_that_the_key_of_the_study_draws() -> None:
    names = [each.name for each in audit_of(compared()).accounts]
    mine, others = (account_numbers(names, key) for key in (b"k" * 32, b"o" * 32))
    assert list(mine) != names
    assert list(mine) != sorted(names)
    assert mine != others
    assert account_numbers(reversed(names), b"k" * 32) == mine
    arms = [(each.side, each.role) for each in audit_of(compared()).accounts]
    assert [(each.side, each.role) for each in shown_to_all().accounts] == arms
    first = [int(each.name.split()[1]) for each in shown_to_all().accounts[:8]]
    assert first == sorted(first)  # and where they stand says nothing more


def test_a_sentence_lists_published_accounts_by_number() -> None:
    before = audit_of(compared())
    listed = ("KE-seeded-0", "KE-seeded-1", "KE-seeded-2", "KE-seeded-3", say("{n} more", n=2))
    before = replace(
        before, cautions=(Caution("incomplete", say("Not: {accounts}.", accounts=listed)),)
    )
    of = account_numbers([each.name for each in before.accounts], b"k" * 32)
    told = str(published(before, of).cautions[0].text)
    numbers = [int(each) for each in re.findall(r"account (\d+)", told)]
    assert numbers == sorted(int(of[f"KE-seeded-{number}"].split()[1]) for number in range(4))
    assert "2 more" in told


def test_tables_hold_every_row_and_the_dictionary_every_column() -> None:
    record = feed_record(audit_of(compared()))
    files = dict(feed_files(record, "csv"))
    assert set(files) == {f".{each.name}.csv" for each in (*tables(), dictionary())}
    for table in tables():
        rows = list(csv.reader(io.StringIO(files[f".{table.name}.csv"].decode())))
        assert rows[0] == [each.name for each in table.columns]
        assert len(rows) - 1 == len(list(table.rows(record)))
    told = list(csv.DictReader(io.StringIO(files[".feed_dictionary.csv"].decode())))
    assert len(told) == sum(len(each.columns) for each in tables())
    assert all(each["meaning"] for each in told)


def test_tables_say_what_the_record_says() -> None:
    record = feed_record(audit_of(compared()))
    rows = list(csv.DictReader(io.StringIO(rows_csv(record).decode())))
    for row, told in zip(record.comparison.rows, rows, strict=True):
        assert float(told["q"]) == pytest.approx(row.q)
        assert told["verdict"] == row.verdict
        assert told["reasons"] == " ".join(each.code for each in row.reasons)
    onset = next(each for each in rows if each["measure"] == "onset" and "control" in each["right"])
    assert onset["low"] == ""
    assert float(onset["high"]) < 0
    assert rows[0]["needed"] == ""


def test_between_keeps_the_rows_between_sides() -> None:
    record = feed_record(audit_of(compared()))
    rows = list(csv.DictReader(io.StringIO(rows_csv(record, between=True).decode())))
    assert rows
    assert all(row["left"][:2] != row["right"][:2] for row in rows)


def test_parquet_has_types() -> None:
    record = feed_record(audit_of(compared()))
    files = dict(feed_files(record, "parquet"))
    frame = pd.read_parquet(io.BytesIO(files[".feed_figures.parquet"]))
    assert str(frame["value"].dtype) == "float64"
    assert str(frame["accounts"].dtype) == "Int64"


def test_a_formula_in_a_name_is_text_in_csv() -> None:
    audit = audit_of(compared())
    hostile = replace(audit.accounts[0], name="=cmd()")
    first = replace(audit.comparison.accounts[0], name="=cmd()")
    compared_ = replace(audit.comparison, accounts=(first, *audit.comparison.accounts[1:]))
    record = feed_record(
        replace(audit, accounts=(hostile, *audit.accounts[1:]), comparison=compared_)
    )
    assert b"\n'=cmd()," in dict(feed_files(record, "csv"))[".feed_accounts.csv"]

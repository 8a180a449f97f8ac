"""Tables for other programs: nothing is lost on the way, and nothing in them is obeyed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path

import pandas as pd
import pytest
import reporting
from hypothesis import given
from hypothesis import strategies as st
from reporting import HOSTILE

from analyzer.errors import UserError
from analyzer.extract.shapes import visible
from analyzer.models import Delta
from reports import tables
from reports.tables import (
    comparison_json,
    comparison_markdown,
    deltas_csv,
    deltas_frame,
    write_table,
)

SURROGATE = "\ud800"


def test_a_row_of_the_table_holds_all_of_a_row() -> None:
    [row] = reporting.with_adults().deltas
    assert row.contrast is not None
    [told] = deltas_frame(reporting.with_adults()).to_dict("records")
    assert told["id"] == row.id
    assert (told["a_k"], told["a_n"], told["b_k"], told["b_n"]) == (0, 12, 12, 12)
    assert (told["verdict"], told["q"], told["effect"]) == ("only_b", row.q, -1.0)
    assert (told["less_adults"], told["less_adults_high"]) == (-1.0, row.contrast.high)
    assert told["examples"].split() == list(row.examples)
    flat = {"a", "b", "contrast", "whole", "countries"}  # told in several columns
    assert {field.name for field in fields(Delta)} - flat <= set(told)


def test_a_table_without_rows_has_its_columns() -> None:
    frame = deltas_frame(reporting.nothing_found())
    assert len(frame) == 0
    assert list(frame) == list(deltas_frame(reporting.with_adults()))


def test_csv_can_be_read_again() -> None:
    comparison = reporting.sent_only_in_kenya()
    rows = list(csv.DictReader(io.StringIO(deltas_csv(comparison))))
    assert [row["id"] for row in rows] == [row.id for row in comparison.deltas]
    for told, row in zip(rows, comparison.deltas, strict=True):
        assert (int(told["a_k"]), int(told["b_n"])) == (row.a.k, row.b.n)
        assert float(told["low"]) == row.low
        assert told["reason"] == row.reason
        assert told["enough"] == ("" if row.enough is None else f"{float(row.enough)}")


@pytest.mark.parametrize("ending", [".csv", ".json", ".parquet", ".CSV"])
def test_what_is_written_can_be_read_again(tmp_path: Path, ending: str) -> None:
    frame = deltas_frame(reporting.sent_only_in_kenya())
    path = tmp_path / f"deltas{ending}"
    assert write_table(frame, path) == len(frame) == 5
    read: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": lambda path: pd.read_csv(path, keep_default_na=False, na_values={"enough": ""}),
        ".json": lambda path: pd.read_json(path, orient="records", precise_float=True),
        ".parquet": pd.read_parquet,
    }
    again = read[ending.lower()](path)
    assert list(again) == list(frame)
    for column in ("id", "subject", "verdict", "a_k", "b_n", "effect", "low", "p", "reason"):
        assert again[column].tolist() == frame[column].tolist(), column


@pytest.mark.parametrize("ending", [".csv", ".json", ".parquet"])
def test_writing_twice_gives_the_same_bytes(tmp_path: Path, ending: str) -> None:
    for name in ("one", "two"):
        write_table(deltas_frame(reporting.sent_only_in_kenya()), tmp_path / f"{name}{ending}")
    assert (tmp_path / f"one{ending}").read_bytes() == (tmp_path / f"two{ending}").read_bytes()


def test_lists_in_a_table_are_words_in_csv_and_lists_in_json(tmp_path: Path) -> None:
    frame = pd.DataFrame({"steps": [["gzip", "json"], []]})
    write_table(frame, tmp_path / "f.csv")
    assert (tmp_path / "f.csv").read_text(encoding="utf-8") == 'steps\ngzip json\n""\n'
    write_table(frame, tmp_path / "f.json")
    told = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    assert told == [{"steps": ["gzip", "json"]}, {"steps": []}]


def test_an_unknown_ending_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"f\.xlsx has no known ending"):
        write_table(pd.DataFrame(), tmp_path / "f.xlsx")


def test_a_place_that_cannot_be_written_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "no folder" / "f.csv")


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t=", "\r=", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_cell_is_a_formula(start: str) -> None:
    comparison = reporting.sent_only_in_kenya()
    rows = tuple(replace(row, phase=f"{start}cmd|' /C calc'!A0") for row in comparison.deltas)
    told = list(csv.DictReader(io.StringIO(deltas_csv(replace(comparison, deltas=rows)))))
    for row in told:
        assert row["phase"][0] in "'⟨"
        assert row["phase"].endswith("cmd|' /C calc'!A0")


@given(st.text())
def test_no_text_becomes_a_formula_or_breaks_a_row(text: str) -> None:
    buffer = io.StringIO()
    tables._harmless(pd.DataFrame({"a": [text, "end"]})).to_csv(
        buffer, index=False, lineterminator="\n"
    )
    [head, row, end] = csv.reader(io.StringIO(buffer.getvalue()))
    assert (head, end) == (["a"], ["end"])
    assert len(row) <= 1  # none: csv has no difference between an empty line and an empty cell
    assert not "".join(row).startswith(("=", "+", "-", "@"))
    assert buffer.getvalue().count("\n") == 3


def test_json_holds_everything_and_gives_it_back() -> None:
    comparison = reporting.sent_only_in_kenya()
    text = comparison_json(comparison)
    assert json.loads(text) == json.loads(json.dumps(asdict(comparison)))
    assert text == comparison_json(reporting.sent_only_in_kenya())
    [row] = [row for row in json.loads(text)["deltas"] if row["verdict"] == "insufficient"]
    assert row["reason"].startswith("the shares differ by +50 points")


def test_hostile_text_in_json_is_whole_but_not_obeyed_by_a_terminal() -> None:
    comparison = reporting.poisoned(reporting.sent_only_in_kenya())
    text = comparison_json(comparison)
    assert text.isascii()
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert json.loads(text)["app"] == f"Pebblo{HOSTILE}"


def test_hostile_text_in_csv_is_written_out() -> None:
    text = deltas_csv(reporting.poisoned(reporting.sent_only_in_kenya()))
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    [first, *_] = csv.DictReader(io.StringIO(text))
    assert first["phase"] == f"use{visible(HOSTILE.replace(SURROGATE, repr(SURROGATE)[1:-1]))}"


@pytest.mark.parametrize("name", ["sent_only_in_kenya", "one_session_each", "with_adults"])
def test_a_comparison_in_markdown(name: str, golden: Callable[[str, str], None]) -> None:
    folder = {
        "sent_only_in_kenya": "an-advertising-id-is-sent-only-in-kenya",
        "one_session_each": "one-session-each-carries-no-verdict",
        "with_adults": "an-advertising-id-is-sent-only-of-children-in-kenya",
    }[name]
    golden(f"{folder}/diff.md", comparison_markdown(getattr(reporting, name)()))


def test_captured_text_is_no_markup_in_markdown() -> None:
    hostile = "a|b <img src=x> [x](https://e.example) ![y](z) `c` **d** _e_ www.f.example @g #1 \\"
    text = comparison_markdown(reporting.poisoned(reporting.sent_only_in_kenya(), hostile))
    assert "<img" not in text
    for markup in ("[x](", "![y]", "**d**", " _e_", "www.f", "https://", " @g", " #1", " `c`"):
        assert markup not in text, markup
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for row in rows:
        bars = row.replace("\\\\", "").replace("\\|", "").count("|")
        assert bars == 9
    assert len(rows) == 2 + 5


def test_markdown_has_a_line_for_each_line_whatever_was_captured() -> None:
    clean = comparison_markdown(reporting.sent_only_in_kenya())
    hostile = comparison_markdown(reporting.poisoned(reporting.sent_only_in_kenya()))
    assert len(hostile.splitlines()) == len(clean.splitlines())
    assert not [char for char in hostile if char != "\n" and not char.isprintable()]

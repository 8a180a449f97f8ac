"""Columns stay columns, whatever is written in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from reports.terminal_layout import Column, folded, kept_apart, padded, row_lines

MARK = "\u200e"
NAMES = st.text(st.sampled_from("abc._-/ 日本語موافقة\u0301"), max_size=40)


@given(NAMES, st.integers(2, 30))
def test_what_is_folded_fits_and_loses_no_letter(text: str, width: int) -> None:
    lines = folded(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("id.advertising: third parties", 16, ["id.advertising:", "third parties"]),
        ("openrtb.demographics non_protective", 22, ["openrtb.demographics", "non_protective"]),
        ("a_very_long_name_of_a_type", 10, ["a_very_", "long_name_", "of_a_type"]),
        ("株式会社日本広告", 6, ["株式会", "社日本", "広告"]),
        ("", 6, [""]),
    ],
)
def test_names_are_broken_between_words_where_they_can_be(
    text: str, width: int, lines: list[str]
) -> None:
    assert folded(text, width) == lines


@given(NAMES.map(str.strip), NAMES.map(str.strip))
def test_the_next_column_begins_at_the_same_place(one: str, other: str) -> None:
    cells = [(one, Column(12), ""), ("|", Column(1), ""), (other, Column(9, right=True), "")]
    for line in row_lines(cells)[:1]:
        before = line.plain.split("|")[0]
        assert cell_len(before) == 14


def test_letters_that_are_written_to_the_left_do_not_take_the_numbers_with_them() -> None:
    assert padded("استخدام", Column(9)) == f"{MARK}استخدام{MARK}  "
    assert kept_apart("use") == "use"
    assert kept_apart("使用中") == "使用中"


def test_what_a_terminal_would_obey_is_written_out() -> None:
    [line] = row_lines([("a\x1b[2J\u202eb", Column(30), "")])
    assert line.plain == "a⟨U+001B⟩[2J⟨U+202E⟩b"

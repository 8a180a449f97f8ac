from __future__ import annotations

import io
from dataclasses import replace

import pytest
from feed_audits import audit_of, compared
from rich.cells import cell_len
from rich.console import Console

from analyzer.feed.measures import FeedComparison
from reports.console import Out
from reports.feed.markdown import feed_markdown
from reports.feed.terminal import Shown, different, print_feed, rows_of
from reports.feed.view import view


def printed(comparison: FeedComparison, shown: Shown | None = None, width: int = 0) -> str:
    file = io.StringIO()
    console = Console(
        file=file, width=width or 200, force_terminal=bool(width), color_system=None, markup=False
    )
    print_feed(view(audit_of(comparison)), Out(console), shown)
    return file.getvalue()


def test_it_begins_with_the_exercise_the_sides_and_the_answer() -> None:
    lines = printed(compared()).splitlines()
    assert lines[0].startswith("Pebblo 1.0")
    assert "Kenya (---)" in lines[0]
    assert lines[1].startswith("! An exercise")
    assert lines[2].startswith("--- Kenya; accounts with an interest: 8")
    arm = compared().coverage[0]
    assert arm.left_out > 0
    assert f"items shown without {arm.left_out:,} marked ads: {arm.shown:,}, coded: " in lines[2]
    assert any("11 times [5.3, 18] the share of control accounts" in line for line in lines)


def test_first_engagement_of_control_accounts_is_explained_where_it_is_listed() -> None:
    explained = "first engagement: of control accounts, which engage with nothing, the first"
    assert explained in printed(compared(), Shown(every=True))
    rows = tuple(row for row in compared().rows if row.measure != "doubling")
    assert explained not in printed(replace(compared(), rows=rows), Shown(every=True))


def test_marked_ads_are_not_spoken_of_where_none_was_left_out() -> None:
    found = compared()
    none = replace(found, coverage=tuple(replace(each, left_out=0) for each in found.coverage))
    text = printed(none)
    assert f"items shown: {found.coverage[0].shown:,}, coded: " in text
    assert " marked ads:" not in text


def test_rows_that_are_alike_are_listed_on_demand_only() -> None:
    comparison = compared()
    alike = sum(row.verdict == "same" for row in comparison.rows)
    short, whole = printed(comparison), printed(comparison, Shown(every=True))
    assert alike
    assert f"not listed here: {alike} rows" in short
    assert sum(line.startswith("=  ") for line in whole.splitlines()) == alike
    assert not any(line.startswith("=  ") for line in short.splitlines())


def test_an_undecided_row_has_the_number_of_its_reason_and_what_would_do() -> None:
    text = printed(compared(each=4, uncoded=0.3), Shown(every=True))
    rows = [line for line in text.splitlines() if line.startswith("?  ")]
    assert len(rows) == 29
    assert all("[1] 6 each" in line for line in rows)
    assert "[1] too few accounts that can be counted" in text


def test_where_nothing_was_decided_one_line_says_so() -> None:
    text = printed(compared(each=4, uncoded=0.3))
    assert "No verdict: none of 29 rows could be decided" in text
    assert "@@" not in text


def test_where_nothing_differs_one_line_says_how_sure_that_is() -> None:
    comparison = compared(amplified=1.0)
    text = printed(comparison)
    alike = sum(row.verdict == "same" for row in comparison.rows)
    assert "No difference is shown between Kenya and United States of America" in text
    assert f"{alike} of {len(comparison.rows)} rows shown to be alike within a factor of 1.25" in (
        text.replace("\n  ", " ")
    )


def test_between_leaves_out_the_rows_inside_a_side() -> None:
    found = view(audit_of(compared()))
    assert different(found)
    assert not different(found, between=True)
    assert len(rows_of(found, between=True)) < len(rows_of(found))
    text = printed(compared(), Shown(every=True, between=True))
    assert "@@ Kenya and United States of America: accounts with an interest @@" in text
    assert "@@ Kenya: control" not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_a_narrow_terminal(width: int) -> None:
    text = printed(compared(), Shown(every=True), width)
    assert max(map(cell_len, text.splitlines())) <= width
    assert "not reached" in text


def test_markdown_has_every_row_and_no_markup_of_others() -> None:
    found = view(audit_of(compared()))
    text = feed_markdown(found)
    assert text.count("\n| ") == len(rows_of(found)) + len(found.groups)
    assert "| Share of measured items |" in text
    only = feed_markdown(found, between=True)
    assert "## Kenya: control" not in only
    assert "## Kenya and United" in only

"""Many countries at once: on the terminal, as CSV, as JSON."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
import reporting
from rich.cells import cell_len
from synthetic import findings, frames, knowledge, law, sessions, signal, study

from analyzer.compare import matrix
from analyzer.countries import CountryMatrix
from analyzer.models import Arm
from reports.console import paged
from reports.terminal_matrix import matrix_csv, matrix_json, print_matrix

ARMS = ("DE-13", "FR-13", "KE-13", "BR-13")
Show = Callable[..., str]


@pytest.fixture(autouse=True)
def france(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(study().arms, "FR-13", Arm("FR-13", "FR", 13, "accepted"))


def made(n: int = 6, of: Iterable[str] = ARMS) -> CountryMatrix:
    """An ID is sent in France and Kenya; profiling is banned in Germany and France."""
    every = range(1, n + 1)
    found = [*findings("KE-13", every), *findings("FR-13", every)]
    for arm in of:
        found += findings(arm, every, data_type="dev.model", path="model")
    known = replace(knowledge(), laws=(law("dsa", "DE"), law("dsa.fr", "FR")))
    signals = [signal(f"BR-13-r{repeat:02d}", "protective") for repeat in range(1, n // 2 + 1)]
    return matrix(frames(sessions(n, *of), found, signals=signals), study(), known)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Show:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def shown(found: CountryMatrix, *, every: bool = False, columns: int | None = None) -> str:
        if columns is not None:
            monkeypatch.setenv("FORCE_COLOR", "1")
            monkeypatch.setenv("COLUMNS", str(columns))
            monkeypatch.setenv("TERM", "xterm-256color")
        with paged(wanted=False) as out:
            print_matrix(found, out, every=every)
        return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)

    return shown


def test_an_id_is_sent_in_one_of_two_countries_of_the_same_law(
    show: Show, golden: Callable[[str, str], None]
) -> None:
    golden("an-id-is-sent-in-one-of-two-countries-of-the-same-law/matrix.txt", show(made()))


def test_countries_of_the_strongest_protection_come_first(show: Show) -> None:
    lines = show(made()).splitlines()
    [law_line] = [line for line in lines if line.strip().startswith("law ") and ":" not in line]
    assert law_line.split() == ["law", "ban", "ban", "none", "none"]
    assert lines[lines.index(law_line) - 1].split()[:4] == ["DE", "FR", "BR", "KE"]


def test_same_law_different_practice_names_what_is_sent_where(show: Show) -> None:
    text = show(made())
    assert "  ban: Germany and France: 1 different, 1 the same, 0 not decided\n" in text
    assert "    more in France: Waymark: advertising ID (use)\n" in text


def test_rows_that_are_the_same_are_only_counted_unless_all_are_asked_for(show: Show) -> None:
    text = show(made())
    assert "device model" not in text
    assert "The same in all countries and not shown: 1 (--all shows them)" in text
    assert re.search(r"^= device model +use +6/6 +6/6 +6/6 +6/6 ", show(made(), every=True), re.M)


def test_countries_with_too_few_sessions_are_shown_and_marked(show: Show) -> None:
    text = show(made(2))
    assert re.search(r"^ +sessions( +2\*){4}$", text, re.M)
    assert "*: fewer than 5 sessions: shown, but no part of the tests" in text
    assert "differ, = any" in text
    assert re.search(r"^\? advertising ID +use .* \[1\] +c", text, re.M)


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_narrow_terminal_gets_the_countries_in_bands(show: Show, columns: int) -> None:
    text = show(made(), columns=columns, every=True)
    assert max(map(cell_len, text.splitlines())) <= columns
    heads = [line for line in text.splitlines() if line.split()[-2:] == ["q", "row"]]
    assert [name for line in heads for name in line.split()[:-2]] == ["DE", "FR", "BR", "KE"]
    assert (len(heads) > 1) == (columns == 60)


def test_csv_has_a_line_for_each_row_and_country() -> None:
    found = made()
    table = list(csv.DictReader(matrix_csv(found).splitlines()))
    assert len(table) == len(found.rows) * 4
    seen = {
        row["country"]: (row["k"], row["n"], row["law"])
        for row in table
        if row["subject"] == "id.advertising"
    }
    assert seen == {
        "BR": ("0", "6", "none"),
        "DE": ("0", "6", "ban"),
        "FR": ("6", "6", "ban"),
        "KE": ("6", "6", "none"),
    }


def test_json_has_everything() -> None:
    found = made()
    told = json.loads(matrix_json(found))
    assert [row["id"] for row in told["rows"]] == [row.id for row in found.rows]
    assert told["alike"][0]["level"] in {"ban", "none"}


def test_nothing_captured_is_obeyed_by_a_terminal_or_a_spreadsheet(show: Show) -> None:
    found = reporting.poisoned(made())
    found = replace(found, columns=made().columns, alike=made().alike)
    text = show(found, every=True)
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    formula = replace(found.rows[0], owner="=cmd()")
    [line, *_] = csv.DictReader(matrix_csv(replace(found, rows=(formula,))).splitlines())
    assert line["owner"] == "'=cmd()"


def test_it_says_that_diff_may_judge_a_row_differently(show: Show) -> None:
    assert "`evenhand diff` compares two sides, with tests and a q of its own" in show(made())

"""`evenhand diff` with its filters: the rows, the exit code, JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli_rig import analysed, done, mistake, recorded_study, run


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Only the phones in Kenya send an advertising ID."""
    return analysed(recorded_study(tmp_path_factory.mktemp("found"), silent=["DE-13"]))


def rows(root: Path, *words: object, code: int) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(done("diff", *words, "--json", root=root, code=code))[
        "deltas"
    ]
    return told


def test_the_exit_code_is_that_of_the_rows_that_are_shown(found: Path) -> None:
    assert run("diff", "DE", "KE", root=found).exit_code == 1
    assert run("diff", "DE", "KE", "--type", "id.advertising", root=found).exit_code == 1
    assert run("diff", "DE", "KE", "--type", "device", root=found).exit_code == 0
    assert run("diff", "DE", "KE", "--only-new", root=found).exit_code == 1
    assert run("diff", "KE", "DE", "--only-new", root=found).exit_code == 0


def test_what_is_new_on_side_b(found: Path) -> None:
    said = done("diff", "DE", "KE", "--only-new", root=found, code=1)
    shown = [line for line in said.splitlines() if re.match(r"[-<=>+?] ", line)]
    assert shown
    assert [line[0] for line in shown] == ["+"] * len(shown)
    said = done("diff", "KE", "DE", "--only-new", root=found)
    assert said.startswith("Nothing is shown to be new in Germany (5 sessions), beside Kenya (5 ")
    assert "differ otherwise" in said


def test_json_is_filtered_and_says_so(found: Path) -> None:
    every = {row["id"]: row for row in rows(found, "DE", "KE", code=1)}
    some = rows(found, "DE", "KE", "--owner", "Waymark", "--type", "identifiers", code=1)
    assert 0 < len(some) <= len(every)
    assert all(row == every[row["id"]] for row in some)
    told = json.loads(
        done("diff", "DE", "KE", "--phase", "first launch", "--json", root=found, code=1)
    )
    assert told["filter"]["phases"] == ["first launch"]
    assert "filter" not in json.loads(done("diff", "DE", "KE", "--json", root=found, code=1))
    table = done("diff", "DE", "KE", "--type", "id", "--format", "csv", root=found, code=1)
    assert {line.split(",")[5] for line in table.splitlines()[1:]} == {"id.advertising"}


def test_nothing_is_told_in_one_line_with_how_sure_that_is(found: Path) -> None:
    said = done("diff", "DE", "KE", "--type", "id.mac", root=found)
    [line] = [line for line in said.splitlines() if not line.startswith("! ")]
    assert line.startswith(
        "No difference is shown between Germany (5 sessions) and Kenya (5 sessions) (type id.mac):"
    )
    assert "none of the " in line


def test_unknown_names_are_trouble_with_those_that_are_near(found: Path) -> None:
    line = mistake("diff", "DE", "KE", "--owner", "Waymrk", root=found, code=2)
    assert line == "no recipient 'Waymrk': did you mean Waymark?"
    line = mistake("diff", "DE", "KE", "--type", "id.adverising", root=found, code=2)
    assert line.startswith("no data type, group or signal 'id.adverising': did you mean id.adve")
    line = mistake("diff", "DE", "KE", "--phase", "first lunch", root=found, code=2)
    assert line == "no phase 'first lunch': did you mean first launch?"


def test_a_summary_has_a_bar_for_each_recipient(found: Path) -> None:
    said = done("diff", "DE", "KE", "--stat", root=found, code=1)
    assert re.search(r"^ Waymark +\| +\d+ \+", said, re.M)
    assert "id.advertising" not in said

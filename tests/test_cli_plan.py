"""`evenhand plan` and `evenhand matrix` on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from cli_rig import analysed, done, mistake, recorded_study, told
from recording import STUDY, study


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return study(tmp_path, STUDY).root


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analysed(recorded_study(tmp_path_factory.mktemp("found"), silent=["DE-13"]))


def test_a_plan_needs_no_session(root: Path) -> None:
    said = done("plan", "DE", "KE", "--rows", 10, root=root)
    assert "sessions of each arm show a difference of 80 points" in said
    assert "evenhand diff DE KE\n" in said


def test_a_plan_leads_to_several_accounts_on_each_side(tmp_path: Path) -> None:
    one = study(tmp_path / "one", STUDY).root
    assert "A side of one arm has one account" in done("plan", "DE", "KE", "--rows", 5, root=one)
    more = "".join(
        f'[arms.{country}-13b]\ncountry = "{country}"\nage = 13\nconsent = "accepted"\n'
        for country in ("DE", "KE")
    )
    two = study(tmp_path / "two", f"{STUDY}\n{more}").root
    assert "one account" not in done("plan", "DE", "KE", "--rows", 5, root=two)


def test_without_a_number_blocks_of_two_countries_have_two_sessions_of_each(root: Path) -> None:
    assert told("plan", "DE", "KE", "--rows", 60, root=root)["per_block"] >= 2
    assert told("plan", "DE", "KE", "--per-block", 1, "--rows", 5, root=root)["per_block"] == 1


def test_the_schedule_is_written_in_the_order_of_the_seed(root: Path, tmp_path: Path) -> None:
    words = ("plan", "DE", "KE", "--rows", 5, "--schedule")
    paths = [tmp_path / "out" / f"{number}.csv" for number in range(3)]
    for path, seed in zip(paths, (0, 0, 1), strict=True):
        assert done(*words, path, "--seed", seed, root=root).endswith(f"Wrote {path}\n")
    one, again, other = (path.read_text(encoding="utf-8") for path in paths)
    assert one == again
    assert one != other
    assert {row["arm"] for row in csv.DictReader(one.splitlines())} == {"DE-13", "KE-13"}


def test_a_day_without_a_time_begins_in_the_morning(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    done("plan", "DE", "KE", "--rows", 5, "--start", "2026-12-01", "--schedule", path, root=root)
    assert ",2026-12-01T09:00:00,2026-12-01T09:30:00\n" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--arms", "DE-13,XX"), "no arm 'XX' in study.toml: use one of "),
        (("--per-day", "3"), "--per-day needs the day of the first session: add --start"),
        (("--difference", "1.5"), "Invalid value for '--difference'"),
        (("--different", "70"), "70 of 60 rows cannot differ"),
        (("--schedule", "s.xls"), "s.xls has no known ending: use one of .csv, .md, .ics"),
        (("--schedule", "s.ics"), "a calendar needs dates: add --start"),
        (
            ("--start", "2026-12-01", "--per-day", "40", "--minutes", "60"),
            "40 sessions of 60 minutes do not fit into a day: ",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_a_mistake(
    root: Path, words: tuple[str, ...], complaint: str
) -> None:
    assert mistake("plan", "DE", "KE", *words, root=root).startswith(complaint)


def test_a_matrix_of_all_countries_or_of_some(found: Path) -> None:
    said = done("matrix", root=found)
    assert said.startswith("Pebblo: what is sent of children, country by country (2 countries)\n")
    assert "! advertising ID" in said
    assert done("matrix", "ke", "DE", root=found) == said
    assert json.loads(done("matrix", "--json", root=found))["columns"][0]["country"] == "DE"
    table = list(csv.DictReader(done("matrix", "--csv", root=found).splitlines()))
    assert {row["country"] for row in table} == {"DE", "KE"}


def test_a_matrix_that_cannot_be_is_a_mistake(found: Path) -> None:
    assert mistake("matrix", "KE", root=found).startswith("a matrix needs two countries: ")
    assert mistake("matrix", "KE", "US", root=found).startswith("US has no sessions of minors: ")
    line = mistake("matrix", "--json", "--csv", root=found)
    assert line == "choose one of --json and --csv: see `evenhand matrix --help`"

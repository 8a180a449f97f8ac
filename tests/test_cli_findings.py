"""`analyze`, `diff`, `report`, `explain` and `export`: from sessions to what is said of them."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from cli_rig import SMALLEST, analysed, done, mistake, recorded_study, run, the_line, told
from click.testing import CliRunner
from recording import EMAIL, GAID, post, record, study

from analyzer.bundle import list_bundles
from analyzer.cli import cli
from analyzer.study import load_study

READ: dict[str, Callable[[Path], pd.DataFrame]] = {
    "csv": pd.read_csv,
    "json": pd.read_json,
    "parquet": pd.read_parquet,
}
UNANALYSED = (
    ("diff", "KE", "DE"),
    ("report", "KE", "DE"),
    ("explain", "d"),
    ("export", "findings", "-o", "x.csv"),
    ("export", "deltas", "KE", "DE", "-o", "x.csv"),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An analysed study: every phone in Kenya sends its advertising ID, none in Germany does."""
    return analysed(recorded_study(tmp_path_factory.mktemp("study"), silent=["DE-13"]))


@pytest.fixture(scope="module")
def alike(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An analysed study in which every phone of both arms sends the same."""
    return analysed(recorded_study(tmp_path_factory.mktemp("alike"), sessions=6))


def code_of(words: tuple[str, ...]) -> int:
    return 2 if words[0] == "diff" else 1


# analyze


def test_analyze_does_what_is_new_and_then_nothing(tmp_path: Path) -> None:
    root = recorded_study(tmp_path, sessions=1).root
    assert done("analyze", root=root) == "2 analysed, 0 unchanged, 0 removed\n"
    assert done("analyze", root=root) == "0 analysed, 2 unchanged, 0 removed\n"
    assert done("analyze", "--force", root=root) == "2 analysed, 0 unchanged, 0 removed\n"
    shutil.rmtree(list_bundles(root / "captures")[0])
    assert told("analyze", root=root)["removed"] == ["DE-13-r01-20270115T080000Z-000001"]


def test_analyze_names_on_stderr_what_is_left_out_and_what_was_not_closed(tmp_path: Path) -> None:
    root = recorded_study(tmp_path, sessions=1).root
    open_one = record(load_study(root), "KE-13", 2, [post()], close=False)
    changed = list_bundles(root / "captures")[0]
    with (changed / "capture.sqlite").open("ab") as file:
        file.write(b"changed")
    result = run("analyze", root=root)
    assert result.exit_code == 0
    assert result.stdout.startswith("3 analysed, ")
    why = "capture.sqlite was changed after the session was closed"
    assert sorted(result.stderr.splitlines()) == [
        f"evenhand: left out: {changed.name}: {why}",
        f"evenhand: warning: {open_one.name} was never closed: see `evenhand recover`",
    ]


def test_analyze_of_nothing_says_where_sessions_come_from(tmp_path: Path) -> None:
    result = run("analyze", root=study(tmp_path).root)
    assert result.exit_code == 0
    assert the_line(result.stderr).startswith("note: there are no sessions in ")


def test_findings_that_cannot_be_written_are_a_mistake(tmp_path: Path) -> None:
    root = recorded_study(tmp_path, sessions=1).root
    (root / "findings").mkdir()
    name = list_bundles(root / "captures")[0].name
    (root / "findings" / name).write_text("in the way", encoding="utf-8")
    line = mistake("analyze", "--jobs", 1, root=root)
    assert line == f"{root / 'findings' / name} cannot be made anew: File exists"


# what needs findings


@pytest.mark.parametrize("words", UNANALYSED)
def test_without_sessions_without_findings_or_with_old_ones_nothing_is_said(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = study(tmp_path / "study").root
    line = mistake(*words, root=root, code=code_of(words))
    assert line.startswith(f"there are no sessions in {root / 'captures'}: record one with `evenh")
    recorded_study(root, sessions=1)
    line = mistake(*words, root=root, code=code_of(words))
    assert line == f"the sessions of {root} are not analysed yet: run `evenhand analyze`"
    done("analyze", root=root)
    record(load_study(root), "KE-13", 2, [post()])
    line = mistake(*words, root=root, code=code_of(words))
    assert line.startswith("the findings of KE-13-r02-20270115T080000Z-000002 are not up to date")
    assert line.endswith(": run `evenhand analyze`")
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("words", UNANALYSED)
def test_without_a_study_it_is_said_how_to_get_one(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = mistake(*words, code=code_of(words))
    assert line == "no study.toml in .: run `evenhand init DIR`, or name the study with --study DIR"


# diff


def test_diff_exits_with_1_where_there_is_a_difference(found: Path) -> None:
    said = done("diff", "KE", "DE", root=found, code=1)
    assert "\n--- Kenya: KE-13 (5 sessions)\n+++ Germany: DE-13 (5 sessions)\n" in said
    assert re.search(r"^- advertising ID +first launch +5/5 +0/5 ", said, re.MULTILINE)
    assert "\x1b" not in said


def test_diff_exits_with_0_where_nothing_differs(alike: Path) -> None:
    said = done("diff", "KE", "DE", root=alike)
    assert said.startswith("No difference is shown between Kenya (6 sessions) and Germany (6 ")
    assert re.search(r": (\d+) of \1 rows shown to be the same within 40 points", said)
    assert len(said.splitlines()) == 1
    assert "id.advertising" not in said
    assert re.search(r"^= advertising ID ", done("diff", "KE", "DE", "--all", root=alike), re.M)


def test_diff_exits_with_2_where_it_cannot_be_said_and_strictness_is_asked_for(
    tmp_path: Path,
) -> None:
    root = analysed(recorded_study(tmp_path, sessions=2))
    done("diff", "KE", "DE", root=root, code=0)
    done("diff", "KE", "DE", "--strict", root=root, code=2)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("KE", "XX"), "'XX' is no arm, country or bloc: use one of DE-13, KE-13, DE, KE, eea, eu"),
        (("KE", "KE-13"), "the sessions of KE-13 would stand on both sides of KE KE-13: take two"),
        (("KE", "us"), "us has no sessions of minors: record some; there are some of DE-13, KE-13"),
        (("KE",), "name two sides, A and B, or none: see `evenhand diff --help`"),
        (("KE", "DE", "FR"), "name two sides, A and B, or none: see `evenhand diff --help`"),
        (("KE", "DE", "--format", "xml"), "Invalid value for '--format': 'xml' is not one of 'tex"),
        (("--study", "gone", "KE", "DE"), "no study.toml in gone: run `evenhand init DIR`, or na"),
    ],
)
def test_sides_that_cannot_be_compared_are_trouble(
    found: Path, words: tuple[str, ...], complaint: str
) -> None:
    root = None if "--study" in words else found
    assert mistake("diff", *words, root=root, code=2).startswith(complaint)


def test_diff_speaks_three_other_languages(found: Path) -> None:
    told_diff = json.loads(done("diff", "KE", "DE", "--json", root=found, code=1))
    assert done("diff", "KE", "DE", "--format", "json", root=found, code=1) == done(
        "diff", "KE", "DE", "--json", root=found, code=1
    )
    rows = {row["subject"]: row for row in told_diff["deltas"]}
    assert rows["id.advertising"]["verdict"] == "only_a"
    table = list(
        csv.DictReader(done("diff", "KE", "DE", "--format", "csv", root=found, code=1).splitlines())
    )
    assert {row["id"] for row in table} == {row["id"] for row in told_diff["deltas"]}
    text = done("diff", "KE", "DE", "--format", "markdown", root=found, code=1)
    assert text.startswith("# Kenya and Germany: Pebblo\n")
    assert all(row["id"] in text for row in table)


def test_diff_and_report_compare_the_eea_with_the_global_majority_unless_told_otherwise(
    found: Path,
) -> None:
    assert done("diff", root=found, code=1) == done(
        "diff", "eea", "global_majority", root=found, code=1
    )
    path = found / "out" / "eea-global_majority.html"
    record = path.with_suffix(".json")
    assert done("report", root=found) == f"Wrote {path}\nWrote {record}\n"
    assert "<title>" in path.read_text(encoding="utf-8")


def test_a_bug_in_diff_does_not_read_as_a_difference(
    found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("analyzer.compare.compare", broken)
    result = CliRunner().invoke(cli, ["diff", "KE", "DE", "--study", str(found)])
    assert result.exit_code == 2
    assert "Traceback" in result.stderr
    assert result.stderr.splitlines()[-1] == "ZeroDivisionError"
    with pytest.raises(ZeroDivisionError):
        run("report", "KE", "DE", root=found)


# report


def test_report_takes_both_sides_or_none(found: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / "page.html"
    assert done("report", "KE", "DE", "-o", target, root=found) == f"Wrote {target}\n"
    assert [path.name for path in target.parent.iterdir()] == ["page.html"]
    line = mistake("report", "KE", root=found)
    assert line == "name two sides, A and B, or none: see `evenhand report --help`"


def test_a_report_that_cannot_be_written_leaves_the_last_one(found: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = mistake("report", "KE", "DE", "-o", tmp_path / "file" / "page.html", root=found)
    assert line.startswith(f"{tmp_path / 'file' / 'page.html'} cannot be written: ")
    page = tmp_path / "page.html"
    page.write_text("the last one", encoding="utf-8")
    (tmp_path / f"page.html.{os.getpid()}.part").mkdir()
    mistake("report", "KE", "DE", "-o", page, root=found)
    assert page.read_text(encoding="utf-8") == "the last one"


# explain


def test_explain_goes_from_a_row_to_the_bytes(found: Path) -> None:
    rows = json.loads(done("diff", "KE", "DE", "--json", root=found, code=1))["deltas"]
    [row] = [row for row in rows if row["subject"] == "id.advertising"]
    said = done("explain", row["id"], root=found)
    assert "seen in 5 of 5 sessions" in said
    assert "POST https://app.waymark.example/session" in said
    assert GAID not in said
    assert told("explain", row["id"], root=found)["delta"]["delta"]["id"] == row["id"]
    finding = row["examples"][0]
    assert done("explain", finding.upper(), root=found).startswith(finding)


@pytest.mark.parametrize(
    ("identifier", "complaint"),
    [
        ("", "'' is no id, and no gate or recipient has this name: take an id"),
        ("xyz", "'xyz' is no id"),
        ("f\x1b[2J\n", "is no id"),
        ("d0000000000", "nothing has the id d0000000000: it may be of another study or version"),
        ("f", " could be f"),
        ("-x", "No such option '-x': see `evenhand explain --help`"),
    ],
)
def test_what_is_no_id_is_a_mistake(found: Path, identifier: str, complaint: str) -> None:
    assert complaint in mistake("explain", identifier, root=found)


# export


@pytest.mark.parametrize("ending", ["csv", "json", "parquet"])
def test_findings_and_deltas_are_exported_without_values(
    found: Path, tmp_path: Path, ending: str
) -> None:
    read = READ[ending]
    findings, deltas = tmp_path / f"f.{ending}", tmp_path / f"d.{ending.upper()}"
    said = done("export", "findings", "-o", findings, root=found)
    frame = read(findings)
    assert said == f"Wrote {len(frame)} findings to {findings}\n"
    assert (frame["data_type"] == "id.advertising").sum() == SMALLEST
    said = done("export", "deltas", "KE", "DE", "--output", deltas, root=found)
    assert said == f"Wrote {len(read(deltas))} rows to {deltas}\n"
    assert {"a_k", "a_n", "verdict", "enough"} <= set(read(deltas).columns)
    for path in (findings, deltas):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.chmod(0o644)
        path.write_bytes(b"old")
    done("export", "findings", "-o", findings, "--force", root=found)
    done("export", "deltas", "KE", "DE", "-o", deltas, "--force", root=found)
    for path in (findings, deltas):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert GAID.encode() not in path.read_bytes()
        assert EMAIL.encode() not in path.read_bytes()


def test_a_table_that_cannot_be_written_is_a_mistake(found: Path, tmp_path: Path) -> None:
    line = mistake("export", "findings", "-o", tmp_path / "x.xlsx", root=found)
    assert line == "x.xlsx has no known ending: use one of .csv, .json, .parquet"
    for ending in ("csv", "json", "parquet"):
        target = tmp_path / "gone" / f"x.{ending}"
        assert f"{target} cannot be written: " in mistake(
            "export", "findings", "-o", target, root=found
        )
    assert "is a directory" in mistake("export", "findings", "-o", tmp_path, root=found)
    assert "Missing option '-o'" in mistake("export", "findings", root=found)

"""`demo`: the whole way in one command, and nobody else's files are touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from cli_rig import mistake, program
from recording import post, record, study

from analyzer.bundle import BundleWriter, list_bundles, new_session, read_session
from analyzer.cli.demo_command import PHONE, clear_earlier
from analyzer.simulation.demo import prepare_demo
from analyzer.sums import SUMS


@pytest.mark.capture
def test_the_demo_records_compares_and_reports(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    process = program("demo", folder, "--sessions", 1)
    said, complaints = process.communicate(timeout=120)
    assert (process.returncode, complaints) == (0, ""), complaints
    assert said.startswith(
        "Pebblo: 1 sessions for each of DE-13, KE-13, DE-30, KE-30, 2 at a time\n"
        "  fewer than 5 sessions: every verdict will be `insufficient`\n"
        "Recorded 4 sessions in "
    )
    page = folder / "out" / "eea-global_majority.html"
    assert f"Report: {page}\n" in said
    assert page.stat().st_size > 50_000
    # What `report` writes by default, and nothing else.
    assert {each.name for each in page.parent.iterdir()} == {page.name, f"{page.stem}.json", SUMS}
    assert f"The same for a machine: {page.with_suffix('.json')}\n" in said
    sessions = list_bundles(folder / "captures")
    assert len(sessions) == 4
    assert {read_session(path).device for path in sessions} == {PHONE}


def test_sessions_of_an_earlier_demo_are_replaced_and_no_others(tmp_path: Path) -> None:
    found = prepare_demo(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "note.txt").touch()
    for _ in range(2):
        session = new_session(found, found.arm("KE-13"), origin="proxy", device=PHONE)
        BundleWriter.create(found.captures, session, phase="launch").close("done")
    clear_earlier(found)
    assert list_bundles(found.captures) == []
    assert (tmp_path / "out" / "note.txt").exists()

    session = new_session(found, found.arm("KE-13"), origin="proxy", device=PHONE)
    BundleWriter.create(found.captures, session, phase="launch").close("done")
    mine = record(found, "KE-13", 9, [post()])
    line = mistake("demo", tmp_path)
    assert line == f"{mine} was not recorded by the demo: name another folder for the demo"
    assert len(list_bundles(found.captures)) == 2


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").touch()
    line = mistake("demo", tmp_path)
    assert line == f"{tmp_path} holds other things: name a new folder for the demo"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_study_of_a_real_app_is_left_alone(tmp_path: Path) -> None:
    root = study(tmp_path).root
    text = (root / "study.toml").read_text(encoding="utf-8")
    (root / "study.toml").write_text(text.replace("Pebblo", "Real"), encoding="utf-8")
    line = mistake("demo", root)
    assert line == f"{root / 'study.toml'} is a study of Real: name another folder for the demo"


def test_a_demo_that_runs_is_left_alone(tmp_path: Path) -> None:
    found = prepare_demo(tmp_path)
    session = new_session(found, found.arm("KE-13"), origin="proxy")
    writer = BundleWriter.create(found.captures, session, phase="launch")
    line = mistake("demo", tmp_path)
    assert line == f"a session is being recorded in {tmp_path}: wait for it, or end it"
    writer.close("done")


def test_what_cannot_be_a_folder_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "is a file" in mistake("demo", tmp_path / "file")
    line = mistake("demo", tmp_path / "file" / "demo")
    assert line == f"{tmp_path / 'file' / 'demo' / 'study.toml'} cannot be written: Not a directory"
    assert "41 is not in the range" in mistake("demo", tmp_path / "new", "--sessions", 41)


def test_without_its_own_packages_the_demo_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "analyzer.simulation.run", None)
    line = mistake("demo", tmp_path / "demo")
    assert line == (
        "the demo needs analyzer.simulation.run: pip install 'evenhand[demo]', or run `make demo`"
    )
    assert not (tmp_path / "demo").exists()

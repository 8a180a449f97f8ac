"""`evenhand report`: which files it writes, in which languages, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from cli_rig import analysed, done, mistake, recorded_study, run

from reports.record import schema_text

SIDES = ("KE", "DE")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose phones send an advertising ID in Kenya only."""
    return analysed(recorded_study(tmp_path_factory.mktemp("study"), silent=["DE-13"]))


def wrote(*words: object, root: Path) -> list[str]:
    """Run the command and return the names of the files that it says it wrote."""
    lines = done("report", *SIDES, *words, root=root).splitlines()
    paths = [Path(line.removeprefix("Wrote ")) for line in lines]
    assert all(path.is_file() for path in paths)
    return [path.name for path in paths]


def test_a_page_and_its_record_are_what_is_written_unasked(root: Path) -> None:
    assert wrote(root=root) == ["KE-DE.html", "KE-DE.json"]
    found = json.loads((root / "out" / "KE-DE.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, json.loads(done("export", "schema")))
    [row] = [each for each in found["comparison"]["deltas"] if each["subject"] == "id.advertising"]
    assert row["verdict"] == "only_a"
    assert "intact" in done("verify", root / "out" / "KE-DE.json", root=root)


def test_the_schema_is_printed_as_it_is_kept() -> None:
    assert done("export", "schema") == schema_text()


def test_languages_are_of_what_people_read(root: Path, tmp_path: Path) -> None:
    names = wrote("--lang", "en,sw", "--lang", "ar", "-o", tmp_path, root=root)
    assert names == ["KE-DE.html", "KE-DE.sw.html", "KE-DE.ar.html", "KE-DE.json"]
    page = (tmp_path / "KE-DE.ar.html").read_text(encoding="utf-8")
    assert 'lang="ar"' in page
    assert 'dir="rtl"' in page


def test_the_ending_of_a_file_says_in_which_form(root: Path, tmp_path: Path) -> None:
    assert wrote("-o", tmp_path / "r.json", root=root) == ["r.json"]
    json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert wrote("-o", tmp_path / "r.HTML", "--lang", "de", root=root) == ["r.HTML"]
    assert 'lang="de"' in (tmp_path / "r.HTML").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("-o", "r.docx"), "r.docx has no known ending: use one of .html, .json, "),
        (("-o", "r.json", "-f", "html"), "r.json can be json only: name a folder with --output"),
        (("-o", "r.html", "--lang", "es,fr"), "one file has one language: name a folder"),
        (("--lang", "xx"), "Invalid value for '--lang': 'xx' is none of en, es, fr, pt, "),
        (("-f", "html,docx"), "Invalid value for '-f' / '--format': 'docx' is none of html, json"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    root: Path, words: tuple[str, ...], line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    code = run("report", *SIDES, *words, root=root).exit_code
    assert mistake("report", *SIDES, *words, root=root, code=code).startswith(line)
    assert code in (1, 2)
    assert not list(tmp_path.iterdir())

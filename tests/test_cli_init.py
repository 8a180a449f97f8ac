"""`init`: a study that works at once, and nothing of anyone else's is touched."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cli_rig import done, mistake, run

from analyzer.study import load_study


def test_a_new_study_is_valid_and_has_the_four_arms(tmp_path: Path) -> None:
    said = done("init", tmp_path / "pebblo")
    study = load_study(tmp_path / "pebblo")
    assert list(study.arms) == ["DE-13", "KE-13", "DE-30", "KE-30"]
    assert study.name == "pebblo"
    assert f"Wrote {tmp_path / 'pebblo' / 'study.toml'}" in said
    checked = run("doctor", root=tmp_path / "pebblo").stdout
    assert "note  study: app com.example.app is still the example's" in checked
    text = (tmp_path / "pebblo" / "study.toml").read_text(encoding="utf-8")
    edited = text.replace("com.example.app", "com.pebblo").replace("example.com", "pebblo.test", 1)
    (tmp_path / "pebblo" / "study.toml").write_text(edited, encoding="utf-8")
    checked = run("doctor", root=tmp_path / "pebblo").stdout
    assert "ok  study: pebblo, arms DE-13, KE-13, DE-30, KE-30" in checked


def test_options_go_into_the_study(tmp_path: Path) -> None:
    words = ("--name", "A study", "--app", "com.x", "--first-party", "x.com")
    done("init", tmp_path, *words, "--first-party", "x.net")
    study = load_study(tmp_path)
    assert (study.name, study.app, study.first_party) == ("A study", "com.x", ("x.com", "x.net"))


def test_the_study_is_for_its_owner_only_and_out_of_git(tmp_path: Path) -> None:
    done("init", tmp_path / "new")
    assert stat.S_IMODE((tmp_path / "new" / "study.toml").stat().st_mode) == 0o600
    assert (tmp_path / "new" / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_folder_with_other_things_in_it_keeps_them(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.o\n", encoding="utf-8")
    done("init", tmp_path)
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*.o\n"


def test_a_study_is_never_overwritten(tmp_path: Path) -> None:
    done("init", tmp_path)
    before = (tmp_path / "study.toml").read_bytes()
    line = mistake("init", tmp_path)
    assert line == f"{tmp_path / 'study.toml'} exists: choose another DIR, or edit that file"
    assert (tmp_path / "study.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--name", " "), "study.name is ' ': use text"),
        (("--name", "a\nb"), r"study.name is 'a\nb': use up to 200 characters on one line"),
        (("--app", ""), "study.app is '': use text"),
        (("--first-party", "https://x.com/"), "study.first_party holds 'https://x.com/'"),
    ],
)
def test_what_would_make_no_study_leaves_none(
    tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    assert complaint in mistake("init", tmp_path / "new", *words)
    assert not (tmp_path / "new" / "study.toml").exists()


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = mistake("init", tmp_path / "file" / "study")
    assert (
        line == f"{tmp_path / 'file' / 'study' / 'study.toml'} cannot be written: Not a directory"
    )
    assert "is a file" in mistake("init", tmp_path / "file")


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="macOS refuses such names itself")
def test_a_folder_whose_name_is_no_text_is_a_folder(tmp_path: Path) -> None:
    done("init", os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    assert load_study(Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))).name == "?"

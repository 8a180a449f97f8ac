"""Parsed data files are kept between runs, and never believed where the text is another."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from analyzer.knowledge.kept import MISSING, keep_tree, read_tree
from analyzer.knowledge.source import Source

TEXT = "day: 2026-11-22\nnames: [a, 1, 1.5, true, null]\n1: one\n"
TREE = {"day": "2026-11-22", "names": ["a", 1, 1.5, True, None], "1": "one"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "evenhand" / "trees"


def test_the_second_reading_sees_what_the_first_saw(folder: Path) -> None:
    assert Source("a.yaml", TEXT).raw == TREE
    [kept] = folder.iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert read_tree(TEXT) == TREE == Source("a.yaml", TEXT).raw


def test_another_text_is_parsed_anew() -> None:
    Source("a.yaml", TEXT)
    assert read_tree(TEXT + " ") is MISSING
    assert Source("a.yaml", "day: 2026-11-23").raw == {"day": "2026-11-23"}


def test_faulty_files_are_not_kept(folder: Path) -> None:
    assert [fault.line for fault in Source("a.yaml", "a: b: c").faults()] == [1]
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"a":1}', b"0\n{}"])
def test_what_was_damaged_is_parsed_anew(folder: Path, content: bytes) -> None:
    Source("a.yaml", TEXT)
    [kept] = folder.iterdir()
    kept.write_bytes(content)
    assert Source("a.yaml", TEXT).raw == TREE
    assert read_tree(TEXT) == TREE


def test_a_tree_that_is_nothing_is_kept_too() -> None:
    assert keep_tree("", None) is None
    assert read_tree("") is None


def test_what_json_cannot_hold_is_left_as_it_is(folder: Path) -> None:
    tree = {"a": {1, 2}}
    assert keep_tree("a", tree) is tree
    assert not folder.exists()


def test_a_folder_that_is_relative_is_not_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    Source("a.yaml", TEXT)
    assert not (tmp_path / "here").exists()
    assert (tmp_path / "home").is_dir()


def test_without_a_place_to_write_everything_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert Source("a.yaml", TEXT).raw == TREE


def test_nobody_at_home_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> Path:
        raise RuntimeError

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", nobody)
    assert Source("a.yaml", TEXT).raw == TREE


def test_many_at_once_leave_one_whole_file(folder: Path) -> None:
    threads = [threading.Thread(target=keep_tree, args=(TEXT, TREE)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(folder.iterdir())) == 1
    assert read_tree(TEXT) == TREE


def test_old_versions_do_not_pile_up(folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(1005):
        (folder / f"{number}.json").write_bytes(b"0")
        os.utime(folder / f"{number}.json", (number, number))
    keep_tree(TEXT, TREE)
    left = {path.name for path in folder.iterdir()}
    assert len(left) == 500
    assert "1004.json" in left
    assert "0.json" not in left
    assert read_tree(TEXT) == TREE


def test_two_processes_know_the_same(tmp_path: Path) -> None:
    code = "from analyzer.knowledge import load_knowledge as k; print(hash(repr(k())))"
    environment = {**os.environ, "PYTHONHASHSEED": "1", "XDG_CACHE_HOME": str(tmp_path / "own")}
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(said) == 1

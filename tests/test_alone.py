from __future__ import annotations

import datetime
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from analyzer.alone import alone
from analyzer.errors import UserError
from analyzer.frames import analyse
from analyzer.study import load_study
from analyzer.study_template import study_text
from analyzer.sums import add_to_sums, read_sums


def _add(file: Path) -> None:
    file.write_text(file.name)
    add_to_sums(file.parent, file)


def test_who_comes_second_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(BlockingIOError), alone(tmp_path):
        raise AssertionError("both are in")
    with alone(tmp_path):
        assert not list(tmp_path.iterdir())


def test_results_that_are_written_at_the_same_time_are_all_listed(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.html" for number in range(24)]
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        processes.map(_add, files, chunksize=1)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(_add, files))
    listed, wrong = read_sums(tmp_path)
    assert (sorted(listed), wrong) == (sorted(file.name for file in files), [])


def test_a_second_analysis_of_a_study_is_told_to_wait(tmp_path: Path) -> None:
    text = study_text("one", "Pebblo", ("pebblo.example",), datetime.date(2026, 11, 1))
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    study = load_study(tmp_path)
    study.captures.mkdir(exist_ok=True)
    study.findings.mkdir()
    with alone(study.findings), pytest.raises(UserError, match="another process is writing"):
        analyse(study)
    assert analyse(study).done == ()

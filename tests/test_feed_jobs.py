"""Reading feeds by several processes: the same files, and Ctrl-C leaves nothing behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from cli_rig import program, run

from analyzer.feed.kept import folder
from analyzer.feed.store import update
from analyzer.simulation.feed_bundles import write_study
from analyzer.study import Study


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    root = tmp_path_factory.mktemp("whole")
    return write_study(root, each=2, hours=1.0, sessions=2).study


def files(study: Study) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder(study).glob("*.*"))}


def is_gone(group: int) -> bool:
    """Whether no process of the group is there, soon: what forks them ends when its pipe does."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_the_files_are_the_same_whatever_the_number_of_processes(whole: Study) -> None:
    told: list[tuple[int, int, str]] = []
    alone = update(whole, jobs=1, progress=lambda *given: told.append(given))
    wanted = files(whole)
    assert len(wanted) == 2 * len(alone.done) == 32
    together = update(whole, jobs=3, force=True)
    assert together == alone
    assert files(whole) == wanted
    assert [done for done, _, _ in told] == list(range(1, 17))
    assert [name for _, _, name in told] == list(alone.done)
    again = update(whole, jobs=3)
    assert (again.done, again.sessions) == ((), alone.sessions)


def test_what_a_killed_process_left_is_removed(whole: Study) -> None:
    for name in ("KE-1.4711.draft", "KE-1.4711.part", "KE-1.json.part"):
        (folder(whole) / name).write_text("SECRET")
    update(whole, jobs=1)
    assert not list(folder(whole).glob("*.draft"))
    assert not list(folder(whole).glob("*.part"))


def test_the_command_takes_how_many_processes(whole: Study) -> None:
    said = run("feed", "items", "--jobs", "2", "--force", root=whole.root)
    assert said.exit_code == 0, said.output
    assert "16 read, 0 unchanged" in said.output


def test_ctrl_c_ends_all_processes_and_leaves_no_half_file(whole: Study) -> None:
    update(whole, jobs=1)
    wanted = files(whole)
    for path in folder(whole).glob("*.*"):
        path.unlink()
    words = ("feed", "items", "--jobs", "2", "--study", whole.root)
    with program(*words, start_new_session=True) as process:
        until = time.monotonic() + 60
        while not list(folder(whole).glob("*.parquet")) and time.monotonic() < until:
            time.sleep(0.01)
        assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of them
        said, complained = process.communicate(timeout=60)
    assert process.returncode != 0, said
    assert "Traceback" not in complained
    assert is_gone(process.pid)
    left = files(whole)
    assert 0 < len(left) < len(wanted)
    assert {Path(name).suffix for name in left} <= {".parquet", ".json"}
    update(whole, jobs=2)
    assert files(whole) == wanted

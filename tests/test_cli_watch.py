"""`evenhand watch`: on a terminal, in a log, for a machine, and as a page."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_rig import done, mistake, program, run
from live_rig import Recording, record_now, stepped_study
from recording import EMAIL, GAID, post, record

from analyzer.bundle import verify
from analyzer.readers.bundle import read_steps
from analyzer.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return stepped_study(tmp_path)


@pytest.fixture
def recording(study: Study) -> Recording:
    started = record_now(study)
    started.ask()
    started.connect("ads.bidriver.example", "passed", up=5, down=2000)
    return started


def test_one_snapshot_for_a_machine(recording: Recording, study: Study) -> None:
    now = json.loads(done("watch", "--once", "--json", root=study.root))
    [session] = now["sessions"]
    assert session["session"] == recording.path.name
    assert session["condition"] == "recording"
    assert session["totals"]["read_up"] == recording.up
    assert session["totals"]["unread_down"] == 2000
    assert [each["data_type"] for each in session["sightings"]] == ["id.advertising"]
    assert session["backlog"] == 0


def test_one_look_for_a_person_shows_no_value(recording: Recording, study: Study) -> None:
    recording.ask(body=f"email={EMAIL}".encode())
    shown = done("watch", "KE-13-r01", "--once", root=study.root)
    for words in (
        "KE-13",
        "Kenya, 13 years",
        "advertising ID to Waymark",
        "passed unread",
        "Bidriver",
    ):
        assert words in shown
    assert GAID not in shown
    assert EMAIL not in shown


def test_a_session_that_has_ended_can_be_watched_too(recording: Recording, study: Study) -> None:
    recording.writer.close("stopped")
    assert "ended" in done("watch", recording.path.name, "--once", root=study.root)
    assert "1 request" in done("watch", recording.path.name, root=study.root)
    assert verify(recording.path) == []


def test_without_a_running_session_it_is_a_mistake(study: Study) -> None:
    assert mistake("watch", root=study.root) == (
        "no session is being recorded: start one with `evenhand proxy --arm ARM`, or name a session"
    )
    assert "no session 'XX'" in mistake("watch", "XX", root=study.root)
    assert "--page does not go with" in mistake("watch", "--page", "--once", root=study.root)


def test_a_recorder_that_died_is_exit_code_1(study: Study) -> None:
    path = record(study, "KE-13", exchanges=[post()], close=False)
    result = run("watch", path.name, root=study.root)
    assert result.exit_code == 1
    assert "The recorder has died" in result.stdout
    assert "evenhand recover" in result.stderr


# processes


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start(*words: object, **more: object) -> subprocess.Popen[str]:
        processes.append(program(*words, **more))
        return processes[-1]

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(10)


def test_a_log_gets_plain_lines_until_the_session_ends(
    recording: Recording, study: Study, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started("watch", "--study", study.root)
    assert process.stdout
    first = process.stdout.readline()
    assert first.startswith(f"{recording.path.name}: 00:0")
    recording.ask()
    recording.writer.close("stopped")
    said, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")
    assert "2 requests" in said.splitlines()[-1]
    assert "\x1b" not in first + said


def test_json_is_a_line_each_time(
    recording: Recording, study: Study, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started("watch", "--json", "--study", study.root)
    assert process.stdout
    assert json.loads(process.stdout.readline())["sessions"][0]["condition"] == "recording"
    recording.writer.close("stopped")
    said, _ = process.communicate(timeout=30)
    assert json.loads(said.splitlines()[-1])["sessions"][0]["end_reason"] == "stopped"


def test_ctrl_c_ends_the_view_and_not_the_recording(
    recording: Recording, study: Study, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started("watch", "--study", study.root)
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (0, "")
    recording.ask()
    recording.writer.close("stopped")
    assert verify(recording.path) == []


class Terminal:
    """A terminal, and what a program has drawn on it."""

    def __init__(self) -> None:
        self.here, self.there = pty.openpty()
        self.drawn = ""

    def wait_for(self, words: str, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while words not in self.drawn:
            assert time.monotonic() < end, self.drawn[-2000:]
            if select.select([self.here], [], [], 0.2)[0]:
                self.drawn += os.read(self.here, 65536).decode("utf-8", "replace")

    def press(self, key: str) -> None:
        self.drawn = ""
        os.write(self.here, key.encode())


def test_on_a_terminal_a_key_begins_the_next_phase_and_another_ends_the_view(
    recording: Recording, study: Study, started: Callable[..., subprocess.Popen[str]]
) -> None:
    terminal = Terminal()
    process = started(
        "watch",
        "--study",
        study.root,
        stdin=terminal.there,
        stdout=terminal.there,
        env={"TERM": "xterm-256color", "LINES": "50"},
    )
    terminal.wait_for("n: next phase, consent")
    terminal.press("n")
    terminal.wait_for("n: next phase, use")
    assert [name for _, name in read_steps(recording.path)] == ["first launch", "consent"]
    terminal.press("q")
    terminal.wait_for("\x1b[?1049l")  # the screen is as it was
    terminal.wait_for(f"{recording.path.name}: ")
    assert process.wait(30) == 0
    recording.writer.close("stopped")
    os.close(terminal.there)
    os.close(terminal.here)


def test_the_page_says_where_it_is_and_ends_with_the_session(
    recording: Recording, study: Study, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started("watch", "--page", "--study", study.root)
    assert process.stdout
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{address}snapshot.json", timeout=10) as answer:
        [session] = json.load(answer)["sessions"]
    assert session["id"] == recording.path.name
    recording.writer.close("stopped")
    _, complaints = process.communicate(timeout=40)
    assert process.returncode == 0
    assert address.rstrip("/").rpartition("/")[2] not in complaints

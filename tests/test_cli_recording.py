"""What `proxy` shows on a terminal: the running line, and codes that are whole or not there."""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path

import click
import pytest
from joining_rig import phone
from live_rig import record_now, stepped_study

from analyzer.bundle import add_step
from analyzer.cli.recording_codes import Codes
from analyzer.cli.recording_screen import _address
from analyzer.cli.recording_status import RunningLine, status
from analyzer.joining import Join, qr

COUNTS = {"exchanges": 1, "messages": 2, "events": 3, "bytes_up": 1_500_000, "bytes_down": 40}
MANY = {"exchanges": 12_345, "messages": 678, "bytes_up": 123_400_000, "bytes_down": 999_900_000}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(click, "echo", lambda text="", **_: texts.append(text))
    return texts


def resize(monkeypatch: pytest.MonkeyPatch, columns: int, lines: int) -> None:
    size = os.terminal_size((columns, lines))
    monkeypatch.setattr("shutil.get_terminal_size", lambda *_: size)


# the running line


def test_the_phase_and_the_amounts_of_one_session() -> None:
    line = "  use | 1 request, 2 messages, 1.5 MB up, 40 B down"
    assert status(["KE-13"], ["use"], [COUNTS], 79) == line
    assert status(["KE-13"], ["use"], [COUNTS], 45) == "  use | 1 request, 1.5 MB up, 40 B down"
    assert status(["KE-13"], ["use"], [COUNTS], 30) == "  use | 1 request, 1.5 MB"
    assert len(status(["KE-13"], ["use"], [COUNTS], 10)) == 10


def test_two_sessions_fit_80_columns() -> None:
    line = status(["KE-13", "DE-13"], ["consent"] * 2, [MANY, MANY], 79)
    assert line == "  consent | KE-13: 12345 requests, 1.1 GB | DE-13: 12345 requests, 1.1 GB"
    line = status(["KE-13", "DE-13"], ["consent", "use"], [COUNTS, MANY], 79)
    assert line == "  KE-13, consent: 1 request, 1.5 MB | DE-13, use: 12345 requests, 1.1 GB"


def test_more_sessions_than_fit_are_added_up() -> None:
    arms = [f"{country}-13" for country in ("KE", "DE", "BR", "NG", "FR")]
    line = status(arms, ["use"] * 5, [MANY] * 5, 79)
    assert line == "  use | 5 sessions: 61725 requests, 5.6 GB"
    assert "launch/use" in status(arms, ["launch", *["use"] * 4], [MANY] * 5, 79)


def test_the_phase_is_the_one_that_was_marked_from_another_process(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resize(monkeypatch, 80, 24)
    moment = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: moment[0])
    study = stepped_study(tmp_path)
    recording = record_now(study)
    line = RunningLine([("KE-13", recording.path)], "first launch")
    line.say([COUNTS])
    assert said[-1].startswith("\r  first launch | 1 request, ")
    assert len(said[-1]) == 80  # over all of the last one
    add_step(recording.path, "use\u202e" + "x" * 100)
    moment[0] = 5.0
    line.say([COUNTS])
    assert said[-1].startswith("\r  use⟨U+202E⟩xxxxxxxxxxxx… | 1 request")

    def broken(*_: object) -> None:
        raise sqlite3.OperationalError

    monkeypatch.setattr("analyzer.readers.bundle.read_steps", broken)
    moment[0] = 10.0
    line.say([COUNTS])  # a recording does not end for that
    assert "xxx… | 1 request" in said[-1]


def test_a_recording_goes_on_when_nobody_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(click, "echo", gone)
    RunningLine([("KE-13", tmp_path / "none")], "use").say([COUNTS])


# codes


@pytest.fixture(scope="module")
def join(tmp_path_factory: pytest.TempPathFactory) -> Join:
    return phone(tmp_path_factory.mktemp("phones"))


def test_a_code_that_would_scroll_away_is_not_drawn_and_it_says_what_to_do(
    join: Join, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    resize(monkeypatch, 80, 24)
    rows = qr.needed(join.android_whole)[1] + 2
    codes = Codes([("KE-13", join.android_whole)], invert=False, page=True)
    codes.draw_if_enlarged()
    assert said == []  # it is not its turn yet
    codes.draw()
    words = f"QR code needs {rows} rows: enlarge this terminal, or open the set-up page"
    assert [line.strip() for line in said] == [words]
    resize(monkeypatch, 80, rows - 1)
    codes.draw_if_enlarged()
    assert len(said) == 1
    resize(monkeypatch, 80, rows)
    codes.draw_if_enlarged()
    drawn = said[-1].split("\n")
    assert len(drawn) == rows - 1  # and the running line
    assert drawn[0].endswith("  KE-13: scan with the phone's WireGuard app")
    codes.draw_if_enlarged()
    codes.draw()
    assert len(said) == 2


def test_codes_of_several_phones_say_where_the_others_are(
    join: Join, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resize(monkeypatch, 80, 40)
    both = [("KE-13", join.android_whole), ("DE-13", join.android_whole)]
    Codes(both, invert=False, page=True).draw()
    assert said[0].count("scan with the phone's WireGuard app") == 2
    assert said[0].endswith("\n  scroll up for the code of KE-13")


def test_without_a_page_nobody_is_sent_there_and_narrow_terminals_are_told_their_width(
    join: Join, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resize(monkeypatch, 50, 24)
    Codes([("KE-13", join.android_whole)], invert=False, page=False).draw()
    assert re.fullmatch(
        r"QR code needs \d+ columns, \d+ rows: enlarge this terminal", said[0].strip()
    )


def test_where_no_codes_are_wanted_nothing_is_said(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    resize(monkeypatch, 80, 24)
    codes = Codes([], invert=False, page=True)
    codes.draw()
    codes.draw_if_enlarged()
    assert said == []


# addresses


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "192.168.100.200", "[2001:db8:1111:2222:3333:4444:5555:6666]"]
)
def test_an_address_never_wraps(host: str, join: Join) -> None:
    line = _address(f"http://{host}:65535/{join.token}/")
    assert len(line) < 80
    assert line.lstrip().startswith("http://")

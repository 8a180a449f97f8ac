"""What a terminal shows of running sessions, at sizes that people have."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from live_rig import PHONE, Recording, caught_up, record_now, stepped_study
from recording import EMAIL, GAID
from rich.console import Console

from analyzer.bundle import BundleWriter, add_step, new_session
from analyzer.live import Follower
from analyzer.live.terminal import screen
from analyzer.live.view import page_view
from analyzer.models import CheckState, Event
from analyzer.study import Study

KEYS = "n: next phase, use   q: quit"
GOOD: tuple[tuple[str, CheckState, str], ...] = (
    ("reached", "ok", "regular"),
    ("authority", "ok", ""),
    ("private", "off", ""),
    ("exit", "unknown", ""),
)
BAD: tuple[tuple[str, CheckState, str], ...] = (
    ("ipv6", "bad", "IPv6 does not come through the tunnel"),
    ("time_zone", "bad", "Europe/Berlin"),
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return stepped_study(tmp_path)


def busy(study: Study, arm: str, checks: tuple[tuple[str, CheckState, str], ...]) -> Recording:
    """A session with more than any terminal has room for."""
    recording = record_now(study, arm)
    for number in range(12):
        body = f"email={EMAIL}&gps_adid={GAID}".encode()
        recording.ask(f"https://t{number}.tracker{number}.example/{'p' * 150}", body)
    recording.ask("https://api.pebblo.example/feed")
    recording.ask()
    for _ in range(2):
        recording.connect("ads.bidriver.example", "silent")
    recording.connect("gone.example", "failed")
    recording.writer.add_event(Event(1.0, "gap", "", "the laptop slept", 0, 0))
    for check in checks:
        recording.writer.add_checkup(PHONE, *check)
    return recording


def shown(
    study: Study, recordings: list[Recording], width: int, height: int | None, keys: str = KEYS
) -> list[str]:
    """Return the lines that a terminal of this size shows, and no more than that."""
    snapshots = [caught_up(Follower(each.path, study)) for each in recordings]
    console = Console(file=io.StringIO(), width=width, height=height or 200, markup=False)
    with console.capture() as capture:
        console.print(screen(page_view(study, snapshots), width, height, keys))
    return [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("arms", [("KE-13",), ("KE-13", "DE-13")])
@pytest.mark.parametrize("checks", [GOOD, BAD])
@pytest.mark.parametrize(
    ("width", "height"), [(80, 24), (120, 40), (80, 40), (200, 50), (80, 14), (60, 8), (40, 5)]
)
def test_every_session_and_the_keys_are_there_at_any_size(
    study: Study,
    arms: tuple[str, ...],
    checks: tuple[tuple[str, CheckState, str], ...],
    width: int,
    height: int,
) -> None:
    lines = shown(study, [busy(study, arm, checks) for arm in arms], width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)
    assert lines[-1].startswith(KEYS[:width])
    assert all(any(arm in line for line in lines) for arm in arms)
    edges = [sum(corner in line for line in lines) for corner in "╭╰"]
    assert edges[0] == edges[1]  # no frame is cut


@pytest.mark.parametrize("checks", [GOOD, BAD])
@pytest.mark.parametrize(
    ("arms", "width", "height"),
    [(1, 80, 24), (2, 80, 24), (1, 120, 40), (2, 120, 40), (2, 200, 24)],
)
def test_recipients_findings_and_the_phone_are_there(
    study: Study,
    arms: int,
    width: int,
    height: int,
    checks: tuple[tuple[str, CheckState, str], ...],
) -> None:
    recordings = [busy(study, arm, checks) for arm in ("KE-13", "DE-13")[:arms]]
    text = "\n".join(shown(study, recordings, width, height))
    for words in (
        "16 recipients",
        "not readable",
        "first seen in what was sent: ",
        " to ",
        "Phone: ",
    ):
        assert text.count(words) >= arms, words
    assert text.count("kB read") == arms


def test_a_phone_in_order_takes_one_line_and_one_that_is_not_says_what_is_wrong(
    study: Study,
) -> None:
    good = "\n".join(shown(study, [busy(study, "KE-13", GOOD)], 80, 24))
    assert "Phone: ready" in good
    for internal in ("reached", "authority", "exit", "- private", "? "):
        assert internal not in good
    bad = "\n".join(shown(study, [busy(study, "KE-13", BAD)], 80, 24))
    assert "Phone: 2 things to do at http://phone.check" in bad
    assert "Apps that use IPv6 can go past the tunnel." in bad
    assert "This phone's time zone is Berlin." in bad


def test_a_phone_that_was_not_checked_is_not_called_ready(study: Study) -> None:
    unchecked = record_now(study)
    unchecked.ask()
    assert "│ Phone: can be read; not checked at" in "\n".join(shown(study, [unchecked], 80, 24))
    unread = record_now(study, "DE-13")
    unread.connect("api.pebblo.example", "refused")
    text = "\n".join(shown(study, [unread], 80, 24))
    assert "│ Phone: nothing decrypted yet" in text
    assert "✗ Nothing was decrypted yet" in text


def test_a_phase_that_was_left_out_is_called_skipped(study: Study) -> None:
    recording = record_now(study)
    add_step(recording.path, "use")
    text = "\n".join(shown(study, [recording], 80, 24))
    assert "phase ✓ first launch   consent (skipped)   [use] since 00:0" in text


def test_more_sessions_than_lines_are_counted(study: Study) -> None:
    recordings = [record_now(study, "KE-13", repeat=number) for number in range(1, 7)]
    lines = shown(study, recordings, 80, 6)
    assert len(lines) == 6
    assert lines[-2] == "and 3 more: enlarge the terminal"
    assert len(shown(study, recordings, 80, 8)) == 8


def test_where_there_is_no_end_nothing_is_left_out(study: Study) -> None:
    recording = busy(study, "KE-13", BAD)
    text = "\n".join(shown(study, [recording], 100, None, ""))
    for words in ("latest requests", "free on the disk", "1 gap in the recording", "a Pixel"):
        assert words in text


@pytest.mark.parametrize("height", [None, 5])
def test_two_accounts_of_one_arm_are_told_apart(study: Study, height: int | None) -> None:
    shown = []
    for account in ("ke-1", "ke-2"):
        session = new_session(study, study.arm("KE-13"), origin="proxy", account=account)
        writer = BundleWriter.create(study.captures, session, phase="use")
        shown.append(caught_up(Follower(writer.path, study)))
        writer.close("done")
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    console.print(screen(page_view(study, shown), 100, height, KEYS))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "KE-13 \u00b7 ke-1" in text
    assert "KE-13 \u00b7 ke-2" in text

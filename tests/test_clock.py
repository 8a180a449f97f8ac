"""A session's seconds follow no calendar: its clock can be set, and nothing changes its place."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bundle_rig import a_study, a_writer
from capture_rig import Recording, Server

from addons.runner import CLOCK
from addons.sleeping import ClockWatch
from analyzer.bundle import read_session, verify
from analyzer.bundle.clock import SessionClock, steady_s
from analyzer.readers.bundle import read_connections, read_events, read_exchanges

API = "https://api.app.example"


class Calendar:
    """The machine's clock, which can be set."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + self.ahead)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    return Calendar(monkeypatch)


def test_seconds_go_on_when_the_clock_is_set(calendar: Calendar) -> None:
    clock = SessionClock(time.time() - 100)
    assert clock.seconds() == pytest.approx(100, abs=0.5)
    for ahead in (-3600, 7200):
        calendar.ahead = ahead
        assert clock.seconds() == pytest.approx(100, abs=0.5)
        assert clock.seconds(time.time() - 40) == pytest.approx(60, abs=0.5)
        assert clock.seconds(time.time() + 9) == pytest.approx(100, abs=0.5)  # not yet
        assert clock.seconds(time.time() - 900) == 0.0


def test_the_steady_clock_goes_on() -> None:
    first = steady_s()
    time.sleep(0.01)
    assert 0.01 <= steady_s() - first < 5


def test_a_set_clock_is_told_once_and_not_for_a_moment(calendar: Calendar) -> None:
    watch = ClockWatch()
    jumps = []
    for ahead in (0.0, 1.0, -3600.0, -3600.0, 0.0):
        calendar.ahead = ahead
        jumps.append(round(watch.jump()))
    assert jumps == [0, 0, -3601, 0, 3600]


@pytest.mark.parametrize("ended", [None, 0.0])
def test_a_session_never_ends_before_it_began(
    tmp_path: Path, calendar: Calendar, ended: float | None
) -> None:
    writer = a_writer(a_study(tmp_path))
    calendar.ahead = -7200
    session = writer.close("stopped", ended=ended)
    assert session.ended is not None
    assert session.ended >= session.started
    assert verify(writer.path) == []


@pytest.mark.capture
def test_a_clock_set_back_and_forth_keeps_the_order_and_is_said(
    tmp_path: Path, server: Server, confdir: Path, calendar: Calendar
) -> None:
    with Recording(tmp_path, server, confdir) as running, running.client() as client:
        for number, ahead in enumerate((0, -3600, 7200)):
            calendar.ahead = ahead
            time.sleep(0.2)
            assert client.get(f"{API}/bytes?n={number}").status_code == 200
        running.stop()
    moments = [exchange.t_s for exchange in read_exchanges(running.path)]
    assert moments == sorted(set(moments))
    assert 0.2 < moments[0] < moments[-1] < 20
    assert all(each.t_s <= (each.ended_s or 99) < 100 for each in read_connections(running.path))
    gaps = [event for event in read_events(running.path) if event.kind == "gap"]
    assert [gap.reason for gap in gaps] == [CLOCK, CLOCK]
    assert all(0.0 < gap.t_s < 20 for gap in gaps)
    session = read_session(running.path)
    assert session.partial == (CLOCK,)
    assert not session.complete
    assert session.ended is not None
    assert session.ended > session.started

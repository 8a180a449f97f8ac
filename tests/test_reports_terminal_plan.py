"""A plan on the terminal, and its schedule as CSV, checklist and calendar."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from synthetic import knowledge, study

from analyzer.compare import plan
from analyzer.errors import UserError
from analyzer.planned import StudyPlan
from reports.console import paged
from reports.terminal_plan import power_over, print_plan
from reports.terminal_schedule import Times, schedule_text, slots

NINE = datetime(2026, 12, 1, 9, 0)
ARMS = ("BR-13", "DE-13", "DE-30", "KE-13", "KE-30")


@pytest.fixture(scope="module")
def planned() -> StudyPlan:
    return plan(study(), knowledge(), "DE", "KE", rows=20, per_block=2)


def shown(planned: StudyPlan, capsys: pytest.CaptureFixture[str], times: Times | None) -> str:
    with paged(wanted=False) as out:
        print_plan(planned, out, arms=ARMS, when=slots(planned, times), times=times)
    return capsys.readouterr().out


def test_a_plan_says_how_many_sessions_how_sure_and_what_to_type(
    planned: StudyPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(planned, capsys, None)
    assert planned.sessions is not None
    assert f"\n{planned.sessions} sessions of each arm show a difference of 80 points (90%" in text
    assert f"That is {planned.total} sessions of 5 arms, in {planned.sessions // 2} time b" in text
    assert re.search(rf"^>  80 points +{planned.sessions} +{planned.total}$", text, re.M)
    first = planned.schedule[0].arm
    assert f"\n  evenhand proxy --arm {first} --block b01\n" in text
    assert text.endswith("  evenhand analyze\n  evenhand diff DE KE\n")


def test_a_plan_says_that_more_rows_that_differ_need_fewer_sessions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, three, all_of_them = (
        plan(study(), knowledge(), "DE", "KE", difference=1, rows=60, different=each)
        for each in (1, 3, 60)
    )
    assert (one.sessions, three.sessions) == (8, 6)
    told = "Where more of the rows differ, fewer sessions can be enough"
    assert told in shown(one, capsys, None)
    assert told not in shown(all_of_them, capsys, None)


def test_the_plot_has_the_power_of_each_number_of_sessions(
    planned: StudyPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    points = power_over(planned)
    sessions = [each for each, _ in points]
    assert planned.sessions in sessions
    assert all(each % 2 == 0 for each in sessions)
    assert dict(points)[planned.sessions or 0] == pytest.approx(planned.reached)
    assert points[0][1] < points[-1][1]
    text = shown(planned, capsys, None)
    bars = re.findall(r"^[> ] +(\d+)  (#*)[ |]* +([\d.]+)%$", text, re.M)
    assert [int(number) for number, _, _ in bars] == sessions
    lengths = [len(bar) for _, bar, _ in bars]
    assert lengths == sorted(lengths)


def test_what_nothing_shows_has_neither_plan_nor_schedule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = plan(study(), knowledge(), "DE", "KE", difference=0.02, rows=100, per_block=6)
    assert found.sessions is None
    text = shown(found, capsys, None)
    assert "No number of sessions of each arm, up to 200, shows a difference of 2 points" in text
    assert "What to type" not in text
    with pytest.raises(UserError, match="nothing to schedule"):
        schedule_text(Path("s.csv"), found, slots(found, None), "s")


def test_csv_has_each_arm_as_often_and_names_its_block(planned: StudyPlan) -> None:
    table = list(
        csv.DictReader(schedule_text(Path("s.CSV"), planned, slots(planned, None), "s").split("\n"))
    )
    assert Counter(row["arm"] for row in table) == dict.fromkeys(ARMS, planned.sessions)
    assert {row["start"] for row in table} == {""}
    assert table[0]["block"] == "b01"


def test_blocks_are_kept_together_and_days_are_not_too_long(planned: StudyPlan) -> None:
    when = slots(planned, Times(NINE, per_day=12, minutes=45))
    days: dict[str, list[datetime]] = {}
    for slot in when:
        assert slot.start is not None
        assert slot.end == slot.start + timedelta(minutes=45)
        days.setdefault(slot.block, []).append(slot.start)
    for block in days.values():
        assert len({each.date() for each in block}) == 1
    per_day = Counter(each.date() for block in days.values() for each in block)
    assert max(per_day.values()) == 10
    assert {min(block).time() for block in days.values()} == {NINE.time()}
    starts = [slot.start for slot in when if slot.start]
    assert starts == sorted(set(starts))


def test_a_block_that_is_longer_than_a_day_is_warned_of(
    planned: StudyPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    times = Times(NINE, per_day=4, minutes=30)
    when = slots(planned, times)
    assert max(Counter(slot.start.date() for slot in when if slot.start).values()) == 4
    assert "! A time block of 10 sessions takes more than a day at 4 a day" in shown(
        planned, capsys, times
    )
    last = when[-1].start
    assert last is not None
    days = (last.date() - NINE.date()).days + 1
    assert re.search(rf"^>  80 points .* {days}$", shown(planned, capsys, times), re.M)


def test_a_checklist_has_a_box_and_a_command_for_each_session(planned: StudyPlan) -> None:
    text = schedule_text(Path("s.md"), planned, slots(planned, Times(NINE, 20, 30)), "A `study`")
    assert text.startswith("# A \\`study\\`: ")
    boxes = re.findall(r"^- \[ \] (.*?): `(.*)`$", text, re.M)
    assert len(boxes) == planned.total
    assert boxes[0][0].startswith("2026-12-01 09:00 ")
    assert boxes[0][1] == f"evenhand proxy --arm {planned.schedule[0].arm} --block b01"


def test_a_calendar_has_an_event_for_each_session(planned: StudyPlan) -> None:
    when = slots(planned, Times(NINE, 20, 30))
    text = schedule_text(Path("s.ics"), planned, when, "study")
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    events = text.split("BEGIN:VEVENT\r\n")[1:]
    assert len(events) == planned.total
    assert "DTSTART:20261201T090000\r\nDTEND:20261201T093000\r\n" in events[0]
    assert len(set(re.findall(r"^UID:(.*)\r$", text, re.M))) == planned.total
    assert text == schedule_text(Path("s.ics"), planned, when, "study")
    with pytest.raises(UserError, match="a calendar needs dates"):
        schedule_text(Path("s.ics"), planned, slots(planned, None), "study")


def test_an_unknown_ending_is_a_mistake(planned: StudyPlan) -> None:
    with pytest.raises(UserError, match=r"use one of \.csv, \.md, \.ics"):
        schedule_text(Path("s.xls"), planned, slots(planned, None), "study")

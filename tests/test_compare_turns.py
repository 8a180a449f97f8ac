"""Whether the sides were recorded in turns: the gate, and what it lets pass and is told."""

from __future__ import annotations

import pytest
import synthetic
from synthetic import findings, frames, session

from analyzer.compare import compare
from analyzer.comparison import Comparison

KENYA = findings("KE-13", range(1, 9))


def recorded(*times: tuple[str, str], block: bool = False) -> Comparison:
    """Compare sessions of Germany and Kenya that began at these times, each for five minutes."""
    rows = [
        session(
            arm,
            number,
            started=f"2026-11-{time}:00.000Z",
            ended=f"2026-11-{time[:6]}{int(time[6:]) + 5:02d}:00Z",
            block=f"round {number}" if block else "",
        )
        for number, pair in enumerate(times, 1)
        for arm, time in zip(("DE-13", "KE-13"), pair, strict=True)
    ]
    made = [each for each in KENYA if each["session"] in {row["id"] for row in rows}]
    return compare(frames(rows, made), synthetic.study(), synthetic.knowledge(), "DE", "KE")


def times(found: Comparison) -> bool:
    [gate] = [each for each in found.gates if each.name == "times"]
    return gate.passed


@pytest.mark.parametrize("sessions", [5, 6, 8])
def test_one_early_session_does_not_make_sides_recorded_one_after_the_other_pass(
    sessions: int,
) -> None:
    pairs = [(f"{day + 1:02d}T10:00", f"{day + 20:02d}T10:00") for day in range(1, sessions)]
    found = recorded(("10T10:00", "01T10:00"), *pairs)
    assert not times(found)
    assert {each.verdict for each in found.deltas} == {"insufficient"}


def test_sides_recorded_in_turns_pass_and_nothing_is_said_of_their_times() -> None:
    turns = [(f"{day:02d}T10:00", f"{day:02d}T11:00") for day in (1, 3, 5)]
    turns += [(f"{day:02d}T11:00", f"{day:02d}T10:00") for day in (2, 4, 6)]
    for block in (False, True):
        found = recorded(*turns, block=block)
        assert times(found)
        assert found.warnings == ()


def test_sides_recorded_at_different_times_of_the_day_are_told_of() -> None:
    found = recorded(*((f"{day:02d}T08:00", f"{day:02d}T14:00") for day in range(1, 9)))
    assert times(found)
    [told] = found.warnings
    assert told == (
        "The sides were recorded at different times of the day: of all pairs of a session of"
        " Germany and one of Kenya, that of Germany has the earlier hour (UTC) in 100%. What an"
        " app does at certain hours looks like a difference between the sides."
    )


def test_sessions_of_one_evening_are_close_to_each_other_before_and_after_midnight() -> None:
    turns = [(f"{day:02d}T23:40", f"{day + 1:02d}T00:10") for day in (1, 3, 5)]
    turns += [(f"{day + 1:02d}T00:10", f"{day:02d}T23:40") for day in (7, 9, 11)]
    assert recorded(*turns).warnings == ()


def test_that_one_side_was_always_first_in_its_block_is_told() -> None:
    hours = (8, 12, 16, 9, 13, 17)
    always = [(f"{day:02d}T{hour:02d}:00", f"{day:02d}T{hour:02d}:20")
              for day, hour in enumerate(hours, 1)]  # fmt: skip
    found = recorded(*always, block=True)
    [told] = [each for each in found.warnings if "time blocks" in each]
    assert told.startswith("In each of 6 time blocks Germany was recorded before Kenya: ")
    turned = [*always[:5], always[5][::-1]]
    assert not any("time blocks" in each for each in recorded(*turned, block=True).warnings)

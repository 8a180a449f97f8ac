"""Plans: how many sessions it takes, and in which order they are recorded."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import synthetic

from analyzer import statistics
from analyzer.compare import plan, schedule_csv
from analyzer.errors import UserError
from analyzer.planned import StudyPlan


def made(a: str = "DE-13", b: str = "KE-13", **wanted: Any) -> StudyPlan:
    return plan(synthetic.study(), synthetic.knowledge(), a, b, **wanted)


def test_a_plan_has_the_power_that_was_asked_for_and_no_session_more() -> None:
    found = made(power=0.9, rows=40)
    assert found.sessions is not None
    blocks = [(found.per_block, found.per_block)] * (found.sessions // found.per_block)
    assert found.reached == pytest.approx(
        statistics.power_of(found.share_a, found.share_b, blocks, found.level)
    )
    assert found.reached >= 0.9
    assert statistics.power_of(found.share_a, found.share_b, blocks[1:], found.level) < 0.9
    assert found.sessions >= 5


def test_smaller_differences_and_more_rows_take_more_sessions() -> None:
    needs = [each.sessions for each in made().needs if each.sessions]
    assert needs == sorted(needs, reverse=True)
    few, many = made(rows=10).sessions, made(rows=1000).sessions
    assert few is not None
    assert many is not None
    assert few < many


def test_several_arms_of_a_side_share_its_sessions() -> None:
    alone, shared = made("DE", "KE").sessions, made("DE", "global_majority").sessions
    assert alone is not None
    assert shared is not None
    assert shared <= alone


def test_each_block_has_every_arm_and_no_arm_comes_always_first() -> None:
    found = made(per_block=2)
    assert found.sessions is not None
    arms = sorted(synthetic.study().arms)
    assert found.total == len(found.schedule) == len(arms) * found.sessions
    for block in {each.block for each in found.schedule}:
        there = Counter(each.arm for each in found.schedule if each.block == block)
        assert there == dict.fromkeys(arms, 2)
    assert len({each.arm for each in found.schedule if each.position == 1}) > 1
    assert made(per_block=2).schedule == found.schedule
    assert made(per_block=2, seed=7).schedule != found.schedule


def test_the_schedule_is_a_table_to_record_from() -> None:
    lines = schedule_csv(made()).splitlines()
    assert lines[0] == "block,position,arm,repeat"
    assert len(lines) == made().total + 1
    assert lines[1].startswith("1,1,")


def test_what_200_sessions_would_not_show_is_said() -> None:
    found = made(difference=0.05)
    assert (found.sessions, found.schedule, found.total) == (None, (), 0)


@pytest.mark.parametrize(
    "wrong",
    [{"difference": 0}, {"difference": 1.2}, {"power": 1}, {"rows": 0}, {"different": 0},
     {"per_block": 0}],
)  # fmt: skip
def test_a_plan_for_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        made(**wrong)
    with pytest.raises(UserError):
        made("DE", "Mars")
    with pytest.raises(UserError):
        made("KE", "global_majority")

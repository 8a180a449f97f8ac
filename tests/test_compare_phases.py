"""What is sent in another phase is sent at another time, which is not more."""

from __future__ import annotations

import synthetic
from synthetic import findings, frames, sessions

from analyzer.compare import compare, matrix
from analyzer.comparison import Comparison
from analyzer.models import Count
from analyzer.study import Study
from reports.answer import answer
from reports.flows import flows
from reports.language import Language
from reports.naming import Names

FOUR = ("DE-13", "DE-30", "KE-13", "KE-30")
N = 8
EVERY = range(1, N + 1)
Row = dict[str, object]


def diff(*rows: list[Row], arms: tuple[str, ...] = ("DE-13", "KE-13")) -> Comparison:
    recorded = sessions(N, *arms, phases=["launch", "use"])
    made = frames(recorded, [row for each in rows for row in each])
    return compare(made, synthetic.study(), synthetic.knowledge(), "DE", "KE")


def sent(arm: str, phase: str, repeats: range = EVERY) -> list[Row]:
    return [row | {"id": f"{row['id']}-{phase}"} for row in findings(arm, repeats, phase=phase)]


def first_sentence(found: Comparison) -> str:
    return answer(found, Names(found, synthetic.knowledge(), Language())).sentences[0]


def test_what_all_phones_send_in_another_phase_is_no_flow_that_differs() -> None:
    found = diff(sent("DE-13", "launch"), sent("KE-13", "use"))
    assert {row.phase: row.verdict for row in found.deltas} == {
        "launch": "only_a", "use": "only_b",
    }  # fmt: skip
    for row in found.deltas:
        assert row.whole is not None
        assert (row.whole.a, row.whole.b, row.whole.verdict) == (Count(8, 8), Count(8, 8), "same")
    [flow] = flows(found)
    assert (flow.verdict, flow.moved, flow.counts) == ("same", True, (Count(8, 8), Count(8, 8)))
    told = first_sentence(found)
    assert "sends more" not in told
    assert "in the phase “" in told
    assert "in any phase, in 8 of 8 and 8 of 8" in told


def test_a_flow_is_told_by_the_sessions_of_any_phase() -> None:
    found = diff(sent("DE-13", "launch"), sent("DE-13", "use"), sent("KE-13", "use", range(1, 2)))
    [flow] = flows(found)
    assert (flow.verdict, flow.moved, flow.counts) == ("more_a", False, (Count(8, 8), Count(1, 8)))
    assert "in 8 of 8 sessions for Germany, and in 1 of 8 for Kenya" in first_sentence(found)


def test_a_flow_that_is_not_borne_out_over_all_phases_is_not_decided() -> None:
    found = diff(sent("DE-13", "launch"), sent("KE-13", "use", range(1, 6)))
    [flow] = flows(found)
    assert [row.verdict for row in found.deltas if row.phase == "launch"] == ["only_a"]
    assert (flow.verdict, flow.moved) == ("insufficient", True)


def test_what_is_seen_in_one_phase_only_needs_no_second_row() -> None:
    [row] = diff(sent("KE-13", "use")).deltas
    assert (row.verdict, row.whole) == ("only_b", None)
    assert flows(diff(sent("KE-13", "use")))[0].verdict == "only_b"


def test_adults_who_send_it_in_another_phase_take_away_that_it_is_about_children() -> None:
    rows = [sent("KE-13", "use"), sent("KE-30", "launch")]
    found = diff(*rows, arms=FOUR)
    [flow] = flows(found)
    assert flow.verdict == "only_b"
    assert not flow.beyond_adults
    assert flows(diff(rows[0], arms=FOUR))[0].beyond_adults


def timed(arm: str, length: float, steps: list[tuple[str, float]]) -> list[Row]:
    return [
        row
        | {
            "phases": [name for name, _ in steps],
            "steps": [[name, t_s] for name, t_s in steps],
            "ended": f"2026-11-{row['repeat']:02d}T10:{int(length // 60):02d}:{length % 60:06.3f}Z",
        }
        for row in sessions(N, arm)
    ]


def seen_at(t_s: float, arm: str = "KE-13") -> list[Row]:
    return findings(arm, EVERY, t_s=t_s)


def one_phase(germany: float, kenya: float, t_s: float, study: Study | None = None) -> Comparison:
    recorded = [
        *timed("DE-13", germany, [("use", 0.0)]), *timed("KE-13", kenya, [("use", 0.0)])
    ]  # fmt: skip
    made = frames(recorded, seen_at(t_s))
    return compare(made, study or synthetic.study(), synthetic.knowledge(), "DE", "KE")


def test_what_came_later_than_the_other_side_was_recorded_for_is_not_decided() -> None:
    [row] = one_phase(205.0, 300.0, 250.0).deltas
    assert row.verdict == "insufficient"
    assert "had no time to show it" in row.reason
    waived = synthetic.study(waive=(("duration", "an exercise"),))
    assert [each.verdict for each in one_phase(205.0, 300.0, 250.0, waived).deltas] == ["only_b"]
    assert [each.verdict for each in one_phase(205.0, 300.0, 100.0).deltas] == ["only_b"]
    assert [each.verdict for each in one_phase(300.0, 205.0, 200.0).deltas] == ["only_b"]


def test_some_that_came_in_time_have_to_bear_a_difference_alone() -> None:
    recorded = [*timed("DE-13", 205.0, [("use", 0.0)]), *timed("KE-13", 300.0, [("use", 0.0)])]
    late = [row | ({"t_s": 250.0} if number < 5 else {}) for number, row in enumerate(seen_at(9.0))]
    found = compare(frames(recorded, late), synthetic.study(), synthetic.knowledge(), "DE", "KE")
    assert [each.verdict for each in found.deltas] == ["insufficient"]


def test_time_counts_from_the_phase_where_an_operator_was_slower() -> None:
    """Ten seconds after the last step on both sides, which came later in Kenya."""
    recorded = [
        *timed("DE-13", 290.0, [("use", 0.0), ("log out", 270.0)]),
        *timed("KE-13", 300.0, [("use", 0.0), ("log out", 280.0)]),
    ]
    rows = [row | {"phase": "log out"} for row in seen_at(292.0)]
    found = compare(frames(recorded, rows), synthetic.study(), synthetic.knowledge(), "DE", "KE")
    assert [each.verdict for each in found.deltas] == ["only_b"]
    late = [row | {"phase": "use"} for row in seen_at(275.0)]
    found = compare(frames(recorded, late), synthetic.study(), synthetic.knowledge(), "DE", "KE")
    assert [each.verdict for each in found.deltas] == ["insufficient"]


def test_phases_of_other_lengths_fail_the_gate_of_length() -> None:
    recorded = [
        *timed("DE-13", 300.0, [("launch", 0.0), ("use", 20.0)]),
        *timed("KE-13", 300.0, [("launch", 0.0), ("use", 60.0)]),
    ]
    found = compare(
        frames(recorded, seen_at(70.0)), synthetic.study(), synthetic.knowledge(), "DE", "KE"
    )
    [gate] = [each for each in found.gates if each.name == "duration"]
    assert not gate.passed
    assert gate.found == "the median of the phase “launch” is 20 s for Germany, 60 s for Kenya"


def test_a_matrix_heeds_what_came_too_late_for_another_country() -> None:
    recorded = [
        *timed("DE-13", 205.0, [("use", 0.0)]), *timed("KE-13", 300.0, [("use", 0.0)])
    ]  # fmt: skip
    for t_s, verdict in ((250.0, "insufficient"), (100.0, "differs")):
        found = matrix(frames(recorded, seen_at(t_s)), synthetic.study(), synthetic.knowledge())
        assert [each.verdict for each in found.rows] == [verdict]

"""Many countries at once, and what the law says in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import synthetic
from synthetic import blind, findings, frames, sessions

from analyzer.compare import matrix
from analyzer.countries import CountryMatrix, CountryRow
from analyzer.errors import UserError
from analyzer.frames import Frames

THREE = ("BR-13", "DE-13", "KE-13")
N = 8


def made(found: Frames, countries: Sequence[str] = (), **settings: Any) -> CountryMatrix:
    known = replace(
        synthetic.knowledge(),
        laws=(*synthetic.knowledge().laws, synthetic.law("lgpd", "BR")),
    )
    return matrix(found, synthetic.study(**settings), known, countries)


def only(found: CountryMatrix) -> CountryRow:
    [row] = found.rows
    return row


def test_a_row_has_a_cell_for_each_country_with_its_interval() -> None:
    found = made(frames(sessions(N, *THREE), findings("KE-13", range(1, N + 1))))
    assert [each.country for each in found.columns] == ["BR", "DE", "KE"]
    row = only(found)
    assert [(cell.k, cell.n, cell.hidden) for cell in row.cells] == [
        (0, 8, 0),
        (0, 8, 0),
        (8, 8, 0),
    ]
    assert row.cells[2].low == pytest.approx(0.6756, abs=1e-4)
    assert (row.verdict, row.reason) == ("differs", "")
    assert row.q <= 0.05
    assert row.id.startswith("c")


def test_the_law_of_each_country_stands_above_its_column() -> None:
    found = made(frames(sessions(N, *THREE)))
    assert [(each.level, each.law) for each in found.columns] == [
        ("ban", ("lgpd",)), ("ban", ("dsa",)), ("ban", ("dpa",)),
    ]  # fmt: skip
    bare = matrix(frames(sessions(N, *THREE)), synthetic.study(), synthetic.knowledge())
    assert (bare.columns[0].level, bare.columns[0].law) == ("none", ())


def test_same_law_and_different_practice_is_named_pair_by_pair() -> None:
    rows = [*findings("KE-13", range(1, N + 1)), *findings("BR-13", range(1, N + 1))]
    found = made(frames(sessions(N, *THREE), rows))
    pairs = {(each.a, each.b): each for each in found.alike}
    assert set(pairs) == {("BR", "DE"), ("BR", "KE"), ("DE", "KE")}
    assert pairs["BR", "DE"].more_a == (only(found).id,)
    assert pairs["DE", "KE"].more_b == (only(found).id,)
    assert (pairs["BR", "KE"].more_a, pairs["BR", "KE"].more_b) == ((), ())
    assert pairs["BR", "KE"].same == 1
    bare = matrix(frames(sessions(N, *THREE), rows), synthetic.study(), synthetic.knowledge())
    assert [(each.a, each.b) for each in bare.alike] == [("DE", "KE")]


def test_what_blind_sessions_could_hide_is_no_difference() -> None:
    rows = [*findings("KE-13", range(1, N + 1)), *findings("BR-13", range(1, N + 1))]
    coverage = [blind(f"DE-13-r{number:02d}", refused=1) for number in range(1, N + 1)]
    row = only(made(frames(sessions(N, *THREE), rows, coverage=coverage)))
    assert (row.verdict, row.cells[1].hidden) == ("insufficient", 8)
    assert row.reason == (
        "in sessions of Germany it may have been sent where it could not be seen; if so, the"
        " countries do not differ"
    )
    lone = only(
        made(frames(sessions(N, *THREE), findings("KE-13", range(1, N + 1)), coverage=coverage))
    )
    assert lone.verdict == "differs"  # Kenya and Brazil differ in any case


def test_countries_that_do_the_same_are_the_same_only_with_enough_sessions() -> None:
    everywhere = [each for arm in THREE for each in findings(arm, range(1, N + 1))]
    assert only(made(frames(sessions(N, *THREE), everywhere))).verdict == "same"
    few = [each for arm in THREE for each in findings(arm, range(1, 6))]
    row = only(made(frames(sessions(5, *THREE), few)))
    assert row.verdict == "insufficient"
    assert row.reason.startswith("that the countries differ could be chance")


def test_a_country_with_too_few_sessions_is_shown_and_does_not_count() -> None:
    rows = [*sessions(N, "DE-13", "KE-13"), *sessions(2, "BR-13")]
    found = made(frames(rows, findings("BR-13", [1, 2])))
    assert [each.counted for each in found.columns] == [False, True, True]
    assert (only(found).cells[0].k, only(found).verdict, only(found).p) == (2, "same", 1)
    alone = made(frames([*sessions(N, "DE-13"), *sessions(2, "BR-13")], findings("BR-13", [1])))
    assert only(alone).reason == "fewer than two countries have the 5 sessions that are needed"


def test_sessions_of_adults_and_those_that_gates_leave_out_do_not_count() -> None:
    rows = sessions(N, *THREE, "DE-30", "KE-30")
    rows[0]["egress"] = "DE"  # a session of Brazil
    found = made(frames(rows, findings("KE-30", range(1, N + 1))))
    assert found.rows == ()
    assert [each.sessions for each in found.columns] == [7, 8, 8]
    assert [(each.session, each.gate) for each in found.excluded] == [("BR-13-r01", "mislocated")]


def test_one_country_of_another_version_keeps_the_matrix_from_concluding() -> None:
    rows = [*sessions(N, "DE-13", "KE-13"), *sessions(N, "BR-13", app_version="2.0")]
    everything = frames(rows, findings("KE-13", range(1, N + 1)))
    row = only(made(everything))
    assert row.verdict == "insufficient"
    assert "(2.0 for Brazil, 1.0 for the other countries)" in row.reason
    assert only(made(everything, ["DE", "KE"])).verdict == "differs"
    waived = made(everything, waive=(("app_version", "it is the same but for its name"),))
    assert only(waived).verdict == "differs"
    assert any("it is the same but for its name" in each for each in waived.warnings)


def test_countries_are_chosen_by_code_and_two_are_needed() -> None:
    everything = frames(sessions(N, *THREE))
    assert [each.country for each in made(everything, ["KE", "DE"]).columns] == ["DE", "KE"]
    with pytest.raises(UserError, match="FR has no sessions of minors"):
        made(everything, ["FR", "DE"])
    with pytest.raises(UserError, match="needs two countries"):
        made(everything, ["DE"])

"""The headline again under other conditions: without a country, with or without some sessions."""

from __future__ import annotations

from typing import Any

import synthetic
from synthetic import findings, frames, session, sessions

from analyzer.compare import compare
from analyzer.comparison import Comparison, Sensitivity
from analyzer.frames import Frames


def diff(found: Frames, a: str = "eea", b: str = "global_majority", **bounds: Any) -> Comparison:
    return compare(found, synthetic.study(**bounds), synthetic.knowledge(), a, b)


def of(found: Comparison, kind: str) -> dict[str, Sensitivity]:
    return {each.name: each for each in found.sensitivities if each.kind == kind}


def test_a_headline_that_rests_on_one_country_falls_without_it() -> None:
    rows = [*findings("KE-13", range(1, 7)), *findings("BR-13", [1]), *findings("DE-13", [1])]
    found = diff(frames(sessions(6, "DE-13", "KE-13", "BR-13"), rows))
    assert [(delta.verdict, delta.b.k) for delta in found.deltas] == [("insufficient", 7)]
    without = of(found, "country")
    assert set(without) == {"KE", "BR"}  # the other side has one country only
    assert without["BR"].title == "Without Brazil"
    assert (without["BR"].which, without["BR"].reason) == ("b", "")
    assert without["BR"].side is not None
    assert without["BR"].side.countries == ("KE",)
    [change] = without["BR"].changed
    assert (change.verdict, change.alternative) == ("insufficient", "more_b")
    assert [(each.verdict, each.rows) for each in without["BR"].tallies] == [("more_b", 1)]
    assert without["KE"].changed == ()


def test_countries_and_arms_have_no_country_to_leave_out() -> None:
    made = frames(sessions(6, "DE-13", "KE-13"), findings("KE-13", range(1, 7)))
    assert diff(made, "DE", "KE").sensitivities == ()
    assert diff(made, "DE-13", "KE-13").sensitivities == ()


def test_sessions_of_an_instrumented_app_that_were_left_out_are_tried() -> None:
    touched = [session("KE-13", number, instrumented="frida") for number in range(7, 13)]
    rows = [*findings("KE-13", range(1, 13)), *findings("DE-13", range(1, 7))]
    made = frames([*sessions(6, "DE-13", "KE-13"), *touched], rows[:6])
    again = of(diff(made, "DE", "KE"), "instrumented")["with"]
    assert again.title == "With the sessions of an instrumented app"
    [change] = again.changed
    assert (change.verdict, change.alternative) == ("only_b", "insufficient")
    none = frames(sessions(6, "DE-13", "KE-13"), rows)
    assert of(diff(none, "DE", "KE"), "instrumented") == {}


def test_where_all_are_instrumented_there_is_nothing_else_to_try() -> None:
    made = frames(sessions(6, "DE-13", "KE-13", instrumented="frida"))
    assert of(diff(made, "DE", "KE"), "instrumented") == {}


def test_disputed_sessions_that_a_waiver_lets_in_are_left_out_once() -> None:
    rows = [*sessions(6, "DE-13"), *sessions(9, "KE-13")]
    for each in rows[-3:]:
        each["egress"] = "disputed"
    made = frames(rows, findings("KE-13", range(1, 10)))
    waived = {"waive": (("region", "the databases are old"),)}
    found = diff(made, "DE", "KE", **waived)
    assert found.b.sessions == 9
    again = of(found, "region")["disputed"]
    assert again.title == "Without sessions whose region is disputed"
    assert again.side is None  # of both sides
    assert [(each.verdict, each.rows) for each in again.tallies] == [("only_b", 1)]
    assert again.changed == ()
    assert of(diff(made, "DE", "KE"), "region") == {}  # they are out already


def test_a_side_of_which_nothing_is_left_is_said_to_have_none_left() -> None:
    made = frames([*sessions(6, "DE-13"), *sessions(6, "KE-13", egress="")])
    found = diff(made, "DE", "KE", waive=(("region", "a partner was there"),))
    [again] = of(found, "region").values()
    assert (again.title, again.reason) == (
        "Without sessions whose region is not proven",
        "no session of Kenya is left",
    )

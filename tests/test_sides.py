"""Which sessions stand on which side."""

from __future__ import annotations

import pytest
import synthetic

from analyzer.compare.sides import apart, names, resolve_side
from analyzer.comparison import Side
from analyzer.errors import UserError
from analyzer.models import Arm

EVERY = [synthetic.ARMS[label] for label in ("DE-13", "DE-13", "DE-30", "KE-13", "KE-30", "BR-13")]


def side(text: str, arms: list[Arm] = EVERY) -> Side:
    return resolve_side(synthetic.study(), synthetic.knowledge(), arms, text)


def labels(arms: tuple[Arm, ...]) -> list[str]:
    return [arm.label for arm in arms]


def test_a_label_stands_for_its_arm_alone_and_has_no_controls() -> None:
    found = side("DE-30")
    assert found.kind == "arm"
    assert labels(found.arms) == ["DE-30"]
    assert found.controls == ()
    assert found.sessions == 1


def test_a_country_compares_its_minors_and_takes_its_adults_as_controls() -> None:
    found = side("DE")
    assert (found.kind, found.title) == ("country", "Germany")
    assert labels(found.arms) == ["DE-13"]
    assert labels(found.controls) == ["DE-30"]
    assert (found.sessions, found.control_sessions) == (2, 1)


@pytest.mark.parametrize("text", ["global_majority", "Global_Majority", "GLOBAL_MAJORITY"])
def test_a_bloc_is_found_in_any_case_and_states_its_definition(text: str) -> None:
    found = side(text)
    assert (found.name, found.kind) == ("global_majority", "bloc")
    assert labels(found.arms) == ["BR-13", "KE-13"]
    assert labels(found.controls) == ["KE-30"]
    assert found.countries == ("BR", "KE")
    assert found.members == ("BR", "KE")
    assert (found.definition, found.source, found.date) == ("a test", "here", "2026-01-01")


def test_a_label_comes_before_a_country_of_the_same_name() -> None:
    arms = [Arm("KE", "KE", 30, "none"), *EVERY]
    assert labels(side("KE", arms).arms) == ["KE"]


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="'Mars' is no arm, country or bloc") as caught:
        side("Mars")
    for name in ("KE-30", "DE", "eea", "global_majority_wb"):
        assert name in caught.value.fix
    assert "nowhere" not in caught.value.fix


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [("ke", "KE", "country"), ("Ke", "KE", "country"), ("ke-13", "KE-13", "arm")],
)
def test_a_country_and_an_arm_are_found_in_any_case(text: str, name: str, kind: str) -> None:
    found = side(text)
    assert (found.name, found.kind) == (name, kind)


def test_arms_that_only_differ_in_case_are_taken_as_they_are_written() -> None:
    arms = [Arm("lab", "DE", 13, "none"), Arm("Lab", "KE", 13, "none")]
    assert side("Lab", arms).countries == ("KE",)
    with pytest.raises(UserError, match="'LAB' is no arm, country or bloc"):
        side("LAB", arms)


@pytest.mark.parametrize(
    ("text", "guess"),
    [("Kenya", "KE"), ("germny", "DE"), ("KE13", "KE-13"), ("globalmajority", "global_majority")],
)
def test_a_name_that_is_nearly_right_is_guessed(text: str, guess: str) -> None:
    with pytest.raises(UserError, match="is no arm, country or bloc") as caught:
        side(text)
    assert caught.value.fix.startswith(f"did you mean {guess}? use one of ")


@pytest.mark.parametrize("text", ["Mars", "xx", "zebra"])
def test_what_is_like_no_name_is_not_guessed(text: str) -> None:
    with pytest.raises(UserError, match="is no arm, country or bloc") as caught:
        side(text)
    assert caught.value.fix.startswith("use one of ")


@pytest.mark.parametrize(
    ("text", "arms"), [("nowhere", EVERY), ("FR", EVERY), ("KE-13", EVERY[:3])]
)
def test_a_name_without_sessions_is_refused_with_the_arms_that_have_some(
    text: str, arms: list[Arm]
) -> None:
    with pytest.raises(UserError, match="has no session") as caught:
        side(text, arms)
    assert "DE-13" in caught.value.fix
    assert "record" in caught.value.fix


def test_an_arm_without_sessions_is_refused_with_the_way_to_get_one() -> None:
    with pytest.raises(UserError) as caught:
        side("KE-30", EVERY[:2])
    assert caught.value.fix.startswith("record or import one with `--arm KE-30`; there are")


def test_a_country_with_adults_only_has_nothing_to_compare() -> None:
    with pytest.raises(UserError, match="KE has no sessions of minors"):
        side("KE", [synthetic.ARMS["KE-30"]])


@pytest.mark.parametrize(("a", "b"), [("KE", "global_majority"), ("DE-13", "DE"), ("DE", "DE")])
def test_sides_that_share_an_arm_are_refused(a: str, b: str) -> None:
    with pytest.raises(UserError, match="would stand on both sides"):
        apart(side(a), side(b))


@pytest.mark.parametrize(("a", "b"), [("KE", "DE"), ("DE-13", "DE-30"), ("eea", "global_majority")])
def test_sides_that_share_no_arm_may_be_compared(a: str, b: str) -> None:
    apart(side(a), side(b))


def test_every_name_on_offer_stands_for_a_session() -> None:
    found = names(synthetic.knowledge(), EVERY)
    assert {side(name).sessions > 0 for name in found} == {True}
    assert "FR" not in found

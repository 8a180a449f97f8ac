"""Blocs: in which of their countries something was seen, and whether one of them is all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import synthetic
from synthetic import findings, frames, session, sessions

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.knowledge import Country, load_knowledge
from analyzer.models import Arm, CountryCount, Delta
from reports.answer import Answer, answer
from reports.language import Language
from reports.naming import Names
from reports.reach import is_narrow, reach
from reports.tables import comparison_json, comparison_markdown, deltas_frame
from reports.terminal import print_comparison

N = range(1, 9)
EVERYWHERE = ("DE-13", "FR-13", "BR-13", "KE-13", "PH-13")


@pytest.fixture(autouse=True)
def more_countries(monkeypatch: pytest.MonkeyPatch) -> None:
    for country in ("FR", "PH"):
        arm = Arm(f"{country}-13", country, 13, "accepted")
        monkeypatch.setitem(synthetic.ARMS, arm.label, arm)


def diff(*arms: str, also: tuple[str, ...] = ()) -> Comparison:
    """Compare blocs of two and three countries: of these Waymark gets an ID in `arms`."""
    known = synthetic.knowledge()
    known = replace(
        known,
        blocs={
            **known.blocs,
            "global_majority": replace(
                known.blocs["global_majority"], members=frozenset({"BR", "KE", "PH"})
            ),
        },
        countries={**known.countries, "PH": Country("PH", "PHL", "Philippines", "", "", "", True)},
    )
    rows = [each for arm in arms for each in findings(arm, N)]
    rows += [each for arm in also for each in findings(arm, N, owner="Glint")]
    made = frames(sessions(len(N), *EVERYWHERE), rows)
    return compare(made, synthetic.study(), known, "eea", "global_majority")


def of(found: Comparison, owner: str = "Waymark") -> Delta:
    [row] = [each for each in found.deltas if each.owner == owner]
    return row


def told(found: Comparison) -> Answer:
    return answer(found, Names(found, load_knowledge(), Language("en")))


def test_a_difference_that_one_country_alone_shows_is_marked_in_every_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = diff("PH-13")
    row = of(found)
    assert row.verdict == "only_b"
    assert row.countries == (
        CountryCount("a", "DE", "Germany", 0, 8),
        CountryCount("a", "FR", "France", 0, 8),
        CountryCount("b", "BR", "Brazil", 0, 8),
        CountryCount("b", "KE", "Kenya", 0, 8),
        CountryCount("b", "PH", "Philippines", 8, 8),
    )
    assert row.hinges == ("PH",)
    mark = "only because of Philippines (Brazil 0/8, Kenya 0/8, Philippines 8/8)"
    assert reach(row) == mark
    print_comparison(found)
    assert mark in capsys.readouterr().out
    assert mark in comparison_markdown(found)
    frame = deltas_frame(found)
    assert frame["hinges"].tolist() == ["PH"]
    assert frame["by_country"].tolist() == ["a:DE:0/8 a:FR:0/8 b:BR:0/8 b:KE:0/8 b:PH:8/8"]
    assert json.loads(comparison_json(found))["deltas"][0]["hinges"] == ["PH"]


def test_a_difference_that_most_countries_show_is_not_marked() -> None:
    row = of(diff("BR-13", "KE-13", "PH-13"))
    assert (row.verdict, row.hinges, reach(row)) == ("only_b", (), "")
    assert not is_narrow(row)


def test_sides_of_one_country_have_no_countries_to_name() -> None:
    rows = frames(sessions(8, "DE-13", "KE-13"), findings("KE-13", N))
    found = compare(rows, synthetic.study(), synthetic.knowledge(), "DE", "KE")
    assert (of(found).countries, of(found).hinges, reach(of(found))) == ((), (), "")


def test_without_a_country_too_few_sessions_are_left_to_say_what_hangs_on_it() -> None:
    rows = [session(arm, n) for arm in ("DE-13", "FR-13", "BR-13", "KE-13") for n in range(1, 5)]
    made = frames(rows, [*findings("BR-13", range(1, 5)), *findings("KE-13", range(1, 5))])
    found = compare(made, synthetic.study(), synthetic.knowledge(), "eea", "global_majority")
    assert of(found).verdict == "only_b"
    assert of(found).hinges == ()


def test_the_first_sentence_says_that_all_that_differs_hangs_on_one_country() -> None:
    found = told(diff("PH-13"))
    assert found.kind == "narrow"
    assert "sends more" not in found.sentences[0]
    assert "each of them hangs on one country or few" in found.sentences[0]
    assert "8 of 24 sessions for Brazil (0 of 8), Kenya (0 of 8) and Philippines (8 of 8)" in str(
        found.sentences[0]
    )


def test_what_hangs_on_one_country_is_no_example_where_another_difference_does_not() -> None:
    found = told(diff("PH-13", also=("BR-13", "KE-13", "PH-13")))
    assert found.kind == "different"
    assert found.example is not None
    assert found.example.owner == "Glint"
    assert "for Brazil (8 of 8), Kenya (8 of 8) and Philippines (8 of 8)" in str(found.sentences[0])
    [few] = [each for each in found.facts if each.title == "Few countries"]
    assert (few.value, few.doubtful) == ("1 of 2", True)


def test_how_sure_says_what_the_chance_is_about_and_why_a_side_is_not_compared_with_itself() -> (
    None
):
    found = diff("BR-13", "KE-13", "PH-13")
    assert found.noise.constant
    assert found.noise.enough is None
    assert "so much alike" in found.noise.told
    sure = str(told(found).sentences[1])
    assert "chance between sessions of these phones, accounts and countries" in sure
    assert "too few sessions" not in sure


def test_rows_name_the_checks_that_the_study_does_without() -> None:
    rows = [*sessions(6, "DE-13"), *sessions(6, "KE-13", app_version="2.0")]
    waived = synthetic.study(waive=(("app_version", "nothing changed"),))
    made = frames(rows, findings("KE-13", range(1, 7)))
    found = compare(made, waived, synthetic.knowledge(), "DE", "KE")
    assert deltas_frame(found)["waived"].tolist() == ["app_version"]
    assert deltas_frame(diff("PH-13"))["waived"].tolist() == [""]

"""The head of the page: three sentences that can be quoted alone."""

from __future__ import annotations

from dataclasses import replace

import paging
import pytest
import reporting
import synthetic

from analyzer.comparison import Comparison
from analyzer.models import Arm
from reports.answer import Answer, answer
from reports.flows import flows
from reports.language import Language
from reports.naming import Names


def answered(comparison: Comparison) -> Answer:
    return answer(comparison, Names(comparison, synthetic.knowledge(), Language()))


def test_a_difference_is_told_with_its_plainest_example() -> None:
    found = answered(reporting.sent_only_in_kenya())
    assert found.kind == "different"
    assert found.sentences[0] == (
        "Pebblo sends more from test phones set up for a child in Kenya than from those set up for"
        " a child in Germany: of 3 flows of personal data (one type to one recipient) 1 were seen"
        " only or more often for Kenya, none more often for Germany; most plainly, Waymark received"
        " “id.advertising” in 6 of 6 sessions for Kenya, and in 0 of 6 for Germany."
    )
    assert found.example is not None
    assert found.example.subject == "id.advertising"


def test_differences_both_ways_are_told_as_such() -> None:
    comparison = reporting.sent_only_in_kenya()
    [row] = [row for row in comparison.deltas if row.subject == "id.advertising"]
    back = replace(
        row, id="d1", subject="dev.os", a=row.b, b=row.a, effect=-row.effect, verdict="only_a"
    )
    text = answered(replace(comparison, deltas=(*comparison.deltas, back))).sentences[0]
    assert "does not send the same from test phones set up for a child in Germany and for" in text
    assert "1 were seen more for Germany and 1 more for Kenya" in text


def test_the_second_sentence_says_how_sure_and_what_was_proven() -> None:
    text = answered(paging.everything()).sentences[1]
    assert "at most 5% of what is called a difference is expected to be chance" in text
    assert "0.4% of the rows were called different" in text
    assert "was shown in 0 of 24 sessions" in text
    assert "1 of 3 checks of the method held" in text


def test_the_third_sentence_says_what_was_not_seen() -> None:
    text = answered(paging.everything()).sentences[2]
    assert text.startswith("Not seen: 10% of the bytes for Eea and 100% for Global_Majority passed")
    assert "; of 2 hosts 1 could not be read at all (app.lockstep.example), and" in text
    unseen = answered(replace(paging.everything(), coverage=())).sentences[2]
    assert unseen.startswith("Not seen: no coverage was recorded")


def test_where_nothing_can_be_decided_it_says_so_and_what_would_be_enough() -> None:
    comparison = reporting.one_session_each()
    found = answered(comparison)
    assert found.kind == "undecided"
    assert found.example is None
    assert (
        "cannot tell whether Pebblo treats phones set up for a child in Germany"
        in (found.sentences[0])
    )
    assert f"not one of {len(comparison.deltas)} comparisons could be decided" in found.sentences[0]
    most = max(row.enough or 0 for row in comparison.deltas)
    assert found.sentences[1].startswith(f"With {most} sessions on each side (now 1 and 1)")
    never = tuple(replace(row, enough=None) for row in comparison.deltas)
    text = answered(replace(comparison, deltas=never)).sentences[1]
    assert text.startswith("More sessions alone would not decide all of them")


def test_finding_nothing_is_not_told_as_finding_that_nothing_was_sent() -> None:
    found = answered(reporting.nothing_found())
    assert found.kind == "nothing"
    assert "which is no evidence that none was sent" in found.sentences[0]


def test_no_difference_is_told_with_what_could_not_be_decided() -> None:
    comparison = reporting.sent_only_in_kenya()
    rows = tuple(row for row in comparison.deltas if row.verdict in {"same", "insufficient"})
    found = answered(replace(comparison, deltas=rows))
    assert found.kind == "same"
    assert found.sentences[0].startswith("No difference was found between what Pebblo sends")
    assert (
        "1 are the same on both sides (in shares of sessions, to within 40 percentage points), and"
        " 1 could not be decided" in found.sentences[0]
    )
    assert "lie within 40 points of each other, with 95% confidence" in found.sentences[1]
    assert "chance" not in found.sentences[1]


def test_where_only_signals_differ_the_data_are_not_told_to() -> None:
    comparison = reporting.sent_only_in_kenya()
    rows = tuple(row for row in comparison.deltas if row.kind == "signal" or row.verdict == "same")
    found = answered(replace(comparison, deltas=rows))
    assert found.kind == "signals"
    assert "was not shown to differ, but what it says of the child was" in found.sentences[0]


@pytest.mark.parametrize("change", ["grown", "neighbours"])
def test_the_question_is_asked_only_where_these_sides_can_answer_it(change: str) -> None:
    comparison = reporting.sent_only_in_kenya()
    question = "Does Pebblo treat children the same wherever they live?"
    assert answered(comparison).title == question
    grown = replace(comparison.b, arms=(Arm("KE-30", "KE", 30, "accepted"),))
    other = grown if change == "grown" else replace(comparison.b, countries=("DE",))
    assert answered(replace(comparison, b=other)).title != question


def test_what_weakens_the_answer_is_marked() -> None:
    facts = {str(fact.title): fact for fact in answered(paging.everything()).facts}
    assert facts["Place shown"].doubtful
    assert facts["Checks"].doubtful
    assert not facts["Chance findings"].doubtful
    assert facts["About children"].value == "2 of 2"


def test_a_flow_that_differs_in_one_phase_differs() -> None:
    comparison = paging.everything()
    [flow] = [each for each in flows(comparison) if each.row.subject == "id.advertising"]
    assert flow.verdict == "only_b"
    phases = [row.phase for row in comparison.deltas if row.subject == "id.advertising"]
    assert sorted(phases) == ["launch", "use"]

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import msgspec
import pytest
from feed_audits import audit_of, compared

from analyzer.feed.measures.records import (
    CodersFigure,
    CodersRule,
    Figure,
    MeasureName,
    Reason,
    ReasonCode,
)
from analyzer.statistics import Interval
from reports.feed import told
from reports.feed.figures import Figures, turned
from reports.feed.view import FeedView, RowView, view
from reports.language import LANGUAGES, Language


def row_of(found: FeedView, measure: str, names: str, *, last: bool = False) -> RowView:
    rows = [
        row
        for group in found.groups
        for row in group.rows
        if row.row.measure == measure and f"{row.row.left} {row.row.right}" == names
    ]
    return rows[-1] if last else rows[0]


def test_every_measure_reason_and_verdict_has_words() -> None:
    for measure in get_args(MeasureName):
        assert told.measure(measure)
        assert told.short(measure)
        assert told.meaning(measure)
        assert told.UNITS[measure] in get_args(told.Unit)
        for code in get_args(ReasonCode):
            for need in (7, None):
                sentence = Figures().reason(Reason(code, 0.5, need), measure)
                assert "{" not in sentence
                assert sentence.endswith(".")
    assert set(told.CAUSES) == set(get_args(ReasonCode))


def test_reasons_say_what_there_is_and_what_would_be_enough() -> None:
    figures = Figures()
    assert "4. Needed: 6." in figures.reason(Reason("few_accounts", 4, 6), "share")
    assert "coded 69%; 80% are" in figures.reason(Reason("coverage", 0.69, 0.8), "share")
    assert "27 accounts in each" in figures.reason(Reason("chance", 0.37, 27), "share")
    assert "would not be enough" in figures.reason(Reason("chance", 0.37, None), "share")
    # Of times nobody works out how many accounts would do: nothing is said of 1000.
    assert "more accounts could tell" in figures.reason(Reason("chance", 0.37, None), "onset")


def test_the_lead_tells_share_and_times_with_the_joint_intervals() -> None:
    comparison = compared()
    found = view(audit_of(comparison))
    row = next(each for each in comparison.rows if each.headline)
    share = next(each for each in comparison.figures if each.joint)
    lead = found.headlines[0].lead
    assert row.joint
    assert share.joint
    assert row.effect
    assert f"{share.joint.low:.0%}" in lead
    assert f"{share.joint.high:.0%}" in lead
    assert f"{row.effect:.0f} times [{row.joint.low:.1f}, {row.joint.high:.0f}]" in lead
    assert found.headlines[0].decided


def test_a_newspaper_could_print_the_lead() -> None:
    audit = audit_of(compared())
    harmful = tuple(sorted(audit.protocol.codebook.harmful))
    found = view(replace(audit, comparison=replace(audit.comparison, positive=harmful)))
    for each, side in zip(found.headlines, ("Kenya", "United States of America"), strict=True):
        assert each.lead.startswith(f"{side}, hour 6 of feed time: ")
        assert each.lead.count(". ") == 0
        without_intervals = re.sub(r"\[[^]]*\]", "", each.lead)
        assert len(without_intervals.removeprefix(side).split()) <= 26


def test_one_account_is_not_told_as_several() -> None:
    found = view(audit_of(compared(each=1)))
    sentences = [
        *(each.lead for each in found.headlines),
        *(one for each in found.headlines for one in each.more),
        *(each.note for each in found.table if each.note),
        *found.limits,
        *found.contrast,
    ]
    assert any("1 of 1" in each for each in sentences)
    assert not any(re.search(r"\b1 (?!000)[a-z ]*(accounts|items)\b", each) for each in sentences)


def test_large_numbers_have_their_thousands_apart() -> None:
    audit = audit_of(compared())
    assert audit.agreement
    many = replace(
        audit, agreement=msgspec.structs.replace(audit.agreement, both=14328, items=21768)
    )
    assert "14,328 of 21,768" in view(many).agreement[0]
    for code, number in (("de", "14.328"), ("sw", "14,328"), ("fil", "14,328")):
        language = Language(code)
        assert number in language.tell(view(many, language).agreement[0])


def test_the_sentences_name_the_reason_where_nothing_is_decided() -> None:
    found = view(audit_of(compared(each=4, uncoded=0.3)))
    for each in found.headlines:
        assert not each.decided
        assert "not decided" in each.lead
        assert any("Needed: 6" in sentence for sentence in each.more)
        assert any("Were none of the items that nobody coded" in one for one in each.more)
        assert any("no interval" in sentence for sentence in each.more)
    assert any("Nobody has coded 30%" in sentence for sentence in found.limits)


def test_a_null_recommender_is_not_said_to_amplify() -> None:
    found = view(audit_of(compared(amplified=1.0)))
    assert not any("times" in each.lead for each in found.headlines)


def test_rows_inside_a_side_go_from_controls_to_those_with_an_interest() -> None:
    found = view(audit_of(compared()))
    row = row_of(found, "share", "KE seeded KE control")
    assert row.before
    assert row.after
    assert row.names[0] == "Kenya, control accounts"
    assert float(str(row.before.value).rstrip("%")) < float(str(row.after.value).rstrip("%"))
    assert row.mark == "+"
    assert row.told == "more"
    onset = row_of(found, "onset", "KE seeded KE control")
    assert onset.before is not None
    assert onset.before.value == "not reached"
    assert onset.told == "sooner"
    assert onset.before.note == "Accounts that did not get there: 8 of 8."


def test_rows_between_sides_are_turned_from_a_to_b() -> None:
    comparison = compared()
    lopsided = replace(
        comparison,
        rows=tuple(
            replace(each, effect=4.0, interval=Interval(2.0, 10.0), verdict="higher", reasons=())
            if (each.measure, each.left, each.right) == ("share", "KE seeded", "US seeded")
            else each
            for each in comparison.rows
        ),
    )
    row = row_of(view(audit_of(lopsided)), "share", "KE seeded US seeded")
    assert row.names[0].startswith("Kenya")
    assert row.change.endswith("0.25")
    assert row.interval == "[\u00d70.10, \u00d70.50]"
    assert (row.mark, row.told, row.verdict) == ("-", "less", "lower")


def test_turning_twice_gives_the_interval_back() -> None:
    for held in (Interval(0.5, 4.0), Interval(-3.0, float("inf"))):
        for time in (True,) if held.low < 0 else (True, False):
            assert turned(turned(held, time=time), time=time) == held


def test_what_nothing_bounds_is_not_written_as_a_number() -> None:
    figures = Figures()
    assert figures.interval("onset", Interval(21_600.0, float("inf"))) == "[6 h, …]"
    assert figures.interval("onset", Interval(0.0, float("inf"))) == ""
    assert figures.change_interval("onset", Interval(float("-inf"), -60.0)) == "[…, \u221260 s]"
    assert figures.change_interval("share", Interval(0.0, float("inf"))) == ""


def test_amplifications_stand_beside_each_other() -> None:
    row = row_of(view(audit_of(compared())), "amplification", "KE seeded US seeded")
    assert row.before
    assert row.after
    assert str(row.before.value).startswith("\u00d7")
    assert str(row.after.value).startswith("\u00d7")


def test_without_controls_the_limit_is_told_and_nothing_is_compared() -> None:
    comparison = compared()
    alone = replace(
        comparison,
        coverage=tuple(each for each in comparison.coverage if each.role == "seeded"),
        figures=tuple(each for each in comparison.figures if each.role == "seeded"),
        rows=tuple(each for each in comparison.rows if "control" not in each.left + each.right),
    )
    found = view(audit_of(alone))
    assert sum("no control accounts" in each for each in found.limits) == 2
    assert found.headlines[0].lead.endswith("shown was of the measured categories.")


def test_an_arm_without_coded_items_says_so() -> None:
    comparison = compared()

    def empty(each: Figure) -> Figure:
        return replace(each, value=None, joint=None, possible=None)

    nothing = replace(comparison, figures=tuple(map(empty, comparison.figures)))
    lead = view(audit_of(nothing)).headlines[0].lead
    assert lead == "Kenya, accounts with an interest: in no account were enough items coded."


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_writes_its_own_numbers(code: str) -> None:
    language = Language(code)
    found = view(audit_of(compared()), language)
    assert language.tell(found.title)
    assert found.sides[0] == language.country("KE")
    text = " ".join(language.tell(each.lead) for each in found.headlines)
    assert language.percent(0.482).strip("\u2066\u2069") in text
    assert "\u2066\u2066" not in text
    categories = language.tell(found.meaning)
    assert ("Contenido depresivo" in categories) == (code == "es")


def test_one_coder_alone_is_a_limit() -> None:
    found = view(replace(audit_of(compared()), agreement=None))
    assert "No item was coded by two people" in found.agreement[0]


def test_accounts_that_a_rule_stopped_are_a_limit() -> None:
    comparison = compared()
    assert not any("a rule stopped" in each for each in view(audit_of(comparison)).limits)
    first = replace(comparison.accounts[0], stopped="positive_in_a_row")
    stopped = replace(comparison, accounts=(first, *comparison.accounts[1:]))
    limits = view(audit_of(stopped)).limits
    assert any("stopped for what they were shown: 1." in each for each in limits)


def test_what_is_measured_is_called_harmful_only_where_the_codebook_does() -> None:
    audit = audit_of(compared())
    assert "was of the measured categories" in view(audit).headlines[0].lead
    harmful = tuple(sorted(audit.protocol.codebook.harmful))
    told = view(replace(audit, comparison=replace(audit.comparison, positive=harmful)))
    assert "was potentially harmful" in told.headlines[0].lead
    assert "potentially harmful" in told.meaning


def test_what_each_rule_of_coders_would_make_of_it_is_told_where_it_matters() -> None:
    comparison = compared()

    def of(rule: CodersRule, share: float, times: float | None) -> CodersFigure:
        held = Interval(0.0, 1.0)
        return CodersFigure(rule, "KE", "seeded", 5, share, held, 0.05, times, None)

    for times in (9.0, None):
        coders = (of("all", 0.45, times), of("any", 0.55, times))
        sentences = view(audit_of(replace(comparison, coders=coders))).agreement
        assert any("45%" in each and "55%" in each for each in sentences)
        assert any("\u00d79.0" in each for each in sentences) == (times is not None)
    alike = (of("all", 0.45, 9.0), of("any", 0.451, 9.0))
    quiet = view(audit_of(replace(comparison, coders=alike))).agreement
    assert len(quiet) == len(view(audit_of(comparison)).agreement)

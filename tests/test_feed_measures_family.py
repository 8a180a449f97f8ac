"""Rows that have no verdict are tests among the others, and make none of these easier to pass."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.feed.measures import verdicts as judging
from analyzer.feed.measures.permuting import Exchange
from analyzer.feed.measures.records import FeedRow, FeedSettings, Reason, ReasonCode
from analyzer.statistics import Interval

SETTINGS = FeedSettings()
ABOVE = Interval(2.0, 4.0)  # of an effect that is above 1


def row_of(p: float, *reasons: ReasonCode, worst: Interval | None = None) -> judging.Tested:
    row = FeedRow(
        measure="share",
        window=0,
        left="KE seeded",
        right="KE control",
        headline=False,
        effect=3.0,
        interval=ABOVE,
        joint=None,
        possible=None,
        p=p,
        q=1.0,
        exact=True,
        verdict="insufficient",
        reasons=tuple(Reason(each, 0, 1) for each in reasons),
    )
    reading = None if worst is None else lambda _: worst
    return judging.Tested(row, Exchange(p, 0.0001, True), 1.0, None, reading, 0.9, stepwise=False)


def verdicts(rows: Sequence[judging.Tested]) -> list[str]:
    return [each.verdict for each in judging.judged(rows, SETTINGS)]


def codes(row: FeedRow) -> list[str]:
    return [each.code for each in row.reasons]


def test_a_row_without_a_verdict_makes_no_other_easier_to_pass() -> None:
    weak = [row_of(0.03), row_of(0.9)]
    assert verdicts(weak) == ["insufficient"] * 2  # its q is 0.06
    for refused in (
        row_of(0.0001, "few_accounts"),
        row_of(0.0001, worst=Interval(0.5, 9.0)),
    ):
        found = judging.judged([*weak, *[refused] * 6], SETTINGS)
        assert [each.verdict for each in found] == ["insufficient"] * 8
        assert codes(found[0]) == ["chance"]
        assert found[0].q > 0.06
    # Those that have one do so, as Benjamini and Hochberg want it.
    assert verdicts([*weak, *[row_of(0.0001)] * 6]) == ["higher", "insufficient", *["higher"] * 6]


def test_a_gate_of_the_audit_is_a_reason_like_any_other() -> None:
    rows = [row_of(0.03), row_of(0.9), *[row_of(0.0001)] * 6]

    def gate(row: FeedRow) -> list[Reason]:
        return [Reason("region", 1, 0)] if row.p < 0.001 else []

    found = judging.judged(rows, SETTINGS, gate)
    assert [each.verdict for each in found] == ["insufficient"] * 8
    assert [codes(each) for each in found] == [["chance"], ["chance"], *[["region"]] * 6]


def test_a_gate_may_look_at_the_verdict() -> None:
    def gate(row: FeedRow) -> list[Reason]:
        return [Reason("agreement", 0.5, 0.8)] if row.verdict == "higher" else []

    found = judging.judged([row_of(0.001), row_of(0.9)], SETTINGS, gate)
    assert [codes(each) for each in found] == [["agreement"], ["chance"]]


def test_what_a_row_without_a_verdict_is_worth_by_itself_stays_told() -> None:
    found = judging.judged([row_of(0.001, "few_accounts"), row_of(0.9)], SETTINGS)
    assert found[0].q == 0.002

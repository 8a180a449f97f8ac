"""Do minors of two sides differ by more than adults do: a row of its own, in the same family."""

from __future__ import annotations

from typing import Any

import pytest
import synthetic
from synthetic import blind, findings, frames, session, sessions

from analyzer.compare import compare
from analyzer.comparison import Comparison
from analyzer.models import Contrast

FOUR = ("DE-13", "DE-30", "KE-13", "KE-30")
N = 8
EVERY = range(1, N + 1)
Row = dict[str, object]


def diff(rows: list[Row], coverage: list[Row] | None = None, n: int = N, **more: Any) -> Comparison:
    made = frames(more.get("recorded") or sessions(n, *FOUR), rows, coverage=coverage or [])
    return compare(made, synthetic.study(), synthetic.knowledge(), "DE", "KE")


def only(found: Comparison) -> Contrast:
    [row] = found.deltas
    assert row.contrast is not None
    return row.contrast


def test_what_only_minors_of_one_side_send_goes_beyond_adults() -> None:
    found = only(diff(findings("KE-13", EVERY)))
    assert (found.effect, found.verdict, found.reason) == (-1.0, "more_b", "")
    assert found.p <= found.q <= 0.05
    adults = only(diff([*findings("KE-13", EVERY), *findings("KE-30", EVERY)]))
    assert (adults.effect, adults.p, adults.verdict) == (0.0, 1.0, "insufficient")


def test_where_all_do_the_same_minors_differ_as_adults_do() -> None:
    rows = [row for arm in FOUR for row in findings(arm, range(1, 17))]
    assert only(diff(rows, n=16)).verdict == "same"
    assert only(diff([row for arm in FOUR for row in findings(arm, EVERY)])).verdict in {
        "same", "insufficient",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arm", "stands"), [("DE-13", False), ("DE-30", True), ("KE-13", True), ("KE-30", False)]
)
def test_what_could_not_be_read_of_minors_or_adults_may_explain_it(arm: str, stands: bool) -> None:
    hidden = [blind(f"{arm}-r{number:02d}", refused=1) for number in EVERY]
    found = only(diff(findings("KE-13", EVERY), hidden))
    assert found.verdict == ("more_b" if stands else "insufficient")
    assert ("where it could not be read" in found.reason) is not stands


def test_sides_that_are_the_same_only_where_nothing_was_hidden_are_not_called_so() -> None:
    rows = [row for arm in FOUR[:1] for row in findings(arm, [1])]
    hidden = [blind(f"KE-30-r{number:02d}", refused=1) for number in range(1, 17)]
    assert only(diff(rows, n=16)).verdict == "same"
    assert only(diff(rows, hidden, n=16)).verdict == "insufficient"


def test_few_adults_or_a_gate_that_fails_keep_it_from_a_conclusion() -> None:
    few = [*sessions(N, "DE-13", "KE-13"), *sessions(2, "DE-30", "KE-30")]
    found = only(diff(findings("KE-13", EVERY), recorded=few))
    assert found.verdict == "insufficient"
    assert found.reason.startswith("too few sessions of adults: Germany has 2, Kenya has 2")
    other = [
        *sessions(N, "DE-13", "DE-30", "KE-30"),
        *(session("KE-13", number, app_version="2.0") for number in EVERY),
    ]
    barred = only(diff(findings("KE-13", EVERY), recorded=other))
    assert barred.verdict == "insufficient"
    assert "The version of the app" in barred.reason


def test_contrasts_are_of_the_one_family_of_the_report() -> None:
    """Rows of which minors say nothing new cost something where their adults can differ."""
    rows = [
        row
        for place, kind in enumerate(("dev.model", "ad.interest", "id.advertising"))
        for arm in FOUR
        for row in findings(arm, range(1 + place, N, 2), data_type=kind)
    ]
    declared = findings("KE-13", EVERY, owner="Glint")
    with_adults = diff([*rows, *declared])
    minors = [each for each in sessions(N, *FOUR) if each["age"] == 13]
    ids = {each["id"] for each in minors}
    alone = diff([each for each in [*rows, *declared] if each["session"] in ids], recorded=minors)
    [row] = [each for each in with_adults.deltas if each.owner == "Glint"]
    [same] = [each for each in alone.deltas if each.owner == "Glint"]
    assert row.p == same.p
    assert row.q > same.q


def test_adults_who_cannot_be_compared_keep_it_from_a_conclusion() -> None:
    other = [
        *sessions(N, "DE-13", "DE-30", "KE-13"),
        *(session("KE-30", number, app_version="0.1") for number in EVERY),
    ]
    found = diff(findings("KE-13", EVERY), recorded=other)
    assert found.deltas[0].verdict == "only_b"
    assert only(found).verdict == "insufficient"
    assert "1.0 for adults of Germany, 0.1 for adults of Kenya" in only(found).reason


def test_the_adults_that_could_not_be_read_are_named() -> None:
    hidden = [blind(f"KE-30-r{number:02d}", refused=1) for number in EVERY]
    assert only(diff(findings("KE-13", EVERY), hidden)).reason == (
        "in 8 of 8 sessions of adults of Kenya it may have been sent where it could not be read; if"
        " so, the sides do not differ"
    )


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"app_version": "0.1"}, "The version of the app"),
        ({"device": "iPad"}, "phones of the same kind"),
        ({"policy": ["QUIC refused"]}, "did the same to the traffic"),
        ({"started": "2026-11-05T10:00:00Z", "ended": "2026-11-05T10:00:20Z"}, "equally long"),
        ({"started": "2026-05-01T10:00:00Z", "ended": "2026-05-01T10:05:00Z"}, "in turns"),
    ],
)
def test_adults_recorded_otherwise_than_the_minors_beside_them_explain_nothing(
    change: Row, told: str
) -> None:
    recorded = [*sessions(N, "DE-13", "KE-13"), *sessions(N, "DE-30", "KE-30", **change)]
    found = diff(findings("KE-13", EVERY), recorded=recorded)
    assert found.deltas[0].verdict == "only_b"
    assert only(found).verdict == "insufficient"
    assert told in only(found).reason
    warnings = [each for each in found.warnings if "minors differ more than adults" in each]
    assert len(warnings) == 2  # of either side
    assert all(told in each for each in warnings)
    fine = diff(findings("KE-13", EVERY))
    assert not [each for each in fine.warnings if "minors differ more than adults" in each]

"""The comparison of two sides, from frames to rows, and the laws that it obeys."""

from __future__ import annotations

import pytest
import synthetic
from synthetic import blind, finding, findings, frames, session, sessions, signal

from analyzer.compare import compare, delta_id
from analyzer.compare.presence import Key
from analyzer.comparison import Comparison
from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.models import Count, Delta

Row = dict[str, object]
FOUR = ("DE-13", "KE-13", "DE-30", "KE-30")


def diff(found: Frames, a: str = "DE", b: str = "KE", **bounds: float) -> Comparison:
    return compare(found, synthetic.study(**bounds), synthetic.knowledge(), a, b)


def row(comparison: Comparison, subject: str, owner: str = "Waymark", state: str = "") -> Delta:
    [found] = [
        delta
        for delta in comparison.deltas
        if (delta.subject, delta.owner, delta.state) == (subject, owner, state)
    ]
    return found


def test_sessions_are_counted_and_requests_are_not() -> None:
    often = [finding("KE-13-r01", id=f"f{number}", exchange=str(number)) for number in range(50)]
    found = row(diff(frames(sessions(6, "DE-13", "KE-13"), often)), "id.advertising")
    assert (found.a, found.b) == (Count(0, 6), Count(1, 6))


def test_what_only_one_side_sends_is_a_difference() -> None:
    found = diff(frames(sessions(6, *FOUR), findings("KE-13", range(1, 7))))
    delta = row(found, "id.advertising")
    assert (delta.verdict, delta.a, delta.b) == ("only_b", Count(0, 6), Count(6, 6))
    assert delta.effect == -1.0
    assert delta.p == pytest.approx(2 / 924)
    assert delta.hosts == ("app.waymark.example",)
    assert delta.examples == ("f-KE-13-r01-Waymark-id.advertising",)
    assert [(tally.verdict, tally.rows) for tally in found.tallies] == [("only_b", 1)]


def test_every_example_has_its_evidence() -> None:
    rows = [*findings("KE-13", range(1, 7)), *findings("DE-13", range(1, 4))]
    signals = [signal("DE-13-r01", "protective")]
    found = diff(frames(sessions(6, *FOUR), rows, signals=signals))
    named = {example for delta in found.deltas for example in delta.examples}
    assert {each.id for each in found.evidence} == named
    first = next(each for each in found.evidence if each.kind == "data")
    assert (first.side, first.arm, first.shape) == ("a", "DE-13", "uuid")
    assert first.steps == ("form",)
    assert next(each for each in found.evidence if each.kind == "signal").shape == "1"


def test_phases_are_counted_apart() -> None:
    rows = [*findings("KE-13", [1], phase="before consent"), *findings("KE-13", [1, 2])]
    found = diff(frames(sessions(6, "DE-13", "KE-13"), rows))
    assert [(each.phase, each.b.k) for each in found.deltas] == [("before consent", 1), ("use", 2)]


def test_signals_are_counted_by_what_they_say() -> None:
    signals = [signal(f"DE-13-r0{number}", "protective") for number in range(1, 7)]
    signals += [signal(f"KE-13-r0{number}", "non_protective") for number in range(1, 7)]
    found = diff(frames(sessions(6, "DE-13", "KE-13"), signals=signals))
    assert row(found, "adjust.ff_coppa", state="protective").verdict == "only_a"
    assert row(found, "adjust.ff_coppa", state="non_protective").verdict == "only_b"
    assert {each.kind for each in found.deltas} == {"signal"}


def test_a_privacy_signal_is_not_more_data_collected() -> None:
    rows = findings("KE-13", range(1, 7), data_type="ad.privacy_signal")
    assert diff(frames(sessions(6, "DE-13", "KE-13"), rows)).deltas == ()


def test_one_imported_session_for_each_side_never_makes_a_claim() -> None:
    rows = [*findings("KE-13", [1]), *findings("DE-13", [1], data_type="dev.model")]
    found = diff(frames(sessions(1, "DE-13", "KE-13", origin="har", egress=""), rows))
    assert {each.verdict for each in found.deltas} == {"insufficient"}
    assert {each.reason for each in found.deltas} == {
        "too few sessions: Germany has 1, Kenya has 1, and each side needs 5"
    }
    assert [each.enough for each in found.deltas] == [5, 5]
    assert {(each.a.n, each.b.n) for each in found.deltas} == {(1, 1)}


def test_an_incomplete_session_is_blind_for_everyone() -> None:
    cut = [session("DE-13", number, complete=number > 3) for number in range(1, 7)]
    found = diff(frames(cut + sessions(6, "KE-13"), findings("KE-13", range(1, 7))))
    delta = row(found, "id.advertising")
    assert delta.verdict == "insufficient"
    assert "in 3 of 6 sessions of Germany it may have been sent" in delta.reason
    assert found.blind_spots[0].reasons == ("3 sessions were not recorded to the end",)
    assert any("were not recorded to their end" in warning for warning in found.warnings)


@pytest.mark.parametrize("what", ["refused", "unread_up", "opaque", "cut", "pin_suspected", "lost"])
def test_what_could_not_be_read_of_an_owner_can_hide_a_difference(what: str) -> None:
    coverage = [blind(f"DE-13-r0{number}", **{what: 1}) for number in range(1, 5)]
    rows = [*findings("KE-13", range(1, 7)), *findings("KE-13", range(1, 7), owner="Glint")]
    found = diff(frames(sessions(6, "DE-13", "KE-13"), rows, coverage=coverage))
    assert row(found, "id.advertising").verdict == "insufficient"
    assert row(found, "id.advertising", "Glint").verdict == "only_b"
    assert [(spot.owner, spot.k, spot.n) for spot in found.blind_spots] == [("Waymark", 4, 6)]


@pytest.mark.parametrize("what", ["opaque_down", "cut_down"])
def test_an_answer_that_could_not_be_read_hides_signals_and_no_data(what: str) -> None:
    coverage = [blind(f"DE-13-r0{number}", **{what: 1}) for number in range(1, 5)]
    signals = [signal(f"KE-13-r0{number}", "protective") for number in range(1, 7)]
    rows = findings("KE-13", range(1, 7))
    found = diff(frames(sessions(6, "DE-13", "KE-13"), rows, signals=signals, coverage=coverage))
    assert row(found, "id.advertising").verdict == "only_b"
    assert row(found, "adjust.ff_coppa", state="protective").verdict == "insufficient"


def test_hosts_without_an_owner_are_blind_by_site() -> None:
    coverage = [blind(f"DE-13-r0{n}", "Glint", refused=1) | {"owner": ""} for n in range(1, 5)]
    rows = [
        *findings("KE-13", range(1, 7), owner="", site="glint.example"),
        *findings("KE-13", range(1, 7), owner="", site="else.example", data_type="dev.model"),
    ]
    found = diff(frames(sessions(6, "DE-13", "KE-13"), rows, coverage=coverage))
    assert row(found, "id.advertising", "").verdict == "insufficient"
    assert row(found, "dev.model", "").verdict == "only_b"


def test_reading_everything_is_no_blind_spot() -> None:
    coverage = [blind("DE-13-r01", exchanges=9, bytes_up=100), blind("DE-13-r02", exchanges=1)]
    found = diff(frames(sessions(6, "DE-13", "KE-13"), coverage=coverage))
    assert found.blind_spots == ()
    assert [(each.k, each.n, each.exchanges) for each in found.coverage] == [(2, 6, 10)]


def test_adults_take_out_what_is_due_to_the_region() -> None:
    rows = [
        *findings("KE-13", range(1, 7)), *findings("KE-30", range(1, 7)),
        *findings("DE-30", range(1, 7)),
    ]  # fmt: skip
    contrast = row(diff(frames(sessions(6, *FOUR), rows)), "id.advertising").contrast
    assert contrast is not None
    assert (contrast.adult_a, contrast.adult_b) == (Count(6, 6), Count(6, 6))
    assert contrast.effect == -1.0
    assert contrast.high < 0
    everywhere = rows + findings("DE-13", range(1, 7))
    same = row(diff(frames(sessions(6, *FOUR), everywhere)), "id.advertising").contrast
    assert same is not None
    assert same.effect == 0
    assert same.low < 0 < same.high


def test_without_adults_on_both_sides_there_is_no_contrast() -> None:
    found = frames(sessions(6, "DE-13", "KE-13", "KE-30"), findings("KE-13", range(1, 7)))
    assert row(diff(found), "id.advertising").contrast is None


def test_a_session_in_another_country_than_it_claims_is_left_out() -> None:
    rows = [session("DE-13", number, egress="NL" if number < 3 else "DE") for number in range(1, 7)]
    found = diff(frames(rows + sessions(6, "KE-13"), findings("KE-13", range(1, 7))))
    delta = row(found, "id.advertising")
    assert (delta.a.n, delta.verdict) == (4, "insufficient")
    assert [each.session for each in found.excluded] == ["DE-13-r01", "DE-13-r02"]
    assert "its traffic left from NL, but its arm is in DE" in found.warnings[0]


def test_a_changed_capture_is_named_in_every_comparison() -> None:
    left_out = (("KE-13-r09", "capture.sqlite was changed after the session was closed"),)
    found = diff(frames(sessions(6, "DE-13", "KE-13"), excluded=left_out))
    assert found.excluded[0].session == "KE-13-r09"
    assert found.warnings[0].startswith("Left out: KE-13-r09, because capture.sqlite was changed")


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"app_version": "2.0"}, "The version of the app is not the same on both sides"),
        ({"phases": ["use", "more"]}, "The list of steps is not the same"),
        ({"origin": "har"}, "The way of recording is not the same"),
        ({"consent": "refused"}, "The consent differs too"),
        ({"age": 16}, "The declared age differs too: 13 for Germany, 16 for Kenya"),
        ({"tools": [["mitmproxy", "12.0"]]}, "The version of mitmproxy is not the same"),
        ({"mode": "wireguard"}, "The way of recording is not the same"),
        ({"policy": ["QUIC refused"]}, "The recorder's policy is not the same"),
        ({"egress": "disputed"}, "The region of 6 of 6 sessions of Kenya is disputed"),
        ({"ended": "2026-11-30T10:00:00Z"}, "The sessions are not equally long"),
        ({"block": "other"}, "No time block has sessions of both Germany and Kenya"),
    ],
)
def test_what_differs_beside_the_sides_is_said_loudly(change: Row, warning: str) -> None:
    clean = diff(frames(sessions(6, "DE-13", "KE-13")))
    assert clean.warnings == ()
    changed = diff(frames([*sessions(6, "DE-13"), *sessions(6, "KE-13", **change)]))
    assert [each for each in changed.warnings if warning in each]


def test_minor_against_adult_is_no_reason_for_a_warning() -> None:
    assert diff(frames(sessions(6, "DE-13", "DE-30")), "DE-13", "DE-30").warnings == ()


def test_the_noise_floor_splits_each_side_and_arm_at_random() -> None:
    rows = [*findings("KE-13", [1, 3, 5]), *findings("DE-13", range(1, 7))]
    noise = diff(frames(sessions(6, "DE-13", "KE-13"), rows)).noise
    by_name = {(each.kind, each.name): each for each in noise.arms}
    kenya, germany = by_name["arm", "KE-13"], by_name["side", "Germany"]
    assert (kenya.rows, kenya.n_a, kenya.n_b, kenya.splits, kenya.every) == (1, 3, 3, 20, True)
    assert (kenya.largest, kenya.called, kenya.possible) == (1.0, 0.0, False)
    assert (germany.rows, germany.mean, germany.same) == (1, 0.0, 0.0)
    assert (noise.called, noise.largest, noise.possible) == (0.0, 1.0, False)
    assert (noise.rows, noise.found) == (1, 0)


def test_arms_of_the_same_region_are_compared_with_each_other() -> None:
    arm = {"country": "KE", "egress": "KE"}
    again = [session("BR-13", number, **arm) for number in range(1, 9)]
    rows = findings("KE-13", range(1, 9))
    found = diff(frames([*sessions(8, "DE-13", "KE-13"), *again], rows))
    [apart] = [each for each in found.noise.arms if each.kind == "duplicate"]
    assert (apart.name, apart.n_a, apart.n_b) == ("BR-13 / KE-13", 8, 8)
    assert (apart.called, apart.largest, apart.possible) == (1.0, 1.0, True)


def test_the_headline_is_judged_again_under_the_other_definition_of_the_bloc() -> None:
    rows = findings("KE-13", range(1, 7))
    found = diff(frames(sessions(6, "DE-13", "KE-13", "BR-13"), rows), "eea", "global_majority")
    [other] = [each for each in found.sensitivities if each.kind == "bloc"]
    assert row(found, "id.advertising").b == Count(6, 12)
    assert (other.which, other.name, other.reason) == ("b", "global_majority_wb", "")
    assert other.side is not None
    assert other.side.sessions == 6
    assert [(each.verdict, each.alternative) for each in other.changed] == [
        ("insufficient", "only_b")
    ]
    assert found.b.definition == "a test"


def test_an_alternative_without_sessions_says_so() -> None:
    found = diff(frames(sessions(6, "DE-13", "BR-13")), "global_majority", "eea")
    [other] = [each for each in found.sensitivities if each.kind == "bloc"]
    assert (other.which, other.side, other.tallies) == ("a", None, ())
    assert "has no sessions" in other.reason


def test_verified_law_is_attached_to_what_advertising_uses() -> None:
    rows = [
        *findings("KE-13", range(1, 7), purpose=""),
        *findings("KE-13", range(1, 7), purpose="", data_type="dev.model"),
        *findings("KE-13", range(1, 7), purpose="advertising", data_type="dev.model", owner="B"),
    ]
    found = diff(frames(sessions(6, "DE-13", "KE-13"), rows))
    assert row(found, "id.advertising").law == ("dpa", "dsa")
    assert row(found, "dev.model").law == ()
    assert row(found, "dev.model", "B").law == ("dpa", "dsa")


def test_who_received_something_is_listed_with_purpose_and_hosts() -> None:
    rows = [finding("KE-13-r01"), finding("DE-30-r01", "Glint")]
    found = diff(frames(sessions(6, *FOUR), rows))
    assert [(each.owner, each.purposes) for each in found.recipients] == [
        ("Waymark", ("attribution",))
    ]


def test_problems_and_sessions_are_listed_by_side() -> None:
    problem: Row = {
        "session": "KE-13-r02", "host": "h", "exchange": "1", "stage": "decode",
        "code": "bomb", "detail": "",
    }  # fmt: skip
    found = diff(frames(sessions(2, *FOUR), problems=[problem, problem]))
    [count] = found.problems
    assert (count.side, count.code, count.count, count.sessions) == ("b", "bomb", 2, 1)
    assert [(each.side, each.role) for each in found.sessions] == [
        ("a", "compared"), ("a", "compared"), ("a", "control"), ("a", "control"),
        ("b", "compared"), ("b", "compared"), ("b", "control"), ("b", "control"),
    ]  # fmt: skip
    assert {each.seconds for each in found.sessions} == {300.0}


def test_sides_that_cannot_be_compared_are_refused() -> None:
    found = frames(sessions(2, *FOUR))
    for a, b in (("KE", "global_majority"), ("DE-13", "eea"), ("DE", "Mars")):
        with pytest.raises(UserError):
            diff(found, a, b)


def test_a_study_without_findings_compares_to_nothing() -> None:
    found = diff(frames(sessions(6, "DE-13", "KE-13")))
    assert (found.deltas, found.tallies, found.evidence) == ((), (), ())


def test_the_id_of_a_row_depends_on_the_sides_and_the_row() -> None:
    key = Key("data", "Waymark", "third", "id.advertising", "", "use")
    found = row(diff(frames(sessions(6, *FOUR), findings("KE-13", [1]))), "id.advertising")
    assert found.id == delta_id("DE", "KE", key)
    assert found.id != delta_id("KE", "DE", key)

"""An explanation on the terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import reporting
from reporting import HOSTILE

from analyzer.explanation import (
    Check,
    DeltaTrail,
    Explanation,
    GateTrail,
    RecipientTrail,
    Trail,
)
from analyzer.extract.shapes import visible
from analyzer.magnitudes import MagnitudeTrail, SessionValue
from reports import words
from reports.explained import print_explanation

Show = Callable[[Explanation], str]
TRAIL = Trail(
    id="f3a9c01b22e",
    kind="data",
    session="KE-13-r01-20261122T101500Z-3fa9c1",
    arm="KE-13",
    country="KE",
    age=13,
    consent="accepted",
    phase="launch",
    exchange="4",
    t_s=1.25,
    at="2026-11-22T10:15:01.250Z",
    capture="ab" * 32,
    request="POST https://app.waymark.example/session?v={int}",
    transport="h2",
    status=200,
    request_bytes=120,
    response_bytes=2,
    part="body",
    path="device.id",
    steps=("form", "base64", "json"),
    layers=(120, 88),
    subject="id.advertising",
    meaning="The advertising ID",
    verdict="",
    shape="uuid",
    digest="00ff00ff00ff00ff00ff00ff",
    transformed="sha256",
    method="rule",
    confidence=100,
    rule_id="waymark/session#advertising_id",
    reason="its documentation",
    source="https://waymark.example/docs",
    grade="S",
    verified=True,
    host="app.waymark.example",
    site="waymark.example",
    owner="Waymark",
    owner_reason="trackers/waymark.yaml",
    party="third",
    party_reason="study.toml does not list it as the app's own",
    purpose="attribution",
    check=Check(True, "the capture gives the same digest"),
)
SIGNAL = replace(
    TRAIL,
    id="s3a9c01b22e",
    kind="signal",
    subject="openrtb.regs_coppa",
    verdict="non_protective",
    shape="0",
    digest="",
    transformed="",
    method="",
    verified=False,
    owner="",
    t_s=None,
    status=None,
    check=Check(False, "the capture was changed"),
)


def difference() -> DeltaTrail:
    comparison = reporting.with_adults()
    [delta] = comparison.deltas
    return DeltaTrail(
        delta=delta,
        a=comparison.a,
        b=comparison.b,
        settings=comparison.settings,
        seen_a=(),
        unseen_a=("DE-13-r01", "DE-13-r02"),
        blind_a=("DE-13-r02",),
        seen_b=("KE-13-r01",),
        unseen_b=(),
        blind_b=(),
        turning=7,
        change="Had it been seen in 7 more sessions of Eea, it would no longer be a difference.",
        examples=(TRAIL,),
    )


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Show:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def shown(explanation: Explanation) -> str:
        print_explanation(explanation)
        return capsys.readouterr().out

    return shown


def of(trail: Trail) -> Explanation:
    return Explanation(trail.id, trail.kind, trail)


def test_a_difference_is_followed_to_the_bytes_of_its_examples(
    show: Show, golden: Callable[[str, str], None]
) -> None:
    trail = difference()
    golden(
        "an-advertising-id-is-sent-only-of-children-in-kenya/explain.txt",
        show(Explanation(trail.delta.id, "delta", delta=trail)),
    )


def test_the_value_stays_hidden_behind_shape_and_digest(show: Show) -> None:
    assert "hidden; shape uuid, sent as sha256\n" in show(of(TRAIL))
    assert "  digest       00ff00ff00ff00ff00ff00ff (keyed" in show(of(TRAIL))
    assert "hidden; shape uuid\n" in show(of(replace(TRAIL, transformed="raw")))


def test_a_signal_says_what_it_does_and_how_sure_its_rule_is(show: Show) -> None:
    text = show(of(SIGNAL))
    assert "set to 0, a value that does not protect the child" in text
    assert "waymark/session#advertising_id (signal)\n" in text
    assert f"grade        S: {words.GRADES['S']} (not verified)\n" in text
    assert "source       https://waymark.example/docs\n" in text
    assert "owner unknown" in text
    assert "the capture was changed" in text


def test_what_is_not_known_is_left_out(show: Show) -> None:
    text = show(of(SIGNAL))
    assert "time         phase launch\n" in text  # no moment
    assert "(h2)\n" in text  # no answer
    assert "purpose" not in show(of(replace(SIGNAL, purpose="")))


def test_nothing_captured_is_obeyed_by_a_terminal(show: Show) -> None:
    trail = difference()
    hostile = reporting.poisoned(Explanation(trail.delta.id, "delta", delta=trail))
    text = show(hostile)
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert f"body device.id{visible(HOSTILE)}" in text
    assert len(text.splitlines()) == len(
        show(Explanation(trail.delta.id, "delta", delta=trail)).splitlines()
    )


def test_what_the_study_does_without_is_told_with_the_row(show: Show) -> None:
    trail = replace(difference(), waived=(("Regions are proven", "a partner signed for it"),))
    text = show(Explanation(trail.delta.id, "delta", delta=trail))
    assert "“Regions are proven” does not hold. The study's reason: a partner signed" in text


def test_a_measured_row_is_told_session_by_session(show: Show) -> None:
    comparison = reporting.sent_only_in_kenya()
    row = next(each for each in comparison.magnitudes if each.measure == "delay")
    values = (
        SessionValue("a", "DE-13-r01", "DE-13", None, True, ""),
        SessionValue("b", "KE-13-r01", "KE-13", 2.5, False, "f3a9c01b22e"),
    )
    text = show(
        Explanation(
            row.id,
            "magnitude",
            magnitude=MagnitudeTrail(row, "Germany", "Kenya", "DE", "KE", values),
        )
    )
    assert text.startswith(f"{row.id}  time until the first data, {row.owner}\n")
    assert "DE-13-r01: none *\n" in text
    assert "KE-13-r01: 2.5 s (finding f3a9c01b22e)\n" in text
    assert "*: it may be sooner, as something could not be read\n" in text


def test_a_gate_says_whether_it_holds_and_what_follows(show: Show) -> None:
    comparison = reporting.one_session_each()
    [gate] = [each for each in comparison.gates if each.name == "sessions"]
    text = show(Explanation("sessions", "gate", gate=GateTrail(gate, comparison.a, comparison.b)))
    assert text.startswith("sessions  gate: “Both sides have enough sessions”\n")
    assert "  holds        no\n" in text
    assert f"{gate.rows} rows not decided because of it" in text


def test_a_recipient_of_whom_nothing_was_read_says_so(show: Show) -> None:
    comparison = reporting.sent_only_in_kenya()
    rows = tuple(row for row in comparison.coverage if row.owner == "Lockstep")
    trail = RecipientTrail("Lockstep", comparison.a, comparison.b, rows, comparison.blind_spots, ())
    text = show(Explanation("Lockstep", "recipient", recipient=trail))
    assert f"    blind spot {comparison.blind_spots[0].told}\n" in text
    assert "none: nothing that it got was recognised" in text

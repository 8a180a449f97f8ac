"""An explanation on the terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import reporting
from reporting import HOSTILE

from analyzer.explanation import Check, DeltaTrail, Explanation, Trail
from analyzer.extract.shapes import visible
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
    return Explanation(trail.id, trail.kind, trail, None)


def test_a_difference_is_followed_to_the_bytes_of_its_examples(
    show: Show, golden: Callable[[str, str], None]
) -> None:
    trail = difference()
    golden(
        "an-advertising-id-is-sent-only-of-children-in-kenya/explain.txt",
        show(Explanation(trail.delta.id, "delta", None, trail)),
    )


def test_the_value_stays_hidden_behind_shape_and_digest(show: Show) -> None:
    assert "hidden; shape uuid, sha256; digest 00ff" in show(of(TRAIL))
    assert "hidden; shape uuid; digest 00ff" in show(of(replace(TRAIL, transformed="raw")))


def test_a_signal_says_what_it_does_and_how_sure_its_rule_is(show: Show) -> None:
    text = show(of(SIGNAL))
    assert "set to 0, a value that does not protect the child" in text
    assert "waymark/session#advertising_id (signal, grade S: source read)" in text
    assert "https://waymark.example/docs (not verified)" in text
    assert "owner unknown" in text
    assert "the capture was changed" in text


def test_what_is_not_known_is_left_out(show: Show) -> None:
    text = show(of(SIGNAL))
    assert " s\n" not in text  # no moment
    assert "->" not in text.splitlines()[3]  # no answer
    assert "purpose" not in show(of(replace(SIGNAL, purpose="")))


def test_nothing_captured_is_obeyed_by_a_terminal(show: Show) -> None:
    trail = difference()
    hostile = reporting.poisoned(Explanation(trail.delta.id, "delta", None, trail))
    text = show(hostile)
    assert not [char for char in text if char != "\n" and not char.isprintable()]
    assert f"body device.id{visible(HOSTILE)}" in text
    assert len(text.splitlines()) == len(
        show(Explanation(trail.delta.id, "delta", None, trail)).splitlines()
    )

"""Each privacy signal of signals.yaml is read as its examples say."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from test_tracker_examples import exchange

from analyzer.extract import Extractor
from analyzer.knowledge import Example, SignalDef, SignalExample, load_knowledge
from analyzer.models import Problem, Signal

KNOWN = load_knowledge()
ON_WIRE = [pytest.param(each, id=each.id) for each in KNOWN.signals.values() if each.fields]
# Signals beyond the rows of the reference.
MORE = {
    "applovin.age_restricted",
    "applovin.do_not_sell",
    "google.additional_consent",
    "http.dnt",
    "iab.tcf_purposes",
    "openrtb.att_status",
    "openrtb.gpc",
}


def read(example: SignalExample) -> tuple[tuple[Signal, ...], tuple[Problem, ...]]:
    made = exchange(Example(example.request, {}, example.response))
    found = Extractor(KNOWN, (), b"signals!" * 4, example.age).extract(made)
    return found.signals, found.problems


@pytest.mark.parametrize("signal", ON_WIRE)
def test_a_signal_is_read_as_its_examples_say(signal: SignalDef) -> None:
    for at, example in enumerate(signal.hits):
        signals, problems = read(example)
        verdicts = {each.verdict for each in signals if each.signal == signal.id}
        assert verdicts == {example.verdict}, f"hit {at}"
        assert not problems, f"hit {at}"


@pytest.mark.parametrize("signal", ON_WIRE)
def test_a_signal_is_not_read_where_its_examples_say_so(signal: SignalDef) -> None:
    for at, example in enumerate(signal.misses):
        signals, _ = read(example)
        assert [each for each in signals if each.signal == signal.id] == [], f"miss {at}"


@pytest.mark.parametrize("signal", ON_WIRE)
def test_each_verdict_that_a_signal_can_have_is_shown(signal: SignalDef) -> None:
    shown = {example.verdict for example in signal.hits}
    if signal.contradicted_by:
        assert "contradictory" in shown
    if set(signal.protective) - {"absent", "zero_uuid"} or signal.decode:
        assert "protective" in shown
    assert signal.misses


@pytest.mark.parametrize("signal", ON_WIRE)
def test_no_signal_is_judged_when_it_is_absent(signal: SignalDef) -> None:
    alone = replace(KNOWN, signals={signal.id: signal}, trackers=())
    made = exchange(Example({"url": "https://app.example/"}, {}, {}))
    assert Extractor(alone, (), b"signals!" * 4, 13).extract(made).signals == ()


def test_what_is_not_on_the_wire_says_why() -> None:
    silent = [each for each in KNOWN.signals.values() if not each.fields]
    assert {each.id for each in silent} == {
        "tiktok.ad_library_targeting",
        "tiktok.export_ad_interests",
        "tiktok.export_identifiers",
        "appsflyer.consent",
        "yandex.age_restricted",
    }
    assert all(each.not_on_wire for each in silent)


def test_keys_of_one_platform_are_not_read_at_others() -> None:
    names = "ad_personality_mode=1&tfcd=0&npa=0&advertiser_tracking_enabled=1&tracking_enabled=1"
    made = exchange(Example({"url": f"https://shop.example/a?{names}&carrier_region=KE"}, {}, {}))
    assert Extractor(KNOWN, (), b"signals!" * 4).extract(made).signals == ()


def test_general_knowledge_is_marked_as_not_verified() -> None:
    assert not any(each.verified for each in KNOWN.signals.values() if each.grade == "K")
    assert not KNOWN.signals["google.tfat"].verified


def test_there_is_a_signal_for_each_row_of_the_reference(shared_data: Path) -> None:
    table = shared_data.parent / "reference" / "signals.csv"
    if not table.is_file():
        pytest.skip("the reference tables are not beside the data")
    with table.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(KNOWN.signals) - len(MORE) == len(rows) == 67
    assert set(KNOWN.signals) >= MORE

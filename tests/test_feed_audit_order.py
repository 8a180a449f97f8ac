"""In which order an account's sessions count, and what of them does when one is lost."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from feed_gates_rig import DECLARED, audited, bundles_of, copied, sessions, told
from recording import post, prove_region

from analyzer.bundle import BundleWriter, new_session
from analyzer.feed.audit_records import Audit
from analyzer.feed.store import update
from analyzer.models import Session
from analyzer.simulation.feed_bundles import write_study
from analyzer.study import load_study


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose accounts have two sessions each, a day apart."""
    root = tmp_path_factory.mktemp("made") / "halves"
    update(write_study(root, DECLARED, seed=1, each=2, hours=0.4, sessions=2).study)
    return root


@pytest.fixture
def halves(made: Path, tmp_path: Path) -> Path:
    """A copy of the study that a test may change."""
    return copied(made, tmp_path / "halves")


def times(found: Audit) -> dict[str, tuple[float, float | None]]:
    return {each.name: (each.feed_s, each.first_exposure_s) for each in found.comparison.accounts}


def test_a_clock_that_was_set_back_does_not_turn_an_account_round(halves: Path) -> None:
    before = audited(halves)

    second = bundles_of(halves, "US-seeded-1")[1].name

    def back(each: Session) -> Session:
        if each.id != second:
            return each
        began, ended = (str(time).replace("-16T", "-10T") for time in (each.started, each.ended))
        assert began != each.started
        return replace(each, started=began, ended=ended)

    sessions(halves, back)
    found = audited(halves)
    assert told(found)["order"].endswith("which counts: US-seeded-1.")
    assert times(found) == times(before)
    (halves / "custody.jsonl").unlink()
    found = audited(halves)
    assert told(found)["order"].endswith("recorded: US-seeded-1.")
    assert "US-seeded-1" not in times(found)


def test_what_comes_after_a_session_that_is_lost_does_not_count(halves: Path) -> None:
    before = times(audited(halves))
    shutil.rmtree(bundles_of(halves, "US-seeded-0")[0])
    shutil.rmtree(bundles_of(halves, "KE-seeded-0")[1])
    found = audited(halves)
    assert told(found)["cut_short"].endswith("does not count: US-seeded-0.")
    after = times(found)
    assert "US-seeded-0" not in after
    assert after["KE-seeded-0"][0] < before["KE-seeded-0"][0]
    assert {name: after[name] for name in after if name != "KE-seeded-0"} == {
        name: before[name] for name in before if name not in {"KE-seeded-0", "US-seeded-0"}
    }


def test_a_session_that_left_from_elsewhere_ends_what_counts_of_its_account(halves: Path) -> None:
    first = bundles_of(halves, "KE-seeded-0")[0].name

    def away(each: Session) -> Session:
        return replace(each, egress="US") if each.id == first else each

    sessions(halves, away)
    found = audited(halves)
    assert {"elsewhere", "cut_short"} <= set(told(found))
    assert "KE-seeded-0" not in times(found)


@pytest.mark.parametrize("requests", [0, 1])
def test_a_false_start_that_was_moved_away_is_not_missed(halves: Path, requests: int) -> None:
    study = load_study(halves)
    for gone in (True, False):
        session = new_session(study, study.arm("KE-13"), origin="proxy", account="KE-seeded-1")
        writer = BundleWriter.create(study.captures, session, phase="feed")
        prove_region(writer, "KE")
        for _ in range(requests):
            writer.add_exchange(post())
        writer.close("stopped")
        if gone:
            shutil.rmtree(writer.path)
    assert ("cut_short" in told(audited(halves))) == bool(requests)

"""Sessions that are not as they were sealed: no audit uses them, and each says why."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from feed_gates_rig import DECLARED, audited, bundles_of, copied, cut_log, told

from analyzer.bundle import read_session
from analyzer.bundle.sealing import seal
from analyzer.errors import UserError
from analyzer.feed.protocol import load_protocol
from analyzer.feed.store import update
from analyzer.simulation.feed_bundles import write_study
from analyzer.study import load_study


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two accounts with an interest and two controls a side."""
    root = tmp_path_factory.mktemp("made") / "study"
    study = write_study(root, DECLARED, seed=1, each=2, hours=0.3, sessions=1).study
    update(study, phases=load_protocol(study).phases)
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of the study that a test may change."""
    return copied(made, tmp_path / "study")


def test_a_session_that_was_changed_since_is_no_evidence(root: Path) -> None:
    audited(root)
    [cut] = bundles_of(root, "KE-seeded-0")
    kept = root / "feed" / "items" / f"{cut.name}.parquet"
    assert kept.is_file()
    cut_log(cut)
    found = audited(root)
    assert told(found)["broken_seal"].endswith(f"left out: {cut.name}.")
    assert "KE-seeded-0" not in {each.name for each in found.comparison.accounts}
    assert not kept.exists()
    for bundle in (root / "captures").glob("KE-*"):
        cut_log(bundle)
    with pytest.raises(UserError, match="KE has no sessions") as raised:
        audited(root)
    assert "is left out because capture.sqlite was changed after" in raised.value.fix


def seal_elsewhere(bundle: Path) -> None:
    """Change requests, and make a seal that fits what stands there, without the custody log."""
    with sqlite3.connect(bundle / "capture.sqlite") as held:
        held.execute("UPDATE exchange SET method = 'PUT' WHERE method = 'POST' AND id > 40")
    held.close()
    alone = bundle.parents[2] / "alone" / bundle.name
    shutil.copytree(bundle, alone)
    seal(alone, sqlite3.connect(alone / "capture.sqlite"), read_session(alone))
    shutil.rmtree(bundle)
    shutil.copytree(alone, bundle)


def take_sums(bundle: Path) -> None:
    (bundle / "SHA256SUMS").unlink()
    cut_log(bundle)


def sums_of_none(bundle: Path) -> None:
    take_sums(bundle)
    (bundle / "SHA256SUMS").mkdir()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (seal_elsewhere, "seal.json is not the one that the custody log knows"),
        (take_sums, "SHA256SUMS is missing"),
        (sums_of_none, "SHA256SUMS is missing"),
    ],
)
def test_a_session_that_the_custody_log_knows_otherwise_is_no_evidence(
    root: Path, change: Callable[[Path], None], said: str
) -> None:
    [cut] = bundles_of(root, "KE-seeded-0")
    change(cut)
    assert told(audited(root))["broken_seal"].endswith(f"left out: {cut.name}.")
    for name in (each.name for each in load_protocol(load_study(root)).accounts.values()):
        if name.startswith("KE") and name != "KE-seeded-0":
            shutil.rmtree(bundles_of(root, name)[0])
    with pytest.raises(UserError) as raised:
        audited(root)
    assert f"{cut.name} is left out because {said}" in raised.value.fix


def test_a_recording_under_two_names_is_one(root: Path) -> None:
    [bundle] = bundles_of(root, "KE-seeded-0")
    shutil.copytree(bundle, bundle.with_name("KE-r99-simulated"))
    before = {each.name: each.shown for each in audited(root).comparison.accounts}
    assert before["KE-seeded-0"] < 1.5 * before["KE-seeded-1"]
    assert "KE-r99-simulated" in told(audited(root))["broken_seal"]

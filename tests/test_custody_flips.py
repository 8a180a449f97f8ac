"""One byte that differs, anywhere in a study or a copy of it, makes `verify` fail and name it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_rig import done
from recording import post, record, study
from tsa_rig import Authority, served

from analyzer.bundle.sealing import verify
from analyzer.cli.verifying import Checked, Verifying
from analyzer.custody.log import LOG
from analyzer.study import load_study

SAMPLED = 60  # bytes of each file, with its first and its last
EXHAUSTIVE = ("seal.json", "seal.sig", "SHA256SUMS", "SHA256SUMS.sig", "custody.jsonl", "seal.rows")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small study with everything that `verify` looks at."""
    folder = tmp_path_factory.mktemp("flips")
    made = study(folder / "study")
    for arm in "KE-13", "DE-13":
        record(made, arm, 1, [post(), post("a=1")])
    (folder / "tsa").mkdir()
    authority = Authority(folder / "tsa")
    with served(authority) as url:
        done("timestamp", "KE-13-r01", "--url", url, root=made.root)
    done("analyze", "--jobs", 1, root=made.root)
    done("report", "KE", "DE", root=made.root)
    done("redact", "--to", folder / "copy", root=made.root)
    done("verify", root=made.root)
    return made.root


def in_study(root: Path) -> list[Checked]:
    """What `verify` says of the study; it notes nothing."""
    verifying, found = Verifying(), load_study(root)
    sessions = [verifying.session(each) for each in sorted(found.captures.iterdir())]
    return [
        *sessions,
        *verifying.findings(found),
        *verifying.results(found),
        *verifying.custody(found),
    ]


def faults(found: list[Checked]) -> list[str]:
    return [fault for each in found for fault in each.faults]


def places(file: Path, chosen: random.Random) -> list[int]:
    size = file.stat().st_size
    if file.name in EXHAUSTIVE and size < 1500:
        return list(range(size))
    return sorted({0, size - 1, *(chosen.randrange(size) for _ in range(SAMPLED))})


def each_flip(file: Path, check: Callable[[], list[str]]) -> list[tuple[int, str]]:
    """Flip a bit in each of the places of `file`; return those that are not found, or misnamed."""
    chosen = random.Random(file.name)
    before = file.read_bytes()
    missed = []
    for at in places(file, chosen):
        damaged = bytearray(before)
        damaged[at] ^= 1 << chosen.randrange(8)
        file.write_bytes(damaged)
        said = check()
        if not said or file.name not in said[0]:
            missed.append((at, said[0] if said else ""))
    file.write_bytes(before)
    return missed


def test_what_was_not_changed_is_intact(root: Path) -> None:
    assert not faults(in_study(root))
    assert not Verifying().copy(root.parent / "copy").faults


@pytest.mark.parametrize(
    "name",
    ["session.json", "capture.sqlite", "seal.json", "seal.sig", "seal.rows", "seal.tsr",
     "SHA256SUMS"],
)  # fmt: skip
def test_a_flip_in_a_session_is_found_and_its_file_is_named_first(root: Path, name: str) -> None:
    [bundle] = (root / "captures").glob("KE-13-*")
    session = Verifying()
    assert not each_flip(bundle / name, lambda: Verifying().session(bundle).faults)
    assert not session.session(bundle).faults


def test_a_flip_in_findings_is_found_and_named_first(root: Path) -> None:
    [folder] = (root / "findings").glob("KE-13-*")
    found = load_study(root)
    for file in sorted(folder.iterdir()):
        assert not each_flip(file, lambda: faults([*Verifying().findings(found)])), file.name


def test_a_flip_in_a_report_is_found_and_named_first(root: Path) -> None:
    found = load_study(root)
    for file in sorted((root / "out").iterdir()):
        assert not each_flip(file, lambda: faults([*Verifying().results(found)])), file.name


def test_a_flip_in_the_custody_log_is_found_with_its_line(root: Path) -> None:
    found = load_study(root)
    assert not each_flip(root / LOG, lambda: faults([*Verifying().custody(found)]))


def test_a_flip_in_a_redacted_copy_is_found_and_named_first(root: Path) -> None:
    folder = root.parent / "copy"
    for file in sorted(folder.iterdir()):
        assert not each_flip(file, lambda: Verifying().copy(folder).faults), file.name


def test_a_flip_in_a_redacted_session_by_itself_is_found(root: Path) -> None:
    [file] = (root.parent / "copy").glob("*KE-13*.redacted.jsonl")
    assert not each_flip(file, lambda: Verifying().redacted(file).faults)


def test_a_session_without_a_key_is_as_strict(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no folder").touch()
    monkeypatch.setenv("EVENHAND_KEY", str(tmp_path / "no folder" / "key.pem"))
    made = study(tmp_path / "study")
    bundle = record(made, "KE-13", 1, [post()])
    assert not (bundle / "seal.sig").exists()
    [entry] = [each for each in Verifying().known(made.root).entries if each.what == "sealed"]
    assert entry.by == ""
    for name in "seal.json", "SHA256SUMS", "session.json", "seal.rows", "capture.sqlite":
        assert not each_flip(bundle / name, lambda: Verifying().session(bundle).faults), name
    assert not each_flip(made.root / LOG, lambda: faults([*Verifying().custody(made)]))
    assert "1 seal not signed" in done("verify", root=made.root)
    # Away from its study there is no log: then of these two, both are named.
    moved = shutil.copytree(bundle, tmp_path / "moved")
    assert not each_flip(moved / "seal.json", lambda: verify(moved))
    assert not each_flip(
        moved / "SHA256SUMS", lambda: [" ".join(verify(moved))] if verify(moved) else []
    )

"""The same captures give the same findings and the same page, byte for byte."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from cli_rig import done, imported_study, program, recorded_study
from recording import post, record

from analyzer.study import load_study


def bytes_of(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("findings", "out")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    }


def all_of_it(root: Path, *words: object) -> dict[str, str]:
    done("analyze", *words, root=root)
    done("report", "KE", "DE", root=root)
    for kind in ("csv", "json", "parquet"):
        done("export", "findings", "-o", root / "out" / f"findings.{kind}", "--force", root=root)
        done(
            "export",
            "deltas",
            "KE",
            "DE",
            "-o",
            root / "out" / f"deltas.{kind}",
            "--force",
            root=root,
        )
    return bytes_of(root)


def a_study(root: Path) -> Path:
    found = recorded_study(root, sessions=3, silent=["DE-13"])
    torn = post(request_body=bytes(range(256)), complete=False, truncated=9)
    record(found, "KE-13", 4, [post(), torn], close=False)
    return imported_study_into(root)


def imported_study_into(root: Path) -> Path:
    """Add imported sessions to a recorded study."""
    other = imported_study(root.parent / "other")
    for path in (other / "captures").iterdir():
        done("import", path, "--arm", path.name[:5], root=root)
    shutil.rmtree(other)
    return root


def test_two_runs_give_the_same_bytes_also_elsewhere(tmp_path: Path) -> None:
    root = a_study(tmp_path / "study")
    shutil.copytree(root, tmp_path / "at" / "another path")
    first = all_of_it(root)
    assert len(first) > 40
    assert all_of_it(root, "--force", "--jobs", 1) == first
    assert all_of_it(root, "--force", "--jobs", 3) == first
    assert all_of_it(tmp_path / "at" / "another path") == first


def test_another_process_gives_the_same_bytes(tmp_path: Path) -> None:
    root = a_study(tmp_path / "study")
    first = all_of_it(root)
    shutil.rmtree(root / "findings")
    other = {"PYTHONHASHSEED": "17", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    for words in (("analyze", "--jobs", 1), ("report", "KE", "DE")):
        process = program(*words, "--study", root, env=other)
        said, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, said + complaints
    assert bytes_of(root) == first


def test_a_capture_more_changes_the_page(tmp_path: Path) -> None:
    root = recorded_study(tmp_path, sessions=2).root
    first = all_of_it(root)
    record(load_study(root), "KE-13", 3, [post()])
    second = all_of_it(root)
    assert (
        second.items()
        > {name: digest for name, digest in first.items() if name.startswith("findings/")}.items()
    )
    assert second["out/KE-DE.html"] != first["out/KE-DE.html"]

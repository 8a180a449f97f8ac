"""`evenhand verify` knows what was made from the sessions: reports and tables in `out`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_rig import done, run
from recording import post, record, study

from analyzer.bundle import list_bundles
from analyzer.cli.output import write_result
from analyzer.study import Study, load_study


@pytest.fixture
def written(tmp_path: Path) -> Study:
    done("init", tmp_path / "study")
    made = load_study(tmp_path / "study")
    write_result(made, made.out / "a-b.html", "<p>a page</p>\n")
    write_result(made, made.out / "a-b.json", b"{}\n")
    return made


def test_results_as_they_were_written_are_intact(written: Study) -> None:
    assert done("verify", root=written.root) == "intact  out\nintact  custody.jsonl\n2 intact\n"
    assert done("verify", written.out / "a-b.html") == "intact  a-b.html\n1 intact\n"


def test_a_byte_that_differs_breaks_the_result_that_it_is_in(written: Study) -> None:
    for name in ("a-b.html", "a-b.json"):
        path = written.out / name
        before = path.read_bytes()
        path.write_bytes(before.replace(b"\n", b"\r"))
        said = done("verify", root=written.root, code=1)
        fault = f"{name} was changed after it was written."
        assert said.startswith(f"BROKEN  out\n        {fault}\nintact  custody.jsonl\n")
        assert fault in done("verify", path, code=1)
        path.write_bytes(before)
    [row, _] = json.loads(run("verify", "--json", root=written.root).stdout)
    assert (row["kind"], row["session"], row["state"]) == ("out", "", "intact")


def test_a_list_that_was_changed_is_a_fault_itself(written: Study) -> None:
    sums = written.out / "SHA256SUMS"
    sums.write_bytes(sums.read_bytes()[:-1])
    assert "SHA256SUMS was changed" in done("verify", root=written.root, code=1)
    sums.unlink()
    assert "There is no readable SHA256SUMS" in done("verify", written.out / "a-b.html", code=1)


def test_a_file_that_nobody_listed_is_not_vouched_for(written: Study) -> None:
    other = written.out / "other.html"
    other.touch()
    assert "does not list other.html" in done("verify", other, code=1)
    assert done("verify", root=written.root).startswith("intact  out\n")  # somebody's own


def test_a_byte_of_the_findings_that_differs_breaks_them_and_they_are_made_again(
    tmp_path: Path,
) -> None:
    found = study(tmp_path / "study")
    record(found, "KE-13", 1, [post()])
    [bundle] = list_bundles(found.captures)
    done("analyze", root=found.root)
    name = f"findings/{bundle.name}"
    assert f"intact  {name}" in done("verify", root=found.root)
    for path in sorted((found.findings / bundle.name).iterdir()):
        before = path.read_bytes()
        damaged = bytearray(before)
        damaged[len(damaged) // 2] ^= 1
        path.write_bytes(damaged)
        said = done("verify", root=found.root, code=1)
        assert f"BROKEN  {name}" in said
        assert path.name in said or path.name == "SHA256SUMS"  # then: another file, by its digest
        path.write_bytes(before)
    (found.findings / bundle.name / "SHA256SUMS").unlink()
    assert "There is no readable SHA256SUMS" in done("verify", root=found.root, code=1)
    assert "1 analysed" in done("analyze", root=found.root)
    assert f"intact  {name}" in done("verify", root=found.root)

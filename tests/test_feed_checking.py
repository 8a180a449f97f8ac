"""The data files of the audit are checked with the others, by file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from analyzer.cli.knowledge_command import command
from analyzer.feed.checking import check_feeds
from analyzer.feed.coding.words import crisis_lines
from analyzer.knowledge import DATA, check


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A copy of the program's own files."""
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def changed(data: Path, name: str, old: str, new: str) -> list[str]:
    """What is said after `old` was replaced in a file."""
    path = data / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return [str(fault) for fault in check_feeds(data)]


def test_the_programs_own_files_are_sound() -> None:
    assert check_feeds() == []
    assert crisis_lines().of(["KE"])[0].number == "116"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("feeds/tiktok_app.yaml", "grade: O\nid_form", "grade: X\nid_form", "grade"),
        ("feeds/instagram_reels.yaml", "  id: [pk,", "  ident: [pk,", "fields has no id"),
        ("feed_disclosures.yaml", "class: disclosed", "class: hidden", "class"),
        ("codebook.yaml", "harmful: true", "harmful: maybe", "harmful"),
        ("crisis_lines.yaml", "country: KE", "country: XQ", "no country's code"),
        ("crisis_lines.yaml", 'emergency: "112"', "emergency: none", "emergency"),
        ("crisis_lines.yaml", 'number: "116"', "number: call us", "number"),
    ],
)
def test_a_fault_is_told_with_its_file_and_its_line(
    data: Path, name: str, old: str, new: str, said: str
) -> None:
    faults = changed(data, name, old, new)
    assert faults
    assert all(fault.startswith(f"{name}:") for fault in faults)
    assert any(said in fault for fault in faults), faults


def test_two_adapters_of_one_name_are_a_fault(data: Path) -> None:
    shutil.copy(data / "feeds" / "tiktok_web.yaml", data / "feeds" / "zz.yaml")
    assert [str(fault) for fault in check_feeds(data)] == [
        "feeds/zz.yaml:1: id 'tiktok_web' is that of feeds/tiktok_web.yaml, too"
    ]


def test_a_file_that_is_no_text_is_a_fault_and_a_missing_one_of_others_is_none(data: Path) -> None:
    (data / "feeds" / "bad.yaml").write_bytes(b"id: \xff")
    assert [str(fault) for fault in check_feeds(data)] == ["feeds/bad.yaml: is not UTF-8 text"]
    shutil.rmtree(data / "feeds")
    for name in ("codebook.yaml", "crisis_lines.yaml", "feed_disclosures.yaml"):
        (data / name).unlink()
    assert check_feeds(data) == []
    assert check(data) == []


def test_the_command_checks_them_with_all_others(data: Path) -> None:
    sound = CliRunner().invoke(command, ["check", str(data)])
    assert (sound.exit_code, sound.output) == (0, "All data files are sound.\n")
    changed(data, "crisis_lines.yaml", "country: KE", "country: XQ")
    faulty = CliRunner().invoke(command, ["check", str(data)])
    assert faulty.exit_code == 1
    assert "crisis_lines.yaml:" in faulty.output
    assert "1 fault" in faulty.output

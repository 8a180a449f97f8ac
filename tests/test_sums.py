from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sums import SUMS, add_to_sums, check_sums, read_sums, text_of, unlisted, write_sums


def faults(folder: Path) -> list[str]:
    try:
        listed, wrong = read_sums(folder)
    except (OSError, ValueError):
        return ["no list"]
    found = wrong + check_sums(folder, listed, "it was written")
    return found + unlisted(folder, listed, "it was written", lambda _: False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in (("a.txt", b"one"), ("über.bin", bytes(range(256)))):
        (tmp_path / name).write_bytes(content)
    write_sums(tmp_path, tmp_path.iterdir())
    return tmp_path


def test_what_is_as_it_was_has_no_fault(folder: Path) -> None:
    assert faults(folder) == []
    assert (folder / SUMS).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["a.txt", "über.bin"])
def test_any_byte_of_a_file_that_differs_names_the_file(folder: Path, name: str) -> None:
    before = (folder / name).read_bytes()
    for at in range(len(before)):
        damaged = bytearray(before)
        damaged[at] ^= 1 << at % 8
        (folder / name).write_bytes(damaged)
        assert faults(folder) == [f"{name} was changed after it was written."]


def test_any_byte_of_the_list_that_differs_is_a_fault(folder: Path) -> None:
    before = (folder / SUMS).read_bytes()
    for at in range(len(before)):
        for bit in range(8):
            damaged = bytearray(before)
            damaged[at] ^= 1 << bit
            (folder / SUMS).write_bytes(damaged)
            assert faults(folder), (at, bit)


@pytest.mark.parametrize("end", ["", "\n\n", "\r\n", "\x0b", "\u2028"])
def test_another_end_of_the_list_is_a_fault(folder: Path, end: str) -> None:
    text = (folder / SUMS).read_bytes().decode()
    (folder / SUMS).write_bytes((text.removesuffix("\n") + end).encode())
    assert faults(folder)


def test_what_is_missing_and_what_was_added_is_named(folder: Path) -> None:
    (folder / "a.txt").rename(folder / "b.txt")
    assert faults(folder) == [
        "a.txt is missing.",
        "b.txt was added after it was written.",
    ]


@given(st.dictionaries(st.from_regex(r"[^/\\\x00\n\r\ud800-\udfff]{1,40}", fullmatch=True),
                       st.from_regex(r"[0-9a-f]{64}", fullmatch=True)))  # fmt: skip
def test_a_list_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, listed: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("sums")
    (folder / SUMS).write_bytes(text_of(listed).encode())
    assert read_sums(folder) == (listed, [])


def test_one_more_file_does_not_excuse_what_was_changed(folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"other")
    (folder / "new.txt").write_bytes(b"new")
    add_to_sums(folder, folder / "new.txt")
    assert faults(folder) == ["a.txt was changed after it was written."]


def test_what_is_gone_is_listed_no_more_once_something_is_written(folder: Path) -> None:
    (folder / "a.txt").unlink()
    assert faults(folder) == ["a.txt is missing."]
    (folder / "new.txt").write_bytes(b"new")
    add_to_sums(folder, folder / "new.txt")
    assert faults(folder) == []

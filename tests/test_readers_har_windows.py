"""A large HAR read in pieces is the same HAR."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from analyzer.readers import har_windows
from analyzer.readers.har import HarReader

HARD = '}, {"startedDateTime": "x", "request": {'  # what stands between two entries, inside one


def entry(number: int, body: str = "a=1") -> dict[str, object]:
    return {
        "startedDateTime": f"2026-11-22T10:00:{number % 60:02d}.000Z",
        "request": {
            "method": "POST",
            "url": f"https://a.example/{number}",
            "headers": [],
            "postData": {"mimeType": "text/plain", "text": body},
        },
        "response": {"status": 200, "headers": [], "content": {}},
    }


def write(path: Path, entries: list[dict[str, object]], after: str = "", indent: int = 0) -> Path:
    listed = ",\n".join(json.dumps(each, indent=indent or None) for each in entries)
    creator = '"version": "1.2", "creator": {"name": "c", "version": "1"}'
    path.write_text(f'\ufeff{{"log": {{{creator}, "entries": [\n{listed}\n]{after}}}}}\n')
    return path


def read(path: Path) -> tuple[list[object], object, object, object]:
    reading = HarReader().read(path)
    return list(reading), reading.started, reading.tools, reading.extent()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(har_windows, "WORTH_IT", 0)
    monkeypatch.setattr(har_windows, "WINDOW", 1500)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("indent", [0, 2])
@pytest.mark.parametrize("after", ["", ', "comment": "a ] b", "pages": [1, [2]]'])
@pytest.mark.parametrize("body", ["a=1", HARD, HARD * 300, json.dumps([HARD]), "é\\" * 900])
def test_pieces_give_what_the_whole_gives(
    tmp_path: Path, body: str, after: str, indent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [entry(number, body if number % 3 else "b") for number in range(40)]
    path = write(tmp_path / "a.har", entries, after, indent)
    cut = har_windows.windows(path, path.stat().st_size, lambda _: None)
    assert cut is not None
    assert len(cut.pieces) > 1
    assert cut.total == 40
    in_pieces = read(path)
    monkeypatch.setattr(har_windows, "WORTH_IT", 1 << 40)
    assert in_pieces == read(path)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("end", [-1, -400, -5000])
def test_a_torn_file_is_left_to_the_other_way(tmp_path: Path, end: int) -> None:
    path = write(tmp_path / "a.har", [entry(number) for number in range(40)])
    path.write_bytes(path.read_bytes()[: end - 4])
    assert har_windows.windows(path, path.stat().st_size, lambda _: None) is None
    assert read(path)[0]


@pytest.mark.usefixtures("small")
def test_what_only_looks_like_entries_is_not_taken_for_them(tmp_path: Path) -> None:
    path = tmp_path / "a.har"
    inner = [entry(number) for number in range(40)]
    path.write_text(json.dumps({"log": {"browser": {"entries": inner}, "entries": [entry(7)]}}))
    assert har_windows.windows(path, path.stat().st_size, lambda _: None) is None
    assert [each.url for each in read(path)[0] if hasattr(each, "url")] == ["https://a.example/7"]

"""A recording counts once, however often and in whatever wrapping it is given."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from foreign_files import har, har_entry, make_study, pcap, udp, written

from analyzer.bundle import list_bundles
from analyzer.errors import UserError
from analyzer.readers.importing import Imported, import_files
from analyzer.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study")


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    return written(tmp_path / "first.har", har(har_entry(), har_entry("https://b.example/x?y=1")))


def take(study: Study, path: Path, arm: str = "KE-13") -> Imported:
    (imported,) = import_files(study, arm, [path])
    return imported


def copies(imported: Imported) -> list[str]:
    return [each.detail for each in imported.problems if each.code == "copy"]


def refusal(study: Study, path: Path, arm: str = "KE-13") -> str:
    """The line with which a file is refused; nothing of it is left behind."""
    before = list_bundles(study.captures)
    with pytest.raises(UserError) as refused:
        take(study, path, arm)
    assert sorted(study.captures.glob("*")) == before
    return str(refused.value)


def test_the_same_file_twice_in_an_arm_is_refused_and_names_the_session(
    study: Study, capture: Path, tmp_path: Path
) -> None:
    first = take(study, capture)
    copy = tmp_path / "copy.har"
    shutil.copy(capture, copy)
    assert first.session.id in refusal(study, copy)
    [other] = import_files(study, "DE-13", [copy])
    assert other.session.arm.label == "DE-13"


def test_the_same_recording_with_another_comment_is_noted_and_names_the_session(
    study: Study, tmp_path: Path
) -> None:
    same = [har_entry(), har_entry("https://b.example/x?y=1")]
    first = take(study, written(tmp_path / "1.har", har(*same)))
    again = take(study, written(tmp_path / "2.har", har(*same, comment="the second of twelve")))
    assert copies(first) == []
    assert copies(again) == [f"the same recording as {first.session.id}: a comparison counts one"]


def test_copies_in_one_call_are_noted_too(study: Study, tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{n}.har", har(har_entry(), comment=str(n))) for n in (1, 2)]
    first, second = import_files(study, "KE-13", paths)
    assert (len(copies(first)), len(copies(second))) == (0, 1)


def test_a_recording_is_known_again_in_another_format(study: Study, shared_data: Path) -> None:
    flows = shared_data / "mitmproxy-dumps" / "flows"
    first = take(study, flows / "websocket.har")
    [told] = copies(take(study, flows / "websocket.mitm"))
    assert first.session.id in told


def test_equal_requests_at_another_time_are_another_recording(study: Study, tmp_path: Path) -> None:
    later = har_entry(startedDateTime="2026-11-23T10:00:00.000Z")
    take(study, written(tmp_path / "1.har", har(har_entry())))
    assert take(study, written(tmp_path / "2.har", har(later))).session.repeat == 2


def test_the_same_file_twice_in_one_call_is_refused_before_anything_is_imported(
    study: Study, capture: Path
) -> None:
    with pytest.raises(UserError, match="already"):
        import_files(study, "KE-13", [capture, capture])
    assert list_bundles(study.captures) == []


def test_two_recordings_without_an_exchange_are_not_the_same(study: Study, tmp_path: Path) -> None:
    for number in (1, 2):
        packets = pcap(udp("10.0.0.2", 1, "198.51.100.7", 2, b"x" * number))
        take(study, written(tmp_path / f"{number}.pcap", packets))
    assert len(list_bundles(study.captures)) == 2

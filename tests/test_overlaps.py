"""Two recorders of the same minutes are one recording, however each of them counts."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from foreign_files import har, har_entry, make_study, written
from hypothesis import given
from hypothesis import strategies as st

from analyzer.bundle.identity import MOST_PRINTS, Overlap, overlap
from analyzer.compare.cautions import cautions
from analyzer.compare.comparing import compare
from analyzer.compare.recorded import Recorded, left_out, recorded, share
from analyzer.comparison import Side
from analyzer.frames import analyse, load_frames
from analyzer.knowledge import load_knowledge
from analyzer.readers.importing import Imported, import_files
from analyzer.study import Study

BEGAN = datetime(2026, 11, 22, 10, 0, 0, 200_000, tzinfo=UTC)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study")


def entries(first: int, last: int, late_ms: int = 0, body: str = "") -> bytes:
    """Return a HAR of the requests `first` to `last`, one every four seconds."""
    made = []
    for number in range(first, last):
        at = BEGAN + timedelta(seconds=4 * number, milliseconds=late_ms)
        text = f'{{"n":{number}{body}}}'
        post = {"method": "POST", "postData": {"mimeType": "application/json", "text": text}}
        began = at.isoformat(timespec="milliseconds")
        made.append(har_entry("https://a.example/x", startedDateTime=began, request=post))
    return har(*made, creator=f"tool {late_ms}")


def take(study: Study, content: bytes, arm: str = "KE-13", device: str = "") -> Imported:
    path = study.root / f"{random.Random(content).randrange(10**9)}.har"
    (imported,) = import_files(study, arm, [written(path, content)], device=device)
    return imported


def told(imported: Imported) -> list[str]:
    return [each.detail for each in imported.problems if each.code in ("overlap", "copy")]


def side_of(arm: str, found: list[Recorded]) -> Side:
    arms = tuple({each.arm for each in found})
    return Side(arm, "arm", arm, "", "", "", (), (), arms, (), len(found), 0)


def sessions(study: Study) -> list[Recorded]:
    analyse(study, jobs=1)
    return recorded(load_frames(study).sessions)


def test_another_recording_of_the_same_minutes_is_named_and_counts_once(study: Study) -> None:
    first = take(study, entries(0, 20))
    second = take(study, entries(5, 22, late_ms=90))

    assert told(first) == []
    [detail] = told(second)
    assert first.session.id in detail
    assert "a comparison counts one" in detail
    [excluded] = left_out(sessions(study))
    assert excluded.session == second.session.id  # the one that holds less
    assert first.session.id in excluded.reason


def test_the_comparison_says_so_loudly(study: Study) -> None:
    first, second = (
        take(study, entries(0, 20)).session.id,
        take(study, entries(0, 18, late_ms=90)).session.id,
    )
    take(study, entries(900, 920), "DE-13")
    analyse(study, jobs=1)

    found = compare(load_frames(study), study, load_knowledge(), "KE-13", "DE-13")

    assert [each.session for each in found.excluded] == [second]
    assert any(first in each and second in each for each in found.warnings)
    assert found.a.sessions == 1


def test_a_small_part_in_common_is_told_and_left_to_the_reader(study: Study) -> None:
    first = take(study, entries(0, 20))
    second = take(study, entries(14, 34, late_ms=60))

    [detail] = told(second)
    assert "do not count as two" in detail
    both = sessions(study)
    assert left_out(both) == []
    side = side_of("KE-13", both)
    sentences = cautions((side, both), (side, ()), ())
    assert any(first.session.id in each and second.session.id in each for each in sentences)


def test_on_both_sides_the_same_minutes_are_evidence_of_neither(study: Study) -> None:
    first = take(study, entries(0, 20))
    second = take(study, entries(0, 19, late_ms=60), "DE-13")

    assert told(second) == []
    kenya, germany = (
        [each for each in sessions(study) if each.arm.label == arm] for arm in ("KE-13", "DE-13")
    )
    assert left_out([*kenya, *germany]) == []
    a, b = side_of("KE-13", kenya), side_of("DE-13", germany)
    found = [each for each in cautions((a, kenya), (b, germany), ()) if "same minutes" in each]
    assert len(found) == 1
    assert first.session.id in found[0]
    assert second.session.id in found[0]


@pytest.mark.parametrize(
    ("content", "device"),
    [
        (entries(900, 920), ""),  # an hour later
        (entries(0, 20, body=',"id":2'), ""),  # another phone at once
        (entries(18, 38, late_ms=60), ""),  # two requests by chance
        (entries(0, 20, late_ms=60), "second phone"),
    ],
)
def test_other_recordings_are_independent(study: Study, content: bytes, device: str) -> None:
    take(study, entries(0, 20), device="first phone")
    assert told(take(study, content, device=device)) == []
    assert left_out(sessions(study)) == []


def test_one_or_two_exchanges_prove_nothing(study: Study) -> None:
    take(study, entries(0, 2))
    assert told(take(study, entries(0, 2, late_ms=30))) == []


@given(st.integers(0, 3000), st.integers(1, 3000), st.integers(1, 3000), st.integers(0, 9))
def test_a_sample_tells_what_is_shared(start: int, size_a: int, size_b: int, seed: int) -> None:
    source = random.Random(seed)
    numbers = source.sample(range(1 << 48), 6000)
    a, b = set(numbers[:size_a]), set(numbers[start : start + size_b])
    sample_a, sample_b = (sorted(each)[:MOST_PRINTS] for each in (a, b))

    found = overlap(sample_a, sample_b)

    assert found == overlap(sample_b, sample_a)
    assert found.shared <= found.of <= MOST_PRINTS
    exact = len(a & b) / min(len(a), len(b))
    if max(size_a, size_b) < MOST_PRINTS:
        assert found == Overlap(len(a & b), min(len(a), len(b)))
    elif found.of >= 100:
        assert abs(found.shared / found.of - exact) < 0.35


def test_sessions_of_two_phones_share_nothing(study: Study) -> None:
    take(study, entries(0, 20))
    [one] = sessions(study)
    assert share(one, one).is_same
    assert not share(replace(one, device="a"), replace(one, device="b")).is_some
    later = replace(one, started="2026-11-22T12:00:00Z", ended="2026-11-22T12:10:00Z")
    assert share(one, later) == Overlap(0, 0)


def test_the_proxy_gives_no_exchange_to_two_sessions(study: Study) -> None:
    take(study, entries(0, 20))
    [one] = sessions(study)
    proxied = replace(one, origin="proxy")
    assert share(one, proxied).is_same  # exported by another program, and taken in again
    assert share(proxied, proxied) == Overlap(0, 0)

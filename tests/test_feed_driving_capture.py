"""The feed of a bundle is followed while another one writes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from feed_rig import ADAPTERS, FEED, KEY, aweme, logged, problems, servings, watches
from live_rig import Recording, record_now, stepped_study

from analyzer.bundle import add_step
from analyzer.errors import UserError
from analyzer.feed.driving.capture import LiveFeed

STATS = FEED.replace("/feed/", "/aweme/stats/")
VIDEO = "https://v16.tiktokcdn.example/video.mp4"


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return record_now(stepped_study(tmp_path))


def follow(recording: Recording) -> LiveFeed:
    return LiveFeed(recording.path, tuple(ADAPTERS.values()), KEY)


def answer(*numbers: int) -> bytes:
    return json.dumps({"status_code": 0, "aweme_list": [aweme(n) for n in numbers]}).encode()


def test_each_answer_and_line_is_told_once_as_soon_as_it_is_over(recording: Recording) -> None:
    feed = follow(recording)
    assert feed.poll() == []
    recording.ask(FEED, b"", answer(1, 2), method="GET")
    waiting = recording.ask(FEED, b"", method="GET", finished=False)
    recording.ask(STATS, logged(1).request_body)
    found = feed.poll()
    assert [each.item.native[-1] for each in servings(found)] == ["1", "2"]
    assert len(watches(found)) == 1
    assert feed.poll() == []
    recording.answer(waiting, answer(3))
    assert [each.item.native[-1] for each in servings(feed.poll())] == ["3"]
    assert feed.poll() == []


def test_what_is_no_feed_is_not_read_and_what_cannot_be_read_is_told(recording: Recording) -> None:
    feed = follow(recording)
    recording.ask(VIDEO, b"", b"\0" * 100_000, method="GET")
    assert feed.poll() == []
    recording.ask(FEED, b"", b'{"status_code": 0, "awemes": [{"aweme_id": "1"}]}', method="GET")
    assert problems(feed.poll()) == ["feed_format"]


def test_more_exchanges_than_one_look_takes_are_all_told(recording: Recording) -> None:
    for _ in range(600):
        recording.ask(VIDEO, b"", b"x", method="GET")
    recording.ask(FEED, b"", answer(1), method="GET")
    assert len(servings(follow(recording).poll())) == 1


def test_its_steps_its_clock_and_its_end_are_known(recording: Recording) -> None:
    feed = follow(recording)
    feed.poll()
    assert (feed.phase, feed.running) == ("first launch", True)
    add_step(recording.path, "use")
    feed.poll()
    assert feed.phase == "use"
    assert feed.now() == pytest.approx(recording.writer.seconds(), abs=1.0)
    recording.writer.close("done")
    assert not feed.running
    assert feed.poll() == []


def test_a_bundle_that_is_damaged_is_a_mistake(recording: Recording) -> None:
    feed = follow(recording)
    recording.writer.close("done")
    (recording.path / "capture.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 8000)
    with pytest.raises(UserError):
        feed.poll()

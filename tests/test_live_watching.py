"""How a followed session ends, several of them together, and sessions that last."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from live_rig import Recording, caught_up, levels, record_now, stepped_study
from recording import post, record
from test_bundle_connections import of_version_1

from analyzer.bundle import add_step, store, verify
from analyzer.errors import UserError
from analyzer.instants import instant
from analyzer.live import Follower, Snapshot
from analyzer.live.watching import Watch, next_for_all
from analyzer.models import Event
from analyzer.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return stepped_study(tmp_path)


@pytest.fixture
def recording(study: Study) -> Recording:
    return record_now(study)


@pytest.fixture
def follower(recording: Recording, study: Study) -> Follower:
    return Follower(recording.path, study)


# the end


def test_following_does_not_disturb_the_recorder_nor_the_sealing(
    recording: Recording, study: Study
) -> None:
    over = threading.Event()
    seen: list[Snapshot] = []

    def follow() -> None:
        follower = Follower(recording.path, study)
        while not over.is_set():
            seen.append(follower.poll())
        seen.append(caught_up(follower))

    watcher = threading.Thread(target=follow)
    watcher.start()
    for number in range(300):
        recording.ask(f"https://h{number}.pebblo.example/", b"x" * 100)
    recording.writer.close("stopped")
    over.set()
    watcher.join(60)
    assert verify(recording.path) == []
    last = seen[-1]
    assert (last.condition, last.end_reason, last.totals.exchanges) == ("ended", "stopped", 300)
    assert [each.totals.exchanges for each in seen] == sorted(
        each.totals.exchanges for each in seen
    )
    files = {file.name for file in recording.path.iterdir()}
    left_by_the_reader = {"capture.sqlite-shm", "capture.sqlite-wal"}
    assert files - left_by_the_reader == {
        "session.json", "capture.sqlite", "seal.json", "seal.rows", "seal.sig", "SHA256SUMS",
    }  # fmt: skip


def test_between_polls_nothing_holds_the_log(recording: Recording, follower: Follower) -> None:
    recording.ask()
    follower.poll()
    with contextlib.closing(sqlite3.connect(recording.path / store.DATABASE)) as database:
        busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0


def test_a_recorder_that_died_is_told(study: Study) -> None:
    path = record(study, "KE-13", exchanges=[post()], close=False)
    now = Follower(path, study).poll()
    assert now.condition == "crashed"
    assert ("red", "The recorder has died") in levels(now)


def test_a_bundle_of_the_first_version_is_shown_without_connections(
    recording: Recording, study: Study
) -> None:
    recording.writer.begin_exchange(
        t_s=1.0, method="GET", url="https://api.pebblo.example/", headers=(), body=b"", transport=""
    )
    recording.writer.add_event(Event(1.0, "tls_passthrough", "a.example", "", 7, 8))
    now = caught_up(Follower(of_version_1(recording.writer), study))
    assert (now.totals.exchanges, now.totals.connections) == (1, 0)
    assert (now.totals.unread_up, now.totals.unread_down) == (7, 8)


def test_a_damaged_bundle_is_the_evidences_fault(recording: Recording, follower: Follower) -> None:
    recording.ask()
    with contextlib.closing(sqlite3.connect(recording.path / store.DATABASE)) as database:
        database.execute("UPDATE exchange SET t_s=?", (math.inf,))
        database.commit()
    with pytest.raises(UserError, match="is damaged"):
        follower.poll()


# several sessions


def test_the_next_phase_begins_in_all_sessions_at_the_same_moment_and_once(study: Study) -> None:
    recordings = [record_now(study, arm) for arm in ("DE-13", "KE-13")]
    add_step(recordings[0].path, "consent")
    watch = Watch(study)
    now = watch.poll()
    assert [each.phase for each in now] == ["consent", "first launch"]
    assert next_for_all(study, now) == "consent"  # who is behind comes first
    assert watch.set_phase("consent") == 1
    assert next_for_all(study, watch.poll()) == "use"
    assert watch.set_phase("use") == 2
    now = watch.poll()
    assert watch.set_phase("use") == 0
    assert [each.phase for each in now] == ["use", "use"]
    started = [instant(recording.writer.session.started) for recording in recordings]
    began = [each.phase_since_s + start for each, start in zip(now, started, strict=True)]
    assert began[0] == pytest.approx(began[1], abs=0.001)
    assert next_for_all(study, now) == ""
    for recording in recordings:
        recording.writer.close("stopped")
    watch.poll()
    with pytest.raises(UserError, match="no session is being recorded"):
        watch.set_phase("use")


def test_a_session_that_begins_later_is_shown_beside_the_others(study: Study) -> None:
    first = record_now(study)
    watch = Watch(study)
    assert len(watch.poll()) == 1
    second = record_now(study, "DE-13")
    assert [now.session for now in watch.poll()] == [first.path.name, second.path.name]


def test_a_session_that_cannot_be_read_any_more_keeps_what_was_known(study: Study) -> None:
    recording = record_now(study)
    recording.ask()
    watch = Watch(study, [recording.path])
    watch.poll()
    (recording.path / "session.json").write_text("{")
    [now] = watch.poll()
    assert now.totals.exchanges == 1
    assert levels(now)[0] == ("red", "The session cannot be read at the moment")


# long sessions

_LONG = """
import resource, sys
from pathlib import Path
from analyzer.knowledge import load_knowledge
from analyzer.live import Follower
from analyzer.study import load_study

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

follower = Follower(Path(sys.argv[1]), load_study(Path(sys.argv[2])))
early = None
while True:
    now = follower.poll()
    if early is None and follower._sightings._looked > 25_000:
        early = resident()
    if not now.backlog:
        break
print(now.totals.exchanges, now.totals.connections, early, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_session_of_fifty_thousand_rows_is_followed_in_flat_memory(
    recording: Recording, study: Study
) -> None:
    rows = 50_000
    with contextlib.closing(sqlite3.connect(recording.path / store.DATABASE)) as database:
        database.executemany(
            "INSERT INTO connection(t_s, ended_s, phone, host, address, transport, tls, outcome)"
            " VALUES(?,?,'10.0.0.1',?,'192.0.2.1:443','tcp','TLSv1.3',?)",
            [
                (at / 10, at / 10 + 1, f"h{at % 3000}.example", ("read", "silent")[at % 3 == 0])
                for at in range(rows)
            ],
        )
        database.executemany(
            "INSERT INTO exchange(t_s, state, method, url, transport, request_headers, status)"
            " VALUES(?, 'done', 'GET', ?, 'h2', '[]', 200)",
            [(at / 10, f"https://h{at % 3000}.example/p/{at}") for at in range(rows)],
        )
        database.commit()
    done = subprocess.run(
        [sys.executable, "-c", _LONG, recording.path, study.root],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    exchanges, connections, early, late = map(int, done.stdout.split())
    assert (exchanges, connections) == (rows, rows)
    assert late - early < 16_000_000

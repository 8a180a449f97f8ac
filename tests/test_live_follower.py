"""A follower says what was written, while it is written, and changes nothing."""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from live_rig import HEADER_BYTES, HEADERS, PHONE, Recording, record_now, stepped_study
from recording import EMAIL, GAID, post, record
from test_bundle_connections import of_version_1

from analyzer.bundle import add_step, store, verify
from analyzer.errors import UserError
from analyzer.knowledge import load_knowledge
from analyzer.live import Follower, Snapshot
from analyzer.live.watching import Watch, next_for_all
from analyzer.models import Event
from analyzer.pipeline import analyse_bundle
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


def caught_up(follower: Follower) -> Snapshot:
    """Poll until nothing is left to look at."""
    for _ in range(2000):
        now = follower.poll()
        if not now.backlog:
            return now
    raise AssertionError(f"{now.backlog} rows are never looked at")


def levels(now: Snapshot) -> list[tuple[str, str]]:
    return [(alarm.level, alarm.text) for alarm in now.alarms]


# amounts


def test_what_is_counted_is_what_was_written_at_each_moment(
    recording: Recording, follower: Follower
) -> None:
    for number in range(1, 40):
        recording.ask(f"https://h{number % 3}.pebblo.example/x", b"n" * number, b"a" * 2 * number)
        if number % 5 == 0:
            totals = follower.poll().totals
            assert (totals.exchanges, totals.read_up, totals.read_down) == (
                number,
                recording.up,
                recording.down,
            )
    now = follower.poll()
    [owner] = now.recipients
    assert (owner.party, owner.exchanges) == ("first", 39)
    assert sorted(owner.hosts) == [f"h{each}.pebblo.example" for each in range(3)]
    assert (owner.read_up, owner.read_down) == (recording.up, recording.down)
    assert dict(owner.states) == {"decrypted": 39}


def test_a_request_is_in_flight_until_its_answer_and_then_counted_once(
    recording: Recording, follower: Follower
) -> None:
    number = recording.ask(finished=False)
    before = follower.poll()
    assert (before.totals.in_flight, before.requests[0].status) == (1, None)
    recording.answer(number, b"x" * 1000)
    for _ in range(2):
        now = follower.poll()
        assert (now.totals.exchanges, now.totals.in_flight) == (1, 0)
        assert (now.totals.read_up, now.totals.read_down) == (recording.up, recording.down)
        assert now.requests[0].status == 200


def test_what_flows_in_pieces_is_counted_as_it_flows_and_once(
    recording: Recording, follower: Follower
) -> None:
    writer = recording.writer
    number = writer.begin_exchange(
        t_s=1.0,
        method="POST",
        url="https://app.waymark.example/session",
        headers=HEADERS,
        body=None,
        transport="h2",
    )
    body = f"gps_adid={GAID}&environment=production".encode()
    for at in range(0, len(body), 10):
        writer.add_chunk(number, body[at : at + 10], from_client=True)
        totals = follower.poll().totals
        assert totals.read_up == HEADER_BYTES + min(at + 10, len(body))
    assert not follower.poll().sightings  # it is not complete yet
    writer.finish_request(number)
    now = follower.poll()
    assert [each.data_type for each in now.sightings] == ["id.advertising"]
    writer.begin_answer(number, t_s=2.0, status=200, headers=(), server_ip=None)
    writer.add_chunk(number, b"event", from_client=False)
    assert follower.poll().totals.read_down == 5
    writer.finish_exchange(number, t_s=3.0, status=200, body=None, cut=100)
    totals = follower.poll().totals
    assert (totals.read_up, totals.read_down) == (HEADER_BYTES + len(body), 105)
    assert totals.exchanges == 1


def test_messages_of_a_websocket_are_counted_once_however_late_they_come(
    recording: Recording, follower: Follower
) -> None:
    writer = recording.writer
    number = recording.ask("https://chat.pebblo.example/ws", b"", method="GET", finished=False)
    follower.poll()
    writer.finish_exchange(number, t_s=1.0, status=101, opens_websocket=True)
    sent = 0
    for at in range(1, 30):
        writer.add_message(number, at % 2 == 0, True, b"m" * at, 1.0 + at)
        sent += at
        if at % 7 == 0:
            now = follower.poll()
            assert now.totals.messages == at
            assert now.totals.read_up + now.totals.read_down == HEADER_BYTES + sent
    writer.add_message(number, True, True, json.dumps({"email": EMAIL}).encode(), 99.0)
    writer.end_websocket(number)
    for _ in range(2):
        now = follower.poll()
        assert (now.totals.messages, now.totals.in_flight) == (30, 0)
    assert [(each.data_type, each.t_s) for each in now.sightings] == [("person.email", 99.0)]
    [owner] = now.recipients
    assert owner.messages == 30


def test_bytes_that_pass_unread_grow_with_the_open_connection(
    recording: Recording, follower: Follower
) -> None:
    number = recording.connect("ads.bidriver.example", "passed", up=10, down=20, ended=False)
    assert follower.poll().totals.unread_down == 20
    recording.writer.connections.change(number, bytes_up=100, bytes_down=2000)
    now = follower.poll()
    assert (now.totals.unread_up, now.totals.unread_down) == (100, 2000)
    recording.writer.connections.change(number, bytes_down=3000, ended_s=5.0)
    now = follower.poll()
    assert (now.totals.connections, now.totals.unread_down) == (1, 3000)
    [owner] = now.recipients
    assert (owner.owner, owner.unread_up, owner.unread_down) == ("Bidriver", 100, 3000)


def test_the_recorders_own_pages_are_nobodys_traffic(
    recording: Recording, follower: Follower
) -> None:
    recording.connect("phone.check", "read")
    now = follower.poll()
    assert (now.totals.connections, now.recipients) == (0, ())
    assert now.phones[0].trusted  # but the check page proves that the authority is trusted


# trust


def test_refusals_are_a_red_alarm_until_something_is_decrypted_then_pins(
    recording: Recording, follower: Follower
) -> None:
    assert levels(follower.poll()) == [("note", "No traffic yet")]
    recording.connect("api.pebblo.example", "refused")
    now = follower.poll()
    assert dict(now.totals.states) == {"ca_refused": 1}
    [(level, text)] = levels(now)
    assert level == "red"
    assert "does not trust the certificate authority" in text
    assert not now.phones[0].trusted
    recording.ask("https://api.pebblo.example/feed")
    now = follower.poll()
    assert levels(now) == []
    assert now.phones[0].trusted
    assert dict(now.totals.states) == {"ca_refused": 1, "decrypted": 1}
    for _ in range(2):
        recording.connect("ads.bidriver.example", "silent")
    now = follower.poll()
    assert levels(now) == [("amber", "Pinned, cannot be read: Bidriver")]
    assert dict(now.totals.states) == {"ca_refused": 1, "decrypted": 1, "pinned": 2}


def test_one_phone_of_two_that_trusts_nothing_is_named(
    recording: Recording, follower: Follower
) -> None:
    recording.ask()
    recording.connect("api.pebblo.example", "refused", phone="10.0.0.9")
    assert levels(follower.poll()) == [("red", "Nothing was decrypted of 10.0.0.9")]


# what the check page and others found


def test_the_latest_result_of_each_check_is_shown(recording: Recording, follower: Follower) -> None:
    writer = recording.writer
    writer.add_checkup(PHONE, "time_zone", "bad", "Europe/Berlin")
    writer.add_checkup(PHONE, "certificate", "ok", "")
    writer.add_measured("exit_country", "DE", "geo:some 2026-06")
    now = follower.poll()
    assert [(each.name, each.state) for each in now.phones[0].checks] == [
        ("time_zone", "bad"),
        ("certificate", "ok"),
    ]
    assert ("amber", "The check page found: time zone (Europe/Berlin)") in levels(now)
    assert ("red", "The traffic leaves from DE, the arm says KE") in levels(now)
    writer.add_checkup(PHONE, "time_zone", "ok", "Africa/Nairobi")
    writer.add_measured("exit_country", "KE", "geo:some 2026-06")
    now = follower.poll()
    assert [each.state for each in now.phones[0].checks] == ["ok", "ok"]
    assert levels(now) == [("note", "No traffic yet")]


def test_gaps_are_counted_and_told(recording: Recording, follower: Follower) -> None:
    recording.ask()
    recording.writer.add_event(Event(1.0, "gap", "", "the laptop slept", 0, 0))
    recording.writer.add_event(Event(1.0, "dns", "api.pebblo.example", "", 0, 0))
    now = follower.poll()
    assert now.totals.lost == 1
    assert levels(now) == [("amber", "1 gaps or errors in the recording")]


# first sightings


def test_each_type_of_data_is_told_once_for_each_owner_with_its_phase(
    recording: Recording, follower: Follower
) -> None:
    recording.ask()
    recording.ask()
    add_step(recording.path, "consent")
    time.sleep(0.01)
    recording.ask("https://api.pebblo.example/login", f"email={EMAIL}".encode())
    now = caught_up(follower)
    assert [
        (each.data_type, each.owner, each.party, each.method, each.phase, each.shape)
        for each in now.sightings
    ] == [
        ("person.email", "Pebblo", "first", "planted", "consent", "email"),
        ("id.advertising", "Waymark", "third", "rule", "first launch", "uuid"),
    ]
    assert (now.phase, now.next_phase) == ("consent", "use")


def test_what_is_sighted_and_counted_agrees_with_the_analysis(
    recording: Recording, study: Study, follower: Follower
) -> None:
    recording.ask()
    recording.ask("https://graph.facebook.com/v17/1/activities", f"advertiser_id={GAID}".encode())
    recording.ask(
        f"https://api.pebblo.example/u?mail={EMAIL}&lang=sw", b'{"birthday":"2013-01-02"}'
    )
    recording.ask("https://api.pebblo.example/plain", b"nothing=1")
    now = caught_up(follower)
    analysed = analyse_bundle(recording.path, study, load_knowledge())
    assert {(each.data_type, each.owner) for each in now.sightings} == {
        (each.match.data_type, each.destination.owner) for each in analysed.findings
    }
    assert len(now.sightings) >= 3
    assert now.totals.exchanges == analysed.exchanges
    assert now.totals.read_up == sum(each.bytes_up for each in analysed.coverage)
    assert now.totals.read_down == sum(each.bytes_down for each in analysed.coverage)


def test_no_raw_value_is_in_a_snapshot(recording: Recording, follower: Follower) -> None:
    secrets = [EMAIL, GAID, "wanjiku", "8f14e45fceea167a5a36dedd4bea2543", "ticket"]
    recording.ask(
        f"https://{GAID}.id.waymark.example/u/{EMAIL}/8f14e45fceea167a5a36dedd4bea2543"
        f"?ticket={GAID}#ticket",
        f"email={EMAIL}&gps_adid={GAID}".encode(),
    )
    recording.connect(f"{GAID}.ads.bidriver.example", "passed", up=1)
    now = caught_up(follower)
    told = json.dumps(asdict(now))
    assert [each for each in secrets if each in told] == []
    assert now.requests[0].path == "/u/{person.email}/{hex}" or "{email}" in now.requests[0].path


def test_hostile_text_is_made_visible_and_short(recording: Recording, follower: Follower) -> None:
    recording.ask("https://evil\u202e.example/\x1b[2J" + "p" * 5000, method="G\x1bET" * 50)
    add_step(recording.path, "kid\u202egpj")
    now = caught_up(follower)
    shown = [now.requests[0].method, now.requests[0].host, now.requests[0].path, now.phase]
    assert all(text.isprintable() and len(text) <= 120 for text in shown), shown
    assert "U+202E" in now.phase


def test_a_body_too_large_to_search_is_told(recording: Recording, follower: Follower) -> None:
    recording.ask(body=b"x" * 1_500_000)
    assert caught_up(follower).skipped == 1


def test_a_long_backlog_is_told_and_worked_off(recording: Recording, study: Study) -> None:
    for number in range(600):
        recording.ask(f"https://api.pebblo.example/{number}", b"n=1")
    follower = Follower(recording.path, study)
    first = follower.poll(budget=0.0)
    assert first.backlog > 0
    now = caught_up(follower)
    assert (now.totals.exchanges, now.totals.read_up) == (600, recording.up)


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
    assert files == {"session.json", "capture.sqlite", "SHA256SUMS"}


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
    started = [recording.writer._start for recording in recordings]
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
    assert late - early < 10_000_000

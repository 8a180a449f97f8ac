"""A follower says what was written, while it is written, and changes nothing."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from live_rig import (
    HEADER_BYTES,
    HEADERS,
    PHONE,
    Recording,
    caught_up,
    levels,
    record_now,
    stepped_study,
)
from recording import EMAIL, GAID

from analyzer.bundle import BundleWriter, add_step, new_session
from analyzer.knowledge import load_knowledge
from analyzer.live import Follower
from analyzer.live.view import page_view
from analyzer.models import Event
from analyzer.pipeline import analyse_bundle
from analyzer.study import SETUP, Study

ASKED_BYTES = HEADER_BYTES + len("POST/session")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return stepped_study(tmp_path)


@pytest.fixture
def recording(study: Study) -> Recording:
    return record_now(study)


@pytest.fixture
def follower(recording: Recording, study: Study) -> Follower:
    return Follower(recording.path, study)


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
        assert totals.read_up == ASKED_BYTES + min(at + 10, len(body))
    assert not follower.poll().sightings  # it is not complete yet
    writer.finish_request(number)
    now = follower.poll()
    assert [each.data_type for each in now.sightings] == ["id.advertising"]
    writer.begin_answer(number, t_s=2.0, status=200, headers=(), server_ip=None)
    writer.add_chunk(number, b"event", from_client=False)
    assert follower.poll().totals.read_down == 5
    writer.finish_exchange(number, t_s=3.0, status=200, body=None, cut=100)
    totals = follower.poll().totals
    assert (totals.read_up, totals.read_down) == (ASKED_BYTES + len(body), 105)
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
            assert now.totals.read_up + now.totals.read_down == recording.up + sent
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
    assert ("amber", "The phone is not ready: Time zone") in levels(now)
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
    assert now.totals.gaps == 1
    assert levels(now) == [("amber", "1 gap in the recording")]


def test_a_server_that_does_not_answer_is_no_gap_and_leaves_the_session_complete(
    recording: Recording, follower: Follower
) -> None:
    recording.ask()
    for at in range(3):
        reason = "the server could not be reached"
        recording.writer.add_event(Event(1.0, "error", f"x{at}.example", reason, 0, 0))
    told = [("note", "3 requests got no answer from their server")]
    assert levels(follower.poll()) == told
    recording.connect("gone.example", "failed")
    recording.connect("phone.check", "failed")  # the recorder's own
    told = [("note", "4 requests got no answer from their server")]
    now = follower.poll()
    assert (now.totals.gaps, now.totals.unanswered, levels(now)) == (0, 4, told)
    recording.writer.close("stopped")
    now = follower.poll()
    assert (now.complete, levels(now)) == (True, told)


def test_one_request_without_an_answer_is_told_in_the_singular(
    recording: Recording, follower: Follower
) -> None:
    recording.ask()
    recording.connect("gone.example", "failed")
    assert levels(follower.poll()) == [("note", "1 request got no answer from its server")]


def test_a_session_that_ended_incomplete_says_why(recording: Recording, follower: Follower) -> None:
    recording.ask()
    recording.writer.mark_incomplete("an error in the recorder (x)")
    assert levels(follower.poll()) == []  # nobody can know before the end
    recording.writer.close("stopped")
    [alarm] = follower.poll().alarms
    assert (alarm.level, alarm.fix) == ("amber", "an error in the recorder (x)")
    assert alarm.text.startswith("The session is incomplete")


def test_only_phases_that_were_marked_are_called_passed(
    recording: Recording, follower: Follower, study: Study
) -> None:
    def phases() -> dict[str, str]:
        [session] = page_view(study, [follower.poll()])["sessions"]
        return {each["name"]: each["kind"] for each in session["phases"]}

    assert phases() == {"first launch": "now", "consent": "later", "use": "later"}
    add_step(recording.path, "elsewhere")
    assert phases() == {
        "first launch": "past", "consent": "later", "use": "later", "elsewhere": "now",
    }  # fmt: skip
    add_step(recording.path, "use")
    assert phases() == {"first launch": "past", "consent": "skipped", "use": "now"}
    add_step(recording.path, "consent")
    assert phases() == {"first launch": "past", "consent": "now", "use": "past"}


def test_the_set_up_of_the_phone_comes_before_the_first_phase(study: Study) -> None:
    session = new_session(study, study.arm("KE-13"), origin="proxy")
    writer = BundleWriter.create(study.captures, session, phase=SETUP)
    follower = Follower(writer.path, study)
    now = follower.poll()
    [shown] = page_view(study, [now])["sessions"]
    assert now.next_phase == "first launch"
    assert [each["kind"] for each in shown["phases"]] == ["now", "later", "later", "later"]
    add_step(writer.path, "first launch")
    [shown] = page_view(study, [follower.poll()])["sessions"]
    assert [each["name"] for each in shown["phases"]] == [SETUP, *study.phases]
    assert [each["kind"] for each in shown["phases"]] == ["past", "now", "later", "later"]


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

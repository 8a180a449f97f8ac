"""A session bundle: written call by call, read back whole."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import multiprocessing
import os
import sqlite3
from pathlib import Path

import pytest
from bundle_rig import ARM, a_study, a_writer, an_exchange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer import bundle
from analyzer.bundle import (
    BundleWriter,
    RecordingError,
    add_step,
    new_session,
    read_session,
    store,
    verify,
)
from analyzer.errors import UserError
from analyzer.models import Arm, Event, Session
from analyzer.readers.bundle import Span, read_events, read_exchanges, read_steps
from analyzer.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return a_study(tmp_path)


@pytest.fixture
def writer(study: Study) -> BundleWriter:
    return a_writer(study)


def test_a_session_is_named_by_arm_repeat_time_and_chance(study: Study) -> None:
    session = new_session(study, ARM, origin="proxy", started=1795342500.25)
    assert session.id[:-6] == "KE-13-r01-20261122T101500Z-"
    assert session.started == "2026-11-22T10:15:00.250Z"
    assert (session.persona, session.app, session.repeat) == ("amina", "com.app.example", 1)
    assert dict(session.tools)["evenhand"]


def test_the_next_repeat_is_one_more_than_the_greatest_of_the_same_arm(study: Study) -> None:
    for arm, repeat in [(ARM, 2), (ARM, 7), (Arm("KE-13-x", "KE", 13, "none"), 9)]:
        session = new_session(study, arm, repeat=repeat, origin="har")
        BundleWriter.create(study.captures, session, phase="use").close("imported")
    assert new_session(study, ARM, origin="har").repeat == 8


def test_what_is_written_is_read_back_and_given_its_phase(writer: BundleWriter) -> None:
    writer.add_exchange(an_exchange("first", t_s=0.5))
    writer.add_step("use", 2.0)
    writer.add_step("background", 1.0)
    writer.add_exchange(an_exchange("second", t_s=1.0, complete=False, truncated=7))
    writer.add_exchange(an_exchange("third", t_s=9.0, status=None))
    event = Event(0.1, "tls_refused", "pinned.example", "why", 3, 4)
    writer.add_event(event)
    session = writer.close("imported")

    name = writer.path.name
    assert list(read_exchanges(writer.path)) == [
        an_exchange("1", session=name, t_s=0.5, phase="first launch"),
        an_exchange("2", session=name, t_s=1.0, phase="background", complete=False, truncated=7),
        an_exchange("3", session=name, t_s=9.0, phase="use", status=None),
    ]
    assert list(read_events(writer.path)) == [event]
    assert read_steps(writer.path) == ((0.0, "first launch"), (1.0, "background"), (2.0, "use"))
    assert read_session(writer.path) == session
    assert session.complete
    assert dict(session.counts) == {
        "answered": 2, "bodies": 2, "connections": 0, "events": 1, "exchanges": 3, "messages": 0,
        "steps": 3,
    }  # fmt: skip


def test_messages_follow_their_handshake_also_when_imported(writer: BundleWriter) -> None:
    writer.add_exchange(an_exchange("9", status=101, request_body=b""))
    writer.add_exchange(an_exchange("10"))
    sent = an_exchange("9.w1", method="WS", request_body=b"up", response_body=b"", t_s=2.0)
    got = an_exchange("9.w2", method="WS", request_body=b"", response_body=b"down", t_s=3.0)
    writer.add_exchange(sent)
    writer.add_exchange(got)
    writer.close("imported")
    found = list(read_exchanges(writer.path))
    assert [(e.id, e.method, e.request_body, e.response_body, e.t_s) for e in found[:3]] == [
        ("1", "POST", b"", b"got", 1.5),
        ("1.w1", "WS", b"up", b"", 2.0),
        ("1.w2", "WS", b"", b"down", 3.0),
    ]
    assert found[1].url == found[0].url
    assert (found[1].transport, found[1].request_headers) == ("ws", ())
    assert found[3].id == "2"


def test_only_exchanges_of_wanted_addresses_are_read_with_their_messages(
    writer: BundleWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, other = "https://feed.example/a", "https://cdn.example/v"
    for number, url in enumerate((other, feed, other, feed), 1):
        body = url.encode() * number
        writer.add_exchange(an_exchange(str(number), url=url, status=101, response_body=body))
        sent = an_exchange(f"{number}.w1", method="WS", request_body=b"up", response_body=b"")
        writer.add_exchange(sent)
    writer.close("imported")
    everything = list(read_exchanges(writer.path))
    read: list[bytes] = []
    get_body = store.get_body

    def noted(database: sqlite3.Connection, key: bytes | None) -> bytes | None:
        body = get_body(database, key)
        read.append(body or b"")
        return body

    monkeypatch.setattr(store, "get_body", noted)
    some = list(read_exchanges(writer.path, wants=lambda url: url == feed))
    assert some == [each for each in everything if each.url == feed]
    assert [each.id for each in some] == ["2", "2.w1", "4", "4.w1"]
    assert not any(other.encode() in body for body in read)
    later = Span(1, message=1)
    assert list(read_exchanges(writer.path, later, lambda url: url == feed)) == some


def test_what_is_written_together_is_the_same_and_all_or_nothing(
    study: Study, writer: BundleWriter
) -> None:
    apart = a_writer(study)
    for number in range(3):
        apart.add_exchange(an_exchange(str(number), status=101))
    apart.add_exchange(an_exchange("1.w1", method="WS", request_body=b"up", response_body=b""))
    with writer.together():
        for number in range(3):
            writer.add_exchange(an_exchange(str(number), status=101))
        assert not list(read_exchanges(writer.path))  # nobody else sees it before all is there
        writer.add_exchange(an_exchange("1.w1", method="WS", request_body=b"up", response_body=b""))
    assert len(list(read_exchanges(writer.path))) == 4
    assert writer.counts == apart.counts
    with contextlib.suppress(ZeroDivisionError), writer.together():
        writer.add_exchange(an_exchange("8"))
        writer.add_exchange(an_exchange("2.w1", method="WS"))
        raise ZeroDivisionError
    with pytest.raises(RuntimeError), writer.together(), writer.together():
        pass
    apart.close("imported")
    writer.close("imported")
    assert verify(writer.path) == []
    assert [dataclasses.replace(each, session="") for each in read_exchanges(writer.path)] == [
        dataclasses.replace(each, session="") for each in read_exchanges(apart.path)
    ]


def test_a_message_before_its_handshake_is_our_mistake(writer: BundleWriter) -> None:
    with pytest.raises(ValueError, match="before its handshake"):
        writer.add_exchange(an_exchange("9.w1", method="WS"))


def test_a_body_is_stored_once(writer: BundleWriter) -> None:
    for number in range(50):
        writer.add_exchange(an_exchange(str(number), request_body=os.urandom(1) * 100_000))
        writer.add_exchange(an_exchange(str(number), request_body=b"the same" * 10_000))
    writer.close("imported")
    assert (writer.path / "capture.sqlite").stat().st_size < 200_000


def test_a_body_beyond_the_bound_is_cut_and_counted(
    writer: BundleWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "KEEP", 10)
    writer.add_exchange(an_exchange(request_body=b"x" * 25, response_body=b"y" * 11))
    writer.close("imported")
    [exchange] = read_exchanges(writer.path)
    assert (exchange.request_body, exchange.response_body) == (b"x" * 10, b"y" * 10)
    assert (exchange.truncated, exchange.complete) == (16, False)


def test_bodies_that_come_in_pieces_are_there_at_once_and_whole_at_the_end(
    writer: BundleWriter,
) -> None:
    number = writer.begin_exchange(
        t_s=1.0, method="POST", url="https://a.example/", headers=(), body=None, transport="h2"
    )
    for piece in (b"one ", b"two"):
        writer.add_chunk(number, piece, from_client=True)
    writer.begin_answer(number, t_s=1.1, status=200, headers=(("a", "b"),), server_ip="::1")
    writer.add_chunk(number, b"an", from_client=False)
    [live] = read_exchanges(writer.path)
    assert (live.request_body, live.response_body) == (b"one two", b"an")
    assert (live.status, live.complete, live.server_ip) == (200, False, "::1")

    writer.finish_request(number, trailers=(("t", "1"),))
    writer.add_chunk(number, b"swer", from_client=False)
    writer.finish_exchange(
        number, t_s=1.2, status=200, headers=(("a", "b"),), body=None, trailers=(("grpc", "0"),)
    )
    writer.close("stopped")
    [whole] = read_exchanges(writer.path)
    assert (whole.request_body, whole.response_body, whole.complete) == (
        b"one two",
        b"answer",
        True,
    )
    assert whole.request_headers == (("t", "1"),)
    assert whole.response_headers == (("a", "b"), ("grpc", "0"))
    with contextlib.closing(store.open_to_read(writer.path / "capture.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM chunk").fetchone() == (0,)


texts = st.text(st.characters(), max_size=20)  # with NUL, bidi marks and lone surrogates
pairs = st.lists(st.tuples(texts, texts), max_size=4).map(tuple)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs, pairs, texts, texts, st.binary(max_size=50))
def test_nothing_hostile_breaks_the_store_and_plain_text_comes_back_as_it_was(
    writer: BundleWriter,
    sent: tuple[tuple[str, str], ...],
    got: tuple[tuple[str, str], ...],
    url: str,
    method: str,
    body: bytes,
) -> None:
    method += "!"  # never "WS"
    number = writer.add_exchange(
        an_exchange(
            request_headers=sent, response_headers=got, url=url, method=method, request_body=body
        )
    )
    *_, exchange = read_exchanges(writer.path)
    assert exchange.id == str(number)
    assert exchange.request_body == body
    everything = [exchange.url, exchange.method]
    everything += [text for pair in exchange.request_headers for text in pair]
    "".join(everything).encode()  # no lone surrogate gets out
    for before, after in ((url, exchange.url), (method, exchange.method)):
        with contextlib.suppress(UnicodeEncodeError):
            before.encode()
            assert after == before
    with contextlib.suppress(UnicodeEncodeError):
        json.dumps([sent, got], ensure_ascii=False).encode()
        assert (exchange.request_headers, exchange.response_headers) == (sent, got)


def test_a_header_that_is_not_utf8_is_kept_and_read_as_latin_1(writer: BundleWriter) -> None:
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    writer.add_exchange(an_exchange(request_headers=(("X", odd),), url=f"https://a.example/{odd}"))
    writer.close("imported")
    [exchange] = read_exchanges(writer.path)
    assert exchange.request_headers == (("X", "café"),)
    assert exchange.url == "https://a.example/caf%E9"
    with contextlib.closing(sqlite3.connect(writer.path / "capture.sqlite")) as database:
        (text,) = database.execute("SELECT request_headers FROM exchange").fetchone()
    assert json.loads(text) == [["X", odd]]


def test_only_the_owner_can_read_a_bundle(writer: BundleWriter, study: Study) -> None:
    writer.add_exchange(an_exchange())
    modes = {file.name: file.stat().st_mode & 0o777 for file in writer.path.iterdir()}
    assert set(modes.values()) == {0o600}
    writer.close("stopped")
    assert {file.stat().st_mode & 0o777 for file in writer.path.iterdir()} == {0o600}
    assert writer.path.stat().st_mode & 0o777 == 0o700
    assert study.captures.stat().st_mode & 0o777 == 0o700


def test_the_description_is_sorted_and_holds_every_field(writer: BundleWriter) -> None:
    session = writer.close("stopped")
    text = (writer.path / "session.json").read_text()
    raw = json.loads(text)
    assert text == json.dumps(raw, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert set(raw) == {"schema"} | {field.name for field in dataclasses.fields(Session)}
    assert raw["schema"] == bundle.SCHEMA_VERSION
    assert raw["arm"] == {"age": 13, "consent": "refused", "country": "KE", "label": "KE-13"}
    assert raw["ended"] == session.ended is not None


def test_a_step_can_be_marked_by_another_process_while_the_session_runs(
    writer: BundleWriter,
) -> None:
    child = multiprocessing.get_context("spawn").Process(
        target=add_step, args=(writer.path, "  consent accepted ")
    )
    child.start()
    child.join()
    writer.add_exchange(an_exchange(t_s=writer.seconds() + 1))
    writer.close("stopped")
    assert [name for _, name in read_steps(writer.path)] == ["first launch", "consent accepted"]
    assert [exchange.phase for exchange in read_exchanges(writer.path)] == ["consent accepted"]


@pytest.mark.parametrize("name", ["", "   ", "two\nlines", "x" * 201])
def test_a_step_needs_a_name_on_one_line(writer: BundleWriter, name: str) -> None:
    with pytest.raises(UserError, match="not a name"):
        add_step(writer.path, name)


def test_a_step_in_a_session_that_has_ended_is_refused(writer: BundleWriter) -> None:
    writer.close("stopped")
    with pytest.raises(UserError, match="not being recorded"):
        add_step(writer.path, "late")


def test_nothing_can_be_added_after_the_end(writer: BundleWriter) -> None:
    session = writer.close("stopped")
    with pytest.raises(RecordingError):
        writer.add_exchange(an_exchange())
    assert writer.close("again") == session


def test_a_bug_in_the_recorder_marks_the_session(writer: BundleWriter) -> None:
    writer.mark_incomplete("an error in the recorder")
    writer.mark_incomplete("an error in the recorder")
    session = writer.close("stopped")
    assert (session.complete, session.partial) == (False, ("an error in the recorder",))


def test_a_writer_whose_disk_refuses_stops_and_says_so(
    writer: BundleWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer.add_exchange(an_exchange())

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(store, "put_body", full)
        with pytest.raises(RecordingError, match="disk is full"):
            writer.add_exchange(an_exchange())
    with pytest.raises(RecordingError):
        writer.add_exchange(an_exchange())
    session = writer.close("recording failed")
    assert session.partial == ("recording failed: database or disk is full",)
    assert verify(writer.path) == []
    assert len(list(read_exchanges(writer.path))) == 1


def test_a_database_that_is_not_ours_is_refused(writer: BundleWriter) -> None:
    writer.close("stopped")
    file = writer.path / "capture.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.execute("CREATE VIEW more AS SELECT * FROM exchange")
    with pytest.raises(UserError, match="is not a capture"):
        list(read_exchanges(writer.path))
    file.write_bytes(b"SQLite format 3\x00" + os.urandom(5000))
    with pytest.raises(UserError, match="is damaged"):
        list(read_events(writer.path))


def test_a_damaged_body_is_missing_and_the_rest_is_read(writer: BundleWriter) -> None:
    writer.add_exchange(an_exchange("1"))
    writer.add_exchange(an_exchange("2", request_body=b"another"))
    writer.close("stopped")
    with contextlib.closing(sqlite3.connect(writer.path / "capture.sqlite")) as database:
        key = hashlib.sha256(b"another").digest()
        database.execute("UPDATE body SET zstd=x'28b52ffd' WHERE sha256=?", (key,))
        database.commit()
    first, second = read_exchanges(writer.path)
    assert first.complete
    assert (second.request_body, second.response_body) == (b"", b"got")
    assert (second.complete, second.truncated) == (False, 7)

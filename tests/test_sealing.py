"""The end of a session bundle: sealed, verified, recovered."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import pytest
from bundle_rig import a_study, a_writer, an_exchange, resealed

from analyzer.bundle import (
    BundleWriter,
    crashed_bundles,
    list_bundles,
    read_session,
    recover,
    running_bundles,
    verify,
)
from analyzer.errors import UserError
from analyzer.readers.bundle import read_exchanges
from analyzer.study import Study


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return a_study(tmp_path)


@pytest.fixture
def writer(study: Study) -> BundleWriter:
    return a_writer(study)


def files(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


FILES = ("capture.sqlite", "seal.json", "seal.rows", "seal.sig", "session.json")


def test_a_sealed_bundle_is_six_files_and_reading_changes_none_of_them(
    writer: BundleWriter,
) -> None:
    writer.add_exchange(an_exchange())
    writer.close("stopped")
    before = files(writer.path)
    assert set(before) == {*FILES, "SHA256SUMS"}
    list(read_exchanges(writer.path))
    assert verify(writer.path) == []
    assert files(writer.path) == before
    expected = "".join(f"{hashlib.sha256(before[name]).hexdigest()}  {name}\n" for name in FILES)
    assert before["SHA256SUMS"].decode() == expected


def test_a_bundle_can_be_moved_and_read_from_a_place_where_nothing_can_be_written(
    writer: BundleWriter, tmp_path: Path
) -> None:
    writer.add_exchange(an_exchange())
    writer.close("stopped")
    elsewhere = tmp_path / "a ?#% folder"
    shutil.move(writer.path, elsewhere)
    for file in elsewhere.iterdir():
        file.chmod(0o400)
    elsewhere.chmod(0o500)
    try:
        assert len(list(read_exchanges(elsewhere))) == 1
        assert verify(elsewhere) == []
    finally:
        elsewhere.chmod(0o700)


def test_a_running_session_has_no_end_and_cannot_be_recovered(
    writer: BundleWriter, study: Study
) -> None:
    session = read_session(writer.path)
    assert (session.ended, session.end_reason, session.complete) == (None, None, False)
    assert running_bundles(study.captures) == list_bundles(study.captures) == [writer.path]
    assert crashed_bundles(study.captures) == []
    assert verify(writer.path) == ["It is still being recorded."]
    with pytest.raises(UserError, match="still being recorded"):
        recover(writer.path)
    writer.close("stopped")
    assert running_bundles(study.captures) == []


def test_a_reader_that_stays_does_not_keep_a_session_from_ending(writer: BundleWriter) -> None:
    writer.add_exchange(an_exchange("1"))
    writer.add_exchange(an_exchange("2"))
    reading = read_exchanges(writer.path)
    next(reading)
    began = time.monotonic()
    writer.close("stopped")
    assert time.monotonic() - began < 3
    assert verify(writer.path) == []
    assert [exchange.id for exchange in reading] == ["2"]
    assert [exchange.id for exchange in read_exchanges(writer.path)] == ["1", "2"]
    modes = {file.name: file.stat().st_mode & 0o777 for file in writer.path.iterdir()}
    assert modes == dict.fromkeys((*FILES, "SHA256SUMS"), 0o600)


def crashed(writer: BundleWriter, where: Path) -> Path:
    """A copy of the bundle as a killed recorder leaves it."""
    shutil.copytree(writer.path, where)
    return where


def test_a_crashed_session_is_closed_and_says_what_is_partial(
    writer: BundleWriter, tmp_path: Path
) -> None:
    writer.add_exchange(an_exchange())
    waiting = writer.begin_exchange(
        t_s=2.0, method="GET", url="https://a.example/", headers=(), body=b"", transport="h2"
    )
    sending = writer.begin_exchange(
        t_s=3.0, method="PUT", url="https://a.example/", headers=(), body=None, transport="h2"
    )
    writer.add_chunk(sending, b"half", from_client=True)
    talking = writer.begin_exchange(
        t_s=4.0, method="GET", url="https://a.example/", headers=(), body=b"", transport="h2"
    )
    writer.finish_exchange(talking, t_s=4.1, status=101, opens_websocket=True)
    writer.add_message(talking, True, True, b"hello", 60.5)
    path = crashed(writer, tmp_path / "crashed")

    assert "never closed" in verify(path)[0]
    assert crashed_bundles(tmp_path) == [path]
    session = recover(path)
    assert session.partial == (
        f"exchange {waiting} had no complete answer",
        f"exchange {sending} was still being sent",
        f"exchange {talking} was a WebSocket still open",
    )
    assert crashed_bundles(tmp_path) == []
    assert (session.end_reason, session.complete) == ("crashed", False)
    assert verify(path) == []
    found = {exchange.id: exchange for exchange in read_exchanges(path)}
    assert [exchange.id for exchange in found.values() if exchange.complete] == ["1", "4.w1"]
    assert found["3"].request_body == b"half"
    assert found["4.w1"].request_body == b"hello"
    assert session.ended is not None
    assert session.ended > session.started
    writer.close("stopped")


def test_a_session_that_ended_but_was_not_sealed_keeps_its_reason(
    writer: BundleWriter, tmp_path: Path
) -> None:
    writer.add_exchange(an_exchange())
    path = crashed(writer, tmp_path / "unsealed")
    session = writer.close("interrupted")
    shutil.copy(writer.path / "session.json", path)
    (path / "session.json.part").write_text("{")
    assert "not sealed" in verify(path)[0]
    assert recover(path) == session
    assert verify(path) == []


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda path: flip(path / "capture.sqlite"), "capture.sqlite was changed"),
        (lambda path: (path / "capture.sqlite").unlink(), "capture.sqlite is missing"),
        (lambda path: (path / "notes.txt").write_text("x"), "notes.txt was added"),
        (lambda path: (path / "SHA256SUMS").write_text(""), "SHA256SUMS was changed"),
        (lambda path: (path / "SHA256SUMS").write_text("?"), "SHA256SUMS was changed"),
        (lambda path: (path / "SHA256SUMS").unlink(), "was not sealed"),
        (
            lambda path: (path / "SHA256SUMS").write_text(f"{'0' * 64}  ../../etc/passwd\n"),
            "SHA256SUMS was changed",
        ),
    ],
)
def test_verify_names_what_was_done_to_a_bundle(
    writer: BundleWriter, harm: object, complaint: str
) -> None:
    for number in range(20):
        writer.add_exchange(an_exchange(request_body=os.urandom(5000), id=str(number)))
    writer.close("stopped")
    assert callable(harm)
    harm(writer.path)
    assert any(complaint in words for words in verify(writer.path))


def test_verify_compares_the_stated_counts_with_the_tables(writer: BundleWriter) -> None:
    writer.add_exchange(an_exchange())
    writer.close("stopped")
    description = writer.path / "session.json"
    description.write_text(description.read_text().replace('"exchanges": 1', '"exchanges": 5'))
    resealed(writer.path)
    assert verify(writer.path) == ["session.json states 5 exchanges, capture.sqlite holds 1."]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "is not a session"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "not a session's description"),
        ('{"schema": 99}', "newer evenhand"),
        ('{"schema": 1}', "missing required field"),
    ],
)
def test_what_is_not_a_bundle_is_refused_in_one_line(
    tmp_path: Path, content: str | None, complaint: str
) -> None:
    if content is not None:
        (tmp_path / "session.json").write_text(content)
    with pytest.raises(UserError, match=complaint) as caught:
        read_session(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_date_that_is_none_is_refused(writer: BundleWriter) -> None:
    writer.close("stopped")
    description = writer.path / "session.json"
    raw = json.loads(description.read_text())
    raw["started"] = "yesterday"
    description.write_text(json.dumps(raw))
    with pytest.raises(UserError, match="is wrong"):
        read_session(writer.path)


def test_what_a_reader_leaves_behind_is_no_evidence(writer: BundleWriter) -> None:
    writer.add_exchange(an_exchange())
    writer.close("stopped")
    index, log = (writer.path / f"capture.sqlite{end}" for end in ("-shm", "-wal"))
    index.write_bytes(b"\0" * 32768)
    log.touch()
    assert verify(writer.path) == []
    log.write_bytes(b"a row")
    assert verify(writer.path) == ["capture.sqlite-wal was added after the session was closed."]

"""What a recorder leaves that dies early, late, or for want of room, and how it is closed."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bundle_rig import a_study, a_writer, an_exchange
from cli_rig import done, run, told
from recording import post, record, study

from analyzer.bundle import (
    BundleWriter,
    crashed_bundles,
    hollow_folders,
    list_bundles,
    read_session,
    recover,
    sealing,
    store,
    verify,
)
from analyzer.bundle.recovering import NOT_BEGUN
from analyzer.errors import UserError
from analyzer.instants import instant
from analyzer.models import Session
from analyzer.readers.bundle import read_exchanges
from analyzer.study import Study


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def found(tmp_path: Path) -> Study:
    return study(tmp_path / "study")


def killed_before(found: Study, monkeypatch: pytest.MonkeyPatch, where: object, what: str) -> Path:
    """The folder of a recorder that dies just before it calls `what`."""

    def die(*_: object) -> None:
        raise Killed

    finished = record(found, "KE-13", 1, [post()])
    with monkeypatch.context() as patched:
        patched.setattr(where, what, die)
        with pytest.raises(Killed):
            record(found, "DE-13", 1, [post()])
    [path] = set(found.captures.iterdir()) - {finished}
    return path


@pytest.mark.parametrize(("where", "what"), [(sealing, "Lock"), (sealing, "write_session")])
def test_a_folder_in_which_nothing_was_begun_is_removed(
    found: Study, monkeypatch: pytest.MonkeyPatch, where: object, what: str
) -> None:
    path = killed_before(found, monkeypatch, where, what)
    for lock in path.iterdir():  # the kernel dropped it with the process
        lock.unlink()
        lock.touch()
    assert hollow_folders(found.captures) == [path]
    assert done("recover", root=found.root) == f"{path.name} holds nothing: removed\n"
    assert not path.exists()
    assert len(list_bundles(found.captures)) == 1
    assert done("recover", root=found.root) == "No session needs recovering.\n"


@pytest.mark.parametrize("made", ["nothing", "empty file", "no tables", "tables"])
def test_a_session_that_was_described_and_no_more_is_closed_as_an_empty_one(
    found: Study, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    path = killed_before(found, monkeypatch, store, "create")
    (path / sealing.LOCK).unlink()
    database = path / store.DATABASE
    if made == "empty file":
        database.touch()
    elif made == "no tables":
        with contextlib.closing(sqlite3.connect(database)) as opened:
            opened.execute("PRAGMA user_version=0")
            opened.execute("PRAGMA journal_mode=WAL")
    elif made == "tables":
        store.create(database).close()
    assert hollow_folders(found.captures) == []
    assert done("recover", root=found.root).startswith(f"recovered   {path.name}\n")
    session = read_session(path)
    assert (session.end_reason, session.complete) == ("crashed", False)
    assert dict(session.counts)["exchanges"] == 0
    assert session.partial == (() if made == "tables" else (NOT_BEGUN,))
    assert session.ended == session.started
    assert verify(path) == []
    assert list(read_exchanges(path)) == []


def test_a_database_without_a_session_is_removed_only_if_nothing_is_in_it(found: Study) -> None:
    full = record(found, "KE-13", 1, [post()], close=False)
    empty = record(found, "DE-13", 1, [], close=False, proven=False)
    for path in full, empty:
        (path / "session.json").unlink()
    assert hollow_folders(found.captures) == [empty]
    result = run("recover", root=found.root)
    assert f"{empty.name} holds nothing: removed" in result.stdout
    assert f"{full.name} is not a session" in result.stderr
    assert result.exit_code == 1
    assert list_bundles(found.captures) == [full]


def test_what_is_no_recorders_folder_or_has_a_recorder_is_not_touched(
    found: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = killed_before(found, monkeypatch, sealing, "write_session")
    lock = path / sealing.LOCK
    lock.unlink()
    notes = found.captures / "notes"
    notes.mkdir()
    held = sealing.Lock(path)
    assert hollow_folders(found.captures) == []
    held.release()
    (path / "something.txt").write_text("of somebody")
    assert hollow_folders(found.captures) == []
    assert done("recover", root=found.root) == "No session needs recovering.\n"
    assert notes.exists()
    assert (path / "something.txt").exists()
    (path / "something.txt").unlink()
    assert told("recover", root=found.root) == []
    assert not path.exists()


@pytest.mark.parametrize("what", ["connection", "end", "checkup", "measured"])
def test_a_crashed_session_ended_with_the_last_that_is_known_of_it(
    tmp_path: Path, what: str
) -> None:
    writer = a_writer(a_study(tmp_path))
    writer.add_exchange(an_exchange())
    number = writer.connections.open(
        t_s=600.0 if what == "connection" else 1.0, phone="10.0.0.1", transport="tcp"
    )
    if what == "end":
        writer.connections.change(number, outcome="passed", ended_s=600.0)
    elif what == "measured":
        writer.add_measured("locale", "sw-KE", "adb", 600.0)
    elif what == "checkup":
        writer._database.execute(
            "INSERT INTO checkup(t_s, phone, name, state, found) VALUES(600, 'p', 'n', 'ok', '')"
        )
    session = recover(dead(writer))
    assert lasted(session) == 600.0


def dead(writer: BundleWriter) -> Path:
    """Leave a bundle as a killed recorder does."""
    writer._database.close()
    writer._lock.release()
    return writer.path


def lasted(session: Session) -> float:
    assert session.ended
    return round(instant(session.ended) - instant(session.started), 3)


def test_a_hostile_time_does_not_keep_a_session_from_being_closed(tmp_path: Path) -> None:
    writer = a_writer(a_study(tmp_path))
    writer.connections.open(t_s=7.0, phone="10.0.0.1", transport="tcp")
    writer._database.execute("UPDATE connection SET ended_s=9e999")
    assert lasted(recover(dead(writer))) == 7.0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    no = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    where = tmp_path / "small"
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(where)]
    if os.geteuid() or not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        no("only root can mount a small file system")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)


def test_on_a_disk_that_is_still_full_it_is_said_how_much_room_to_make(
    small_disk: Path, tmp_path: Path
) -> None:
    writer = a_writer(a_study(tmp_path))
    for number in range(15):
        body = random.Random(number).randbytes(100_000)
        writer.add_exchange(an_exchange(str(number), request_body=body))
    path = small_disk / writer.path.name
    shutil.copytree(writer.path, path)  # as a killed recorder leaves it
    writer.close("stopped")
    assert (path / f"{store.DATABASE}-wal").stat().st_size > 1_500_000
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    with pytest.raises(UserError, match="cannot be closed: the disk is full") as caught:
        recover(path)
    assert caught.value.fix == "make room (about 2 MB), then run `evenhand recover` again"
    assert crashed_bundles(path.parent) == [path]
    filler.unlink()
    assert dict(recover(path).counts)["exchanges"] == 15
    assert verify(path) == []


def test_streams_that_are_open_at_the_end_cost_no_time_and_are_kept(tmp_path: Path) -> None:
    writer = a_writer(a_study(tmp_path))
    body = random.Random(1).randbytes(1_000_000)
    for number in range(40):
        exchange = writer.begin_exchange(
            t_s=number, method="GET", url="https://a.example/", headers=(), body=b"",
            transport="h2",
        )  # fmt: skip
        for _ in range(2):
            writer.add_chunk(exchange, body, from_client=False)
    began = time.monotonic()
    session = writer.close("stopped")
    assert time.monotonic() - began < 2
    assert len(session.partial) == 40
    assert verify(writer.path) == []
    stored = list(read_exchanges(writer.path))
    assert [each.response_body == body + body for each in stored] == [True] * 40
    assert not any(each.complete for each in stored)

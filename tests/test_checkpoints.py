"""Checkpoints beside a recording: bounded files, nothing lost, no silence about a failing disk."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from bundle_rig import a_study, a_writer, an_exchange

from analyzer.bundle import BundleWriter, RecordingError, checkpoints, recover, store, verify
from analyzer.readers.bundle import read_exchanges

KB = 1024


@pytest.fixture
def writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BundleWriter:
    """A bundle whose steps are small."""
    monkeypatch.setattr(checkpoints, "STEP", 256 * KB)
    monkeypatch.setattr(checkpoints, "MOST", 1024 * KB)
    return a_writer(a_study(tmp_path))


def ahead(writer: BundleWriter) -> int:
    return (writer.path / "capture.sqlite-wal").stat().st_size


def fill(writer: BundleWriter, count: int) -> None:
    for _ in range(count):
        writer.add_exchange(an_exchange(request_body=os.urandom(20 * KB)))


def fill_until_it_ends(writer: BundleWriter, most: int) -> tuple[int, str]:
    """How many exchanges there was room for, and why for no more."""
    for written in range(most):
        try:
            fill(writer, 1)
        except RecordingError as error:
            return written, str(error)
        settle()
    raise AssertionError("it did not end")


def settle() -> None:
    """Wait for the threads that move things."""
    for thread in threading.enumerate():
        if thread.name == "checkpoint":
            thread.join()


def test_what_is_written_ahead_is_moved_while_the_recording_goes_on(writer: BundleWriter) -> None:
    database = writer.path / "capture.sqlite"
    fill(writer, 8)
    settle()
    few = database.stat().st_size
    sizes = []
    for _ in range(30):
        fill(writer, 8)
        settle()  # a gap in the traffic
        sizes.append(ahead(writer))
    assert max(sizes) < 1024 * KB
    assert sizes != sorted(sizes)  # it begins anew
    assert database.stat().st_size > few + 20 * 160 * KB
    writer.close("stopped")
    assert verify(writer.path) == []
    assert len(list(read_exchanges(writer.path))) == 31 * 8


def test_without_any_gap_it_is_bounded_all_the_same(writer: BundleWriter) -> None:
    sizes = []
    for _ in range(600):
        fill(writer, 1)
        sizes.append(ahead(writer))
    assert max(sizes) < 4 * 1024 * KB  # of more than 20 MB
    assert sizes != sorted(sizes)
    began = time.monotonic()
    writer.close("stopped")
    assert time.monotonic() - began < 3
    assert verify(writer.path) == []


def test_a_reader_that_stays_sees_what_it_saw_and_the_recorder_does_not_wait(
    writer: BundleWriter,
) -> None:
    fill(writer, 10)
    with contextlib.closing(store.open_to_read(writer.path / "capture.sqlite")) as reader:
        reader.execute("BEGIN")
        count = "SELECT count(*) FROM exchange"
        assert reader.execute(count).fetchone() == (10,)
        began = time.monotonic()
        fill(writer, 200)
        settle()
        assert time.monotonic() - began < 10
        assert ahead(writer) > 3000 * KB
        assert reader.execute(count).fetchone() == (10,)
        reader.execute("COMMIT")
        assert reader.execute(count).fetchone() == (210,)
    sizes = []
    for _ in range(200):
        fill(writer, 1)
        settle()
        sizes.append(ahead(writer))
    assert min(sizes) < 1024 * KB  # it begins anew at last
    writer.close("stopped")
    assert len(list(read_exchanges(writer.path))) == 410


def test_a_failing_checkpoint_ends_the_recording_with_its_reason(
    writer: BundleWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(store, "connect", refused)
        written, why = fill_until_it_ends(writer, 50)
    assert why == "recording failed: disk I/O error"
    with pytest.raises(RecordingError):
        fill(writer, 1)
    session = writer.close("recording failed")
    assert (session.complete, session.partial) == (False, (why,))
    assert verify(writer.path) == []
    assert len(list(read_exchanges(writer.path))) == written


def test_a_disk_that_is_full_only_for_the_database_ends_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small file system")
    monkeypatch.setattr(checkpoints, "STEP", 1500 * KB)
    where = tmp_path / "tiny"
    where.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(where)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("this root may not mount")
    try:
        writer = a_writer(a_study(where))
        written, why = fill_until_it_ends(writer, 200)
        assert "full" in why or "I/O" in why
        assert 20 * KB * written < 1900 * KB
        with contextlib.suppress(RecordingError):
            writer.close("recording failed")
        saved = tmp_path / "saved"
        shutil.copytree(writer.path, saved)
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)
    assert not recover(saved).complete
    assert verify(saved) == []
    assert len(list(read_exchanges(saved))) == written


_KILLED = """
import os, sys
from pathlib import Path
from bundle_rig import a_study, a_writer, an_exchange
from analyzer.bundle import checkpoints
checkpoints.STEP, checkpoints.MOST = 100_000, 400_000
writer = a_writer(a_study(Path(sys.argv[1])))
print(writer.path, flush=True)
while True:
    os.write(1, b"%d\\n" % writer.add_exchange(an_exchange(request_body=os.urandom(20_000))))
"""


@pytest.mark.parametrize("seed", range(4))
def test_a_kill_during_checkpoints_loses_nothing(tmp_path: Path, seed: int) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path)]
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    environment = {**os.environ, "PYTHONPATH": paths}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        path = Path(process.stdout.readline().strip())
        for _ in range(20 + random.Random(seed).randrange(200)):
            process.stdout.readline()
        process.kill()
        last = process.stdout.read().splitlines()[-1:]
    recover(path)
    assert verify(path) == []
    found = [int(exchange.id) for exchange in read_exchanges(path)]
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= int(last[0] if last else 20)

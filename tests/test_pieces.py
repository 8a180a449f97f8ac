"""A session is examined in pieces, by one process or several, and the same comes of it."""

from __future__ import annotations

import errno
import os
import pickle
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import recording
from recording import EMAIL, GAID, post

from analyzer import examining
from analyzer.bundle import BundleWriter, new_session, store
from analyzer.errors import UserError
from analyzer.frames import analyse, hands, load_frames, schema
from analyzer.frames.piecework import Piece, Workshop
from analyzer.frames.reading import Reading, Task
from analyzer.knowledge import load_knowledge
from analyzer.models import Exchange
from analyzer.pipeline import analyse_bundle
from analyzer.readers.bundle import Span, read_exchanges, read_spans
from analyzer.readers.har import HarReader
from analyzer.study import Study
from benchmarks.corpus import write_corpus

REQUESTS = 60
LARGE = b'{"seen": "' + b"long " * 400 + b'", "x": "a0b1c2d3e4f5a6b7c8d9e0f1"}'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two sessions: many kinds of requests, identifiers that move, a WebSocket, large answers."""
    root = tmp_path_factory.mktemp("pieces")
    study = recording.study(root / "study")
    for arm, seed in (("KE-13", 1), ("DE-13", 2)):
        har = root / f"{arm}.har"
        write_corpus(har, REQUESTS, seed=seed)
        session = new_session(study, study.arm(arm), repeat=1, origin="proxy", started=1.8e9 + seed)
        writer = BundleWriter.create(study.captures, session, phase="use")
        for record in HarReader().read(har):
            if isinstance(record, Exchange):
                writer.add_exchange(record)
        talk = post(host="ws.else.example", path="/talk", t_s=5.0, id="w", method="GET", status=101)
        writer.add_exchange(talk)
        for at in range(7):
            said = f'{{"adid": "{GAID}", "n": {at}}}'.encode()
            writer.add_exchange(replace(talk, id=f"w.w{at}", method="WS", request_body=said))
        for at in range(5):
            answer = ("application/json", LARGE)
            body = f"x={EMAIL}&n={at}&gps_adid={GAID}"
            writer.add_exchange(
                post(body, f"h{at}.else.example", t_s=9.0, id=f"{at}", answer=answer)
            )
        writer.close("done")
    return study


@pytest.fixture(scope="module")
def expected(made: Study) -> dict[str, bytes]:
    """What one process writes that reads each session at once."""
    analyse(made, jobs=1)
    return written(made)


def written(study: Study) -> dict[str, bytes]:
    return {
        str(path.relative_to(study.findings)): path.read_bytes()
        for path in sorted(study.findings.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("size", [1, 7, 66])
def test_pieces_of_any_size_give_the_same_bytes(
    made: Study, expected: dict[str, bytes], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands.Alone, "span", size)
    analyse(made, jobs=1, force=True)
    assert written(made) == expected


@pytest.mark.parametrize("size", [1, 25])
def test_processes_that_share_a_session_write_the_same_bytes(
    made: Study, expected: dict[str, bytes], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands.Pool, "span", size)
    analyse(made, jobs=2, force=True)
    assert written(made) == expected


@pytest.mark.parametrize("most", [1, 2, 5])
def test_a_piece_that_takes_too_much_memory_goes_on_as_another(
    made: Study, expected: dict[str, bytes], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examining, "_MOST_EXCHANGES", most)
    analyse(made, jobs=1, force=True)
    assert written(made) == expected
    monkeypatch.setattr(examining, "_MOST_EXCHANGES", 10_000)
    monkeypatch.setattr(examining, "_MOST_HELD", 3000)
    analyse(made, jobs=1, force=True)
    assert written(made) == expected


@pytest.mark.parametrize("group", [50, 333])
def test_groups_of_rows_are_the_same_however_they_came(
    made: Study, expected: dict[str, bytes], group: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = load_frames(made)
    monkeypatch.setattr(schema, "_GROUP", group)
    told = []
    for size in (100, 3):
        monkeypatch.setattr(hands.Alone, "span", size)
        analyse(made, jobs=1, force=True)
        told.append(written(made))
    assert told[0] == told[1] != expected
    after = load_frames(made)
    for name in schema.SCHEMAS:
        assert getattr(after, name).equals(getattr(before, name))
    monkeypatch.undo()
    analyse(made, force=True)


def test_what_is_written_is_what_the_pipeline_tells(
    made: Study, expected: dict[str, bytes]
) -> None:
    assert expected
    found = load_frames(made)
    for bundle in sorted(made.captures.iterdir()):
        told = analyse_bundle(bundle, made, load_knowledge())
        rows = found.findings[found.findings["session"] == bundle.name]
        assert list(rows["id"]) == [each.id for each in told.findings]
        assert list(rows["path"]) == [each.match.path for each in told.findings]
        assert [tuple(each) for each in rows["steps"]] == [
            each.match.steps for each in told.findings
        ]
        assert list(rows["t_s"]) == [each.t_s for each in told.findings]
        seen = found.identifiers[found.identifiers["session"] == bundle.name]
        assert list(seen["digest"]) == [each.digest for each in told.identifiers]
        assert {"sent", "set"} <= set(seen["direction"])


def test_spans_hold_every_exchange_once_and_can_be_gone_on_with(made: Study) -> None:
    bundle = min(made.captures.iterdir())
    every = [each.id for each in read_exchanges(bundle)]
    assert "61.w7" in every
    for size in (1, 9, 1000):
        spans = read_spans(bundle, size)
        assert [each.id for span in spans for each in read_exchanges(bundle, span)] == every
    for at, exchange in enumerate(every):
        rest = Span().after(exchange)
        assert [each.id for each in read_exchanges(bundle, rest)] == every[at + 1 :]
    assert [each.id for each in read_exchanges(bundle, Span(3, 5))] == ["3", "4", "5"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_session_that_breaks_off_in_a_later_piece_is_excluded(
    tmp_path: Path, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands.Alone, "span", 2)
    monkeypatch.setattr(hands.Pool, "span", 2)
    study = recording.study(tmp_path)
    good = recording.record(study, "DE-13", 1, [post()])
    bad = recording.record(study, "KE-13", 2, [post() for _ in range(9)], close=False)
    database = store.connect(bad / store.DATABASE, "rw")
    database.execute("UPDATE exchange SET request_headers='{' WHERE id=8")
    database.close()
    [(name, why)] = analyse(study, jobs=jobs).excluded
    assert (name, why) == (bad.name, f"{bad.name} is damaged")
    assert not list((study.findings / name).glob("*.parquet"))
    assert list(load_frames(study).sessions["id"]) == [good.name]


def _killed(*_: object) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def test_a_killed_process_ends_the_command_with_a_word_and_nothing_counts(
    made: Study, expected: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(hands, "examine_in_worker", _killed)
        with pytest.raises(UserError, match="ended from outside") as caught:
            analyse(made, jobs=2, force=True)
    assert "--jobs 1" in caught.value.fix
    with pytest.raises(UserError, match=r"not (up to date|analysed)"):
        load_frames(made)
    analyse(made, jobs=2)
    assert written(made) == expected


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_full_disk_ends_the_command_and_nothing_half_written_counts(
    made: Study, expected: dict[str, bytes], jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/a/file")

    with monkeypatch.context() as patched:
        patched.setattr(schema.Writer, "add", full)
        with pytest.raises(OSError, match="No space left"):
            analyse(made, jobs=jobs, force=True)
    with pytest.raises(UserError, match=r"not (up to date|analysed)"):
        load_frames(made)
    assert len(analyse(made, jobs=jobs).done) >= 1
    assert written(made) == expected


def test_what_travels_between_processes_is_the_same_after(made: Study) -> None:
    bundle = min(made.captures.iterdir())
    workshop = Workshop()

    def pieces() -> Iterator[Piece]:
        waiting = Reading(Task(bundle, Path(), "", made, ()), hands.Alone(workshop), workshop)
        assert waiting._job
        for span in waiting._spans:
            yield workshop.examine(waiting._job, span)

    for piece in pieces():
        back = pickle.loads(pickle.dumps(piece))
        assert back.rows == piece.rows
        assert back.codes == piece.codes
        for (_, here), (_, there) in zip(piece.account.sights, back.account.sights, strict=True):
            assert here[:4] == there[:4]
            assert here.leaves.paths == there.leaves.paths
            assert list(here.leaves.stretches()) == list(there.leaves.stretches())
            for mine, own in zip(here.leaves.values, there.leaves.values, strict=True):
                assert own == mine or (own == "" and len(mine) > 256)
        assert any(each == "" for _, there in back.account.sights for each in there.leaves.values)

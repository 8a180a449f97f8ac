"""Findings on disk: incremental, the same bytes every time, never out of date in silence."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import recording
from recording import EMAIL, GAID, STUDY, post, record

from analyzer.errors import UserError
from analyzer.frames import SESSION_COLUMNS, analyse, load_frames
from analyzer.frames import schema as frame_schema
from analyzer.models import Problem
from analyzer.study import Study

ONE = "DE-13-r01-20270115T080000Z-000001"
TWO = "KE-13-r02-20270115T080000Z-000002"

CHANGED = "capture.sqlite was changed after the session was closed"


@pytest.fixture
def study(tmp_path: Path) -> Study:
    found = recording.study(tmp_path / "study")
    record(found, "DE-13", 1, [post("a=1")])
    record(found, "KE-13", 2, [post(), post(f"x={EMAIL}", "t.else.example")])
    return found


def written(study: Study) -> dict[str, bytes]:
    return {
        str(path.relative_to(study.findings)): path.read_bytes()
        for path in sorted(study.findings.rglob("*"))
        if path.is_file()
    }


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def test_every_session_becomes_its_tables_and_a_description(study: Study) -> None:
    summary = analyse(study)
    assert (summary.done, summary.skipped, summary.removed) == ((ONE, TWO), (), ())
    assert {path.name for path in (study.findings / ONE).iterdir()} == {
        "SHA256SUMS",
        "meta.json",
        *(f"{name}.parquet" for name in frame_schema.SCHEMAS),
    }
    found = load_frames(study)
    assert sorted(found.sessions["id"]) == [ONE, TWO]
    assert list(found.sessions.columns) == SESSION_COLUMNS
    assert set(found.findings["session"]) == {TWO}
    for name, schema in frame_schema.SCHEMAS.items():
        assert list(getattr(found, name).columns) == schema.names


def test_two_runs_write_the_same_bytes(study: Study) -> None:
    analyse(study)
    before = written(study)
    shutil.rmtree(study.findings)
    analyse(study)
    assert written(study) == before
    assert analyse(study, force=True).done == (ONE, TWO)
    assert written(study) == before


def test_a_copy_of_the_study_gives_the_same_bytes(study: Study, tmp_path: Path) -> None:
    analyse(study)
    copy = tmp_path / "elsewhere"
    shutil.copytree(study.root, copy)
    shutil.rmtree(copy / "findings")
    moved = recording.study(copy)
    analyse(moved)
    assert written(moved) == written(study)


def test_nothing_is_done_twice(study: Study) -> None:
    analyse(study)
    again = analyse(study)
    assert (again.done, again.skipped) == ((), (ONE, TWO))


def test_only_a_new_session_is_analysed(study: Study) -> None:
    analyse(study)
    record(study, "KE-13", 3, [post()])
    with pytest.raises(UserError, match="not up to date"):
        load_frames(study)
    assert analyse(study).done == ("KE-13-r03-20270115T080000Z-000003",)
    assert len(load_frames(study).sessions) == 3


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (EMAIL, "someone.else@mail.example"),
        ('["pebblo.example"]', '["waymark.example"]'),
        ("00112233445566778899aabbccddeeff", "ffeeddccbbaa99887766554433221100"),
    ],
)
def test_what_the_study_says_of_values_parties_and_key_makes_findings_stale(
    study: Study, old: str, new: str
) -> None:
    analyse(study)
    changed = recording.study(study.root, STUDY.replace(old, new))
    with pytest.raises(UserError, match=f"{ONE} and 1 more are not up to date") as caught:
        load_frames(changed)
    assert caught.value.fix == "run `evenhand analyze`"
    assert analyse(changed).done == (ONE, TWO)


def test_what_only_the_comparison_reads_makes_nothing_stale(study: Study) -> None:
    analyse(study)
    changed = recording.study(study.root, STUDY + "\n[compare]\nmargin = 0.3\n")
    assert analyse(changed).done == ()


def test_findings_of_a_capture_that_is_gone_are_removed(study: Study) -> None:
    analyse(study)
    shutil.rmtree(study.captures / ONE)
    assert analyse(study).removed == (ONE,)
    assert not (study.findings / ONE).exists()


def test_a_changed_capture_is_excluded_and_named(study: Study) -> None:
    database = study.captures / TWO / "capture.sqlite"
    flip(database, database.stat().st_size - 10)
    summary = analyse(study)
    assert summary.excluded == ((TWO, CHANGED),)
    assert summary.problems == (("read/excluded", 1),)
    found = load_frames(study)
    assert found.excluded == summary.excluded
    assert list(found.sessions["id"]) == [ONE]


def test_a_capture_that_grew_after_it_was_analysed_is_looked_at_again(study: Study) -> None:
    analyse(study)
    with (study.captures / TWO / "capture.sqlite").open("ab") as file:
        file.write(b"more")
    with pytest.raises(UserError, match="not up to date"):
        load_frames(study)
    assert [session for session, _ in analyse(study).excluded] == [TWO]


def test_a_capture_of_the_same_size_is_looked_at_again_too(study: Study) -> None:
    analyse(study)
    database = study.captures / TWO / "capture.sqlite"
    before = database.stat()
    flip(database, before.st_size - 10)
    os.utime(database, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(UserError, match="not up to date"):
        load_frames(study)
    assert analyse(study).excluded == ((TWO, CHANGED),)


@pytest.mark.parametrize("text", ["\ud800", "a\x1bb", "x" * 100])
def test_any_text_in_a_description_comes_to_the_frames(study: Study, text: str) -> None:
    bundle = record(study, "KE-13", 4, [post()], close=False)
    _describe(bundle, device=text, egress=text, tools={text: text}, partial=[text])
    assert analyse(study).excluded == ()
    sessions = load_frames(study).sessions.set_index("id")
    escaped = text.encode("utf-8", "backslashreplace").decode()
    assert sessions.loc[bundle.name, "device"] == escaped
    sessions.to_csv().encode()


@pytest.mark.parametrize(
    "change",
    [
        {"arm": {"label": "../KE", "country": "KE", "age": 13, "consent": "accepted"}},
        {"arm": {"label": "KE-13", "country": "ke", "age": 13, "consent": "accepted"}},
        {"arm": {"label": "KE-13", "country": "\ud800\ud800", "age": 13, "consent": "accepted"}},
        {"arm": {"label": "KE-13", "country": "KE", "age": -1, "consent": "accepted"}},
        {"arm": {"label": "KE-13", "country": "KE", "age": 10**30, "consent": "accepted"}},
        {"arm": {"label": "KE-13", "country": "KE", "age": 13, "consent": "maybe"}},
        {"repeat": 10**9},
        {"repeat": -1},
        {"ended": "yesterday"},
        {"started": ""},
    ],
)
def test_a_session_that_no_study_can_have_declared_is_excluded(
    study: Study, change: dict[str, object]
) -> None:
    bundle = record(study, "KE-13", 4, [post()], close=False)
    _describe(bundle, **change)
    [(name, reason)] = analyse(study).excluded
    assert name == bundle.name
    assert "is wrong: " in reason
    assert load_frames(study).excluded == ((name, reason),)


def _describe(bundle: Path, **change: object) -> None:
    file = bundle / "session.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change), encoding="utf-8")


def test_what_is_no_session_is_told(study: Study, tmp_path: Path) -> None:
    (study.captures / "link").symlink_to(tmp_path / "nothing")
    os.mkfifo(study.captures / "pipe")
    (study.captures / "notes.txt").write_text("x", encoding="utf-8")
    (study.captures / "empty").mkdir()
    (study.captures / ".DS_Store").write_text("x", encoding="utf-8")
    summary = analyse(study)
    assert summary.done == (ONE, TWO)
    assert summary.warnings == tuple(
        f"{name} in captures/ is no session and was not read"
        for name in ("empty", "link", "notes.txt", "pipe")
    )


def test_a_crashed_session_is_analysed_and_marked(study: Study) -> None:
    record(study, "KE-13", 4, [post()], close=False)
    summary = analyse(study)
    assert [each for each in summary.warnings if "was never closed" in each]
    sessions = load_frames(study).sessions.set_index("arm")
    assert not sessions.loc[sessions["repeat"] == 4, "complete"].any()
    assert analyse(study).done == ()


def test_a_copied_session_does_not_count_twice(study: Study) -> None:
    copy = study.captures / TWO.replace("r02", "r09")
    shutil.copytree(study.captures / TWO, copy)
    [(name, reason)] = analyse(study).excluded
    assert name == copy.name
    assert "not named as its session" in reason


def test_half_written_findings_are_written_again(study: Study) -> None:
    analyse(study)
    (study.findings / TWO / "meta.json").write_text("{", encoding="utf-8")
    assert analyse(study).done == (TWO,)


def test_changed_findings_are_never_compared(study: Study) -> None:
    analyse(study)
    before = written(study)
    table = study.findings / TWO / "findings.parquet"
    flip(table, table.stat().st_size // 2)
    with pytest.raises(UserError, match="not up to date"):
        load_frames(study)
    assert analyse(study).done == (TWO,)
    assert written(study) == before


def test_findings_that_cannot_be_written_are_the_users_to_mend(study: Study) -> None:
    study.findings.write_text("in the way", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be written"):
        analyse(study)


def test_no_captured_value_is_written(study: Study) -> None:
    analyse(study)
    for frame in (load_frames(study).findings, load_frames(study).signals):
        told = frame.to_csv()
        assert GAID not in told
        assert EMAIL not in told
    assert all(EMAIL.encode() not in content for content in written(study).values())


def test_a_study_without_sessions_says_what_to_do(tmp_path: Path) -> None:
    empty = recording.study(tmp_path / "empty")
    assert analyse(empty).done == ()
    with pytest.raises(UserError, match="there are no sessions"):
        load_frames(empty)


def test_a_study_that_was_never_analysed_says_what_to_do(study: Study) -> None:
    with pytest.raises(UserError, match="not analysed yet") as caught:
        load_frames(study)
    assert "evenhand analyze" in str(caught.value)


def test_progress_is_told_session_by_session(study: Study) -> None:
    told: list[tuple[int, int, str]] = []
    analyse(study, progress=lambda *step: told.append(step))
    assert told == [(1, 2, ONE), (2, 2, TWO)]


@pytest.mark.parametrize("threads", [1, 2])  # one: the workers are forked; more: spawned
def test_several_processes_write_what_one_writes(
    study: Study, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.active_count", lambda: threads)
    for repeat in (3, 4):
        record(study, "KE-13", repeat, [post()])
    analyse(study, jobs=1)
    before = written(study)
    told: list[int] = []
    summary = analyse(study, jobs=2, force=True, progress=lambda done, *_: told.append(done))
    assert len(summary.done) == 4
    assert told == [1, 2, 3, 4]
    assert written(study) == before


def test_text_that_is_not_utf8_is_stored_as_escapes() -> None:
    row = {
        "session": "s", "host": "h",
        **{name: getattr(Problem("1", "decode", "x", "\udcff"), name)
           for name in ("exchange", "stage", "code", "detail")},
    }  # fmt: skip
    assert frame_schema.table("problems", [row])["detail"].to_pylist() == ["\\udcff"]


def test_files_of_findings_are_not_dated(study: Study) -> None:
    analyse(study)
    before = written(study)
    for path in study.captures.rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert analyse(study).done == ()
    assert written(study) == before

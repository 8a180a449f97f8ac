"""The custody log tells who coded and what was driven, and `verify` that it is still so."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cli_rig import done, run
from feed_rig import ADAPTERS, aweme
from recording import record, study
from test_feed_audit import POSITIVE, code, declared, hour, recorded

from analyzer.custody.log import read
from analyzer.feed.audit import audit
from analyzer.feed.codebook import study_codebook
from analyzer.feed.coding.ledger import LOG, coding_folder
from analyzer.feed.custody import log_codes, log_drive
from analyzer.feed.driven import DriveLog, drive_log
from analyzer.feed.items import item_key
from analyzer.study import Study


@pytest.fixture
def found(tmp_path: Path) -> Study:
    """A study with one session, coded and driven."""
    made = study(tmp_path)
    path = record(made, "KE-13", 1, hour([1, 2]))
    for coder, category in (("ada", "neutral"), ("ben", "depressive")):
        code(made, coder, [1, 2], category)
    log_codes(made.root, ("ada", "ben"))
    drive(made, path.name)
    return made


def drive(found: Study, session: str) -> None:
    log = DriveLog(found.root, session)
    log.add("begin", 0.0, account="ke-1", seed=1)
    log.add("stop", 9.0, reason="minutes")
    log.close()
    log_drive(found.root, session)


def faults(found: Study) -> str:
    return run("verify", root=found.root).output


def test_what_was_coded_and_driven_is_in_the_log_and_verified(found: Study) -> None:
    what = [each.what for each in read(found.root).entries]
    assert what[-2:] == ["coded", "driven"]
    coded, driven = read(found.root).entries[-2:]
    assert (coded.details["by"], coded.details["lines"]) == (["ada", "ben"], 4)
    assert (driven.details["account"], driven.details["stopped"]) == ("ke-1", "minutes")
    done("verify", root=found.root)
    assert "driven" in done("custody", root=found.root)


def test_a_session_may_be_driven_again_and_items_coded_on(found: Study) -> None:
    session = next(found.captures.iterdir()).name
    code(found, "cam", [1], "neutral")
    running = DriveLog(found.root, session)
    running.add("begin", 10.0)
    done("verify", root=found.root)
    running.close()
    drive(found, session)
    log_codes(found.root, ("cam",))
    done("verify", root=found.root)


def test_a_decision_by_command_is_logged(found: Study) -> None:
    key = item_key(ADAPTERS["tiktok_app"], aweme(1)["aweme_id"], found.key)
    done("feed", "code", "adjudicate", key, "depressive", "--by", "cam", root=found.root)
    last = read(found.root).entries[-1]
    assert (last.what, last.details["by"], last.details["lines"]) == ("coded", ["cam"], 5)
    assert study_codebook(found.root).version not in json.dumps(last.details)


def test_codes_that_were_taken_out_or_made_anew_are_found_out(found: Study) -> None:
    path = coding_folder(found.root) / LOG
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    assert "lines are missing or new" in faults(found)
    path.unlink()
    code(found, "eve", [1, 2], "depressive")
    code(found, "fay", [1, 2], "depressive")
    assert "lines are missing or new" in faults(found)
    path.write_bytes(b"".join(lines).replace(b"neutral", b"harmful"))
    assert "cannot be trusted" in faults(found)
    path.write_bytes(b"".join(lines))
    done("verify", root=found.root)


def test_a_drive_that_was_changed_or_removed_is_found_out(found: Study) -> None:
    path = drive_log(found.root, next(found.captures.iterdir()).name)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"minutes", b"told"))
    assert "is not what it was on" in faults(found)
    path.unlink()
    assert "is missing, or cannot be read" in faults(found)


@pytest.fixture
def audited(tmp_path: Path) -> Study:
    """A study with accounts, coded by two; the first account's session was driven."""
    made = declared(tmp_path)
    recorded(made)
    for coder in ("ada", "ben"):
        code(made, coder, POSITIVE, "depressive")
        code(made, coder, set(range(1, 17)) - POSITIVE, "neutral")
    log_codes(made.root, ("ada", "ben"))
    log = DriveLog(made.root, SESSION)
    log.add("begin", 0.0, account="ke-s1", role="seeded", interest="sad", seed=1)
    log.add("item", 2.0, key="k", decision="other", dwell_s=9.0, certainty="log")
    log.add("stop", 9.0, reason="minutes")
    log.close()
    log_drive(made.root, SESSION)
    return made


SESSION = "KE-13-r01-20270115T080000Z-000001"
LOGS = {"broken_seal", "unlogged", "codes_changed"}


def told(found: Study) -> dict[str, str]:
    return {
        each.code: str(each.text) for each in audit(found, "KE", "DE").cautions if each.code in LOGS
    }


def sessions_of(found: Study, account: str) -> int:
    [sessions] = [e.sessions for e in audit(found, "KE", "DE").accounts if e.name == account]
    return sessions


def test_an_audit_says_nothing_of_logs_that_are_as_the_custody_log_knows_them(
    audited: Study,
) -> None:
    assert told(audited) == {}
    assert sessions_of(audited, "ke-s1") == 1
    assert audit(audited, "KE", "DE").coding.settled == 16


@pytest.mark.parametrize("change", ["changed", "deleted", "gone"])
def test_a_session_whose_drive_was_changed_is_left_out_of_the_audit(
    audited: Study, change: str
) -> None:
    path = drive_log(audited.root, SESSION)
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "gone":
        path.unlink()
    else:
        middle = lines[1].replace(b"9.0", b"8.0") if change == "changed" else b""
        path.write_bytes(lines[0] + middle + lines[2])
    assert set(told(audited)) == {"broken_seal"}
    assert SESSION in told(audited)["broken_seal"]
    assert sessions_of(audited, "ke-s1") == 0


def test_lines_of_a_drive_that_nobody_noted_are_told_and_count(audited: Study) -> None:
    log = DriveLog(audited.root, SESSION)
    log.add("begin", 10.0, account="ke-s1", role="seeded", interest="sad", seed=2)
    log.close()
    assert set(told(audited)) == {"unlogged"}
    assert f"drives/{SESSION}.jsonl" in told(audited)["unlogged"]
    assert sessions_of(audited, "ke-s1") == 1
    log_drive(audited.root, SESSION)
    assert told(audited) == {}


def test_codes_that_were_changed_do_not_count_in_the_audit(audited: Study) -> None:
    path = coding_folder(audited.root) / LOG
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    for changed in (
        b"".join(lines[:-1]),
        content.replace(b"neutral", b"hopeful", 1),
        b"".join([*lines[:-1], lines[-1].replace(b"neutral", b"hopeful")]),
    ):
        path.write_bytes(changed)
        assert set(told(audited)) == {"codes_changed"}
        assert audit(audited, "KE", "DE").coding.settled == 0
    path.write_bytes(content)
    assert told(audited) == {}
    code(audited, "cam", [1], "neutral")
    assert set(told(audited)) == {"unlogged"}
    assert f"coding/{LOG}" in told(audited)["unlogged"]
    log_codes(audited.root, ("cam",))
    assert told(audited) == {}


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_a_drive_that_is_no_file_leaves_its_session_out(audited: Study, kind: str) -> None:
    path = drive_log(audited.root, SESSION)
    path.unlink()
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    assert set(told(audited)) == {"broken_seal"}
    assert sessions_of(audited, "ke-s1") == 0
    assert "is missing, or cannot be read" in faults(audited)

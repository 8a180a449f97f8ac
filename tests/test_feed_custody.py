"""The custody log tells who coded and what was driven, and `verify` that it is still so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_rig import done, run
from feed_rig import ADAPTERS, aweme
from recording import record, study
from test_feed_audit import code, hour

from analyzer.cli.feed.custody import log_codes, log_drive
from analyzer.custody.log import read
from analyzer.feed.codebook import study_codebook
from analyzer.feed.coding.ledger import LOG, coding_folder
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

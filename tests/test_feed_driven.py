"""The log of a drive: what it amounts to, and how it stands in where the app keeps no log."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from feed_rig import FEED, aweme
from recording import post, record, study

from analyzer.errors import UserError
from analyzer.extract.shapes import digest
from analyzer.feed.driven import DriveLog, drive_log, driven_watches, drives_folder, read_drive
from analyzer.feed.store import load_showings, update


def told(root: Path, *items: tuple[str, float, float, str], reason: str = "told") -> None:
    """Write a drive: (key, when, how long, decision) of each item."""
    log = DriveLog(root, "s")
    log.add("begin", 0.0, account="ke-1", seed="7")
    for key, t_s, dwell_s, decision in items:
        log.add(
            "item", t_s, key=key, decision=decision, dwell_s=dwell_s, duration_s=10.0,
            why=["term"] if decision == "match" else [],
            certainty="order" if key else "unknown",
        )  # fmt: skip
    if reason:
        log.add("stop", 99.0, reason=reason)
    log.close()


def test_a_log_amounts_to_what_was_done(tmp_path: Path) -> None:
    told(tmp_path, ("a", 1, 20.5, "match"), ("b", 22, 3, "other"), ("", 25, 3, "unknown"))
    told(tmp_path, ("c", 50, 4, "match"), reason="locked")
    found = read_drive(drive_log(tmp_path, "s"))
    assert (found.session, found.account, found.seed) == ("s", "ke-1", "7")
    assert (found.items, found.matched, found.unknown, found.engaged) == (4, 2, 1, 1)
    assert (found.by, found.stopped) == ((("term", 2),), "locked")
    assert found.decided == (("own", 2),)


def test_what_decided_is_told_once_for_each_item(tmp_path: Path) -> None:
    log = DriveLog(tmp_path, "s")
    for why in (["code:depressive"], ["term", "hashtag", "triage:eating"], ["hashtag"],
                ["triage:eating", "author"]):  # fmt: skip
        log.add("item", 1.0, key="a", decision="match", dwell_s=1.0, why=why)
    log.add("item", 2.0, key="b", decision="other", dwell_s=1.0, why=["triage:eating"])
    log.close()
    found = read_drive(drive_log(tmp_path, "s"))
    assert found.decided == (("code", 1), ("own", 2), ("signs", 1))


def test_a_drive_that_died_has_no_reason_and_its_cut_line_swallows_nothing(tmp_path: Path) -> None:
    told(tmp_path, ("a", 1, 20.5, "match"), reason="")
    path = drive_log(tmp_path, "s")
    assert read_drive(path).stopped == ""
    with path.open("ab") as file:
        file.write(b'{"event":"item","t_s":4')
    assert read_drive(path).items == 1
    told(tmp_path, ("b", 22, 3, "other"))
    assert (read_drive(path).items, read_drive(path).stopped) == (2, "told")


def test_lines_that_are_none_of_ours_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text('[]\n{"event": 1}\n{"event":"item","t_s":"x","dwell_s":1e999,"why":3}\n\xff\n')
    assert read_drive(path).items == 1
    assert driven_watches(path, "s") == []
    assert read_drive(tmp_path / "none.jsonl").items == 0


def test_nobody_but_its_owner_can_read_it_and_one_driver_has_it(tmp_path: Path) -> None:
    log = DriveLog(tmp_path, "s")
    assert stat.S_IMODE(drive_log(tmp_path, "s").stat().st_mode) == 0o600
    assert stat.S_IMODE(drives_folder(tmp_path).stat().st_mode) == 0o700
    with pytest.raises(UserError, match="is being driven already"):
        DriveLog(tmp_path, "s")
    log.close()
    DriveLog(tmp_path, "s").close()


def test_the_driver_s_log_stands_in_where_the_app_keeps_none(tmp_path: Path) -> None:
    found = study(tmp_path)
    answer = json.dumps({"status_code": 0, "aweme_list": [aweme(n) for n in range(6)]}).encode()
    host, _, path = FEED.removeprefix("https://").partition("/")
    feed = post("", host, f"/{path}", t_s=1.0, answer=("application/json", answer))
    bundle = record(found, "KE-13", exchanges=[feed])
    update(found)
    states = {row["state"] for row in load_showings(found, refresh=False).read_all().to_pylist()}
    assert states == {"unknown"}

    log = DriveLog(found.root, bundle.name)
    keys = [digest(f"tiktok/item/{7_300_000_000_000_000_000 + n}", found.key) for n in range(6)]
    for number, key in enumerate(keys[:3]):
        log.add(
            "item", 2.0 + 21 * number, key=key, decision="match", dwell_s=20.0, duration_s=10.0,
            certainty="order" if number != 1 else "unknown",
        )  # fmt: skip
    log.close()
    rows = load_showings(found).read_all().to_pylist()  # brings them up to date
    assert [(row["state"], row["by"]) for row in rows] == [
        ("shown", "driver"), ("skipped_over", ""), ("shown", "driver"),
        *[("prefetched", "")] * 3,
    ]  # fmt: skip
    assert (rows[0]["watch_s"], rows[0]["rounds"], rows[0]["engaged"]) == (20.0, 2, True)
    assert rows[2]["feed_s"] == 44.0
    assert update(found).unchanged == (bundle.name,)

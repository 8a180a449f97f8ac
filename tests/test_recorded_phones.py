"""Whose phones are recorded: accounts of the study's [feed], or those that the command names."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from cli_rig import program
from ports import free_port
from recording import STUDY, study

from analyzer.bundle import list_bundles, read_session
from analyzer.cli.recorded_phones import RecordedPhone, phones
from analyzer.errors import UserError

FEED = """
[feed]
adapters = ["tiktok_app"]
[feed.interests.sad]
categories = ["depressive"]
[feed.accounts.ke-1]
arm = "KE-13"
role = "seeded"
interest = "sad"
[feed.accounts.ke-2]
arm = "KE-13"
role = "control"
[feed.accounts.de-1]
arm = "DE-13"
role = "observed"
"""


def test_an_account_has_its_arm_from_the_study(tmp_path: Path) -> None:
    found = study(tmp_path, STUDY + FEED)
    assert phones(found, (), ("de-1", "ke-1")) == [
        RecordedPhone("DE-13", "de-1", "observed"),
        RecordedPhone("KE-13", "ke-1", "seeded", "sad"),
    ]
    assert phones(found, ("KE-13",), ("ke-1", "ke-2"))[1].arm == "KE-13"
    assert [each.name for each in phones(found, ("DE-13", "KE-13"), ())] == ["DE-13", "KE-13"]


def test_a_study_without_a_feed_takes_an_arm_for_each_account(tmp_path: Path) -> None:
    found = phones(study(tmp_path), ("KE-13", "KE-13"), ("a", "b"))
    assert found == [RecordedPhone("KE-13", "a"), RecordedPhone("KE-13", "b")]


@pytest.mark.parametrize(
    ("feed", "arms", "accounts", "complaint"),
    [
        (FEED, (), ("ke-9",), "no account 'ke-9' in [feed.accounts] of study.toml"),
        (FEED, ("DE-13",), ("ke-1",), "--arm does not fit: study.toml has ke-1 of KE-13"),
        (FEED, (), ("ke-1", "ke-1"), "an account is named twice"),
        (FEED, ("KE-13", "KE-13"), (), "an arm is named twice"),
        (FEED, (), (), "nobody is named whose phone it is"),
        ("", (), ("ke-1",), "study.toml has no [feed]"),
        ("", ("KE-13",), ("../1",), "'../1' is no name of an account"),
        ("", ("XX-1",), ("a",), "no arm 'XX-1'"),
    ],
)
def test_what_does_not_fit_is_told(
    tmp_path: Path,
    feed: str,
    arms: tuple[str, ...],
    accounts: tuple[str, ...],
    complaint: str,
) -> None:
    with pytest.raises(UserError) as raised:
        phones(study(tmp_path, STUDY + feed), arms, accounts)
    assert str(raised.value).startswith(complaint)


@pytest.mark.capture
def test_two_accounts_of_an_arm_are_recorded_at_once(tmp_path: Path) -> None:
    found = study(tmp_path / "study", STUDY + FEED)
    port = free_port()
    words = ("--account", "ke-1", "--account", "ke-2", "--mode", "regular", "--no-page")
    where = ("--host", "127.0.0.1", "--port", port, "--confdir", tmp_path / "authority")
    process = program("proxy", *words, *where, "--study", found.root)
    assert process.stdout
    try:
        while "end: Ctrl-C" not in (line := process.stdout.readline()):
            assert line, process.communicate()[1]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
    made = [read_session(path) for path in list_bundles(found.captures)]
    assert sorted((each.account, each.arm.label, each.repeat) for each in made) == [
        ("ke-1", "KE-13", 1),
        ("ke-2", "KE-13", 2),
    ]
    assert all(each.complete for each in made)

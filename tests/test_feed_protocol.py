"""[feed] of study.toml: what is right is taken as it is, what is wrong is named with its remedy."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest
from recording import STUDY, study

from analyzer.errors import UserError
from analyzer.feed.protocol import (
    Account,
    Dwell,
    Interest,
    Protocol,
    StopRules,
    load_protocol,
)
from analyzer.study_template import study_text

WHOLE = """
[feed]
adapters = ["tiktok_app", "tiktok_web"]
surface = "for_you"
phases = ["use"]
positive = ["depressive", "self_harm"]
window_minutes = 30
[feed.dwell]
rounds = 3
skip_s = 2
control_s = 8.5
most_s = 45
jitter = 0
pause_every_minutes = 0
pause_minutes = 1
[feed.stop]
session_minutes = 45
feed_hours = 5
positive_in_a_row = 12
[feed.interests.sad]
categories = ["depressive", "hopeless"]
terms = ["sad quotes"]
hashtags = ["#Sad", "numb"]
[feed.accounts.ke-1]
arm = "KE-13"
role = "seeded"
interest = "sad"
block = "2"
[feed.accounts.ke-2]
arm = "KE-13"
role = "control"
"""
LEAST = '\n[feed.accounts.ke-2]\narm = "KE-13"\nrole = "control"\n'


def loaded(root: Path, feed: str) -> Protocol:
    return load_protocol(study(root, STUDY + feed))


def test_everything_that_is_declared_is_taken(tmp_path: Path) -> None:
    found = loaded(tmp_path, WHOLE)
    assert (found.adapters, found.surface) == (("tiktok_app", "tiktok_web"), "for_you")
    assert found.phases == ("use",)
    assert found.positive == ("self_harm", "depressive")  # in the order of the codebook
    assert found.settings.window_s == 1800
    assert found.dwell == Dwell(3, 2, 8.5, 45, 0, 0, 60)
    assert found.stop == StopRules(2700, 18_000, 12)
    sad = Interest("sad", ("depressive", "hopeless"), ("sad quotes",), ("sad", "numb"))
    assert found.interests == {"sad": sad}
    first, second = found.accounts.values()
    assert first == Account("ke-1", "KE-13", "seeded", "sad", "2")
    assert second == Account("ke-2", "KE-13", "control", "", "1")
    assert found.account("ke-1") == first
    assert (found.interest_of(first), found.interest_of(second)) == (sad, None)


def test_what_is_not_said_is_the_default(tmp_path: Path) -> None:
    found = loaded(tmp_path, LEAST)
    assert {"tiktok_app", "tiktok_web", "youtube_shorts", "instagram_reels"} <= set(found.adapters)
    assert (found.surface, found.phases, found.interests) == ("for_you", (), {})
    assert set(found.positive) == found.codebook.harmful
    assert (found.dwell, found.stop) == (Dwell(), StopRules())
    assert found.settings.window_s == 3600


def test_the_example_of_a_new_study_can_be_taken_as_it_is(tmp_path: Path) -> None:
    text = study_text("s", "Pebblo", ("pebblo.example",), datetime.date(2026, 1, 1))
    assert study(tmp_path, text).feed is None
    begin = text.index("# [feed]")
    example = re.sub(r"^# ?", "", text[begin:], flags=re.MULTILINE)
    found = load_protocol(study(tmp_path, text[:begin] + example))
    assert {each.role for each in found.accounts.values()} == {"seeded", "control"}
    assert found.interest_of(next(iter(found.accounts.values()))) is not None
    # What stands there as the defaults is what they are.
    assert (found.dwell, found.stop, found.settings.window_s) == (Dwell(), StopRules(), 3600)


def test_a_study_without_a_feed_is_told_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no \[feed\]") as raised:
        loaded(tmp_path, "")
    assert "[feed.accounts.ke-1]" in raised.value.fix


def test_an_account_that_is_not_declared_is_told_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no account 'ke-7'") as raised:
        loaded(tmp_path, WHOLE).account("ke-7")
    assert raised.value.fix == "use one of ke-1, ke-2"


def with_(old: str, new: str) -> str:
    assert old in WHOLE
    return WHOLE.replace(old, new, 1)


@pytest.mark.parametrize(
    ("feed", "complaint"),
    [
        ("\n[feed]\n", "feed.accounts is missing or empty"),
        (with_("surface =", "surfaces ="), "feed.surfaces is not an entry"),
        (with_('"tiktok_web"]', '"tiktak"]'), "feed.adapters holds 'tiktak'"),
        (with_('"tiktok_web"]', '"tiktok_app"]'), "feed.adapters names one twice"),
        (with_('"for_you"', '"shorts"'), "feed.surface is 'shorts'"),
        (with_('["use"]', '["feed"]'), "feed.phases holds 'feed'"),
        (with_('["depressive", "self_harm"]', '["unclear"]'), "feed.positive holds 'unclear'"),
        (with_('["depressive", "self_harm"]', "[]"), "feed.positive is missing or empty"),
        (with_("window_minutes = 30", "window_minutes = 0"), "feed.window_minutes is 0"),
        (with_("window_minutes = 30", "window_minutes = nan"), "feed.window_minutes is nan"),
        (with_("rounds = 3", "rounds = 2.5"), "feed.dwell.rounds is 2.5"),
        (with_("rounds = 3", "rewatch = 3"), "feed.dwell.rewatch is not an entry"),
        (with_("jitter = 0", "jitter = -1"), "feed.dwell.jitter is -1"),
        (with_("most_s = 45", "most_s = 5"), "feed.dwell.control_s is 8.5, which is more than"),
        (with_("feed_hours = 5", "feed_hours = true"), "feed.stop.feed_hours is True"),
        (with_("positive_in_a_row = 12", "likes = 1"), "feed.stop.likes is not an entry"),
        (with_('"hopeless"]', '"sad"]'), "feed.interests.sad.categories holds 'sad'"),
        (with_('"#Sad"', '"# sad"'), "feed.interests.sad.hashtags holds '# sad'"),
        (with_('terms = ["sad quotes"]', 'terms = "sad"'), "feed.interests.sad.terms is missing"),
        (with_('arm = "KE-13"', 'arm = "KE-12"'), "feed.accounts.ke-1.arm is 'KE-12'"),
        (with_('arm = "KE-13"', ""), "feed.accounts.ke-1.arm is missing"),
        (with_('"seeded"', '"sad"'), "feed.accounts.ke-1.role is 'sad'"),
        (with_('interest = "sad"', ""), "feed.accounts.ke-1.interest is missing"),
        (with_('interest = "sad"', 'interest = "x"'), "feed.accounts.ke-1.interest is 'x'"),
        (with_('"control"', '"control"\ninterest = "sad"'), "feed.accounts.ke-2.interest is given"),
        (with_("accounts.ke-1]", 'accounts."ke 1"]'), "feed.accounts.ke 1 is not a label"),
        (with_('block = "2"', "block = 2"), "feed.accounts.ke-1.block is 2"),
        ("\n[feed.interests.sad]\n" + LEAST, "feed.interests.sad matches nothing"),
        (LEAST.replace("control", "seeded"), "feed.accounts.ke-2.interest is missing"),
    ],
)
def test_a_fault_is_named_with_its_entry_and_its_remedy(
    tmp_path: Path, feed: str, complaint: str
) -> None:
    with pytest.raises(UserError) as raised:
        loaded(tmp_path, feed)
    assert str(raised.value).startswith(f"{tmp_path / 'study.toml'}: {complaint}")
    assert raised.value.fix


def test_a_feed_that_is_no_table_is_told_with_the_study(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="feed is not a table"):
        study(tmp_path, "feed = 1\n" + STUDY)

"""What a report of a feed says of onset, of its intervals, of the accounts, and whom to call."""

from __future__ import annotations

from dataclasses import replace

import pytest
from feed_audits import audit_of, compared
from test_reports_feed_terminal import printed

from analyzer.feed.coding.words import crisis_lines
from analyzer.models import Arm
from analyzer.statistics import Interval
from reports.feed import told
from reports.feed.crisis import crisis
from reports.feed.figures import Figures
from reports.feed.headlines import headlines
from reports.feed.markdown import feed_markdown
from reports.feed.page import render_feed
from reports.feed.terminal import Shown
from reports.feed.view import view
from reports.language import Language


def lowered(share: float):  # type: ignore[no-untyped-def]
    """Return a comparison of which no curve goes above `share`."""
    found = compared()
    curves = tuple(
        replace(
            curve,
            points=tuple(
                replace(
                    point,
                    share=replace(point.share, value=min(share, point.share.value or 0.0)),
                )
                for point in curve.points
            ),
        )
        for curve in found.curves
    )
    return replace(found, curves=curves)


def test_onset_is_told_as_what_it_is_and_where_chance_does_it() -> None:
    found = compared()
    more = " ".join(str(each) for head in headlines(found, Figures()) for each in head.more)
    assert "For the first time, 10 of the last 20 items were measured ones after" in more
    assert "stays at a third" not in more
    few = " ".join(str(each) for head in headlines(lowered(0.39), Figures()) for each in head.more)
    assert few.count("stays at a third") == 2


def test_nothing_says_that_every_second_item_was_one() -> None:
    audit = audit_of(compared())
    found = view(audit)
    whole = render_feed(audit) + feed_markdown(found) + printed(audit.comparison)
    assert "very second" not in whole
    assert "for the first time" in whole


def test_a_row_has_one_interval_wherever_it_stands() -> None:
    audit = audit_of(compared())
    found = view(audit)
    row = next(row for group in found.groups for row in group.rows if row.row.headline)
    assert row.after is not None
    assert row.held == row.joint != row.interval
    assert row.dagger == row.after.dagger == told.AT_ONCE
    text = feed_markdown(found)
    plain = text.replace("\\", "")
    assert f"{row.joint}†" in plain
    assert row.interval not in plain
    assert f"{row.joint}†" in render_feed(audit)
    assert f"{row.joint}†" in printed(audit.comparison)
    other = next(row for group in found.groups for row in group.rows if not row.row.joint)
    assert other.held == other.interval
    assert not other.dagger


def test_the_intervals_that_hold_at_once_are_named() -> None:
    assert "one side against the other" in " ".join(str(told.JOINT).split())
    assert "by itself" in told.JOINT


@pytest.mark.parametrize("width", [60, 80, 100])
def test_a_narrow_terminal_keeps_the_feed_time_and_explains_nothing_it_hides(width: int) -> None:
    text = printed(compared(), Shown(every=True), width)
    rows = " ".join(text.split())
    assert rows.count("hour 6") >= 3
    assert ("q: of rows" in text) == (" q " in text.split("How to read it")[0])


def test_an_interval_does_not_read_like_a_misprint() -> None:
    figures = Figures()
    assert figures.both("onset", 1071.0, Interval(672.0, 1109.9)) == (
        "17.9 min", "[11.2 min, 18.5 min]",
    )  # fmt: skip
    assert figures.both("share", 0.701, Interval(0.6, 0.704)) == ("70.1%", "[60.0%, 70.4%]")
    assert figures.both("share", 0.0, Interval(0.0, 0.02)) == ("0%", "[0%, 2.0%]")
    assert figures.times(2.0, Interval(1.5, 2.04)) == ("2.00", "[1.50, 2.04]")


def test_the_first_window_is_the_first_minutes() -> None:
    assert Figures().hour(0, 1800.0) == "the first 30 min of feed time"


def test_the_accounts_are_told_by_age_interest_and_time() -> None:
    audit = audit_of(compared())
    sides = tuple(
        replace(side, arms=(Arm(f"{side.name}-13", side.name, 13, "refused"),))
        for side in audit.sides
    )
    found = view(replace(audit, sides=(sides[0], sides[1])))
    text = " ".join(map(str, found.who))
    assert "Age that the accounts give: 13." in text
    assert "“blue”" in text
    assert "Depressive content" in text
    assert "Feed time of each, on average: 6 h" in text
    assert str(found.who[0]) in feed_markdown(found)
    older = replace(sides[1], arms=(replace(sides[1].arms[0], age=16),))
    text = " ".join(map(str, view(replace(audit, sides=(sides[0], older))).who))
    assert "Kenya, age that the accounts give: 13." in text


def test_each_country_has_its_own_number_and_the_readers_comes_last() -> None:
    assert crisis_lines().emergencies["US"] == ("911",)
    both = crisis(["KE", "US"], Language())
    assert both.numbers == "Kenya: 999, 112, 911; United States of America: 911"
    assert [each.country for each in both.calls] == ["Kenya", "Kenya", "United States of America"]
    assert not any(each.reader for each in both.calls)
    abroad = crisis(["KE"], Language("fr"))
    assert [each.reader for each in abroad.calls] == [False, False, True]
    page = render_feed(audit_of(compared()), Language("fr"))
    assert page.count("999, 112, 911") == 1


def test_examples_and_protocol_are_told_as_they_are() -> None:
    page = render_feed(audit_of(compared()))
    assert "Some of the measured items that count in the share" in page
    assert "Chance changes each of these times by about 20%" in page
    assert "(each by itself)" in page


def test_what_two_groups_have_in_common_is_written_alike() -> None:
    values = {each.value for each in view(audit_of(compared())).overlaps if each.value}
    assert values
    assert all(each.index("%") - each.index(".") == 2 for each in values)

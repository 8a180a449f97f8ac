"""The scale of feed time: what is written at its marks is exact, and touches nothing."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from reports.feed.pictured import clock
from reports.language import LANGUAGES, Language
from reports.pictures.canvas import wide
from reports.pictures.time_scale import Tick, TimeScale

# Feed times in hours, and the widths in which a panel is drawn on a screen and on a phone.
HOURS = (1 / 3, 0.4, 0.5, 0.75, 1, 1.1, 1.25, 1.5, 1.9, 2, 2.6, 3, 4, 5, 6, 8, 10, 12, 24, 36, 48)
WIDTHS = (324.0, 294.0)
SIZE = 11.0


def scale(hours: float, width: float = 324.0, code: str = "en") -> tuple[Tick, ...]:
    language = Language(code)
    told = TimeScale(46.0, 46.0 + width, hours * 3600, lambda at: clock(language, at), SIZE)
    return told.ticks()


def texts(hours: float) -> list[str]:
    return [each.text for each in scale(hours)]


def test_two_hours_have_marks_each_half_hour() -> None:
    assert texts(2) == ["0", "30 min", "1 h", "1.5 h", "2 h"]
    assert texts(6) == ["0", "1 h", "2 h", "3 h", "4 h", "5 h", "6 h"]
    assert texts(1 / 3) == ["0", "5 min", "10 min", "15 min", "20 min"]
    assert texts(1.1)[1:3] == ["10 min", "20 min"]
    assert texts(1.1)[-1] == "1 h"
    assert texts(48)[-1] == "48 h"


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_two_times_touch_and_there_are_enough(width: float, code: str) -> None:
    for hours in HOURS:
        ticks = scale(hours, width, code)
        assert 3 <= len(ticks) <= 9, (hours, [each.text for each in ticks])
        for before, after in pairwise(ticks):
            room = (wide(before.text, SIZE) + wide(after.text, SIZE)) / 2
            assert after.middle - before.middle > room + 4, (hours, before, after)
        last = ticks[-1]
        assert last.middle + wide(last.text, SIZE) / 2 <= 46 + width + 9


def test_every_time_is_told_as_it_is() -> None:
    for hours in HOURS:
        for tick in scale(hours):
            number, unit = [*re.findall(r"[\d.]+|[a-z]+", tick.text), ""][:2]
            told = float(number) * {"": 1, "min": 60, "h": 3600}[unit]
            at = (tick.x - 46.0) / 324.0 * hours * 3600
            assert told == pytest.approx(at, abs=1)


def test_a_scale_that_is_minutely_short_still_has_its_end() -> None:
    assert texts(1.9999)[-1] == "2 h"

"""When the log of what was on the screen says nothing, though the feed goes on.

An app whose log is refused, is switched off by an update, or is sent elsewhere asks for more items
as before. What it was served then is not known to have been shown, and not known to be waiting.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

_LEAST: Final = 60.0  # seconds without a line that say nothing yet
_LONGEST: Final = 600.0  # an item is not taken for longer

Gap = tuple[float, float]


def grace(durations: Sequence[float | None]) -> float:
    """Return for how long a log may well say nothing: as long as the longest item lasts."""
    told = (min(each, _LONGEST) for each in durations if each is not None)
    return max(_LEAST, *told, 0.0)


def gaps(lines: Sequence[float], answers: Sequence[float], pause_s: float) -> list[Gap]:
    """Return the gaps between lines in which answers were asked for, but for `pause_s` at each end.

    All in seconds of the session, in order. Before the first line the first answer begins a gap;
    that after the last line has no end.
    """
    if not lines or not answers:
        return []
    return [gap for gap in _between(lines, answers) if _asked(gap, answers, pause_s)]


def last_sign(lines: Sequence[float], answers: Sequence[float], pause_s: float) -> float:
    """Return until when it is known that the feed was on the screen: the last line of the log, the
    last answer where the log is not silent then, and what an item lasts after it.
    """
    silent = [begin for begin, end in gaps(lines, answers, pause_s) if end == float("inf")]
    last = silent[0] if silent else max([0.0, *lines, *answers])
    return last + pause_s


def _between(lines: Sequence[float], answers: Sequence[float]) -> Iterator[Gap]:
    times = [min(lines[0], answers[0]), *lines, float("inf")]
    yield from pairwise(times)


def _asked(gap: Gap, answers: Sequence[float], pause_s: float) -> bool:
    begin, end = gap
    at = bisect.bisect_right(answers, begin + pause_s)
    return at < len(answers) and answers[at] < end - pause_s

"""How soon each account's feed turned: a line for each account until then, on a scale of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from analyzer.feed.records import Role
from reports.language import Figure
from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas, Ink, wide
from reports.templating import fit

_TOP = 28.0
_STEP = 11.0  # pixels from account to account
_SIZE = 10.5  # of the letters of the scale
_APART = 12.0  # pixels between them
_TIMES = (10, 30, 60, 180, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 259_200, 864_000)


@dataclass(frozen=True, slots=True)
class OnsetRow:
    """One arm. `reached`: seconds of each account that got there; `censored`: feed time of others.

    `median`, `low` and `high` in seconds; None where there is none, or nothing bounds that end.
    """

    which: str  # "a" or "b"
    role: Role
    side: str
    label: str
    reached: tuple[float, ...]
    censored: tuple[float, ...]
    median: float | None
    low: float | None
    high: float | None
    text: str  # the median and its interval in writing
    note: str  # how many got there

    @property
    def height(self) -> float:
        """Pixels that its accounts need."""
        return _STEP * (len(self.reached) + len(self.censored)) + 20


def onset_pictures(
    rows: Sequence[OnsetRow],
    duration: Callable[[float], str],
    told: tuple[str, str],
    direction: str,
) -> tuple[Picture, ...]:
    """Return a picture of each of `rows`, all on one scale; `told` is title and description.

    They are several so that a page of paper can end between them.
    """
    title, description = told
    return tuple(
        both(
            partial(_drawn, f"onsets{place}-", row, _ends(rows), duration, direction),
            (f"{title} ({row.side} · {row.label})", description),
            0,
        )
        for place, row in enumerate(rows)
    )


def _ends(rows: Sequence[OnsetRow]) -> tuple[float, float]:
    """Return the logarithms of the first and the last second of the scale of all `rows`."""
    times = [each for row in rows for each in (*row.reached, *row.censored) if each > 0]
    first = math.log(max(5.0, min(60.0, 0.7 * min(times, default=60.0))))
    return first, max(first + 1, math.log(max(times, default=3600.0)))


def _drawn(
    name: str,
    row: OnsetRow,
    ends: tuple[float, float],
    duration: Callable[[float], str],
    direction: str,
    width: float,
) -> Canvas:
    narrow = width < WIDE
    left, right = (4.0, width - 16.0) if narrow else (232.0, width - 16.0)
    first, last = ends

    def x(seconds: float) -> float:
        part = (math.log(max(seconds, 1e-3)) - first) / (last - first)
        return left + (right - left) * min(1.0, max(0.0, part))

    head = 52.0 if narrow else 8.0
    height = head + (row.height if narrow else max(66.0, row.height))
    canvas = Canvas(f"{name}{width}", width, _TOP + height, direction)
    taken: list[tuple[float, float]] = []
    # The end of the scale is named rather than what is near it.
    for tick in (math.exp(last), *reversed(_TIMES)):
        if not first <= math.log(tick) <= last:
            continue
        half = wide(duration(tick), _SIZE) / 2
        middle = max(left + half, min(x(tick), width - half))
        if all(abs(middle - at) > half + other + _APART for at, other in taken):
            taken.append((middle, half))
            canvas.line([(x(tick), _TOP - 6), (x(tick), canvas.height)])
            canvas.text(middle, 15, duration(tick), size=_SIZE, ink="soft", anchor="middle")
    canvas.line([(0, _TOP), (width, _TOP)])
    if narrow:
        canvas.box(0, _TOP + 1, width, 50, "paper")
        canvas.text(0, _TOP + 16, row.side, size=12, bold=True, within=width)
        canvas.text(0, _TOP + 31, row.label, size=11, within=width)
        both_told = Figure(f"{fit(row.text)} · {fit(row.note)}")
        canvas.text(0, _TOP + 46, both_told, size=10.5, ink="soft", within=width)
    else:
        canvas.text(0, _TOP + 18, row.side, size=12, bold=True, within=left - 12)
        canvas.text(0, _TOP + 33, row.label, size=11.5, within=left - 12)
        canvas.text(0, _TOP + 48, row.text, size=11, ink="soft", within=left - 12)
        canvas.text(0, _TOP + 63, row.note, size=11, ink="soft", within=left - 12)
    _accounts(canvas, row, left, _TOP + head, x)
    return canvas


def _accounts(
    canvas: Canvas, row: OnsetRow, left: float, top: float, x: Callable[[float], float]
) -> None:
    side: Ink = "a" if row.which == "a" else "b"
    ink: Ink = "soft" if row.role == "control" else side
    y = top + 6
    for seconds in sorted(row.reached):
        canvas.line([(left, y), (x(seconds), y)], "line", width=1.5)
        canvas.mark(x(seconds), y, ink, square=row.which == "b", filled=row.role == "seeded")
        y += _STEP
    for seconds in sorted(row.censored):  # not yet, when its feed time was over
        canvas.line([(left, y), (x(seconds), y)], ink, width=1.5)
        canvas.arrow(x(seconds) + 8, y, ink)
        y += _STEP
    if row.median is not None:
        canvas.line([(x(row.median), top), (x(row.median), y + 5)], ink, width=1.5, dashed=True)
        canvas.line([(x(row.median), y - 5), (x(row.median), y + 5)], ink, width=2.5)
    if row.median is not None and (row.low, row.high) != (None, None):
        ends = x(row.low or 0.0), x(row.high or math.inf)
        canvas.line([(ends[0], y), (ends[1], y)], ink, width=2.5)
        if row.high is None:
            canvas.arrow(ends[1] + 2, y, ink)

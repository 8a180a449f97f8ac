"""How soon after the phone was ready something was first sent: a line of time for each flow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas, Ink

_MOST = 24  # rows
_TOP = 30.0
_TICKS = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0)


@dataclass(frozen=True, slots=True)
class Soon:
    """One side of a row, in seconds: earliest, median and latest session, and how it is told."""

    low: float
    median: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class DelayRow:
    """One flow; a side is None where it was never sent."""

    label: str
    owner: str
    sides: tuple[Soon | None, Soon | None]


def delays_picture(
    rows: Sequence[DelayRow],
    seconds: Callable[[float], str],
    never: str,
    told: tuple[str, str],
    direction: str,
) -> Picture:
    """Return the picture of `rows` on a logarithmic scale; `seconds` writes a number of them.

    `never` is said of a side that never sent it, `told` is title and description.
    """
    shown = rows[:_MOST]

    def draw(width: float) -> Canvas:
        return _drawn(f"delays{width}", width, shown, seconds, never, direction)

    return both(draw, told, len(rows) - len(shown))


def _drawn(
    name: str,
    width: float,
    rows: Sequence[DelayRow],
    seconds: Callable[[float], str],
    never: str,
    direction: str,
) -> Canvas:
    narrow = width < WIDE
    step = 54.0 if narrow else 38.0
    left, right = (8.0, width - 74.0) if narrow else (262.0, width - 96.0)
    found = [side for row in rows for side in row.sides if side]
    first = math.log(max(0.05, min((side.low for side in found), default=0.1)))
    last = max(first + 1, math.log(max([2.0, *(side.high for side in found)])))
    canvas = Canvas(name, width, _TOP + step * len(rows) + 6, direction)

    def x(value: float) -> float:
        part = (math.log(max(value, 0.05)) - first) / (last - first)
        return left + (right - left) * min(1.0, max(0.0, part))

    for tick in _TICKS:
        if first <= math.log(tick) <= last:
            canvas.line([(x(tick), _TOP - 6), (x(tick), canvas.height)])
            canvas.text(x(tick), 16, seconds(tick), size=10.5, anchor="middle", ink="soft")
    looks: tuple[tuple[Ink, bool], ...] = (("a", False), ("b", True))
    for at, row in enumerate(rows):
        top = _TOP + at * step
        canvas.line([(0, top), (width, top)])
        if narrow:
            canvas.text(
                0,
                top + 14,
                f"{row.owner}: {row.label}" if row.owner else row.label,
                size=11,
                within=width,
            )
        else:
            canvas.text(0, top + 15, row.label, size=12, bold=True, within=left - 14)
            canvas.text(0, top + 30, row.owner, size=11, ink="soft", within=left - 14)
        for line, ((ink, square), side) in enumerate(zip(looks, row.sides, strict=True)):
            y = top + (26 if narrow else 12) + line * 15
            if side is None:
                canvas.text(width, y + 4, never, size=10.5, anchor="end", ink="soft")
                continue
            canvas.line([(x(side.low), y), (x(side.high), y)], ink, width=2.5)
            canvas.mark(x(side.median), y, ink, square=square)
            canvas.text(width, y + 4, side.text, size=10.5, anchor="end")
    return canvas

"""Measured differences with their intervals, against the margin within which sides are the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas, Ink

_MOST = 8  # rows of one panel
_HEAD = 48.0


@dataclass(frozen=True, slots=True)
class Interval:
    """One row. `low` and `high` are None where nothing bounds that end."""

    label: str
    owner: str
    effect: float
    low: float | None
    high: float | None
    text: str
    which: str  # "a" or "b", on which side it is more; "same"; "open"


@dataclass(frozen=True, slots=True)
class Panel:
    """The rows of one measure. `none` is what no difference is (0, or 1 of a ratio)."""

    title: str
    less: str  # the words at the lower end of the axis
    more: str
    rows: tuple[Interval, ...]
    none: float
    margin: tuple[float, float]
    ratio: bool


def intervals_picture(panels: Sequence[Panel], told: tuple[str, str], direction: str) -> Picture:
    """Return the picture of `panels`, each on a scale of its own; `told`: title, description."""
    drawn = [replace(panel, rows=panel.rows[:_MOST]) for panel in panels]

    def draw(width: float) -> Canvas:
        return _drawn(f"intervals{width}", width, drawn, direction)

    return both(
        draw, told, sum(len(panel.rows) for panel in panels) - sum(len(each.rows) for each in drawn)
    )


class _Scale:
    """Where a value lies between `left` and `right`; of ratios by their logarithm."""

    def __init__(self, panel: Panel, left: float, right: float) -> None:
        self._panel, self._left, self._right = panel, left, right
        ends = [*panel.margin, panel.none]
        for row in panel.rows:
            ends += [each for each in (row.low, row.effect, row.high) if each is not None]
        far = max(abs(self._at(end) - self._at(panel.none)) for end in ends) or 1.0
        self._far = far * 1.08

    def _at(self, value: float) -> float:
        return math.log(max(value, 1e-3)) if self._panel.ratio else value

    def x(self, value: float | None, otherwise: float) -> float:
        if value is None:
            return otherwise
        part = (self._at(value) - self._at(self._panel.none)) / self._far
        middle, half = (self._left + self._right) / 2, (self._right - self._left) / 2
        return middle + half * min(1.0, max(-1.0, part))


def _drawn(name: str, width: float, panels: Sequence[Panel], direction: str) -> Canvas:
    narrow = width < WIDE
    step = 50.0 if narrow else 36.0
    left, right = (8.0, width - 8.0) if narrow else (276.0, width - 150.0)
    height = sum(_HEAD + step * len(panel.rows) + 14 for panel in panels)
    canvas = Canvas(name, width, height, direction)
    size = 11.0 if narrow else 12.0
    top = 0.0
    for panel in panels:
        scale = _Scale(panel, left, right)
        end = top + _HEAD + step * len(panel.rows)
        canvas.text(0, top + 16, panel.title, size=size + 1, bold=True, within=width)
        canvas.text(left, top + 38, panel.less, size=10.5, ink="soft", within=(right - left) / 2)
        canvas.text(
            right, top + 38, panel.more, size=10.5, ink="soft", anchor="end",
            within=(right - left) / 2,
        )  # fmt: skip
        low, high = (scale.x(each, left) for each in panel.margin)
        canvas.box(low, top + _HEAD - 4, high - low, end - top - _HEAD + 4, "wash", outline="line")
        none = scale.x(panel.none, left)
        canvas.line([(none, top + _HEAD - 4), (none, end)], "soft")
        for at, row in enumerate(panel.rows):
            _row(canvas, row, top + _HEAD + at * step, scale, (left, right), narrow)
        top = end + 14
    return canvas


def _row(
    canvas: Canvas,
    row: Interval,
    top: float,
    scale: _Scale,
    ends: tuple[float, float],
    narrow: bool,
) -> None:
    left, right = ends
    canvas.line([(0, top), (canvas.width, top)])
    if narrow:
        canvas.text(
            0,
            top + 14,
            f"{row.owner}: {row.label}" if row.owner else row.label,
            size=11,
            within=200,
        )
        canvas.text(canvas.width, top + 14, row.text, size=10.5, anchor="end", within=134)
    else:
        canvas.text(0, top + 15, row.label, size=12, bold=True, within=left - 14)
        canvas.text(0, top + 30, row.owner, size=11, ink="soft", within=left - 14)
        canvas.text(canvas.width, top + 22, row.text, size=10.5, anchor="end", within=140)
    y = top + (32 if narrow else 18)
    inks: dict[str, Ink] = {"a": "a", "b": "b", "open": "q"}
    ink = inks.get(row.which, "ink")
    canvas.line([(scale.x(row.low, left), y), (scale.x(row.high, right), y)], ink, width=2.5)
    for end, x, sign in ((row.low, left, 1), (row.high, right, -1)):
        if end is None:  # open ends are arrows
            canvas.line([(x + 6 * sign, y - 5), (x, y), (x + 6 * sign, y + 5)], ink, width=2)
    at = scale.x(row.effect, left)
    canvas.mark(at, y, ink, square=row.which == "b", filled=row.which in inks)

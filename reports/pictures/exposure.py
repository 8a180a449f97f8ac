"""How much of a feed was of the measured kind, over feed time: the picture that others will quote.

One panel for each side, on the same scales. It may be shown without the page around it, and so it
says itself what it shows, of how many accounts, and whether the app is invented.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from analyzer.feed.records import Role
from reports.language import Figure
from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas, Ink, Point, wide
from reports.pictures.time_scale import TimeScale
from reports.templating import fit

_T = TypeVar("_T")
_LEFT, _GAP = 46.0, 58.0  # what stands left of a panel, and between two
_ROOM = 22.0  # above the scale, for the words at a line
_LABEL, _BOLD = 11.5, 1.1  # pixels, and how much wider bold letters are
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.25)
_MARKED = 14  # points of a line; more would hide it


@dataclass(frozen=True, slots=True)
class Spell:
    """One window: its middle in seconds, the share and its interval (0..1)."""

    at: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Course:
    """One arm. A window that cannot be told is None, and breaks the line.

    `accounts`: for each account the share in the same windows.
    """

    role: Role
    label: str
    spells: tuple[Spell | None, ...]
    accounts: tuple[tuple[float | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Side:
    """One panel. `which` is "a" or "b"."""

    which: str
    title: str
    fact: str  # how many times the share of the controls; "" where it cannot be told
    note: str  # how many accounts
    courses: tuple[Course, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """All that is drawn, in words of the reader. `seconds`: feed time of the longest arm."""

    title: str
    counted: str
    time: str  # what the axis of time is called
    notes: tuple[str, ...]  # at the foot
    banner: str  # that the app is invented; "" where it is not
    sides: tuple[Side, ...]
    seconds: float
    percent: Callable[[float], str]  # of the scale
    share: Callable[[float], str]  # at the end of a line
    duration: Callable[[float], str]


def exposure_picture(drawn: Exposure, told: tuple[str, str], direction: str) -> Picture:
    """Return the picture; `told` is title and description."""

    def draw(width: float) -> Canvas:
        return _Sheet(drawn, width, direction).canvas

    return both(draw, told, 0)


class _Sheet:
    """The picture in one width, drawn as it is made."""

    def __init__(self, drawn: Exposure, width: float, direction: str) -> None:
        self._drawn, self._width = drawn, width
        self._narrow = width < WIDE
        self._size = 10.5 if self._narrow else 11.0
        # Its height is known once all lines are broken: drawn twice, for the first time to measure.
        self.canvas = Canvas("exposure", width, 10, direction)
        height = self._all()
        self.canvas = Canvas(f"exposure{width:g}", width, height, direction)
        self._all()

    def _all(self) -> float:
        """Draw, and return the height."""
        canvas, drawn, width = self.canvas, self._drawn, self._width
        top = canvas.lines(0, 18, drawn.title, width, size=14.5 if self._narrow else 17, bold=True)
        top = canvas.lines(0, top, drawn.counted, width, size=self._size + 1, ink="soft")
        if drawn.banner:
            top = canvas.lines(0, top + 2, drawn.banner, width, size=self._size + 1, bold=True)
        high = 176.0 if self._narrow else 214.0
        foot = top
        if self._narrow:
            for side in drawn.sides:
                panel = _Panel(canvas, drawn, _LEFT - 8, width - _LEFT, self._size)
                foot = panel.draw(side, panel.head(side, foot + 22), high)
        else:
            room = (width - _LEFT - _GAP - 8) / 2
            panels = [
                _Panel(canvas, drawn, _LEFT + at * (room + _GAP), room, self._size)
                for at in range(len(drawn.sides))
            ]
            both_of = list(zip(panels, drawn.sides, strict=True))
            under = max(panel.head(side, top + 22) for panel, side in both_of)
            foot = max(panel.draw(side, under, high) for panel, side in both_of)
        foot += 10
        for note in drawn.notes:
            foot = canvas.lines(0, foot, note, width, size=self._size, ink="soft")
        return foot - self._size * 1.4 + 8


class _Panel:
    """One side's share over time."""

    def __init__(
        self, canvas: Canvas, drawn: Exposure, left: float, width: float, size: float
    ) -> None:
        self._canvas, self._drawn, self._size = canvas, drawn, size
        self._left, self._right = left, left + width
        self._top = self._bottom = 0.0
        self._most, self._step = _scale(drawn.sides)
        self._taken: list[tuple[float, float, float, float]] = []  # boxes of words: x, x, y, y

    def head(self, side: Side, top: float) -> float:
        """Write what the panel is of, from `top` on, and return where that ends."""
        canvas, width = self._canvas, self._right - self._left
        top = canvas.lines(self._left, top, side.title, width, size=14, bold=True)
        if side.fact:
            top = canvas.lines(self._left, top + 1, side.fact, width, size=12, bold=True)
        return canvas.lines(self._left, top, side.note, width, size=self._size, ink="soft")

    def draw(self, side: Side, top: float, height: float) -> float:
        """Draw the panel below its words, and return where it ends."""
        ink: Ink = "a" if side.which == "a" else "b"
        self._top = top + _ROOM - 8
        self._bottom = self._top + height
        self._grid()
        for course in side.courses:
            self._single(course)
        for course in side.courses:
            self._band(course, _ink(course.role, ink))
        for course in side.courses:
            self._course(course, _ink(course.role, ink), square=side.which == "b")
        for course in side.courses:
            self._label(course, side.courses, _ink(course.role, ink))
        return self._bottom + 36

    def _x(self, seconds: float) -> float:
        return self._left + (self._right - self._left) * seconds / self._drawn.seconds

    def _y(self, share: float) -> float:
        return self._bottom - (self._bottom - self._top) * share / self._most

    def _grid(self) -> None:
        canvas, drawn = self._canvas, self._drawn
        for at in range(round(self._most / self._step) + 1):
            share = at * self._step
            y = self._y(share)
            canvas.line([(self._left, y), (self._right, y)], "line" if at else "ink")
            canvas.text(
                self._left - 6, y + 4, drawn.percent(share), size=self._size, anchor="end",
                ink="soft",
            )  # fmt: skip
        scale = TimeScale(self._left, self._right, drawn.seconds, drawn.duration, self._size)
        for tick in scale.ticks():
            canvas.line([(tick.x, self._bottom), (tick.x, self._bottom + 4)], "ink")
            canvas.text(
                tick.middle, self._bottom + 17, tick.text, size=self._size, ink="soft",
                anchor="middle",
            )  # fmt: skip
        canvas.text(
            self._right, self._bottom + 32, drawn.time, size=self._size, anchor="end", ink="soft"
        )

    def _single(self, course: Course) -> None:
        """Draw a thin line for each account."""
        for shares in course.accounts:
            points = [
                None if share is None or spell is None else (self._x(spell.at), self._y(share))
                for share, spell in zip(shares, course.spells, strict=True)
            ]
            for run in _runs(points):
                self._canvas.line(run, "line", width=0.8)

    def _band(self, course: Course, ink: Ink) -> None:
        for run in _runs(course.spells):
            upper = [(self._x(each.at), self._y(each.high)) for each in run]
            lower = [(self._x(each.at), self._y(each.low)) for each in run]
            if len(run) > 1:
                self._canvas.area(upper, lower, ink)
                for edge in (upper, lower):
                    self._canvas.line(edge, ink, width=0.7)
            else:
                self._canvas.line([*upper, *lower], ink, width=1.5)

    def _course(self, course: Course, ink: Ink, *, square: bool) -> None:
        seeded = course.role == "seeded"
        for run in _runs(course.spells):
            points = [(self._x(each.at), self._y(each.share)) for each in run]
            self._canvas.line(
                points, ink, width=2.8 if seeded else 2.0, dashed=course.role == "control"
            )
            if len(course.spells) <= _MARKED or len(run) == 1:
                for x, y in points:
                    self._canvas.mark(x, y, ink, square=square, filled=seeded)

    def _label(self, course: Course, courses: Sequence[Course], ink: Ink) -> None:
        """Write at the end of a line what it is and its last share, where nothing else stands."""
        known = [each for each in course.spells if each]
        if not known:
            return
        last = known[-1]
        text = Figure(f"{fit(course.label)}\u2002{fit(self._drawn.share(last.share))}")
        right = min(self._right, self._x(last.at) + 8)
        room = wide(text, _LABEL) * _BOLD
        left = max(right - room, self._left + 3)
        right = min(self._right, left + room)
        above = min(self._heights(course, left, right), default=self._y(last.high)) - 7
        below = max(self._depths(course, left, right), default=self._y(last.low)) + 16
        places = (above, below, *(above - 14 * n for n in range(1, 12)))
        y = next((y for y in places if self._free(y, left, right, course, courses)), above)
        self._taken.append((left, right, y - 11, y + 3))
        self._canvas.box(left, y - 10, right - left, 13, "paper")
        self._canvas.text(
            right, y, text, size=_LABEL, anchor="end", ink=ink, bold=True,
            within=self._right - self._left,
        )  # fmt: skip

    def _free(
        self, y: float, left: float, right: float, own: Course, courses: Sequence[Course]
    ) -> bool:
        top, low = y - 11, y + 3
        if top < self._top - _ROOM or low > self._bottom - 1:
            return False
        if any(
            not (right < x0 or left > x1 or low < y0 or top > y1) for x0, x1, y0, y1 in self._taken
        ):
            return False
        return all(
            max(self._depths(other, left, right), default=-1.0) < top
            or min(self._heights(other, left, right), default=self._bottom + 1) > low
            for other in courses
            if other is not own
        )

    def _heights(self, course: Course, left: float, right: float) -> list[float]:
        """Return how high the band of `course` reaches between two places."""
        return [y for _, y in self._edge(course, left, right, lambda each: each.high)]

    def _depths(self, course: Course, left: float, right: float) -> list[float]:
        return [y for _, y in self._edge(course, left, right, lambda each: each.low)]

    def _edge(
        self, course: Course, left: float, right: float, end: Callable[[Spell], float]
    ) -> list[Point]:
        points = [(self._x(each.at), self._y(end(each))) for each in course.spells if each]
        found = [(x, y) for x, y in points if left <= x <= right]
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            found += [
                (x, y0 + (y1 - y0) * (x - x0) / (x1 - x0)) for x in (left, right) if x0 < x < x1
            ]
        return found


def _ink(role: Role, side: Ink) -> Ink:
    return side if role != "control" else "soft"


def _scale(sides: Sequence[Side]) -> tuple[float, float]:
    """Return the end of the scale of shares, and from line to line."""
    shares = [
        share
        for side in sides
        for course in side.courses
        for share in (
            *(spell.high for spell in course.spells if spell),
            *(share for account in course.accounts for share in account if share is not None),
        )
    ]
    most = max(shares, default=1.0)
    step = next((each for each in _STEPS if most / each <= 6), _STEPS[-1])
    whole = -(-most // step) * step
    return min(1.0, max(step, whole)), step


def _runs(items: Sequence[_T | None]) -> list[list[_T]]:
    """Return what lies between gaps."""
    runs: list[list[_T]] = [[]]
    for item in items:
        if item is None:
            runs.append([])
        else:
            runs[-1].append(item)
    return [run for run in runs if run]

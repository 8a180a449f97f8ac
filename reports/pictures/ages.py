"""Children against adults: of each flow, in which share of the sessions of either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas, Ink

_MOST = 24  # rows
_TOP = 44.0


@dataclass(frozen=True, slots=True)
class AgeLine:
    """One side of a row: shares of children and adults (0..1), and how both are told."""

    child: float
    adult: float
    text: str


@dataclass(frozen=True, slots=True)
class AgeRow:
    """One flow on both sides."""

    label: str
    owner: str
    sides: tuple[AgeLine, AgeLine]


def ages_picture(
    rows: Sequence[AgeRow],
    ends: tuple[str, str],
    head: str,
    told: tuple[str, str],
    direction: str,
) -> Picture:
    """Return the picture of `rows`; `ends` are the words at 0 and 1, `head` that over the numbers.

    `told` is title and description.
    """
    shown = rows[:_MOST]

    def draw(width: float) -> Canvas:
        return _drawn(f"ages{width}", width, shown, ends, head, direction)

    return both(draw, told, len(rows) - len(shown))


def _drawn(
    name: str,
    width: float,
    rows: Sequence[AgeRow],
    ends: tuple[str, str],
    head: str,
    direction: str,
) -> Canvas:
    narrow = width < WIDE
    step = 58.0 if narrow else 44.0
    left, right = (10.0, width - 100.0) if narrow else (276.0, width - 116.0)
    canvas = Canvas(name, width, _TOP + step * len(rows) + 6, direction)
    size = 11.0 if narrow else 12.0
    canvas.text(left, 34, ends[0], size=size, anchor="middle", ink="soft")
    canvas.text(right, 34, ends[1], size=size, anchor="middle", ink="soft")
    canvas.text(width, 16, head, size=size, anchor="end", ink="soft", within=width - 10)
    for x in (left, (left + right) / 2, right):
        canvas.line([(x, _TOP - 4), (x, canvas.height)])
    for at, row in enumerate(rows):
        top = _TOP + at * step
        canvas.line([(0, top), (width, top)])
        if narrow:
            canvas.box(0, top + 1, width, 18, "paper")
            canvas.text(0, top + 14, f"{row.owner}: {row.label}", size=11, within=width)
        else:
            canvas.text(0, top + 18, row.label, size=12, bold=True, within=left - 26)
            canvas.text(0, top + 34, row.owner, size=11, ink="soft", within=left - 26)
        first = top + (29 if narrow else 14)
        looks: tuple[tuple[Ink, bool], ...] = (("a", False), ("b", True))
        for line, ((ink, square), side) in enumerate(zip(looks, row.sides, strict=True)):
            y = first + line * 17
            child, adult = (left + (right - left) * each for each in (side.child, side.adult))
            canvas.line([(adult, y), (child, y)], ink, width=3)
            canvas.mark(adult, y, ink, square=square, filled=False)
            canvas.mark(child, y, ink, square=square)
            canvas.text(width, y + 4, side.text, size=10.5, anchor="end")
    return canvas

"""Country by country: of each flow of data, in how many sessions, in the order of protection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.pictures import NARROW, WIDE, Picture, both
from reports.pictures.canvas import Canvas, wide

_MOST = 24  # rows
_LEAST = 33.0  # pixels of a column
_LABEL, _MARK = 236.0, 22.0
_TOP = 50.0
STEPS = 3  # of protection, above none


@dataclass(frozen=True, slots=True)
class Land:
    """One column: a country by its name and code; `steps` of protection, from 0 to `STEPS`.

    `counted`: it has enough sessions to be part of the tests.
    """

    name: str
    code: str
    steps: int
    counted: bool


@dataclass(frozen=True, slots=True)
class LandRow:
    """One flow of data: its share (0..1) in each country, and how that is told.

    `mark` says in a sign whether the countries differ.
    """

    label: str
    owner: str
    cells: tuple[tuple[float, str], ...]
    mark: str


def countries_picture(
    lands: Sequence[Land], rows: Sequence[LandRow], told: tuple[str, str], direction: str
) -> Picture | None:
    """Return the picture of `rows`; None where there are too many countries for a telephone.

    `told` is title and description.
    """
    if len(lands) > (NARROW - _MARK) / _LEAST:
        return None
    shown = rows[:_MOST]

    def draw(width: float) -> Canvas:
        return _drawn(f"countries{width}", width, lands, shown, direction)

    return both(draw, told, len(rows) - len(shown))


def _drawn(
    name: str, width: float, lands: Sequence[Land], rows: Sequence[LandRow], direction: str
) -> Canvas:
    narrow = width < WIDE
    step = 52.0 if narrow else 38.0
    label = 0.0 if narrow else _LABEL
    column = min(150.0, (width - label - _MARK) / len(lands))
    canvas = Canvas(name, width, _TOP + step * len(rows) + 6, direction)
    for place, land in enumerate(lands):
        x = label + place * column
        if place and land.steps != lands[place - 1].steps:  # here the law protects less
            canvas.line([(x - 4, 4), (x - 4, canvas.height)], "ink", width=1.5, dashed=True)
        head = land.name if wide(land.name, 12) <= column - 8 else land.code
        canvas.text(x, 16, head, size=12, bold=True, within=column - 4)
        for number in range(STEPS):
            filled = number < land.steps
            canvas.box(x + number * 10, 25, 8, 8, "ink" if filled else "paper", outline="ink")
    for at, row in enumerate(rows):
        top = _TOP + at * step
        canvas.line([(0, top), (width, top)])
        if narrow:
            canvas.text(0, top + 15, f"{row.owner}: {row.label}", size=11, within=width - _MARK)
        else:
            canvas.text(0, top + 16, row.label, size=12, bold=True, within=label - 14)
            canvas.text(0, top + 31, row.owner, size=11, ink="soft", within=label - 14)
        y = top + (22 if narrow else 9)
        for place, (land, (share, text)) in enumerate(zip(lands, row.cells, strict=True)):
            x, room = label + place * column, column - 12
            canvas.box(x, y, room, 9, "paper", outline="line")
            if share:
                canvas.box(x, y, room * share, 9, "ink", hatched=not land.counted, outline="ink")
            canvas.text(x, y + 21, text, size=10.5)
        canvas.text(label + column * len(lands) + 2, y + 10, row.mark, size=13, bold=True)
    return canvas

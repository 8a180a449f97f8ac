"""How much of what passed could be read, by recipient and side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas, Ink

_MOST = 20  # rows
_TOP = 8.0


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One side of a row: the share of the bytes that could be read (0..1; None: no bytes)."""

    share: float | None
    text: str


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One recipient; `sides` are None where no session of a side met it."""

    label: str
    sides: tuple[ReadLine | None, ReadLine | None]


def coverage_picture(
    rows: Sequence[ReadRow], absent: str, told: tuple[str, str], direction: str
) -> Picture:
    """Return the picture of `rows`; `absent` is said of a side that never met a recipient.

    `told` is title and description.
    """
    shown = rows[:_MOST]

    def draw(width: float) -> Canvas:
        return _drawn(f"coverage{width}", width, shown, absent, direction)

    return both(draw, told, len(rows) - len(shown))


def _drawn(name: str, width: float, rows: Sequence[ReadRow], absent: str, direction: str) -> Canvas:
    narrow = width < WIDE
    step = 52.0 if narrow else 36.0
    left = 0.0 if narrow else 210.0
    room = width - left - 132
    canvas = Canvas(name, width, _TOP + step * len(rows) + 4, direction)
    for at, row in enumerate(rows):
        top = _TOP + at * step
        if narrow:
            canvas.text(0, top + 12, row.label, size=11.5, bold=True, within=width)
        else:
            canvas.text(0, top + 19, row.label, size=12, bold=True, within=left - 12)
        looks: tuple[tuple[Ink, Ink], ...] = (("a", "a"), ("b", "b"))
        for line, ((ink, outline), side) in enumerate(zip(looks, row.sides, strict=True)):
            y = top + (18 if narrow else 2) + line * 15
            if side is None:
                canvas.text(left, y + 10, absent, size=10.5, ink="soft")
                continue
            share = side.share
            if share is not None:
                # What could not be read is striped, whatever the side.
                canvas.box(left, y, room, 11, outline, hatched=True, outline=outline)
                if share:
                    canvas.box(left, y, room * share, 11, ink)
            canvas.text(left + room + 6, y + 10, side.text, size=10.5, within=124)
    return canvas

"""Before and after consent: of each flow of data, in how many sessions of each phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.pictures import WIDE, Picture, both
from reports.pictures.canvas import Canvas

_MOST = 24  # rows
_MOST_PHASES = 6
_TOP = 46.0
_SHARES = tuple[float, float, str, str]  # of a and b (0..1), and how they are told


@dataclass(frozen=True, slots=True)
class PhaseRow:
    """One flow; `cells` by phase, None where it was seen on neither side."""

    label: str
    owner: str
    cells: tuple[_SHARES | None, ...]


def phases_picture(
    rows: Sequence[PhaseRow],
    phases: Sequence[str],
    before: int,
    heads: tuple[str, str],
    told: tuple[str, str],
    direction: str,
) -> Picture:
    """Return the picture of `rows`; the first `before` of the phases come before consent.

    `heads` are the words over what is before and after, `told` title and description.
    """
    shown = rows[:_MOST]

    def draw(width: float) -> Canvas:
        return _drawn(
            f"phases{width}", width, shown, phases[:_MOST_PHASES], before, heads, direction
        )

    return both(draw, told, len(rows) - len(shown))


def _drawn(
    name: str,
    width: float,
    rows: Sequence[PhaseRow],
    phases: Sequence[str],
    before: int,
    heads: tuple[str, str],
    direction: str,
) -> Canvas:
    narrow = width < WIDE
    step = 50.0 if narrow else 36.0
    label = 0.0 if narrow else 262.0
    column = (width - label) / len(phases)
    canvas = Canvas(name, width, _TOP + step * len(rows) + 6, direction)
    size = 11.0 if narrow else 12.0
    if 0 < before < len(phases):
        limit = label + before * column - 7
        canvas.box(label - 6, 22, limit - label + 6, canvas.height - 22, "wash")
        canvas.line([(limit, 4), (limit, canvas.height)], "ink", width=1.5, dashed=True)
        canvas.text(limit - 6, 13, heads[0], size=size, anchor="end", bold=True, within=limit - 8)
        canvas.text(limit + 6, 13, heads[1], size=size, bold=True, within=width - limit - 8)
    for at, phase in enumerate(phases):
        x = label + at * column
        canvas.text(x, 38, phase, size=size, ink="soft", within=column - 12)
    for at, row in enumerate(rows):
        top = _TOP + at * step
        canvas.line([(0, top), (width, top)])
        if narrow:
            canvas.text(0, top + 14, f"{row.owner}: {row.label}", size=11, within=width)
        else:
            canvas.text(0, top + 15, row.label, size=12, bold=True, within=label - 14)
            canvas.text(0, top + 30, row.owner, size=11, ink="soft", within=label - 14)
        for place, cell in enumerate(row.cells[: len(phases)]):
            x, y = label + place * column, top + (20 if narrow else 6)
            if cell is None:
                canvas.text(x, y + 15, "-", size=12, ink="soft")
                continue
            room = column - (44 if narrow else 62)
            for line, (share, text) in enumerate(((cell[0], cell[2]), (cell[1], cell[3]))):
                low = y + line * 13
                ink, hatched = (("a", False), ("b", True))[line]
                canvas.line([(x, low + 10), (x + room, low + 10)])
                if share:
                    canvas.box(x, low, room * share, 10, ink, hatched=hatched, outline=ink)  # type: ignore[arg-type]
                canvas.text(x + room + 5, low + 9, text, size=10.5)
    return canvas

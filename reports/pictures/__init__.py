"""The pictures of the page: one module each, drawn by matplotlib on `canvas.Canvas`.

A picture is SVG whose text is text and whose colours are the page's own, so that it follows the
page into the dark and onto paper. Sides are told apart by shape or hatching too. The same content
gives the same bytes. Each is drawn twice, for a wide and a narrow screen; the page shows one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from reports.pictures.canvas import Canvas

WIDE = 760
NARROW = 340


@dataclass(frozen=True, slots=True)
class Picture:
    """One drawing in its two widths; `left_out` things of the table behind it are not drawn."""

    wide: Markup
    narrow: Markup
    left_out: int


def both(draw: Callable[[float], Canvas], told: tuple[str, str], left_out: int) -> Picture:
    """Return what `draw` draws in either width; `told` is title and description."""
    wide, narrow = (draw(width).svg(*told) for width in (WIDE, NARROW))
    return Picture(wide, narrow, left_out)

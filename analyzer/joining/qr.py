"""QR codes for a terminal and for a page.

Level L (segno raises it where that costs no space): a configuration then fits a terminal of
80 columns and 40 lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segno import QRCode

_QUIET = (4, 2)  # modules of margin: what the standard asks for, then what readers still accept
# Numbers of the fixed part of the 256-colour palette, which no theme changes: black on white.
_COLOURS = "\x1b[38;5;16;48;5;231m"
_RESET = "\x1b[0m"


def terminal(
    data: str, *, colour: bool, invert: bool = False, columns: int = 80, rows: int = 40
) -> str | None:
    """Return the code as lines of half blocks, two modules each; None if it would not fit.

    With `colour` it is black on white on any terminal. Without, blocks have to be light, as on
    a dark terminal; `invert` is for a light one.
    """
    code = _code(data)
    for quiet in _QUIET:
        width, height = code.symbol_size(border=quiet)
        if width <= columns and (height + 1) // 2 <= rows:
            return _lines(code, quiet, colour, invert)
    return None


def needed(data: str) -> tuple[int, int]:
    """Return the columns and lines that `terminal` needs at least."""
    width, height = _code(data).symbol_size(border=min(_QUIET))
    return int(width), int(height + 1) // 2


def svg(data: str) -> str:
    """Return the code as an `svg` element for a page: it scales, and is black on white."""
    return _code(data).svg_inline(border=4, light="#fff", dark="#000", omitsize=True)


def png(data: str, *, scale: int = 6) -> bytes:
    """Return the code as a PNG file, `scale` pixels to a module."""
    import io  # noqa: PLC0415

    out = io.BytesIO()
    _code(data).save(out, kind="png", scale=scale, border=4)
    return out.getvalue()


def png_data_uri(data: str, *, scale: int = 6) -> str:
    """Return the code as a ``data:image/png`` address."""
    return _code(data).png_data_uri(scale=scale, border=4)


def _code(data: str) -> QRCode:
    from segno import make_qr  # noqa: PLC0415 - slow, and only needed where a code is shown

    return make_qr(data, error="l")


def _lines(code: QRCode, quiet: int, colour: bool, invert: bool) -> str:
    # What is painted with the foreground colour: dark modules if that is dark, else light ones.
    painted = colour or invert
    rows = [[bool(module) is painted for module in row] for row in code.matrix_iter(border=quiet)]
    if len(rows) % 2:
        rows.append([not painted] * len(rows[0]))  # light, whatever is painted
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        cells = "".join(" ▄▀█"[2 * top + bottom] for top, bottom in zip(upper, lower, strict=True))
        lines.append(f"{_COLOURS}{cells}{_RESET}" if colour else cells)
    return "\n".join(lines)

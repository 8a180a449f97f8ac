"""Cells and columns on a terminal: as wide as their letters are, whatever the writing.

A letter may take two columns (Chinese) or none (an accent by itself), and words that are written
from right to left must not draw the numbers beside them into their order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells
from rich.text import Text

from analyzer.extract.shapes import visible

GAP = "  "
_TO_THE_LEFT = {"R", "AL", "AN"}
_LEFT_TO_RIGHT_MARK = "\u200e"
_BREAKS = re.compile(r"(?<=[._/-])")


@dataclass(frozen=True, slots=True)
class Column:
    """How wide a column is, and whether what stands in it is a number."""

    width: int
    right: bool = False


def widest(texts: Iterable[str]) -> int:
    """Return the columns that the widest of `texts` takes."""
    return max(map(cell_len, texts), default=0)


def folded(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` columns, broken inside a word only if it must be.

    >>> folded("openrtb.limit_ad_tracking contradictory", 18)
    ['openrtb.limit_ad_', 'tracking', 'contradictory']
    """
    lines = [""]
    for word in text.split(" "):
        whole = [word] if cell_len(word) <= width else _broken(word, width)
        for number, piece in enumerate(whole):
            before = " " if lines[-1] and not number else ""
            if not number and cell_len(lines[-1] + before + piece) <= width:
                lines[-1] += before + piece
            else:
                lines.append(piece)
    return lines if lines[0] or len(lines) == 1 else lines[1:]


def _broken(word: str, width: int) -> list[str]:
    """Return the pieces of a word that is too long for a line, each as long as it can be."""
    pieces = [""]
    for part in _BREAKS.split(word):
        for bit in chop_cells(part, max(2, width)):
            if cell_len(pieces[-1] + bit) > width and pieces[-1]:
                pieces.append("")
            pieces[-1] += bit
    return pieces


def padded(text: str, column: Column) -> str:
    """Return `text` filled up to the width of its column; what is wider stays as it is.

    >>> padded("6/6", Column(5, right=True)), padded("日本", Column(5))
    ('  6/6', '日本 ')
    """
    room = " " * max(0, column.width - cell_len(text))
    shown = kept_apart(text)
    return room + shown if column.right else shown + room


def kept_apart(text: str) -> str:
    """Return `text` so that what stands beside it keeps its place, if it is written to the left."""
    if text.isascii() or not any(unicodedata.bidirectional(each) in _TO_THE_LEFT for each in text):
        return text
    return f"{_LEFT_TO_RIGHT_MARK}{text}{_LEFT_TO_RIGHT_MARK}"


def row_lines(
    cells: Sequence[tuple[str, Column, str]], *, fold: bool = True, indent: str = ""
) -> list[Text]:
    """Return the lines of one row of (text, column, style); texts are made visible.

    With `fold` what is too wide goes on below itself, without it it stands out of its column.
    """
    shown = [(visible(text), column) for text, column, _ in cells]
    parts = [
        folded(text, column.width) if fold and cell_len(text) > column.width else [text]
        for text, column in shown
    ]
    lines = []
    for number in range(max(map(len, parts))):
        line = Text(indent if number else "")
        for place, (part, (_, column, style)) in enumerate(zip(parts, cells, strict=True)):
            text = part[number] if number < len(part) else ""
            line.append(GAP if place else "").append(padded(text, column), style)
        line.rstrip()
        lines.append(line)
    return lines

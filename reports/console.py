"""Lines and tables on standard output.

Colour is rich's doing: it is there on a terminal and nowhere else. Every text that could come from
a capture passes through `visible`, so that no control character reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzer.extract.shapes import visible


class _Console(Console):
    """A console that leaves a closed pipe (``| head``) to its caller; rich would exit with 1."""

    def on_broken_pipe(self) -> None:
        """Raise the `BrokenPipeError` that led here."""
        self.quiet = True
        raise BrokenPipeError


class Out:
    """Lines to standard output: styled on a terminal, plain elsewhere, never cut or wrapped."""

    def __init__(self) -> None:
        self._console = _console()

    def line(self, text: str, style: str = "") -> None:
        """Print one line."""
        self._console.print(Text(visible(text), style=style), soft_wrap=True)

    def fact(self, name: str, text: str, style: str = "") -> None:
        """Print one line with a name in front; nothing where `text` is empty."""
        if text:
            line = Text(f"  {name:<12}", style="dim")
            self._console.print(line + Text(visible(text), style=style), soft_wrap=True)


def print_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print `rows` (all with the same keys) as a table.

    On a terminal long cells fold; elsewhere a row is one line, so that `grep` finds all of it.
    """
    if not rows:
        return
    console = _console()
    lines = [list(rows[0]), *([visible(cell) for cell in row.values()] for row in rows)]
    if console.is_terminal:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in lines[0]:
            table.add_column(column, overflow="fold")
        for line in lines[1:]:
            table.add_row(*map(Text, line))
        console.print(table)
        return
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True))
        console.print(Text("  ".join(cells).rstrip()), soft_wrap=True)


def _console() -> _Console:
    return _Console(highlight=False, markup=False, emoji=False)

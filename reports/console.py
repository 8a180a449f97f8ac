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


class Out:
    """Lines to standard output: styled and folded between words on a terminal, plain elsewhere."""

    def __init__(self) -> None:
        self._console = _console()

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None where standard output is none."""
        return self._console.width if self._console.is_terminal else None

    def line(self, text: str, style: str = "") -> None:
        """Print one line."""
        self._print(Text(visible(text), style=style))

    def fact(self, name: str, text: str, style: str = "") -> None:
        """Print one line with a name in front; nothing where `text` is empty.

        What a terminal folds stays under its beginning.
        """
        if not text:
            return
        head, tail = Text(f"  {name:<13}", style="dim"), Text(visible(text), style=style)
        if self._console.is_terminal:
            grid = Table.grid()
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            grid.add_row(head, tail)
            self._console.print(grid)
        else:
            self._print(head + tail)

    def _print(self, line: Text) -> None:
        self._console.print(line, soft_wrap=not self._console.is_terminal)


def print_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print `rows` (all with the same keys) as a table.

    On a terminal long cells fold; elsewhere a row is a line with tabs, for other programs.
    """
    if not rows:
        return
    console = _console()
    if not console.is_terminal:
        for cells in (list(rows[0]), *(list(row.values()) for row in rows)):
            # Not by the console: it would turn the tabs into blanks.
            console.file.write("\t".join(visible(cell) for cell in cells) + "\n")
        console.file.flush()
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row.values()))
    console.print(table)


def clipped(text: str, width: int) -> str:
    """Return `text` made visible, cut to `width` characters with an ellipsis.

    >>> clipped("launch", 16), clipped("consent accepted by a parent", 16)
    ('launch', 'consent accepte…')
    """
    shown = visible(text[: width + 1])
    return shown if len(shown) <= width else shown[: width - 1] + "…"


class _Console(Console):
    """A console that leaves a closed pipe (``| head``) to its caller; rich would exit with 1."""

    def on_broken_pipe(self) -> None:
        """Raise the `BrokenPipeError` that led here."""
        self.quiet = True
        raise BrokenPipeError


def _console() -> Console:
    return _Console(highlight=False, markup=False, emoji=False)

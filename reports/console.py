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
    """Lines to standard output: styled on a terminal, plain elsewhere, never cut or wrapped."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False)

    def line(self, text: str, style: str = "") -> None:
        """Print one line."""
        self._console.print(Text(visible(text), style=style), soft_wrap=True)

    def fact(self, name: str, text: str, style: str = "") -> None:
        """Print one line with a name in front; nothing where `text` is empty."""
        if text:
            line = Text(f"  {name:<12}", style="dim")
            self._console.print(line + Text(visible(text), style=style), soft_wrap=True)


def print_rows(rows: Sequence[Mapping[str, str]]) -> None:
    """Print `rows` (all with the same keys) as a table; long cells fold."""
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row.values()))
    Console(highlight=False, markup=False, emoji=False).print(table)

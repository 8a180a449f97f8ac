"""Lines and tables on standard output, through a pager where it is a terminal.

Colour is rich's doing: it is there on a terminal and nowhere else. Every text that could come from
a capture passes through `visible`, so that no control character reaches the terminal.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzer.extract.shapes import visible

_HANG = 2  # columns by which a folded line goes on further to the right


class Out:
    """Lines to standard output: styled and folded between words on a terminal, plain elsewhere."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or _console()

    @property
    def width(self) -> int | None:
        """Columns of the terminal; None where standard output is none."""
        return self._console.width if self._console.is_terminal else None

    def line(self, text: str, style: str = "") -> None:
        """Print one line."""
        self._print(Text(visible(text), style=style))

    def text(self, text: Text) -> None:
        """Print a line that is laid out and made visible already: it is not folded."""
        self._console.print(text, soft_wrap=True)

    def folded(self, text: Text) -> None:
        """Print a line that is made visible already, folded between words on a terminal."""
        self._print(text)

    def warn(self, text: str) -> None:
        """Print a warning: its mark stands out."""
        self._print(Text.assemble(("! ", "bold yellow"), (visible(text), "bold")))

    def fact(self, name: str, text: str, style: str = "") -> None:
        """Print one line with a name (or "") in front; nothing where `text` is empty.

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
        if not self._console.is_terminal:
            self._console.print(line, soft_wrap=True)
            return
        indent = " " * (_HANG + len(line.plain) - len(line.plain.lstrip(" ")))
        room = max(20, self._console.width - len(indent))
        first, *rest = line.wrap(self._console, room) or [line]
        if line.cell_len <= self._console.width:
            first, rest = line, []
        self._console.print(first, soft_wrap=True)
        for each in rest:
            self._console.print(Text(indent).append_text(each), soft_wrap=True)


@contextlib.contextmanager
def paged(wanted: bool = True) -> Iterator[Out]:
    """Yield where to print; on a terminal it then comes through a pager, as with git.

    That is ``$PAGER``, or less; it is told ``FRX`` by ``$LESS``, where that is not set: to end by
    itself where everything fits on one screen. Without a pager the terminal gets it as it is.
    """
    console = _console()
    command = _pager() if wanted and console.is_terminal and console.file.isatty() else []
    if not command or console.is_dumb_terminal:
        yield Out(console)
        return
    held = io.StringIO()
    yield Out(_console(console, held))
    if not _through(command, held.getvalue()):
        console.file.write(held.getvalue())
        console.file.flush()


def _pager() -> list[str]:
    """Return the pager with its arguments; nothing where the user wants none."""
    chosen = os.environ.get("PAGER", "less")
    with contextlib.suppress(ValueError):  # of quotes that are never closed
        command = shlex.split(chosen)
        return [] if command == ["cat"] else command
    return []


def _through(command: Sequence[str], text: str) -> bool:
    """Show `text` in a pager until the user leaves it; False where there is no such program."""
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    # Ctrl-C is for the pager, which goes on.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pager = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # noqa: S603 - the user's
        with contextlib.suppress(BrokenPipeError):  # who has seen enough leaves early
            pager.communicate(text.encode(errors="backslashreplace"))
    except OSError:
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return True


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


def _console(like: Console | None = None, file: io.StringIO | None = None) -> Console:
    """Return a console on standard output; or on `file`, as if that were the terminal `like`."""
    if like is None:
        return _Console(highlight=False, markup=False, emoji=False)
    return _Console(
        highlight=False,
        markup=False,
        emoji=False,
        file=file,
        force_terminal=True,
        color_system=cast("Any", like.color_system),
        width=like.width,
    )

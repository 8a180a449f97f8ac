"""The QR codes of `evenhand proxy`: drawn whole or not at all, and then it says what to do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

import click

_BELOW = 2  # lines that stand with a code: its heading, and the running line
_MORE_BELOW = 1  # of several: where the others are


class Codes:
    """The codes of some arms: `codes` are pairs of label and text, none where none is wanted."""

    def __init__(self, codes: Sequence[tuple[str, str]], *, invert: bool, page: bool) -> None:
        self._codes = codes
        self._invert = invert
        self._page = page
        self._size = os.terminal_size((0, 0))
        self._drawn = not codes

    def draw(self) -> None:
        """Draw them if the terminal has the room; otherwise say how much it takes, once."""
        first = not self._size.columns
        self._size = shutil.get_terminal_size()
        drawn = None if self._drawn else self._fitting()
        if drawn:
            self._drawn = True
            click.echo("\n".join(drawn))
        elif first and not self._drawn:
            click.echo(self._too_small())

    def draw_if_enlarged(self) -> None:
        """Draw them once the terminal, which was too small, is large enough."""
        if not self._drawn and self._size.columns and shutil.get_terminal_size() != self._size:
            self.draw()

    def _below(self) -> int:
        return _BELOW + (_MORE_BELOW if len(self._codes) > 1 else 0)

    def _fitting(self) -> list[str]:
        """Return the lines of all codes, none if one of them does not fit."""
        from analyzer.joining import qr

        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        columns, rows = self._size.columns, self._size.lines - self._below()
        blank = " " * (columns - 1)
        lines: list[str] = []
        for arm, text in self._codes:
            drawn = qr.terminal(
                text, colour=colour, invert=self._invert, columns=columns, rows=rows
            )
            if drawn is None:
                return []
            # Over the running line.
            lines += [f"\r{blank}\r  {arm}: scan with the phone's WireGuard app", drawn]
        if len(self._codes) > 1:
            lines.append("  scroll up for the code of " + ", ".join(a for a, _ in self._codes[:-1]))
        return lines

    def _too_small(self) -> str:
        from analyzer.joining import qr

        needs = [qr.needed(text) for _, text in self._codes]
        columns = max(width for width, _ in needs)
        rows = max(height for _, height in needs) + self._below()
        wide = f"{columns} columns, " if columns > self._size.columns else ""
        subject = "QR codes need" if len(needs) > 1 else "QR code needs"
        page = ", or open the set-up page" if self._page else ""
        line = f"  {subject} {wide}{rows} rows: enlarge this terminal{page}"
        return f"\r{line:<{self._size.columns - 1}}"

"""The summary of a comparison by recipient, in the manner of ``git diff --stat``."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from analyzer import amounts
from reports.console import Out, clipped
from reports.terminal_layout import Column, folded, padded, widest
from reports.terminal_rows import Group

_PIPED = 80  # columns where there is no terminal
_NAME = 40
_LEAST_BAR = 10
_BARS = (("+", "green"), ("-", "red"), ("?", "yellow"))


def print_stat(out: Out, found: Sequence[Group], *, every: bool) -> None:
    """Print a bar for each recipient with differences or undecided rows; for all, if `every`."""
    counted = [(group, _counts(group)) for group in found]
    shown = [(group, counts) for group, counts in counted if every or any(counts)]
    width = out.width or _PIPED
    name = min(widest(clipped(group.name, 60) for group, _ in shown), _NAME, width // 2)
    number = widest(str(sum(counts)) for _, counts in shown)
    room = max(_LEAST_BAR, width - name - number - 5)
    most = max((sum(counts) for _, counts in shown), default=0)
    for group, counts in shown:
        first, *rest = folded(clipped(group.name, 60), name)
        line = Text(f" {padded(first, Column(name))} | {sum(counts):>{number}} ")
        for (mark, style), length in zip(_BARS, _scaled(counts, most, room), strict=True):
            line.append(mark * length, style)
        line.rstrip()
        out.text(line)
        for part in rest:
            out.text(Text(f" {padded(part, Column(name))} |"))
    b, a, undecided = (sum(counts[place] for _, counts in counted) for place in range(3))
    same = sum(group.count("same") for group in found)
    changed = sum(any(counts[:2]) for _, counts in counted)
    recipients = f"{changed} recipient{'' if changed == 1 else 's'} with differences"
    told = [f"{amounts.number(b, 'row')} more or only in +++ (+)", f"{a} in --- (-)"]
    told += [f"{undecided} not decided (?)", f"{same} the same"]
    out.line(f" {recipients}: {', '.join(told)}", "bold")


def _counts(group: Group) -> tuple[int, int, int]:
    return (
        group.count("only_b", "more_b"),
        group.count("only_a", "more_a"),
        group.count("insufficient"),
    )


def _scaled(counts: Sequence[int], most: int, room: int) -> list[int]:
    """Return lengths of bars that are at most `room` together, none of them lost.

    >>> _scaled((3, 1, 0), 4, 50), _scaled((300, 1, 0), 400, 40)
    ([3, 1, 0], [28, 1, 0])
    """
    if most <= room:
        return list(counts)
    space = max(1, room - len(counts))
    return [max(1, round(count * space / most)) if count else 0 for count in counts]

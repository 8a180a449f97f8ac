"""A comparison on the terminal, in the manner of git-diff(1): one line for each row.

Why a row could not be decided is a number there, and told once below; JSON, CSV and the page have
each row's own reason. A terminal with fewer columns than the lines need gets fewer columns: what is
piped elsewhere always has all. Where nothing differs, one line says so, and how sure that is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rich.text import Text

from analyzer import amounts
from analyzer.comparison import Comparison, Recipient, Side
from analyzer.extract.shapes import visible
from analyzer.gates import Gate
from analyzer.models import Delta
from reports import terminal_names
from reports.console import Out, clipped
from reports.terminal_filter import Filter
from reports.terminal_footer import (
    blind_spots,
    footer,
    told_counts,
    told_fiction,
    told_warnings,
    waived_lines,
)
from reports.terminal_layout import kept_apart
from reports.terminal_rows import Group, Row, Table, causes, groups, is_different, rows_of
from reports.terminal_stat import print_stat

_HOSTS = 3
_SHORT = 120  # letters of a reason that is told in the one line


@dataclass(frozen=True, slots=True)
class View:
    """How much to print: rows that are the `same`, too (`every`); or a summary (`stat`).

    `wanted` is what `print_comparison` gets is already narrowed to, out of `whole`; `among` is what
    it would be if what is not new were not left out. None: the same as what is printed.
    """

    every: bool = False
    stat: bool = False
    wanted: Filter = field(default_factory=Filter)
    whole: Comparison | None = None
    among: Comparison | None = None


def print_comparison(
    comparison: Comparison, out: Out | None = None, view: View | None = None
) -> None:
    """Print `comparison` on `out` (standard output)."""
    out, view = out or Out(), view or View()
    rows = rows_of(comparison)
    whole = view.whole or comparison
    if not view.every and not any(map(is_different, rows)):
        _nothing(out, comparison, view)
        return
    titles = (comparison.a.title, comparison.b.title)
    out.line(f"{comparison.app}: from {titles[0]} (---) to {titles[1]} (+++)", "bold")
    told_fiction(out, comparison.fictional)
    out.line(_side("---", comparison.a), "red")
    out.line(_side("+++", comparison.b), "green")
    told_warnings(out, comparison, every=view.every)
    if rows and all(row.verdict == "insufficient" for row in rows):
        count = amounts.number(len(rows), "row")
        out.warn(f"No verdict: none of {count} could be decided. What follows was seen.")
    if view.wanted:
        of = len(rows_of(whole))
        out.line(f"shown: {view.wanted.told()}: {len(rows)} of {amounts.number(of, 'row')};")
        out.line("  verdicts, q and the figures at the end are those of the whole comparison")
    found = groups(comparison)
    if view.stat:
        print_stat(out, found, every=view.every)
        return
    hidden = _rows(out, comparison, found, view)
    footer(out, comparison, whole)
    told_counts(out, comparison)
    if hidden:
        count = amounts.number(hidden, "row")
        out.line(f"The same on both sides and not shown here: {count} (--all shows them)", "dim")


def _side(mark: str, side: Side) -> str:
    arms = ", ".join(arm.label for arm in side.arms)
    count = amounts.number(side.sessions, "session")
    text = f"{mark} {terminal_names.side(side)}: {arms} ({count})"
    if side.controls:
        controls = ", ".join(arm.label for arm in side.controls)
        count = amounts.number(side.control_sessions, "session")
        text += f"; adult controls {controls} ({count})"
    return text


def _rows(out: Out, comparison: Comparison, found: Sequence[Group], view: View) -> int:
    """Print the rows of each recipient, and what their marks mean; return how many are hidden."""
    shown = [
        (group, [row for row in group.rows if view.every or row.verdict != "same"])
        for group in found
    ]
    printed = [row for _, rows in shown for row in rows]
    seen = causes(printed)
    table = Table(comparison, printed, seen, out.width)
    head = True
    for group, rows in shown:
        if not rows:
            continue
        out.line("")
        if head:
            out.text(table.head())
        head = False
        _heading(out, group)
        for row in rows:
            for line in table.lines(row):
                out.text(line)
    out.line("")
    if printed:
        _legend(out, printed, seen, table)
    return sum(len(group.rows) for group in found) - len(printed)


def _heading(out: Out, group: Group) -> None:
    name = kept_apart(clipped(group.name, 60))
    line = Text().append(f"@@ {name} @@", "bold cyan")
    if group.recipient is not None:
        line.append(f" {_facts(group.recipient)}", "cyan")
    out.folded(line)


def _facts(recipient: Recipient) -> str:
    facts = visible(", ".join([f"{recipient.party} party", *recipient.purposes]))
    hosts = ", ".join(kept_apart(clipped(host, 40)) for host in recipient.hosts[:_HOSTS])
    more = f" and {len(recipient.hosts) - _HOSTS} more" if len(recipient.hosts) > _HOSTS else ""
    return f"{facts}: {hosts}{more}"


def _legend(out: Out, rows: Sequence[Row], seen: Sequence[str], table: Table) -> None:
    a, b = table.titles
    out.line("How to read it", "bold")
    marks = f"+ only in {b}, > more in {b}, - only in {a}, < more in {a}, = the same on both sides"
    out.line(f"marks: {marks}, ? not decided: the evidence does not suffice", "dim")
    for told in table.legend():
        out.line(told, "dim")
    if any(isinstance(row, Delta) and row.state for row in rows):
        out.line(terminal_names.STATES_TOLD, "dim")
    out.line("row: `evenhand explain ROW` shows the way back to what was recorded", "dim")
    if seen:
        known = any(row.enough for row in rows if row.verdict == "insufficient")
        enough = " (n a side: n sessions on each side would decide it in four of five studies)"
        out.line(f"Why not decided{enough if known else ''}", "bold")
    for place, cause in enumerate(seen, 1):
        out.line(f"  [{place}] {cause}")


def _nothing(out: Out, comparison: Comparison, view: View) -> None:
    """Say in one line that nothing differs, and how sure that is; with what gates have to say."""
    among = view.among or comparison
    rows = rows_of(among)
    same = sum(row.verdict == "same" for row in rows)
    undecided = [row for row in rows if row.verdict == "insufficient"]
    a, b = (
        f"{side.title} ({amounts.number(side.sessions, 'session')})"
        for side in (comparison.a, comparison.b)
    )
    told = replace(view.wanted, only_new=False).told()
    of = f" ({told})" if told else ""
    if view.wanted.only_new:
        first = f"Nothing is shown to be new in {b}, beside {a}{of}"
    else:
        first = f"No difference is shown between {a} and {b}{of}"
    # Of a recipient of whom nothing could be read that is all that there is to say.
    told_spots = bool(view.wanted.owners)
    parts = []
    if not rows:
        whole = view.whole or comparison
        every = len(rows_of(whole))
        fits = f"none of the {every} rows is of that: it was not seen on either side"
        parts.append(fits if every else "nothing was recognised")
    elif len(undecided) == len(rows):
        first = f"No verdict on {a} and {b}{of}"
        count = amounts.number(len(rows), "row")
        parts.append(f"none of {count} could be decided{_because(undecided)}")
    else:
        margin = round(100 * comparison.settings.margin)
        if view.wanted.only_new and (other := sum(map(is_different, rows))):
            parts.append(f"{other} of {amounts.number(len(rows), 'row')} differ otherwise")
        sure = f"{same} of {amounts.number(len(rows), 'row')} shown to be the same within"
        parts.append(f"{sure} {margin} points or the margin of the measure (95% intervals)")
        if undecided:
            parts.append(f"{len(undecided)} could not be decided")
    if comparison.blind_spots and not told_spots:
        spots = amounts.number(len(comparison.blind_spots), "blind spot")
        parts.append(f"{spots} could hide some")
    if warnings := len(comparison.warnings) - len(waived_lines(comparison.gates)):
        parts.append(amounts.number(warnings, "warning"))
    out.line(f"{first}: {'; '.join(parts)}. --all lists it.", "bold")
    told_fiction(out, comparison.fictional)
    for line in waived_lines(comparison.gates):
        out.warn(line)
    _failed(out, comparison.gates)
    if told_spots:
        blind_spots(out, comparison)


def _because(undecided: Sequence[Row]) -> str:
    seen = causes(undecided)
    if len(seen) > 1:
        return f", for {len(seen)} reasons"
    return f": {seen[0]}" if len(seen[0]) < _SHORT else ""


def _failed(out: Out, gates: Sequence[Gate]) -> None:
    for gate in gates:
        if not gate.passed and not gate.waived:
            out.warn(f"A gate does not hold: “{gate.title}”. Needed: {gate.needed}.")

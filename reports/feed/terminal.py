"""A recommender audit on the terminal, in the manner of `evenhand diff`: one line for each row.

Why a row could not be decided is a number there, and told once below. A terminal with fewer columns
than the lines need gets fewer columns: what is piped elsewhere always has all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.text import Text

from analyzer import amounts
from analyzer.feed.measures.records import FeedVerdict, Reason
from reports.console import Out
from reports.feed import told
from reports.feed.figures import split
from reports.feed.view import MARKS, FeedView, FigureView, Group, RowView
from reports.terminal_layout import GAP, Column, row_lines, widest
from reports.words import FICTIONAL

STYLES: Mapping[FeedVerdict, str] = {
    "higher": "green", "lower": "red", "same": "dim", "insufficient": "bold yellow",
}  # fmt: skip
_HEADS = ("", "measure", "feed time", "---", "+++", "change", "95% interval", "q", "why not")
_RIGHT = frozenset({"---", "+++", "change"})
_GO_FIRST = (
    "q",
    "95% interval",
    "feed time",
)  # without room; then below the measure
_LEAST = 10  # columns for what a row is about
_VALUE = 8
_ENOUGH = frozenset({"few_accounts", "chance"})  # whose need is accounts of each group


@dataclass(frozen=True, slots=True)
class Shown:
    """How much to print: rows that are the `same`, too (`every`); only `between` the sides."""

    every: bool = False
    between: bool = False


def different(found: FeedView, *, between: bool = False) -> bool:
    """Say whether a row is shown to differ; `between`: of those between the two sides."""
    return any(row.verdict in ("higher", "lower") for row in rows_of(found, between=between))


def rows_of(found: FeedView, *, between: bool = False) -> list[RowView]:
    """Return the rows, in order; `between`: those between the two sides."""
    return [row for each in found.groups if each.between or not between for row in each.rows]


def print_feed(found: FeedView, out: Out | None = None, shown: Shown | None = None) -> None:
    """Print `found` on `out` (standard output)."""
    out, shown = out or Out(), shown or Shown()
    app = " ".join(filter(None, (found.audit.app, found.audit.app_version)))
    a, b = found.sides
    out.line(f"{app}, what its feed shows: from {a} (---) to {b} (+++)", "bold")
    if found.audit.fictional:
        out.warn(str(FICTIONAL))
    for mark, name, style in zip(("---", "+++"), found.audit.comparison.sides, ("red", "green"),
                                 strict=True):  # fmt: skip
        out.line(_side(found, mark, name), style)
    for caution in found.cautions:
        out.warn(str(caution))
    out.line("")
    for each in found.headlines:
        out.line(str(each.lead), "bold")
        for sentence in each.more:
            out.line(f"  {sentence}")
    for sentence in found.contrast:
        out.line(str(sentence), "bold" if sentence is found.contrast[0] else "")
    out.line(str(found.joint), "dim")
    for sentence in (*found.who, found.meaning):
        out.line(str(sentence), "dim")
    rows = rows_of(found, between=shown.between)
    if not shown.every and not different(found, between=shown.between):
        _nothing(out, found, rows, shown)
        return
    _rows(out, found, shown, rows)
    _footer(out, found)
    hidden = sum(row.verdict == "same" for row in rows)
    if hidden and not shown.every:
        count = amounts.number(hidden, "row")
        out.line(f"Shown to be alike and not listed here: {count} (--all lists them)", "dim")


def _side(found: FeedView, mark: str, name: str) -> str:
    arms = [each for each in found.arms if each.coverage.side == name]
    number = found.figures.language.number
    counted = "; ".join(
        f"{told.role(each.coverage.role)}: {each.coverage.accounts}"
        f" (items shown{_marked(number(each.coverage.left_out))}: {number(each.coverage.shown)},"
        f" coded: {each.coded or '0%'})"
        for each in arms
    )
    return f"{mark} {found.figures.side(name)}; {counted}"


def _marked(ads: str) -> str:
    return "" if ads == "0" else f" without {ads} marked ads"


def _nothing(out: Out, found: FeedView, rows: Sequence[RowView], shown: Shown) -> None:
    a, b = found.sides
    same = sum(row.verdict == "same" for row in rows)
    number = amounts.number(len(rows), "row")
    out.line("")
    if not same:
        out.line(f"No verdict: none of {number} could be decided. --all lists them.", "bold")
        return
    what = f"between {a} and {b}" if shown.between else f"between {a} and {b}, nor inside them"
    margin = found.figures.language.number(found.audit.comparison.settings.margin)
    told_same = f"{same} of {number} shown to be alike within a factor of {margin}"
    out.line(
        f"No difference is shown {what}: {told_same}; {len(rows) - same} could not be decided."
        " --all lists them.",
        "bold",
    )


def _rows(out: Out, found: FeedView, shown: Shown, rows: Sequence[RowView]) -> None:
    listed = [row for row in rows if shown.every or row.verdict != "same"]
    causes = list(dict.fromkeys(each.code for row in listed for each in row.row.reasons))
    cells = {id(row): _cells(row, causes) for row in listed}
    columns = _columns(list(cells.values()), out.width)
    if "feed time" not in columns:
        for each in cells.values():
            each["measure"] = f"{each['measure']}, {each['feed time']}"
    for group in found.groups:
        mine = [row for row in group.rows if id(row) in cells]
        if not mine or (shown.between and not group.between):
            continue
        out.line("")
        out.folded(Text(f"@@ {group.title} @@", "bold cyan"))
        _print(out, dict(zip(_HEADS, _heads(group), strict=True)), columns, "dim")
        for row in mine:
            _print(out, cells[id(row)], columns, STYLES[row.verdict])
    out.line("")
    out.line("How to read it", "bold")
    out.line("marks: + more (of times: later) in the column +++, - less (sooner), = shown to be"
             " alike, ? not decided", "dim")  # fmt: skip
    times = any(told.UNITS[row.row.measure] == "time" for row in listed)
    of_times = "; of times the difference of medians" if times else ""
    out.line(f"change: from --- to +++; \u00d7 how many times as much{of_times}", "dim")
    if any(row.row.measure == "doubling" for row in listed):
        first = "of control accounts, which engage with nothing, the first measured item"
        out.line(f"first engagement: {first}", "dim")
    if "q" in columns:
        out.line("q: of rows with this q or less, that share at most is there by chance", "dim")
    if causes:
        out.line("Why not decided (n each: so many accounts in each group would do)", "bold")
    for place, code in enumerate(causes, 1):
        out.line(f"  [{place}] {told.CAUSES[code]}")


def _heads(group: Group) -> tuple[str, ...]:
    if group.between:
        return _HEADS
    _, role = split(group.rows[0].row.left)
    return (*_HEADS[:3], "control", "interest" if role == "seeded" else "a person", *_HEADS[5:])


def _cells(row: RowView, causes: Sequence[str]) -> dict[str, str]:
    whole = row.row.window is None and row.row.until_s is None
    when = "all" if whole else _when(row)
    return dict(
        zip(
            _HEADS,
            (
                MARKS[row.verdict],
                str(row.label),
                when,
                _value(row.before),
                _value(row.after),
                row.change,
                row.held + row.dagger,
                row.q,
                " ".join(_why(each, causes) for each in row.row.reasons),
            ),
            strict=True,
        )
    )


def _when(row: RowView) -> str:
    return row.when.removeprefix("feed time ").removesuffix(" of feed time")


def _value(of: FigureView | None) -> str:
    return str(of.value) if of else ""


def _why(of: Reason, causes: Sequence[str]) -> str:
    number = f"[{causes.index(of.code) + 1}]"
    return f"{number} {of.need:.0f} each" if of.need and of.code in _ENOUGH else number


def _columns(cells: Sequence[Mapping[str, str]], room: int | None) -> dict[str, Column]:
    """Return the columns that there is room for, the measure as wide as what is left."""
    columns = {
        head: Column(widest([head or "+", *(each[head] for each in cells)]), head in _RIGHT)
        for head in _HEADS
        if head in ("", "---", "+++") or any(each[head] for each in cells)
    }
    for head in ("---", "+++"):
        columns[head] = Column(max(columns[head].width, _VALUE), right=True)
    if room is None:
        return columns
    for gone in ("", *_GO_FIRST):
        if gone:
            columns.pop(gone, None)
        rest = sum(each.width + len(GAP) for head, each in columns.items() if head != "measure")
        if room - rest >= columns["measure"].width:
            return columns
    columns["measure"] = Column(max(_LEAST, room - rest))
    return columns


def _print(out: Out, cells: Mapping[str, str], columns: Mapping[str, Column], style: str) -> None:
    marked = style != "dim" or cells[""] == MARKS["same"]
    parts = [
        (cells[head], column, style if head in ("", "change") or not marked else "")
        for head, column in columns.items()
    ]
    for line in row_lines(parts):
        out.text(line)


def _footer(out: Out, found: FeedView) -> None:
    out.line("")
    out.line("How well coders agree", "bold")
    for sentence in found.agreement:
        out.line(f"  {sentence}")
    _examples(out, found)
    out.line("What this cannot tell", "bold")
    for sentence in found.limits:
        out.line(f"  {sentence}")


def _examples(out: Out, found: FeedView) -> None:
    ids: dict[str, list[str]] = {}
    for each in found.audit.examples:
        ids.setdefault(str(found.figures.arm(each.side, each.role)), []).append(each.id)
    if ids:
        out.line(
            "Examples of measured items (`evenhand explain ID`: where each is recorded)", "bold"
        )
    for arm, those in ids.items():
        out.line(f"  {arm}: {' '.join(those)}")

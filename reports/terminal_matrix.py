"""Many countries at once: on the terminal, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.text import Text

from analyzer import amounts
from analyzer.countries import CountryCell, CountryColumn, CountryMatrix, CountryRow, LikeLaw
from analyzer.extract.shapes import visible
from analyzer.knowledge import Level
from reports import terminal_names, words
from reports.console import Out, clipped
from reports.terminal_footer import told_fiction, told_gates
from reports.terminal_layout import GAP, Column, kept_apart, row_lines, widest

_MARKS = {"differs": "!", "same": "=", "insufficient": "?"}
_STYLES = {"differs": "bold", "same": "dim", "insufficient": ""}
_MARK_STYLES = {"differs": "bold magenta", "same": "dim", "insufficient": "bold yellow"}
_LEVELS: dict[Level, tuple[str, str]] = {
    "ban": ("ban", "profiling minors for advertising is banned"),
    "default_off": ("off", "profiling is off unless it is switched on"),
    "consent_only": ("ask", "a parent has to consent"),
    "none": ("none", "no verified rule on profiling minors is known"),
}
_SUBJECT, _PHASE, _LEAST = 44, 16, 20
_NAMED = 6  # rows of a pair of countries
_CSV = (
    "id", "kind", "owner", "party", "subject", "state", "phase", "country", "law", "counted",
    "k", "n", "low", "high", "hidden", "p", "q", "verdict", "reason",
)  # fmt: skip


def print_matrix(found: CountryMatrix, out: Out, *, every: bool = False) -> None:
    """Print `found`; rows in which all countries do the same only if `every`."""
    ordered = _ordered(found)
    few = sum(not each.counted for each in found.columns)
    title = "what is sent of children, country by country"
    out.line(f"{found.app}: {title} ({len(ordered)} countries)", "bold")
    told_fiction(out, found.fictional)
    for warning in found.warnings:
        out.warn(warning)
    shown = [row for row in found.rows if every or row.verdict != "same"]
    causes = list(dict.fromkeys(_cause(row) for row in shown if row.verdict == "insufficient"))
    table = _Table(ordered, shown, out.width)
    for band in table.bands:
        out.line("")
        for line in table.head(band):
            out.text(line)
        for number, (name, mine) in enumerate(_by_owner(shown)):
            if number:
                out.line("")
            out.text(Text(f"@@ {name} @@", "bold cyan"))
            for row in mine:
                for line in table.lines(row, band, causes):
                    out.text(line)
    out.line("")
    _legend(out, found, few)
    if causes:
        out.line("Why not decided", "bold")
    for place, cause in enumerate(causes, 1):
        out.line(f"  [{place}] {cause}")
    _alike(out, found)
    _gates(out, found)
    counts = [sum(row.verdict == each for row in found.rows) for each in _MARKS]
    rows = amounts.number(len(found.rows), "row")
    same = f"{counts[1]} the same"
    if counts[1]:
        same += f" (within {round(100 * found.settings.margin)} points)"
    told = f"{counts[0]} differ, {same}, {counts[2]} not decided"
    out.line(f"{rows}: {told}", "bold")
    out.line("  one type of data, or one signal and value, to one recipient in one phase", "dim")
    if hidden := len(found.rows) - len(shown):
        out.line(f"The same in all countries and not shown: {hidden} (--all shows them)", "dim")


def matrix_json(found: CountryMatrix) -> str:
    """Return everything that the matrix holds, as indented JSON with sorted keys."""
    text = json.dumps(asdict(found), indent=2, sort_keys=True)
    return text.replace("\x7f", "\\u007f") + "\n"


def matrix_csv(found: CountryMatrix) -> str:
    """Return a line for each row and country, with the level of protection of that."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_CSV)
    for row in found.rows:
        for column, cell in zip(found.columns, row.cells, strict=True):
            writer.writerow(map(_harmless, _record(row, column, cell)))
    return out.getvalue()


def _record(row: CountryRow, column: CountryColumn, cell: CountryCell) -> tuple[object, ...]:
    return (
        row.id, row.kind, row.owner, row.party, row.subject, row.state, row.phase,
        column.country, column.level, column.counted,
        cell.k, cell.n, cell.low, cell.high, cell.hidden, row.p, row.q, row.verdict, row.reason,
    )  # fmt: skip


def _harmless(value: object) -> object:
    """Return a cell that is no formula to a spreadsheet."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


_Ordered = Sequence[tuple[int, CountryColumn]]


def _ordered(found: CountryMatrix) -> _Ordered:
    """Return the columns with their places, those of the strongest protection first."""
    strength = list(_LEVELS)
    return sorted(
        enumerate(found.columns), key=lambda each: (strength.index(each[1].level), each[1].country)
    )


def _by_owner(rows: Sequence[CountryRow]) -> Iterator[tuple[str, list[CountryRow]]]:
    """Yield each recipient with its rows: third parties first, most differences first."""
    groups: dict[tuple[str, str], list[CountryRow]] = {}
    for row in rows:
        groups.setdefault((row.party, row.owner), []).append(row)
    order = sorted(
        groups.items(),
        key=lambda each: (
            each[0][0] == "first",
            -sum(row.verdict == "differs" for row in each[1]),
            each[0],
        ),
    )
    for (party, owner), mine in order:
        name = kept_apart(clipped(owner or words.NOT_KNOWN, 60))
        mine.sort(key=lambda row: (row.verdict == "same", row.verdict == "insufficient"))
        yield f"{name} ({party} party)", mine


def _cause(row: CountryRow) -> str:
    """Return why a row could not be decided, without what is particular to it."""
    if row.reason.startswith("the countries neither differ"):
        return "the countries neither differ nor lie near enough to each other"
    return row.reason


def _subject(row: CountryRow) -> str:
    return clipped(terminal_names.subject(row.kind, row.subject, row.state), 60)


class _Table:
    """The columns of the matrix: as many countries in one band as the terminal has room for."""

    def __init__(
        self,
        ordered: _Ordered,
        rows: Sequence[CountryRow],
        width: int | None,
    ) -> None:
        self._fold = width is not None
        self._subject = Column(min(widest(map(_subject, rows)), _SUBJECT if self._fold else 60))
        self._phase = Column(min(widest(clipped(row.phase, _PHASE) for row in rows), _PHASE))
        cells = [_cell(each) for row in rows for each in row.cells]
        self._cell = Column(max(4, widest(cells)), right=True)
        self._id = Column(widest(row.id for row in rows))
        self._q = Column(6)
        self.bands: list[_Ordered] = [ordered]
        if width is None:
            return
        fixed = 2 + self._phase.width + self._q.width + self._id.width + 3 * len(GAP)
        each = self._cell.width + len(GAP)
        room = width - fixed - self._subject.width
        least = each * min(4, len(ordered))
        if room < least:
            self._subject = Column(max(_LEAST, self._subject.width + room - least))
            room = width - fixed - self._subject.width
        many = max(1, room // each)
        self.bands = [ordered[place : place + many] for place in range(0, len(ordered), many)]

    def head(self, band: _Ordered) -> Iterator[Text]:
        """Yield the lines above: countries, their law, their sessions."""
        lines = (
            ("", [each.country for _, each in band], "bold"),
            ("law", [_LEVELS[each.level][0] for _, each in band], ""),
            ("sessions", [f"{each.sessions}{'' if each.counted else '*'}" for _, each in band], ""),
        )
        for name, texts, style in lines:
            before = self._subject.width + 2 + len(GAP) + self._phase.width
            cells = [(f"{name:>{before}}", Column(before), "dim")]
            cells += [(text, self._cell, style) for text in texts]
            if not name:
                cells += [("q", self._q, "dim"), ("row", self._id, "dim")]
            yield row_lines(cells, fold=False)[0]

    def lines(self, row: CountryRow, band: _Ordered, causes: Sequence[str]) -> Iterator[Text]:
        """Yield the lines of a row: more than one where its name is too long."""
        style = _STYLES[row.verdict]
        told = words.probability(row.q)
        if row.verdict == "insufficient":
            told = f"[{causes.index(_cause(row)) + 1}]"
        cells = [
            (_subject(row), self._subject, style),
            (clipped(row.phase, _PHASE), self._phase, style),
            *((_cell(row.cells[place]), self._cell, _shade(row.cells[place])) for place, _ in band),
            (told, self._q, style),
            (row.id, self._id, "dim"),
        ]
        for number, line in enumerate(row_lines(cells, fold=self._fold)):
            mark = GAP if number else f"{_MARKS[row.verdict]} "
            yield Text().append(mark, _MARK_STYLES[row.verdict]).append_text(line)


def _cell(cell: CountryCell) -> str:
    return f"{cell.k}/{cell.n}{'?' if cell.hidden else ''}"


def _shade(cell: CountryCell) -> str:
    if not cell.k:
        return "dim"
    return "bold" if cell.k == cell.n else ""


def _legend(out: Out, found: CountryMatrix, few: int) -> None:
    out.line("How to read it", "bold")
    marks = "! the countries differ, = any two are the same, ? not decided"
    out.line(f"marks: {marks}: the evidence does not suffice", "dim")
    out.line("2/6: seen in 2 of 6 sessions of children; 2/6?: it may be in more, unread", "dim")
    out.line("q: of rows with this q or less, that share at most is there by chance", "dim")
    out.line(
        "`evenhand diff` compares two sides, with tests and a q of its own: it can decide a row"
        " that is not decided here, and the other way round",
        "dim",
    )
    if any(row.state for row in found.rows):
        out.line(terminal_names.STATES_TOLD, "dim")
    out.line("row: `evenhand explain ROW` shows the way back to what was recorded", "dim")
    if few:
        least = found.settings.min_sessions
        out.line(f"*: fewer than {least} sessions: shown, but no part of the tests", "dim")
    there = {each.level for each in found.columns}
    for level, (short, long) in _LEVELS.items():
        if level in there:
            titles = [each.title for each in found.columns if each.level == level]
            out.line(f"law {short}: {long}: {words.all_of(titles)}", "dim")


def _alike(out: Out, found: CountryMatrix) -> None:
    titles = {each.country: each.title for each in found.columns}
    rows = {row.id: row for row in found.rows}
    if found.alike:
        out.line("")
        out.line("Same law, different practice", "bold")
    for pair in sorted(found.alike, key=lambda each: (-_differences(each), each.a, each.b)):
        different = _differences(pair)
        names = f"{titles[pair.a]} and {titles[pair.b]}"
        text = f"  {_LEVELS[pair.level][0]}: {names}: {different} different, "
        out.line(
            f"{text}{pair.same} the same, {pair.insufficient} not decided",
            "bold" if different else "",
        )
        for country, ids in ((pair.a, pair.more_a), (pair.b, pair.more_b)):
            if ids:
                told = "; ".join(_told(rows[each]) for each in ids[:_NAMED] if each in rows)
                more = f"; and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
                out.line(f"    more in {titles[country]}: {told}{more}")
    if found.alike:
        out.line("")


def _differences(pair: LikeLaw) -> int:
    return len(pair.more_a) + len(pair.more_b)


def _told(row: CountryRow) -> str:
    who = clipped(row.owner or words.NOT_KNOWN, 40)
    return f"{who}: {_subject(row)} ({clipped(row.phase, _PHASE)})"


def _gates(out: Out, found: CountryMatrix) -> None:
    told_gates(out, found.gates)
    for gate in found.gates:
        if not gate.passed and not gate.waived:
            out.line(f"gate {gate.name}: “{gate.title}”: {gate.found}", "bold")
            out.line(f"  needed: {gate.needed}")

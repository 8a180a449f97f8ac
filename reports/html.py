"""One self-contained page: key findings, matrix, signals, blind spots, method, evidence.

The template escapes everything; `visible` then makes characters that could reorder or hide text
readable. The page has no script and asks for nothing: a content security policy forbids both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from analyzer.comparison import Comparison, CoverageRow, Recipient
from analyzer.extract.shapes import visible
from analyzer.knowledge import Knowledge
from analyzer.models import Delta
from reports import words
from reports.headlines import headlines, label, signal_label

_MATRIX_COLUMNS = 10  # more do not fit on A4
_STATES = ("non_protective", "contradictory", "protective", "no_signal")


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of the matrix: a data type at a recipient, over all phases."""

    rows: tuple[Delta, ...]

    @property
    def verdict(self) -> str:
        """The most telling verdict of its rows; "none" where there is no row."""
        order = ["only_b", "only_a", "more_b", "more_a", "insufficient", "same"]
        return min((row.verdict for row in self.rows), key=order.index, default="none")

    @property
    def row(self) -> Delta | None:
        """The row that the verdict comes from."""
        return next((row for row in self.rows if row.verdict == self.verdict), None)


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One data type and its cells, in the order of the columns."""

    group: str
    data_type: str
    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Data types by recipients. `left_out` recipients had the fewest differences."""

    columns: tuple[Recipient, ...]
    rows: tuple[MatrixRow, ...]
    left_out: int


def render_html(comparison: Comparison, knowledge: Knowledge) -> str:
    """Return the page as text. The same comparison and knowledge give the same text."""
    groups = words.by_recipient(comparison)
    signals = [row for row in comparison.deltas if row.kind == "signal"]
    data = [row for row in comparison.deltas if row.kind == "data"]
    laws = {law.id: law for law in knowledge.laws}
    cited = sorted({law for row in comparison.deltas for law in row.law if law in laws})
    return _template().render(
        comparison=comparison,
        a=comparison.a,
        b=comparison.b,
        headlines=headlines(comparison, knowledge),
        matrix=_matrix(groups, knowledge),
        groups=[
            (recipient, [row for row in rows if row.kind == "data"]) for recipient, rows in groups
        ],
        signals=sorted(
            signals, key=lambda row: (row.owner, row.subject, _STATES.index(row.state), row.phase)
        ),
        counts=_counts(data),
        signal_counts=_counts(signals),
        coverage=sorted(comparison.coverage, key=_least_readable),
        laws=[laws[law] for law in cited],
        knowledge=knowledge,
        marks=words.MARKS,
        states=words.STATES,
        label=lambda data_type: label(data_type, knowledge),
        signal_label=lambda signal: signal_label(signal, knowledge),
        first_day=min((row.started[:10] for row in comparison.sessions), default=""),
        last_day=max((row.started[:10] for row in comparison.sessions), default=""),
    )


def _counts(rows: list[Delta]) -> dict[str, int]:
    return {verdict: sum(row.verdict == verdict for row in rows) for verdict in words.MARKS}


def _least_readable(row: CoverageRow) -> tuple[bool, str, str, str]:
    unread = row.refused + row.unread_up + row.unread_down + row.opaque + row.cut
    return not unread, row.owner, row.host, row.side


def _matrix(groups: list[tuple[Recipient, list[Delta]]], knowledge: Knowledge) -> Matrix:
    with_data = [
        (recipient, [row for row in rows if row.kind == "data"]) for recipient, rows in groups
    ]
    with_data = [(recipient, rows) for recipient, rows in with_data if rows]
    shown, left_out = with_data[:_MATRIX_COLUMNS], with_data[_MATRIX_COLUMNS:]
    lines = []
    for data_type in knowledge.types.values():
        cells = tuple(
            Cell(tuple(row for row in rows if row.subject == data_type.id)) for _, rows in shown
        )
        if any(cell.rows for cell in cells):
            lines.append(MatrixRow(data_type.group, data_type.id, data_type.label, cells))
    return Matrix(tuple(recipient for recipient, _ in shown), tuple(lines), len(left_out))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters |= {
        "share": words.share,
        "points": words.points,
        "probability": words.probability,
        "megabytes": _megabytes,
        "words": lambda text: text.replace("_", " "),
    }
    environment.globals["interval"] = words.interval
    environment.globals["verdict"] = words.verdict
    environment.globals["name_of"] = words.recipient_name
    return environment.get_template("report.html.j2")


def _shown(value: object) -> object:
    # Markup is what the template itself has made; everything else may come from a capture.
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _megabytes(size: int) -> str:
    """Return a number of bytes in the unit that leaves up to three digits."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000  # type: ignore[assignment]
    return f"{size:.1f} GB"

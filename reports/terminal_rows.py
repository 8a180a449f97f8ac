"""Rows of a comparison as cells: presence, signals and measured values in the same columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.text import Text

from analyzer import amounts
from analyzer.comparison import Comparison, Recipient, Side
from analyzer.magnitudes import Magnitude, Summary
from analyzer.models import Delta
from reports import terminal_names, words
from reports.console import clipped
from reports.reach import reach
from reports.terminal_layout import GAP, Column, row_lines, widest

Row = Delta | Magnitude
Field = Literal["phase", "a", "b", "effect", "interval", "q", "adults", "id"]
STYLES = {
    "only_a": "red",
    "more_a": "red",
    "more_b": "green",
    "only_b": "green",
    "same": "",
    "insufficient": "",
}
MARK_STYLES = {**STYLES, "insufficient": "bold yellow", "same": "dim"}
_SUBJECT = 60  # letters of what a row is about, at most
_PHASE = 16
_WANTED = 40  # columns for what a row is about: more only where nothing has to go for it
_LEAST = 12
_PIPED = 200  # columns of what stands below a row, where there is no terminal
_HEADS: dict[Field, str] = {
    "phase": "phase",
    "a": "---",
    "b": "+++",
    "effect": "diff",
    "interval": "95% interval",
    "q": "q",
    "adults": "less adults",
    "id": "row",
}
_RIGHT = frozenset({"a", "b", "effect", "adults"})
_NUMBERS: tuple[Field, ...] = ("effect", "interval", "q", "adults")
_TIMES = "\u00d7"
_SOLE = "the whole app"
UNDECIDED = "not decided"
_MEASURED_CAUSES = {
    "the values of": "the values neither differ nor lie within the margin of their measure",
    "may have been sent": "more may have been sent, or sooner, where it could not be read",
    "too few sessions with a value": "too few sessions of a side have a value",
}


@dataclass(frozen=True, slots=True)
class Group:
    """A recipient and its rows; None: what is measured of the session as a whole."""

    recipient: Recipient | None
    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Who it is, in words; hostile letters are still in it."""
        if self.recipient is None:
            return _SOLE
        return words.recipient_name(self.recipient.owner, self.recipient.sites)

    def count(self, *verdicts: str) -> int:
        """Return how many rows have one of `verdicts`."""
        return sum(row.verdict in verdicts for row in self.rows)


def groups(comparison: Comparison) -> list[Group]:
    """Return every recipient with its rows, those with most differences first.

    In each, what differs comes first, then what could not be decided. Where nothing differs comes
    at the end.
    """
    found: dict[tuple[str, str], list[Magnitude]] = {}
    for row in comparison.magnitudes:
        found.setdefault((row.owner, row.party if row.owner else ""), []).append(row)
    made = []
    for recipient, deltas in words.by_recipient(comparison):
        measured = found.pop((recipient.owner, recipient.party), []) if recipient.owner else []
        made.append(Group(recipient, _in_order([*deltas, *measured])))
    whole = found.pop(("", ""), [])
    made += [  # of whom only measured values are left
        Group(recipient, _in_order(rest))
        for recipient in comparison.recipients
        if (rest := found.pop((recipient.owner, recipient.party), []))
    ]
    if whole:
        made.insert(0, Group(None, _in_order(whole)))
    return sorted(made, key=lambda group: not any(map(is_different, group.rows)))


def rows_of(comparison: Comparison) -> list[Row]:
    """Return all rows: presence, signals and measured values."""
    return [*comparison.deltas, *comparison.magnitudes]


def is_different(row: Row) -> bool:
    """Tell whether a row says that the sides differ."""
    return row.verdict in words.DIFFERENT


def _in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(
        sorted(rows, key=lambda row: (row.verdict == "same", row.verdict == "insufficient"))
    )


def about(row: Row) -> str:
    """Return what a row is about: a data type, a signal with its verdict, or what is measured."""
    if not isinstance(row, Delta):
        return terminal_names.measured(row.measure, row.subject)
    named = terminal_names.subject(row.kind, row.subject, row.state)
    return named if row.confidence == 100 else f"{named} ~{row.confidence}%"


def causes(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return each cause for which one of `rows` could not be decided, in their order."""
    return tuple(dict.fromkeys(_cause(row) for row in rows if row.verdict == "insufficient"))


def _cause(row: Row) -> str:
    """Return why a row could not be decided, without what is particular to the row."""
    if isinstance(row, Delta):
        return words.cause(row.reason)
    for part, cause in _MEASURED_CAUSES.items():
        if part in row.reason:
            return cause
    return words.cause(row.reason)


class Table:
    """Lays rows out in columns; what a terminal has no room for goes, the least needed first."""

    def __init__(
        self, comparison: Comparison, rows: Sequence[Row], seen: Sequence[str], width: int | None
    ) -> None:
        """Make the columns for `rows`; `seen` are their causes, `width` that of the terminal."""
        self._sides = (comparison.a, comparison.b)
        self._causes = {cause: number for number, cause in enumerate(seen, 1)}
        self._fold = width is not None
        self._width = width or _PIPED
        self._bare = False  # so narrow that a reason is only its number
        cells = [self._cells(row) for row in rows]
        decided = [
            each for each, row in zip(cells, rows, strict=True) if row.verdict != "insufficient"
        ]
        self._decided = bool(decided)
        self._widths: dict[Field, int] = {}
        for name, head in _HEADS.items():
            those = decided if name in _NUMBERS else cells
            found = widest(each[name] for each in those)
            self._widths[name] = max(found, len(head)) if found else 0
        self._widths["phase"] = min(self._widths["phase"], _PHASE)
        self._subject = min(widest(map(_about, rows)), _SUBJECT)
        undecided = [row for row in rows if row.verdict == "insufficient"]
        self._make_room(undecided, short=width is not None)
        self._fields: tuple[Field, ...] = tuple(name for name in _HEADS if self._widths[name])
        self._fit(width, widest(self._short(row) for row in undecided))

    @property
    def titles(self) -> tuple[str, str]:
        """The titles of both sides."""
        return self._sides[0].title, self._sides[1].title

    def head(self) -> Text:
        """Return the names of the columns."""
        cells = [("", Column(self._subject + 2), "")]
        cells += [
            (
                "" if name in _NUMBERS and not self._decided else _HEADS[name],
                self._column(name),
                "dim",
            )
            for name in self._fields
        ]
        cells = [
            (text, column, {"a": "red", "b": "green"}.get(name, style))
            for (text, column, style), name in zip(cells, ("", *self._fields), strict=True)
        ]
        return row_lines(cells, fold=False)[0]

    def lines(self, row: Row) -> list[Text]:
        """Return the line of a row; more of them where a name is too long for its column."""
        style, mark = STYLES[row.verdict], MARK_STYLES[row.verdict]
        texts = self._cells(row)
        cells = [(_about(row), Column(self._subject), style)]
        if row.verdict == "insufficient":
            cells += [(texts[name], self._column(name), "") for name in ("phase", "a", "b")
                      if name in self._fields]  # fmt: skip
            cells.append((self._reason(row), Column(self._room), ""))
            if "id" in self._fields:
                cells.append((row.id, self._column("id"), "dim"))
        else:
            cells += [
                (texts[name], self._column(name), "dim" if name == "id" else style)
                for name in self._fields
            ]
        lines = row_lines(cells, fold=self._fold)
        made = [
            Text().append(GAP if number else f"{words.MARKS[row.verdict]} ", mark).append_text(line)
            for number, line in enumerate(lines)
        ]
        if isinstance(row, Delta) and (told := reach(row)):
            indent = GAP * 2
            shown = textwrap.wrap(
                told, self._width, initial_indent=indent, subsequent_indent=indent
            )
            made += [Text(line, "bold yellow") for line in shown]
        return made

    @property
    def _numbers(self) -> list[Field]:
        return [name for name in self._fields if name in _NUMBERS]

    def _column(self, name: Field) -> Column:
        return Column(self._widths[name], name in _RIGHT)

    @property
    def _room(self) -> int:
        """The columns that the numbers of a row take: a row without a verdict has its reason."""
        numbers = self._numbers
        return sum(self._widths[name] for name in numbers) + len(GAP) * (len(numbers) - 1)

    def _make_room(self, undecided: Sequence[Row], *, short: bool) -> None:
        """Widen the numbers to what the reasons take."""
        there = [self._widths[name] for name in _NUMBERS if self._widths[name]]
        told = self._short if short else self._long
        lacking = widest(map(told, undecided)) - sum(there) - len(GAP) * (len(there) - 1)
        if undecided and lacking > 0:
            self._widths["interval"] += lacking

    def _fit(self, width: int | None, reason: int) -> None:
        """Make the table as narrow as the terminal: without what is needed least, then folded."""
        if width is None:
            return
        full = dict(self._widths)
        for gone in ("", "adults", "interval", "q"):
            left = tuple(name for name in self._fields if name != gone)
            if not any(name in _NUMBERS for name in left):
                break
            self._fields, self._widths = left, dict(full)
            if (lacking := reason - self._room) > 0:
                self._widths[self._numbers[-1]] += lacking
            room = self._left(width)
            if room >= min(self._subject, _WANTED if gone in ("", "adults") else _LEAST * 2):
                break
        if self._left(width) < _LEAST * 2:
            self._bare = True
            self._widths = dict(full)
        if (lacking := _LEAST * 2 - self._left(width)) > 0 and "phase" in self._fields:
            self._widths["phase"] = max(6, self._widths["phase"] - lacking)
        self._subject = max(_LEAST, min(self._subject, self._left(width)))

    def _left(self, width: int) -> int:
        """Return the columns that are left for what a row is about."""
        return width - 2 - sum(self._widths[name] + len(GAP) for name in self._fields)

    def _reason(self, row: Row) -> str:
        told = self._long(row)
        return told if not self._fold or len(told) <= self._room else self._short(row)

    def _long(self, row: Row) -> str:
        return f"{UNDECIDED} {self._short(row)}"

    def _short(self, row: Row) -> str:
        number = self._causes[_cause(row)]
        if self._bare:
            return f"[{number}]"
        return f"[{number}], {row.enough} a side" if row.enough else f"[{number}]"

    def _cells(self, row: Row) -> dict[Field, str]:
        if isinstance(row, Magnitude):
            return _measured(row, self._sides)
        return {
            "phase": clipped(row.phase, _PHASE),
            "a": words.share(row.a),
            "b": words.share(row.b),
            "effect": words.change(row.effect),
            "interval": words.change_interval(row.low, row.high),
            "q": words.probability(row.q),
            "adults": _adults(row),
            "id": row.id,
        }

    def legend(self) -> list[str]:
        """Return what the columns are that need to be said."""
        a, b = self.titles
        told = [f"---, +++: in how many sessions of {a} and of {b}; of measured rows the median"]
        if self._decided:
            ratio = f"{_TIMES}2: +++ is twice ---"
            told.append(f"diff: +++ less ---, in percentage points or in the unit; {ratio}")
        if "interval" in self._fields and self._decided:
            told.append("95% interval: in 95 of 100 studies it holds the true difference")
        if "q" in self._fields and self._decided:
            told.append("q: of rows with this q or less, that share at most is there by chance")
        if "adults" in self._fields and self._widths["adults"]:
            told.append("less adults: diff less that between adults; *: shown to be beyond adults")
        return told


def _about(row: Row) -> str:
    return clipped(about(row), _SUBJECT)


def _adults(row: Delta) -> str:
    if row.contrast is None:
        return ""
    return f"{words.change(row.contrast.effect)}{'*' if words.beyond_adults(row) else ' '}"


def _measured(row: Magnitude, sides: tuple[Side, Side]) -> dict[Field, str]:
    effect, interval = "", ""
    if row.effect is not None:
        effect = change(row, row.effect)
        interval = f"[{', '.join(change(row, end) for end in (row.high, row.low))}]"
    return {
        "phase": clipped(row.phase, _PHASE),
        "a": _median(row, row.a, sides[0]),
        "b": _median(row, row.b, sides[1]),
        "effect": effect,
        "interval": interval,
        "q": words.probability(row.q),
        "adults": "",
        "id": row.id,
    }


def _median(row: Magnitude, side: Summary, of: Side) -> str:
    if side.median is None:
        return "none"
    few = f" n={side.n}" if side.n != of.sessions else ""
    return amount(row, side.median) + few


def amount(row: Magnitude, value: float) -> str:
    """Return a value of a row in its unit, as short as it can be."""
    if row.measure == "delay":
        return f"{_plain(value)} s"
    if row.measure == "bytes_up_per_hour":
        return amounts.size(value)
    return _plain(value)


def change(row: Magnitude, effect: float | None) -> str:
    """Return how far the values of side b lie above those of a; or how many times they are those.

    `effect`, as the record has it, is the other way round; None where nothing bounds it.
    """
    if effect is None or (row.ratio and not effect):
        return "…"
    if row.ratio:
        return f"{_TIMES}{_plain(1 / effect)}"
    told = amount(row, abs(effect))
    return told if told.split()[0] == "0" else f"{'-' if effect > 0 else '+'}{told}"


def _plain(value: float) -> str:
    """Return a number to three digits, without zeros at its end.

    >>> _plain(2.0), _plain(0.6765), _plain(26633.8), _plain(0.0)
    ('2', '0.68', '26634', '0')
    """
    if abs(value) >= 100:
        return f"{value:.0f}"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text

"""Country by country: what children are sent into, beside how the law protects them there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.countries import CountryCell, CountryColumn, CountryMatrix, CountryRow, LikeLaw
from analyzer.knowledge.law_records import LEVELS
from analyzer.said import Said, say
from reports.language import Figure
from reports.lawful import PROTECTION
from reports.naming import Names
from reports.pictures import Picture
from reports.pictures.countries import STEPS, Land, LandRow, countries_picture

_MARKS = {"differs": "≠", "insufficient": "?", "same": "="}
_VERDICTS = {
    "differs": say("the countries differ"),
    "same": say("the same in all"),
    "insufficient": say("not decided"),
}
_MOST = 100  # rows of the table: more are the terminal's
_NAMED = 6  # rows of one pair


@dataclass(frozen=True, slots=True)
class Column:
    """One country. `steps` of protection go from 0 to 3; `full` and `empty` draw them."""

    name: str
    sessions: int
    counted: bool
    steps: int
    level: Said

    @property
    def drawn(self) -> Figure:
        """Return the steps as squares, full and empty."""
        return Figure("■" * self.steps + "□" * (STEPS - self.steps))


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table; `cells` in the order of the columns."""

    row: CountryRow
    what: str
    state: Said | None
    owner: str
    cells: tuple[str, ...]
    verdict: Said


@dataclass(frozen=True, slots=True)
class More:
    """What was seen more in one country of a pair; `others` more such rows are not named."""

    country: str
    rows: tuple[str, ...]
    others: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two countries whose law protects alike. `different` and the others count rows."""

    a: str
    b: str
    level: Said
    different: int
    same: int
    insufficient: int
    more: tuple[More, ...]


@dataclass(frozen=True, slots=True)
class Lands:
    """The section: columns by protection, the strongest first; all rows, those that differ first.

    `counts` are the rows that differ, are the same, are not decided; `left_out` rows stand in no
    table.
    """

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    left_out: int
    counts: tuple[int, int, int]
    picture: Picture | None
    pairs: tuple[Pair, ...]
    few: int  # countries with too few sessions


def lands(found: CountryMatrix, names: Names) -> Lands:
    """Return what the page says of `found`; `names` are those of the comparison beside it."""
    order = sorted(
        range(len(found.columns)),
        key=lambda at: (LEVELS.index(found.columns[at].level), found.columns[at].country),
    )
    columns = tuple(_column(found.columns[at], names) for at in order)
    rows = sorted(
        found.rows,
        key=lambda row: (
            list(_MARKS).index(row.verdict), row.kind, row.party == "first", row.owner, row.subject,
        ),
    )  # fmt: skip
    verdicts = [row.verdict for row in rows]
    pairs = sorted(found.alike, key=lambda each: (-_differences(each), each.a, each.b))
    known = {row.id: row for row in found.rows}
    return Lands(
        columns,
        tuple(_line(row, order, names) for row in rows[:_MOST]),
        max(0, len(rows) - _MOST),
        (verdicts.count("differs"), verdicts.count("same"), verdicts.count("insufficient")),
        _picture(found, order, _flows(rows), names),
        tuple(_pair(each, known, names) for each in pairs),
        sum(not each.counted for each in columns),
    )


def _column(column: CountryColumn, names: Names) -> Column:
    return Column(
        names.country(column.country),
        column.sessions,
        column.counted,
        _steps(column),
        PROTECTION[column.level],
    )


def _steps(column: CountryColumn) -> int:
    return STEPS - LEVELS.index(column.level)


def _line(row: CountryRow, order: Sequence[int], names: Names) -> Line:
    return Line(
        row,
        _subject(row, names),
        names.state(row.state) if row.state else None,
        names.recipient(row.owner),
        tuple(_cell(row.cells[at], names) for at in order),
        _VERDICTS[row.verdict],
    )


def _subject(row: CountryRow, names: Names) -> str:
    return names.data(row.subject) if row.kind == "data" else names.signal(row.subject)


def _cell(cell: CountryCell, names: Names) -> Figure:
    return Figure(names.language.share(cell.k, cell.n, "?" if cell.hidden else ""))


def _flows(rows: Sequence[CountryRow]) -> list[CountryRow]:
    """Return of each type of data to each recipient the phase that says most."""
    flows: dict[tuple[str, str], CountryRow] = {}
    for row in rows:  # those that differ come first
        if row.kind == "data":
            flows.setdefault((row.owner, row.subject), row)
    return list(flows.values())


def _picture(
    found: CountryMatrix, order: Sequence[int], rows: Sequence[CountryRow], names: Names
) -> Picture | None:
    if not rows:
        return None
    title = say("What is sent in each country, beside how far its law protects minors")
    description = say(
        "A column for each country, the strongest protection first: three full squares say that"
        " profiling minors is banned, three empty ones that no rule is known. A bar is the share of"
        " the sessions in which it was sent. The table below says the same.",
    )
    return countries_picture(
        [
            Land(names.country(each.country), each.country, _steps(each), each.counted)
            for each in (found.columns[at] for at in order)
        ],
        [
            LandRow(
                _subject(row, names),
                names.recipient(row.owner),
                tuple(
                    (cell.k / cell.n if cell.n else 0.0, _cell(cell, names))
                    for cell in (row.cells[at] for at in order)
                ),
                _MARKS[row.verdict],
            )
            for row in rows
        ],
        (names.plain(title), names.plain(description)),
        names.language.direction,
    )


def _differences(pair: LikeLaw) -> int:
    return len(pair.more_a) + len(pair.more_b)


def _pair(pair: LikeLaw, known: dict[str, CountryRow], names: Names) -> Pair:
    return Pair(
        names.country(pair.a),
        names.country(pair.b),
        PROTECTION[pair.level],
        _differences(pair),
        pair.same,
        pair.insufficient,
        tuple(
            More(
                names.country(country),
                tuple(_told(known[each], names) for each in ids[:_NAMED] if each in known),
                max(0, len(ids) - _NAMED),
            )
            for country, ids in ((pair.a, pair.more_a), (pair.b, pair.more_b))
            if ids
        ),
    )


def _told(row: CountryRow, names: Names) -> str:
    told = {"who": names.recipient(row.owner), "what": _subject(row, names), "phase": row.phase}
    if row.state:
        return say("{what} to {who}, {state} ({phase})", state=names.state(row.state), **told)
    return say("{what} to {who} ({phase})", **told)

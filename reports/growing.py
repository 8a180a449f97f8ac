"""Children against adults: whether what differs between regions differs for everybody."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.comparison import Comparison
from analyzer.models import Contrast, Count, Delta
from analyzer.said import say
from reports import words
from reports.language import Figure
from reports.naming import Names
from reports.pictures import Picture
from reports.pictures.ages import AgeLine, AgeRow, ages_picture


@dataclass(frozen=True, slots=True)
class Line:
    """One row with its adult controls. `beyond`: the difference exceeds that between adults."""

    what: str
    owner: str
    row: Delta
    contrast: Contrast
    beyond: bool


@dataclass(frozen=True, slots=True)
class Growing:
    """Rows that differ between regions, or between children and adults of one of them.

    `spared`: rows of data among those `beyond` of which the region that has less has less of its
    children than of its adults.
    """

    lines: tuple[Line, ...]
    beyond: int  # of those that differ between the regions
    spared: int
    different: int
    picture: Picture | None


def growing(comparison: Comparison, names: Names) -> Growing:
    """Return the rows whose children or regions differ, those beyond adults first."""
    lines = [
        Line(
            names.subject(row)
            if not row.state
            else f"{names.subject(row)}: {names.plain(names.state(row.state))}",
            names.recipient(row.owner, row.hosts),
            row,
            row.contrast,
            row.verdict in words.DIFFERENT and bool(words.beyond_adults(row)),
        )
        for row in comparison.deltas
        if row.contrast and _tells(row, row.contrast)
    ]
    lines.sort(
        key=lambda line: (
            not line.beyond,
            line.row.verdict not in words.DIFFERENT,
            line.row.kind,
            line.row.party == "first",
        )
    )
    different = [line for line in lines if line.row.verdict in words.DIFFERENT]
    data = [line for line in lines if line.row.kind == "data"]
    return Growing(
        tuple(lines),
        sum(line.beyond for line in different),
        sum(line.beyond and line.row.kind == "data" and _spared(line) for line in different),
        len(different),
        _picture(data, names) if data else None,
    )


def _tells(row: Delta, contrast: Contrast) -> bool:
    ages = ((row.a, contrast.adult_a), (row.b, contrast.adult_b))
    return row.verdict in words.DIFFERENT or any(_apart(*each) for each in ages)


def _spared(line: Line) -> bool:
    """Tell whether the region that has less of it has less of its children than of its adults."""
    more_a = line.row.verdict in ("only_a", "more_a")
    child, adult = (
        (line.row.b, line.contrast.adult_b) if more_a else (line.row.a, line.contrast.adult_a)
    )
    return child.k / child.n < adult.k / adult.n


def _apart(child: Count, adult: Count) -> bool:
    return abs(child.k / child.n - adult.k / adult.n) >= 0.5


def _picture(lines: list[Line], names: Names) -> Picture:
    tell = names.plain
    title = say("Children and adults in each region")
    description = say(
        "For each row two lines: {a} with circles, {b} with squares. The full mark is the share of"
        " the sessions with children, the hollow one of those with adults. A long line says that"
        " age makes a difference there. The table below says the same.",
        a=names.side("a"),
        b=names.side("b"),
    )
    return ages_picture(
        [
            AgeRow(
                line.what,
                f"{line.owner} · {line.row.phase}",
                (
                    _line(line.row.a, line.contrast.adult_a, names),
                    _line(line.row.b, line.contrast.adult_b, names),
                ),
            )
            for line in lines
        ],
        (names.language.percent(0), names.language.percent(1)),
        tell(say("child · adult")),
        (tell(title), tell(description)),
        names.language.direction,
    )


def _line(child: Count, adult: Count, names: Names) -> AgeLine:
    text = Figure(f"{names.short(child)} · {names.short(adult)}")
    return AgeLine(child.k / child.n, adult.k / adult.n, text)

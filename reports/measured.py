"""How much, how often and how soon: the measured rows, and the pictures of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from analyzer.comparison import Comparison
from analyzer.knowledge import load_measures
from analyzer.magnitudes import Magnitude, Summary
from analyzer.said import Said, say
from reports.naming import Names
from reports.pictures import Picture
from reports.pictures.delays import DelayRow, Soon, delays_picture
from reports.pictures.intervals import Interval, Panel, intervals_picture

_ORDER = {"more_a": 0, "more_b": 0, "insufficient": 1, "same": 2}


@dataclass(frozen=True, slots=True)
class Line:
    """One measured row in words. A side is "" where no session has a value."""

    row: Magnitude
    what: str
    owner: str
    a: str
    b: str
    effect: str
    verdict: Said


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one measure."""

    title: str
    definition: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """All measured rows by measure, and the pictures: None where there is nothing to draw."""

    groups: tuple[Group, ...]
    picture: Picture | None
    delays: Picture | None


def measured(comparison: Comparison, names: Names) -> Measured:
    """Return the measured rows of `comparison`: those that differ first."""
    term = names.language.term
    found = []
    for measure in load_measures():
        rows = [row for row in comparison.magnitudes if row.measure == measure]
        rows.sort(key=lambda row: (_ORDER[row.verdict], row.party == "first", row.q))
        if rows:
            found.append(rows)
    return Measured(
        tuple(
            Group(
                term(load_measures()[rows[0].measure].label),
                term(load_measures()[rows[0].measure].definition),
                tuple(_line(row, names) for row in rows),
            )
            for rows in found
        ),
        _intervals(found, names),
        _delays([row for rows in found for row in rows if row.measure == "delay"], names),
    )


def amount(row: Magnitude, value: float, names: Names) -> str:
    """Return a value of a row in its unit."""
    language = names.language
    if row.measure == "delay":
        return language.seconds(value)
    if row.measure == "bytes_up_per_hour":
        return language.size(value)
    return language.number(round(value, 2))


def _line(row: Magnitude, names: Names) -> Line:
    subject = names.data(row.subject) if row.subject else names.plain(say("everything"))
    verdicts = {
        "more_a": say("more for {side}", side=names.side("a")),
        "more_b": say("more for {side}", side=names.side("b")),
        "same": say("the same on both sides"),
        "insufficient": say("not decided"),
    }
    return Line(
        row,
        subject,
        names.recipient(row.owner) if row.owner else names.plain(say("the whole app")),
        _summary(row, row.a, names),
        _summary(row, row.b, names),
        _effect(row, names),
        verdicts[row.verdict],
    )


def _label(row: Magnitude, names: Names) -> tuple[str, str]:
    """Return what a drawing calls a row: in bold, and beneath."""
    owner = names.recipient(row.owner) if row.owner else names.plain(say("the whole app"))
    return (names.data(row.subject), owner) if row.subject else (owner, "")


def _summary(row: Magnitude, side: Summary, names: Names) -> str:
    if side.low is None or side.median is None or side.high is None:
        return ""
    middle = amount(row, side.median, names)
    if side.low == side.high:
        return names.plain(say("{median} (n = {n})", median=middle, n=side.n))
    return names.plain(
        say(
            "{median} ({low} to {high}, n = {n})",
            median=middle,
            low=amount(row, side.low, names),
            high=amount(row, side.high, names),
            n=side.n,
        )
    )


def _effect(row: Magnitude, names: Names) -> str:
    if row.effect is None:
        return ""
    shown = [_change(row, each, names) for each in _turned(row)]
    return names.plain(
        say("{effect} ({low} to {high})", effect=shown[0], low=shown[1], high=shown[2])
    )


def _turned(row: Magnitude) -> list[float | None]:
    """Return the difference and its ends as the change from side a to side b."""
    ends = (row.effect, row.high, row.low)
    if row.ratio:
        return [1 / each if each else None for each in ends]
    return [None if each is None else -each for each in ends]


def _change(row: Magnitude, value: float | None, names: Names) -> str:
    if value is None:
        return "…"
    if row.ratio:
        return names.language.signed("\u00d7", names.language.number(round(value, 2)))
    value = round(value, 1) if row.measure == "delay" else value
    sign = "\u2212" if value < 0 else "+" if value > 0 else ""
    return names.language.signed(sign, amount(row, abs(value), names))


def _intervals(groups: list[list[Magnitude]], names: Names) -> Picture | None:
    panels = []
    for every in groups:
        rows = [row for row in every if row.effect is not None and math.isfinite(row.effect)]
        if not rows:
            continue
        first = rows[0]
        ends = (1 / first.margin, first.margin) if first.ratio else (-first.margin, first.margin)
        panels.append(
            Panel(
                title=names.language.term(load_measures()[first.measure].label),
                less=names.plain(say("more for {side}", side=names.side("a"))),
                more=names.plain(say("more for {side}", side=names.side("b"))),
                rows=tuple(
                    Interval(
                        *_label(row, names),
                        effect,
                        low,
                        high,
                        line.effect,
                        _which(row),
                    )
                    for row in rows
                    for line in (_line(row, names),)
                    for effect, low, high in (_turned(row),)
                    if effect is not None
                ),
                none=1.0 if first.ratio else 0.0,
                margin=ends,
                ratio=first.ratio,
            )
        )
    if not panels:
        return None
    title = say("Measured differences and their intervals")
    description = say(
        "For each measured row a mark at the difference and a line over its interval. The shaded"
        " band is the margin: an interval that lies within it says that both sides are the same."
        " Circles say more for {a}, squares more for {b}, hollow marks the same. The table below"
        " says it all.",
        a=names.side("a"),
        b=names.side("b"),
    )
    told = (names.plain(title), names.plain(description))
    return intervals_picture(panels, told, names.language.direction)


def _which(row: Magnitude) -> str:
    return {"more_a": "a", "more_b": "b", "same": "same", "insufficient": "open"}[row.verdict]


def _delays(rows: list[Magnitude], names: Names) -> Picture | None:
    if not rows:
        return None
    title = say("How soon after the phone was ready it was first sent")
    description = say(
        "For each type of data and recipient two lines of time: the upper one with a circle is {a},"
        " the lower one with a square is {b}. The mark is the median session, the line goes from"
        " the earliest to the latest. The table below says the same.",
        a=names.side("a"),
        b=names.side("b"),
    )
    return delays_picture(
        [
            DelayRow(
                *_label(row, names),
                (_soon(row, row.a, names), _soon(row, row.b, names)),
            )
            for row in rows
        ],
        names.language.seconds,
        names.plain(say("never")),
        (names.plain(title), names.plain(description)),
        names.language.direction,
    )


def _soon(row: Magnitude, side: Summary, names: Names) -> Soon | None:
    if side.low is None or side.median is None or side.high is None:
        return None
    return Soon(side.low, side.median, side.high, amount(row, side.median, names))

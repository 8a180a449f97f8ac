"""What was sent before the question of consent was answered, and what after."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.comparison import Comparison
from analyzer.models import Count, Delta
from analyzer.said import Said, say
from reports import words
from reports.naming import Names
from reports.pictures import Picture
from reports.pictures.phases import PhaseRow, phases_picture


@dataclass(frozen=True, slots=True)
class Line:
    """One flow of data with a row for each phase; None where it was not seen in it."""

    what: str
    owner: str
    rows: tuple[Delta | None, ...]


@dataclass(frozen=True, slots=True)
class Consenting:
    """The phases in order; the first `before` of them come before an answer about consent."""

    phases: tuple[str, ...]
    before: int
    lines: tuple[Line, ...]
    picture: Picture | None
    summary: tuple[Said, ...]


def consenting(comparison: Comparison, names: Names) -> Consenting:
    """Return each flow of data by phase: those to strangers before consent come first."""
    phases = _phases(comparison)
    before = phases.index(comparison.consent) if comparison.consent in phases else 0
    early = set(phases[:before])
    groups: dict[tuple[str, str, str], dict[str, Delta]] = {}
    for row in comparison.deltas:
        if row.kind == "data":
            groups.setdefault((row.party, row.owner, row.subject), {})[row.phase] = row
    ordered = sorted(
        groups.values(),
        key=lambda rows: (
            not any(row.verdict in words.DIFFERENT for row in rows.values()),
            not early & rows.keys(),
            next(iter(rows.values())).party == "first",
        ),
    )
    lines = tuple(
        Line(
            names.subject(row := next(iter(rows.values()))),
            names.recipient(row.owner, row.hosts),
            tuple(rows.get(phase) for phase in phases),
        )
        for rows in ordered
    )
    return Consenting(
        phases,
        before,
        lines,
        _picture(lines, phases, before, names) if lines and phases else None,
        tuple(_summary(comparison, early, names)) if before else (),
    )


def _phases(comparison: Comparison) -> tuple[str, ...]:
    """Return the phases of the study in order, then every other that a row names."""
    named = {row.phase for row in comparison.deltas}
    known = comparison.phases or dict.fromkeys(
        phase for row in comparison.sessions for phase in row.phases
    )
    told = [phase for phase in known if phase in named or phase == comparison.consent]
    return (*told, *sorted(named.difference(told)))


def _summary(comparison: Comparison, early: set[str], names: Names) -> list[Said]:
    """Say for each side how many flows to strangers were seen before consent."""
    flows = {
        (row.owner, row.subject): row
        for row in comparison.deltas
        if row.kind == "data" and row.party == "third" and row.phase in early
    }
    found = []
    for which in ("a", "b"):
        counts: list[Count] = [row.a if which == "a" else row.b for row in flows.values()]
        seen = [count for count in counts if count.k]
        found.append(
            say(
                "{side}: flows of personal data to third parties that were seen before consent was"
                " answered: {flows}; in every session: {always}.",
                side=names.side(which),
                flows=names.language.number(len(seen)),
                always=names.language.number(sum(count.k == count.n for count in seen)),
            )
        )
    return found


def _picture(
    lines: tuple[Line, ...], phases: tuple[str, ...], before: int, names: Names
) -> Picture:
    tell, side = names.plain, names.side
    title = say("What is sent in which phase of the test")
    description = say(
        "For each type of data and recipient two bars in each phase: the upper, solid one is {a},"
        " the lower, striped one {b}. A full bar is every session. The table below says the same.",
        a=side("a"),
        b=side("b"),
    )
    return phases_picture(
        [
            PhaseRow(
                line.what,
                line.owner,
                tuple(
                    None
                    if row is None
                    else (
                        row.a.k / row.a.n,
                        row.b.k / row.b.n,
                        names.short(row.a),
                        names.short(row.b),
                    )
                    for row in line.rows
                ),
            )
            for line in lines
        ],
        phases,
        before,
        (tell(say("before consent")), tell(say("asked, and after"))),
        (tell(title), tell(description)),
        names.language.direction,
    )

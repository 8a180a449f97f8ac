"""From the id of a measured row, or of a row of the matrix, back to the sessions behind it."""

from __future__ import annotations

from itertools import permutations

from analyzer.compare.judging import judge_pair
from analyzer.compare.material import Material, Sided, material
from analyzer.compare.matrix import matrix
from analyzer.compare.measuring import Measured
from analyzer.compare.presence import Key, Seen
from analyzer.compare.recorded import Recorded
from analyzer.compare.sides import ADULT, names
from analyzer.comparison import Which
from analyzer.countries import CountryColumn, CountrySessions, CountryTrail
from analyzer.errors import UserError
from analyzer.frames import Frames
from analyzer.identified import the_one
from analyzer.knowledge import Knowledge
from analyzer.magnitudes import MagnitudeTrail, SessionValue
from analyzer.pipeline import identify
from analyzer.study import Study

_EXAMPLES = 1  # for each country


def trace_magnitude(
    frames: Frames, study: Study, knowledge: Knowledge, wanted: str
) -> MagnitudeTrail:
    """Return the measured row that `wanted`, an id or its beginning, stands for, with its values.

    `UserError` where it is unknown, or stands for several.
    """
    made = material(frames, study, knowledge)
    pairs = _pairs(made)
    found = {
        identify("m", a.side.name, b.side.name, *row.key): (a, b, row)
        for a, b in pairs
        for row in made.measured
        if _of(a, row) and _of(b, row)
    }
    chosen = the_one(wanted, found)
    a, b, row = found[chosen]
    rows = judge_pair(made, a, b).magnitudes
    judged = next((each for each in rows if each.id == chosen), None)
    if judged is None:
        raise UserError(
            f"{chosen} is no row of {a.side.title} and {b.side.title}",
            "a row needs values of both sides that are not all 0",
        )
    return MagnitudeTrail(
        magnitude=judged,
        side_a=a.side.title,
        side_b=b.side.title,
        name_a=a.side.name,
        name_b=b.side.name,
        values=(*_values(row, "a", a), *_values(row, "b", b)),
    )


def trace_country_row(
    frames: Frames, study: Study, knowledge: Knowledge, wanted: str
) -> CountryTrail:
    """Return the row of the matrix that `wanted`, an id or its beginning, stands for.

    Of the matrix over all countries. `UserError` where it is unknown, or stands for several.
    """
    found = matrix(frames, study, knowledge)
    rows = {each.id: each for each in found.rows}
    row = rows[the_one(wanted, rows)]
    made = material(frames, study, knowledge)
    key = Key(row.kind, row.owner, row.party, row.subject, row.state, row.phase)
    return CountryTrail(
        row, found.columns, tuple(_sessions(made, key, each) for each in found.columns)
    )


def _pairs(made: Material) -> list[tuple[Sided, Sided]]:
    """Return all pairs of sides that can be compared."""
    arms = [each.arm for each in made.sessions if made.admission.shows(each)]
    sides = [made.side(name) for name in names(made.knowledge, arms)]
    return [(a, b) for a, b in permutations(sides, 2) if a.ids.isdisjoint(b.ids)]


def _of(side: Sided, row: Measured) -> bool:
    return any(each in row.values for each in side.ids)


def _values(row: Measured, which: Which, side: Sided) -> list[SessionValue]:
    return [
        SessionValue(
            side=which,
            session=each.id,
            arm=each.arm.label,
            value=row.values.get(each.id),
            open=each.id in row.bounds,
            example=row.examples.get(each.id, ""),
        )
        for each in side.compared
    ]


def _sessions(made: Material, key: Key, column: CountryColumn) -> CountrySessions:
    ids = frozenset(each.id for each in made.sessions if _counts(made, each, column))
    seen = made.seen.get(key, Seen((), frozenset()))
    blind = made.blind_for(key, seen)
    hidden = (blind & ids) | made.unsearched(key, seen, ids)
    unseen = ids - seen.sessions
    return CountrySessions(
        country=column.country,
        seen=tuple(sorted(ids & seen.sessions)),
        unseen=tuple(sorted(unseen)),
        hidden=tuple(sorted(hidden & unseen)),
        examples=tuple(dict.fromkeys(each.example for each in seen.within(ids)))[:_EXAMPLES],
    )


def _counts(made: Material, session: Recorded, column: CountryColumn) -> bool:
    arm = session.arm
    return arm.age < ADULT and arm.country == column.country and made.admission.admits(session)

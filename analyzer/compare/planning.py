"""Before a study: how many sessions of each arm it takes, and in which order to record them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from scipy.stats import norm

from analyzer import statistics
from analyzer.compare.sides import apart, resolve_side
from analyzer.errors import UserError
from analyzer.knowledge import Knowledge
from analyzer.planned import Need, PlannedSession, StudyPlan
from analyzer.statistics.planning import Plan
from analyzer.study import Study

MOST = 200  # sessions of each arm that a plan looks up to
_SURELY = 0.6  # of the normal approximation: fewer are never enough
_SIZES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_PER_BLOCK = (1, 2, 3, 4, 6)
_MOST_BLOCKS = 12
_WORTH = 1.25  # times the fewest sessions, for the sake of shorter blocks ...
_MOST_WORTH = 3  # ... and where they were asked for
COLUMNS = ("block", "position", "arm", "repeat")


def plan(
    study: Study,
    knowledge: Knowledge,
    a: str,
    b: str,
    *,
    difference: float = 0.8,
    power: float = 0.9,
    rows: int = 100,
    different: int = 1,
    per_block: int | None = None,
    seed: int = 0,
) -> StudyPlan:
    """Plan the comparison of the sides `a` and `b` of the arms of `study`.

    A difference is that of two shares around a half, where it is hardest to see. Without
    `per_block` the shortest time blocks are taken that cost few more sessions than long ones. The
    schedule has all arms of the study, adults too, each as often. `UserError` where a side has no
    arm, or a number makes no sense.
    """
    _check(difference, power, rows, different, per_block)
    arms = list(study.arms.values())
    left, right = (resolve_side(study, knowledge, arms, each) for each in (a, b))
    apart(left, right)
    settings = study.compare

    # A side needs that many in all; its arms share them.
    least = -(-settings.min_sessions // min(len(left.arms), len(right.arms)))

    def roughly(size: float) -> float:
        """Return the sessions of an arm by the normal approximation, from which to look on."""
        passed = statistics.level(settings.alpha, rows, different, power)
        z = float(norm.ppf(1 - passed / 2) + norm.ppf(power))
        return z * z * (1 / len(left.arms) + 1 / len(right.arms)) / 4 / size**2

    def needed(size: float, inside: int | None, bounds: tuple[int, int]) -> Plan | None:
        first = max(bounds[0], int(_SURELY * roughly(size)))
        if first > bounds[1]:
            return None
        return statistics.sessions_needed(
            0.5 + size / 2,
            0.5 - size / 2,
            alpha=settings.alpha,
            power=power,
            rows=rows,
            different=different,
            arms=(len(left.arms), len(right.arms)),
            per_block=inside,
            least=first,
            most=bounds[1],
        )

    anyway = (least, MOST)
    together = needed(difference, None, anyway)
    found, inside = None, per_block or _PER_BLOCK[0]
    if together:
        # Fewer than in one block are never enough.
        found, inside = _in_blocks(together, per_block, lambda *how: needed(difference, *how))
    sessions = found.sessions if found else None
    slots = statistics.schedule(sorted(study.arms), sessions, seed, inside) if sessions else []
    return StudyPlan(
        a=left,
        b=right,
        difference=difference,
        share_a=0.5 + difference / 2,
        share_b=0.5 - difference / 2,
        power=power,
        alpha=settings.alpha,
        rows=rows,
        different=different,
        sessions=sessions,
        total=len(slots),
        reached=round(found.power, 9) if found else 0.0,
        level=statistics.level(settings.alpha, rows, different, power),
        per_block=inside,
        seed=seed,
        schedule=tuple(PlannedSession(*each) for each in slots),
        needs=tuple(
            Need(size, each.sessions if (each := needed(size, None, anyway)) else None)
            for size in _SIZES
        ),
    )


def schedule_csv(planned: StudyPlan) -> str:
    """Return the schedule as CSV: a line for each session, in the order to record them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(
        (each.block, each.position, each.arm, each.repeat) for each in planned.schedule
    )
    return out.getvalue()


def _in_blocks(
    together: Plan, asked: int | None, needed: Callable[[int, tuple[int, int]], Plan | None]
) -> tuple[Plan | None, int]:
    """Return the plan with time blocks, and how many sessions of each arm are in one.

    `asked` of them; or as few as cost little more than one block of all, which could not be
    recorded in a short time. A difference can be told from one between days only within a block, so
    that blocks of few sessions cost some.
    """
    if asked:
        return needed(asked, (together.sessions, _MOST_WORTH * together.sessions)), asked
    for inside in _PER_BLOCK:
        if together.sessions > _MOST_BLOCKS * inside:
            continue
        found = needed(inside, (together.sessions, int(_WORTH * together.sessions)))
        if found:
            return found, inside
    return together, together.sessions


def _check(
    difference: float, power: float, rows: int, different: int, per_block: int | None
) -> None:
    if not 0 < difference <= 1:
        raise UserError(f"a difference of {difference} is none", "use a share from 0.1 to 1")
    if not 0 < power < 1:
        raise UserError(f"a power of {power} is none", "use a share below 1, such as 0.9")
    if rows < 1 or not 1 <= different <= rows:
        raise UserError(
            f"{different} of {rows} rows cannot differ", "use at least one, and not more than all"
        )
    if per_block is not None and per_block < 1:
        raise UserError("a time block needs a session of each arm", "use a number from 1 on")

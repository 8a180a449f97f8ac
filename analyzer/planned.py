"""What a plan for a study holds: how many sessions it takes, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

from analyzer.comparison import Side


@dataclass(frozen=True, slots=True)
class PlannedSession:
    """One session to record: the `position`-th of its time block. All count from 1."""

    block: int
    position: int
    arm: str
    repeat: int


@dataclass(frozen=True, slots=True)
class Need:
    """How many sessions of each arm show a difference of this size (0..1); None: not even 200.

    Were all recorded in one time block: the fewest there can be.
    """

    difference: float
    sessions: int | None


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """How to record a study that can show what it looks for.

    `sessions` of each arm find a row that is seen in `share_a` of the sessions of one side and
    `share_b` of the other with probability `reached` (asked for: `power`), where `rows` rows are
    compared of which `different` differ: then its p has to be at most `level`. None: 200 sessions
    (or three times those of one time block) would not do, and there is no schedule. `per_block`
    sessions of each arm are recorded in one time block, in the order of `schedule`, which `seed`
    draws. `needs` is the same for other sizes.
    """

    a: Side
    b: Side
    difference: float
    share_a: float
    share_b: float
    power: float
    alpha: float
    rows: int
    different: int
    sessions: int | None
    total: int  # of all arms of the study
    reached: float
    level: float
    per_block: int
    seed: int
    schedule: tuple[PlannedSession, ...]
    needs: tuple[Need, ...]

"""How much, how often, how soon: what a comparison measures in each session, beside presence.

Made by `analyzer.compare`, printed by `reports`. What each measure means stands in
``analyzer/data/measures.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analyzer.models import Party

MeasureId = Literal[
    "precision", "recipients", "delay", "before_consent", "requests_per_hour", "bytes_up_per_hour",
]  # fmt: skip
MagnitudeVerdict = Literal["more_a", "same", "more_b", "insufficient"]


@dataclass(frozen=True, slots=True)
class Summary:
    """The values of the sessions of one side: how many have one; the least, the middle, the most.

    The numbers are None where no session has a value.
    """

    n: int
    low: float | None
    median: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Magnitude:
    """One row of measured values. The sides are `a` and `b`; only reports name them.

    `effect` is by how much the values of a lie above those of b (the Hodges-Lehmann shift, in the
    unit), or, with `ratio`, how many times they are those of b; `low` and `high` are its 95%
    interval. None: no time block has values of both sides, or nothing bounds that end. `margin` is
    in the unit, or of a ratio the factor up to which the sides are the same. `more_a` means that
    the value is larger in a, which need not be worse for the child (see the measure).
    """

    id: str
    measure: MeasureId
    owner: str  # "": of the session as a whole
    party: Party
    subject: str  # data type, "" where it is not of one
    phase: str  # "": the whole session
    unit: str  # English, singular or symbol, as in measures.yaml
    ratio: bool
    a: Summary
    b: Summary
    effect: float | None
    low: float | None
    high: float | None
    p: float
    q: float
    margin: float
    verdict: MagnitudeVerdict
    reason: str  # why `insufficient`; "" otherwise
    enough: int | None  # sessions for each side that could decide it
    examples: tuple[str, ...]  # ids of findings; none for requests and bytes


@dataclass(frozen=True, slots=True)
class SessionValue:
    """What was measured in one session. `value` is None where it has none.

    `open`: it may be more (of a delay: less), as something could not be read.
    """

    side: Literal["a", "b"]
    session: str
    arm: str
    value: float | None
    open: bool
    example: str  # id of the finding behind it; "" where there is none


@dataclass(frozen=True, slots=True)
class MagnitudeTrail:
    """A measured row with the values of each session, in order of side, arm and session."""

    magnitude: Magnitude
    side_a: str  # title
    side_b: str
    name_a: str  # as `diff` takes it
    name_b: str
    values: tuple[SessionValue, ...]

"""Which planted values were looked for in each session.

A value that only its being planted makes known is found where it was planted, and nowhere else. So
a session whose persona has no value of a type says nothing of what was recognised by one elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

import pandas as pd

from analyzer.compare.recorded import Recorded
from analyzer.comparison import Side
from analyzer.said import Said, say
from analyzer.study import Study

Searched = Mapping[str, frozenset[str]]  # session -> data types


def searched(sessions: Sequence[Recorded], study: Study, problems: pd.DataFrame) -> Searched:
    """Return the data types of the planted values that were searched in each of `sessions`.

    Those of its persona, without values that were too short to be searched (see `problems`).
    """
    rows = problems[problems["code"] == "planted_too_short"]
    short = Counter(
        zip(
            cast("list[str]", rows["session"].tolist()),
            cast("list[str]", rows["detail"].tolist()),
            strict=True,
        )
    )
    found: dict[str, frozenset[str]] = {}
    for each in sessions:
        persona = study.personas.get(each.persona) or study.persona(each.arm.label)
        planted = Counter(data_type for data_type, _ in persona.values)
        found[each.id] = frozenset(
            data_type for data_type, number in planted.items() if number > short[each.id, data_type]
        )
    return found


def planted_apart(
    a: tuple[Side, Sequence[Recorded]], b: tuple[Side, Sequence[Recorded]], found: Searched
) -> list[Said]:
    """Return a sentence if not the same types of data were searched by value on both sides."""
    of_a, of_b = ({found[each.id] for each in sessions} for _, sessions in (a, b))
    if of_a == of_b and len(of_a) < 2:
        return []
    everywhere = frozenset.intersection(*of_a, *of_b)
    lacking = sorted(frozenset().union(*of_a, *of_b) - everywhere)
    return [
        say(
            "Not the same data is planted in every session: {types}. Where only a planted value"
            " shows such data, the sides are not compared.",
            types=tuple(_lacking(data_type, a, b, found) for data_type in lacking),
        )
    ]


def _lacking(
    data_type: str,
    a: tuple[Side, Sequence[Recorded]],
    b: tuple[Side, Sequence[Recorded]],
    found: Searched,
) -> Said:
    sides = tuple(
        say("{side} in {number} of {of} sessions", side=side.title, number=number, of=len(sessions))
        for side, sessions in (a, b)
        if (number := sum(data_type not in found[each.id] for each in sessions))
    )
    return say("{type} (not for {sides})", type=data_type, sides=sides)

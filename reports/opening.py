"""How the page begins: the question, and how far these sessions answer it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.comparison import Comparison
from analyzer.models import Delta
from reports import words

_ADULT = 18


@dataclass(frozen=True, slots=True)
class Opening:
    """The first lines. `data` and `signals` count rows by verdict."""

    title: str
    data: dict[str, int]
    signals: dict[str, int]
    different: int  # rows about data
    beyond: int | None  # of these, more than adults differ; None without adult controls
    undecided: bool  # there are rows, and not one has a verdict
    causes: tuple[str, ...]  # of the rows that have none
    enough: int | None  # sessions a side that would do for all of them; None: no such number


def opening(comparison: Comparison) -> Opening:
    """Return what the head of the page says of `comparison`."""
    data = [row for row in comparison.deltas if row.kind == "data"]
    different = [row for row in data if row.verdict in words.DIFFERENT]
    numbers = [row.enough for row in comparison.deltas if row.verdict == "insufficient"]
    controlled = bool(comparison.a.controls and comparison.b.controls)
    return Opening(
        title=_title(comparison),
        data=_counts(data),
        signals=_counts(row for row in comparison.deltas if row.kind == "signal"),
        different=len(different),
        beyond=sum(map(bool, map(words.beyond_adults, different))) if controlled else None,
        undecided=bool(numbers) and len(numbers) == len(comparison.deltas),
        causes=words.causes(comparison.deltas),
        enough=None if None in numbers else max(filter(None, numbers), default=None),
    )


def _title(comparison: Comparison) -> str:
    """Return the question of the study where these sides can answer it, else their names."""
    a, b = comparison.a, comparison.b
    children = all(arm.age < _ADULT for arm in (*a.arms, *b.arms))
    if children and not {*a.countries} & {*b.countries}:
        return f"Does {comparison.app} treat children the same wherever they live?"
    return f"{comparison.app}: {a.title} and {b.title}"


def _counts(rows: Iterable[Delta]) -> dict[str, int]:
    verdicts: list[str] = [row.verdict for row in rows]
    return {verdict: verdicts.count(verdict) for verdict in words.MARKS}

"""What a report counts, by verdict: one meaning for each number, whatever the output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.comparison import Comparison
from analyzer.said import Said, say
from reports.flows import flows


@dataclass(frozen=True, slots=True)
class Counted:
    """One kind of thing that has a verdict, and how many have which."""

    title: Said
    meaning: Said
    different: int
    same: int
    insufficient: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.different + self.same + self.insufficient


def counted(comparison: Comparison) -> tuple[Counted, ...]:
    """Return flows of data, then rows of data, of signals, and measured rows."""
    rows = comparison.deltas
    return (
        _counted(
            say("flows of data"),
            say("one type of data to one recipient, over all phases: sent in any of them"),
            [each.verdict for each in flows(comparison)],
        ),
        _counted(
            say("rows of data"),
            say("one type of data to one recipient in one phase of the test"),
            [row.verdict for row in rows if row.kind == "data"],
        ),
        _counted(
            say("rows of signals"),
            say("one privacy signal to one recipient in one phase, for each thing it is set to"),
            [row.verdict for row in rows if row.kind == "signal"],
        ),
        _counted(
            say("measured rows"),
            say("one measured value, such as how soon something is sent, or how precise it is"),
            [row.verdict for row in comparison.magnitudes],
        ),
    )


def _counted(title: Said, meaning: Said, verdicts: Iterable[str]) -> Counted:
    found = list(verdicts)
    same, insufficient = found.count("same"), found.count("insufficient")
    return Counted(title, meaning, len(found) - same - insufficient, same, insufficient)

"""What a report counts, by verdict: one meaning for each number, whatever the output."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analyzer.comparison import Comparison
from analyzer.said import Said, say
from reports.flows import flows


@dataclass(frozen=True, slots=True)
class Counted:
    """One kind of thing that has a verdict, and how many have which.

    `within`: how near to each other the sides are where they are called the same.
    """

    title: Said
    meaning: Said
    different: int
    same: int
    insufficient: int
    within: Said

    @property
    def total(self) -> int:
        """All of them."""
        return self.different + self.same + self.insufficient


def counted(comparison: Comparison) -> tuple[Counted, ...]:
    """Return flows of data, then rows of data, of signals, and measured rows."""
    rows = comparison.deltas
    within = say("within {margin} points", margin=round(100 * comparison.settings.margin))
    return (
        _counted(
            say("flows of data"),
            say("one type of data to one recipient, over all phases: sent in any of them"),
            [each.verdict for each in flows(comparison)],
            within,
        ),
        _counted(
            say("rows of data"),
            say("one type of data to one recipient in one phase of the test"),
            [row.verdict for row in rows if row.kind == "data"],
            within,
        ),
        _counted(
            say("rows of signals"),
            say("one privacy signal to one recipient in one phase, for each thing it is set to"),
            [row.verdict for row in rows if row.kind == "signal"],
            within,
        ),
        _counted(
            say("measured rows"),
            say("one measured value, such as how soon something is sent, or how precise it is"),
            [row.verdict for row in comparison.magnitudes],
            say("within the margin of their measure"),
        ),
    )


def _counted(title: Said, meaning: Said, verdicts: Iterable[str], within: Said) -> Counted:
    found = list(verdicts)
    same, insufficient = found.count("same"), found.count("insufficient")
    different = len(found) - same - insufficient
    return Counted(title, meaning, different, same, insufficient, within)

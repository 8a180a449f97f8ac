"""What the rows of the page can be filtered by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from analyzer.comparison import Recipient
from analyzer.models import Delta, Verdict
from reports.naming import Names

_VERDICTS: tuple[Verdict, ...] = ("only_b", "more_b", "only_a", "more_a", "insufficient", "same")


class Filters:
    """The choices of each filter in words, and the numbers of those that a row falls under."""

    def __init__(self, rows: Sequence[tuple[Recipient, Delta]], names: Names) -> None:
        owners: dict[tuple[str, ...], str] = {}
        subjects: dict[str, str] = {}
        phases: dict[str, str] = {}
        for recipient, row in rows:
            owner = names.recipient(recipient.owner, recipient.sites)
            owners.setdefault(_owner(recipient), owner)
            subjects.setdefault(row.subject, names.subject(row))
            phases.setdefault(row.phase, row.phase)
        found = {row.verdict for _, row in rows}
        verdicts = {each: names.verdict(each) for each in _VERDICTS if each in found}
        self.choices: Mapping[str, Sequence[str]] = {
            "recipient": list(owners.values()),
            "subject": list(subjects.values()),
            "phase": list(phases.values()),
            "verdict": list(verdicts.values()),
        }
        self._places: tuple[Mapping[object, int], ...] = tuple(
            {key: place for place, key in enumerate(keys)}
            for keys in (owners, subjects, phases, verdicts)
        )

    def of(self, recipient: Recipient, row: Delta) -> list[str]:
        """Return the place of the choice that `row` falls under, for each filter in order."""
        keys = (_owner(recipient), row.subject, row.phase, row.verdict)
        return [str(places[key]) for places, key in zip(self._places, keys, strict=True)]


def _owner(recipient: Recipient) -> tuple[str, ...]:
    return (recipient.owner, recipient.party, *recipient.sites)

"""What each third party can join on one person, and whom it was told by: the page's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analyzer.linkage import Handover, Linkable, Linkage
from analyzer.models import Count

_MOST = 40  # rows of a table; the command has all
_WAYS = {
    "redirect": "sent on by a redirect",
    "set": "set by the one, then sent to the other",
    "shared": "sent to both by the app",
    "unsent": "in an answer, though the phone never sent it there",
}


@dataclass(frozen=True, slots=True)
class Joined:
    """One owner. `sides` are those of the page; None where a side has nothing of it."""

    owner: str
    parent: str
    sides: tuple[Linkable | None, Linkable | None]
    types: tuple[str, ...]  # labels
    identifiers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Handed:
    """What two owners can know the same person by."""

    giver: str
    taker: str
    how: str
    what: tuple[str, ...]  # labels, or shapes where nothing names the value
    counts: tuple[Count, ...]  # by side


@dataclass(frozen=True, slots=True)
class Ties:
    """Both tables, and how many rows of each are not shown."""

    joined: tuple[Joined, ...]
    handed: tuple[Handed, ...]
    more_joined: int
    more_handed: int
    warnings: tuple[str, ...]


def ties(found: Linkage, label: Callable[[str], str]) -> Ties:
    """Return the tables of `found`, which has the page's two sides as its groups."""
    names = tuple(group.name for group in found.groups)
    third = [each for each in found.linkable if each.party == "third" and each.count.k]
    by_owner: dict[str, dict[str, Linkable]] = {}
    for each in third:
        by_owner.setdefault(each.owner, {})[each.group] = each
    joined = sorted(
        (_joined(owner, of, names, label) for owner, of in by_owner.items()),
        key=lambda row: (-len(row.types), row.owner),
    )
    handed = [
        _handed(each, names, label)
        for each in found.handovers
        if each.certain and not each.same_company
    ]
    return Ties(
        joined=tuple(joined[:_MOST]),
        handed=tuple(handed[:_MOST]),
        more_joined=len(joined[_MOST:]),
        more_handed=len(handed[_MOST:]),
        warnings=found.warnings,
    )


def spread(each: Linkable) -> str:
    """Return how many types were joined in a session: the median, and the range if there is one."""
    middle = f"{each.median:g}"
    if each.smallest == each.largest:
        return middle
    return f"{middle} ({each.smallest} to {each.largest})"


def _joined(
    owner: str, of: dict[str, Linkable], names: Sequence[str], label: Callable[[str], str]
) -> Joined:
    a, b = (of.get(name) for name in names)
    every = list(of.values())
    return Joined(
        owner=owner,
        parent=every[0].parent,
        sides=(a, b),
        types=_labels((name for each in every for name in each.types), label),
        identifiers=_labels((name for each in every for name in each.identifiers), label),
    )


def _handed(each: Handover, names: Sequence[str], label: Callable[[str], str]) -> Handed:
    counts = {tally.group: tally.count for tally in each.tallies}
    named = _labels(each.data_types, label)
    return Handed(
        giver=each.giver,
        taker=each.taker,
        how=_WAYS[each.way],
        what=named or each.shapes,
        counts=tuple(counts[name] for name in names),
    )


def _labels(types: Iterable[str], label: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(label(each) for each in dict.fromkeys(types) if each)

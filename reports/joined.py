"""What each third party can join on one person, and whom it was told by: the page's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from analyzer.linkage import Handover, Linkable, Linkage
from analyzer.models import Count
from analyzer.said import Said, say
from reports import words

_MOST = 40  # rows of a table; the command has all
_WAYS = {
    "redirect": say("sent on by a redirect"),
    "set": say("set by the one, then sent to the other"),
    "shared": say("sent to both by the app"),
    "unsent": say("in an answer; not seen to be sent in this session"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What an owner can join on one side: by which identifiers, which types, in how many sessions.

    Without an identifier that stays `count.k` is 0, and nothing is joined.
    """

    count: Count
    identifiers: tuple[str, ...]  # labels
    size: Said  # how many types in a session
    types: tuple[str, ...]  # labels


@dataclass(frozen=True, slots=True)
class Joined:
    """One owner. `sides` are those of the page; None where a side sent it nothing."""

    owner: str
    parent: str
    sides: tuple[Known | None, ...]


@dataclass(frozen=True, slots=True)
class Handed:
    """What two owners can know the same person by; `ordered` if the first had it before."""

    giver: str
    taker: str
    ordered: bool
    how: Said
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
    third = [each for each in found.linkable if each.party == "third"]
    by_owner: dict[str, dict[str, Linkable]] = {}
    for each in third:
        by_owner.setdefault(each.owner, {})[each.group] = each
    joined = sorted(
        (
            _joined(owner, of, names, label)
            for owner, of in by_owner.items()
            if any(each.count.k for each in of.values())
        ),
        key=lambda row: (-max(len(side.types) for side in row.sides if side), row.owner),
    )
    handed = [
        _handed(each, names, label) for each in found.handovers if is_between_third_parties(each)
    ]
    return Ties(
        joined=tuple(joined[:_MOST]),
        handed=tuple(handed[:_MOST]),
        more_joined=len(joined[_MOST:]),
        more_handed=len(handed[_MOST:]),
        warnings=found.warnings,
    )


def is_between_third_parties(each: Handover) -> bool:
    """Tell whether two strangers certainly share an identifier, neither of them the app's maker."""
    first = "first" in (each.giver_party, each.taker_party)
    return each.certain and bool(each.giver) and not each.same_company and not first


def unnamed(shapes: Sequence[str] = ()) -> Said:
    """Return words for an identifier of which nothing says what it is.

    >>> unnamed(["uuid"]), unnamed()
    ('an identifier that nothing names (uuid)', 'an identifier that nothing names')
    """
    if shapes:
        return say("an identifier that nothing names ({shapes})", shapes=tuple(shapes))
    return say("an identifier that nothing names")


def _joined(
    owner: str, of: dict[str, Linkable], names: Sequence[str], label: Callable[[str], str]
) -> Joined:
    sides = (of.get(name) for name in names)
    return Joined(
        owner=owner,
        parent=next((each.parent for each in of.values() if each.parent != owner), ""),
        sides=tuple(_known(side, label) if side else None for side in sides),
    )


def _known(side: Linkable, label: Callable[[str], str]) -> Known:
    nameless = (unnamed(),) if "" in side.identifiers else ()
    sizes = words.spread(side.smallest, side.median, side.largest)
    return Known(
        count=side.count,
        identifiers=(*_labels(side.identifiers, label), *nameless),
        size=say("types in a session: {size}", size=sizes),
        types=_labels(side.types, label),
    )


def _handed(each: Handover, names: Sequence[str], label: Callable[[str], str]) -> Handed:
    counts = {tally.group: tally.count for tally in each.tallies}
    named = _labels(each.data_types, label)
    return Handed(
        giver=each.giver,
        taker=each.taker,
        ordered=each.way != "shared",
        how=_WAYS[each.way],
        what=named or (unnamed(each.shapes),),
        counts=tuple(counts[name] for name in names),
    )


def _labels(types: Iterable[str], label: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(label(each) for each in dict.fromkeys(types) if each)

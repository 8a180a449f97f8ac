"""Which rows of a comparison are shown: by recipient, data type, phase, or what is new.

Verdicts are those of the whole comparison: what is not shown still counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from analyzer.comparison import BlindSpot, Comparison, Recipient, Tally
from analyzer.errors import UserError
from analyzer.knowledge import Knowledge
from analyzer.magnitudes import Magnitude
from analyzer.models import Delta
from reports import words

_NAMED = 6  # names that a complaint lists


@dataclass(frozen=True, slots=True)
class Filter:
    """What to show. Of each list any may hold; of the lists all have to.

    `owners`: names of recipients or of the companies above them, whole or how they begin, in any
    case. `types`: data types, groups of them, or signals, by id or by label. `signals`: only
    these, or without them.
    `only_new`: only what side B has and A has not at all.
    """

    owners: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    signals: bool | None = None
    only_new: bool = False

    def __bool__(self) -> bool:
        """Whether it leaves anything out."""
        return self != Filter()

    def told(self) -> str:
        """Return it in words."""
        parts = [
            *(f"recipient {name}" for name in self.owners),
            *(f"type {name}" for name in self.types),
            *(f"phase {name}" for name in self.phases),
        ]
        if self.signals is not None:
            parts.append("signals only" if self.signals else "without signals")
        return ", ".join([*parts, "only what is new in +++"] if self.only_new else parts)


def narrowed(comparison: Comparison, wanted: Filter, knowledge: Knowledge) -> Comparison:
    """Return `comparison` with the rows that are `wanted`, and with what belongs to them.

    Tallies count these rows; all other figures are those of the whole. `UserError` where a name
    stands for nothing that there is.
    """
    if not wanted:
        return comparison
    who = _Recipients(comparison, knowledge)
    owners = who.named(wanted.owners) if wanted.owners else None
    types = _types(wanted.types, comparison, knowledge)
    _check_phases(wanted.phases, comparison)

    def shown(row: Delta | Magnitude) -> bool:
        signal = isinstance(row, Delta) and row.kind == "signal"
        return (
            (owners is None or who.of(row) in owners)
            and (not wanted.types or row.subject in types)
            and (not wanted.phases or row.phase in wanted.phases)
            and (wanted.signals is None or wanted.signals == signal)
            and (not wanted.only_new or row.verdict == "only_b")
        )

    deltas = tuple(filter(shown, comparison.deltas))
    magnitudes = tuple(filter(shown, comparison.magnitudes))
    rows: list[Delta | Magnitude] = [*deltas, *magnitudes]
    left = {who.of(row) for row in rows}
    examples = {each for row in rows for each in row.examples}
    counted = Counter((row.kind, row.verdict) for row in deltas)
    return replace(
        comparison,
        deltas=deltas,
        magnitudes=magnitudes,
        tallies=tuple(Tally(*key, rows) for key, rows in sorted(counted.items())),
        evidence=tuple(each for each in comparison.evidence if each.id in examples),
        recipients=tuple(each for each in comparison.recipients if who.name(each) in left),
        blind_spots=tuple(
            spot
            for spot in comparison.blind_spots
            if owners is None or not _who(spot) or _who(spot) in owners
        ),
    )


def _who(spot: BlindSpot) -> str:
    return spot.owner or spot.site


class _Recipients:
    """The recipients of a comparison by name, with the companies above them."""

    def __init__(self, comparison: Comparison, knowledge: Knowledge) -> None:
        self._by_host = {
            host: self.name(each) for each in comparison.recipients for host in each.hosts
        }
        names = {self.name(each) for each in comparison.recipients}
        names |= {_who(spot) for spot in comparison.blind_spots}
        names |= {each.owner or each.site for each in comparison.coverage}
        self._names = sorted(names - {""})
        self._parents = {
            name: knowledge.owners.parents[name]
            for name in self._names
            if name in knowledge.owners.parents
        }

    @staticmethod
    def name(recipient: Recipient) -> str:
        return words.recipient_name(recipient.owner, recipient.sites)

    def of(self, row: Delta | Magnitude) -> str:
        """Return the name of the recipient of a row; "" where it is of the whole app."""
        if row.owner or isinstance(row, Magnitude):
            return row.owner
        return next((self._by_host[host] for host in row.hosts if host in self._by_host), "")

    def named(self, wanted: Sequence[str]) -> frozenset[str]:
        """Return all recipients that any of the `wanted` names stands for."""
        return frozenset(name for each in wanted for name in self._one(each))

    def _one(self, wanted: str) -> list[str]:
        folded = wanted.casefold()
        every = [*self._names, *self._parents.values()]
        exact = any(name.casefold() == folded for name in every)

        def fits(name: str) -> bool:
            known = name.casefold()
            return known == folded if exact else bool(folded) and known.startswith(folded)

        found = [name for name in self._names if fits(name) or fits(self._parents.get(name, "\0"))]
        if not found:
            raise _unknown("recipient", wanted, every)
        return found


def _types(wanted: Sequence[str], comparison: Comparison, knowledge: Knowledge) -> frozenset[str]:
    """Return the data types and signals that `wanted` stands for."""
    rows = {row.subject for row in comparison.deltas}
    every = {*knowledge.types, *knowledge.signals, *rows}
    groups: dict[str, set[str]] = {"signals": set(knowledge.signals)}
    for name in every:
        groups.setdefault(name.partition(".")[0], set()).add(name)
    for each in knowledge.types.values():
        groups.setdefault(each.group, set()).add(each.id)
        groups.setdefault(words.group(each.group), set()).add(each.id)
        groups.setdefault(each.label, set()).add(each.id)
    for signal in knowledge.signals.values():
        groups.setdefault(signal.title, set()).add(signal.id)
    named = {name.casefold(): name for name in (*groups, *every)}
    found: set[str] = set()
    for given in wanted:
        name = named.get(given.casefold(), "")
        if not name:
            raise _unknown("data type, group or signal", given, [*every, *groups])
        found |= {name} if name in every else groups[name]
    return frozenset(found)


def _check_phases(wanted: Sequence[str], comparison: Comparison) -> None:
    known = dict.fromkeys([*comparison.phases, *(row.phase for row in comparison.deltas)])
    for name in wanted:
        if name not in known:
            raise _unknown("phase", name, known)


def _unknown(what: str, name: str, known: Collection[str]) -> UserError:
    """Return the complaint about a name that nothing has, with those that are nearest to it."""
    by_fold: Mapping[str, str] = {each.casefold(): each for each in known if each}
    near = get_close_matches(name.casefold(), by_fold, _NAMED // 2)
    near += [each for each in by_fold if name and name.casefold() in each and each not in near]
    if near:
        return UserError(f"no {what} {name!r}", f"did you mean {_some(by_fold, near)}?")
    return UserError(f"no {what} {name!r}", f"there are {_some(by_fold, sorted(by_fold))}")


def _some(names: Mapping[str, str], chosen: Iterable[str]) -> str:
    listed = [names[each] for each in chosen]
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more

"""What is to be looked for in a request of one kind, decided once for each kind and set of paths.

Requests are of one kind where the same endpoints and signals hold for them. An app sends the same
paths again and again; what their leaves may be is decided for all of them together, and a request
whose paths are known costs one look-up for each of its parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import Final, TypeVar

from analyzer.extract.generic import NAMED_PARTS, Decision
from analyzer.extract.judging import Judging
from analyzer.extract.places import PlaceIndex, place_of
from analyzer.extract.rules import CompiledEndpoint, CompiledRule, RuleBook, body_test, rule_index
from analyzer.extract.signals import SignalBook, SignalField, field_index
from analyzer.knowledge import Knowledge
from analyzer.leaves import Leaves
from analyzer.models import Exchange, Part

_K = TypeVar("_K")
_V = TypeVar("_V")
MOST_REMEMBERED: Final = 20_000
_MOST_PLANNED: Final = 200_000  # paths of all plans together
_LONGEST_PLAN: Final = 2_000  # paths
_place_of: Final = lru_cache(4096)(place_of)


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """What rules and signals say of a leaf at one place of one kind of request."""

    rules: tuple[CompiledRule, ...]
    signals: tuple[str, ...]
    contradicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with the leaves of one part, by their positions among those of this part.

    `named` are those whose key may say what they are, `bare` those of which only the value can.
    """

    ruled: tuple[tuple[int, Ruling], ...]
    named: tuple[tuple[int, Decision], ...]
    bare: tuple[tuple[int, Decision], ...]


@dataclass(slots=True)
class Kind:
    """Requests for which the same rules and signals hold, with the decisions made so far."""

    rules: PlaceIndex[CompiledRule]
    fields: PlaceIndex[SignalField]
    tracker: bool  # the host is known to follow people
    rulings: dict[tuple[Part, str], Ruling | None] = field(default_factory=dict)
    plans: dict[tuple[Part, tuple[str, ...]], Plan] = field(default_factory=dict)


class Kinds:
    """The kinds of requests that were met in one session."""

    def __init__(self, knowledge: Knowledge, signals: SignalBook, judging: Judging) -> None:
        self._rules = RuleBook(knowledge.trackers)
        self._signals = signals
        self._judging = judging
        self._at_url: dict[
            tuple[str, str, str], tuple[tuple[CompiledEndpoint, ...], tuple[SignalField, ...], bool]
        ] = {}
        self._kinds: dict[tuple[tuple[int, ...], tuple[int, ...], bool], Kind] = {}
        self._quick: dict[tuple[str, str, str], Kind] = {}  # where the body does not matter
        self._by_body: dict[tuple[tuple[str, str, str], tuple[str, ...]], Kind] = {}
        self._planned = self._told = 0

    def of(self, exchange: Exchange, leaves: Leaves) -> Kind:
        """Return the kind of `exchange`, of which `leaves` were read."""
        host, path = _place_of(exchange.url.partition("?")[0])
        url = (exchange.method, host, path)
        kind = self._quick.get(url)
        if kind is not None:
            return kind
        known = self._at_url.get(url)
        if known is None:
            known = (
                self._rules.endpoints(exchange.method.upper(), host, path),
                self._signals.fields(host, path),
                self._judging.tracks(host),
            )
            remember(self._at_url, url, known)
        endpoints, fields, tracker = known
        by_body = any(each.body_has for each in endpoints) or any(
            each.match.body_has for each in fields
        )
        if by_body:
            paths = tuple(
                chain.from_iterable(
                    leaves.paths[start:end] for part, start, end in leaves.spans() if part == "body"
                )
            )
            kind = self._by_body.get((url, paths))
            if kind is not None:
                return kind
            has = body_test(paths)
            endpoints = tuple(each for each in endpoints if all(map(has, each.body_has)))
            fields = tuple(each for each in fields if all(map(has, each.match.body_has)))
        key = (tuple(map(id, endpoints)), tuple(map(id, fields)), tracker)
        kind = self._kinds.get(key)
        if kind is None:
            kind = Kind(rule_index(endpoints), field_index(fields), tracker)
            remember(self._kinds, key, kind)
        if not by_body:
            remember(self._quick, url, kind)
        elif len(paths) <= _LONGEST_PLAN:
            self._told += len(paths) + 1
            if self._told > _MOST_PLANNED:
                self._told = len(paths) + 1
                self._by_body.clear()
            self._by_body[url, paths] = kind
        return kind

    def plan(self, kind: Kind, part: Part, paths: tuple[str, ...]) -> Plan:
        """Return what to do with the leaves at `paths` of `part`, in a request of `kind`."""
        known = kind.plans.get((part, paths))
        return known if known is not None else self._made(kind, part, paths)

    def _made(self, kind: Kind, part: Part, paths: tuple[str, ...]) -> Plan:
        rulings = [self._ruling(kind, part, path) for path in paths]
        named: list[tuple[int, Decision]] = []
        bare: list[tuple[int, Decision]] = []
        # What an answer says is known by rules only: a name there can be anybody's.
        unknown = [ruling is None or not (ruling.rules or ruling.signals) for ruling in rulings]
        if part in NAMED_PARTS and any(unknown):
            decided = self._judging.decisions(kind.tracker, part, paths)
            for at, (open_, decision) in enumerate(zip(unknown, decided, strict=True)):
                if open_ and decision is not None:
                    (named if decision.candidates else bare).append((at, decision))
        ruled = tuple((at, ruling) for at, ruling in enumerate(rulings) if ruling is not None)
        plan = Plan(ruled, tuple(named), tuple(bare))
        if len(paths) <= _LONGEST_PLAN:
            self._planned += len(paths)
            if self._planned > _MOST_PLANNED:
                self._planned = len(paths)
                for each in self._kinds.values():
                    each.plans.clear()
            kind.plans[part, paths] = plan
        return plan

    def _ruling(self, kind: Kind, part: Part, path: str) -> Ruling | None:
        place = (part, path)
        if place in kind.rulings:
            return kind.rulings[place]
        rules = tuple(kind.rules.at(part, path))
        fields = kind.fields.at(part, path)
        own = tuple(dict.fromkeys(each.signal for each in fields if not each.contradicts))
        against = tuple(dict.fromkeys(each.signal for each in fields if each.contradicts))
        ruling = Ruling(rules, own, against) if rules or own or against else None
        remember(kind.rulings, place, ruling)
        return ruling


def positions(leaves: Leaves) -> dict[Part, Sequence[int]]:
    """Return where the leaves of each part stand."""
    found: dict[Part, Sequence[int]] = {}
    for part, start, end in leaves.spans():
        here = range(start, end)
        found[part] = [*found[part], *here] if part in found else here
    return found


def remember(memory: dict[_K, _V], key: _K, value: _V) -> None:
    """Keep `value`; what was kept is forgotten at once where hostile traffic has filled it."""
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[key] = value

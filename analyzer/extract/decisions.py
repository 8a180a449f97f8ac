"""What is to be looked for in a request of one kind, decided once for each kind and set of paths.

Requests are of one kind where the same endpoints and signals hold for them. An app sends the same
paths again and again; what their leaves may be is decided for all of them together, and a request
whose paths are known costs one look-up for each of its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from analyzer.extract.generic import NAMED_PARTS, Decision
from analyzer.extract.judging import Judging
from analyzer.extract.places import PlaceIndex, place_of
from analyzer.extract.rules import CompiledEndpoint, CompiledRule, RuleBook, body_test, rule_index
from analyzer.extract.signals import SignalBook, SignalField, field_index
from analyzer.extract.telling import GuessedPlace, Place, RuledPlace, Telling, Where
from analyzer.knowledge import Knowledge
from analyzer.leaves import Leaves, Run, Steps
from analyzer.models import Exchange, Part

_K = TypeVar("_K")
_V = TypeVar("_V")
MOST_REMEMBERED: Final = 20_000
_MOST_PLANNED: Final = 200_000  # paths of all plans together
_LONGEST_PLAN: Final = 2_000  # paths
_place_of: Final = lru_cache(4096)(place_of)


class OfPart(NamedTuple):
    """The leaves of one part; `runs` say their steps, and count positions from `first`."""

    part: Part
    paths: tuple[str, ...]
    values: Sequence[str]
    runs: Sequence[Run]
    first: int


_of_part: Final = OfPart._make


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """What rules and signals say of a leaf at one place of one kind of request.

    `perhaps` are signals of which only a value that can be read as theirs is one.
    """

    rules: tuple[CompiledRule, ...]
    signals: tuple[str, ...]
    perhaps: tuple[str, ...]
    contradicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with the leaves of one part, by their positions among those of this part.

    `places` and `at` are what is looked up and where, in the order of paths; `bare` what is so only
    where a value may speak for itself. Where several have the same path (`again`), places come in
    the order in which they have the say.
    """

    places: tuple[Place, ...]
    at: tuple[int, ...]
    bare: tuple[tuple[int, Place], ...]
    signals: tuple[tuple[int, Ruling, Steps], ...]
    again: bool


_PlanKey = tuple[Part, tuple[str, ...], Steps | tuple[tuple[int, Steps], ...]]


@dataclass(slots=True)
class Kind:
    """Requests for which the same rules and signals hold, with the decisions made so far."""

    rules: PlaceIndex[CompiledRule]
    fields: PlaceIndex[SignalField]
    tracker: bool  # the host is known to follow people
    rulings: dict[tuple[Part, str], Ruling | None] = field(default_factory=dict)
    plans: dict[_PlanKey, Plan] = field(default_factory=dict)
    places: dict[tuple[Where, Ruling | Decision], Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _AtUrl:
    """What may hold for requests to one URL; `by_body` where what their body has decides too."""

    endpoints: tuple[CompiledEndpoint, ...]
    fields: tuple[SignalField, ...]
    tracker: bool
    by_body: bool


class Kinds:
    """The kinds of requests that were met in one session."""

    def __init__(
        self, knowledge: Knowledge, signals: SignalBook, judging: Judging, telling: Telling
    ) -> None:
        self._rules = RuleBook(knowledge.trackers)
        self._signals = signals
        self._judging = judging
        self._telling = telling
        self._at_url: dict[tuple[str, str, str], _AtUrl] = {}
        self._kinds: dict[tuple[tuple[int, ...], tuple[int, ...], bool], Kind] = {}
        self._quick: dict[tuple[str, str, str], Kind] = {}  # where the body does not matter
        self._by_body: dict[tuple[tuple[str, str, str], tuple[str, ...]], Kind] = {}
        self._planned = self._told = 0

    def of(self, exchange: Exchange, parts: Iterable[OfPart]) -> Kind:
        """Return the kind of `exchange`, of which the leaves of `parts` were read."""
        host, path = _place_of(exchange.url.partition("?")[0])
        url = (exchange.method, host, path)
        kind = self._quick.get(url)
        if kind is not None:
            return kind
        known = self._at_url.get(url)
        if known is None:
            known = self._looked_up(*url)
            remember(self._at_url, url, known)
        endpoints, fields, tracker = known.endpoints, known.fields, known.tracker
        if known.by_body:
            paths = next((each.paths for each in parts if each.part == "body"), ())
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
        if not known.by_body:
            remember(self._quick, url, kind)
        elif len(paths) <= _LONGEST_PLAN:
            self._told += len(paths) + 1
            if self._told > _MOST_PLANNED:
                self._told = len(paths) + 1
                self._by_body.clear()
            self._by_body[url, paths] = kind
        return kind

    def _looked_up(self, method: str, host: str, path: str) -> _AtUrl:
        endpoints = self._rules.endpoints(method.upper(), host, path)
        fields = self._signals.fields(host, path)
        by_body = any(each.body_has for each in endpoints) or any(
            each.match.body_has for each in fields
        )
        return _AtUrl(endpoints, fields, self._judging.tracks(host), by_body)

    def plan(self, kind: Kind, leaves: OfPart) -> Plan:
        """Return what to do with `leaves`, all of one part of a request of `kind`."""
        part, paths, _, runs, first = leaves
        steps = runs[0][2] if len(runs) == 1 else tuple([(run[0] - first, run[2]) for run in runs])
        known = kind.plans.get((part, paths, steps))
        return known if known is not None else self._made(kind, (part, paths, steps), leaves)

    def _made(self, kind: Kind, key: _PlanKey, leaves: OfPart) -> Plan:
        part, paths, _, runs, first = leaves
        starts = [*[run.start - first for run in runs[1:]], len(paths)]
        steps: list[Steps] = []
        for run, end in zip(runs, starts, strict=True):
            steps += [run.steps] * (end - len(steps))
        rulings = [self._ruling(kind, part, path) for path in paths]
        # What an answer says is known by rules only: a name there can be anybody's.
        unknown = [ruling is None or not (ruling.rules or ruling.signals) for ruling in rulings]
        decided: Sequence[Decision | None] = [None] * len(paths)
        if part in NAMED_PARTS and any(unknown):
            decided = self._judging.decisions(kind.tracker, part, paths)
        ruled: list[tuple[int, Place]] = []
        named: list[tuple[int, Place]] = []
        bare: list[tuple[int, Place]] = []
        for at, (ruling, decision) in enumerate(zip(rulings, decided, strict=True)):
            where = Where(part, paths[at], steps[at])
            if ruling is not None and ruling.rules:
                ruled.append((at, self._place(kind, where, ruling)))
            elif unknown[at] and decision is not None:
                to = named if decision.candidates else bare
                to.append((at, self._place(kind, where, decision)))
        asked = [*ruled, *named]
        again = len(set(paths)) < len(paths)
        if not again:
            asked.sort(key=lambda each: each[1].path)
        plan = Plan(
            tuple(place for _, place in asked),
            tuple(at for at, _ in asked),
            tuple(bare),
            tuple(
                (at, ruling, steps[at])
                for at, ruling in enumerate(rulings)
                if ruling is not None and (ruling.signals or ruling.perhaps or ruling.contradicts)
            ),
            again,
        )
        if len(paths) <= _LONGEST_PLAN:
            self._planned += len(paths)
            if self._planned > _MOST_PLANNED:
                self._planned = len(paths)
                for each in self._kinds.values():
                    each.plans.clear()
                    each.places.clear()
            kind.plans[key] = plan
        return plan

    def _place(self, kind: Kind, where: Where, what: Ruling | Decision) -> Place:
        """Return the place, the same one for all plans: what is known of it holds for all."""
        place = kind.places.get((where, what))
        if place is None:
            if isinstance(what, Ruling):
                place = RuledPlace(self._telling, where, what.rules)
            else:
                place = GuessedPlace(self._telling, where, what)
            remember(kind.places, (where, what), place)
        return place

    def _ruling(self, kind: Kind, part: Part, path: str) -> Ruling | None:
        place = (part, path)
        if place in kind.rulings:
            return kind.rulings[place]
        rules = tuple(kind.rules.at(part, path))
        fields = kind.fields.at(part, path)
        own = _signals(each for each in fields if not (each.contradicts or each.match.if_readable))
        perhaps = _signals(
            each
            for each in fields
            if each.match.if_readable and not each.contradicts and each.signal not in own
        )
        against = _signals(each for each in fields if each.contradicts)
        some = rules or own or perhaps or against
        ruling = Ruling(rules, own, perhaps, against) if some else None
        remember(kind.rulings, place, ruling)
        return ruling


def _signals(fields: Iterable[SignalField]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.signal for each in fields))


def parts_of(leaves: Leaves) -> list[OfPart]:
    """Return the leaves of each part, the parts in the order in which they came."""
    all_paths, values, runs = leaves.paths, leaves.values, leaves.runs
    if not runs:
        return []
    found: list[OfPart] = []
    met: set[Part] = set()
    begun, start, part = 0, 0, runs[0][1]
    for at, (first, other, _) in enumerate(runs):
        if other != part:
            met.add(part)
            paths = tuple(all_paths[start:first])
            found.append(_of_part((part, paths, values[start:first], runs[begun:at], start)))
            begun, start, part = at, first, other
    paths = tuple(all_paths[start:])
    found.append(_of_part((part, paths, values[start:], runs[begun:], start)))
    return _merged(found) if len(met) + (part not in met) < len(found) else found


def _merged(stretches: Iterable[OfPart]) -> list[OfPart]:
    """Return the leaves of each part where they lie in several pieces."""
    found: dict[Part, OfPart] = {}
    for part, paths, values, runs, first in stretches:
        before = found.get(part) or OfPart(part, (), [], [], 0)
        moved = len(before.paths) - first
        again = [Run(start + moved, part, steps) for start, _, steps in runs]
        found[part] = OfPart(
            part, before.paths + paths, [*before.values, *values], [*before.runs, *again], 0
        )
    return list(found.values())


def remember(memory: dict[_K, _V], key: _K, value: _V) -> None:
    """Keep `value`; what was kept is forgotten at once where hostile traffic has filled it."""
    if len(memory) >= MOST_REMEMBERED:
        memory.clear()
    memory[key] = value

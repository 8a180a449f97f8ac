"""Asks `Generic` about the leaves that no rule knows, and remembers what it said.

A phone says the same of itself in every request, so that nearly every answer is one look-up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from analyzer.extract.confidence import company
from analyzer.extract.generic import NAMED_PARTS, Decision, Generic, Judged
from analyzer.knowledge import Knowledge, Owners, Tracker
from analyzer.models import Part

_MOST_REMEMBERED: Final = 4_000
_LONGEST_REMEMBERED: Final = 256
_TRACKING: Final = frozenset(("advertising", "analytics", "attribution"))

_K = TypeVar("_K")
_V = TypeVar("_V")
Place = tuple[Part, str]  # part, path


class Judging:
    """What leaves are by their names, values and surroundings; built once for each session."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._generic = Generic(knowledge.types, knowledge.vocabulary)
        self._looks = self._generic.values.kind
        self._owners: Owners = knowledge.owners
        self._own_hosts = _tracking_hosts(knowledge.trackers)
        self._tracks: dict[str, bool] = {}
        self._places: dict[Place, tuple[Place, bool]] = {}
        self._decisions: dict[tuple[bool, Place, int], Decision | None] = {}
        self.dull: set[str] = set()  # values whose looks say nothing

    def tracks(self, host: str) -> bool:
        """Tell whether `host` (lower case, no port) is known to follow people."""
        known = self._tracks.get(host)
        if known is None:
            entry = self._owners.lookup(host)
            known = bool(entry and entry.category in _TRACKING)
            rest = host
            while rest and not known:
                known = rest in self._own_hosts
                rest = rest.partition(".")[2]
            _room(self._tracks)
            self._tracks[host] = known
        return known

    def decisions(self, tracker: bool, part: Part, paths: Sequence[str]) -> list[Decision | None]:
        """Return what may be found at each of `paths`, which are all of this part of a request.

        Those that rules know are among them: a key is judged by what stands beside it. `tracker` as
        `tracks` says of the host.
        """
        places: list[Place] = [(part, path) for path in paths]
        telling: dict[Place, set[str]] = {}
        for place in places:
            container, tells = self._place(place)
            if tells:
                telling.setdefault(container, set()).add(place[1])
        found = []
        for place in places:
            others = telling.get(self._place(place)[0], ())
            count = company(len(others) - (place[1] in others)) if others else 0
            found.append(self._decision(tracker, place, count))
        return found

    def may_tell(self, value: str) -> bool:
        """Tell whether the looks of `value` may say what it is, whatever stands beside it.

        Who asks has seen that it is neither in `dull` nor a number of any length but an IMEI's.
        """
        if self._looks(value.strip(), 2):
            return True
        if len(value) <= _LONGEST_REMEMBERED:
            if len(self.dull) >= _MOST_REMEMBERED:
                self.dull.clear()
            self.dull.add(value)
        return False

    def judge(self, decision: Decision, value: str) -> Judged | None:
        """Return what `value` is at a place of which `decision` was made; not remembered here."""
        return self._generic.judge(decision, value)

    def _place(self, place: Place) -> tuple[Place, bool]:
        known = self._places.get(place)
        if known is None:
            if place[0] in NAMED_PARTS:
                container, tells = self._generic.place(place[1])
            else:
                container, tells = "", False
            known = ((place[0], container), tells)
            _room(self._places)
            self._places[place] = known
        return known

    def _decision(self, tracker: bool, place: Place, siblings: int) -> Decision | None:
        key = (tracker, place, siblings)
        if key in self._decisions:
            return self._decisions[key]
        decision = self._generic.decide(tracker, place[0], place[1], siblings)
        if len(self._decisions) >= _MOST_REMEMBERED:
            self._decisions.clear()
        self._decisions[key] = decision
        return decision


def _tracking_hosts(trackers: Iterable[Tracker]) -> frozenset[str]:
    """Return the hosts, and the domains with all below them, that rules say follow people."""
    return frozenset(
        host.removeprefix("*.")
        for tracker in trackers
        for endpoint in tracker.endpoints
        for host in endpoint.hosts
        if host != "*" and (endpoint.purpose or tracker.purpose) in _TRACKING
    )


def _room(memory: dict[_K, _V], most: int = _MOST_REMEMBERED) -> None:
    """Forget everything at once where hostile traffic has filled `memory`."""
    if len(memory) >= most:
        memory.clear()

"""Which privacy signals a request or its answer carries, and what they say for a minor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analyzer.extract.places import HostIndex, PlaceIndex, url_path_test
from analyzer.extract.readings import Reading
from analyzer.extract.shapes import is_blank
from analyzer.extract.verdicts import Reader, reader
from analyzer.knowledge import FieldMatch, SignalDef
from analyzer.leaves import Leaves
from analyzer.models import Part, Problem, Signal

_ZERO: Final = "+-0."
# What an OpenRTB bid request has in each of its versions: above it, the request begins.
_IMPRESSION: Final = re.compile(r"(?:^|\.)(?:imp|openrtb\.request\.item)\.[0-9]+\.")
_Scope = str | None  # the path of a bid request among several; None for what is in none of them
BAD_STRING: Final = "bad_consent_string"  # code of a `Problem`: a consent string is damaged


@dataclass(frozen=True, slots=True)
class SignalField:
    """A place of a signal: of its own value, or of what contradicts it."""

    signal: str
    contradicts: bool
    match: FieldMatch
    path_test: Callable[[str], bool]


class SignalBook:
    """All signals, by host. `age` is the one that the account was registered with, if known."""

    def __init__(self, signals: Mapping[str, SignalDef], age: int | None = None) -> None:
        self._age = age
        self._readers: dict[str, Reader] = {}
        self._hosts: HostIndex[SignalField] = HostIndex()
        for definition in signals.values():
            self._readers[definition.id] = reader(definition)
            for match in definition.fields:
                self._add(definition.id, match, contradicts=False)
            for match in definition.contradicted_by:
                self._add(definition.id, match, contradicts=True)

    def fields(self, host: str, path: str) -> tuple[SignalField, ...]:
        """Return the places to look at in a request to `host` and `path`."""
        return tuple(field for field in self._hosts.at(host) if field.path_test(path))

    def read(self, signal: str, value: str) -> Reading:
        """Return what a signal's value says by itself, and what of it may be shown."""
        return self._readers[signal].read(value, self._age)

    def _add(self, signal: str, match: FieldMatch, *, contradicts: bool) -> None:
        field = SignalField(signal, contradicts, match, url_path_test(match.url_paths))
        for host in match.hosts:
            self._hosts.add(host, field)


class Heard:
    """The signals of one exchange, until all of it was read: then they are judged together."""

    def __init__(self, exchange: str) -> None:
        self.exchange = exchange
        self._told: dict[tuple[str, Part, str], tuple[Signal, Reading]] = {}
        self._against: dict[str, set[tuple[Part, str]]] = {}

    def add(self, path: str, signal: Signal, reading: Reading) -> None:
        """Add `signal` as `reading` has it by itself; at one `path` the first one stands."""
        self._told.setdefault((signal.signal, signal.part, path), (signal, reading))

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._told)

    def oppose(self, signals: Iterable[str], part: Part, path: str) -> None:
        """Note that what contradicts `signals` (their ids) stands at `path` of `part`."""
        for signal in signals:
            self._against.setdefault(signal, set()).add((part, path))

    def signals(self, leaves: Leaves) -> tuple[Signal, ...]:
        """Return the signals as they stand beside each other in `leaves`.

        Contradictory is a protective one beside what it forbids, and each that says of a topic
        something else than another does. Of several bid requests in one body each stands for
        itself: what is in one of them says nothing of its neighbours.
        """
        said: dict[str, set[str]] = {}
        for _, reading in self._told.values():
            for topic, claim in reading.claims:
                said.setdefault(topic, set()).add(claim)
        disputed = {topic for topic, claims in said.items() if len(claims) > 1}
        if not (disputed or self._against):
            return tuple([signal for signal, _ in self._told.values()])
        scopes = _Scopes(leaves)
        claimed = self._claimed(scopes, disputed)
        against = {
            signal: {scopes.of(*place) for place in places}
            for signal, places in self._against.items()
        }
        return tuple(
            replace(signal, verdict="contradictory")
            if (
                signal.verdict == "protective"
                and _meets(scopes.of(part, path), against.get(signal.signal, set()))
            )
            or any(
                len(_beside(claimed[topic], scopes.of(part, path))) > 1
                for topic, _ in reading.claims
                if topic in disputed
            )
            else signal
            for (_, part, path), (signal, reading) in self._told.items()
        )

    def _claimed(self, scopes: _Scopes, topics: set[str]) -> dict[str, dict[_Scope, set[str]]]:
        """Return what is claimed of each of `topics`, by bid request."""
        found: dict[str, dict[_Scope, set[str]]] = {}
        for (_, part, path), (_, reading) in self._told.items():
            for topic, claim in reading.claims:
                if topic in topics:
                    by_scope = found.setdefault(topic, {})
                    by_scope.setdefault(scopes.of(part, path), set()).add(claim)
        return found

    def problems(self) -> tuple[Problem, ...]:
        """Return the consent strings that could not be read, each once."""
        faults = dict.fromkeys(reading.fault for _, reading in self._told.values() if reading.fault)
        return tuple(Problem(self.exchange, "extract", BAD_STRING, fault) for fault in faults)


class _Scopes:
    """Which of several bid requests in the body of a request a leaf belongs to."""

    def __init__(self, leaves: Leaves) -> None:
        found: set[str] = set()
        for part, start, end in leaves.spans():
            if part == "body":
                for path in leaves.paths[start:end]:
                    if begun := _IMPRESSION.search(path):
                        found.add(path[: begun.start()])
        # A body that is one bid request may hold others, of which it says the same.
        self._requests = found if len(found) > 1 and "" not in found else set()

    def of(self, part: Part, path: str) -> _Scope:
        """Return the outermost bid request that holds `path`, or None."""
        if not self._requests or part != "body":
            return None
        end = path.find(".")
        while end >= 0:
            if path[:end] in self._requests:
                return path[:end]
            end = path.find(".", end + 1)
        return None


def _meets(scope: _Scope, others: set[_Scope]) -> bool:
    """Tell whether what is in `scope` stands beside what is in one of `others`."""
    return scope in others or None in others or (scope is None and bool(others))


def _beside(claims: Mapping[_Scope, set[str]], scope: _Scope) -> set[str]:
    """Return the claims that stand beside one in `scope`."""
    if scope is None:
        return set().union(*claims.values())
    return claims.get(scope, set()) | claims.get(None, set())


def field_index(fields: Sequence[SignalField]) -> PlaceIndex[SignalField]:
    """Return the places of signals by part and path."""
    index: PlaceIndex[SignalField] = PlaceIndex()
    for field in fields:
        index.add(field.match.parts, field.match.paths, field)
    return index


def contradicts(value: str) -> bool:
    """Tell whether what should not be there says something: zeros and blanks do not."""
    text = value.strip()
    return not is_blank(text) and bool(text.strip(_ZERO))

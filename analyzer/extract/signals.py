"""Which privacy signals a request or its answer carries, and what they say for a minor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analyzer.extract.places import HostIndex, PlaceIndex, url_path_test
from analyzer.extract.readings import Reading
from analyzer.extract.shapes import is_blank
from analyzer.extract.verdicts import Reader, reader
from analyzer.knowledge import FieldMatch, SignalDef
from analyzer.models import Leaf, Part, Problem, Signal

_ZERO: Final = "+-0."
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
        self._exchange = exchange
        self._told: dict[tuple[str, Part, str], tuple[Signal, Reading]] = {}
        self._against: set[str] = set()

    def add(self, path: str, signal: Signal, reading: Reading) -> None:
        """Add `signal` as `reading` has it by itself; at one `path` the first one stands."""
        self._told.setdefault((signal.signal, signal.part, path), (signal, reading))

    def oppose(self, signals: Iterable[str]) -> None:
        """Note that what contradicts `signals` (their ids) is in the exchange."""
        self._against.update(signals)

    def signals(self) -> tuple[Signal, ...]:
        """Return the signals as they stand beside each other.

        Contradictory is a protective one beside what it forbids, and each that says of a topic
        something else than another does.
        """
        said: dict[str, set[str]] = {}
        for _, reading in self._told.values():
            for topic, claim in reading.claims:
                said.setdefault(topic, set()).add(claim)
        disputed = {topic for topic, claims in said.items() if len(claims) > 1}
        return tuple(
            self._settled(signal, reading, disputed) for signal, reading in self._told.values()
        )

    def problems(self) -> tuple[Problem, ...]:
        """Return the consent strings that could not be read, each once."""
        faults = dict.fromkeys(reading.fault for _, reading in self._told.values() if reading.fault)
        return tuple(Problem(self._exchange, "extract", BAD_STRING, fault) for fault in faults)

    def _settled(self, signal: Signal, reading: Reading, disputed: set[str]) -> Signal:
        opposed = signal.verdict == "protective" and signal.signal in self._against
        if opposed or any(topic in disputed for topic, _ in reading.claims):
            return replace(signal, verdict="contradictory")
        return signal


def field_index(fields: Sequence[SignalField]) -> PlaceIndex[SignalField]:
    """Return the places of signals by part and path."""
    index: PlaceIndex[SignalField] = PlaceIndex()
    for field in fields:
        index.add(field.match.parts, field.match.paths, field)
    return index


def contradicts(leaf: Leaf) -> bool:
    """Tell whether a leaf that should not be there says something: zeros and blanks do not."""
    text = leaf.value.strip()
    return not is_blank(text) and bool(text.strip(_ZERO))

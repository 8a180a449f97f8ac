"""Setting the two readings against each other, request by request and place by place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.data.trackhar.adapters import Adapter, Fact, read_adapters
from analyzer.data.trackhar.places import Place, fits, places
from analyzer.data.trackhar.rules import accepted
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Match
from benchmarks.trackhar_parity.reading import PACKAGE, Finding, Ours, Theirs

# Findings of TrackHAR that are none: (adapter, property, path) -> why.
EXCEPTIONS: Mapping[tuple[str, str, str], str] = {}
_REQUEST = ("path", "query", "header", "cookie", "body")


@dataclass(frozen=True, slots=True)
class Miss:
    """A finding of TrackHAR that this program does not have; `entry` counts from 0."""

    entry: int
    adapter: str
    property: str
    place: str
    types: tuple[str, ...]  # any of these would do


@dataclass(frozen=True, slots=True)
class Parity:
    """How the readings of one file compare. A pair is (request, kind of data), each once."""

    file: str
    requests: int
    listed: int  # findings of TrackHAR
    pairs: int  # of TrackHAR
    pairs_found: int
    excepted: int
    misses: tuple[Miss, ...]
    alone: Mapping[str, int]  # method -> pairs that only this program has
    alone_types: Mapping[str, int]  # data type -> the same
    our_rate: float  # requests a second
    their_rate: float

    @property
    def recall(self) -> float:
        """The share of TrackHAR's pairs that this program has; 1 where there are none."""
        return self.pairs_found / self.pairs if self.pairs else 1.0


class Adapters:
    """TrackHAR's own description of its findings, looked up by what a finding says."""

    def __init__(self) -> None:
        self.knowledge: Knowledge = load_knowledge()
        self._adapters = {each.name: each for each in read_adapters(PACKAGE)[1]}
        self._facts = {
            (name, fact.property, fact.context, fact.path): fact
            for name, adapter in self._adapters.items()
            for fact in adapter.facts
        }
        self._places: dict[str, dict[Fact, Place]] = {}

    def describe(self, finding: Finding) -> tuple[frozenset[str], Place | None]:
        """Return the data types that count for `finding`, and its place in our notation."""
        adapter = self._adapters[finding.adapter]
        key = (finding.adapter, finding.property, finding.context, finding.path)
        fact = self._facts[key]
        return accepted(self.knowledge, adapter, fact), self._place(adapter, fact)

    def _place(self, adapter: Adapter, fact: Fact) -> Place | None:
        if adapter.name not in self._places:
            self._places[adapter.name] = places(adapter)
        return self._places[adapter.name].get(fact)


def compare(file: str, adapters: Adapters, their: Theirs, our: Ours) -> Parity:
    """Return how the two readings of `file` compare."""
    pairs: dict[tuple[int, str], bool] = {}
    misses: list[Miss] = []
    covered: dict[int, set[str]] = {}
    excepted = 0
    for finding in their.findings:
        if (finding.adapter, finding.property, finding.path) in EXCEPTIONS:
            excepted += 1
            continue
        types, place = adapters.describe(finding)
        covered.setdefault(finding.entry, set()).update(types)
        found = place is not None and _found(our, finding.entry, types, place)
        pair = (finding.entry, finding.property)
        pairs[pair] = pairs.get(pair, True) and found
        if not found:
            where = f"{place.part}.{place.path}" if place else finding.context
            misses.append(
                Miss(
                    finding.entry, finding.adapter, finding.property,
                    f"{where} ({finding.path})", tuple(sorted(types)),
                )
            )  # fmt: skip
    alone: dict[tuple[int, str], str] = {}
    for entry, extracted in our.found.items():
        for match in extracted.matches:
            if match.part in _REQUEST and match.data_type not in covered.get(entry, ()):
                alone.setdefault((entry, match.data_type), match.method)
    return Parity(
        file=file,
        requests=their.entries,
        listed=len(their.findings),
        pairs=len(pairs),
        pairs_found=sum(pairs.values()),
        excepted=excepted,
        misses=tuple(misses),
        alone=dict(Counter(alone.values()).most_common()),
        alone_types=dict(Counter(kind for _, kind in alone).most_common()),
        our_rate=_rate(len(our.found), our.seconds),
        their_rate=_rate(their.entries, their.seconds),
    )


def _found(our: Ours, entry: int, types: frozenset[str], place: Place) -> bool:
    extracted = our.found.get(entry)
    if extracted is None:
        return False
    if any(_stands(each, place) and each.data_type in types for each in extracted.matches):
        return True
    # What TrackHAR calls the state of consent is a signal here, with a verdict.
    return "ad.privacy_signal" in types and any(
        each.part == place.part and fits(place, each.path) for each in extracted.signals
    )


def _stands(match: Match, place: Place) -> bool:
    return match.part == place.part and fits(place, match.path)


def _rate(requests: int, seconds: float) -> float:
    return round(requests / seconds, 1) if seconds > 0 else 0.0

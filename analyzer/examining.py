"""Decodes, extracts and classifies exchanges one by one: what of a session needs nothing but these.

What one exchange tells does not depend on any other, so a session can be examined in pieces, in
several processes. What it takes all of them for, in their order, is in the `Account` of a piece;
`pipeline.Analysis` puts the accounts of a session together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.classify import Classifier
from analyzer.coverage import Exchanged
from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.extract.places import place_of
from analyzer.findings import Finding, SignalFinding
from analyzer.identity import Sight, sight_of
from analyzer.knowledge import Knowledge
from analyzer.models import Destination, Exchange, Problem, Session
from analyzer.naming import Names
from analyzer.region.evidence import EvidenceReader, Fact
from analyzer.study import Persona, Study

_MOST_EXCHANGES: Final = 1000  # of one account
_MOST_HELD: Final = 8 * 1024 * 1024  # characters of values, and findings at what they take
_FINDING: Final = 200  # bytes


@dataclass(frozen=True, slots=True)
class Placed:
    """A problem, and the host of its exchange ("" where it is the session's)."""

    host: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Batch:
    """What one exchange tells, or what lies beside all of them."""

    findings: tuple[Finding, ...] = ()
    signals: tuple[SignalFinding, ...] = ()
    problems: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What the exchanges of one piece tell together, in the order in which each came first.

    It travels between processes. It has captured values, and is never stored.
    """

    exchanged: Mapping[Destination, Exchanged]
    facts: Mapping[Fact, int]
    addresses: Mapping[tuple[str, str], int]  # of servers: (host, address)
    sights: Sequence[tuple[Destination, Sight]]


def persona_of(study: Study, session: Session) -> Persona:
    """Return the persona whose values are searched in `session`.

    The one that the session names; where the study no longer has it, the one of its arm.
    """
    return study.personas.get(session.persona) or study.persona(session.arm.label)


class Examiner:
    """Examines exchanges of `session`; those before `began` (seconds) are to be left out before.

    `extractor` is one for the session's persona, age and the study's key; it may have been used for
    other sessions.
    """

    def __init__(
        self,
        session: Session,
        began: float,
        study: Study,
        knowledge: Knowledge,
        extractor: Extractor,
    ) -> None:
        self._session = session.id
        self._began = began
        self._version = knowledge.version
        self._extractor = extractor
        self._mask = extractor.mask
        self._classify = Classifier(study, knowledge, extractor.mask).destination
        self._evidence = EvidenceReader(knowledge)
        self._names = Names(session.id)
        self._begin()

    @property
    def is_full(self) -> bool:
        """Whether an account is due: what waits for it takes memory."""
        return len(self._sights) >= _MOST_EXCHANGES or self._held >= _MOST_HELD

    def account(self) -> Account:
        """Return what all exchanges since the last time tell together."""
        told = Account(self._exchanged, self._facts, self._addresses, self._sights)
        self._begin()
        return told

    def exchange(self, exchange: Exchange) -> Batch:
        """Return what `exchange` tells by itself."""
        place = place_of(exchange.url)
        destination = self._classify(place[0])
        decoded = decode(exchange)
        found = self._extractor.extract(exchange, decoded)
        exchanged = self._exchanged.get(destination)
        if exchanged is None:
            exchanged = self._exchanged[destination] = Exchanged()
        exchanged.exchange(exchange, decoded.problems)
        facts = self._evidence.facts(place, exchange, decoded.leaves, found.matches)
        for fact in dict.fromkeys(facts):
            self._facts[fact] += 1
        if exchange.server_ip:
            self._addresses[destination.host, exchange.server_ip] += 1
        sight = sight_of(exchange, decoded, found.matches, self._mask)
        self._sights.append((destination, sight))
        self._held += sum(map(len, sight.leaves.values)) + _FINDING * len(found.matches)
        ident, session, version = exchange.id, self._session, self._version
        phase, t_s = exchange.phase, round(exchange.t_s - self._began, 3)
        return Batch(
            tuple(
                [
                    Finding(name, session, phase, t_s, match, destination, version)
                    for name, match in self._names.findings(ident, found.matches)
                ]
            ),
            tuple(
                [
                    SignalFinding(name, session, phase, t_s, signal, destination, version)
                    for name, signal in self._names.signals(ident, found.signals)
                ]
            ),
            _placed(destination.host, (*decoded.problems, *found.problems)),
        )

    def _begin(self) -> None:
        self._exchanged: dict[Destination, Exchanged] = {}
        self._facts: Counter[Fact] = Counter()
        self._addresses: Counter[tuple[str, str]] = Counter()
        self._sights: list[tuple[Destination, Sight]] = []
        self._held = 0


def _placed(host: str, problems: Iterable[Problem]) -> tuple[Placed, ...]:
    return tuple([Placed(host, each) for each in problems])

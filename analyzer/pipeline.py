"""The stages for one session: a bundle goes in, findings, signals, problems and coverage come out.

Nothing is written. Exchanges are read and told one at a time, so that a recording of any length
takes the same memory, and no raw value is in what comes out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from analyzer.bundle import read_session
from analyzer.classify import Classifier
from analyzer.coverage import Hosts
from analyzer.decode import decode
from analyzer.extract import Extractor
from analyzer.extract.places import place_of
from analyzer.identity import Collector
from analyzer.knowledge import Knowledge
from analyzer.models import (
    Coverage,
    Event,
    Exchange,
    Finding,
    Identifier,
    Match,
    Problem,
    RegionFact,
    Server,
    Session,
    Signal,
    SignalFinding,
)
from analyzer.readers.bundle import (
    read_connections,
    read_events,
    read_exchanges,
    read_measured,
    read_steps,
)
from analyzer.readers.witnessing import packets_beside, unseen_bytes
from analyzer.region.evidence import Evidence
from analyzer.region.exits import open_databases
from analyzer.region.measured import measured_facts
from analyzer.region.servers import Servers
from analyzer.study import SETUP, Persona, Study
from analyzer.trust import judge

T = TypeVar("T")
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A problem, and the host of its exchange ("" where it is the session's)."""

    host: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class Analysed:
    """Everything that the program knows of one session."""

    session: Session
    phases: tuple[str, ...]  # names of its steps, in order
    exchanges: int
    findings: tuple[Finding, ...]  # in the order of the capture
    signals: tuple[SignalFinding, ...]
    problems: tuple[Placed, ...]
    coverage: tuple[Coverage, ...]  # one for each host, in order
    region: tuple[RegionFact, ...]  # where the phone was: measured, then seen
    identifiers: tuple[Identifier, ...] = ()
    servers: tuple[Server, ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one exchange tells, or what lies beside all of them."""

    findings: tuple[Finding, ...] = ()
    signals: tuple[SignalFinding, ...] = ()
    problems: tuple[Placed, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """What is known of a session once all of it was read."""

    session: Session
    phases: tuple[str, ...]  # names of its steps, in order
    exchanges: int
    coverage: tuple[Coverage, ...]  # one for each host, in order
    region: tuple[RegionFact, ...]  # where the phone was: measured, then seen
    identifiers: tuple[Identifier, ...]
    servers: tuple[Server, ...]


def analyse_bundle(
    path: Path, study: Study, knowledge: Knowledge, witnesses: Sequence[Path] = ()
) -> Analysed:
    """Return everything that `Analysis` tells of the bundle at `path`; for short ones."""
    analysis = Analysis(path, study, knowledge, witnesses)
    batches = list(analysis)
    whole = analysis.whole()
    return Analysed(
        session=whole.session,
        phases=whole.phases,
        exchanges=whole.exchanges,
        findings=tuple(each for batch in batches for each in batch.findings),
        signals=tuple(each for batch in batches for each in batch.signals),
        problems=tuple(each for batch in batches for each in batch.problems),
        coverage=whole.coverage,
        region=whole.region,
        identifiers=whole.identifiers,
        servers=whole.servers,
    )


class Analysis:
    """Reads, decodes, extracts and classifies every exchange of the bundle at `path`.

    To iterate over it, once, gives a `Batch` for each exchange, in the order of the capture, then
    those of the session; after that there is the `whole`.

    `witnesses` are bundles that were recorded beside it (`Session.beside`), by something that sees
    all of the phone's connections; so are the packets in the bundle itself. Hosts that only they
    saw are blind spots.

    Raises `UserError` where `path` is no bundle. What cannot be read becomes a `Problem`. Ids
    depend on the session, the place of the value and the rule only: every machine makes the same.
    """

    def __init__(
        self, path: Path, study: Study, knowledge: Knowledge, witnesses: Sequence[Path] = ()
    ) -> None:
        self.session = read_session(path)
        self._path = path
        self._study = study
        self._knowledge = knowledge
        self._witnesses = witnesses
        values = persona_of(study, self.session).values
        self._extractor = Extractor(knowledge, values, study.key, self.session.arm.age)
        self._mask = self._extractor.mask
        self._hosts = Hosts(Classifier(study, knowledge, self._mask).destination)
        self._evidence = Evidence(knowledge)
        self._identity = Collector(study.key, self._mask)
        self._servers = Servers()
        self._steps = read_steps(path)
        self._began = _began(self._steps)
        self._named = Names(self.session.id)

    def __iter__(self) -> Iterator[Batch]:
        """Yield what is found, as it is read."""
        yield Batch(problems=tuple(Placed("", each) for each in self._extractor.problems))
        for exchange in read_exchanges(self._path):
            if exchange.t_s >= self._began:
                yield self._exchange(exchange)
        yield Batch(problems=tuple(self._beside()))

    def whole(self) -> Whole:
        """Return what is known of the session, once everything was read."""
        session = self.session.id
        measured = measured_facts(session, read_measured(self._path), self._knowledge)
        return Whole(
            session=self.session,
            phases=tuple(name for _, name in self._steps if name != SETUP),
            exchanges=self._hosts.exchanges,
            coverage=self._hosts.coverage(session),
            region=(*measured, *self._evidence.seen(session)),
            identifiers=self._identity.identifiers(session),
            servers=_located(session, self._servers, self._study),
        )

    def _exchange(self, exchange: Exchange) -> Batch:
        place = place_of(exchange.url)
        destination = self._hosts.destination(place[0])
        decoded = decode(exchange)
        found = self._extractor.extract(exchange, decoded)
        self._hosts.exchange(destination.host, exchange, decoded.problems)
        self._evidence.exchange(place, exchange, decoded.leaves, found.matches)
        self._identity.exchange(destination, exchange, decoded, found.matches)
        self._servers.exchange(destination.host, exchange.server_ip)
        problems = (*decoded.problems, *found.problems)
        phase, session, version = exchange.phase, self.session.id, self._knowledge.version
        t_s = round(exchange.t_s - self._began, 3)
        return Batch(
            tuple(
                Finding(ident, session, phase, t_s, match, destination, version)
                for ident, match in self._named.findings(exchange.id, found.matches)
            ),
            tuple(
                SignalFinding(ident, session, phase, t_s, signal, destination, version)
                for ident, signal in self._named.signals(exchange.id, found.signals)
            ),
            tuple(Placed(destination.host, problem) for problem in problems),
        )

    def _beside(self) -> Iterator[Placed]:
        """Take in what is not in the exchanges; yield the problems of the session."""
        hosts = self._hosts
        for event in read_events(self._path):
            if event.t_s >= self._began:
                hosts.event(event)
        connections = read_connections(self._path)
        for connection, state in zip(connections, judge(connections), strict=True):
            if connection.t_s >= self._began:
                hosts.connection(connection, state)
        for told in packets_beside(self._path):
            if isinstance(told, Event):
                hosts.witness(told)
            else:
                yield Placed("", told)
        for witness in self._witnesses:
            for event in read_events(witness):
                hosts.witness(event)
            if unseen := unseen_bytes(witness, hosts.bytes_seen):
                yield Placed("", unseen)
        for problem in (*self._identity.problems, *self._servers.problems):
            yield Placed("", problem)


def _located(session: str, servers: Servers, study: Study) -> tuple[Server, ...]:
    """Ask the databases that the study names, and no others: a study gives the same everywhere."""
    if not study.geo_databases:
        return ()
    with open_databases(study.geo_databases) as databases:
        return servers.located(session, databases)


def _began(steps: Sequence[tuple[float, str]]) -> float:
    """Return when the phone was ready: what came before, in the phase `SETUP`, is no evidence.

    >>> _began([(0.0, "set-up"), (42.0, "launch")]), _began([(0.0, "launch")])
    (42.0, 0.0)
    >>> _began([(0.0, "set-up")])
    inf
    """
    if not steps or steps[0][1] != SETUP:
        return 0.0
    return next((t_s for t_s, name in steps if name != SETUP), math.inf)


def persona_of(study: Study, session: Session) -> Persona:
    """Return the persona whose values are searched in `session`.

    The one that the session names; where the study no longer has it, the one of its arm.
    """
    return study.personas.get(session.persona) or study.persona(session.arm.label)


def identify(prefix: str, *parts: str) -> str:
    """Return `prefix` and 10 hexadecimal digits that depend on `parts` only.

    >>> identify("f", "KE-13-r01", "17", "body", "device.id")
    'f94fc788079'
    >>> identify("f", "ab", "c") == identify("f", "a", "bc")
    False
    """
    return _digest(prefix, _told(*parts))


def exchange_order(exchange: str) -> tuple[int, ...]:
    """Return a key that sorts the ids of exchanges as they happened.

    >>> sorted(["17", "3", "17.w12", "17.w3"], key=exchange_order)
    ['3', '17', '17.w3', '17.w12']
    """
    return tuple(int(digits) for digits in exchange.replace("w", "").split(".") if digits.isdigit())


class Names:
    """Sorts and names what was found in the exchanges of a session."""

    def __init__(self, session: str) -> None:
        self._session = _told(session)

    def findings(self, exchange: str, found: Sequence[Match]) -> Iterator[tuple[str, Match]]:
        """Yield the id of each match of `exchange`, in the order of their places."""
        return self._named("f", exchange, found, _place_of_match, _digest_of)

    def signals(self, exchange: str, found: Sequence[Signal]) -> Iterator[tuple[str, Signal]]:
        """Yield the id of each signal of `exchange`, in the order of their places."""
        return self._named("s", exchange, found, _place_of_signal, _value_of)

    def _named(
        self,
        prefix: str,
        exchange: str,
        found: Sequence[T],
        place_of_: Callable[[T], _Key],
        last: Callable[[T], str],
    ) -> Iterator[tuple[str, T]]:
        """Two that share a place are told apart by their number."""
        if not found:
            return
        before = self._session + _told(exchange)
        places: Counter[_Key] = Counter()
        for place, _, each in sorted(
            ((place_of_(each), last(each), each) for each in found), key=_first_two
        ):
            again = places[place]
            places[place] += 1
            told = before + _told(*place)
            yield _digest(prefix, told + _told(str(again)) if again else told), each


def _first_two(each: tuple[_Key, str, object]) -> tuple[_Key, str]:
    return each[0], each[1]


def _place_of_match(found: Match) -> _Key:
    return found.part, found.path, found.data_type, found.rule_id


def _place_of_signal(found: Signal) -> _Key:
    return found.part, found.path, found.signal, found.rule_id


def _digest_of(found: Match) -> str:
    return found.digest


def _value_of(found: Signal) -> str:
    return found.value


@lru_cache(8192)
def _told(*parts: str) -> str:
    return "".join([f"{len(part)}:{part}" for part in parts])


def _digest(prefix: str, told: str) -> str:
    return prefix + blake2b(told.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()

"""The stages for one session: a bundle goes in, findings, signals, problems and coverage come out.

Nothing is written. Exchanges are read and told one at a time, so that a recording of any length
takes the same memory, and no raw value is in what comes out. They may be examined elsewhere, in
pieces (`examining`); what the pieces tell is put together here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.bundle import read_session
from analyzer.classify import Classifier
from analyzer.coverage import Hosts
from analyzer.examining import Account, Batch, Examiner, Placed, persona_of
from analyzer.extract import Extractor
from analyzer.findings import Coverage, Finding, Identifier, RegionFact, Server, SignalFinding
from analyzer.identity import Collector
from analyzer.knowledge import Knowledge
from analyzer.models import Event, Session
from analyzer.naming import exchange_order, identify
from analyzer.readers.bundle import (
    Connections,
    read_events,
    read_exchanges,
    read_measured,
    read_steps,
    without_pauses,
)
from analyzer.readers.witnessing import packets_beside, unseen_bytes
from analyzer.region.evidence import Evidence
from analyzer.region.exits import open_databases
from analyzer.region.measured import measured_facts
from analyzer.region.servers import Servers
from analyzer.study import SETUP, Study
from analyzer.trust import judged

__all__ = [
    "Analysed",
    "Analysis",
    "Batch",
    "Placed",
    "Whole",
    "analyse_bundle",
    "began_of",
    "exchange_order",
    "identify",
    "persona_of",
]


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
    """Puts together what is known of the bundle at `path`.

    To iterate over it, once, reads and examines every exchange: it gives a `Batch` for each, in the
    order of the capture, then those of the session; after that there is the `whole`. Where the
    exchanges are examined elsewhere, `add` takes the account of each piece in order, and `first`
    and `last` give what lies beside them.

    `witnesses` are bundles that were recorded beside it (`Session.beside`), by something that sees
    all of the phone's connections; so are the packets in the bundle itself. Hosts that only they
    saw are blind spots. `extractor` is taken where one for this persona is at hand.

    Raises `UserError` where `path` is no bundle. What cannot be read becomes a `Problem`. Ids
    depend on the session, the place of the value and the rule only: every machine makes the same.
    """

    def __init__(
        self,
        path: Path,
        study: Study,
        knowledge: Knowledge,
        witnesses: Sequence[Path] = (),
        extractor: Extractor | None = None,
    ) -> None:
        self.session = read_session(path)
        self._path = path
        self._study = study
        self._knowledge = knowledge
        self._witnesses = witnesses
        values = persona_of(study, self.session).values
        age = self.session.arm.age
        self._extractor = extractor or Extractor(knowledge, values, study.key, age)
        mask = self._extractor.mask
        self._hosts = Hosts(Classifier(study, knowledge, mask).destination)
        self._evidence = Evidence(knowledge)
        self._identity = Collector(study.key, mask)
        self._servers = Servers()
        self._steps = without_pauses(read_steps(path))
        self.began = began_of(self._steps)

    def __iter__(self) -> Iterator[Batch]:
        """Yield what is found, as it is read."""
        yield self.first()
        examiner = Examiner(self.session, self.began, self._study, self._knowledge, self._extractor)
        for exchange in read_exchanges(self._path):
            if exchange.t_s >= self.began:
                yield examiner.exchange(exchange)
                if examiner.is_full:
                    self.add(examiner.account())
        self.add(examiner.account())
        yield self.last()

    def add(self, account: Account) -> None:
        """Take in what the next exchanges tell together."""
        self._hosts.add(account.exchanged)
        self._evidence.add(account.facts)
        self._servers.add(account.addresses)
        for destination, sight in account.sights:
            self._identity.add(destination, sight)

    def first(self) -> Batch:
        """Return what lies before the exchanges."""
        return Batch(problems=tuple(Placed("", each) for each in self._extractor.problems))

    def last(self) -> Batch:
        """Take in what is not in the exchanges; return the problems of the session."""
        return Batch(problems=tuple(self._beside()))

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

    def _beside(self) -> Iterator[Placed]:
        hosts = self._hosts
        for event in read_events(self._path):
            if event.t_s >= self.began:
                hosts.event(event)
        for connection, state in judged(Connections(self._path)):
            if connection.t_s >= self.began:
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
        for problem in (*hosts.problems, *self._identity.problems, *self._servers.problems):
            yield Placed("", problem)


def _located(session: str, servers: Servers, study: Study) -> tuple[Server, ...]:
    """Ask the databases that the study names, and no others: a study gives the same everywhere."""
    if not study.geo_databases:
        return ()
    with open_databases(study.geo_databases) as databases:
        return servers.located(session, databases)


def began_of(steps: Sequence[tuple[float, str]]) -> float:
    """Return when the phone was ready: what came before, in the phase `SETUP`, is no evidence.

    >>> began_of([(0.0, "set-up"), (42.0, "launch")]), began_of([(0.0, "launch")])
    (42.0, 0.0)
    >>> began_of([(0.0, "set-up")])
    inf
    """
    if not steps or steps[0][1] != SETUP:
        return 0.0
    return next((t_s for t_s, name in steps if name != SETUP), math.inf)

"""The stages for one session: a bundle goes in, findings, signals, problems and coverage come out.

A pure function over frozen records; nothing is written. Bodies are read one exchange at a time, and
no raw value is in what comes out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    Destination,
    Event,
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

Found = TypeVar("Found", Match, Signal)


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


def analyse_bundle(
    path: Path, study: Study, knowledge: Knowledge, witnesses: Sequence[Path] = ()
) -> Analysed:
    """Read, decode, extract and classify every exchange of the bundle at `path`.

    `witnesses` are bundles that were recorded beside it (`Session.beside`), by something that sees
    all of the phone's connections; so are the packets in the bundle itself. Hosts that only they
    saw are blind spots.

    Raises `UserError` where `path` is no bundle. What cannot be read becomes a `Problem`. Ids
    depend on the session, the place of the value and the rule only: every machine makes the same.
    """
    session = read_session(path)
    values = persona_of(study, session).values
    extractor = Extractor(knowledge, values, study.key, session.arm.age)
    hosts = Hosts(Classifier(study, knowledge, extractor.mask).destination)
    evidence = Evidence(knowledge)
    identity = Collector(study.key, extractor.mask)
    servers = Servers()
    matches: list[tuple[Match, str, Destination]] = []
    signals: list[tuple[Signal, str, Destination]] = []
    problems = [Placed("", problem) for problem in extractor.problems]
    steps = read_steps(path)
    began = _began(steps)
    for exchange in read_exchanges(path):
        if exchange.t_s < began:
            continue
        place = place_of(exchange.url)
        destination = hosts.destination(place[0])
        decoded = decode(exchange)
        found = extractor.extract(exchange, decoded)
        matches += [(match, exchange.phase, destination) for match in found.matches]
        signals += [(signal, exchange.phase, destination) for signal in found.signals]
        problems += [
            Placed(destination.host, problem) for problem in (*decoded.problems, *found.problems)
        ]
        hosts.exchange(destination.host, exchange, decoded.problems)
        evidence.exchange(place, exchange, decoded.leaves, found.matches)
        identity.exchange(destination, exchange, decoded, found.matches)
        servers.exchange(destination.host, exchange.server_ip)
    for event in read_events(path):
        if event.t_s >= began:
            hosts.event(event)
    connections = read_connections(path)
    for connection, state in zip(connections, judge(connections), strict=True):
        if connection.t_s >= began:
            hosts.connection(connection, state)
    for told in packets_beside(path):
        if isinstance(told, Event):
            hosts.witness(told)
        else:
            problems.append(Placed("", told))
    for witness in witnesses:
        for event in read_events(witness):
            hosts.witness(event)
        if unseen := unseen_bytes(witness, hosts.bytes_seen):
            problems.append(Placed("", unseen))
    problems += [Placed("", problem) for problem in (*identity.problems, *servers.problems)]
    return Analysed(
        session=session,
        phases=tuple(name for _, name in steps if name != SETUP),
        exchanges=hosts.exchanges,
        findings=tuple(
            Finding(identifier, session.id, phase, match, destination, knowledge.version)
            for identifier, (match, phase, destination) in _named("f", session.id, matches)
        ),
        signals=tuple(
            SignalFinding(identifier, session.id, phase, signal, destination, knowledge.version)
            for identifier, (signal, phase, destination) in _named("s", session.id, signals)
        ),
        problems=tuple(problems),
        coverage=hosts.coverage(session.id),
        region=(
            *measured_facts(session.id, read_measured(path), knowledge),
            *evidence.seen(session.id),
        ),
        identifiers=identity.identifiers(session.id),
        servers=_located(session.id, servers, study),
    )


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
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return prefix + blake2b(told.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def exchange_order(exchange: str) -> tuple[int, ...]:
    """Return a key that sorts the ids of exchanges as they happened.

    >>> sorted(["17", "3", "17.w12", "17.w3"], key=exchange_order)
    ['3', '17', '17.w3', '17.w12']
    """
    return tuple(int(digits) for digits in exchange.replace("w", "").split(".") if digits.isdigit())


def _named(
    prefix: str, session: str, found: Sequence[tuple[Found, str, Destination]]
) -> Iterator[tuple[str, tuple[Found, str, Destination]]]:
    """Sort and name what was found. Two that share a place are told apart by their number."""
    places: Counter[tuple[str, ...]] = Counter()
    for each in sorted(found, key=_order):
        place = _place(each[0])
        again = places[place]
        places[place] += 1
        yield identify(prefix, session, *place, *([str(again)] if again else [])), each


def _order(each: tuple[Match | Signal, str, Destination]) -> tuple[object, ...]:
    found = each[0]
    last = found.digest if isinstance(found, Match) else found.value
    return exchange_order(found.exchange), *_place(found), last


def _place(found: Match | Signal) -> tuple[str, ...]:
    if isinstance(found, Match):
        return found.exchange, found.part, found.path, found.data_type, found.rule_id
    return found.exchange, found.part, found.path, found.signal, found.rule_id

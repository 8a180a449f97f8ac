"""What the program must find in a session of the fiction: the declaration, read as findings.

Nothing of the program's own reading goes in here: no rule, no decoder, no knowledge of signals. It
is the declared line, in the words of a finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from analyzer.models import Part, SignalVerdict
from analyzer.simulation.plan import Planned, Scene, plan


@dataclass(frozen=True, slots=True, order=True)
class ExpectedFinding:
    """A piece of personal data that has to be found, once or more, at this place."""

    phase: str
    host: str
    owner: str
    data_type: str
    part: Part
    path: str
    transformed: str


@dataclass(frozen=True, slots=True, order=True)
class ExpectedSignal:
    """A privacy signal that has to be read so."""

    phase: str
    host: str
    owner: str
    signal: str
    verdict: SignalVerdict
    part: Part
    path: str


@dataclass(frozen=True, slots=True)
class Expected:
    """All that has to be found in one session, and the hosts that must show as unread."""

    findings: frozenset[ExpectedFinding]
    signals: frozenset[ExpectedSignal]
    unread: frozenset[str]


def expected(scene: Scene) -> Expected:
    """Return what a faultless analysis of the session `scene` finds, no more and no less."""
    findings: set[ExpectedFinding] = set()
    signals: set[ExpectedSignal] = set()
    unread: set[str] = set()
    jar: set[tuple[str, str, str]] = set()  # (name, domain, data type) the phone has by now
    for request in plan(scene):
        host = urlsplit(request.url).hostname or ""
        if request.pinned:
            unread.add(host)
            continue
        findings.update(_data(scene, request, host))
        findings.update(
            _finding(scene, request, host, data, "cookie", name, "raw")
            for name, domain, data in jar
            if host == domain or host.endswith(f".{domain}")
        )
        signals.update(_said(scene, request, host))
        jar.update((each.name, each.domain, each.data) for each in scene.cookies(request.channel))
    return Expected(frozenset(findings), frozenset(signals), frozenset(unread))


def _data(scene: Scene, request: Planned, host: str) -> Iterator[ExpectedFinding]:
    for header in scene.declaration.every_request:
        yield _finding(scene, request, host, header.data, "header", header.at, "raw")
    for channel in _channels(request):
        for line in scene.transmissions(channel, request.phase):
            for place in line.places:
                yield _finding(scene, request, host, line.data, line.where, place, line.transform)


def _said(scene: Scene, request: Planned, host: str) -> Iterator[ExpectedSignal]:
    owner = scene.declaration.owner(request.channel)
    for channel in _channels(request):
        for line in scene.signals(channel, request.phase):
            yield ExpectedSignal(
                request.phase, host, owner, line.signal, line.says, line.where, line.at
            )
        for sent in scene.transmissions(channel, request.phase):
            for place in sent.places if sent.signal else ():
                yield ExpectedSignal(
                    request.phase, host, owner, sent.signal, "non_protective", sent.where, place
                )
    for answer in scene.declaration.answers:
        if (
            answer.signal
            and answer.by == request.channel
            and answer.happens(scene.arm, scene.repeat, scene.blocs)
        ):
            yield ExpectedSignal(
                request.phase, host, owner, answer.signal, answer.says, "response", answer.at
            )


def _finding(
    scene: Scene,
    request: Planned,
    host: str,
    data: str,
    part: Part,
    path: str,
    transformed: str,
) -> ExpectedFinding:
    owner = scene.declaration.owner(request.channel)
    return ExpectedFinding(request.phase, host, owner, data, part, path, transformed)


def _channels(request: Planned) -> tuple[str, ...]:
    return (request.channel, *(message.channel for message in request.messages))

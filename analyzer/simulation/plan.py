"""What one session does, worked out from the declaration: its requests, and the answers to them.

Everything is decided here, before anything is sent, and depends on nothing but the declaration, the
arm, the repeat and the persona. The phone plays it, the servers answer from it, the expected
findings are read off the same lines.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from analyzer.models import Arm, Headers
from analyzer.simulation.declaration import (
    Blocs,
    Channel,
    Cookie,
    Declaration,
    DeclaredSignal,
    Scalar,
    Transmission,
    Value,
)
from analyzer.simulation.wire import (
    Tree,
    compress,
    content_type,
    disguise,
    place,
    wrap,
    write,
)
from analyzer.study import Persona

_NAMESPACE = uuid.UUID("6f2f0c1e-35cf-5d0a-9a55-70b410000000")
_KEPT = "; Path=/; Max-Age=31536000; Secure; SameSite=None"  # how long, and where it is sent back


@dataclass(frozen=True, slots=True)
class Scene:
    """One session of the fiction: under which declaration, who, where, and which repeat."""

    declaration: Declaration
    blocs: Blocs
    arm: Arm
    repeat: int
    persona: Persona

    def transmissions(self, channel: str, phase: str) -> list[Transmission]:
        """Return the lines of `channel` in `phase` that apply to this session."""
        return [
            line
            for line in self.declaration.transmissions
            if (line.to, line.phase) == (channel, phase)
            and line.happens(self.arm, self.repeat, self.blocs)
        ]

    def signals(self, channel: str, phase: str) -> list[DeclaredSignal]:
        """Return the declared signals of `channel` in `phase` that apply to this session."""
        return [
            line
            for line in self.declaration.signals
            if (line.to, line.phase) == (channel, phase)
            and line.happens(self.arm, self.repeat, self.blocs)
        ]

    def cookies(self, channel: str) -> list[Cookie]:
        """Return the cookies that the answers of `channel` set in this session."""
        return [
            cookie
            for cookie in self.declaration.cookies
            if cookie.set_by == channel and cookie.happens(self.arm, self.repeat, self.blocs)
        ]

    def pieces(self, line: Transmission) -> list[tuple[str, Scalar]]:
        """Return the (path, value) that `line` puts on the wire; several for coordinates."""
        value = self.value(line.data, line.value)
        if len(line.places) == 1:
            return [(line.places[0], disguise(value, line.transform))]
        numbers = [float(piece) for piece in str(value).split(",")]
        return list(zip(line.places, numbers, strict=True))

    def value(self, data: str, given: Value | None = None) -> Scalar:
        """Return the value of `data`: the line's own (`given`), the persona's, or the phone's."""
        if given is None:
            for data_type, planted in self.persona.values:
                if data_type == data:
                    return planted
            given = self.declaration.values[data]
        if isinstance(given, dict):
            given = given[self.arm.country]
        if given in ("fresh", "per arm"):
            once = f"/{self.repeat}" if given == "fresh" else ""
            return str(uuid.uuid5(_NAMESPACE, f"{data}/{self.arm.label}{once}"))
        return given


@dataclass(frozen=True, slots=True)
class Message:
    """One WebSocket message of the phone."""

    channel: str
    is_text: bool
    content: bytes


@dataclass(frozen=True, slots=True)
class Planned:
    """One request of the phone. `redirected`: it is made because an answer says so."""

    channel: str
    phase: str
    method: str
    url: str
    headers: Headers
    body: bytes
    pinned: bool
    redirected: bool
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a server."""

    status: int
    headers: Headers
    body: bytes


def plan(scene: Scene) -> tuple[Planned, ...]:
    """Return the requests of a session, in the order in which they are made."""
    channels = scene.declaration.channels
    targets = {channel.answer.redirect for channel in channels.values()}
    return tuple(
        _request(scene, name, channel, phase, redirected=name in targets)
        for phase in scene.declaration.app.phases
        for name, channel in channels.items()
        if phase in channel.phases
    )


def reply(scene: Scene, channel: str) -> Reply:
    """Return the answer of the servers to any request of `channel` in this session."""
    form = scene.declaration.channels[channel].answer
    headers = [
        ("set-cookie", f"{cookie.name}={scene.value(cookie.data)}; Domain={cookie.domain}{_KEPT}")
        for cookie in scene.cookies(channel)
    ]
    if form.redirect:
        phase = scene.declaration.channels[channel].phases[0]
        target = scene.declaration.channels[form.redirect]
        there = _request(scene, form.redirect, target, phase, redirected=True)
        return Reply(302, (*headers, ("location", there.url)), b"")
    body = write(wrap(answer_tree(scene, channel), {}), form.body)
    if form.body:
        headers.append(("content-type", content_type(form.body, body)))
    if form.encoding:
        headers.append(("content-encoding", form.encoding))
    return Reply(200, tuple(headers), compress(body, form.encoding))


def answer_tree(scene: Scene, channel: str) -> Tree:
    """Return what the answers of `channel` contain in this session."""
    tree = copy.deepcopy(scene.declaration.channels[channel].answer.filler)
    for answer in scene.declaration.answers:
        if answer.by == channel and answer.happens(scene.arm, scene.repeat, scene.blocs):
            place(tree, answer.at, scene.value("", answer.value))
    return tree


def _request(scene: Scene, name: str, channel: Channel, phase: str, *, redirected: bool) -> Planned:
    parts = {where: list(_placed(scene, name, phase, where)) for where in ("query", "path")}
    headers = [
        (header.at, str(scene.value(header.data, header.value)))
        for header in scene.declaration.every_request
    ]
    headers += [(at, str(value)) for at, value in _placed(scene, name, phase, "header")]
    body = _body(scene, name, channel, phase) if channel.body else b""
    if body:
        headers.append(("content-type", content_type(channel.body, body)))
        if channel.encoding:
            headers.append(("content-encoding", channel.encoding))
    messages = tuple(
        Message(inner, message.body == "json", _body(scene, inner, message, phase))
        for inner, message in scene.declaration.channels.items()
        if message.within == name
    )
    return Planned(
        channel=name,
        phase=phase,
        method=channel.method,
        url=_url(channel, parts["query"], parts["path"]),
        headers=tuple(headers),
        body=compress(body, channel.encoding),
        pinned=channel.pinned,
        redirected=redirected,
        messages=messages,
    )


def _placed(scene: Scene, channel: str, phase: str, where: str) -> Iterator[tuple[str, Scalar]]:
    for line in scene.transmissions(channel, phase):
        if line.where == where:
            yield from scene.pieces(line)
    for signal in scene.signals(channel, phase):
        if signal.where == where:
            yield signal.at, scene.value("", signal.value)


def _body(scene: Scene, name: str, channel: Channel, phase: str) -> bytes:
    tree = copy.deepcopy(channel.filler)
    for at, value in _placed(scene, name, phase, "body"):
        place(tree, at, value)
    return write(wrap(tree, channel.nested), channel.body)


def _url(channel: Channel, query: list[tuple[str, Scalar]], path: list[tuple[str, Scalar]]) -> str:
    url = urlsplit(channel.url)
    segments = url.path.split("/")
    for at, value in path:
        segments[int(at) + 1] = str(value)
    pairs = [*channel.fixed_query.items(), *query]
    return url._replace(path="/".join(segments), query=urlencode(pairs)).geturl()

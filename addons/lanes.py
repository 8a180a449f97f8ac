"""Several phones in one process: each lane is a phone with its own way in, session and addons.

mitmproxy has one chain of addons for all. It gets `Lanes`, which hands each hook to the addons of
the lane that the connection came in by, and to no other.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mitmproxy.hooks
from mitmproxy.connection import Client
from mitmproxy.flow import Flow
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.layers.modes import Socks5AuthData
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData, TlsData

from addons.capture import Capture
from addons.exits import ExitCheck, Exits
from addons.guard import Guard, refuse
from addons.loopback import Address, Loopback
from addons.passthrough import Passthrough
from addons.policy import Policy
from addons.trust import Trust
from addons.upstream import ThroughUpstream, Upstream
from analyzer.bundle import BundleWriter
from analyzer.models import Session

# What an extra addon is made with: its session's writer, and the guard for its hooks.
AddonFactory = Callable[[BundleWriter, Guard], object]
_LIFECYCLE = ("load", "configure", "running", "done", "update", "add_log", "log")
_WITH_CLIENT = (Flow, Socks5AuthData)
_CHOSEN = "layer_chosen"  # our own hook: `next_layer` after mitmproxy has chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One phone to be recorded: by which way it comes in, and into which session it goes.

    `mode` is mitmproxy's: "regular", "socks5", "transparent", "wireguard:<key file>" (JSON with
    server_key and client_key, as `analyzer.joining` writes it). It listens on `host` ("": on all
    addresses) and `port` (0: a free one). `also` are further modes of the same phone, with their
    addresses, such as "dns@127.0.0.1:53" beside "transparent". `phase` is the session's first.
    With `learn`, hosts that refuse our certificate are passed on unread from then on.
    `extra` makes further addons, such as the check page. Behind an `upstream`, QUIC is refused in
    any case.
    """

    session: Session
    phase: str
    mode: str = "regular"
    host: str = "127.0.0.1"
    port: int = 0
    also: tuple[str, ...] = ()
    refuse_quic: bool = False
    learn: bool = True
    upstream: Upstream | None = None
    exit_check: ExitCheck | None = None
    extra: tuple[AddonFactory, ...] = ()

    @property
    def kind(self) -> str:
        """The mode without its details: "wireguard"."""
        return self.mode.partition(":")[0].partition("@")[0].lower()

    @property
    def quic_refused(self) -> bool:
        """Whether HTTP/3 is refused, so that the phone takes TCP."""
        return self.refuse_quic or self.upstream is not None

    @property
    def policy(self) -> tuple[str, ...]:
        """What is done to the traffic, in words and without credentials."""
        told = ["QUIC refused"] if self.quic_refused else []
        if self.upstream:
            told.append(f"upstream {self.upstream.label}")
        if self.exit_check:
            wrong = "recorded" if self.exit_check.allow_wrong else "refused"
            told.append(f"wrong exit {wrong}")
        return tuple(told)


class Track:
    """A lane under way: its writer, its guard and its addons, in their order."""

    def __init__(
        self,
        lane: Lane,
        writer: BundleWriter,
        on_failure: Callable[[str], None],
        *,
        remap: Mapping[str, Address] | None,
        upstream_ca: Path | None,
    ) -> None:
        self.lane = lane
        self.writer = writer
        self.guard = guard = Guard(writer, on_failure)
        self.exits: Exits | None = None
        upstream = lane.upstream
        self.trust = Trust(writer, guard, upstream=upstream.address if upstream else None)
        self.addons: list[object] = []
        if remap is not None:
            known = {**remap, upstream.host: upstream.address} if upstream else remap
            self.addons.append(Loopback(known, guard))
        self.addons.append(Policy(writer, guard, refuse_quic=lane.quic_refused))
        if upstream:
            self.addons.append(ThroughUpstream(upstream, guard, name_of=self.trust.host_of))
        if lane.exit_check:
            self.exits = Exits(
                writer,
                guard,
                lane.exit_check,
                country=lane.session.arm.country,
                upstream=upstream,
                authority=upstream_ca,
            )
            self.addons.append(self.exits)
        self.addons += [make(writer, guard) for make in lane.extra]
        self.addons += [
            self.trust,
            Passthrough(guard, self.trust, learn=lane.learn),
            Capture(writer, guard, self.trust),
        ]

    def finish(self) -> None:
        """Let the addons write their last: no more hooks come, and the bundle is sealed next."""
        addons, self.addons = self.addons, []  # once
        for addon in addons:
            if finish := getattr(addon, "finish", None):
                finish()


class Lanes:
    """The addon that mitmproxy sees. `tracks` by the full spec of each mode they come in by."""

    name = "lanes"

    def __init__(self, tracks: Mapping[str, Track]) -> None:
        self._hooks = {
            spec: _hooks_of(track.addons, [*mitmproxy.hooks.all_hooks, _CHOSEN])
            for spec, track in tracks.items()
        }
        for name in sorted({name for hooks in self._hooks.values() for name in hooks}):
            setattr(self, name, functools.partial(self._dispatch, name))

    def _dispatch(self, name: str, data: object) -> None:
        hooks = self._hooks.get(_client(data).proxy_mode.full_spec)
        if hooks is None:
            refuse(data)  # nobody would record it
        elif methods := hooks.get(name):
            for method in methods:
                method(data)


class LayerChosen:
    """Comes after mitmproxy's own choice of a layer; belongs behind its NextLayer."""

    name = "lanes_layer_chosen"

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def next_layer(self, data: NextLayer) -> None:
        """Let the lane see what was chosen."""
        if chosen := getattr(self._lanes, _CHOSEN, None):
            chosen(data)


def _hooks_of(
    addons: Sequence[object], names: Sequence[str]
) -> dict[str, tuple[Callable[[object], None], ...]]:
    """Collect the methods of `addons` for each hook; `TypeError` for what cannot be dispatched."""
    found: dict[str, tuple[Callable[[object], None], ...]] = {}
    for name in names:
        methods = tuple(method for addon in addons if (method := getattr(addon, name, None)))
        if methods and name in _LIFECYCLE:
            raise TypeError(f"an addon of a lane has the hook {name}, which is of no connection")
        if any(inspect.iscoroutinefunction(method) for method in methods):
            raise TypeError(f"an addon of a lane has an asynchronous {name}")
        if not all(hasattr(method, "__wrapped__") for method in methods):
            raise TypeError(f"an addon of a lane has a {name} that is not marked as a hook")
        if methods:
            found[name] = methods
    return found


def _client(data: object) -> Client:
    """Return the client's connection that the argument of a hook is about."""
    if isinstance(data, _WITH_CLIENT):  # first: most of the hooks are about flows
        return data.client_conn
    if isinstance(data, Client):
        return data
    if isinstance(data, ServerConnectionHookData):
        return data.client
    if isinstance(data, NextLayer | TlsData | ClientHelloData):
        return data.context.client
    raise TypeError(f"a hook with a {type(data).__name__}")

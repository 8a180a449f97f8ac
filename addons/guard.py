"""The one place where an exception in a hook is caught.

mitmproxy logs an exception in an addon and carries on, so that a session could miss exchanges
without a word. Every hook of ours is watched by its `Guard`: an exception is counted, logged once
for each place, and marks the session as incomplete. When the bundle itself cannot be written,
nothing is forwarded any more: traffic that passes unrecorded is worse than no traffic.
"""

from __future__ import annotations

import functools
import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from mitmproxy.connection import Client
from mitmproxy.flow import Flow
from mitmproxy.http import HTTPFlow
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tcp import TCPFlow
from mitmproxy.udp import UDPFlow

from analyzer.bundle import BundleWriter, RecordingError

_log = logging.getLogger(__name__)


class Guard:
    """Counts what goes wrong in hooks, and stops the traffic when recording fails.

    `on_failure` is called once, with the reason, when the bundle refuses to be written. `counts`
    are errors by hook and place, as in ``{"request: KeyError at capture.py:120": 3}``.
    """

    def __init__(self, writer: BundleWriter, on_failure: Callable[[str], None]) -> None:
        self.counts: dict[str, int] = {}
        self.stopped = False
        self._writer = writer
        self._on_failure = on_failure

    def stop(self) -> None:
        """Let nothing through from now on."""
        self.stopped = True

    def watch(self, name: str) -> Watch:
        """Return a context in which to do what belongs to `name`; no exception leaves it."""
        return Watch(self, name)

    def take(self, name: str, error: Exception) -> None:
        """Deal with what went wrong in `name`."""
        if not isinstance(error, RecordingError):
            self._note(name, error)
        elif not self.stopped:
            self.stop()
            self._on_failure(str(error))

    def _note(self, name: str, error: Exception) -> None:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{name}: {type(error).__name__} at {Path(frame.filename).name}:{frame.lineno}"
        self.counts[place] = self.counts.get(place, 0) + 1
        if self.counts[place] == 1:
            # Not the exception's text: it may quote what the phone sent.
            trace = "".join(traceback.format_tb(error.__traceback__))
            _log.error("error in the recorder, the session is incomplete: %s\n%s", place, trace)
            self._writer.mark_incomplete(f"an error in the recorder ({place})")

    @property
    def errors(self) -> int:
        """How many exceptions there were."""
        return sum(self.counts.values())


class Watch:
    """A context that an exception does not leave; it can be entered again and again.

    `hook` does the same by itself: it runs some ten times for each exchange.
    """

    __slots__ = ("_guard", "_name")

    def __init__(self, guard: Guard, name: str) -> None:
        self._guard = guard
        self._name = name

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        """Give an exception to the guard."""
        if not isinstance(error, Exception):
            return False
        self._guard.take(self._name, error)
        return True


class Guarded(Protocol):
    """An addon whose hooks are marked with `hook`."""

    @property
    def guard(self) -> Guard:
        """What watches over its hooks."""


A = TypeVar("A", bound=Guarded)
P = ParamSpec("P")


def hook(method: Callable[Concatenate[A, P], None]) -> Callable[Concatenate[A, P], None]:
    """Mark a method as a hook: it runs under its addon's guard, or not at all after a stop."""

    name = method.__name__

    @functools.wraps(method)
    def guarded(self: A, /, *args: P.args, **kwargs: P.kwargs) -> None:
        guard = self.guard
        if not guard.stopped:
            try:
                method(self, *args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the one broad handler: see the module
                guard.take(name, error)
        if guard.stopped:
            for data in args:
                refuse(data)

    return guarded


def refuse(data: object) -> None:
    """Let what a hook is about go no further."""
    # A killed flow still passes on the message at hand.
    if isinstance(data, HTTPFlow) and data.websocket and data.websocket.messages:
        data.websocket.messages[-1].drop()
    elif isinstance(data, TCPFlow | UDPFlow) and data.messages:
        data.messages[-1].content = b""
    if isinstance(data, Flow):
        if data.killable:
            data.kill()
    elif isinstance(data, Client):
        data.error = "the recording has ended"
    elif isinstance(data, ServerConnectionHookData):
        data.server.error = "the recording has ended"

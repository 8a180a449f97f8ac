"""Notices who says nothing after a TLS handshake.

OkHttp checks its pins after the handshake and then hangs up without a word: no hook tells of it. A
Java client that closes TLS 1.3 is not even reported as disconnected, though mitmproxy knows that
nothing more will come. So each such connection is looked at until it speaks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from mitmproxy.connection import Client, ConnectionState

from addons.guard import Guard

QUIET_S = 1.5  # after so long without a request, a connection counts as quiet
_LOOKS_S = (0.1, 0.3, 0.8, QUIET_S)  # after the handshake


@dataclass(slots=True)
class _Waiting:
    client: Client
    timer: asyncio.TimerHandle | None = None
    looks: int = 0


class Quiet:
    """Watches connections between their handshake and their first word.

    `hung_up` gets a connection whose client will say nothing more, `quiet` one that has said
    nothing for `QUIET_S` and is still there; both run under `guard`.
    """

    def __init__(
        self, guard: Guard, *, hung_up: Callable[[Client], None], quiet: Callable[[Client], None]
    ) -> None:
        self._guard = guard
        self._hung_up = hung_up
        self._quiet = quiet
        self._waiting: dict[str, _Waiting] = {}

    def watch(self, client: Client) -> None:
        """Begin: the handshake is done."""
        waiting = self._waiting[client.id] = _Waiting(client)
        self._set_timer(waiting)

    def end(self, client: Client) -> bool:
        """Stop watching; return whether the connection was still being watched."""
        waiting = self._waiting.pop(client.id, None)
        if waiting and waiting.timer:
            waiting.timer.cancel()
        return waiting is not None

    def finish(self) -> None:
        """Stop watching all; those who have hung up by now are told of."""
        for waiting in list(self._waiting.values()):
            self.end(waiting.client)
            if not waiting.client.state & ConnectionState.CAN_READ:
                self._hung_up(waiting.client)

    def _set_timer(self, waiting: _Waiting) -> None:
        before = _LOOKS_S[waiting.looks - 1] if waiting.looks else 0.0
        delay = _LOOKS_S[waiting.looks] - before
        waiting.timer = asyncio.get_running_loop().call_later(delay, self._look, waiting)

    def _look(self, waiting: _Waiting) -> None:
        waiting.looks += 1
        gone = not waiting.client.state & ConnectionState.CAN_READ
        if not gone and waiting.looks < len(_LOOKS_S):
            self._set_timer(waiting)
            return
        self.end(waiting.client)
        if not self._guard.stopped:
            with self._guard.watch("quiet"):
                (self._hung_up if gone else self._quiet)(waiting.client)

"""The server of the fictional app's feed: TLS and HTTP/2 on loopback, and what it knows.

Each account has a port of its own (in the world its token tells the server who asks), so nothing
has to be added to the traffic.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, Scope

from analyzer.simulation import feed_wire
from analyzer.simulation.feed_declaration import HOST, DeclaredFeed
from analyzer.simulation.feed_items import ServedItem
from analyzer.simulation.feed_recommender import Recommender
from analyzer.simulation.hosting import Hosting, live, read_body, send_answer


@dataclass(frozen=True, slots=True)
class Watched:
    """A line of the app's log that says how long an item was played. `at`: seconds since 1970."""

    native: str
    watch_s: float
    at: float


@dataclass(slots=True)
class Truth:
    """What one account was served, and what its app told of it: in order, as it happens.

    `begun`: the items that the app said it begins to play.
    """

    served: list[ServedItem] = field(default_factory=list)
    watched: list[Watched] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)


class FeedServer:
    """The running server, as a context manager; `folder` takes its key and certificates.

    `accounts`: the side of each (its country, which tells how strongly it is personalised).
    `seed` and an account's place among them make what it is served.
    """

    def __init__(
        self, folder: Path, declared: DeclaredFeed, accounts: Mapping[str, str], seed: int = 0
    ) -> None:
        self._ports: dict[str, int] = {}
        self._app = _App()
        self._hosting = Hosting(folder, [HOST], self._app)
        self._recommenders = {
            name: Recommender(declared, side, seed * 1000 + place)
            for place, (name, side) in enumerate(accounts.items())
        }

    @property
    def authority(self) -> Path:
        """The PEM file of the authority that signs the server's certificate."""
        return self._hosting.authority

    def addresses(self, account: str) -> dict[str, tuple[str, int]]:
        """Return where the app's host is to be found for `account`."""
        return {HOST: ("127.0.0.1", self._ports[account])}

    def truth(self, account: str) -> Truth:
        """Return what the server knows of `account`; it grows while the account is served."""
        return self._app.truths[self._ports[account]]

    def share(self, account: str) -> float:
        """Return the chance of a positive item in the next answer."""
        return self._recommenders[account].share

    def engagements(self, account: str) -> int:
        """Return by how many positive items the account has shown its interest."""
        return self._recommenders[account].engagements

    def __enter__(self) -> Self:
        for name, recommender in self._recommenders.items():
            port = self._ports[name] = self._hosting.listen()
            self._app.recommenders[port] = recommender
            self._app.truths[port] = Truth()
        self._hosting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hosting.stop()


class _App:
    """The ASGI application behind every port."""

    def __init__(self) -> None:
        self.recommenders: dict[int, Recommender] = {}
        self.truths: dict[int, Truth] = {}

    async def __call__(
        self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        port = (scope["server"] or ("", 0))[1] or 0
        body = await read_body(receive)
        status, kind, answer = self._answer(port, scope["path"], body)
        await send_answer(send, status, [("content-type", kind)], answer)

    def _answer(self, port: int, path: str, body: bytes) -> tuple[int, str, bytes]:
        recommender, truth = self.recommenders[port], self.truths[port]
        form = recommender.declared.form
        if path == feed_wire.PATHS[form]:
            items = recommender.next_batch()
            truth.served += items
            return 200, feed_wire.KINDS[form], feed_wire.answer(items, form)
        if path == feed_wire.STATS:
            now, before, played_s = feed_wire.read_stats(body)
            if before:
                truth.watched.append(Watched(before, played_s, time.time()))
                recommender.watched(before, played_s)
            if now:
                truth.begun.append(now)
            return 200, "application/json", feed_wire.NOTED
        return 404, "text/plain", b""

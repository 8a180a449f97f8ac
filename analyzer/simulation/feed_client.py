"""The fictional app on the phone: plays its feed, loops each item, and leaves it when swiped.

It asks for more items before it runs out of them, and tells the server's log when an item begins
and how long the one before was played.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx

from analyzer.feed.trees import body_tree
from analyzer.simulation import feed_wire
from analyzer.simulation.client import TIMEOUT_S, trust
from analyzer.simulation.feed_declaration import Form

_What = Literal["swipe", "pause", "resume", "close"]
_END_S = 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """An item that was on the screen. `began`: seconds since 1970."""

    native: str
    began: float
    watch_s: float


@dataclass(slots=True)
class _Playing:
    """The item on the screen. Times are the monotonic clock's; `since` None: it stands still."""

    native: str
    began: float
    since: float | None
    played: float = 0.0

    def until(self, moment: float) -> float:
        """Return the seconds played at `moment`."""
        return self.played + (max(0.0, moment - self.since) if self.since is not None else 0.0)


@dataclass(slots=True)
class FeedApp:
    """The app behind the proxy at `proxy`, trusting the authority in the PEM file `authority`.

    A thread of its own does what the phone is told. `ahead`: with fewer items waiting it asks for
    more. Without `watch_log` it tells nobody what it plays. `failed` says what ended it early.
    """

    proxy: str
    authority: Path
    form: Form = "json"
    watch_log: bool = True
    ahead: int = 3
    log: list[Shown] = field(default_factory=list)
    failed: str = ""
    _waiting: deque[str] = field(default_factory=deque)
    _playing: _Playing | None = None
    _on_screen: bool = True
    _order: int = 0
    _told: queue.SimpleQueue[tuple[_What, float]] = field(default_factory=queue.SimpleQueue)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def start(self) -> Self:
        """Open the app: its first item plays when this returns. `RuntimeError` where none does."""
        self._thread = threading.Thread(target=self._run, name="app", daemon=True)
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._playing or self.failed, TIMEOUT_S)
        if self._playing is None:
            self.close()
            raise RuntimeError(f"the feed does not begin: {self.failed or 'no answer'}")
        return self

    @property
    def current(self) -> str | None:
        """The platform's id of the item that is on the screen; None: there is none."""
        playing = self._playing
        return playing.native if playing else None

    def swipe_up(self) -> None:
        """Leave the item now. Returns at once; `wait` waits for what follows."""
        self._told.put(("swipe", time.monotonic()))

    def pause(self) -> None:
        """Take the app off the screen: the item stands still."""
        self._told.put(("pause", time.monotonic()))

    def resume(self) -> None:
        """Bring it back."""
        self._told.put(("resume", time.monotonic()))

    def wait(self, left: int, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until so many items were left in all; `TimeoutError` where that does not come."""
        with self._changed:
            done = self._changed.wait_for(lambda: len(self.log) >= left or self.failed, timeout_s)
        if not done or self.failed:
            raise TimeoutError(f"{len(self.log)} of {left} items were left; {self.failed}")

    def close(self) -> None:
        """Close the app, which tells its log of the last item."""
        self._told.put(("close", time.monotonic()))
        if self._thread is not None:
            self._thread.join(_END_S)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        context = trust(self.authority)
        with httpx.Client(
            proxy=self.proxy, verify=context, http2=True, timeout=TIMEOUT_S, trust_env=False
        ) as client:
            try:
                self._next(client, "", 0.0)
                while self._do(client, *self._told.get()):
                    pass
            except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
                with self._changed:
                    self.failed = type(error).__name__
                    self._playing = None
                    self._changed.notify_all()

    def _do(self, client: httpx.Client, what: _What, moment: float) -> bool:
        """Do what the phone was told at `moment`; return whether the app goes on."""
        playing = self._playing
        if playing is None:
            return what != "close"
        if what == "pause":
            playing.played, playing.since, self._on_screen = playing.until(moment), None, False
        elif what == "resume" and not self._on_screen:
            playing.since, self._on_screen = moment, True
        elif what == "swipe" and self._on_screen:
            self._next(client, playing.native, self._leave(playing, moment))
        elif what == "close":
            played = self._leave(playing, moment)
            self._tell(client, "", playing.native, played)
            return False
        return True

    def _leave(self, playing: _Playing, moment: float) -> float:
        """Note what was played of an item, to the millisecond as the log tells it."""
        played = round(playing.until(moment), 3)
        with self._changed:
            self.log.append(Shown(playing.native, playing.began, played))
            self._changed.notify_all()
        return played

    def _next(self, client: httpx.Client, before: str, played_s: float) -> None:
        if not self._waiting:
            self._load(client)
        native = self._waiting.popleft()
        with self._changed:
            self._playing = _Playing(native, time.time(), time.monotonic())
            self._changed.notify_all()
        self._tell(client, native, before, played_s)
        self._order += 1
        if len(self._waiting) < self.ahead:
            self._load(client)

    def _load(self, client: httpx.Client) -> None:
        url = feed_wire.feed_url(self.form, 8)
        got = client.get(url)
        got.raise_for_status()
        kind = got.headers.get("content-type", "")
        tree, _ = body_tree(got.content, kind, "", url, answer=True)
        self._waiting.extend(feed_wire.natives(tree))

    def _tell(self, client: httpx.Client, now: str, before: str, played_s: float) -> None:
        if self.watch_log:
            client.post(
                feed_wire.STATS_URL,
                content=feed_wire.stats_body(now, before, played_s, self._order),
                headers={"content-type": feed_wire.FORM},
            ).raise_for_status()

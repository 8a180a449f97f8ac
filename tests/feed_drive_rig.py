"""An app with a feed in a time of its own, as the capture and the phone of a driver see it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from analyzer.errors import UserError
from analyzer.feed.codebook import load_codebook
from analyzer.feed.driven import Certainty
from analyzer.feed.driving.drive import Driver, Orders
from analyzer.feed.driving.dwelling import Dweller
from analyzer.feed.driving.matching import Known, Matcher
from analyzer.feed.driving.phone import Front
from analyzer.feed.driving.stopping import Stopped
from analyzer.feed.protocol import Account, Dwell, Interest, StopRules
from analyzer.feed.reading import Found
from analyzer.feed.records import Hashtag, Item, Role, Serving, Watch
from analyzer.phone import PhoneGoneError

SAD = Interest("sad", ("depressive", "hopeless"), ("sad quotes",), ("sad",))
BATCH = 6


def item(number: int, text: str = "a day at the lake", **more: Any) -> Item:
    """An item of 10 seconds; its hashtags are those of its text."""
    told: dict[str, Any] = {
        "platform": "pebblo", "key": f"key{number}", "native": str(number), "author": "a",
        "text": text, "language": "en",
        "hashtags": tuple(Hashtag(w[1:], 0, 0) for w in text.split() if w.startswith("#")),
        "music": "", "duration_s": 10.0, "created": "", "plays": 1, "likes": 1, "comments": 1,
        "shares": 1, "ad": "none", "ad_reasons": (), "warnings": (),
    }  # fmt: skip
    return Item(**{**told, **more})


def mixed(count: int, every: int = 3) -> list[Item]:
    """Items of which each third is of the interest."""
    return [item(n, "#sad tonight" if n % every == 0 else "the lake") for n in range(count)]


@dataclass
class App:
    """A feed on a phone, the recording of it, and the clock of both.

    `log`: the app tells what begins, `lag_s` later. `lost`: numbers of swipes that do nothing;
    `rooms`: numbers of swipes that bring something that is no item. `seen` is the truth: key ("" of
    a room), when it came on the screen, how long it was there.
    """

    items: list[Item]
    log: bool = True
    lag_s: float = 0.05
    lost: frozenset[int] = frozenset()
    rooms: frozenset[int] = frozenset()
    steps: list[tuple[float, str]] = field(default_factory=lambda: [(0.0, "use")])
    running: bool = True
    screen: Front = "front"
    gone: bool = False
    did: list[str] = field(default_factory=list)
    seen: list[tuple[str, float, float]] = field(default_factory=list)
    told_at: float = 1e9
    each_second: Callable[[App], None] = lambda _: None

    def __post_init__(self) -> None:
        self.t_s = 5.0
        self.at = 0
        self.room = False
        self.swipes = 0
        self._served = 0
        self._queue: list[tuple[float, Found]] = []
        self._came = self.t_s
        self._serve()
        self.begin()

    # The capture.

    @property
    def phase(self) -> str:
        return self.steps[-1][1]

    def now(self) -> float:
        return self.t_s

    def poll(self) -> list[Found]:
        ready = [found for due, found in self._queue if due <= self.t_s]
        self._queue = [each for each in self._queue if each[0] > self.t_s]
        return ready

    def mark(self, name: str) -> None:
        self.steps.append((self.t_s, name))

    def wait(self, seconds: float) -> bool:
        before = int(self.t_s)
        self.t_s += seconds
        if int(self.t_s) > before:
            self.each_second(self)
        return self.t_s >= self.told_at

    # The phone.

    def front(self) -> Front:
        self._reached()
        self.t_s += 0.05
        return self.screen

    def swipe_up(self, chance: random.Random) -> None:
        self._reached()
        assert chance is not None
        assert self.screen == "front", "a swipe on something else"
        self.did.append("swipe")
        self.t_s += 0.3
        self.swipes += 1
        if self.swipes not in self.lost:
            self.move()

    def home(self) -> None:
        self._reached()
        self.did.append("home")
        self.screen = "elsewhere"

    def wake(self) -> None:
        self.did.append("wake")

    def to_app(self) -> None:
        self._reached()
        self.did.append("app")
        self.screen = "front"

    # The feed.

    def move(self) -> None:
        """Go on by one item, or to a room."""
        key = "" if self.room else self.items[self.at].key if self.at < len(self.items) else ""
        self.seen.append((key, self._came, self.t_s - self._came))
        self._came = self.t_s
        if not self.room and self.swipes in self.rooms:
            self.room = True
            return
        self.room = False
        self.at += 1
        self._serve()
        self.begin()

    def begin(self) -> None:
        """Let the app log that the item begins."""
        if self.log and self.at < len(self.items):
            line = Watch(
                "s", "9", self.t_s, self.items[self.at].key, None, None, self.at,
                False, False, False, False,
            )  # fmt: skip
            self._queue.append((self.t_s + self.lag_s, line))

    def _serve(self) -> None:
        while self._served < len(self.items) and self._served <= self.at + 2:
            batch, some = self._served // BATCH, self.items[self._served : self._served + BATCH]
            for position, each in enumerate(some):
                found = Serving("s", str(batch), self.t_s, "for_you", batch, position, each)
                self._queue.append((self.t_s, found))
            self._served += len(some)

    def _reached(self) -> None:
        if self.gone:
            raise PhoneGoneError("the phone cannot be reached", "plug it in again")


@dataclass
class Driven:
    """What became of a drive: why it ended, and the lines of its log."""

    stopped: Stopped
    lines: list[dict[str, Any]]

    @property
    def items(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == "item"]

    def certain(self, certainty: Certainty) -> int:
        return sum(line["certainty"] == certainty for line in self.items)


def driven(
    app: App,
    role: Role = "seeded",
    *,
    interest: Interest | None = SAD,
    stop: StopRules = StopRules(),  # noqa: B008 - frozen
    dwell: Dwell = Dwell(pause_every_s=0.0),  # noqa: B008 - frozen
    known: Known = Known(),  # noqa: B008 - frozen
    phases: tuple[str, ...] = (),
    before_s: float = 0.0,
    minutes: float = 120.0,
    seed: str = "1",
) -> Driven:
    """Drive `app` until it ends."""
    codebook = load_codebook()
    chance = random.Random(seed)
    lines: list[dict[str, Any]] = []
    orders = Orders(
        account=Account("ke-1", "KE-13", role, "sad" if role == "seeded" else "", "1"),
        surface="for_you",
        phases=phases,
        begins=(phases or ("use",))[0],
        stop=stop,
        pause_every_s=dwell.pause_every_s,
        pause_s=dwell.pause_s,
        most_s=60 * minutes,
        before_s=before_s,
    )
    matcher = Matcher(
        interest if role == "seeded" else None, codebook, sorted(codebook.harmful), known
    )
    driver = Driver(
        orders, app, app, matcher, Dweller(dwell, role, chance), chance,
        tell=lambda event, t_s, **told: lines.append({"event": event, "t_s": t_s, **told}),
        mark=app.mark, wait=app.wait,
    )  # fmt: skip
    try:
        return Driven(driver.run(), lines)
    except UserError:
        assert lines[-1]["event"] == "stop", "a drive that fails says so in its log"
        raise

"""One drive: looks what is on the screen, decides, dwells, moves on, until a rule ends it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from analyzer.errors import UserError
from analyzer.feed.driven import Decision
from analyzer.feed.driving.dwelling import Dweller
from analyzer.feed.driving.matching import Match, Matcher
from analyzer.feed.driving.phone import Front
from analyzer.feed.driving.screen import OnScreen, Screen
from analyzer.feed.driving.stopping import Stopped, Tally, due
from analyzer.feed.feed_time import FeedClock
from analyzer.feed.protocol import Account, StopRules
from analyzer.feed.reading import Found
from analyzer.phone import PhoneGoneError
from analyzer.study import PAUSE, SETUP

_LOOK_S: Final = 0.2  # seconds between two looks at the capture
SETTLE_S: Final = 3.0  # in which the app's log has named what a swipe brought
_RETURN_S: Final = 2.0  # in which the app is back in front
_RETURNS: Final = 3  # times in a row that the app is brought back
_LOOKING_S: Final = 1.0  # seconds that a look at the phone may take of an item's time
_TRUST: Final = 5  # swipes in which a log is waited for that has told nothing yet


class Feed(Protocol):
    """The capture as it grows: `capture.LiveFeed`."""

    steps: list[tuple[float, str]]

    @property
    def running(self) -> bool:
        """Whether it is still being recorded."""

    @property
    def phase(self) -> str:
        """The step that the session is in."""

    def now(self) -> float:
        """Return how many seconds the session lasts by now."""

    def poll(self) -> list[Found]:
        """Return what has come since the last time."""


class Hand(Protocol):
    """The phone: `phone.FeedPhone`."""

    def front(self) -> Front:
        """Return whether the app is in front."""

    def swipe_up(self, chance: random.Random) -> None:
        """Move the feed on by one item."""

    def home(self) -> None:
        """Leave the app."""

    def wake(self) -> None:
        """Switch the screen on."""

    def to_app(self) -> None:
        """Bring the app to the front."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a drive goes by. `begins`: the step to begin where the session is in no phase of it."""

    account: Account
    surface: str
    phases: Sequence[str]
    begins: str
    stop: StopRules
    pause_every_s: float  # 0: no pauses
    pause_s: float
    most_s: float  # how long it may last in all
    before_s: float  # feed time of the account's other sessions


class Driver:
    """Drives `feed` with `hand`.

    `tell` takes each line of the log (event, seconds, fields); `mark` begins a step of the session;
    `wait` waits so many seconds and returns whether somebody has told us to end. `settle_s`: so
    long it is waited for the app's log after a swipe.
    """

    def __init__(
        self,
        orders: Orders,
        feed: Feed,
        hand: Hand,
        matcher: Matcher,
        dweller: Dweller,
        chance: random.Random,
        *,
        tell: Callable[..., object],
        mark: Callable[[str], None],
        wait: Callable[[float], bool],
        settle_s: float = SETTLE_S,
    ) -> None:
        self._orders = orders
        self._feed = feed
        self._hand = hand
        self._matcher = matcher
        self._dweller = dweller
        self._chance = chance
        self._tell = tell
        self._mark = mark
        self._wait = wait
        self._settle_s = settle_s
        self._screen = Screen(orders.surface)
        self._tally = Tally(before_s=orders.before_s)
        self._phase = ""
        self._paused_s = 0.0  # feed time at the last pause
        self._moves = 0
        self._here_s = 0.0  # since when the app is in front
        self._looking_s = 0.0  # how long it takes to see that it is

    def run(self) -> Stopped:
        """Drive until a rule, a person or a mishap ends it; return what did.

        The app is left for the home screen, so that its feed stands still.
        """
        stopped: Stopped = "failed"
        try:
            stopped = self._begin() or self._drive()
        except PhoneGoneError:
            stopped = "phone_gone"
        finally:
            self._end(stopped)
        return stopped

    def _begin(self) -> Stopped | None:
        self._poll()
        self._here_s = self._tally.began_s = self._tally.news_s = self._feed.now()
        if stopped := self._in_front():
            return stopped
        phases, here = self._orders.phases, self._feed.phase
        counts = here in phases if phases else here not in {"", SETUP, PAUSE}
        self._phase = here if counts else self._orders.begins
        if not counts:
            self._mark(self._phase)
        stopped = self._settle()
        self._screen.begin()
        self._paused_s = self._tally.feed_s
        return stopped

    def _drive(self) -> Stopped:
        while True:
            if stopped := self._settle():
                return stopped
            stopped, moved = self._watch(self._screen.now())
            if stopped:
                return stopped
            if moved:
                continue
            if self._pause_is_due() and (stopped := self._pause()):
                return stopped
            self._move()

    def _watch(self, on: OnScreen) -> tuple[Stopped | None, bool]:
        """Watch what is on the screen as long as the rule says, and tell it.

        Return what ends the drive, and whether the screen went on by itself or by a person's hand.
        """
        item = on.item
        match = self._matcher.match(item) if item else Match(matches=False, why=(), positive=False)
        decision = self._dweller.decide(known=item is not None, matches=match.matches)
        seconds = self._dweller.seconds(decision, item.duration_s if item else None)
        began = max(on.since, self._here_s)
        self._count(decision, match)
        stopped = due(self._orders.stop, self._tally, self._feed.now(), self._orders.most_s)
        # To look at the phone takes a while, which is part of the item's time.
        stopped = stopped or self._until(began + seconds - self._looking_s, on)
        if not self._has_changed(on):
            stopped = stopped or self._checked() or self._until(began + seconds, on)
        after = self._screen.now()
        if item is None and after.item is not None and after.place == on.place:
            self._tally.unknown -= 1  # the log has named it late
            return stopped, True
        self._tell(
            "item",
            began,
            key=item.key if item else "",
            decision=decision,
            why=list(match.why),
            dwell_s=round(max(0.0, self._feed.now() - began), 3),
            duration_s=item.duration_s if item else None,
            certainty=on.certainty,
            place=on.place,
            ad=item.ad if item else "",
        )
        return stopped, after.place != on.place

    def _until(self, moment: float, on: OnScreen) -> Stopped | None:
        """Wait until `moment`, or until something else than `on` is on the screen."""
        while (left := moment - self._feed.now()) > 0 and not self._has_changed(on):
            if stopped := self._look(min(left, _LOOK_S)):
                return stopped
        return None

    def _has_changed(self, on: OnScreen) -> bool:
        after = self._screen.now()
        return after.place != on.place or (after.item is None) != (on.item is None)

    def _checked(self) -> Stopped | None:
        since = self._feed.now()
        stopped = self._in_front()
        self._looking_s = min(_LOOKING_S, self._feed.now() - since)
        return stopped

    def _count(self, decision: Decision, match: Match) -> None:
        if decision == "unknown":
            self._tally.unknown += 1
            return
        self._tally.unknown = 0
        self._tally.positive = self._tally.positive + 1 if match.positive else 0

    def _look(self, seconds: float) -> Stopped | None:
        """Wait, then look at the capture; return what ends the drive."""
        if self._wait(seconds):
            return "told"
        if not self._feed.running:
            return "recording_ended"
        self._poll()
        return due(self._orders.stop, self._tally, self._feed.now(), self._orders.most_s)

    def _poll(self) -> None:
        before = len(self._screen)
        self._screen.take(self._feed.poll())
        now = self._feed.now()
        clock = FeedClock(self._feed.steps, now, self._orders.phases)
        self._tally.feed_s = clock.total
        if len(self._screen) > before:
            self._tally.swipes, self._tally.news_s = 0, now

    def _settle(self) -> Stopped | None:
        """Wait until the app's log has named what is on the screen, where it does so at all."""
        ends = self._feed.now() + self._settle_s
        while not self._screen.named and self._feed.now() < ends:
            if not self._screen.has_log and self._moves >= _TRUST and len(self._screen):
                return None
            if stopped := self._look(_LOOK_S / 2):
                return stopped
        return None

    def _in_front(self) -> Stopped | None:
        """See to it that the app is in front; return what stands against it."""
        for _ in range(_RETURNS):
            front = self._hand.front()
            if front == "front":
                return None
            if front == "locked":
                return "locked"
            if front == "asleep":
                self._hand.wake()
            else:
                self._hand.to_app()
                self._tell("return", self._feed.now())
            if stopped := self._look(_RETURN_S):
                return stopped
        return None if self._hand.front() == "front" else "not_in_front"

    def _move(self) -> None:
        self._poll()
        self._screen.swiped(self._feed.now())
        self._hand.swipe_up(self._chance)
        self._tally.swipes += 1
        self._moves += 1

    def _pause_is_due(self) -> bool:
        every = self._orders.pause_every_s
        return every > 0 and self._tally.feed_s - self._paused_s >= every

    def _pause(self) -> Stopped | None:
        """Leave the app for a while: it is no feed time."""
        self._hand.home()
        self._mark(PAUSE)
        self._tell("pause", self._feed.now())
        ends = self._feed.now() + self._orders.pause_s
        while (left := ends - self._feed.now()) > 0:
            if stopped := self._look(min(left, 1.0)):
                return stopped
        self._hand.to_app()
        self._mark(self._phase)
        self._poll()
        self._paused_s = self._tally.feed_s
        self._here_s = self._feed.now()
        self._tell("resume", self._here_s)
        return self._in_front()

    def _end(self, stopped: Stopped) -> None:
        """Leave the app if it is in front, and mark that the feed stands still."""
        try:
            if stopped != "phone_gone" and self._hand.front() == "front":
                self._hand.home()
            if self._phase and self._feed.running and self._feed.phase != PAUSE:
                self._mark(PAUSE)
        except UserError:
            pass  # the phone or the recording is gone by now; the log says why the drive ended
        finally:
            self._tell("stop", self._feed.now(), reason=stopped)

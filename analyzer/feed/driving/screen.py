"""Which item of the feed is on the screen: by the app's own log, else by the order of the answers.

The feed is a list of places, in the order in which the answers carried them. A line of the app's
log that says that an item begins puts us at its place; each swipe after that line is one place on.
Where the app usually names what begins and this time does not, nobody knows what is there: the
swipe was lost, or something is shown that is no item.
"""

from __future__ import annotations

import bisect
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from analyzer.feed.driven import Certainty
from analyzer.feed.items import completed
from analyzer.feed.reading import Found
from analyzer.feed.records import Item, Serving, Watch

_EARLY: Final = 1.0  # seconds by which a line of the log may come before the end of the answer
_LAST: Final = 5  # swipes by which the habit of the app is known,
_USUAL: Final = 3  # and of how many of them it must have named what came
_BEFORE: Final = 1e-3  # seconds
_MOST_DETAILS: Final = 20_000


@dataclass(frozen=True, slots=True)
class OnScreen:
    """What is on the screen since `since` (seconds of the session); None and "unknown" go together.

    `place`: among all that the feed was given; it may lie behind the last of them.
    """

    item: Item | None
    place: int
    certainty: Certainty
    since: float


class Screen:
    """What of one `surface` was served, and which of it is on the screen."""

    def __init__(self, surface: str) -> None:
        self.served_s = 0.0  # when the last item came
        self.unserved = 0  # lines of the log on items that no answer had
        self.has_log = False
        self._surface = surface
        self._items: list[Item] = []
        self._served: list[float] = []
        self._places: defaultdict[str, list[int]] = defaultdict(list)
        self._details: dict[str, Item] = {}
        self._batches: set[int] = set()
        self._anchor: tuple[int, float] | None = None
        self._strange: Watch | None = None  # the log's last line, on what nobody served
        self._begins = False  # the log tells beginnings, not only ends
        self._swipes: list[float] = []
        self._left = -1  # the last place that was named and left
        self._named = False  # the log has named what came after the last swipe
        self._habit: deque[bool] = deque(maxlen=_LAST)

    def __len__(self) -> int:
        return len(self._items)

    def take(self, found: Iterable[Found]) -> None:
        """Take in what the capture has more."""
        before = len(self._items)
        for each in found:
            if isinstance(each, Serving):
                if each.surface == self._surface:
                    self._serve(each)
            elif isinstance(each, Item):
                if len(self._details) < _MOST_DETAILS:
                    known = self._details.get(each.key)
                    self._details[each.key] = completed(known, each) if known else each
            elif isinstance(each, Watch):
                self._hear(each)
        # A line may stand in the capture before the answer that it is about.
        if self._strange is not None and len(self._items) > before:
            self._hear(self._strange)

    def begin(self) -> None:
        """Begin to drive.

        Without a log, the first item that was served is on the screen now if nobody can have
        scrolled far: no second answer has come yet. Else nobody knows.
        """
        if self._anchor is None and not self.has_log and len(self._batches) <= 1:
            self._anchor = (0, self._served[0] if self._served else 0.0)

    def swiped(self, t_s: float) -> None:
        """Note that a swipe began at `t_s`."""
        if self._left >= 0:
            self._habit.append(self._named)
        place = self._place()
        if self._named and place is not None:
            self._left = place
        self._swipes.append(t_s)
        self._named = False

    @property
    def named(self) -> bool:
        """Whether the log has named what is on the screen since the last swipe."""
        return self._named

    @property
    def is_prompt(self) -> bool:
        """Whether the app usually names what begins, soon after a swipe."""
        return sum(self._habit) >= _USUAL

    def now(self) -> OnScreen:
        """Return what is on the screen."""
        place = self._place()
        since = self._since()
        if place is None or self._strange is not None or not 0 <= place < len(self._items):
            return OnScreen(None, -1 if place is None else place, "unknown", since)
        item = self._items[place]
        more = self._details.get(item.key)
        item = completed(item, more) if more else item
        if self._named:
            return OnScreen(item, place, "log", since)
        if self.is_prompt and self._swipes:
            return OnScreen(None, place, "unknown", since)
        return OnScreen(item, place, "order", since)

    def _place(self) -> int | None:
        if self._anchor is None:
            return None
        place, t_s = self._anchor
        return place + len(self._swipes) - bisect.bisect_right(self._swipes, t_s)

    def _since(self) -> float:
        heard = self._anchor[1] if self._anchor else 0.0
        return max([heard, *self._swipes[-1:]])

    def _serve(self, serving: Serving) -> None:
        item = serving.item
        self.served_s = max(self.served_s, serving.t_s)
        self._batches.add(serving.batch)
        waiting = [at for at in self._places[item.key] if at > (self._place() or 0)]
        if waiting:
            return  # told again before its turn
        self._places[item.key].append(len(self._items))
        self._items.append(item)
        self._served.append(serving.t_s)

    def _hear(self, line: Watch) -> None:
        if line.liked or line.shared or line.commented or line.followed:
            return
        self.has_log = True
        begins = line.watch_s is None and line.rounds is None
        self._begins |= begins
        if (self._anchor and line.t_s < self._anchor[1]) or (self._begins and not begins):
            return
        place = self._place_of(line)
        if place is None:
            self.unserved += self._strange is not line
            self._strange = line
            self._anchor = None
            return
        self._strange = None
        last = self._swipes[-1] if self._swipes else None
        if not begins and last is not None and line.t_s >= last and place == self._left:
            self._anchor = (place, last - _BEFORE)  # the swipe ended it
        else:
            self._anchor = (place, line.t_s)
        if last is None or (line.t_s >= last and self._place() != self._left):
            self._named = True

    def _place_of(self, line: Watch) -> int | None:
        """Return the place of the item that the log names: the next one that has it."""
        places = [
            at for at in self._places.get(line.key, ()) if self._served[at] - _EARLY <= line.t_s
        ]
        if not places:
            return None
        here = self._anchor[0] if self._anchor else 0
        return next((at for at in places if at >= here), places[-1])

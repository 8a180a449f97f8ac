"""What became of each serving: the feed's answers and the app's watch log, joined.

The log, where there is one, says what was on the screen; where the app keeps none, the driver's log
does. What it does not name was passed over if something behind it was shown, and else was fetched
ahead of its turn. Where there is no log at all, only the place speaks: an app asks for the next
items when those that it has run out, so that the items of an answer that was followed by another
one are taken as shown (`by` "order"), unless that was faster than anybody looks, and of the last
answer nothing is known. Nor is it of what was served while a log is silent (`feed.silence`).

An item that is served again while it still waits for its turn is a duplicate, not a second chance
to see it; once it was shown or passed over, it is a serving of its own.
"""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from analyzer.feed.feed_time import FeedClock, Step, awake
from analyzer.feed.reading import PRELOAD
from analyzer.feed.records import AdClass, ShownBy, State, Watch
from analyzer.feed.silence import gaps, grace, last_sign

_EARLY: Final = 1.0  # seconds by which a line of the log may come before the end of the answer
_QUICKEST: Final = 0.5  # seconds of an item; faster, they were fetched and not looked at
_WHOLE: Final = 0.95  # share of a duration from which on it was watched whole


@dataclass(frozen=True, slots=True)
class Served:
    """What joining needs of a `Serving`; few enough bytes to hold those of a session."""

    key: str
    exchange: str
    t_s: float
    surface: str
    batch: int
    duration_s: float | None
    ad: AdClass
    author: str


@dataclass(slots=True)
class Fate:
    """What became of one serving."""

    place: int = 0
    state: State = "unknown"
    by: ShownBy = ""
    shown_s: float | None = None  # seconds of the session at which it came on the screen
    feed_s: float | None = None
    watch_s: float | None = None
    rounds: int | None = None
    engaged: bool = False
    silent: bool = False  # unknown, because the log was silent
    open: bool = False  # unknown, because it was on the screen here or on another surface
    lines: list[Watch] = field(default_factory=list, repr=False)


def join(
    servings: Sequence[Served],
    watches: Iterable[Watch],
    clock: FeedClock,
) -> tuple[list[Fate], int]:
    """Return the fate of each of `servings` (one session's, in the order of its exchanges).

    Also how many lines of the log name an item that no recorded answer had served before, or not
    where it was on the screen. `watches` are the app's log, the driver's, or both.
    """
    log: defaultdict[str, list[Watch]] = defaultdict(list)
    for watch in watches:
        log[watch.key].append(watch)
    for lines in log.values():
        lines.sort(key=lambda line: line.t_s)
    fates = [Fate() for _ in servings]
    surfaces: defaultdict[str, list[int]] = defaultdict(list)
    for index, serving in enumerate(servings):
        fates[index].place = len(surfaces[serving.surface])
        surfaces[serving.surface].append(index)
    for places in surfaces.values():
        _duplicates([servings[at] for at in places], [fates[at] for at in places], log)
    unserved = _attribute(servings, fates, log)
    times = sorted(line.t_s for lines in log.values() for line in lines)
    for surface, places in surfaces.items():
        those = [servings[at] for at in places], [fates[at] for at in places]
        if any(fate.lines for fate in those[1]):
            _by_log(*those)
            _by_silence(*those, times)
        elif surface != PRELOAD:
            _by_order(*those, logged=bool(log))
        else:
            _waiting(those[1])
    for serving, fate in zip(servings, fates, strict=True):
        _finish(serving, fate, clock)
    return fates, unserved


def known_until(servings: Sequence[Served], watches: Iterable[Watch]) -> float:
    """Return until which second of the session its feed is known to have been on the screen."""
    answers = sorted(each.t_s for each in servings if each.surface != PRELOAD)
    lines = sorted(each.t_s for each in watches)
    return last_sign(lines, answers, grace([each.duration_s for each in servings]))


def awake_steps(
    steps: Sequence[Step], servings: Sequence[Served], watches: Sequence[Watch], ended_s: float
) -> tuple[list[Step], float]:
    """Return `steps` without what lies far from any answer and any line; and how long that is."""
    signs = [(each.t_s, each.t_s) for each in servings if each.surface != PRELOAD]
    signs += [(max(0.0, each.t_s - _time_of(each)), each.t_s) for each in watches]
    pause_s = grace([each.duration_s for each in servings])
    return awake(steps, sorted(signs), ended_s, pause_s, logged=bool(watches))


def _duplicates(
    servings: Sequence[Served], fates: Sequence[Fate], log: dict[str, list[Watch]]
) -> None:
    """Mark what was served again before its turn came. One surface."""
    earliest: dict[str, int] = {}
    passed = _Passed(servings, log)
    told: defaultdict[int, set[str]] = defaultdict(set)  # the items of each answer
    for serving in servings:
        told[serving.batch].add(serving.key)
    for at, serving in enumerate(servings):
        before = earliest.get(serving.key)
        # Without a log: twice in one answer, or in two answers that are the same.
        if (
            before is not None
            and not _is_over(servings[before], before, serving.t_s, log, passed)
            and (log or told[servings[before].batch] == told[serving.batch])
        ):
            fates[at].state = "duplicate"
        else:
            earliest[serving.key] = at


class _Passed:
    """When, by the log, something behind a place was shown."""

    def __init__(self, servings: Sequence[Served], log: dict[str, list[Watch]]) -> None:
        places: defaultdict[str, list[int]] = defaultdict(list)
        for at, serving in enumerate(servings):
            if serving.key in log:
                places[serving.key].append(at)
        shown: list[tuple[float, int]] = []
        for key, those in places.items():
            times = [servings[at].t_s - _EARLY for at in those]
            for line in log[key]:
                latest = bisect.bisect_right(times, line.t_s) - 1
                shown += [(line.t_s, those[latest])] if latest >= 0 else []
        shown.sort()
        self._times: list[float] = []
        self._furthest: list[int] = []
        furthest = -1
        for t_s, place in shown:
            furthest = max(furthest, place)
            self._times.append(t_s)
            self._furthest.append(furthest)

    def beyond(self, place: int, t_s: float) -> bool:
        """Whether something behind `place` had been shown at `t_s`."""
        at = bisect.bisect_right(self._times, t_s) - 1
        return at >= 0 and self._furthest[at] > place


def _is_over(
    serving: Served, place: int, t_s: float, log: dict[str, list[Watch]], passed: _Passed
) -> bool:
    """Whether the turn of an earlier serving was over at `t_s`: it was shown, or passed over."""
    if any(serving.t_s - _EARLY <= line.t_s <= t_s for line in log.get(serving.key, ())):
        return True
    return passed.beyond(place, t_s)


def _attribute(
    servings: Sequence[Served], fates: Sequence[Fate], log: dict[str, list[Watch]]
) -> int:
    """Give each line of the log to the latest serving of its item; return how many had none.

    Of an item that several surfaces have, to that on the surface where it was, if that is known.
    """
    chances: defaultdict[str, dict[str, list[int]]] = defaultdict(dict)
    for at, serving in enumerate(servings):
        if fates[at].state != "duplicate":
            chances[serving.key].setdefault(serving.surface, []).append(at)
    unserved = 0
    several: list[tuple[Watch, dict[str, int]]] = []
    known: list[tuple[float, str]] = []
    for key, lines in log.items():
        for line in lines:
            latest = _latest(servings, chances.get(key, {}), line)
            if line.surface:
                latest = {
                    name: at for name, at in latest.items() if name in (line.surface, PRELOAD)
                }
            places = [name for name in latest if name != PRELOAD]
            if not latest:
                unserved += 1
            elif len(places) < 2:
                fates[max(latest.values())].lines.append(line)
                known += [(line.t_s, name) for name in places]
            else:
                several.append((line, latest))
    if several:
        _choose(servings, fates, several, sorted(known))
    return unserved


def _latest(
    servings: Sequence[Served], places: dict[str, list[int]], line: Watch
) -> dict[str, int]:
    """Return the latest serving of the item of `line` on each surface, up to then."""
    found = {}
    for surface, those in places.items():
        if servings[those[-1]].t_s - _EARLY <= line.t_s:
            found[surface] = those[-1]
            continue
        at = bisect.bisect_right(those, line.t_s, key=lambda each: servings[each].t_s - _EARLY)
        if at:
            found[surface] = those[at - 1]
    return found


def _choose(
    servings: Sequence[Served],
    fates: Sequence[Fate],
    several: Sequence[tuple[Watch, dict[str, int]]],
    known: Sequence[tuple[float, str]],
) -> None:
    """Give lines to one of the servings that are named with each, or to none of them.

    `known`: where lines on items of one surface alone were. The one before and the one after speak
    for those between them, if they agree, as the line before on the same item does for the next.
    """
    before: dict[str, tuple[float, int]] = {}
    for line, latest in several:
        since, chosen = before.get(line.key, (0.0, -1))
        newer = [at for at in latest.values() if servings[at].t_s - _EARLY > since]
        if chosen < 0 or len(newer) > 1:
            place = bisect.bisect_left(known, (line.t_s, ""))
            beside = {name for _, name in known[max(0, place - 1) : place + 1]}
            chosen = latest.get(beside.pop(), -1) if len(beside) == 1 else -1
        elif newer:
            [chosen] = newer
        if chosen < 0:
            for surface, at in latest.items():
                fates[at].open = surface != PRELOAD
            continue
        fates[chosen].lines.append(line)
        before[line.key] = (line.t_s, chosen)


def _by_log(servings: Sequence[Served], fates: Sequence[Fate]) -> None:
    last = max(at for at, fate in enumerate(fates) if fate.lines)
    for at, fate in enumerate(fates):
        if fate.state == "duplicate":
            continue
        if fate.lines:
            fate.state, fate.by = "shown", _teller(fate.lines)
            began = min(line.t_s - _time_of(line) for line in fate.lines)
            fate.shown_s = max(servings[at].t_s, began)
        elif not fate.open:
            fate.state = "skipped_over" if at < last else "prefetched"


def _by_silence(servings: Sequence[Served], fates: Sequence[Fate], lines: Sequence[float]) -> None:
    """Take back what a silent log seems to say: of one surface, in the order of its places."""
    answers = sorted({each.t_s for each in servings})
    found = gaps(lines, answers, grace([each.duration_s for each in servings]))
    last = max((each.batch for each in servings), default=0)
    shown = [(fate.lines[0].t_s, at) for at, fate in enumerate(fates) if fate.lines]
    for begin, end in found:
        first = max((at for t_s, at in shown if t_s <= begin), default=-1)
        after = min((at for t_s, at in shown if t_s >= end and at > first), default=len(fates))
        for serving, fate in zip(
            servings[first + 1 : after], fates[first + 1 : after], strict=True
        ):
            waiting = after == len(fates) and serving.batch == last
            if fate.state in {"skipped_over", "prefetched"} and not waiting:
                fate.state, fate.silent = "unknown", True


def _teller(lines: Sequence[Watch]) -> ShownBy:
    """Return whose log `lines` are of: no request told what the driver did."""
    return "watch_log" if any(line.exchange for line in lines) else "driver"


def _time_of(line: Watch) -> float:
    """Return how long before it was logged the showing began: a time is told when it is over."""
    return line.watch_s or 0.0


def _by_order(servings: Sequence[Served], fates: Sequence[Fate], *, logged: bool) -> None:
    """Take those as shown that were followed by another answer, spread evenly until it came.

    Not where the session has a log: then the log has left this surface out.
    """
    answers: defaultdict[int, list[Fate]] = defaultdict(list)
    begins: dict[int, float] = {}
    for serving, fate in zip(servings, fates, strict=True):
        begins.setdefault(serving.batch, serving.t_s)
        if fate.state != "duplicate":
            answers[serving.batch].append(fate)
    for batch, after in pairwise(() if logged else begins):
        those = answers[batch]
        if begins[after] - begins[batch] < _QUICKEST * len(those):
            continue
        for number, fate in enumerate(those):
            fate.state, fate.by = "shown", "order"
            fate.shown_s = begins[batch] + (begins[after] - begins[batch]) * number / len(those)


def _waiting(fates: Sequence[Fate]) -> None:
    for fate in fates:
        if fate.state != "duplicate":
            fate.state = "prefetched"


def _finish(serving: Served, fate: Fate, clock: FeedClock) -> None:
    if fate.state == "shown" and fate.shown_s is not None:
        fate.feed_s = clock.at(fate.shown_s)
    times = [line.watch_s for line in fate.lines if line.watch_s is not None]
    rounds = [line.rounds for line in fate.lines if line.rounds is not None]
    fate.watch_s = round(sum(times), 3) if times else None
    fate.rounds = sum(rounds) if rounds else None
    if fate.rounds is None and fate.watch_s is not None and serving.duration_s:
        fate.rounds = int(fate.watch_s / serving.duration_s + 1 - _WHOLE)
    acted = any(line.liked or line.shared or line.commented or line.followed for line in fate.lines)
    fate.engaged = acted or (fate.rounds or 0) >= 1

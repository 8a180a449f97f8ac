"""One arm of a comparison: the value of each of its accounts, for each measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analyzer.feed.measures import intervals
from analyzer.feed.measures.columns import ADS
from analyzer.feed.measures.records import Coverage, Figure, MeasureName
from analyzer.feed.measures.tallying import Tally
from analyzer.feed.records import Role
from analyzer.statistics import CONFIDENCE, Interval

Counts = NDArray[np.int64]


class Sample(NamedTuple):
    """The accounts of an arm that can be counted. `items`: those that each value is a share of.

    `possible`: the mean, were all items that nobody coded negative, and were all positive.
    """

    values: NDArray[np.float64]
    items: Counts
    blocks: tuple[str, ...]
    left_out: int
    possible: Interval | None
    stopped: int  # left out or cut short because a rule ended them for what they were shown


class Times(NamedTuple):
    """When each account of an arm got there (nan: not `until` its feed time was over)."""

    times: NDArray[np.float64]
    until: NDArray[np.float64]
    blocks: tuple[str, ...]
    left_out: int
    stopped: int  # of those that did not get there


class FeedArm:
    """The accounts of one side and role."""

    def __init__(self, tally: Tally, side: str, role: Role, categories: Sequence[str]) -> None:
        """Take which accounts these are; `categories` by their places, as the tally counts them."""
        self.tally, self.side, self.role = tally, side, role
        chosen = [
            place
            for place, each in enumerate(tally.accounts)
            if (each.side, each.role) == (side, role)
        ]
        self.places = np.asarray(chosen, dtype=np.int64)
        self.blocks = np.asarray([tally.accounts[place].block for place in chosen], dtype=object)
        self._stopped = np.asarray([bool(tally.accounts[place].stopped) for place in chosen])
        self._interests = _interests(tally, side, chosen, categories)
        self._until = np.asarray([tally.accounts[place].feed_s for place in chosen])
        self._lived = tally.lived()[self.places]

    @property
    def name(self) -> str:
        """Name the arm: "KE seeded"."""
        return f"{self.side} {self.role}"

    def lived(self, window: int) -> int:
        """Return how many accounts lived through a window."""
        return int(self._lived[:, window].sum())

    def stopped(self, window: int | None) -> int:
        """Return how many accounts a rule ended, for what they were shown, before a window's end
        (or at all).
        """
        missing = self._stopped if window is None else self._stopped & ~self._lived[:, window]
        return int(missing.sum())

    def counted(self, counts: Counts, window: int | None, *, up_to: bool = False) -> Counts:
        """Return the counts of the arm's accounts in a window, up to its end, or of all windows."""
        first = 0 if window is None or up_to else window
        last = self.tally.windows if window is None else window + 1
        found: Counts = counts[self.places, first:last].sum(axis=1)
        return found

    def share(self, window: int | None, *, up_to: bool = False) -> Sample:
        """Return the share of positive items of those coded."""
        tally = self.tally
        shown, coded, positive = (
            self.counted(each, window, up_to=up_to)
            for each in (tally.shown, tally.coded, tally.positive)
        )
        return self._sample(positive, coded, shown, window)

    def per_hour(self, window: int | None) -> Sample:
        """Return positive items in an hour: the share of the coded items, of all items shown."""
        found = self.share(window)
        seconds = self._until if window is None else np.full(self.places.size, self._window_s)
        shown = self.counted(self.tally.shown, window)
        usable = self._usable(self.counted(self.tally.coded, window), self._there(window))
        pace = shown[usable] * 3600.0 / np.maximum(seconds[usable], 1.0)
        shares = self._shares(window)[usable]
        return found._replace(values=np.sort(shares * pace), possible=None)

    def ads(self, measure: MeasureName) -> Sample:
        """Return the share of advertisements of a class among all items shown, or, of those coded,
        the share that is of the interest.
        """
        if measure == "ads_matched":
            coded = self.tally.ads_by_category[self.places]
            matched = (coded * self._interests).sum(axis=1)
            total = coded.sum(axis=1)
            return self._sample(matched, total, total, None)
        items = self.counted(self.tally.items, None)
        kind = ADS.index(_CLASSES[measure])
        return self._sample(self.tally.ads[self.places, kind], items, items, None)

    def times(self, measure: MeasureName, base: float | None = None) -> Times | None:
        """Return when accounts got there; None where that is not defined (no `base` to double)."""
        tally, until = self.tally, self._until
        if measure == "first_exposure":
            found = tally.first[self.places]
        elif measure == "onset":
            found = tally.reached(tally.settings.half)[self.places]
        else:
            count = doubled(base, tally.settings.last)
            if count is None:
                return None
            begun, reached = (each[self.places] for each in tally.reached_since(count))
            there = ~np.isnan(begun)
            return Times(
                (reached - begun)[there],
                (until - begun)[there],
                tuple(self.blocks[there]),
                int((~there).sum()),
                int((self._stopped & np.isnan(reached)).sum()),
            )
        late = self._stopped & np.isnan(found)
        return Times(found, until, tuple(self.blocks), 0, int(late.sum()))

    def coverage(self) -> Coverage:
        """Return how much of the arm is known."""
        tally, accounts = self.tally, [self.tally.accounts[place] for place in self.places]
        return Coverage(
            side=self.side,
            role=self.role,
            accounts=len(accounts),
            shown=int(tally.shown[self.places].sum()),
            coded=int(tally.coded[self.places].sum()),
            unknown=int(tally.unknown[self.places].sum()),
            answers=sum(each.answers for each in accounts),
            understood=sum(each.understood for each in accounts),
        )

    @property
    def _window_s(self) -> float:
        return self.tally.settings.window_s

    def _there(self, window: int | None) -> NDArray[np.bool_]:
        if window is None:
            return np.ones(self.places.size, dtype=np.bool_)
        return self._lived[:, window]

    def _shares(self, window: int | None) -> NDArray[np.float64]:
        coded = np.maximum(self.counted(self.tally.coded, window), 1)
        return self.counted(self.tally.positive, window) / coded

    def _usable(self, coded: Counts, there: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return there & (coded >= self.tally.settings.least_items)

    def _sample(self, positive: Counts, coded: Counts, shown: Counts, window: int | None) -> Sample:
        usable = self._usable(coded, self._there(window))
        values = positive[usable] / coded[usable]
        order = np.lexsort((coded[usable], values))  # so that the order of accounts cannot matter
        possible = None
        if usable.any():
            of, all_shown = positive[usable][order], shown[usable][order]
            missing = all_shown - coded[usable][order]
            possible = Interval(
                float((of / all_shown).mean()), float(((of + missing) / all_shown).mean())
            )
        return Sample(
            values[order],
            coded[usable][order],
            tuple(self.blocks[usable][order]),
            int((~usable).sum()),
            possible,
            self.stopped(window),
        )


_CLASSES = {"ads_formal": "formal", "ads_disclosed": "disclosed", "ads_hint": "hint"}


def _interests(
    tally: Tally, side: str, chosen: Sequence[int], categories: Sequence[str]
) -> NDArray[np.bool_]:
    """Say of each chosen account which categories are its interests; of controls, who have none,
    those of anybody of their side.
    """
    of_side = {name for each in tally.accounts if each.side == side for name in each.interests}
    found = [set(tally.accounts[place].interests) or of_side for place in chosen]
    return np.asarray([[name in told for name in categories] for told in found], dtype=np.bool_)


def doubled(base: float | None, last: int) -> int | None:
    """Return how many of the last items are twice the base share, None where that is undefined."""
    if not base:
        return None
    count = max(2, int(np.ceil(2 * base * last - 1e-9)))
    return count if count <= last else None


def figure(
    arm: FeedArm,
    measure: MeasureName,
    window: int | None,
    sample: Sample,
    joint: float | None = None,
) -> Figure:
    """Return the mean over the accounts of an arm, with its interval."""

    def interval(confidence: float) -> Interval:
        if measure == "per_hour":
            return intervals.mean_rate(sample.values, confidence)
        return intervals.mean_share(sample.values, sample.items, confidence)

    return Figure(
        measure=measure,
        side=arm.side,
        role=arm.role,
        window=window,
        accounts=sample.values.size,
        left_out=sample.left_out,
        value=float(sample.values.mean()) if sample.values.size else None,
        interval=interval(CONFIDENCE),
        joint=None if joint is None else interval(joint),
        possible=sample.possible,
        censored=0,
        stopped=sample.stopped,
    )


def time_figure(
    arm: FeedArm, measure: MeasureName, found: Times, joint: float | None = None
) -> Figure:
    """Return the median over the accounts of an arm, those that never got there among them."""
    return Figure(
        measure=measure,
        side=arm.side,
        role=arm.role,
        window=None,
        accounts=found.times.size,
        left_out=found.left_out,
        value=intervals.middle_time(found.times, found.until),
        interval=intervals.median(found.times, found.until),
        joint=None if joint is None else intervals.median(found.times, found.until, joint),
        possible=None,
        censored=int(np.isnan(found.times).sum()),
        stopped=found.stopped,
    )

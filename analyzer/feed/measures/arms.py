"""One arm of a comparison: the value of each of its accounts, for each measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from analyzer.feed.measures import intervals
from analyzer.feed.measures.columns import ADS, NO_AD
from analyzer.feed.measures.records import Coverage, Figure, MeasureName
from analyzer.feed.measures.runs import AS_CODED, Reading
from analyzer.feed.measures.strata import (
    Labels,
    Sample,
    Times,
    mean_rate,
    mean_share,
    sample,
)
from analyzer.feed.measures.tallying import Tally
from analyzer.feed.records import Role
from analyzer.statistics import CONFIDENCE, Interval

Counts = NDArray[np.int64]
Counted = Literal["shown", "coded", "positive", "items"]
_SAME_TIME: Final = 1.0  # seconds by which feed times do not differ


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
        self._strata, self._across = _strata(tally, chosen)
        self._stopped = np.asarray([bool(tally.accounts[place].stopped) for place in chosen])
        self._interests = _interests(tally, side, chosen, categories)
        self._until = tally.feed_s[self.places]
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
        (None: that of the common feed time).
        """
        return int((self._stopped & ~self._there(window)).sum())

    def counted(self, name: Counted, window: int | None, *, up_to: bool = False) -> Counts:
        """Return what the tally counted of the arm's accounts in a window, up to its end, or in
        the feed time that all have in common.
        """
        if window is None:
            found: Counts = self.tally.common[name][self.places]
            return found
        table: Counts = getattr(self.tally, name)
        first = 0 if up_to else window
        summed: Counts = table[self.places, first : window + 1].sum(axis=1)
        return summed

    @property
    def until_s(self) -> float | None:
        """Return the common feed time; None where no account lived longer."""
        longest = float(self.tally.feed_s.max(initial=0.0))
        return self.tally.until_s if longest > self.tally.until_s + _SAME_TIME else None

    def share(self, window: int | None, *, up_to: bool = False) -> Sample:
        """Return the share of positive items of those coded."""
        shown, coded, positive = (
            self.counted(name, window, up_to=up_to) for name in ("shown", "coded", "positive")
        )
        return self._sample(positive / np.maximum(coded, 1), coded, shown, window)

    def per_hour(self, window: int | None) -> Sample:
        """Return positive items in an hour: the share of the coded items, of all items shown."""
        seconds = self.tally.until_s if window is None else self.tally.settings.window_s
        shown, coded, positive = (
            self.counted(name, window) for name in ("shown", "coded", "positive")
        )
        pace = shown * 3600.0 / max(seconds, 1.0)
        return self._sample(positive / np.maximum(coded, 1) * pace, coded, shown, window)

    def ads(self, measure: MeasureName) -> Sample:
        """Return the share of advertisements of a class among all items shown, or, of those coded,
        the share that is of the interest.
        """
        if measure == "ads_matched":
            coded = self.tally.ads_by_category[self.places]
            matched = (coded * self._interests).sum(axis=1)
            total = coded.sum(axis=1)
            shown = self.tally.ads[self.places].sum(axis=1) - self.tally.ads[self.places, NO_AD]
            return self._sample(matched / np.maximum(total, 1), total, shown, None)
        items = self.counted("items", None)
        of_class = self.tally.ads[self.places, ADS.index(_CLASSES[measure])]
        return self._sample(of_class / np.maximum(items, 1), items, items, None)

    def times(
        self, measure: MeasureName, base: float | None = None, reading: Reading = AS_CODED
    ) -> Times | None:
        """Return when accounts got there; None where that is not defined (no `base` to double)."""
        tally, until = self.tally, self._until
        seen = tally.numbered[self.places].astype(np.float64)
        if measure == "first_exposure":
            found, numbers = tally.first_of(reading)[self.places], tally.numbers(None)[self.places]
        elif measure == "onset":
            half = tally.settings.half
            found = tally.reached(half, reading)[self.places]
            numbers = tally.numbers(half)[self.places]
        else:
            count = doubled(base, tally.settings.last)
            if count is None:
                return None
            begun, reached = (each[self.places] for each in tally.reached_since(count, reading))
            first, numbers = (each[self.places] for each in tally.numbers_since(count))
            there = ~np.isnan(begun)
            return Times(
                (reached - begun)[there],
                (until - begun)[there],
                self._strata[there],
                self._across[there],
                int((~there).sum()),
                int((self._stopped & np.isnan(reached)).sum()),
                numbers[there],
                (seen - first)[there],
                first[there],
            )
        late = int((self._stopped & np.isnan(found)).sum())
        none = np.zeros(seen.size)
        return Times(found, until, self._strata, self._across, 0, late, numbers, seen, none)

    def coverage(self) -> Coverage:
        """Return how much of the arm is known."""
        accounts = [self.tally.accounts[place] for place in self.places]
        return Coverage(
            side=self.side,
            role=self.role,
            accounts=len(accounts),
            shown=int(self.tally.shown[self.places].sum()),
            left_out=int((self.tally.items - self.tally.shown)[self.places].sum()),
            coded=int(self.tally.coded[self.places].sum()),
            unknown=int(self.tally.unknown[self.places].sum()),
            answers=sum(each.answers for each in accounts),
            understood=sum(each.understood for each in accounts),
        )

    def _there(self, window: int | None) -> NDArray[np.bool_]:
        if window is None:
            return self._until >= self.tally.until_s
        return self._lived[:, window]

    def _sample(
        self, values: NDArray[np.float64], coded: Counts, shown: Counts, window: int | None
    ) -> Sample:
        usable = self._there(window) & (coded >= self.tally.settings.least_items)
        return sample(
            values[usable],
            (coded[usable], shown[usable]),
            (self._strata[usable], self._across[usable]),
            int((~usable).sum()),
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


def _strata(tally: Tally, chosen: Sequence[int]) -> tuple[Labels, Labels]:
    """Return the stratum of each account within its side, and between sides: there the countries
    differ, and so may what else the arms are, unless a side has several such kinds.
    """
    accounts = [tally.accounts[place] for place in chosen]
    kinds = {(each.side, each.kind) for each in tally.accounts}
    several = len(kinds) > len({side for side, _ in kinds})
    within = ["\0".join((each.country, each.kind, each.block)) for each in accounts]
    across = ["\0".join((each.kind if several else "", each.block)) for each in accounts]
    return np.asarray(within, dtype=object), np.asarray(across, dtype=object)


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
    of: Sample,
    joint: float | None = None,
) -> Figure:
    """Return the mean over the accounts of an arm, with its interval."""

    def interval(confidence: float) -> Interval:
        if measure == "per_hour":
            return mean_rate(of, confidence)
        return mean_share(of, confidence)

    return Figure(
        measure=measure,
        side=arm.side,
        role=arm.role,
        window=window,
        accounts=of.values.size,
        left_out=of.left_out,
        value=of.mean,
        interval=interval(CONFIDENCE),
        joint=None if joint is None else interval(joint),
        possible=None if measure == "per_hour" else of.possible,
        censored=0,
        stopped=of.stopped,
        until_s=arm.until_s if window is None else None,
        alone=of.alone,
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
        alone=found.alone,
    )

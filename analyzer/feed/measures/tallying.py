"""One pass over the showings: what each account was shown, in memory that does not grow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from analyzer.feed.measures.columns import (
    ADS,
    FORMAL,
    NO_AD,
    SHOWN,
    UNCODED,
    UNKNOWN,
    Columns,
)
from analyzer.feed.measures.common_time import common_time, last_window
from analyzer.feed.measures.records import FeedAccount, FeedSettings
from analyzer.feed.measures.runs import AS_CODED, Reading, Readings
from analyzer.feed.measures.sketches import KEPT, NOTHING, Sketch, joined

MOST_WINDOWS = 1000


class Tally:
    """Counts of accounts x windows, and the times of each account (nan: never).

    `shown`, `coded` and `positive` are of the items that count, `items` of all shown. `common` has
    the same of the feed time up to `until_s`, which all are compared in, and of that time only are
    `ads`, by class of `items`, and `ads_by_category`, of those that somebody coded. `window` is the
    last that enough accounts lived.
    """

    def __init__(
        self,
        accounts: Sequence[FeedAccount],
        categories: Sequence[str],
        positive: Collection[str],
        settings: FeedSettings,
    ) -> None:
        self.settings = settings
        self.accounts = tuple(accounts)
        n = len(self.accounts)
        self.feed_s = np.asarray([each.feed_s for each in self.accounts])
        longest = max((each.feed_s for each in self.accounts), default=0.0)
        self.windows = min(MOST_WINDOWS, max(1, int(np.ceil(longest / settings.window_s))))
        self.window = last_window(self.accounts, settings, self.windows)
        self.until_s = common_time(self.accounts, settings, self.window)
        shape = (n, self.windows)
        self.common = {
            name: np.zeros(n, dtype=np.int64) for name in ("shown", "coded", "positive", "items")
        }
        self.shown = np.zeros(shape, dtype=np.int64)
        self.coded = np.zeros(shape, dtype=np.int64)
        self.positive = np.zeros(shape, dtype=np.int64)
        self.items = np.zeros(shape, dtype=np.int64)
        self.ads = np.zeros((n, len(ADS)), dtype=np.int64)
        self.ads_by_category = np.zeros((n, len(categories)), dtype=np.int64)
        self.unknown = np.zeros(n, dtype=np.int64)
        self.late = np.zeros(n, dtype=np.int64)
        self.first = np.full(n, np.nan)
        self.engaged = np.full(n, np.nan)
        # Which coded items these were, counted from 1, and how many there have been.
        self._first_number, self._engaged_number = np.full(n, np.nan), np.full(n, np.nan)
        self.numbered = np.zeros(n, dtype=np.int64)
        self.sketches: list[list[Sketch]] = [[NOTHING] * self.windows for _ in range(n)]
        self.whole_sketch = True
        self._could = np.full(n, np.nan)  # the first that is positive or that nobody coded
        self._runs = [Readings(settings.last) for _ in range(n)]
        self._since_first = [Readings(settings.last) for _ in range(n)]
        self._since_engaged = [Readings(settings.last) for _ in range(n)]
        self._until = np.full(n, -np.inf)
        self._is_positive = np.asarray([name in positive for name in categories] + [False])

    def add(self, chunks: Iterable[Columns]) -> Tally:
        """Take all chunks; see `Columns` for the order of rows."""
        for chunk in chunks:
            order = np.lexsort((chunk.feed_s, chunk.account))
            names, starts = np.unique(chunk.account[order], return_index=True)
            for account, rows in zip(names, np.split(order, starts[1:]), strict=True):
                self._add(int(account), chunk, rows)
        return self

    def first_of(self, reading: Reading) -> NDArray[np.float64]:
        """Return when the first positive item was shown."""
        return self._could if reading == "positive" else self.first

    def reached(self, count: int, reading: Reading = AS_CODED) -> NDArray[np.float64]:
        """Return when `count` of the last items were positive for the first time."""
        return np.asarray([each.reached(count, reading) for each in self._runs])

    def reached_since(
        self, count: int, reading: Reading = AS_CODED
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return when an account first engaged with a positive item, and when `count` of the last
        items after it were positive; of controls, who engage with none, since the first positive.
        """
        control = np.asarray([each.role == "control" for each in self.accounts], dtype=np.bool_)
        since_first = np.asarray([each.reached(count, reading) for each in self._since_first])
        since_engaged = np.asarray([each.reached(count, reading) for each in self._since_engaged])
        return (
            np.where(control, self.first, self.engaged),
            np.where(control, since_first, since_engaged),
        )

    def numbers(self, count: int | None) -> NDArray[np.float64]:
        """Return which coded item was the one at which `reached`; None: the first positive one."""
        if count is None:
            return self._first_number
        return np.asarray([each.number(count) for each in self._runs])

    def numbers_since(self, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the same of `reached_since`: the item of the beginning, and how many after it."""
        control = np.asarray([each.role == "control" for each in self.accounts], dtype=np.bool_)
        since_first = np.asarray([each.number(count) for each in self._since_first])
        since_engaged = np.asarray([each.number(count) for each in self._since_engaged])
        return (
            np.where(control, self._first_number, self._engaged_number),
            np.where(control, since_first, since_engaged),
        )

    def lived(self) -> NDArray[np.bool_]:
        """Say of each account and window whether the account lived through it."""
        ends = (np.arange(self.windows) + self.settings.whole_window) * self.settings.window_s
        return self.feed_s[:, None] >= ends

    def _add(self, account: int, chunk: Columns, rows: NDArray[np.intp]) -> None:
        state = chunk.state[rows]
        self.unknown[account] += int((state == UNKNOWN).sum())
        rows = rows[(state == SHOWN) & ~np.isnan(chunk.feed_s[rows])]
        if not rows.size:
            return
        feed_s = chunk.feed_s[rows]
        self.late[account] += int((feed_s < self._until[account]).sum())
        moments = np.maximum(feed_s, self._until[account])
        self._until[account] = moments[-1]
        windows = np.clip(feed_s // self.settings.window_s, 0, self.windows - 1).astype(np.int64)
        self.items[account] += self._per_window(windows)
        self._overlap(account, windows, chunk.key[rows])
        ads, category = chunk.ad[rows], chunk.category[rows]
        known = category != UNCODED
        early = feed_s <= self.until_s
        self.ads[account] += np.bincount(ads[early], minlength=len(ADS))
        self.ads_by_category[account] += np.bincount(
            category[known & early & (ads != NO_AD)], minlength=self.ads_by_category.shape[1]
        )
        counts = np.ones(rows.size, dtype=np.bool_)
        if not self.settings.formal_ads_count:
            counts = ads != FORMAL
        coded = counts & known
        positive = coded & self._is_positive[category]
        for table, name, which in (
            (self.shown, "shown", counts),
            (self.coded, "coded", coded),
            (self.positive, "positive", positive),
        ):
            table[account] += self._per_window(windows[which])
            self.common[name][account] += int((which & early).sum())
        self.common["items"][account] += int(early.sum())
        self._times(
            account, moments[counts], positive[counts], known[counts], chunk.engaged[rows][counts]
        )

    def _times(
        self,
        account: int,
        feed_s: NDArray[np.float64],
        positive: NDArray[np.bool_],
        known: NDArray[np.bool_],
        engaged: NDArray[np.bool_],
    ) -> None:
        self._runs[account].add(positive, known, feed_s)
        could = self._could
        if np.isnan(could[account]) and (positive | ~known).any():
            could[account] = feed_s[int(np.argmax(positive | ~known))]
        for first, number, runs, which in (
            (self.first, self._first_number, self._since_first, positive),
            (self.engaged, self._engaged_number, self._since_engaged, positive & engaged),
        ):
            after = 0
            if np.isnan(first[account]):
                if not which.any():
                    continue
                after = int(np.argmax(which)) + 1
                first[account] = feed_s[after - 1]
                number[account] = self.numbered[account] + known[:after].sum()
            runs[account].add(positive[after:], known[after:], feed_s[after:])
        self.numbered[account] += known.sum()

    def _per_window(self, windows: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.bincount(windows, minlength=self.windows)

    def _overlap(self, account: int, windows: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
        for window in np.unique(windows):
            sketch = joined(self.sketches[account][window], keys[windows == window])
            self.sketches[account][window] = sketch
            self.whole_sketch &= sketch.size < KEPT

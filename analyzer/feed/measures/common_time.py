"""Which feed time accounts have in common: only that is compared.

An account that lived longer was shown more, and later, things. So figures of "all feed time" are of
the first stretch of it that enough accounts of every arm lived; those that did not are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from analyzer.feed.measures.records import FeedAccount, FeedSettings


def last_window(
    accounts: Sequence[FeedAccount], settings: FeedSettings, windows: int
) -> int | None:
    """Return the last window through which enough accounts of all arms lived, if there is one
    before which no rule had ended any; else the last at all; else that of any account each.
    """
    arms = _arms(accounts)
    enough = settings.least_accounts
    for least, whole in ((enough, True), (enough, False), (1, False)):
        for window in reversed(range(windows if arms else 0)):
            end = (window + settings.whole_window) * settings.window_s
            lived = [[each.feed_s >= end for each in arm] for arm in arms]
            if all(sum(each) >= min(least, len(each)) for each in lived) and not (
                whole and any(each.stopped and each.feed_s < end for each in accounts)
            ):
                return window
    return None


def common_time(
    accounts: Sequence[FeedAccount], settings: FeedSettings, window: int | None
) -> float:
    """Return the feed time that all accounts lived that lived through `window`; without one, that
    which enough accounts of every arm did.
    """
    if window is not None:
        end = (window + settings.whole_window) * settings.window_s
        return min(each.feed_s for each in accounts if each.feed_s >= end)
    enough = []
    for arm in _arms(accounts):
        lived = sorted((each.feed_s for each in arm), reverse=True)
        enough.append(lived[min(settings.least_accounts, len(lived)) - 1])
    return min(enough, default=0.0)


def _arms(accounts: Sequence[FeedAccount]) -> list[list[FeedAccount]]:
    found: defaultdict[tuple[str, str], list[FeedAccount]] = defaultdict(list)
    for each in accounts:
        found[each.side, each.role].append(each)
    return list(found.values())

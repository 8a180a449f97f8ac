"""A dry run: says what a driver would do while a person scrolls. It touches nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from analyzer.feed.driving.drive import Feed
from analyzer.feed.driving.dwelling import Dweller
from analyzer.feed.driving.matching import Matcher
from analyzer.feed.driving.screen import Screen

_LOOK_S: Final = 0.2


def rehearse(
    feed: Feed,
    surface: str,
    matcher: Matcher,
    dweller: Dweller,
    *,
    tell: Callable[..., object],
    wait: Callable[[float], bool],
) -> None:
    """Tell of each item that the app's log names what would become of it, until told to end.

    `tell` and `wait` are as in `drive.Driver`.
    """
    screen = Screen(surface)
    place = -1
    while feed.running:
        screen.take(feed.poll())
        on = screen.now()
        if on.item is not None and on.certainty == "log" and on.place != place:
            place = on.place
            match = matcher.match(on.item)
            decision = dweller.decide(known=True, matches=match.matches)
            tell(
                "would",
                on.since,
                key=on.item.key,
                decision=decision,
                why=list(match.why),
                dwell_s=round(dweller.seconds(decision, on.item.duration_s), 3),
                duration_s=on.item.duration_s,
                certainty=on.certainty,
                place=on.place,
                ad=on.item.ad,
            )
        if wait(_LOOK_S):
            return

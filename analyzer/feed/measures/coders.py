"""What the figures would be, did fewer or more of the coders have to call an item positive.

Final codes are of people, who err. Where they code blind, they err alike in all arms: what is
wrongly called positive adds as much to the share of the controls as to that of the others, and
draws an amplification towards 1. What *all* coders of an item call positive is hardly ever wrong;
what *any* does holds nearly all that is. The truth is seldom beyond the two; docs/feed.md has how
seldom.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Final

from analyzer.feed.measures import intervals
from analyzer.feed.measures.arms import FeedArm
from analyzer.feed.measures.columns import Columns
from analyzer.feed.measures.records import CodersFigure, CodersRule, FeedAccount, FeedSettings
from analyzer.feed.measures.strata import mean_share, paired
from analyzer.feed.measures.tallying import Tally
from analyzer.feed.records import Role
from analyzer.statistics import CONFIDENCE

CALLED: Final = ("by none", "by some", "by all")
_RULES: Final[Mapping[CodersRule, frozenset[str]]] = {
    "all": frozenset({"by all"}),
    "any": frozenset({"by some", "by all"}),
}
_ROLES: Final[tuple[Role, ...]] = ("seeded", "observed")


def called(
    by_coder: Mapping[str, Mapping[str, str]],
    final: Mapping[str, str],
    positive: Collection[str],
) -> dict[str, str]:
    """Return for each item of `final` which of its coders called it positive: one of CALLED.

    `by_coder`: coder -> item -> category. `final`: the codes that are measured (item -> category),
    without those of which nobody could tell. The decision on a disagreement is no coder's.
    """
    counts = dict.fromkeys(final, 0)
    yes = dict.fromkeys(final, 0)
    for given in by_coder.values():
        for item, category in given.items():
            if item in counts:
                counts[item] += 1
                yes[item] += category in positive
    found = {}
    for item, category in final.items():
        if not counts[item]:
            found[item] = CALLED[2 if category in positive else 0]
        else:
            found[item] = CALLED[(yes[item] > 0) + (yes[item] == counts[item])]
    return found


def by_coders(
    chunks: Iterable[Columns],
    accounts: Sequence[FeedAccount],
    sides: tuple[str, str],
    window: int | None,
    settings: FeedSettings,
) -> tuple[CodersFigure, ...]:
    """Measure share, amplification and onset anew by each rule.

    `chunks` as for `measure`, but with `called` for codes and `CALLED` for categories. `window` is
    that of the comparison's headline.
    """
    tallies = {rule: Tally(accounts, CALLED, told, settings) for rule, told in _RULES.items()}
    for chunk in chunks:
        for tally in tallies.values():
            tally.add([chunk])
    found = []
    for (rule, tally), side, role in product(tallies.items(), sides, _ROLES):
        arm, controls = FeedArm(tally, side, role, CALLED), FeedArm(tally, side, "control", CALLED)
        if arm.places.size:
            found.append(_figure(rule, arm, controls, window))
    return tuple(found)


def _figure(rule: CodersRule, arm: FeedArm, controls: FeedArm, window: int | None) -> CodersFigure:
    share = arm.share(window)
    base = None
    if controls.places.size:
        of_controls = controls.share(window)
        ours, theirs = paired(share, of_controls)
        share, of_controls = (ours, theirs) if ours.values.size else (share, of_controls)
        base = of_controls.mean
    times = arm.times("onset")
    mean = share.mean
    return CodersFigure(
        rule=rule,
        side=arm.side,
        role=arm.role,
        window=window,
        share=mean,
        share_interval=mean_share(share, CONFIDENCE),
        controls=base,
        amplification=mean / base if mean is not None and base else None,
        onset_s=None if times is None else intervals.middle_time(times.times, times.until),
    )

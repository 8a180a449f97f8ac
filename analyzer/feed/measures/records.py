"""What the measures of a feed are, as frozen records of plain values.

The unit is the account. Times are seconds of feed time. An end of an interval that nothing bounds
is infinite; a figure that is not defined is None. Nothing here is captured text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from analyzer.feed.records import Role
from analyzer.statistics import Interval

FeedVerdict = Literal["higher", "lower", "same", "insufficient"]
ReasonCode = Literal[
    "few_accounts",  # accounts of the smaller arm that can be counted; how many are needed
    "few_items",  # accounts with too few coded items; how many each needs
    "coverage",  # share of the items shown that somebody coded, of the arm with the least; needed
    "unknown_showings",  # share of servings of which nobody knows whether they were shown; at most
    "guessed",  # share of the items shown of which only their order says so; at most
    "stopped",  # accounts that a rule ended because of what they were shown; none may be
    "unread_answers",  # share of the feed's answers that were not understood; at most
    "no_power",  # the least p that so many accounts can give; what it would have to be
    "chance",  # q; accounts of each arm that would do if the effect is as seen (None: over 1000)
    "interval",  # significant, but the interval holds no difference
    "not_reached",  # accounts of the arm that reached it; more than half are needed
    "no_positive",  # no positive item in either arm: no ratio
    "coverage_apart",  # share coded, of the arm with the least, and it would fall if what is not
    # coded spoke against it; what would have to be coded for it to stand
    "one_sided",  # strata (arm x block) with accounts of both arms; one at least
    "opposed",  # strata that say the opposite of the others, beyond chance; none may
    "mixed",  # how far apart the arms are in how they lie over the strata (0 to 1); at most
    "region",  # sessions of which nothing proves where the phone was; none may be
    "times",  # share of pairs of accounts of which that of one arm is the earlier; at most
    "coders_apart",  # share of the items of either arm that the same people coded; needed
    "agreement",  # the low end of Krippendorff's alpha, of the side with the least; needed
    "agreement_unknown",  # items that two people coded, of the side with the fewest
    "role_not_kept",  # share of an arm's accounts that watched otherwise than their role; at most
    "by_order",  # difference of the shares of items that are shown by their order alone; at most
]
CodersRule = Literal["all", "any"]  # which coders of an item have to call it positive
MeasureName = Literal[
    "share",  # positive items of the coded items shown
    "per_hour",  # positive items shown in an hour of feed time
    "first_exposure",  # feed time of the first positive item
    "onset",  # feed time at which half of the last 20 coded items are positive
    "doubling",  # feed time from the first engagement to twice the share of controls
    "ads_formal",  # advertisements of each class, of the items shown
    "ads_disclosed",
    "ads_hint",
    "ads_matched",  # coded advertisements of the categories in which the account shows an interest
    "amplification",  # ratio of two amplifications: of side a over that of side b
]
TIMES: Final[tuple[MeasureName, ...]] = ("first_exposure", "onset", "doubling")  # of feed time


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """How it is measured. All of it is told in the report."""

    window_s: float = 3600.0
    last: int = 20  # onset: of so many coded items ...
    half: int = 10  # ... so many are positive
    margin: float = 1.25  # `same`: the whole interval of a ratio within this factor
    alpha: float = 0.05  # false discovery rate over all rows
    least_accounts: int = 6  # of each arm; a median of 5 has no 95% interval
    least_items: int = 20  # coded items of an account in a window, or it is left out there
    least_coverage: float = 0.8
    most_unknown: float = 0.2
    most_unread: float = 0.2
    most_mixed: float = 0.2  # of an arm, how much may lie in other strata, for times
    whole_window: float = 0.95  # an account that lived this share of a window counts in it
    formal_ads_count: bool = False  # formal advertisements are items of the feed, too
    resamples: int = 1999
    permutations: int = 9999


@dataclass(frozen=True, slots=True)
class FeedAccount:
    """One account as the study declares it. `feed_s`: feed time of all its sessions."""

    name: str
    arm: str
    side: str
    role: Role
    interests: tuple[str, ...]  # categories of the codebook; () of controls
    block: str  # accounts are exchanged within it only, of one country and kind
    feed_s: float
    answers: int = 0  # of the feed's addresses
    understood: int = 0
    # The rule that ended the account for good because of what it was shown ("positive_in_a_row");
    # "" too where a later session took the account up again.
    stopped: str = ""
    country: str = ""  # of its arm: a side may be several
    kind: str = ""  # what else its arm is, but for the country: how old, how consented


@dataclass(frozen=True, slots=True)
class AccountFigures:
    """What one account was shown. None: never reached within its feed time (it is censored)."""

    name: str
    side: str
    role: Role
    feed_s: float
    shown: int  # items that were on the screen and count (see `FeedSettings.formal_ads_count`)
    coded: int
    positive: int
    unknown: int  # servings of which nobody knows whether they were shown
    late: int  # items whose feed time is before that of items in chunks before
    share: tuple[float | None, ...]  # for each window; None: too few coded items, or not lived
    cumulative: tuple[float | None, ...]  # from the start to the end of each window
    first_exposure_s: float | None
    onset_s: float | None
    doubling_s: float | None  # since `engaged_s`
    engaged_s: float | None  # its first engagement with a positive item
    stopped: str = ""  # as in `FeedAccount`


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row is insufficient: a fixed code, what there is, and what would be enough."""

    code: ReasonCode
    have: float
    need: float | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one arm, the mean or median of its accounts.

    `interval` holds it with 95%; all intervals `joint` of the headline figures hold theirs at once
    with 95%. `until_s`: the feed time that counts where `window` is None and not all that there is
    does; `alone`: accounts whose stratum has none of the other role, which are not counted.
    `possible`: what the mean would be, were all items that nobody coded negative, and
    were all positive. `censored`: accounts that did not reach it. `stopped`: accounts that are left
    out or censored because a rule ended them for what they were shown.
    """

    measure: MeasureName
    side: str
    role: Role
    window: int | None  # None: all feed time
    accounts: int
    left_out: int  # with too few coded items, or without this feed time
    value: float | None
    interval: Interval
    joint: Interval | None
    possible: Interval | None
    censored: int
    stopped: int = 0
    until_s: float | None = None
    alone: int = 0


@dataclass(frozen=True, slots=True)
class FeedRow:
    """Two arms compared: the left against the right.

    `effect` is the ratio of their means (seeded over control: the amplification) or, of times, the
    difference of medians; None where it has none. `p` is of exchanging accounts between the arms
    within strata, `q` its false discovery rate over all rows. `until_s` and `alone` are as in
    `Figure`.
    """

    measure: MeasureName
    window: int | None
    left: str  # "KE seeded"
    right: str
    headline: bool
    effect: float | None
    interval: Interval
    joint: Interval | None
    possible: Interval | None
    p: float
    q: float
    exact: bool  # all ways to exchange the accounts were gone through
    verdict: FeedVerdict
    reasons: tuple[Reason, ...]
    until_s: float | None = None
    alone: int = 0


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The share of one arm in one window and up to its end, with bands that hold pointwise."""

    window: int
    end_s: float
    share: Figure
    cumulative: Figure
    per_hour: Figure


@dataclass(frozen=True, slots=True)
class Curve:
    """Exposure over time of one arm."""

    side: str
    role: Role
    points: tuple[CurvePoint, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of what two accounts were shown in a window is the same: mean Jaccard of pairs.

    `left` and `right` name arms; the same one twice is within an arm. `exact`: no account had more
    items than its sketch keeps.
    """

    window: int
    left: str
    right: str
    pairs: int
    jaccard: float | None
    exact: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of an arm is known: items shown and coded, servings unknown, answers understood.

    `left_out`: shown, too, but no items that count: advertisements that the platform marks.
    """

    side: str
    role: Role
    accounts: int
    shown: int
    coded: int
    unknown: int
    answers: int
    understood: int
    left_out: int


@dataclass(frozen=True, slots=True)
class CodersFigure:
    """The headline of one arm, did an item count as positive only where all of its coders called
    it so, or where any did. `controls`: the share of its controls by the same rule.
    """

    rule: CodersRule
    side: str
    role: Role
    window: int | None
    share: float | None
    share_interval: Interval
    controls: float | None
    amplification: float | None
    onset_s: float | None


@dataclass(frozen=True, slots=True)
class FeedComparison:
    """All measures of two sides."""

    sides: tuple[str, str]
    positive: tuple[str, ...]  # the categories that are measured
    settings: FeedSettings
    window: (
        int | None
    )  # the headline's: the last that enough of all arms lived, none stopped before
    accounts: tuple[AccountFigures, ...]
    coverage: tuple[Coverage, ...]
    curves: tuple[Curve, ...]
    figures: tuple[Figure, ...]
    rows: tuple[FeedRow, ...]
    overlaps: tuple[Overlap, ...]
    coders: tuple[CodersFigure, ...] = ()  # of `by_coders`, where codes by coder are known

"""Two arms against each other: effect, interval, test, and what is lacking for a verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

from analyzer.feed.measures import intervals
from analyzer.feed.measures.arms import FeedArm
from analyzer.feed.measures.common_time import common_time, last_window
from analyzer.feed.measures.permuting import Exchange, exchange, log_rank, opposed
from analyzer.feed.measures.records import (
    TIMES,
    FeedRow,
    FeedSettings,
    MeasureName,
    Reason,
)
from analyzer.feed.measures.runs import READINGS, Reading
from analyzer.feed.measures.strata import (
    Labels,
    Sample,
    Times,
    Values,
    apart,
    balanced,
    log_ratio,
    paired,
    paired_times,
    ratio,
)
from analyzer.feed.measures.verdicts import Tested
from analyzer.statistics import CONFIDENCE, Interval

_POWER = 0.8
_ALIKE = 1e-9  # as in `intervals`
_MOST_ACCOUNTS = 1000


def ratio_row(
    measure: MeasureName,
    window: int | None,
    arms: tuple[FeedArm, FeedArm],
    samples: tuple[Sample, Sample],
    settings: FeedSettings,
    joint: float | None = None,
) -> Tested:
    """Compare the means of two arms by their ratio, within their strata."""
    left, right = paired(*samples, across=_across(arms))
    of_left, of_right = left.mean, right.mean
    effect = of_left / of_right if of_left is not None and of_right else None
    tested = exchange(left.values, right.values, left.strata, right.strata, settings.permutations)
    reasons = lacking(arms, window, (left, right), settings, tested)
    reasons += _against(left.values, right.values, left.strata, right.strata)
    if not of_left and not of_right and left.values.size and right.values.size:
        reasons += (Reason("no_positive", 0, 1),)
    enough = None
    if effect and left.values.size > 1 and right.values.size > 1:
        middle, spread, _ = log_ratio(left, right)
        enough = _enough(middle, spread, min(left.values.size, right.values.size))
    held = ratio(left, right, CONFIDENCE, settings.resamples)

    def worst(part: float) -> Interval:
        low, high = (
            ratio(
                left.read(part, positive=for_left),
                right.read(part, positive=not for_left),
                CONFIDENCE,
                0,
            )
            for for_left in (False, True)
        )
        return Interval(min(low.low, held.low), max(high.high, held.high))

    row = _row(
        (measure, window, arms),
        effect,
        (held, None if joint is None else ratio(left, right, joint, settings.resamples)),
        _possible(left, right),
        tested,
        reasons,
        left.alone + right.alone,
    )
    lacks = any((each.items < each.shown).any() for each in (left, right))
    coverage = min(left.coverage(), right.coverage())
    return Tested(row, tested, 1.0, enough, worst if lacks else None, coverage)


def time_row(
    measure: MeasureName,
    arms: tuple[FeedArm, FeedArm],
    base: float | None,
    settings: FeedSettings,
) -> Tested | None:
    """Compare the times of two arms by the log-rank test, accounts exchanged within their strata,
    and by their medians; `base` as `FeedArm.times` has it. None where there is no such time.

    The test counts coded items, not seconds: who leaves items sooner sees more of them in a minute,
    and would get there sooner in a feed that does nothing. No item counts that is beyond what every
    account was shown that lived as long as enough of both arms did.

    The interval of the difference of medians joins those of the two, each at half the error.
    """
    told = [_times(arms, measure, base, each) for each in READINGS]
    if any(each is None for each in told):
        return None
    negative, (left, right), positive = (each for each in told if each is not None)
    scores = log_rank(*_in_items(arms, (left, right)))
    of_left, of_right = scores[: left.times.size], scores[left.times.size :]
    tested = exchange(of_left, of_right, left.strata, right.strata, settings.permutations)
    reasons = lacking(arms, None, (left, right), settings, tested)
    reasons += _against(of_left, of_right, left.strata, right.strata)
    reached = [int((~np.isnan(each.times)).sum()) for each in (left, right)]
    if not any(reached) and left.times.size and right.times.size:
        most = max(left.times.size, right.times.size)
        reasons += (Reason("not_reached", 0, most // 2 + 1),)
    mixed = apart(left.strata, right.strata)
    middles = [intervals.middle_time(each.times, each.until) for each in (left, right)]
    effect, held = None, _between_medians(left, right)
    if mixed > settings.most_mixed:
        reasons += (Reason("mixed", mixed, settings.most_mixed),)
        held = Interval(-math.inf, math.inf)
    elif middles[0] is not None and middles[1] is not None:
        effect = middles[0] - middles[1]
    lean = float(of_left.mean() - of_right.mean()) if left.times.size and right.times.size else 0.0
    if (held.low > 0 and lean <= 0) or (held.high < 0 and lean >= 0):
        tested = tested._replace(p=1.0)  # later in seconds and sooner in items, or the other way
    low = _between_medians(positive[0], negative[1]).low
    high = _between_medians(negative[0], positive[1]).high
    row = _row(
        (measure, None, arms), effect, (held, None), None, tested, reasons,
        left.alone + right.alone,
    )  # fmt: skip
    known = [each.coverage() for each in arms]
    coverage = min(each.coded / max(1, each.shown) for each in known)

    def worst(_: float) -> Interval:
        return Interval(min(low, held.low), max(high, held.high))

    return Tested(row, tested, 0.0, None, worst if coverage < 1 else None, coverage, stepwise=False)


def contrast_row(
    window: int | None,
    arms: tuple[FeedArm, FeedArm, FeedArm, FeedArm],
    samples: tuple[Sample, Sample, Sample, Sample],
    settings: FeedSettings,
) -> Tested:
    """Compare the amplifications of two sides (seeded and control of a, then of b).

    The interval is Student's t of the logarithm with the degrees of freedom of the smallest arm.
    The test exchanges accounts between the sides within each role, each value over its role's mean.
    """
    found = balanced(samples)
    effect, held, enough = None, Interval(0.0, math.inf), None
    if all(each.mean for each in found) and all(each.values.size > 1 for each in found):
        middle, spread, freedom = _contrast(found)
        effect = math.exp(middle)
        held = intervals.ratio_about(middle, spread, freedom, CONFIDENCE)
        enough = _enough(middle, spread, freedom + 1)
    tested = _exchanged(found, settings)
    reasons = lacking(arms, window, found, settings, tested)
    for left, right in (found[:2], found[2:]):
        if not any(each.code == "opposed" for each in reasons):
            reasons += _against(left.values, right.values, left.strata, right.strata)
    if not all(each.mean for each in found) and all(each.values.size for each in found):
        reasons += (Reason("no_positive", 0, 1),)

    def worst(part: float) -> Interval:
        ends = []
        for signs in ((False, True, True, False), (True, False, False, True)):
            read = [each.read(part, positive=sign) for each, sign in zip(found, signs, strict=True)]
            if not all(each.mean for each in read):
                return intervals.ANY_RATIO
            ends.append(intervals.ratio_about(*_contrast(read), CONFIDENCE))
        return Interval(min(ends[0].low, held.low), max(ends[1].high, held.high))

    row = _row(
        ("amplification", window, (arms[0], arms[2])),
        effect,
        (held, None),
        None,
        tested,
        reasons,
        sum(each.alone for each in found),
    )
    lacks = any((each.items < each.shown).any() for each in found)
    coverage = min(each.coverage() for each in found)
    return Tested(row, tested, 1.0, enough, worst if lacks else None, coverage)


def lacking(
    arms: Sequence[FeedArm],
    window: int | None,
    samples: Sequence[Sample | Times],
    settings: FeedSettings,
    tested: Exchange,
) -> tuple[Reason, ...]:
    """Return what is lacking in the evidence, whatever the effect is."""
    found = []
    fewest = min(len(each.strata) for each in samples)
    lost = sum(each.left_out for each in samples)
    if not fewest and any(each.alone for each in samples):
        found.append(Reason("one_sided", 0, 1))
    elif fewest < settings.least_accounts:
        found.append(Reason("few_accounts", fewest, settings.least_accounts))
        if lost:
            found.append(Reason("few_items", lost, settings.least_items))
    elif tested.least > settings.alpha:
        found.append(Reason("no_power", tested.least, settings.alpha))
    stopped = sum(each.stopped for each in samples)
    if stopped:
        found.append(Reason("stopped", stopped, 0))
    known = [each.coverage() for each in arms]
    coded = min(
        int(arm.counted("coded", window).sum()) / max(1, int(arm.counted("shown", window).sum()))
        for arm in arms
    )
    if coded < settings.least_coverage:
        found.append(Reason("coverage", coded, settings.least_coverage))
    unknown = max(each.unknown / max(1, each.unknown + each.shown) for each in known)
    if unknown > settings.most_unknown:
        found.append(Reason("unknown_showings", unknown, settings.most_unknown))
    unread = max(1 - each.understood / each.answers if each.answers else 0.0 for each in known)
    if unread > settings.most_unread:
        found.append(Reason("unread_answers", unread, settings.most_unread))
    return tuple(found)


def _across(arms: Sequence[FeedArm]) -> bool:
    return arms[0].side != arms[1].side


def _against(left: Values, right: Values, of_left: Labels, of_right: Labels) -> tuple[Reason, ...]:
    found = opposed(left, right, of_left, of_right)
    return (Reason("opposed", found, 0),) if found else ()


def _times(
    arms: tuple[FeedArm, FeedArm], measure: MeasureName, base: float | None, reading: Reading
) -> tuple[Times, Times] | None:
    left, right = (each.times(measure, base, reading) for each in arms)
    if left is None or right is None:
        return None
    return paired_times(left, right, across=_across(arms))


def _in_items(arms: tuple[FeedArm, FeedArm], found: tuple[Times, Times]) -> tuple[Values, Values]:
    """Return which item it was of each account, left and right, and how many it was shown."""
    tally = arms[0].tally
    places = np.concatenate([each.places for each in arms])
    accounts = [tally.accounts[place] for place in places]
    window = last_window(accounts, tally.settings, tally.windows)
    lived = tally.feed_s[places] >= common_time(accounts, tally.settings, window)
    most = float(tally.numbered[places][lived].astype(np.float64).min(initial=np.inf))
    numbers, numbered, begun = (
        np.concatenate([getattr(each, name) for each in found])
        for name in ("numbers", "numbered", "begun")
    )
    common = np.maximum(most - begun, 0.0)
    return np.where(numbers > common, np.nan, numbers), np.minimum(numbered, common)


def _between_medians(left: Times, right: Times) -> Interval:
    half = (1 + CONFIDENCE) / 2
    a, b = (intervals.median(each.times, each.until, half) for each in (left, right))
    return Interval(a.low - b.high, a.high - b.low)


def _contrast(found: Sequence[Sample]) -> tuple[float, float, int]:
    (of_a, error_a, freedom_a), (of_b, error_b, freedom_b) = (
        log_ratio(found[0], found[1]),
        log_ratio(found[2], found[3]),
    )
    return of_a - of_b, math.hypot(error_a, error_b), min(freedom_a, freedom_b)


def _row(
    what: tuple[MeasureName, int | None, tuple[FeedArm, FeedArm]],
    effect: float | None,
    held: tuple[Interval, Interval | None],
    possible: Interval | None,
    tested: Exchange,
    reasons: tuple[Reason, ...],
    alone: int,
) -> FeedRow:
    measure, window, (left, right) = what
    return FeedRow(
        measure=measure,
        window=window,
        left=left.name,
        right=right.name,
        headline=held[1] is not None,
        effect=effect,
        interval=held[0],
        joint=held[1],
        possible=possible,
        p=tested.p,
        q=tested.p,
        exact=tested.exact,
        verdict="insufficient",
        reasons=reasons,
        until_s=left.until_s if window is None and measure not in TIMES else None,
        alone=alone,
    )


def _exchanged(samples: Sequence[Sample], settings: FeedSettings) -> Exchange:
    """Exchange accounts between the sides within each role: seeded count for, controls against."""
    scores: list[np.ndarray] = []
    blocks: list[tuple[str, ...]] = []
    for sample, other, sign, role in (
        (samples[0], samples[2], 1, "seeded"),
        (samples[1], samples[3], -1, "control"),
        (samples[2], samples[0], 1, "seeded"),
        (samples[3], samples[1], -1, "control"),
    ):
        pooled = np.sort(np.concatenate((sample.values, other.values)))
        mean = float(pooled.mean()) if pooled.size else 0.0
        scores.append(sign * sample.values / mean if mean > 0 else np.zeros(sample.values.size))
        blocks.append(tuple(f"{role}\0{block}" for block in sample.across))
    return exchange(
        np.concatenate(scores[:2]),
        np.concatenate(scores[2:]),
        blocks[0] + blocks[1],
        blocks[2] + blocks[3],
        settings.permutations,
    )


def _possible(left: Sample, right: Sample) -> Interval | None:
    """Return between which ratios the means lie, whatever the items that nobody coded are."""
    if left.possible is None or right.possible is None:
        return None
    low = left.possible.low / right.possible.high if right.possible.high else 0.0
    high = left.possible.high / right.possible.low if right.possible.low else math.inf
    return Interval(low, high)


def _enough(effect: float, spread: float, n: int) -> float | None:
    """Return how many accounts of each arm find such an effect four times out of five, about."""
    if effect == 0 or spread < _ALIKE:
        return None
    deviations = float(stats.norm.ppf(0.975) + stats.norm.ppf(_POWER))
    found = math.ceil(n * (deviations * spread / abs(effect)) ** 2) + 1
    return None if found > _MOST_ACCOUNTS else max(found, n + 1)

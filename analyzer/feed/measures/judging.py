"""Two arms against each other: effect, interval, test, verdict, and what is lacking for one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from analyzer.feed.measures import intervals
from analyzer.feed.measures.arms import FeedArm, Sample, Times
from analyzer.feed.measures.permuting import Exchange, exchange, log_rank
from analyzer.feed.measures.records import FeedRow, FeedSettings, MeasureName, Reason
from analyzer.statistics import CONFIDENCE, Interval, benjamini_hochberg, equivalent

_POWER = 0.8
_ALIKE = 1e-9  # as in `intervals`
_MOST_ACCOUNTS = 1000


@dataclass(frozen=True, slots=True)
class Tested:
    """A row before its q: `none` is what the effect is where nothing differs (1 or 0)."""

    row: FeedRow
    exchange: Exchange
    none: float
    enough: float | None  # accounts of each arm


def ratio_row(
    measure: MeasureName,
    window: int | None,
    arms: tuple[FeedArm, FeedArm],
    samples: tuple[Sample, Sample],
    settings: FeedSettings,
    joint: float | None = None,
) -> Tested:
    """Compare the means of two arms by their ratio."""
    left, right = samples
    of_left, of_right = _mean(left), _mean(right)
    effect = of_left / of_right if of_left is not None and of_right else None

    def interval(confidence: float) -> Interval:
        return intervals.ratio(
            left.values, right.values, left.items, right.items, confidence, settings.resamples
        )

    tested = exchange(left.values, right.values, left.blocks, right.blocks, settings.permutations)
    reasons = lacking(arms, window, samples, settings, tested)
    if not of_left and not of_right and left.values.size and right.values.size:
        reasons += (Reason("no_positive", 0, 1),)
    enough = None
    if effect and left.values.size > 1 and right.values.size > 1:
        middle, spread, _ = intervals.log_ratio(left.values, right.values)
        enough = _enough(float(middle), float(spread), min(left.values.size, right.values.size))
    row = _row(
        (measure, window, arms),
        effect,
        (interval(CONFIDENCE), None if joint is None else interval(joint)),
        _possible(left, right),
        tested,
        reasons,
    )
    return Tested(row, tested, 1.0, enough)


def time_row(
    measure: MeasureName,
    arms: tuple[FeedArm, FeedArm],
    found: tuple[Times, Times],
    settings: FeedSettings,
) -> Tested:
    """Compare the times of two arms by the log-rank test, accounts exchanged, and their medians.

    The interval of the difference of medians joins those of the two, each at half the error.
    """
    left, right = found
    scores = log_rank(
        np.concatenate((left.times, right.times)), np.concatenate((left.until, right.until))
    )
    tested = exchange(
        scores[: left.times.size],
        scores[left.times.size :],
        left.blocks,
        right.blocks,
        settings.permutations,
    )
    half = (1 + CONFIDENCE) / 2
    of_left, of_right = (intervals.median(each.times, each.until, half) for each in found)
    middles = [intervals.middle_time(each.times, each.until) for each in found]
    effect = None
    if middles[0] is not None and middles[1] is not None:
        effect = middles[0] - middles[1]
    reasons = lacking(arms, None, found, settings, tested)
    reached = [int((~np.isnan(each.times)).sum()) for each in found]
    if not any(reached) and left.times.size and right.times.size:
        most = max(left.times.size, right.times.size)
        reasons += (Reason("not_reached", 0, most // 2 + 1),)
    row = _row(
        (measure, None, arms),
        effect,
        (Interval(of_left.low - of_right.high, of_left.high - of_right.low), None),
        None,
        tested,
        reasons,
    )
    return Tested(row, tested, 0.0, None)


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
    a, b, c, d = samples
    means = [_mean(each) for each in samples]
    effect, interval, enough = None, Interval(0.0, math.inf), None
    if all(means) and all(each.values.size > 1 for each in samples):
        of_a, error_a, freedom_a = intervals.log_ratio(a.values, b.values)
        of_b, error_b, freedom_b = intervals.log_ratio(c.values, d.values)
        middle, spread = float(of_a - of_b), math.hypot(float(error_a), float(error_b))
        freedom = min(freedom_a, freedom_b)
        effect = math.exp(middle)
        if spread > _ALIKE:
            quantile = stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
            reach = min(float(quantile) * spread, 700.0)
            interval = Interval(math.exp(middle - reach), math.exp(middle + reach))
            enough = _enough(middle, spread, freedom + 1)
    tested = _exchanged(samples, settings)
    reasons = lacking(arms, window, samples, settings, tested)
    if not all(means) and all(each.values.size for each in samples):
        reasons += (Reason("no_positive", 0, 1),)
    row = _row(
        ("amplification", window, (arms[0], arms[2])),
        effect,
        (interval, None),
        None,
        tested,
        reasons,
    )
    return Tested(row, tested, 1.0, enough)


def judged(rows: Sequence[Tested], settings: FeedSettings) -> tuple[FeedRow, ...]:
    """Give each row its q among all of them, and its verdict."""
    qs = benjamini_hochberg([each.row.p for each in rows])
    return tuple(_judged(each, q, settings) for each, q in zip(rows, qs, strict=True))


def lacking(
    arms: Sequence[FeedArm],
    window: int | None,
    samples: Sequence[Sample | Times],
    settings: FeedSettings,
    tested: Exchange,
) -> tuple[Reason, ...]:
    """Return what is lacking in the evidence, whatever the effect is."""
    found = []
    fewest = min(len(each.blocks) for each in samples)
    if fewest < settings.least_accounts:
        found.append(Reason("few_accounts", fewest, settings.least_accounts))
        lost = sum(each.left_out for each in samples)
        if lost:
            found.append(Reason("few_items", lost, settings.least_items))
    elif tested.least > settings.alpha:
        found.append(Reason("no_power", tested.least, settings.alpha))
    stopped = sum(each.stopped for each in samples)
    if stopped:
        found.append(Reason("stopped", stopped, 0))
    known = [each.coverage() for each in arms]
    coded = min(
        int(arm.counted(arm.tally.coded, window).sum())
        / max(1, int(arm.counted(arm.tally.shown, window).sum()))
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


def _judged(tested: Tested, q: float, settings: FeedSettings) -> FeedRow:
    row = replace(tested.row, q=q)
    if row.reasons:
        return row
    low, high = row.interval
    if q <= settings.alpha and low > tested.none:
        return replace(row, verdict="higher")
    if q <= settings.alpha and high < tested.none:
        return replace(row, verdict="lower")
    if tested.none == 1 and equivalent(row.interval, settings.margin, ratio=True):
        return replace(row, verdict="same")
    if q <= settings.alpha:
        return replace(row, reasons=(Reason("interval", q, tested.enough),))
    return replace(row, reasons=(Reason("chance", q, tested.enough),))


def _row(
    what: tuple[MeasureName, int | None, tuple[FeedArm, FeedArm]],
    effect: float | None,
    held: tuple[Interval, Interval | None],
    possible: Interval | None,
    tested: Exchange,
    reasons: tuple[Reason, ...],
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
        blocks.append(tuple(f"{role}\0{block}" for block in sample.blocks))
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


def _mean(sample: Sample) -> float | None:
    return float(sample.values.mean()) if sample.values.size else None

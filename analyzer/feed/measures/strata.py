"""Accounts of two arms, stratum by stratum, so that only like is compared with like.

A stratum is what two accounts have to have in common for a difference between them to be one of
their arms: the country, what else their condition is, and the time block. Two arms that do not
share their strata evenly can differ though nothing does in any of them (Simpson 1951, JRSS B
13:238). A stratum that one arm is not in is left out. The others weigh n m / (n + m), of n and m
accounts (Mantel and Haenszel 1959, JNCI 22:719), in both arms alike: the ratio of the two means so
weighted lies between those of the strata, and an arm with few accounts, or no positive item, in one
of them does no harm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analyzer.feed.measures import intervals
from analyzer.statistics import Interval

Values = NDArray[np.float64]
Counts = NDArray[np.int64]
Labels = NDArray[np.object_]


class Sample(NamedTuple):
    """The accounts of an arm that can be counted.

    `items`: those that each value is a share of; `shown`: those that it would be of, had somebody
    coded all. `weights` sum to 1. `strata`: of each account, within its side; `across`: between
    sides. `alone`: accounts that are left out because their stratum has none of the other arm.
    """

    values: Values
    items: Counts
    shown: Counts
    strata: Labels
    across: Labels
    weights: Values
    left_out: int
    stopped: int  # left out or cut short because a rule ended them for what they were shown
    alone: int = 0

    @property
    def mean(self) -> float | None:
        """Return the weighted mean over the accounts."""
        return float((self.weights * self.values).sum()) if self.values.size else None

    @property
    def possible(self) -> Interval | None:
        """Return the mean, were all items that nobody coded negative, and were all positive."""
        if not self.values.size:
            return None
        low, high = (self.read(1.0, positive=each) for each in (False, True))
        return Interval(float(low.mean or 0.0), float(high.mean or 0.0))

    def read(self, part: float, *, positive: bool) -> Sample:
        """Return what it would be, were so large a part of what nobody coded known to be so."""
        more = part * (self.shown - self.items)
        total = np.maximum(self.items + more, 1e-300)
        found = self.values * self.items + (more if positive else 0.0)
        return self._replace(values=found / total)

    def coverage(self) -> float:
        """Return the share of the items shown that somebody coded."""
        return float(self.items.sum() / max(1, self.shown.sum()))


class Times(NamedTuple):
    """When each account of an arm got there (nan: not `until` its feed time was over)."""

    times: NDArray[np.float64]
    until: NDArray[np.float64]
    strata: Labels
    across: Labels
    left_out: int
    stopped: int  # of those that did not get there
    # The same in coded items: which it was, how many there have been, and which was the one before
    # the first that counts.
    numbers: NDArray[np.float64]
    numbered: NDArray[np.float64]
    begun: NDArray[np.float64]
    alone: int = 0


def sample(
    values: Values,
    counts: tuple[Counts, Counts],
    labels: tuple[Labels, Labels],
    left_out: int,
    stopped: int,
) -> Sample:
    """Return accounts that count alike, in an order that does not depend on theirs."""
    order = np.lexsort((counts[1], counts[0], values))
    return Sample(
        values[order], counts[0][order], counts[1][order], labels[0][order], labels[1][order],
        np.full(values.size, 1 / max(1, values.size)), left_out, stopped,
    )  # fmt: skip


def paired(left: Sample, right: Sample, *, across: bool = False) -> tuple[Sample, Sample]:
    """Return both without what has no counterpart, their strata weighted alike.

    `across`: the two are of two sides, so that their countries differ.
    """
    if across:
        left, right = (each._replace(strata=each.across) for each in (left, right))
    common = np.intersect1d(left.strata.astype(str), right.strata.astype(str))
    found = []
    for one, other in ((left, right), (right, left)):
        kept = np.isin(one.strata.astype(str), common)
        sizes = _sizes(one.strata[kept], common)
        others = _sizes(other.strata, common)
        weights = sizes * others / np.maximum(sizes + others, 1)
        weights = weights / max(float(weights.sum()), 1e-300)
        place = np.searchsorted(common, one.strata[kept].astype(str))
        found.append(
            _kept(one, kept, (weights / np.maximum(sizes, 1))[place])._replace(
                alone=one.alone + int((~kept).sum())
            )
        )
    return found[0], found[1]


def paired_times(left: Times, right: Times, *, across: bool = False) -> tuple[Times, Times]:
    """Return both without what has no counterpart."""
    if across:
        left, right = (each._replace(strata=each.across) for each in (left, right))
    common = np.intersect1d(left.strata.astype(str), right.strata.astype(str))
    found = []
    for each in (left, right):
        kept = np.isin(each.strata.astype(str), common)
        found.append(
            each._replace(
                times=each.times[kept], until=each.until[kept], strata=each.strata[kept],
                across=each.across[kept], numbers=each.numbers[kept],
                numbered=each.numbered[kept], begun=each.begun[kept],
                alone=each.alone + int((~kept).sum()),
            )
        )  # fmt: skip
    return found[0], found[1]


def balanced(samples: Sequence[Sample]) -> tuple[Sample, Sample, Sample, Sample]:
    """Return the arms of two sides (an arm and its controls, twice), each paired with its controls,
    and both sides weighted alike over what they have in common.
    """
    a, b = paired(samples[0], samples[1])
    c, d = paired(samples[2], samples[3])
    common = np.intersect1d(a.across.astype(str), c.across.astype(str))
    weights = []
    for one in (a, c):
        names = one.across.astype(str)
        weights.append(np.asarray([one.weights[names == name].sum() for name in common]))
    both = weights[0] * weights[1] / np.maximum(weights[0] + weights[1], 1e-300)
    both = both / max(float(both.sum()), 1e-300)
    found = []
    for one, of_side in ((a, weights[0]), (b, weights[0]), (c, weights[1]), (d, weights[1])):
        kept = np.isin(one.across.astype(str), common)
        place = np.searchsorted(common, one.across[kept].astype(str))
        scaled = one.weights[kept] * (both / np.maximum(of_side, 1e-300))[place]
        found.append(_kept(one, kept, scaled)._replace(alone=one.alone + int((~kept).sum())))
    return found[0], found[1], found[2], found[3]


def apart(left: Labels, right: Labels) -> float:
    """Return which share of the accounts of an arm would have to be in another stratum for the two
    to be spread over the strata alike.
    """
    names = np.union1d(left.astype(str), right.astype(str))
    shares = [_sizes(each, names) / max(1, each.size) for each in (left, right)]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def mean_error(of: Sample) -> tuple[float, float, int]:
    """Return the mean, its standard error, and the degrees of freedom.

    In several strata accounts are taken to differ, relative to the mean of their stratum, as much
    in one as in another. Where that leaves fewer degrees of freedom than there are strata, what
    the strata differ is taken for chance as well, and the error is too large.
    """
    mean, n = of.mean, of.values.size
    if mean is None or n < 2:
        return (math.nan if mean is None else mean), math.nan, 0
    names, place = np.unique(of.strata.astype(str), return_inverse=True)
    if names.size == 1:
        return mean, float(stats.sem(of.values)), n - 1
    sizes, means, weights = _by_stratum(of, names, place)
    seen = means > 0
    freedom = int((sizes - 1)[seen].sum())
    if freedom >= names.size - 1:
        used = seen[place]
        off = of.values[used] / means[place][used] - 1
        variance = float((off**2).sum()) / max(1, freedom)
        return mean, math.sqrt(variance * float((weights**2 * means**2 / sizes).sum())), freedom
    off = weights * (means - mean)
    error = math.sqrt(names.size / (names.size - 1) * float((off**2).sum()))
    return mean, error, names.size - 1


def log_ratio(left: Sample, right: Sample) -> tuple[float, float, int]:
    """Return the logarithm of the ratio of the means, its standard error by the delta method, and
    the degrees of freedom of the smaller arm. Both means are above 0.

    Where strata have hardly more than one account of an arm each (accounts in pairs), the strata
    are what differs by chance.
    """
    (of_left, error_left, n), (of_right, error_right, m) = mean_error(left), mean_error(right)
    middle = math.log(of_left / of_right)
    spread, freedom = math.hypot(error_left / of_left, error_right / of_right), min(n, m)
    names = np.unique(left.strata.astype(str))
    within = min(each.values.size - names.size for each in (left, right))
    if names.size > 2 and within < names.size - 1:
        parts = []
        for of, mean in ((left, of_left), (right, of_right)):
            place = np.searchsorted(names, of.strata.astype(str))
            _, means, weights = _by_stratum(of, names, place)
            parts.append(weights * means / mean)
        off = parts[0] - parts[1]
        spread = math.sqrt(names.size / (names.size - 1) * float((off**2).sum()))
        freedom = names.size - 1
    return middle, spread, freedom


def mean_share(of: Sample, confidence: float) -> Interval:
    """Return the interval of the mean of shares; see `intervals.mean_share`."""
    if _single(of):
        return intervals.mean_share(of.values, of.items, confidence)
    mean, error, freedom = mean_error(of)
    if mean == 0:
        return Interval(0.0, none_seen(of, (1 + confidence) / 2))
    return intervals.share_about(mean, error, freedom, confidence)


def mean_rate(of: Sample, confidence: float) -> Interval:
    """Return the interval of the mean of rates; see `intervals.mean_rate`."""
    return intervals.rate_about(*mean_error(of), confidence)


def none_seen(of: Sample, confidence: float) -> float:
    """Return how large the mean can be at most, none having been seen: see `intervals.none_seen`.

    Each stratum is at its own bound, which is more than all of them can be at once.
    """
    names = of.strata.astype(str)
    return sum(
        float(of.weights[names == name].sum())
        * intervals.none_seen(of.items[names == name], confidence)
        for name in np.unique(names)
    )


def ratio(left: Sample, right: Sample, confidence: float, resamples: int) -> Interval:
    """Return the interval of the ratio of the means; see `intervals.ratio`.

    Of several strata it is Student's t of the logarithm, without the bootstrap: there are too few
    accounts in a stratum to draw from. `resamples` 0: without it in any case.
    """
    if left.values.size < 2 or right.values.size < 2:
        return intervals.ANY_RATIO
    if resamples and _single(left) and _single(right):
        return intervals.ratio(
            left.values, right.values, left.items, right.items, confidence, resamples
        )
    error = 1 - confidence
    if not left.mean and not right.mean:
        return intervals.ANY_RATIO
    if not right.mean:
        low = mean_rate(left, 1 - error / 2).low
        return Interval(low / none_seen(right, 1 - error / 4), math.inf)
    if not left.mean:
        low = mean_rate(right, 1 - error / 2).low
        return Interval(0.0, none_seen(left, 1 - error / 4) / low if low > 0 else math.inf)
    return intervals.ratio_about(*log_ratio(left, right), confidence)


def _kept(of: Sample, kept: NDArray[np.bool_], weights: Values) -> Sample:
    return of._replace(
        values=of.values[kept], items=of.items[kept], shown=of.shown[kept],
        strata=of.strata[kept], across=of.across[kept], weights=weights,
    )  # fmt: skip


def _single(of: Sample) -> bool:
    return np.unique(of.strata.astype(str)).size <= 1


def _sizes(strata: Labels, names: NDArray[np.str_]) -> Values:
    told = strata.astype(str)
    return np.asarray([(told == name).sum() for name in names], dtype=np.float64)


def _by_stratum(
    of: Sample, names: NDArray[np.str_], place: NDArray[np.intp]
) -> tuple[Values, Values, Values]:
    """Return of each stratum its accounts, the mean of their values, and its weight."""
    sizes = np.bincount(place, minlength=names.size).astype(np.float64)
    means = np.asarray(np.bincount(place, of.values, minlength=names.size) / sizes, np.float64)
    return sizes, means, np.asarray(np.bincount(place, of.weights, names.size), np.float64)

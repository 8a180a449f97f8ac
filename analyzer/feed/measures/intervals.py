"""Intervals over a few accounts.

Each account is one value. What the methods hold of the true value with 8 accounts, and why these
were chosen, is measured by `python -m benchmarks.feed_studies methods`; see docs/feed.md.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import brentq

from analyzer.statistics import CONFIDENCE, Interval

Values = NDArray[np.float64]
_SEED = 6
_ALIKE = 1e-9  # accounts that differ by less are alike, but for what floats add
_NOTHING = Interval(-math.inf, math.inf)
ANY_RATIO = Interval(0.0, math.inf)


def mean_share(
    shares: Values, items: NDArray[np.int64], confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval of the mean of the accounts' shares (0..1 each), of so many items each.

    Student's t of the mean on the scale of log-odds, by its derivative there, so that it stays
    between 0 and 1; its upper end is that of `none_seen` where all shares are 0. Where accounts are
    all alike otherwise, nothing tells how much they can differ, and it has no ends.
    """
    mean, error = _mean(shares)
    if mean == 0:
        return Interval(0.0, none_seen(items, (1 + confidence) / 2))
    return share_about(mean, error, shares.size - 1, confidence)


def share_about(mean: float, error: float, freedom: int, confidence: float) -> Interval:
    """Return the interval of a mean share above 0 with this standard error: see `mean_share`."""
    if math.isnan(error) or error < _ALIKE or mean >= 1:
        return Interval(0.0, 1.0)
    reach = _t(freedom, confidence) * error / (mean * (1 - mean))
    middle = math.log(mean / (1 - mean))
    return Interval(_odds_to_share(middle - reach), _odds_to_share(middle + reach))


def mean_rate(rates: Values, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the mean of the accounts' rates (>= 0): Student's t of its log."""
    return rate_about(*_mean(rates), rates.size - 1, confidence)


def rate_about(mean: float, error: float, freedom: int, confidence: float) -> Interval:
    """Return the interval of a mean rate with this standard error: see `mean_rate`."""
    if math.isnan(error) or mean <= 0 or error < _ALIKE * mean:
        return ANY_RATIO
    factor = math.exp(min(_t(freedom, confidence) * error / mean, 700.0))
    return Interval(mean / factor, mean * factor)


def ratio_about(middle: float, spread: float, freedom: int, confidence: float) -> Interval:
    """Return Student's t interval of a ratio, by its logarithm and the standard error of that."""
    if math.isnan(spread) or spread < _ALIKE:  # all alike: how much accounts can differ is unknown
        return ANY_RATIO
    reach = min(_t(freedom, confidence) * spread, 700.0)
    return Interval(_exp(middle - reach), _exp(middle + reach))


def none_seen(items: NDArray[np.int64], confidence: float) -> float:
    """Return how large the mean share of an arm can be at most (one-sided), none of whose accounts
    was shown a positive one among so many coded items each.

    The shares of accounts are taken to differ as much as an exponential distribution (their
    standard deviation is their mean), so that none is seen with the chance of
    prod 1 / (1 + share * items). For accounts that are more alike the bound is a little too high.

    >>> round(none_seen(np.array([170] * 8), 0.975), 5)
    0.00345
    """
    known = items[items > 0]
    if not known.size:
        return 1.0
    target = -math.log(1 - confidence)

    def excess(share: float) -> float:
        return float(np.log1p(share * known).sum()) - target

    return 1.0 if excess(1.0) <= 0 else float(brentq(excess, 0.0, 1.0))


def ratio(
    left: Values,
    right: Values,
    left_items: NDArray[np.int64],
    right_items: NDArray[np.int64],
    confidence: float = CONFIDENCE,
    resamples: int = 1999,
) -> Interval:
    """Return the interval of the mean of `left` over the mean of `right`, values >= 0.

    The wider at each end of two: the studentised bootstrap over accounts of the logarithm of the
    ratio (Efron and Tibshirani 1993, An Introduction to the Bootstrap, 12.5), and Student's t of it
    with the degrees of freedom of the smaller arm. Where an arm has no positive item among its
    coded items (`left_items`, `right_items`: how many each account has) the ratio has one end only:
    the other arm's end over the bound of `none_seen`, each at half the error.
    """
    if left.size < 2 or right.size < 2:
        return ANY_RATIO
    error = 1 - confidence
    if left.mean() <= 0 and right.mean() <= 0:
        return ANY_RATIO
    if right.mean() <= 0:
        low = mean_rate(left, 1 - error / 2).low
        return Interval(low / none_seen(right_items, 1 - error / 4), math.inf)
    if left.mean() <= 0:
        low = mean_rate(right, 1 - error / 2).low
        high = none_seen(left_items, 1 - error / 4) / low if low > 0 else math.inf
        return Interval(0.0, high)
    estimate, spread, freedom = (float(each) for each in log_ratio(left, right))
    if spread < _ALIKE:  # all alike: nothing tells how much accounts can differ
        return ANY_RATIO
    reach = _t(freedom, confidence) * spread
    low, high = estimate - reach, estimate + reach
    bootstrap = studentised(left, right, confidence, resamples)
    return Interval(_exp(min(low, bootstrap.low)), _exp(max(high, bootstrap.high)))


def log_ratio(left: Values, right: Values) -> tuple[Values, Values, int]:
    """Return the logarithm of the ratio of means over the last axis, its standard error by the
    delta method, and the degrees of freedom of the smaller arm.
    """
    of_left, of_right = left.mean(-1), right.mean(-1)
    n_left, n_right = left.shape[-1], right.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        error = left.var(-1, ddof=1) / n_left / of_left**2
        error = error + right.var(-1, ddof=1) / n_right / of_right**2
        middle = np.log(of_left / of_right)
    return middle, np.sqrt(error), min(n_left, n_right) - 1


def studentised(left: Values, right: Values, confidence: float, resamples: int) -> Interval:
    """Return the studentised bootstrap interval of the logarithm of the ratio of means.

    Accounts are drawn anew within each arm, by a fixed seed and in the order of their values, so
    that neither the order of accounts matters nor, but for the sign, which arm is left. Draws in
    which an arm has nothing, or all accounts are alike, have no such statistic and are left out.
    """
    estimate, spread, _ = log_ratio(left, right)
    draws = []
    for values in (left, right):
        rng = np.random.default_rng((_SEED, values.size))
        drawn = rng.integers(0, values.size, (2 * resamples, values.size))
        draws.append(np.sort(values)[drawn])
    # The second arm's draws must not be the first one's where both are of one size; which of the
    # two takes which half must not depend on their sides.
    first, second = draws[0][:resamples], draws[1][resamples:]
    third, fourth = draws[0][resamples:], draws[1][:resamples]
    middle, error, _ = log_ratio(np.concatenate((first, third)), np.concatenate((second, fourth)))
    usable = np.isfinite(middle) & np.isfinite(error) & (error > 0)
    if usable.sum() < resamples:
        return _NOTHING
    pivots = (middle[usable] - estimate) / error[usable]
    low, high = np.quantile(pivots, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(estimate - high * spread), float(estimate - low * spread))


def median(times: Values, until: Values, confidence: float = CONFIDENCE) -> Interval:
    """Return the interval of the median time, accounts that never got there (nan) among them.

    The order statistics of the sign test (Conover 1999, Practical Nonparametric Statistics, 3.2):
    no distribution is assumed. An account that is censored counts as reached right after `until`
    for the lower end and as never for the upper: censoring widens the interval, and never moves it.
    """
    n = times.size
    end = int(stats.binom.ppf((1 - confidence) / 2, n, 0.5)) if n else 0
    if end and 2 * stats.binom.cdf(end - 1, n, 0.5) > 1 - confidence + 1e-12:
        end -= 1
    if end < 1:
        return Interval(0.0, math.inf)
    lower = np.sort(np.where(np.isnan(times), until, times))
    upper = np.sort(np.where(np.isnan(times), np.inf, times))
    return Interval(float(lower[end - 1]), float(upper[n - end]))


def middle_time(times: Values, until: Values) -> float | None:
    """Return the median of Kaplan and Meier (SciPy's), None where half never got there."""
    if not times.size:
        return None
    reached = ~np.isnan(times)
    if not reached.any():
        return None
    sample = stats.CensoredData(uncensored=times[reached], right=until[~reached])
    survival = stats.ecdf(sample).sf
    below = np.flatnonzero(survival.probabilities <= 0.5 + 1e-12)
    if not below.size:
        return None
    first = int(below[0])
    at = float(survival.quantiles[first])
    if abs(survival.probabilities[first] - 0.5) < 1e-12:
        later = survival.quantiles[first + 1 :][np.diff(survival.probabilities)[first:] < -1e-12]
        return (at + float(later[0])) / 2 if later.size else at
    return at


def _mean(values: Values) -> tuple[float, float]:
    if values.size < 2:
        return math.nan, math.nan
    return float(values.mean()), float(stats.sem(values))


def _t(freedom: float, confidence: float) -> float:
    return float(stats.t.ppf((1 + confidence) / 2, freedom))


def _odds_to_share(odds: float) -> float:
    return 1 / (1 + math.exp(-max(min(odds, 700.0), -700.0)))


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 else math.inf

"""How many sessions would decide a row that is not decided."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from analyzer.statistics.intervals import DEVIATIONS
from analyzer.statistics.shares import Margins, null

POWER = 0.8  # of the studies that would decide it
_MOST = 500  # sessions for each side that are looked up to
_FINE = 40  # up to which no number is passed over; beyond, a twentieth of them
_LADDER = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)  # levels are taken down to one of these
_TIE = 1e-9


@lru_cache(maxsize=65536)
def enough(
    share_a: float, share_b: float, *, alpha: float, margin: float, least: int
) -> int | None:
    """Return how many sessions for each side would decide a row, were these the true shares.

    The smallest n from `least` on at which four of five studies of n sessions of either side, in
    one time block, come out with p <= `alpha`, or with an interval within `margin`: by all outcomes
    that there can be. The caller lowers `alpha` for the other rows of its report. Beyond 40 it may
    be up to a twentieth more than the fewest. None: not even 500 would do.

    >>> enough(1.0, 0.0, alpha=0.05, margin=0.4, least=2)
    4
    >>> enough(1.0, 1.0, alpha=0.05, margin=0.4, least=5)
    6
    >>> enough(1.0, 0.5, alpha=0.05, margin=0.4, least=5)
    12
    """
    level = _down(alpha)

    def does(n: int) -> bool:
        return _decided(share_a, share_b, n, level, margin) >= POWER - _TIE

    for n in range(least, max(least, _FINE) + 1):
        if does(n):
            return n
    numbers = [max(least, _FINE)]
    while numbers[-1] < _MOST:
        numbers.append(min(_MOST, numbers[-1] + max(1, numbers[-1] // 20)))
    if not does(numbers[-1]):
        return None
    low, high = 0, len(numbers) - 1  # not enough, and enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if does(numbers[middle]) else (middle, high)
    return numbers[high]


def _down(alpha: float) -> float:
    """Return the next level of the ladder below `alpha`, so that few have to be gone through."""
    if alpha <= 0:
        return 0.0
    scale = 10.0 ** math.floor(math.log10(alpha) + _TIE)
    return max(step * scale for step in _LADDER if step * scale <= alpha * (1 + _TIE))


def _decided(share_a: float, share_b: float, n: int, alpha: float, margin: float) -> float:
    """Return in which share of the studies with these true shares the row is decided."""
    seen = np.arange(n + 1)
    # Rounded: shares a hair from 0 are too much for SciPy.
    a, b = (binom.pmf(seen, n, round(share, 9)) for share in (share_a, share_b))
    return float(a @ _region(n, alpha, margin) @ b)


@lru_cache(maxsize=1024)
def _region(n: int, alpha: float, margin: float) -> NDArray[np.float64]:
    """Return 1 where n sessions a side, seen in so many of a and of b, decide a row, else 0."""
    found = _within(n, margin)
    for seen in range(2 * n + 1):
        ps = null((Margins(n, n, seen),)).ps
        of_a = np.arange(max(0, seen - n), min(n, seen) + 1)
        found[of_a, seen - of_a] |= ps[of_a] <= alpha * (1 + _TIE)
    return found.astype(np.float64)


def _within(n: int, margin: float) -> NDArray[np.bool_]:
    """Return where Newcombe's interval lies within the margin; as `intervals.newcombe`."""
    z = DEVIATIONS
    shares = np.arange(n + 1) / n
    spread = z * np.sqrt(shares * (1 - shares) / n + (z / (2 * n)) ** 2)
    middle, scale = shares + z * z / (2 * n), 1 + z * z / n
    low, high = (
        np.maximum(0.0, (middle - spread) / scale),
        np.minimum(1.0, (middle + spread) / scale),
    )
    effect = shares[:, None] - shares[None, :]
    least = effect - np.hypot((shares - low)[:, None], (high - shares)[None, :])
    most = effect + np.hypot((high - shares)[:, None], (shares - low)[None, :])
    return np.asarray((least >= -margin) & (most <= margin), dtype=np.bool_)

"""The noise floor: what the report's rule finds where nothing can differ.

Sessions of one arm (or of arms of one region) are split at random into two sides, again and again,
and each split is judged as a real comparison would be.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analyzer.statistics import shares
from analyzer.statistics.intervals import newcombe
from analyzer.statistics.multiplicity import Family, Support

_CHUNK = 4_000_000  # numbers held at once
_HALVES = 2


class Noise(NamedTuple):
    """What splits without a difference gave. Rates are 0..1.

    `splits` were judged; `every`: these are all that there are. `n_a` and `n_b` sessions lie on
    either side. Over all rows of all splits, `called` were called different and `same` lay within
    the margin; in `any` of the splits at least one row was called different. `mean` and `largest`
    are absolute differences of shares. `least_p`: the smallest p that any row could have had; where
    it is above the level, nothing could be called different, and `called` says nothing.
    """

    splits: int
    every: bool
    rows: int
    n_a: int
    n_b: int
    called: float
    same: float
    any: float
    mean: float
    largest: float
    least_p: float


def strata(arms: Sequence[str], blocks: Sequence[str]) -> list[str]:
    """Return for each session the stratum in which it can be dealt to either half.

    Its arm and time block, where each block of the arm has two sessions of it or more; else its arm
    alone. (A stratum of one session cannot be split: nothing would be left to chance.)

    >>> strata(["DE", "DE", "DE", "DE", "KE", "KE"], ["1", "1", "2", "2", "1", "2"])
    ['DE 1', 'DE 1', 'DE 2', 'DE 2', 'KE', 'KE']
    """
    often = Counter(zip(arms, blocks, strict=True))
    thin = {arm for (arm, _), sessions in often.items() if sessions < _HALVES}
    return [
        arm if arm in thin else f"{arm} {block}" for arm, block in zip(arms, blocks, strict=True)
    ]


def split_noise(
    seen: NDArray[np.bool_] | Sequence[Sequence[bool]],
    blocks: Sequence[str],
    *,
    alpha: float,
    margin: float,
    splits: int = 1000,
    seed: int = 0,
) -> Noise:
    """Split the sessions `splits` times at random, and return what the rule calls different.

    `seen`: rows x sessions; `blocks`: the stratum of each session (as `strata` gives it), each of
    which is halved; odd ones give their extra session to either side in
    turn. Where there are no more than `splits` ways to do so, each is taken once. The rule is that
    of a report: exact p within blocks, `discoveries` over all rows at `alpha`, and `margin` for
    sameness.

    >>> seen = [[True, True, True, False, False, False], [True] * 6]
    >>> found = split_noise(seen, [""] * 6, alpha=0.05, margin=0.4)
    >>> found.splits, found.every, found.called, round(found.mean, 3), round(found.least_p, 1)
    (20, True, 0.0, 0.2, 0.1)
    """
    table = np.asarray(seen, dtype=np.bool_)
    parts = _strata(blocks)
    number = math.prod(math.comb(len(each), half) for each, half in parts)
    every = number <= splits
    length = len(blocks)
    chosen = _all(parts, length) if every else _random(parts, length, splits, seed)
    return _judged(table, chosen, parts, every, alpha, margin)


def apart(
    seen: NDArray[np.bool_] | Sequence[Sequence[bool]],
    in_a: Sequence[bool],
    blocks: Sequence[str],
    *,
    alpha: float,
    margin: float,
) -> Noise:
    """Return the same of one split that is there already: two arms of the same region."""
    table = np.asarray(seen, dtype=np.bool_)
    sides = np.asarray(in_a, dtype=np.bool_)
    names = np.asarray(blocks)
    strata = [
        (places, int(sides[places].sum()))
        for places in (np.flatnonzero(names == name) for name in sorted(set(blocks)))
    ]
    return _judged(table, sides[None, :], strata, False, alpha, margin)


Stratum = tuple[NDArray[np.intp], int]
"""The places of its sessions, and how many of them go to side a."""


def _strata(blocks: Sequence[str]) -> list[Stratum]:
    names = np.asarray(blocks)
    found: list[Stratum] = []
    odd = 0
    for name in sorted(set(blocks)):
        places = np.flatnonzero(names == name)
        half, left = divmod(len(places), 2)
        found.append((places, half + (left and odd % 2)))
        odd += left
    return found


def _all(strata: Sequence[Stratum], sessions: int) -> NDArray[np.bool_]:
    rows = []
    for chosen in product(*(combinations(places.tolist(), half) for places, half in strata)):
        row = np.zeros(sessions, dtype=np.bool_)
        row[[place for each in chosen for place in each]] = True
        rows.append(row)
    return np.asarray(rows)


def _random(strata: Sequence[Stratum], sessions: int, splits: int, seed: int) -> NDArray[np.bool_]:
    generator = np.random.default_rng(seed)
    chosen = np.zeros((splits, sessions), dtype=np.bool_)
    for places, half in strata:
        first = np.zeros((splits, len(places)), dtype=np.bool_)
        first[:, :half] = True
        chosen[:, places] = generator.permuted(first, axis=1)
    return chosen


def _judged(
    table: NDArray[np.bool_],
    chosen: NDArray[np.bool_],
    strata: Sequence[Stratum],
    every: bool,
    alpha: float,
    margin: float,
) -> Noise:
    """Judge each of the `chosen` splits (splits x sessions).

    How many sessions a stratum gives to either side is the same in all, so the distribution of a
    row under the null is computed once, and each split is a look-up.
    """
    n_a = int(chosen[0].sum())
    n_b = chosen.shape[1] - n_a
    rows, splits = len(table), len(chosen)
    if not rows or not n_a or not n_b:
        return Noise(splits, every, rows, n_a, n_b, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    kinds, which = np.unique(table, axis=0, return_inverse=True)
    which = which.ravel()
    useful = [(places, half) for places, half in strata if 0 < half < len(places)]
    inside = np.zeros(table.shape[1], dtype=np.bool_)
    for places, _ in useful:
        inside[places] = True
    tables, supports = _nulls(kinds, useful)
    within = _within(n_a, n_b, margin)
    size = max(1, _CHUNK // max(1, len(kinds)))
    called = same = any_called = 0
    total, largest = 0.0, 0.0
    weight = np.bincount(which, minlength=len(kinds))
    row_supports = [supports[kind] for kind in which]
    for start in range(0, splits, size):
        part = chosen[start : start + size]
        in_a = kinds.astype(np.int64) @ part.T.astype(np.int64)  # kinds x splits
        in_b = kinds.sum(axis=1)[:, None] - in_a
        gaps = np.abs(in_a / n_a - in_b / n_b)
        total += float((weight @ gaps).sum())
        largest = max(largest, float(gaps.max()))
        ps = tables[
            np.arange(len(kinds))[:, None],
            kinds.astype(np.int64) @ (part & inside).T.astype(np.int64),
        ]
        different = _called(ps, which, row_supports, alpha)
        called += int((weight @ different).sum())
        any_called += int(different.any(axis=0).sum())
        same += int((weight @ (within[in_a, in_b] & ~different)).sum())
    judged = rows * splits
    return Noise(
        splits=splits,
        every=every,
        rows=rows,
        n_a=n_a,
        n_b=n_b,
        called=called / judged,
        same=same / judged,
        any=any_called / splits,
        mean=total / judged,
        largest=largest,
        least_p=min(min(each) for each in supports),
    )


def _nulls(
    kinds: NDArray[np.bool_], strata: Sequence[Stratum]
) -> tuple[NDArray[np.float64], list[Support]]:
    width = sum(half for _, half in strata) + 1
    tables = np.ones((len(kinds), width))
    supports: list[Support] = []
    for at, kind in enumerate(kinds):
        margins = tuple(
            sorted(
                shares.Margins(half, len(places) - half, int(kind[places].sum()))
                for places, half in strata
            )
        )
        tables[at] = shares.null(margins).ps
        supports.append(shares.support(margins))
    return tables, supports


def _called(
    ps: NDArray[np.float64], which: NDArray[np.intp], supports: Sequence[Support], alpha: float
) -> NDArray[np.bool_]:
    """Return which kinds are called different in each split (kinds x splits)."""
    different = np.zeros(ps.shape, dtype=np.bool_)
    family = Family(supports, alpha)
    for split in np.flatnonzero((ps <= family.limit).any(axis=0)):
        different[:, split] = ps[:, split] <= family.critical(ps[which, split])
    return different


def _within(n_a: int, n_b: int, margin: float) -> NDArray[np.bool_]:
    return np.asarray(
        [
            [newcombe(k_a / n_a, n_a, k_b / n_b, n_b).within(margin) for k_b in range(n_b + 1)]
            for k_a in range(n_a + 1)
        ]
    )

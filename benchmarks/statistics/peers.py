"""How far the numbers lie from those of SciPy and statsmodels, where these have the method."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import (
    binomtest,
    chi2_contingency,
    fisher_exact,
    mannwhitneyu,
    permutation_test,
)
from statsmodels.stats.contingency_tables import StratifiedTable  # type: ignore[import-untyped]
from statsmodels.stats.multitest import multipletests  # type: ignore[import-untyped]
from statsmodels.stats.proportion import (  # type: ignore[import-untyped]
    confint_proportions_2indep,
)

from analyzer.statistics import (
    Block,
    benjamini_hochberg,
    homogeneity,
    newcombe,
    permutation,
    shifts,
    wilson,
)

_Case = tuple[float, float]
"""Our number, and theirs."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The largest difference between our number and a peer's over `cases`."""

    what: str
    peer: str
    cases: int
    largest: float


def agreements(seed: int = 1) -> list[Agreement]:
    """Return one line for each method that a peer has."""
    pairs: list[tuple[str, str, Callable[[np.random.Generator], Iterator[_Case]]]] = [
        ("interval of a share", "scipy binomtest, wilson", _wilson),
        (
            "interval of a difference of shares",
            "statsmodels confint_proportions_2indep, newcomb",
            _newcombe,
        ),
        ("exact test, one block of equal sides", "scipy fisher_exact", _fisher),
        ("exact test, one block of any sides", "scipy permutation_test", _independent),
        ("exact test, blocks of 1 against 1", "scipy permutation_test, samples", _paired),
        ("false discovery rate", "statsmodels multipletests, fdr_bh", _rates),
        ("magnitudes, p without ties", "scipy mannwhitneyu, exact", _untied),
        ("magnitudes, p with ties", "scipy permutation_test of the rank sum", _tied),
        ("magnitudes, shift", "median of all pairs, by brute force", _shift),
        ("matrix, statistic of one block", "scipy chi2_contingency", _pearson),
        ("matrix, statistic of two groups in blocks", "statsmodels StratifiedTable", _stratified),
    ]
    found = []
    for what, peer, cases in pairs:
        gaps = [abs(ours - theirs) for ours, theirs in cases(np.random.default_rng(seed))]
        found.append(Agreement(what, peer, len(gaps), max(gaps)))
    return found


def _wilson(_: np.random.Generator) -> Iterator[_Case]:
    for n in (1, 6, 30):
        for k in range(n + 1):
            theirs = binomtest(k, n).proportion_ci(method="wilson")
            yield from zip(wilson(k / n, n), (theirs.low, theirs.high), strict=True)


def _newcombe(_: np.random.Generator) -> Iterator[_Case]:
    for n_a, n_b in ((1, 1), (6, 6), (5, 12)):
        for k_a, k_b in product(range(n_a + 1), range(n_b + 1)):
            theirs = confint_proportions_2indep(
                k_a, n_a, k_b, n_b, method="newcomb", compare="diff"
            )
            yield from zip(newcombe(k_a / n_a, n_a, k_b / n_b, n_b), theirs, strict=True)


def _fisher(_: np.random.Generator) -> Iterator[_Case]:
    for n in (3, 6, 10):
        for k_a, k_b in product(range(n + 1), repeat=2):
            table = np.array([[k_a, n - k_a], [k_b, n - k_b]])
            yield permutation([Block(k_a, n, k_b, n)]), float(fisher_exact(table).pvalue)


def _independent(generator: np.random.Generator) -> Iterator[_Case]:
    for _ in range(20):
        n_a, n_b = (int(each) for each in generator.integers(2, 6, 2))
        seen = generator.random(n_a + n_b) < 0.5
        expected = n_a * seen.mean()
        theirs = permutation_test(
            (seen[:n_a].astype(float), seen[n_a:].astype(float)),
            lambda x, _, at=expected: abs(x.sum() - at),
            alternative="greater",
            n_resamples=10**5,
        )
        block = Block(int(seen[:n_a].sum()), n_a, int(seen[n_a:].sum()), n_b)
        yield permutation([block]), float(theirs.pvalue)


def _paired(generator: np.random.Generator) -> Iterator[_Case]:
    for _ in range(20):
        a, b = generator.random((2, int(generator.integers(2, 9)))) < 0.5
        theirs = permutation_test(
            (a.astype(float), b.astype(float)),
            lambda x, y: abs((x - y).sum()),
            permutation_type="samples",
            alternative="greater",
            n_resamples=10**5,
        )
        ours = permutation([Block(int(x), 1, int(y), 1) for x, y in zip(a, b, strict=True)])
        yield ours, float(theirs.pvalue)


def _rates(generator: np.random.Generator) -> Iterator[_Case]:
    for rows in (1, 5, 40):
        ps = (generator.random(rows) ** 3).tolist()
        yield from zip(benjamini_hochberg(ps), multipletests(ps, method="fdr_bh")[1], strict=True)


def _untied(generator: np.random.Generator) -> Iterator[_Case]:
    for n_a, n_b in product((2, 5, 9, 20), repeat=2):
        a, b = generator.normal(0.5, 1, n_a), generator.normal(0, 1, n_b)
        found = shifts([[*a, *b]], [True] * n_a + [False] * n_b, [""] * (n_a + n_b))[0]
        yield found.p, float(mannwhitneyu(a, b, method="exact").pvalue)


def _tied(generator: np.random.Generator) -> Iterator[_Case]:
    for _ in range(15):
        n_a, n_b = (int(each) for each in generator.integers(2, 6, 2))
        a, b = generator.integers(0, 4, n_a), generator.integers(0, 4, n_b)
        theirs = permutation_test(
            (a.astype(float), b.astype(float)),
            lambda x, y: abs(np.sign(x[:, None] - y[None, :]).sum()),
            vectorized=False,
            alternative="greater",
            n_resamples=10**5,
        )
        found = shifts([[*a, *b]], [True] * n_a + [False] * n_b, [""] * (n_a + n_b))[0]
        yield found.p, float(theirs.pvalue)


def _shift(generator: np.random.Generator) -> Iterator[_Case]:
    for n_a, n_b in product((2, 5, 9), repeat=2):
        a, b = generator.lognormal(1, 1, n_a), generator.lognormal(0, 1, n_b)
        found = shifts([[*a, *b]], [True] * n_a + [False] * n_b, [""] * (n_a + n_b))[0]
        yield found.effect, float(np.median([x - y for x, y in product(a, b)]))


def _pearson(generator: np.random.Generator) -> Iterator[_Case]:
    for _ in range(20):
        seen = generator.integers(1, 5, 4)
        more = generator.integers(1, 5, 4)
        total = int((seen + more).sum())
        rows = [
            (at < k, str(group))
            for group, (k, left) in enumerate(zip(seen, more, strict=True))
            for at in range(k + left)
        ]
        ours = homogeneity([[each[0] for each in rows]], [each[1] for each in rows], [""] * total)
        theirs = chi2_contingency(np.array([seen, more]), correction=False)
        yield ours[0].statistic, float(theirs.statistic) * (total - 1) / total


def _stratified(generator: np.random.Generator) -> Iterator[_Case]:
    for _ in range(20):
        tables = generator.integers(1, 6, (4, 2, 2))
        rows = [
            (column == 0, "AB"[row], str(block))
            for block, row, column in product(range(4), range(2), range(2))
            for _ in range(int(tables[block, row, column]))
        ]
        seen, groups, blocks = zip(*rows, strict=True)
        theirs = StratifiedTable(list(tables)).test_null_odds(correction=False)
        yield homogeneity([seen], groups, blocks)[0].statistic, float(theirs.statistic)

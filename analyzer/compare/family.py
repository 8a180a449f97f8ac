"""All tests of a report, between which the false discovery rate is shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from analyzer import statistics

Test = tuple[float, statistics.Support]
"""The p of a row, and those that it could have had."""


class Family:
    """All tests of a report, between which the false discovery rate is shared."""

    def __init__(self, tests: Sequence[Test], alpha: float) -> None:
        self._ps = [p for p, _ in tests]
        self._supports = [support for _, support in tests]
        self._alpha = alpha
        found = statistics.discoveries(self._ps, self._supports, alpha)
        self.qs = found.qs
        self.critical = found.critical  # the largest p that is called different
        self._tried: dict[tuple[Test, Test], float] = {}
        self._standing: dict[tuple[Test, Test], bool] = {}

    def stands(self, place: int, test: Test) -> bool:
        """Say whether the row at `place` would be called different if `test` were its own."""
        if test[0] > self._alpha:
            return False
        change = ((self._ps[place], self._supports[place]), test)
        if change not in self._standing:  # many rows have the same numbers
            ps, supports = self._ps.copy(), self._supports.copy()
            ps[place], supports[place] = test
            largest = statistics.critical(ps, supports, self._alpha)
            self._standing[change] = test[0] <= largest
        return self._standing[change]

    def q(self, place: int, test: Test) -> float:
        """Return the q of the row at `place` if `test` were its own."""
        change = ((self._ps[place], self._supports[place]), test)
        if change not in self._tried:
            ps, supports = self._ps.copy(), self._supports.copy()
            ps[place], supports[place] = test
            self._tried[change] = statistics.discoveries(ps, supports, self._alpha).qs[place]
        return self._tried[change]


class Exact:
    """The exact test of what was seen, within the time blocks of both sides."""

    def __init__(self, a: Mapping[str, str], b: Mapping[str, str]) -> None:
        """Take the time block of each session of either side."""
        self._a, self._b = a, b
        n_a, n_b = Counter(a.values()), Counter(b.values())
        self._sizes = [(block, n_a[block], n_b[block]) for block in sorted({*n_a, *n_b})]

    def of(self, seen_a: Collection[str], seen_b: Collection[str]) -> Test:
        """Return the p of what was seen in these sessions, and those that it could have had."""
        blocks = self.blocks(seen_a, seen_b)
        return statistics.permutation(blocks), statistics.attainable(blocks)

    def lean(self, seen_a: Collection[str], seen_b: Collection[str]) -> float:
        """Return in how many more sessions of a it was seen than chance would have it there."""
        return statistics.lean(self.blocks(seen_a, seen_b))

    def blocks(self, seen_a: Collection[str], seen_b: Collection[str]) -> list[statistics.Block]:
        """Return in how many sessions of each block it was seen."""
        k_a = Counter([self._a[session] for session in seen_a])
        k_b = Counter([self._b[session] for session in seen_b])
        return [
            statistics.Block(k_a[block], n_a, k_b[block], n_b) for block, n_a, n_b in self._sizes
        ]

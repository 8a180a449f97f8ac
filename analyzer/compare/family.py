"""All tests of a report, between which the false discovery rate is shared."""

from __future__ import annotations

from collections.abc import Sequence

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
        self._tried: dict[tuple[Test, Test], bool] = {}

    def stands(self, place: int, test: Test) -> bool:
        """Say whether the row at `place` would be called different if `test` were its own."""
        if test[0] > self._alpha:
            return False
        change = ((self._ps[place], self._supports[place]), test)
        if change not in self._tried:  # many rows have the same numbers
            ps, supports = self._ps.copy(), self._supports.copy()
            ps[place], supports[place] = test
            q = statistics.discoveries(ps, supports, self._alpha).qs[place]
            self._tried[change] = q <= self._alpha
        return self._tried[change]

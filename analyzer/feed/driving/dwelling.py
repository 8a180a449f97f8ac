"""How long an item is watched: the rule of the protocol, with chance in it."""

from __future__ import annotations

import math
import random

from analyzer.feed.driven import Decision
from analyzer.feed.protocol import Dwell
from analyzer.feed.records import Role

_END_S = 0.2  # by which a round is over for certain
_SHARE = 0.02  # of a duration, likewise


class Dweller:
    """Decides by `dwell`. `chance` makes the same times again from the same seed."""

    def __init__(self, dwell: Dwell, role: Role, chance: random.Random) -> None:
        self._dwell = dwell
        self._role = role
        self._chance = chance

    def decide(self, *, known: bool, matches: bool) -> Decision:
        """Return what becomes of an item. A control watches all alike, also what is unknown."""
        if not known:
            return "unknown"
        if self._role == "control":
            return "control"
        return "match" if matches else "other"

    def seconds(self, decision: Decision, duration_s: float | None) -> float:
        """Return how long it is on the screen.

        What matches is watched to the end of its last round at least, and at most `most_s`. Where
        nobody knows how long it is, a round counts as `control_s`.
        """
        rule, jitter = self._dwell, self.jitter()
        if decision == "match":
            least = rule.rounds * (duration_s or rule.control_s)
            longer = least * max(1.0, jitter) + least * _SHARE + min(_END_S, least * 0.5)
            return min(rule.most_s, longer)
        watched = rule.control_s if self._role == "control" else rule.skip_s
        return min(rule.most_s, watched * jitter)

    def jitter(self) -> float:
        """Return a factor whose logarithm has the protocol's standard deviation."""
        return math.exp(self._chance.gauss(0.0, self._dwell.jitter))

"""The sessions of the sides of a comparison, and in which of them a row was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Group:
    """The sessions of one side, with their time blocks. `name` is for sentences."""

    name: str
    blocks: Mapping[str, str]  # session -> block
    empty: frozenset[str] = frozenset()  # sessions without an exchange: perhaps false starts
    out: int = 0  # sessions that gates left out

    @property
    def n(self) -> int:
        """How many sessions there are."""
        return len(self.blocks)


@dataclass(frozen=True, slots=True)
class Late:
    """What a side had no time to show.

    `a` and `b` are the sessions in which it was first seen later than the other side was recorded
    for; `short_a` and `short_b` those that ended before it is first seen on the other side.
    """

    a: frozenset[str]
    b: frozenset[str]
    short_a: frozenset[str]
    short_b: frozenset[str]


@dataclass(frozen=True, slots=True)
class Observed:
    """The sessions of either side in which a row was seen, and the blind ones.

    `unsearched` are those whose persona has nothing planted that would have shown the row, where it
    was known by a planted value elsewhere. `late` is None where both sides were recorded long
    enough for what was seen on the other.
    """

    seen_a: frozenset[str]
    seen_b: frozenset[str]
    blind_a: frozenset[str]
    blind_b: frozenset[str]
    unsearched_a: frozenset[str] = frozenset()
    unsearched_b: frozenset[str] = frozenset()
    late: Late | None = None

    @property
    def hidden_a(self) -> frozenset[str]:
        """The sessions of a in which it may have been sent without being seen."""
        return (self.blind_a | self.unsearched_a) - self.seen_a

    @property
    def hidden_b(self) -> frozenset[str]:
        """The sessions of b in which it may have been sent without being seen."""
        return (self.blind_b | self.unsearched_b) - self.seen_b

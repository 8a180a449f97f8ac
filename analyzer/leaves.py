"""The leaves of one exchange as columns: what is done to all of them is done by loops in C.

A `Leaf` is a tuple of five, of which an exchange has some fifty; to make them takes longer than to
parse the bodies that they come from. Most are never looked at one by one: rules ask for paths, a
search asks for values. So paths and values are two lists, and part and steps, which stay the same
over many leaves, are told once for each run of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NamedTuple, cast, overload

from analyzer.models import Leaf, Part

Steps = tuple[str, ...]

# Calling the class costs twice as much.
_new_leaf: Final = cast(
    Callable[[type[Leaf], tuple[str, Part, str, str, Steps]], Leaf], tuple.__new__
)


class Run(NamedTuple):
    """From leaf `start` to the start of the next run, part and steps are these."""

    start: int
    part: Part
    steps: Steps


_new_run: Final = cast(Callable[[type[Run], tuple[int, Part, Steps]], Run], tuple.__new__)
_start: Final = attrgetter("start")


class Piece(NamedTuple):
    """Leaves of one part and of the same steps, to be put into any exchange."""

    part: Part
    steps: Steps
    paths: tuple[str, ...]
    values: tuple[str, ...]


class Leaves(Sequence[Leaf]):
    """A sequence of leaves, which are made when somebody asks for one.

    `paths` and `values` have one entry for each; whoever adds to both calls `turn` before. Two that
    have the same leaves are equal, and so is a tuple of them.
    """

    __slots__ = ("_made", "exchange", "part", "paths", "runs", "steps", "values")

    def __init__(self, exchange: str = "") -> None:
        self.exchange = exchange
        self.paths: list[str] = []
        self.values: list[str] = []
        self.runs: list[Run] = []
        self.part: Part | None = None  # of what is added next
        self.steps: Steps | None = None
        self._made: tuple[Leaf, ...] = ()

    @classmethod
    def of(cls, leaves: Sequence[Leaf]) -> Leaves:
        """Return `leaves`, all of one exchange, as columns; those that are already, as they are."""
        if isinstance(leaves, cls):
            return leaves
        made = cls(leaves[0].exchange if leaves else "")
        for leaf in leaves:
            made.add(leaf.part, leaf.path, leaf.value, leaf.steps)
        return made

    def turn(self, part: Part, steps: Steps) -> None:
        """Say what part and steps the leaves have that are added next."""
        self.part, self.steps = part, steps
        runs, length = self.runs, len(self.paths)
        if runs and runs[-1][0] == length:
            runs.pop()
        if not runs or runs[-1][1] != part or runs[-1][2] != steps:
            runs.append(_new_run(Run, (length, part, steps)))

    def add(self, part: Part, path: str, value: str, steps: Steps) -> None:
        """Add one leaf."""
        if self.steps is not steps or self.part is not part:
            self.turn(part, steps)
        self.paths.append(path)
        self.values.append(value)

    def put(self, pieces: Iterable[Piece]) -> None:
        """Add the leaves of `pieces`."""
        for part, steps, paths, values in pieces:
            if self.steps is not steps or self.part is not part:
                self.turn(part, steps)
            self.paths += paths
            self.values += values

    def pieces(self, start: int) -> tuple[Piece, ...]:
        """Return the leaves from `start` on."""
        return tuple(
            Piece(part, steps, tuple(self.paths[first:end]), tuple(self.values[first:end]))
            for part, steps, first, end in self.stretches(start)
        )

    def cut(self, length: int) -> None:
        """Drop all leaves beyond the first `length`."""
        del self.paths[length:]
        del self.values[length:]
        while self.runs and self.runs[-1].start >= length:
            self.runs.pop()
        self.part = self.steps = None
        self._made = ()

    def stretches(self, start: int = 0) -> Iterator[tuple[Part, Steps, int, int]]:
        """Yield part, steps, start and end of each run, of what lies beyond `start`."""
        runs = self.runs
        if start:  # of many runs, most of them before it
            runs = runs[max(0, bisect_right(runs, start, key=_start) - 1) :]
        ends = [*[run.start for run in runs[1:]], len(self.paths)]
        for (first, part, steps), end in zip(runs, ends, strict=False):
            if end > max(first, start):
                yield part, steps, max(first, start), end

    def spans(self) -> list[tuple[Part, int, int]]:
        """Return part, start and end of each stretch of leaves of one part."""
        found: list[tuple[Part, int, int]] = []
        if not self.runs:
            return found
        start, part, _ = self.runs[0]
        for first, other, _ in self.runs:
            if other != part:
                found.append((part, start, first))
                start, part = first, other
        found.append((part, start, len(self.paths)))
        return found

    def run_of(self, at: int) -> Run:
        """Return the run that the leaf at position `at` belongs to."""
        if at >= len(self.paths):
            raise IndexError(at)
        return self.runs[bisect_right(self.runs, at, key=_start) - 1]

    def steps_of(self, part: Part) -> Callable[[int], Steps]:
        """Return what tells the steps of the leaf at a position, all of which are of this part."""
        own = [run for run in self.runs if run[1] == part]
        if len(own) == 1:
            steps = own[0][2]
            return lambda _: steps
        return lambda at: own[bisect_right(own, at, key=_start) - 1][2]

    def leaf(self, at: int) -> Leaf:
        """Return the leaf at position `at`, which counts from 0."""
        _, part, steps = self.run_of(at)
        return _new_leaf(Leaf, (self.exchange, part, self.paths[at], self.values[at], steps))

    def with_one(self, part: Part, path: str, value: str) -> Leaves:
        """Return these leaves and, after them, one that was passed by no decoder."""
        more = Leaves(self.exchange)
        more.paths, more.values, more.runs = self.paths[:], self.values[:], self.runs[:]
        more.add(part, path, value, ())
        return more

    def _all(self) -> tuple[Leaf, ...]:
        if len(self._made) != len(self.paths):
            exchange, paths, values = self.exchange, self.paths, self.values
            self._made = tuple(
                _new_leaf(Leaf, (exchange, part, path, value, steps))
                for part, steps, start, end in self.stretches()
                for path, value in zip(paths[start:end], values[start:end], strict=True)
            )
        return self._made

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.paths)

    @overload
    def __getitem__(self, at: int) -> Leaf: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Leaf, ...]: ...
    def __getitem__(self, at: int | slice) -> Leaf | tuple[Leaf, ...]:
        """Return one leaf, or a tuple of some."""
        if isinstance(at, slice):
            return self._all()[at]
        return self.leaf(at if at >= 0 else at + len(self.paths))

    def __iter__(self) -> Iterator[Leaf]:
        """Make all leaves at once, and go through them."""
        return iter(self._all())

    def __eq__(self, other: object) -> bool:
        """Compare leaf by leaf."""
        if isinstance(other, Leaves):
            return self._all() == other._all()
        return self._all() == other if isinstance(other, tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how many there are, and none of their values."""
        return f"<{len(self.paths)} leaves of exchange {self.exchange!r}>"

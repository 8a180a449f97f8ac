"""Trees into columns of leaves: the hot part of decoding, some fifty values in each exchange.

Nothing is done for each value that can be done for all values of a container at once. The paths of
an object's values depend on its own path and its names only, and both come again with each request
of the same kind: they are remembered together. Most values need no closer look; those that do are
found first, and what lies between them is taken over as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from analyzer.decoders import Checked, Layer, Limits, Noted, Number, Pairs
from analyzer.decoders.noise import SHORTEST_PIECE
from analyzer.decoders.outlines import LONGEST_PLAIN, Columns, Shape
from analyzer.decoders.plan import inert
from analyzer.leaves import Leaves, Steps
from analyzer.models import Part

_Key = TypeVar("_Key")
_INDEX: Final = tuple(map(str, range(1024)))
_LISTED: Final = 64  # entries of a list whose paths are remembered
_MOST_NAMES: Final = 60_000  # paths that are remembered, all containers together
_LONGEST_NAMES: Final = 4_096  # characters of the names of one container
_LONGEST_PREFIX: Final = 1024  # characters of the path of a container
_EXACT_BELOW: Final = 1e18  # a float beyond may have been an integer with more digits

plain: Final[set[str]] = set()  # strings in which every decoder has found nothing
MOST_PLAIN: Final = 20_000

_paths: Final[dict[tuple[str, tuple[str, ...] | int | Shape], list[str]]] = {}
_row_paths: Final[dict[tuple[str, tuple[str, ...], int], list[str]]] = {}
_remembered: Final = [0]


class Flattener:
    """Makes leaves of trees. What to do with text and bytes inside them is said by who inherits."""

    def __init__(self, exchange: str, limits: Limits) -> None:
        self.exchange = exchange
        self.limits = limits
        self.part: Part = "path"
        self.leaves = Leaves(exchange)
        self._names = 0
        self._inexact = False
        self._containers = 0

    def fault(self, code: str, detail: str, where: str = "") -> None:
        """Note a problem of the current part."""
        raise NotImplementedError

    def string(self, text: str, path: str, steps: Steps, *, doubtful: bool = False) -> bool:
        """Make a leaf of `text`, and leaves of what is inside it; False for a guess gone wrong."""
        raise NotImplementedError

    def content(self, found: bytes | Layer | Checked | Noted, path: str, steps: Steps) -> None:
        """Make leaves of what has to be decoded further."""
        raise NotImplementedError

    def tree(self, tree: object, path: str, steps: Steps, level: int) -> None:
        """Make leaves of a tree that is `level` containers deep in another one."""
        names: tuple[str, ...] | int
        values: list[Any]
        kind = type(tree)
        if kind is dict:
            names, values = tuple(tree), list(tree.values())  # type: ignore[arg-type, attr-defined]
            self._names += len(values)
        elif kind is list:
            values = tree  # type: ignore[assignment]
            names = len(values)
            if names > 1 and type(values[0]) is dict and self._rows(values, path, steps, level):
                return
        elif kind is Pairs:
            names = tuple([name for name, _ in tree])  # type: ignore[attr-defined]
            values = [value for _, value in tree]  # type: ignore[attr-defined]
            self._names += len(values)
        else:
            self._value(tree, path, steps)
            return
        self._containers += 1
        leaves = self.leaves
        room = self.limits.max_leaves - len(leaves.paths)
        if len(values) > room or self._containers > 2 * self.limits.max_leaves:
            self.fault("too_many_leaves", f"more than {self.limits.max_leaves} values")
            if self._containers > 2 * self.limits.max_leaves:
                return
            values = values[: max(0, room)]
            names = len(values) if isinstance(names, int) else names[: len(values)]
        if level > self.limits.max_json_depth:
            self.fault(
                "too_deep", f"more than {self.limits.max_json_depth} containers in each other"
            )
            return
        if not values:
            return
        if len(path) > _LONGEST_PREFIX:  # each leaf below would hold a copy
            self.fault("too_large", f"a path was cut to {_LONGEST_PREFIX} characters")
            path = path[:_LONGEST_PREFIX]
        paths = _paths.get((path, names)) or _joined(path, names)
        self._values(values, paths, steps, level)

    def _rows(self, rows: list[dict[str, Any]], path: str, steps: Steps, level: int) -> bool:
        """Make leaves of a list of objects with the same names at once; False if it is none.

        Nor is it one where a bound might be passed: then it is looked at one by one.
        """
        names = tuple(rows[0])
        count = len(rows)
        total = count * len(names)
        if (
            not 0 < total <= self.limits.max_leaves - len(self.leaves.paths)
            or self._containers + count >= 2 * self.limits.max_leaves
            or level >= self.limits.max_json_depth
            or len(path) > _LONGEST_PREFIX - 8
            or count > len(_INDEX)
        ):
            return False
        for row in rows:
            if type(row) is not dict or tuple(row) != names:
                return False
        self._containers += count + 1
        self._names += total
        key = (path, names, count)
        paths = _row_paths.get(key)
        if paths is None:
            prefix = f"{path}." if path else ""
            paths = [f"{prefix}{at}.{name}" for at in _INDEX[:count] for name in names]
            _keep(_row_paths, key, paths)
        self._values([value for row in rows for value in row.values()], paths, steps, level + 1)
        return True

    def _values(self, values: list[Any], paths: list[str], steps: Steps, level: int) -> None:
        """Make leaves of the values of containers that are `level` deep."""
        leaves = self.leaves
        # None: has to be looked at more closely.
        texts = [
            (
                value
                if (value in plain and len(value) < SHORTEST_PIECE)
                or (len(value) < LONGEST_PLAIN and inert(value))
                else None
            )
            if (kind := type(value)) is str
            else str(value) if kind is int
            else ("true" if value else "false") if kind is bool
            else "" if value is None
            else str(value) if kind is float and -_EXACT_BELOW < value < _EXACT_BELOW
            else None
            for value in values
        ]  # fmt: skip
        if None not in texts:
            if leaves.steps is not steps or leaves.part is not self.part:
                leaves.turn(self.part, steps)
            leaves.paths += paths
            leaves.values += texts  # type: ignore[arg-type]
            return
        for at, text in enumerate(texts):
            if text is not None:
                if leaves.steps is not steps or leaves.part is not self.part:
                    leaves.turn(self.part, steps)
                leaves.paths.append(paths[at])
                leaves.values.append(text)
            elif type(value := values[at]) is str:
                self.string(value, paths[at], steps)
            else:
                self.tree(value, paths[at], steps, level + 1)

    def columns(self, found: Columns, path: str, steps: Steps) -> bool:
        """Make leaves of columns; False, and nothing, where a bound might be passed."""
        shape, limits, leaves = found.shape, self.limits, self.leaves
        before, start = self._containers, len(leaves.paths)
        if (
            start + shape.entries > limits.max_leaves
            or before + shape.containers > 2 * limits.max_leaves
            or shape.deepest > limits.max_json_depth
            or len(path) + 1 + shape.longest > _LONGEST_PREFIX
        ):
            return False
        self._containers += shape.containers
        paths: Sequence[str] = shape.paths
        if path:
            paths = _paths.get((path, shape)) or _prefixed(path, shape)
        values, done = found.values, 0
        for at in found.suspects:
            if done < at:
                if leaves.steps is not steps or leaves.part is not self.part:
                    leaves.turn(self.part, steps)
                leaves.paths += paths[done:at]
                leaves.values += values[done:at]
            self.string(values[at], paths[at], steps)
            done = at + 1
        if done < len(paths):
            if leaves.steps is not steps or leaves.part is not self.part:
                leaves.turn(self.part, steps)
            leaves.paths += paths[done:] if done else paths
            leaves.values += values[done:] if done else values
        if len(leaves.paths) > limits.max_leaves:  # by what was inside the values
            leaves.cut(start)
            self._containers = before
            return False
        return True

    def _value(self, value: object, path: str, steps: Steps) -> None:
        """Make leaves of what is no container."""
        if value is None:
            self.leaf(path, "", steps)
        elif isinstance(value, bool):
            self.leaf(path, "true" if value else "false", steps)
        elif isinstance(value, Number):
            self.leaf(path, value + "", steps)
        elif isinstance(value, str):
            self.string(value, path, steps)
        elif isinstance(value, float):
            if not -_EXACT_BELOW < value < _EXACT_BELOW:
                self._inexact = True
            self.leaf(path, repr(value), steps)
        elif isinstance(value, bytes | Layer | Checked | Noted):
            self.content(value, path, steps)
        else:
            self.leaf(path, str(value), steps)  # integers

    def leaf(self, path: str, value: str, steps: Steps) -> None:
        """Make one leaf, and look no closer."""
        if len(value) > self.limits.max_value:
            self.fault("too_large", f"a value was cut to {self.limits.max_value} characters")
            value = value[: self.limits.max_value]
        self.leaves.add(self.part, path, value, steps)


def _prefixed(path: str, shape: Shape) -> list[str]:
    """Return the paths of the values of a document that stands at `path`."""
    made = [f"{path}.{each}" for each in shape.paths]
    _keep(_paths, (path, shape), made)
    return made


def _joined(path: str, names: tuple[str, ...] | int) -> list[str]:
    """Return the paths of the values of a container."""
    prefix = f"{path}." if path else ""
    if isinstance(names, int):
        count = names
        if count <= len(_INDEX):
            made = [prefix + name for name in _INDEX[:count]]
        else:
            made = [prefix + str(at) for at in range(count)]
        again = count <= _LISTED
    else:
        count = len(names)
        made = [prefix + name for name in names]
        again = count * len(prefix) + sum(map(len, names)) <= _LONGEST_NAMES
    if again:
        _keep(_paths, (path, names), made)
    return made


def _keep(memory: dict[_Key, list[str]], key: _Key, made: list[str]) -> None:
    """Remember paths; all of them are forgotten where there are too many."""
    if sum(map(len, made)) > 4 * _LONGEST_NAMES:
        return
    if _remembered[0] + len(made) > _MOST_NAMES:
        _paths.clear()
        _row_paths.clear()
        _remembered[0] = 0
    _remembered[0] += len(made)
    memory[key] = made

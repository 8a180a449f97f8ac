"""Documents of an outline that was met before, without making their tree. Not a decoder itself.

An app sends the same document again and again with other values. What is left of one without its
values is its outline: it says what the paths of the values are. So the paths are worked out once,
and of the next document of the same outline only the values are taken, by a few operations that
each do all of them at once. How an outline is found is known to the decoder of a format; here is
what they share: the shape that an outline stands for, and which strings have to be looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from analyzer.decoders.plan import inert, inert_until

LONGEST: Final = 64 * 1024  # of a document whose outline is looked for
MOST_LEAVES: Final = 2_000  # of a shape
LONGEST_PLAIN: Final = 256  # characters of a string; a longer one is always looked at
_DEEPEST: Final = 32  # containers inside each other
_LONGEST_PATH: Final = 512
_MOST_PATHS: Final = 60_000  # of all shapes together
_MOST_CHARACTERS: Final = 4_000_000  # of their outlines, names and paths together
_MOST_SEEN: Final = 20_000
_MOST_CALM: Final = 1_000  # few enough to stay at hand
_LONGEST_CALM: Final = 64  # characters, in the mean
_BLOCK: Final = LONGEST_PLAIN // 2


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Where the values of a document stand: their paths, relative to that of the document.

    `strings` are the positions of those that are text, among all. `entries` counts the values of
    all containers, `deepest` how many of these are inside each other, and `longest` is the length
    of the longest path of one.
    """

    paths: tuple[str, ...]
    strings: tuple[int, ...]
    entries: int
    containers: int = 1
    deepest: int = 1
    longest: int = 0


@dataclass(slots=True)
class Columns:
    """A tree as columns: `values` in the order of the paths of their `shape`.

    `suspects` are the positions of those in which a decoder may find something; all others are
    leaves as they are. `tree` gives what the decoder would have given without the shape.
    """

    shape: Shape
    values: Sequence[str]
    suspects: Sequence[int]
    tree: Callable[[], object]


class Memory:
    """How much is remembered of all shapes together, and which outlines were met once.

    A shape is made when its outline comes again: of most documents that come once, the outline does
    not. Whoever keeps shapes says with `hold` how to forget them: all are forgotten together.
    """

    def __init__(self) -> None:
        self._held: list[Callable[[], None]] = []
        self._seen: set[int] = set()
        self._paths: dict[str, str] = {}
        self._characters = 0

    def hold(self, forget: Callable[[], None]) -> None:
        """Call `forget` when there are too many."""
        self._held.append(forget)

    def again(self, outline: object) -> bool:
        """Whether `outline` was asked for before, which is kept as its hash."""
        known = hash(outline)
        if known in self._seen:
            return True
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(known)
        return False

    def shared(self, paths: Sequence[str], characters: int) -> tuple[str, ...]:
        """Return `paths`, the same of which are one string, as those of a new shape.

        It takes `characters` besides. Where that is too much, all shapes are forgotten first.
        """
        self._characters += characters + 16 * len(paths)
        if self._characters > _MOST_CHARACTERS or len(self._paths) > _MOST_PATHS:
            self.forget()
            self._characters = characters + 16 * len(paths)
        known = self._paths
        before = len(known)
        made = tuple([known.setdefault(path, path) for path in paths])
        if len(known) != before:
            self._characters += sum(map(len, paths))
        return made

    def forget(self) -> None:
        """Forget all shapes, but not which outlines came once."""
        for forget in self._held:
            forget()
        self._paths.clear()
        self._characters = 0


MEMORY: Final = Memory()


class Outlined(NamedTuple):
    """The shape of a tree, its values as text, and how many names its objects have together."""

    shape: Shape
    values: list[str]
    names: int


def shape_of(tree: object, characters: int) -> Outlined | None:
    """Return the shape of a tree of dicts, lists and scalars.

    None for one that has too much, or what must be read otherwise. `characters` is the size of what
    is remembered with it.
    """
    made = _Walk()
    if not isinstance(tree, dict | list) or not made.container(tree, "", 1):
        return None
    characters += 8 * len(made.paths)
    shape = Shape(
        MEMORY.shared(made.paths, characters),
        tuple(made.strings),
        made.entries,
        made.containers,
        made.deepest,
        made.longest,
    )
    return Outlined(shape, made.values, made.names)


class _Walk:
    """Walks a tree once, slowly, for its shape."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.values: list[str] = []
        self.strings: list[int] = []
        self.names = self.entries = self.containers = self.deepest = self.longest = 0

    def container(self, tree: dict[str, object] | list[object], path: str, level: int) -> bool:
        """Add the values of a container; False where that cannot be."""
        names = list(tree) if isinstance(tree, dict) else list(map(str, range(len(tree))))
        values = list(tree.values()) if isinstance(tree, dict) else tree
        self.containers += 1
        self.names += len(values) if isinstance(tree, dict) else 0
        self.entries += len(values)
        self.deepest = max(self.deepest, level)
        self.longest = max(self.longest, len(path))
        if level > _DEEPEST or self.entries > MOST_LEAVES or len(path) > _LONGEST_PATH:
            return False
        prefix = f"{path}." if path else ""
        for name, value in zip(names, values, strict=True):
            if isinstance(value, dict | list):
                # Without a name, its path would be that of the document.
                if not name or not self.container(value, prefix + name, level + 1):
                    return False
            elif not self._scalar(value, prefix + name):
                return False
        return True

    def _scalar(self, value: object, path: str) -> bool:
        if type(value) is str:
            self.strings.append(len(self.paths))
            text = value
        elif value is None:
            text = ""
        elif isinstance(value, bool):
            text = "true" if value else "false"
        elif type(value) in (int, float):
            text = str(value)
        else:
            return False
        self.paths.append(path)
        self.values.append(text)
        return True


_calm: Final[set[str]] = set()  # strings in which there is nothing to decode


def suspects(strings: Sequence[str]) -> list[int]:
    """Return the positions of the strings in which a decoder may find something.

    Most strings of an app are few, and come again and again: these are remembered.
    """
    if len(_calm) > _MOST_CALM:
        _calm.clear()
    fresh = [text for text in strings if text not in _calm]
    if not fresh:
        return []
    joined = "\n".join(fresh) + "\n"
    size = len(joined)
    if (
        inert_until(joined) == size
        and joined.count("\n") == len(fresh)
        # A line of twice a block would fill one.
        and (size <= LONGEST_PLAIN or _breaks_often(joined))
    ):
        if size < _LONGEST_CALM * len(fresh):
            _calm.update(fresh)
        return []
    found: list[int] = []
    for at, text in enumerate(strings):
        if text in _calm:
            continue
        if len(text) >= LONGEST_PLAIN or not inert(text):
            found.append(at)
        elif len(text) < _LONGEST_CALM:
            _calm.add(text)
    return found


def _breaks_often(joined: str) -> bool:
    return all(
        joined.find("\n", start, start + _BLOCK) >= 0
        for start in range(0, len(joined) - _BLOCK, _BLOCK)
    )

"""Which of the finds in one exchange are told, and as what.

What counts inside one text depends on nothing else, unless a find needs the name of its field, or
its other half in another one. So most texts are settled once, and those that are open by the few of
them that stand together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from analyzer.extract.choosing import Where, best
from analyzer.extract.haystack import Haystack, encoded, joined
from analyzer.extract.needles import Needle
from analyzer.leaves import Leaves
from analyzer.models import Leaf, Part

_MOST_REMEMBERED: Final = 1_000
_MOST_TOGETHER: Final = 6  # texts
_LONGEST_REMEMBERED: Final = 256


class Hit(NamedTuple):
    """A planted value found: which (`value` counts in the persona's list), where, and how written.

    `leaf` is None where it stands in bytes that no decoder took apart. `text` is what was found.
    """

    value: int
    leaf: Leaf | None
    transformed: str
    text: str


class InText(NamedTuple):
    """What stands in a text, from whose beginning the bytes are counted.

    `settled`: (value, transformation, what was found) of each value that is told of it; None where
    that depends on what is around. `values` are then all that stand in it.
    """

    literal: Sequence[Where]
    numeric: Sequence[Where]
    settled: tuple[tuple[int, str, str], ...] | None
    values: frozenset[int]


class Looked(NamedTuple):
    """Where anything stands: by the position of the text; and in the payloads, joined.

    `complete` is false where there was too much.
    """

    texts: list[tuple[int, InText]]
    payloads: list[Where]
    complete: bool


class _Told(NamedTuple):
    """What is told of texts that stand together: value, which text, transformation, what was found.

    `values` are all that stand in them, and `exact` the halves of pairs that do.
    """

    entries: tuple[tuple[int, int, str, str], ...]
    values: frozenset[int]
    exact: frozenset[tuple[int, int]]


class Settling:
    """Decides about finds of `needles`."""

    def __init__(self, needles: Sequence[Needle]) -> None:
        self._needles = needles
        self._together: dict[tuple[tuple[str, str, Part], ...], _Told] = {}

    def settle(self, text: str, literal: Iterable[Where], numeric: Iterable[Where]) -> InText:
        """Return what of the finds in `text` may count."""
        given = encoded(text)
        nowhere = Leaf("", "body", "", text, ())
        hay = Haystack(given, given.lower(), (nowhere,), (text,), "", ())
        needles = self._needles
        keyed = paired = False

        def counting(finds: Iterable[Where]) -> Iterator[Where]:
            nonlocal keyed, paired
            for which, start, end in finds:
                needle = needles[which]
                if needle.keys:
                    keyed = True
                elif not hay.allows(needle, start, end, 0):
                    continue
                paired = paired or needle.group >= 0
                yield which, start, end

        written, numbers = list(counting(literal)), list(counting(numeric))
        if keyed or paired:
            return InText(written, numbers, None, frozenset())
        chosen = best(needles, hay, [*written, *numbers])
        return InText(
            written,
            numbers,
            tuple(
                (value, needles[which].transformed, _text(given, start, end))
                for (value, _), (which, start, end) in chosen.finds.items()
            ),
            chosen.in_leaves,
        )

    def hits(
        self, leaves: Leaves, route: str, payloads: Sequence[bytes], looked: Looked
    ) -> list[Hit]:
        """Return the hits in `leaves`, then those in `payloads` and `route` of other values.

        The route counts as the text behind the leaves.
        """
        count = len(leaves.paths)
        told: list[tuple[int, int, str, str]] = []
        held: set[int] = set()
        open_: list[tuple[int, InText]] = []
        for at, found in looked.texts:
            if at == count:
                return self._all(leaves, route, payloads, looked)
            if found.settled is None:
                open_.append((at, found))
                continue
            held |= found.values
            for value, how, text in found.settled:
                told.append((value, at, how, text))
        exact: frozenset[tuple[int, int]] = frozenset()
        if open_:
            entries, values, exact = self._of_open(leaves, open_)
            held |= values
            told += [(value, open_[at][0], how, text) for value, at, how, text in entries]
        if looked.payloads and not self._are_told(looked.payloads, told, held, exact):
            return self._all(leaves, route, payloads, looked)
        told.sort()
        return _in_leaves(leaves, told)

    def report(self, hay: Haystack, found: Iterable[Where]) -> list[Hit]:
        """Return the hits of `found`, of which nothing has been decided yet."""
        in_leaves: list[tuple[int, int, str, str]] = []
        besides: list[tuple[int, int, str, str]] = []
        for (value, place), (which, start, end) in sorted(
            best(self._needles, hay, found)[0].items()
        ):
            how, text = self._needles[which].transformed, _text(hay.given, start, end)
            (in_leaves if place < hay.count else besides).append((value, place, how, text))
        hits = _in_leaves(Leaves.of(hay.leaves), in_leaves)
        known = {value for value, *_ in in_leaves}
        for value, place, how, text in besides:
            if value not in known:
                known.add(value)  # told once, however many layers have it
                hits.append(Hit(value, hay.leaf(place), how, text))
        return sorted(hits, key=lambda hit: hit.value)

    def _are_told(
        self,
        finds: Sequence[Where],
        told: Iterable[tuple[int, int, str, str]],
        held: set[int],
        exact: frozenset[tuple[int, int]],
    ) -> bool:
        """Tell whether all finds in payloads say no more than those in leaves do."""
        here = {value for value, *_ in told}
        sides: set[tuple[int, int]] | None = None
        for which, _, _ in finds:
            needle = self._needles[which]
            if needle.group < 0:
                if needle.value not in held:
                    return False
                continue
            if needle.needs:  # alone it is nothing, and helps nothing else
                if sides is None:
                    pairs = map(self._needles.__getitem__, [each for each, _, _ in finds])
                    sides = {(each.group, each.side) for each in pairs if each.group >= 0}
                if (needle.group, 1 - needle.side) not in sides:
                    continue
            if needle.value not in here or not (
                needle.needs or (needle.group, needle.side) in exact
            ):
                return False
        return True

    def _of_open(self, leaves: Leaves, open_: Sequence[tuple[int, InText]]) -> _Told:
        """Return what is told of texts that are not settled alone."""
        key = tuple(
            [(leaves.values[at], leaves.paths[at], leaves.run_of(at).part) for at, _ in open_]
        )
        known = self._together.get(key)
        if known is not None:
            return known
        texts = [leaves.values[at] for at, _ in open_]
        given = joined([*texts, ""], ())
        held = [leaves.leaf(at) for at, _ in open_]
        hay = Haystack(given, given.lower(), held, texts, "", ())
        chosen = best(self._needles, hay, _moved(hay, [found for _, found in open_], len(open_)))
        told = _Told(
            tuple(
                (value, place, self._needles[which].transformed, _text(given, start, end))
                for (value, place), (which, start, end) in chosen.finds.items()
            ),
            chosen.in_leaves,
            chosen.exact,
        )
        if len(key) <= _MOST_TOGETHER and all(
            len(value) <= _LONGEST_REMEMBERED and len(path) <= _LONGEST_REMEMBERED
            for value, path, _ in key
        ):
            if len(self._together) >= _MOST_REMEMBERED:
                self._together.clear()
            self._together[key] = told
        return told

    def _all(
        self, leaves: Leaves, route: str, payloads: Sequence[bytes], looked: Looked
    ) -> list[Hit]:
        """Decide about everything together."""
        count = len(leaves.paths)
        held = [leaves.leaf(at) for at, _ in looked.texts if at < count]
        texts = [leaf.value for leaf in held]
        given = joined([*texts, route], payloads)
        first = leaves.leaf(0) if route else None
        hay = Haystack(given, given.lower(), held, texts, route, payloads, first=first)
        behind = hay.start(len(texts) + 1) if payloads else 0
        finds = _moved(
            hay,
            [found for _, found in looked.texts],
            len(texts),
            [(which, behind + start, behind + end) for which, start, end in looked.payloads],
        )
        return self.report(hay, finds)


def _moved(
    hay: Haystack, texts: Sequence[InText], count: int, between: Iterable[Where] = ()
) -> Iterator[Where]:
    """Yield all finds in `texts`, as they stand in `hay`; the numbers in the first `count` last."""
    for place, found in enumerate(texts):
        begin = hay.start(place)
        for which, start, end in found.literal:
            yield which, begin + start, begin + end
    yield from between
    for place, found in enumerate(texts[:count]):
        begin = hay.start(place)
        for which, start, end in found.numeric:
            yield which, begin + start, begin + end


def _in_leaves(leaves: Leaves, told: Sequence[tuple[int, int, str, str]]) -> list[Hit]:
    """Return hits of what is told: value, position of the leaf, transformation, what was found.

    What is told of a leaf is not told of those that it was decoded from.
    """
    hits = [Hit(value, leaves.leaf(at), how, text) for value, at, how, text in told]
    places: dict[int, list[Leaf]] = {}
    for value, leaf, *_ in hits:
        if leaf is not None:
            places.setdefault(value, []).append(leaf)
    if len(places) == len(hits):
        return hits
    has_deeper = {
        (value, leaf.part, above)
        for value, found_at in places.items()
        if len(found_at) > 1
        for leaf in found_at
        for above in _above(leaf.path)
    }
    return [
        hit
        for hit in hits
        if hit.leaf and (hit.value, hit.leaf.part, hit.leaf.path) not in has_deeper
    ]


def _above(path: str) -> Iterator[str]:
    """Yield the paths that `path` lies below, nearest first; at most 64."""
    for _ in range(64):
        path, dot, _last = path.rpartition(".")
        if not dot:
            return
        yield path


def _text(given: bytes, start: int, end: int) -> str:
    return given[start:end].decode("utf-8", "replace")

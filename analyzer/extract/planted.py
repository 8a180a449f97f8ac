"""Finds planted values, however they are written, in one pass over everything a phone sent."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import Final

from ahocorasick_rs import BytesAhoCorasick

from analyzer.extract.needles import Edge, Needle, needles
from analyzer.extract.numbers import Numbers
from analyzer.models import Leaf, Part

_ALNUM: Final = frozenset(b"0123456789abcdefghijklmnopqrstuvwxyz")
_DIGIT: Final = frozenset(b"0123456789")
# What stands before a value that was escaped once more: %3D, \n, \u003d.
_ESCAPE_BEFORE: Final = re.compile(rb"(?:%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[nrtbf])\Z")
_Where = tuple[int, int, int]  # which needle, start, end
_CONTROL: Final = bytes(set(range(0x20)) - set(b"\t\n\r"))
_MOST_FINDS: Final = 200_000
_MOST_PLAIN: Final = 20_000
_BINARY_EDGE: Final = 10  # in binary, what surrounds a needle this long is a length or a tag


@dataclass(frozen=True, slots=True)
class Hit:
    """A planted value found: which (`value` counts in the persona's list), where, and how written.

    `leaf` is None where it stands in bytes that no decoder took apart. `text` is what was found.
    """

    value: int
    leaf: Leaf | None
    transformed: str
    text: str


@dataclass(frozen=True, slots=True)
class Finds:
    """The hits of one exchange. `complete` is false where there were too many to look at."""

    hits: tuple[Hit, ...] = ()
    complete: bool = True


class Planted:
    """The seeded values of one persona, as (data type, value); built once for each session.

    `too_short` names the data types of values that are too short to be searched: to find them
    everywhere would mean nothing.
    """

    def __init__(self, values: Sequence[tuple[str, str]]) -> None:
        self.values = tuple(values)
        written = needles(self.values)
        self._search = BytesAhoCorasick([each.data for each in written]) if written else None
        self._numbers = Numbers(self.values, len(written))
        self._needles = [*written, *self._numbers.needles]
        self._plain: set[str] = set()  # paths that hold no planted value
        searched = {needle.value for needle in self._needles}
        self.too_short = tuple(
            data_type for at, (data_type, _) in enumerate(self.values) if at not in searched
        )

    def find(self, leaves: Sequence[Leaf], payloads: Sequence[bytes] = ()) -> Finds:
        """Return the hits in `leaves`, and those in `payloads` of values that no leaf holds.

        One hit for each value and leaf, the plainest way of writing first. A leaf whose text was
        decoded into further leaves is passed over where one of those has the value too.
        """
        if self._search is None or not (leaves or payloads):
            return Finds()
        given = _encoded("\0".join([leaf.value for leaf in leaves]))
        numbers = list(islice(self._numbers.find(leaves), _MOST_FINDS))
        if payloads:
            given = b"\0".join((given, *payloads))
        lower = given.lower()
        raw = self._search.find_matches_as_indexes(lower, overlapping=True)
        complete = len(raw) <= _MOST_FINDS
        hits: list[Hit] = []
        if raw or numbers:
            hay = _Haystack(given, lower, leaves, payloads)
            finds = [*raw[:_MOST_FINDS], *(hay.within(*number) for number in numbers)]
            hits = self._hits(hay, finds)
        told = {(hit.value, hit.leaf[1:3]) for hit in hits if hit.leaf}
        for value, leaf in self._numbers.split_days(leaves):
            if (value, leaf[1:3]) not in told:
                hits.append(Hit(value, leaf, "format", leaf.value))
        return Finds((*hits, *self._in_paths(leaves, {hit.value for hit in hits})), complete)

    def _in_paths(self, leaves: Sequence[Leaf], told: set[int]) -> Iterator[Hit]:
        """Yield the values that stand in the name of a parameter, header, cookie or key only."""
        fresh = [leaf for leaf in leaves if leaf.path not in self._plain]
        if self._search is None or not fresh:
            return
        names = [leaf._replace(value=leaf.path) for leaf in fresh]
        given = _encoded("\0".join([leaf.path for leaf in fresh]))
        lower = given.lower()
        raw = self._search.find_matches_as_indexes(lower, overlapping=True)
        hits = self._hits(_Haystack(given, lower, names, ()), raw[:_MOST_FINDS]) if raw else []
        hits.sort(key=lambda hit: hit.leaf.path if hit.leaf else "")
        own = {leaf[1:3]: leaf for leaf in fresh}
        for hit in hits:
            if hit.leaf and hit.value not in told:
                told.add(hit.value)
                yield replace(hit, leaf=own[hit.leaf[1:3]])
        if not raw:
            if len(self._plain) > _MOST_PLAIN:
                self._plain.clear()
            self._plain.update(leaf.path for leaf in fresh)

    def mask(self, text: str) -> str:
        """Return `text` with planted values that it holds as such replaced by ``{data type}``."""
        if self._search is None:
            return text
        data = _encoded(text)
        lower = data.lower()
        found = self._search.find_matches_as_indexes(lower, overlapping=True)
        ends = 0
        shown: list[bytes] = []
        for which, start, end in sorted(found, key=lambda each: (each[1], -each[2])):
            needle = self._needles[which]
            if start < ends or (needle.exact and data[start:end] != needle.given):
                continue
            if not _is_bounded(lower, start, end, 0, len(data), needle.edge):
                continue
            name = self.values[needle.value][0].encode()
            shown += [data[ends:start], b"{" + name + b"}"]
            ends = end
        return b"".join((*shown, data[ends:])).decode("utf-8", "replace") if shown else text

    def _hits(self, hay: _Haystack, raw: Sequence[tuple[int, int, int]]) -> list[Hit]:
        best: dict[tuple[int, int], _Where] = {}  # (value, place) -> the needle to tell of
        axes: set[int] = set()
        coarse: list[tuple[tuple[int, int], _Where]] = []
        for which, start, end in raw:
            needle = self._needles[which]
            place = hay.place(start, end)
            if place is None or not hay.allows(needle, start, end, place):
                continue
            if needle.axis is not None:
                axes.add(needle.axis)
            if needle.coarse:
                coarse.append(((needle.value, place), (which, start, end)))
            else:
                _keep(best, (needle.value, place), (which, start, end))
        # A number with few decimals is a place only if its other half stands in this exchange.
        if len(axes) == 2:
            for key, where in coarse:
                _keep(best, key, where)
        return self._report(hay, best)

    def _report(self, hay: _Haystack, best: dict[tuple[int, int], _Where]) -> list[Hit]:
        in_leaves: set[int] = set()
        has_deeper: set[tuple[int, Part, str]] = set()
        for value, place in best:
            if place < len(hay.leaves):
                in_leaves.add(value)
                leaf = hay.leaves[place]
                has_deeper.update((value, leaf.part, above) for above in _above(leaf.path))
        hits: list[Hit] = []
        for (value, place), (which, start, end) in sorted(best.items()):
            found = hay.given[start:end].decode("utf-8", "replace")
            how = self._needles[which].transformed
            if place < len(hay.leaves):
                leaf = hay.leaves[place]
                if (value, leaf.part, leaf.path) not in has_deeper:
                    hits.append(Hit(value, leaf, how, found))
            elif value not in in_leaves:
                in_leaves.add(value)  # told once, however many layers have it
                hits.append(Hit(value, None, how, found))
        return hits


def _above(path: str) -> Iterator[str]:
    """Yield the paths that `path` lies below, nearest first; at most 64."""
    for _ in range(64):
        path, dot, _last = path.rpartition(".")
        if not dot:
            return
        yield path


def _keep(best: dict[tuple[int, int], _Where], key: tuple[int, int], where: _Where) -> None:
    """Keep the first needle of the list, which is the plainest; of equal ones the first place."""
    if key not in best or where < best[key]:
        best[key] = where


class _Haystack:
    """Leaves and payloads as one byte string, and the way back from a position to its place.

    Places count the leaves, then the payloads.
    """

    def __init__(
        self, given: bytes, lower: bytes, leaves: Sequence[Leaf], payloads: Sequence[bytes]
    ) -> None:
        self.given = given
        self.leaves = leaves
        self._lower = lower
        sizes = [
            len(value) if (value := leaf.value).isascii() else len(_encoded(value))
            for leaf in leaves
        ] or [0]
        # No leaves at all leave one empty place before the payloads.
        self._shift = 0 if leaves else 1
        sizes += map(len, payloads)
        self._ends = [end - 1 for end in accumulate(size + 1 for size in sizes)]
        self._starts = [0, *(end + 1 for end in self._ends[:-1])]
        self._payloads = payloads
        self._binary: dict[int, bool] = {}

    def place(self, start: int, end: int) -> int | None:
        """Return the place that holds all of `start` to `end`, or None where it lies across two."""
        at = bisect_right(self._starts, start) - 1
        return at - self._shift if end <= self._ends[at] else None

    def within(self, which: int, leaf: int, start: int, end: int) -> _Where:
        """Return a find from `start` to `end`, in characters of a leaf, in bytes of everything."""
        first = self._starts[leaf]
        text = self.leaves[leaf].value
        before = first + len(_encoded(text[:start]))
        return which, before, before + len(_encoded(text[start:end]))

    def allows(self, needle: Needle, start: int, end: int, place: int) -> bool:
        """Tell whether the find is the needle, and stands for itself there."""
        if needle.exact and self.given[start:end] != needle.given:
            return False
        if needle.edge == "none":
            return True
        if needle.edge == "word" and end - start >= _BINARY_EDGE and self._in_binary(place):
            return True
        slot = place + self._shift
        return _is_bounded(
            self._lower, start, end, self._starts[slot], self._ends[slot], needle.edge
        )

    def _in_binary(self, place: int) -> bool:
        at = place - len(self.leaves)
        if at < 0:
            return False
        if at not in self._binary:
            self._binary[at] = _is_binary(self._payloads[at])
        return self._binary[at]


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _is_bounded(hay: bytes, start: int, end: int, first: int, last: int, edge: Edge) -> bool:
    """Tell whether hay[start:end], within first..last, is not a piece of a longer token."""
    if edge == "none":
        return True
    if edge == "whole":
        return not hay[first:start].strip() and not hay[end:last].strip()
    before = hay[start - 1] if start > first else 0x20
    after = hay[end] if end < last else 0x20
    if edge == "word":
        ends_open = not _continues(hay[end - 1]) or not _continues(after)
        starts_open = not _continues(hay[start]) or not _continues(before)
        return ends_open and (
            starts_open or _ESCAPE_BEFORE.search(hay, max(first, start - 6), start) is not None
        )
    if before in _DIGIT or before == 0x2E or (before == 0x2D and hay[start] != 0x2D):
        return bool(_ESCAPE_BEFORE.search(hay, max(first, start - 6), start))
    return edge == "left" or after not in _DIGIT


def _continues(byte: int) -> bool:
    return byte in _ALNUM or byte >= 0x80


def _is_binary(payload: bytes) -> bool:
    """Tell text from other bytes by its first kilobyte."""
    head = payload[:1024]
    if len(head.translate(None, _CONTROL)) < len(head):
        return True
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < len(head) - 4
    return False

"""What was found in a text is remembered: most values come again with each request.

A search costs little for each byte, but what it finds costs far more, and a phone says the same of
itself all the time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, islice
from typing import Final

from analyzer.extract.choosing import Where
from analyzer.extract.haystack import encoded, joined
from analyzer.extract.numbers import Numbers
from analyzer.extract.search import MOST_FOUND, Found, Search
from analyzer.extract.settling import InText, Looked, Settling

_MOST_REMEMBERED: Final = 4_000
_LONGEST_REMEMBERED: Final = 256
_MOST_IN_ONE: Final = 64  # finds
_AND_JOINT: Final = (1).__add__


class Recall:
    """Searches texts for needles (`which` has those of each literal) and for `numbers`."""

    def __init__(
        self,
        search: Search,
        which: Sequence[tuple[int, ...]],
        numbers: Numbers,
        settling: Settling,
    ) -> None:
        self._search = search
        self._which = which
        self._numbers = numbers
        self._settling = settling
        self._known: dict[str, InText] = {}

    def look(
        self, texts: Sequence[str], places: Iterable[int], payloads: Sequence[bytes]
    ) -> Looked:
        """Return what stands in those of `texts` that are at `places`, and in `payloads`."""
        known = self._known
        found: list[tuple[int, InText]] = []
        fresh: list[int] = []
        for at in places:
            told = known.get(texts[at])
            if told is None:
                fresh.append(at)
            else:
                found.append((at, told))
        if not (fresh or payloads):
            return Looked(found, [], True)
        known_before = len(found)
        parts = [texts[at] for at in fresh]
        given = joined(parts, payloads) if parts else b"\0".join(payloads)
        searched = self._search.find(given.lower())
        complete = searched.complete
        in_payloads: list[Where] = []
        if searched.literals or searched.patterns or searched.patterns is None:
            in_texts, in_payloads = self._sorted(parts, given, searched)
            for place, each in sorted(in_texts.items()):
                told = self._settling.settle(parts[place], *each)
                if told.literal or told.numeric:
                    found.append((fresh[place], told))
                    if complete:
                        self._remember(parts[place], told)
            if known_before:
                found.sort()
        return Looked(found, in_payloads, complete)

    def _remember(self, text: str, told: InText) -> None:
        if (
            len(text) <= _LONGEST_REMEMBERED
            and len(told.literal) + len(told.numeric) <= _MOST_IN_ONE
        ):
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[text] = told

    def _sorted(
        self, texts: Sequence[str], given: bytes, found: Found
    ) -> tuple[dict[int, tuple[list[Where], list[Where]]], list[Where]]:
        """Return what was found by text, and in the payloads behind them."""
        if given.isascii():
            sizes: Iterable[int] = map(len, texts)
        else:
            sizes = (len(each) if each.isascii() else len(encoded(each)) for each in texts)
        starts = list(accumulate(map(_AND_JOINT, sizes), initial=0))
        behind = starts[-1]
        which = self._which
        in_texts: dict[int, tuple[list[Where], list[Where]]] = {}  # literal, numeric
        in_payloads: list[Where] = []
        for literal, start, end in found.literals:
            if start >= behind:
                in_payloads += [(each, start - behind, end - behind) for each in which[literal]]
                continue
            place = bisect_right(starts, start) - 1
            if end >= starts[place + 1]:
                continue  # it lies across two
            first = starts[place]
            if place not in in_texts:
                in_texts[place] = ([], [])
            in_texts[place][0].extend(
                [(each, start - first, end - first) for each in which[literal]]
            )
        if self._numbers:
            room = MOST_FOUND
            for place in _places(starts, found.patterns):
                if numeric := list(islice(self._numeric(texts[place]), room)):
                    in_texts.setdefault(place, ([], []))[1].extend(numeric)
                    room -= len(numeric)
        return in_texts, in_payloads

    def _numeric(self, text: str) -> Iterator[Where]:
        for needle, start, end in self._numbers.find(text):
            if text.isascii():
                yield needle, start, end
            else:
                before = len(encoded(text[:start]))
                yield needle, before, before + len(encoded(text[start:end]))


def _places(starts: Sequence[int], ends: Iterable[int] | None) -> Sequence[int]:
    """Return which texts something ends in, without `ends` all of them."""
    count = len(starts) - 1
    if ends is None:
        return range(count)
    found = {bisect_right(starts, end - 1) - 1 for end in ends}
    return sorted(place for place in found if place < count)

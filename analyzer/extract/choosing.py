"""Of all that was found of planted values, what counts, and what tells it most plainly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from analyzer.extract.haystack import Haystack
from analyzer.extract.needles import Needle

Where = tuple[int, int, int]  # which needle, start, end
Key = tuple[int, int]  # value, place
_DEGREES: Final = frozenset({"raw", "rounded", "format"})  # halves of names are split, or hashed


class Best(NamedTuple):
    """The plainest `finds`. `in_leaves` are the values of all that count in leaves for themselves,
    and `exact` the halves (group, side) of pairs that were found as exactly as they are planted.
    """

    finds: dict[Key, Where]
    in_leaves: frozenset[int]
    exact: frozenset[tuple[int, int]]


def best(all_needles: Sequence[Needle], hay: Haystack, found: Iterable[Where]) -> Best:
    """Return the plainest find of each value at each place, of those that count.

    What lies inside a longer find of another value is none: the name inside the e-mail address.
    """
    finds = list(found)
    chosen, in_leaves, exact = _plainest(all_needles, hay, finds)
    for _ in range(len(chosen) and 8):
        inside = _inside(chosen)
        if not inside:
            break
        # Another value may stand alone elsewhere in the same text.
        covers = [(place, start, end) for (_, place), (_, start, end) in chosen.items()]
        values = {value for value, _ in inside}
        for key in inside:
            del chosen[key]
        again = [
            each
            for each in finds
            if all_needles[each[0]].value in values
            and not any(
                first <= each[1] and each[2] <= last and last - first > each[2] - each[1]
                for _, first, last in covers
            )
        ]
        known = _plainest(all_needles, hay, again).finds
        chosen.update((key, known[key]) for key in inside if key in known)
    return Best(chosen, in_leaves, exact)


def _inside(chosen: dict[Key, Where]) -> list[Key]:
    """Return what lies inside a longer one at the same place."""
    places: dict[int, list[tuple[int, int, int]]] = {}
    for (value, place), (_, start, end) in chosen.items():
        places.setdefault(place, []).append((start, end, value))
    return [
        (value, place)
        for place, spans in places.items()
        if len(spans) > 1
        for start, end, value in spans
        if start < end
        and any(
            first <= start and end <= last and last - first > end - start
            for first, last, other in spans
            if other != value
        )
    ]


def _plainest(all_needles: Sequence[Needle], hay: Haystack, found: Iterable[Where]) -> Best:
    chosen: dict[Key, Where] = {}  # value and place -> the needle to tell of
    sides: dict[tuple[int, int], set[object]] = {}  # of a pair: what its finds stand beside
    halves: list[tuple[Key, Where]] = []
    lone: list[tuple[Key, Where]] = []  # halves that are exact, under names that say nothing
    exact: set[tuple[int, int]] = set()  # halves of pairs of which there is an exact one
    last: Needle | None = None
    allowed = False
    last_start = last_end = -1
    in_leaves: set[int] = set()  # values: what the body has of them besides is not told
    place_of, count = hay.place, hay.count
    for which, start, end in found:
        needle = all_needles[which]
        place = place_of(start, end)
        if place is None:
            continue
        if needle.group < 0:
            if place >= count and needle.value in in_leaves:
                continue
            known = chosen.get((needle.value, place))
            if known is not None and known[0] <= which:
                continue  # it is told of already, as plainly
        # Many values may share a needle, such as the host of their addresses.
        same = start == last_start and end == last_end
        if not (same and last is not None and _is_alike(needle, last)):
            last, last_start, last_end = needle, start, end
            allowed = hay.allows(needle, start, end, place)
        if not allowed:
            continue
        key = (needle.value, place)
        if needle.group >= 0:
            beside = _beside(hay, needle, place, start)
            sides.setdefault((needle.group, needle.side), set()).update(beside)
        if needle.needs:
            halves.append((key, (which, start, end)))
            continue
        if needle.group >= 0:
            exact.add((needle.group, needle.side))
            if not hay.says_degrees(place, start):
                lone.append((key, (which, start, end)))
                continue
        _keep(chosen, key, (which, start, end))
        if place < count:
            in_leaves.add(needle.value)
    # Half of something is a find only if its other half stands beside it, or is exact as well.
    for key, where in (*halves, *lone):
        needle = all_needles[where[0]]
        opposite = (needle.group, 1 - needle.side)
        beside = _beside(hay, needle, key[1], where[1])
        near = not beside.isdisjoint(sides.get(opposite, ()))
        if near or (not needle.needs and opposite in exact):
            _keep(chosen, key, where)
    return Best(chosen, frozenset(in_leaves), frozenset(exact))


def _beside(hay: Haystack, needle: Needle, place: int, start: int) -> frozenset[object]:
    if needle.transformed in _DEGREES:
        return hay.pair_beside(place, start)
    return hay.beside(place)


def _is_alike(one: Needle, other: Needle) -> bool:
    """Tell whether two needles of the same letters count at the same places."""
    return (
        one.edge == other.edge
        and one.exact == other.exact
        and (not one.exact or one.given == other.given)
        and one.keys == other.keys
        and one.plain == other.plain
    )


def _keep(chosen: dict[Key, Where], key: Key, where: Where) -> None:
    """Keep the first needle of the list, which is the plainest; of equal ones the first place."""
    if key not in chosen or where < chosen[key]:
        chosen[key] = where

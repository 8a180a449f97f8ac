"""Finds planted values, however they are written, in one pass over everything a phone sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from analyzer.extract.attempts import (
    LONGEST,
    SHORTEST,
    attempts,
    is_identifier,
    is_short_hex,
    promising,
)
from analyzer.extract.choosing import Where, best
from analyzer.extract.edges import is_bounded
from analyzer.extract.field_names import BIRTH, fits
from analyzer.extract.haystack import Haystack, encoded, joined, route_of
from analyzer.extract.needles import Needle, needles
from analyzer.extract.numbers import Numbers
from analyzer.extract.recalling import Recall
from analyzer.extract.search import Found, Plan, Search, plan
from analyzer.extract.settling import Hit, Looked, Settling
from analyzer.leaves import Leaves
from analyzer.models import Leaf

__all__ = ["Finds", "Hit", "Planted", "Prepared", "prepare"]

_STEP: Final = re.compile(r"(?<![0-9])\.|\.(?![0-9])")
_MOST_PLAIN: Final = 8_000
_LONGEST_REMEMBERED: Final = 256
_MOST_ROUTES: Final = 2_000
_LONGEST_ROUTE: Final = 512
_LONG_DATE: Final = 8  # characters
_MOST_HELD: Final = 4000  # things that the leaves of one exchange may hold


@dataclass(frozen=True, slots=True)
class Finds:
    """The hits of one exchange. `complete` is false where there were too many to look at."""

    hits: tuple[Hit, ...] = ()
    complete: bool = True


class Held(NamedTuple):
    """What leaves may hold, and whose it is: a leaf, or None for a body that nothing read.

    `complete` is false where there is too much to look at.
    """

    contents: list[bytes]
    owners: list[Leaf | None]
    complete: bool

    def add(self, owner: Leaf | None, contents: Sequence[bytes]) -> Held:
        """Return the same with `contents` of `owner`."""
        if not contents:
            return self
        if len(self.contents) + len(contents) > _MOST_HELD:
            return self._replace(complete=False)
        self.contents.extend(contents)
        self.owners.extend([owner] * len(contents))
        return self


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that is made of the seeded values of one persona; it can be pickled.

    `needles` has those of the literals of the plan at `which`, which may be several for one.
    """

    needles: tuple[Needle, ...]
    which: tuple[tuple[int, ...], ...]
    plan: Plan


@lru_cache(maxsize=8)
def prepare(values: tuple[tuple[str, str], ...]) -> Prepared:
    """Return what the search for `values` needs. It takes up to a second, and is remembered."""
    made = needles(values)
    which: dict[bytes, list[int]] = {}
    for at, needle in enumerate(made):
        which.setdefault(needle.data, []).append(at)
    patterns = Numbers(values, 0).patterns
    return Prepared(tuple(made), tuple(map(tuple, which.values())), plan(tuple(which), patterns))


class Planted:
    """The seeded values of one persona, as (data type, value); built once for each session.

    `prepared` is taken where it is at hand: another process may have made it. `too_short` names the
    data types of values that are too short to be searched: to find them everywhere would mean
    nothing. `open_search` is for tests.
    """

    def __init__(
        self,
        values: Sequence[tuple[str, str]],
        prepared: Prepared | None = None,
        open_search: Callable[[Plan], Search] = Plan.open,
    ) -> None:
        self.values = tuple(values)
        made = prepared or prepare(self.values)
        self._which = made.which
        self._numbers = Numbers(self.values, len(made.needles))
        self._needles = (*made.needles, *self._numbers.needles)
        self._search = open_search(made.plan) if self._needles else None
        self._settling = Settling(self._needles)
        self._recall = (
            Recall(self._search, self._which, self._numbers, self._settling)
            if self._search
            else None
        )
        self._routes: set[str] = set()  # paths of URLs that hold nothing
        self._done: set[str] = set()  # values that hold nothing
        self._plain: set[str] = set()  # paths that hold no planted value
        self._opaque: set[str] = set()  # values in which no attempt found one
        searched = {needle.value for needle in self._needles if not needle.needs}
        self.too_short = tuple(
            data_type for at, (data_type, _) in enumerate(self.values) if at not in searched
        )

    def find(self, leaves: Sequence[Leaf], payloads: Sequence[bytes] = ()) -> Finds:
        """Return the hits in `leaves`, and those in `payloads` of values that no leaf holds.

        One hit for each value and leaf, the plainest way of writing first. A leaf whose text was
        decoded into further leaves is passed over where one of those has the value too.
        """
        if self._recall is None or not (leaves or payloads):
            return Finds()
        columns = Leaves.of(leaves)
        values, paths, done = columns.values, columns.paths, self._done
        fresh = [at for at, value in enumerate(values) if value not in done]
        route = route_of(columns)
        routed = [len(values)] if route and route not in self._routes else ()
        looked = self._recall.look([*values, route], [*fresh, *routed], payloads)
        complete = looked.complete
        hits = self._settling.hits(columns, route, payloads, looked)
        untried = self._untried(values, fresh, looked)
        held = self._attempts(columns, untried, payloads)
        if held.contents:
            known = {(hit.value, hit.leaf) for hit in hits}
            hits += [hit for hit in self._in_attempts(held) if (hit.value, hit.leaf) not in known]
            complete = complete and held.complete
        if routed and complete and not (looked.texts and looked.texts[-1][0] == len(values)):
            self._pass_over(route)
        if self._numbers.years and not self._numbers.years.keys().isdisjoint(values):
            places = {(hit.value, hit.leaf[1:3]) for hit in hits if hit.leaf}
            for value, leaf in self._numbers.split_days(columns):
                if (value, leaf[1:3]) not in places:
                    hits.append(Hit(value, leaf, "split", leaf.value))
        if not self._plain.issuperset(paths):
            # A key stands in the body as well, where it says less.
            named = list(self._in_paths(columns, {hit.value for hit in hits if hit.leaf}))
            if named:
                told = {hit.value for hit in named}
                hits = [hit for hit in hits if hit.leaf or hit.value not in told] + named
        return Finds(tuple(hits), complete)

    def _pass_over(self, route: str) -> None:
        """Remember that the path of a URL holds nothing."""
        if len(route) <= _LONGEST_ROUTE:
            if len(self._routes) >= _MOST_ROUTES:
                self._routes.clear()
            self._routes.add(route)

    def _untried(self, values: Sequence[str], fresh: Sequence[int], looked: Looked) -> list[int]:
        """Return the values of those at `fresh` in which something may be; be done with others."""
        opaque = self._opaque
        holding = {at for at, _ in looked.texts}
        untried: list[int] = []
        hexed: list[int] = []
        done: list[str] = []
        for at in fresh:
            value = values[at]
            size = len(value)
            if size >= SHORTEST and value not in opaque:
                if not size % 2 and is_short_hex(value):
                    hexed.append(at)
                    continue
                if not is_identifier(value):
                    if size <= LONGEST:
                        untried.append(at)
                    continue
            if at not in holding:
                done.append(value)
        if hexed:
            may = promising([values[at] for at in hexed])
            untried += [at for at in hexed if values[at] in may]
            done += [values[at] for at in hexed if at not in holding and values[at] not in may]
        if looked.complete:
            if len(self._done) > _MOST_PLAIN:
                self._done.clear()
            self._done.update(done)
        return untried

    def _literal(self, found: Found) -> Iterator[Where]:
        which = self._which
        for literal, start, end in found.literals:
            for needle in which[literal]:
                yield needle, start, end

    def _attempts(self, leaves: Leaves, places: Sequence[int], payloads: Sequence[bytes]) -> Held:
        """Return what may be inside the leaves, of those at `places`, that no decoder took apart.

        And inside the body, where nothing of it was decoded.
        """
        nothing, values = self._opaque, leaves.values
        held = Held([], [], True)
        if places and len(nothing) > _MOST_PLAIN:
            nothing.clear()
        for at in places:
            value = values[at]
            if value in nothing or _is_taken_apart(leaves, at):
                continue
            if contents := attempts(encoded(value)):
                held = held.add(leaves.leaf(at), contents)
            if len(value) <= _LONGEST_REMEMBERED:
                nothing.add(value)
        if payloads and not any(run.part == "body" for run in leaves.runs):
            for payload in payloads:
                if len(payload) <= LONGEST:
                    held = held.add(None, attempts(payload, binary=True))
        return held

    def _in_attempts(self, held: Held) -> Iterator[Hit]:
        """Yield the hits in `held`, one for each value and leaf; their leaves are not forgotten."""
        if self._search is None:
            return
        given = joined((), held.contents)
        lower = given.lower()
        hay = Haystack(given, lower, (), (), "", held.contents, held.owners)
        found = list(self._literal(self._search.find(lower)))
        for at, content in enumerate(held.contents if self._numbers else ()):
            first = hay.start(at + 1)
            text = content.decode("utf-8", "replace")
            for which, start, end in self._numbers.find(text):
                written = encoded(text[start:end])
                if (begin := content.find(written)) >= 0:
                    found.append((which, first + begin, first + begin + len(written)))
                else:  # where it stands is not known, but that it does
                    found.append((which, first, first))
        told: set[tuple[int, Leaf | None]] = set()
        for (value, place), (which, start, end) in sorted(
            best(self._needles, hay, found).finds.items()
        ):
            owner = held.owners[place - 1]
            if owner is not None:
                self._opaque.discard(owner.value)
            if (value, owner) not in told:
                told.add((value, owner))
                text = given[start:end].decode("utf-8", "replace")
                yield Hit(value, owner, self._needles[which].transformed, text)

    def _in_paths(self, leaves: Leaves, told: set[int]) -> Iterator[Hit]:
        """Yield the values that stand in the name of a parameter, header, cookie or key only."""
        plain = self._plain
        fresh = [at for at, path in enumerate(leaves.paths) if path not in plain]
        paths = [leaves.paths[at] for at in fresh]
        if self._search is None:
            return
        given = joined([*paths, ""], ())
        lower = given.lower()
        found = self._search.find(lower)
        hits: list[Hit] = []
        if found.literals:
            named = [leaves.leaf(at) for at in fresh]
            # Steps of a path are joined by dots, and are none of a longer token.
            apart = joined([*[_STEP.sub(" ", path) for path in paths], ""], ()).lower()
            hay = Haystack(given, apart, named, paths, "", ())
            hits = self._settling.report(hay, self._literal(found))
        hits.sort(key=lambda hit: hit.leaf.path if hit.leaf else "")
        for hit in hits:
            if hit.leaf and hit.value not in told:
                told.add(hit.value)
                yield hit
        if not found.literals:
            if len(plain) > _MOST_PLAIN:
                plain.clear()
            plain.update(paths)

    def mask(self, text: str) -> str:
        """Return `text` with planted values that it holds as such replaced by ``{data type}``.

        It is a path or a host. Halves are masked where both are there.
        """
        if self._search is None:
            return text
        data = encoded(text)
        # Steps of a path are joined by dots; a dot between digits may be one of a number.
        apart = _STEP.sub(" ", text)
        lower = encoded(apart).lower()
        found = [
            (which, start, end)
            for which, start, end in self._literal(self._search.find(data.lower()))
            if self._masks(self._needles[which], data, lower, start, end)
        ]
        for which, start, end in self._numbers.find(apart):
            before = len(encoded(text[:start]))
            found.append((which, before, before + len(encoded(text[start:end]))))
        sides = {(self._needles[which].group, self._needles[which].side) for which, _, _ in found}
        ends = 0
        shown: list[bytes] = []
        for which, start, end in sorted(found, key=lambda each: (each[1], -each[2])):
            needle = self._needles[which]
            if start < ends or (needle.needs and (needle.group, 1 - needle.side) not in sides):
                continue
            name = self.values[needle.value][0].encode()
            shown += [data[ends:start], b"{" + name + b"}"]
            ends = end
        return b"".join((*shown, data[ends:])).decode("utf-8", "replace") if shown else text

    @staticmethod
    def _masks(needle: Needle, data: bytes, lower: bytes, start: int, end: int) -> bool:
        if needle.exact and data[start:end] != needle.given:
            return False
        # A birth date is masked whatever the name says: it is safer.
        always = needle.keys == BIRTH and len(needle.data) >= _LONG_DATE
        if needle.keys and not (always or fits(lower.decode("utf-8", "replace"), needle.keys)):
            return False
        edge = "word" if needle.edge == "whole" else needle.edge
        return is_bounded(lower, start, end, 0, len(data), edge)


def _is_taken_apart(leaves: Leaves, at: int) -> bool:
    """Tell whether the leaf after the one at `at` was decoded from that."""
    if at + 1 >= len(leaves.paths) or not leaves.paths[at + 1].startswith(leaves.paths[at]):
        return False
    return len(leaves.run_of(at + 1).steps) > len(leaves.run_of(at).steps)

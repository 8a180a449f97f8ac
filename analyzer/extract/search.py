"""Many byte strings are looked for in one pass: with hyperscan, or without it.

hyperscan (vectorscan) is three to ten times as fast, and does not become slower with the count of
strings; where there is no wheel of it, ahocorasick_rs does the same. Both find the same.

Both look for the beginnings of the strings, and what begins so is compared: to prepare the search
takes a third of the time then, and hardly anything begins like a digest and is none. Where there
are thousands of digests, hyperscan finds where hexadecimal text begins, and only that is searched
for them, by ahocorasick_rs: it is prepared in no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from ahocorasick_rs import BytesAhoCorasick, Implementation

try:
    import hyperscan
except ImportError:  # no wheel for this machine
    HAS_HYPERSCAN = False
else:
    HAS_HYPERSCAN = True

if TYPE_CHECKING:
    from hyperscan import Database

MOST_FOUND: Final = 200_000  # in one text
_BEGINNING: Final = 6  # bytes; with more, hyperscan takes half as long again to prepare
_DIGEST_BEGINNING: Final = 16
_SHORTEST_DIGEST: Final = 32  # hexadecimal digits
_MANY_DIGESTS: Final = 4_000
_RUN: Final = rb"(?:^|[^0-9a-f])[0-9a-f]{%d}" % _SHORTEST_DIGEST
_HEX: Final = re.compile(rb"[0-9a-f]{%d,}" % _SHORTEST_DIGEST)
_FEW: Final = 500  # so many literals make an automaton of a few megabytes


class Found(NamedTuple):
    """What stands in a text.

    `literals` are (position in the list of literals, start, end), in no order. `patterns` are the
    ends of what one of the patterns matches, None where nobody looked for them. `complete` is false
    where there was too much.
    """

    literals: list[tuple[int, int, int]]
    patterns: list[int] | None
    complete: bool


class Search(Protocol):
    """Finds literals, and perhaps patterns, in a text in lower case."""

    def find(self, text: bytes) -> Found:
        """Return all that stands in `text`, also where finds overlap."""
        ...


class Plan(NamedTuple):
    """What to look for, prepared; to be pickled, and so handed to another process, at no cost.

    `database` is empty where hyperscan is missing, or nothing is looked for.
    """

    literals: tuple[bytes, ...]
    database: bytes

    def open(self) -> Search:
        """Return the search; each thread needs its own."""
        if self.database and HAS_HYPERSCAN:
            return HyperscanSearch(self)
        return AhoCorasickSearch(self)


@lru_cache(maxsize=8)
def plan(literals: tuple[bytes, ...], patterns: tuple[bytes, ...]) -> Plan:
    """Return the plan of a search for `literals`, and for `patterns` if that is cheap.

    Patterns are regular expressions over bytes of a bounded length. Compiling 30,000 literals takes
    more than half a second, so plans are remembered.
    """
    if not (HAS_HYPERSCAN and literals):
        return Plan(literals, b"")
    digests, others = _apart(literals)
    beginnings = list(_by_beginning(literals, others))
    return Plan(literals, compiled(beginnings, (_RUN, *patterns) if digests else patterns))


def _apart(literals: Sequence[bytes]) -> tuple[list[int], list[int]]:
    """Return which literals are looked for in hexadecimal text only, and the others."""
    digests = [
        which
        for which, each in enumerate(literals)
        if len(each) >= _SHORTEST_DIGEST and _HEX.fullmatch(each)
    ]
    if len(digests) < _MANY_DIGESTS:
        return [], list(range(len(literals)))
    known = set(digests)
    return digests, [which for which in range(len(literals)) if which not in known]


def compiled(literals: Sequence[bytes], patterns: Sequence[bytes]) -> bytes:
    """Return the serialised database of hyperscan."""
    # Its interface for literals takes a zero byte for the end of the text.
    # What needs no escape is read faster without.
    written = [
        each if each.isalnum() else b"".join(b"\\x%02x" % byte for byte in each)
        for each in literals
    ]
    expressions = [*written, *patterns]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=expressions, ids=list(range(len(expressions))), elements=len(expressions)
    )
    return hyperscan.dumpb(database)


_Begun = list[tuple[int, bytes]]  # literals that begin alike: which, and the literal


def _by_beginning(
    literals: Sequence[bytes], those: Iterable[int], size: int = _BEGINNING
) -> dict[bytes, _Begun]:
    found: dict[bytes, _Begun] = {}
    for which in those:
        literal = literals[which]
        found.setdefault(literal[:size], []).append((which, literal))
    return found


class HyperscanSearch:
    """The search with hyperscan. Not for several threads at a time."""

    def __init__(self, made: Plan) -> None:
        digests, others = _apart(made.literals)
        beginnings = _by_beginning(made.literals, others)
        self._begun = [(len(each), begun) for each, begun in beginnings.items()]
        self._digests = _Automaton(made.literals, digests, _DIGEST_BEGINNING) if digests else None
        self._run = len(self._begun) if digests else -1
        self._database: Database = hyperscan.loadb(made.database, hyperscan.HS_MODE_BLOCK)
        self._database.scratch = hyperscan.Scratch(self._database)

    def find(self, text: bytes) -> Found:
        """Return all that stands in `text`, also where finds overlap."""
        told: list[tuple[int, int]] = []
        complete = True
        try:
            self._database.scan(text, _note, context=told)
        except hyperscan.ScanTerminated:
            complete = False
        if not told:
            return Found([], [], complete)
        beginnings, count = self._begun, len(self._begun)
        literals: list[tuple[int, int, int]] = []
        patterns: list[int] = []
        for which, end in told:
            if which < count:
                size, begun = beginnings[which]
                _compare(text, end - size, begun, literals)
            elif which != self._run:
                patterns.append(end)
            elif self._digests and (run := _HEX.match(text, end - _SHORTEST_DIGEST)):
                self._digests.find(run[0], run.start(), literals)
            if len(literals) > MOST_FOUND:
                return Found(literals[:MOST_FOUND], patterns, False)
        return Found(literals, patterns, complete)


def _compare(text: bytes, start: int, begun: _Begun, found: list[tuple[int, int, int]]) -> None:
    """Add to `found` those of `begun` that go on as the text at `start` does."""
    for which, literal in begun:
        if text.startswith(literal, start):
            found.append((which, start, start + len(literal)))


def _note(which: int, _start: int, end: int, _flags: int, told: object) -> bool | None:
    found: list[tuple[int, int]] = told  # type: ignore[assignment]
    found.append((which, end))
    return True if len(found) > MOST_FOUND else None


class _Automaton:
    """Finds some of the literals, by their beginnings of at most `size` bytes."""

    def __init__(self, literals: Sequence[bytes], those: Iterable[int], size: int) -> None:
        begun = _by_beginning(literals, those, size)
        kind = Implementation.DFA if len(begun) <= _FEW else None
        self._begun = list(begun.values())
        self._search = BytesAhoCorasick(list(begun), implementation=kind) if begun else None

    def find(self, text: bytes, first: int, found: list[tuple[int, int, int]]) -> bool:
        """Add to `found` what stands in `text`, which begins at `first`; False for too much."""
        if self._search is None:
            return True
        here: list[tuple[int, int, int]] = []
        for which, start, _ in self._search.find_matches_as_indexes(text, overlapping=True):
            _compare(text, start, self._begun[which], here)
            if len(here) > MOST_FOUND:
                break
        found += [(which, first + start, first + end) for which, start, end in here[:MOST_FOUND]]
        return len(here) <= MOST_FOUND


class AhoCorasickSearch:
    """The search with ahocorasick_rs: slower, and without patterns."""

    def __init__(self, made: Plan) -> None:
        self._literals = _Automaton(made.literals, range(len(made.literals)), _BEGINNING)

    def find(self, text: bytes) -> Found:
        """Return all that stands in `text`, also where finds overlap."""
        literals: list[tuple[int, int, int]] = []
        complete = self._literals.find(text, 0, literals)
        return Found(literals, None, complete)

"""Collects the identifiers of one session, exchange by exchange, with who sent or set them.

Three kinds of values count: those in which the extractor has recognised an identifier, cookies, and
values of the looks of one that came twice at least. A place that takes many values names many
things, be it requests or videos, and none of them a person: its values are left out. The values
themselves are held until the end of the session only, in memory; what comes out has their digests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from analyzer.decode import Decoded
from analyzer.extract.shapes import digest, safe_path, shape
from analyzer.findings import Identifier
from analyzer.identity.hashes import hashed
from analyzer.identity.names import place_of_value
from analyzer.identity.sight import Sight, Typed, sight_of
from analyzer.identity.tokens import LONGEST, SHORTEST, is_identifier, normal
from analyzer.leaves import Leaves
from analyzer.models import Destination, Exchange, Match, Part, Problem

MOST_VALUES: Final = 20_000  # different values of a session that are followed
MOST_ROWS: Final = 60_000  # (value, host, part)
MOST_AT_A_PLACE: Final = 3  # values of a person at one place: before and after a log-in, renewed
_MOST_IDLE: Final = 50_000
_LEAST_TYPED: Final = 6  # characters of a value that a rule calls an identifier
_DISTINCT_TYPED: Final = 4
_COOKIES: Final = ("cookie", "response_cookie")
# Shapes for which a look at the value itself decides whether it can identify anybody.
_WEAK: Final = frozenset({"int", "text:<=16", "phone", "hex"})
_NEVER: Final = frozenset({"empty", "bool", "uuid:zero", "decimal", "date", "country", "language"})


_Place = tuple[Part, str]  # part, path


class _Row:
    """One value in one part of the exchanges with one host."""

    __slots__ = (
        "at", "count", "destination", "echoed", "exchange", "last", "leads_to", "part", "path",
        "t_s", "transformed",
    )  # fmt: skip

    def __init__(
        self,
        at: int,
        destination: Destination,
        sight: Sight,
        part: Part,
        path: str,
        how: str,
    ) -> None:
        self.at = at  # how many exchanges came before; an answer is behind its request
        self.destination = destination
        self.exchange = self.last = sight.exchange
        self.t_s = sight.t_s
        self.part = part
        self.path = path
        self.transformed = how
        self.leads_to = ""
        self.count = 1
        self.echoed = False  # of an answer: no news, for the phone had sent it


class Collector:
    """Follows identifiers through one session. `key` is the secret of the digests.

    `mask` hides the persona's values in a path.
    """

    def __init__(self, key: bytes, mask: Callable[[str], str] = str) -> None:
        self._key = key
        self._mask = mask
        self._sent: set[str] = set()  # by the phone, wherever it stood
        self._idle: set[str] = set()  # values that are no identifiers
        self._known: dict[str, str] = {}  # value -> digest
        self._how: dict[str, str] = {}  # value -> transformation, where it is one
        self._types: dict[str, str] = {}  # digest -> data type
        self._shapes: dict[str, str] = {}  # digest -> shape
        self._rows: dict[tuple[str, str, Part], _Row] = {}
        self._places: dict[tuple[str, Part, str], set[str]] = {}
        self._refused: set[str] = set()  # digests of typed values that identify nobody
        self._beyond = 0
        self._exchanges = 0

    def exchange(
        self,
        destination: Destination,
        exchange: Exchange,
        decoded: Decoded,
        matches: Sequence[Match],
    ) -> None:
        """Look at one exchange, with what was read and recognised in it."""
        self.add(destination, sight_of(exchange, decoded, matches, self._mask))

    def add(self, destination: Destination, sight: Sight) -> None:
        """Look at the next exchange."""
        self._exchanges += 1
        leaves = sight.leaves
        typed: Mapping[_Place, Typed] = {}
        if sight.typed:
            typed = {(each.part, each.path): each for each in sight.typed}
            self._learn(typed, leaves)
        values, idle = leaves.values, self._idle
        hits = [
            at
            for at, value in enumerate(values)
            if SHORTEST <= len(value) <= LONGEST and value not in idle
        ]
        if hits:
            self._follow(hits, destination, sight, typed)
        for (part, path), match in typed.items():
            if match.digest not in self._refused:
                row = self._see(match.digest, destination, sight, part, path, match.transformed)
                if row and _is_set(part):
                    row.echoed = self._is_echo(_value_at(leaves, part, path), leaves)

    def _follow(
        self,
        hits: Sequence[int],
        destination: Destination,
        sight: Sight,
        typed: Mapping[_Place, Typed],
    ) -> None:
        """Look at the leaves at the positions `hits`, which may hold identifiers."""
        leaves = sight.leaves
        values, paths, runs = leaves.values, leaves.paths, leaves.runs
        host, run, last = destination.host, 0, len(leaves.runs) - 1
        for at in hits:
            while run < last and runs[run + 1][0] <= at:
                run += 1
            part, path, value = runs[run][1], paths[at], values[at]
            if not _is_set(part) and len(self._sent) < MOST_ROWS:
                self._sent.add(value)
            match = typed.get((part, path)) if typed else None
            if match and match.digest not in self._refused:
                self._name(value, match)
                continue
            place = place_of_value(part, path)
            if not place:
                continue
            known = self._known.get(value)
            if known is None:
                if len(self._places.get((host, part, place), ())) > MOST_AT_A_PLACE:
                    continue
                known = self._look(value, leaves, at, run)
            if known:
                row = self._see(known, destination, sight, part, path, self._how.get(value, "raw"))
                if row and _is_set(part):
                    row.echoed = self._is_echo(value, leaves)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be followed, because there was too much of it."""
        if not self._beyond:
            return ()
        detail = f"{self._beyond} times beyond {MOST_VALUES} values or {MOST_ROWS} places"
        return (Problem("", "extract", "too_many_identifiers", detail),)

    def identifiers(self, session: str) -> tuple[Identifier, ...]:
        """Return what was seen of each identifier at each host, in the order of the first time."""
        disguised = self._disguised()
        seen: dict[str, int] = {}
        for (code, _, _), row in self._rows.items():
            own = disguised.get(code, (code, ""))[0]
            seen[own] = seen.get(own, 0) + row.count
        told: list[Identifier] = []
        for (code, host, part), row in sorted(self._rows.items(), key=_in_time):
            own, how = disguised.get(code, (code, row.transformed))
            data_type = self._types.get(own) or self._types.get(code, "")
            if not data_type and (
                self._is_crowded(host, part, row.path) or (seen[own] < 2 and part not in _COOKIES)
            ):
                continue
            where = row.destination
            told.append(
                Identifier(
                    session=session,
                    digest=own,
                    shape=self._shapes.get(code, ""),
                    data_type=data_type,
                    transformed=how,
                    owner=where.owner,
                    parent=where.parent,
                    site=where.site,
                    host=where.host,
                    party=where.party,
                    tracker=where.tracker,
                    direction=_direction(row),
                    part=part,
                    path=safe_path(self._mask(row.path)),
                    leads_to=row.leads_to,
                    exchange=row.exchange,
                    t_s=row.t_s,
                    count=row.count,
                )
            )
        return tuple(told)

    def _learn(self, typed: Mapping[_Place, Typed], leaves: Leaves) -> None:
        """Take over what the extractor says of identifiers; look at each value once."""
        new = {
            place: match
            for place, match in typed.items()
            if match.digest not in self._types and match.digest not in self._refused
        }
        if not new:
            return
        values = {
            (part, path): leaves.values[at]
            for part, _, start, end in leaves.stretches()
            for at, path in enumerate(leaves.paths[start:end], start)
            if (part, path) in new
        }
        for place, match in new.items():
            value = values.get(place, "")
            if match.shape in _NEVER or (match.shape in _WEAK and not _is_telling(value)):
                self._refused.add(match.digest)
                continue
            self._types[match.digest] = match.data_type
            self._shapes[match.digest] = match.shape
            if SHORTEST <= len(value) <= LONGEST and len(self._known) < MOST_VALUES:
                self._idle.discard(value)
                self._name(value, match)

    def _name(self, value: str, match: Typed) -> None:
        """Know `value` again as what `match` says, also where nothing is known of the place."""
        if match.digest not in self._refused:
            self._known[value] = match.digest
            self._how[value] = match.transformed

    def _look(self, value: str, leaves: Leaves, at: int, run: int) -> str:
        """Look at a value for the first time: its digest if it can be an identifier, else ""."""
        if is_identifier(value) and not _holds_more(leaves, at, run):
            if len(self._known) >= MOST_VALUES:
                self._beyond += 1
                return ""
            text = normal(value)
            known = self._known[value] = digest(text, self._key)
            self._shapes.setdefault(known, shape(text))
            return known
        if len(self._idle) >= _MOST_IDLE:
            self._idle.clear()
        self._idle.add(value)
        return ""

    def _see(
        self,
        code: str,
        destination: Destination,
        sight: Sight,
        part: Part,
        path: str,
        how: str,
    ) -> _Row | None:
        """Note a sight; return its row where it is the first of its kind."""
        key = (code, destination.host, part)
        row = self._rows.get(key)
        if row is not None:
            if row.last != sight.exchange:
                row.last = sight.exchange
                row.count += 1
            if row.path == path or not self._is_crowded(destination.host, part, row.path):
                return None
            row.path = path  # it is more than one of many
            new = None
        elif len(self._rows) >= MOST_ROWS:
            self._beyond += 1
            return None
        else:
            new = row = self._rows[key] = _Row(self._exchanges, destination, sight, part, path, how)
            if part == "response_header":
                row.leads_to = sight.leads_to
        place = (destination.host, part, place_of_value(part, path))
        codes = self._places.setdefault(place, set())
        if len(codes) <= MOST_AT_A_PLACE:  # how many more there are does not matter
            codes.add(code)
        return new

    def _is_echo(self, value: str, leaves: Leaves) -> bool:
        """Tell whether the request of this answer, or what was sent before, held `value`.

        Also where nothing is followed in a request: inside a longer text, or at a crowded place.
        """
        if not value:
            return False
        if value in self._sent or normal(value) in self._sent:
            return True
        return any(
            value in text
            for part, _, start, end in leaves.stretches()
            if not _is_set(part)
            for text in leaves.values[start:end]
        )

    def _is_crowded(self, host: str, part: Part, path: str) -> bool:
        place = place_of_value(part, path)
        return bool(place) and len(self._places.get((host, part, place), ())) > MOST_AT_A_PLACE

    def _disguised(self) -> dict[str, tuple[str, str]]:
        """Return, by the digest of a hash, the digest of what was hashed, and the kind of hash."""
        found = hashed(normal(value) for value in self._known)
        plain = {normal(value): code for value, code in self._known.items()}
        return {
            plain[value]: (plain[origin], kind)
            for value, (origin, kind) in found.items()
            if plain[value] != plain[origin]
        }


def _is_set(part: Part) -> bool:
    return part.startswith("response")


def _direction(row: _Row) -> Literal["sent", "set", "echoed"]:
    if not _is_set(row.part):
        return "sent"
    return "echoed" if row.echoed else "set"


def _value_at(leaves: Leaves, part: Part, path: str) -> str:
    return next(
        (
            leaves.values[at]
            for inside, _, start, end in leaves.stretches()
            if inside == part
            for at in range(start, end)
            if leaves.paths[at] == path
        ),
        "",
    )


def _in_time(item: tuple[tuple[str, str, Part], _Row]) -> tuple[int, bool]:
    return item[1].at, _is_set(item[1].part)


def _is_telling(value: str) -> bool:
    return len(value) >= _LEAST_TYPED and len(set(value)) >= _DISTINCT_TYPED


def _holds_more(leaves: Leaves, at: int, run: int) -> bool:
    """Tell whether something was decoded from the value: then that is what is followed."""
    after = at + 1
    if run + 1 >= len(leaves.runs) or leaves.runs[run + 1].start != after:
        return False  # what is inside has other steps, so that a run begins with it
    here, inner = leaves.runs[run], leaves.runs[run + 1]
    return (
        inner.part == here.part
        and len(inner.steps) > len(here.steps)
        and inner.steps[: len(here.steps)] == here.steps
        and leaves.paths[after].startswith(leaves.paths[at])
    )

"""Collects the identifiers of one session, exchange by exchange, with who sent or set them.

Three kinds of values count: those in which the extractor has recognised an identifier, cookies, and
values of the looks of one that came twice at least. A place that takes many values names many
things, be it requests or videos, and none of them a person: its values are left out. The values
themselves are held until the end of the session only, in memory; what comes out has their digests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from analyzer.decode import Decoded
from analyzer.extract.places import place_of
from analyzer.extract.shapes import digest, safe_host, safe_path, shape
from analyzer.identity.hashes import hashed
from analyzer.identity.names import may_identify, place_of_value
from analyzer.identity.tokens import LONGEST, SHORTEST, is_identifier, normal
from analyzer.models import Destination, Exchange, Identifier, Leaf, Match, Part, Problem

MOST_VALUES: Final = 20_000  # different values of a session that are followed
MOST_ROWS: Final = 60_000  # (value, host, part)
MOST_AT_A_PLACE: Final = 3  # values of a person at one place: before and after a log-in, renewed
_MOST_IDLE: Final = 100_000
_LEAST_TYPED: Final = 6  # characters of a value that a rule calls an identifier
_DISTINCT_TYPED: Final = 4
_COOKIES: Final = ("cookie", "response_cookie")
# Beside the identifiers proper, what people are found by in any list. The address of the network is
# left out: whoever is asked sees it, so that it tells nothing of who gave what to whom.
_PERSONAL: Final = frozenset({"person.email", "person.phone", "person.username"})
_NOT_FOLLOWED: Final = frozenset({"id.ip"})
_SURE: Final = 60  # per cent; what is less certain by its name gives nothing a name here
# Shapes for which a look at the value itself decides whether it can identify anybody.
_WEAK: Final = frozenset({"int", "text:<=16", "phone", "hex"})
_NEVER: Final = frozenset({"empty", "bool", "uuid:zero", "decimal", "date", "country", "language"})


class _Row:
    """One value in one part of the exchanges with one host."""

    __slots__ = (
        "count", "destination", "exchange", "last", "leads_to", "part", "path", "t_s",
        "transformed",
    )  # fmt: skip

    def __init__(
        self, destination: Destination, exchange: Exchange, part: Part, path: str, how: str
    ) -> None:
        self.destination = destination
        self.exchange = self.last = exchange.id
        self.t_s = exchange.t_s
        self.part = part
        self.path = path
        self.transformed = how
        self.leads_to = ""
        self.count = 1


class Collector:
    """Follows identifiers through one session. `key` is the secret of the digests.

    `mask` hides the persona's values in a path.
    """

    def __init__(self, key: bytes, mask: Callable[[str], str] = str) -> None:
        self._key = key
        self._mask = mask
        self._idle: set[str] = set()  # values that are no identifiers
        self._known: dict[str, str] = {}  # value -> digest
        self._how: dict[str, str] = {}  # value -> transformation, where it is one
        self._types: dict[str, str] = {}  # digest -> data type
        self._shapes: dict[str, str] = {}  # digest -> shape
        self._rows: dict[tuple[str, str, Part], _Row] = {}
        self._places: dict[tuple[str, Part, str], set[str]] = {}
        self._refused: set[str] = set()  # digests of typed values that identify nobody
        self._beyond = 0

    def exchange(
        self,
        destination: Destination,
        exchange: Exchange,
        decoded: Decoded,
        matches: Sequence[Match],
    ) -> None:
        """Look at one exchange, with what was read and recognised in it."""
        leaves = decoded.leaves
        typed: Mapping[tuple[Part, str], Match] = {}
        if matches and (followed := [each for each in matches if _is_followed(each)]):
            typed = {(each.part, each.path): each for each in followed}
            self._learn(typed, leaves)
        idle = self._idle
        for at, leaf in enumerate(leaves):
            value = leaf[3]
            if value in idle:
                continue
            known = self._known.get(value)
            if known is None:
                if self._is_idle(value, leaves, at):
                    continue
                known = self._known[value]
            part, path = leaf[1], leaf[2]
            if typed and (part, path) in typed:
                self._name(value, typed[part, path])
            elif may_identify(part, path):
                self._see(known, destination, exchange, part, path, self._how.get(value, "raw"))
        for (part, path), match in typed.items():
            if match.digest not in self._refused:
                self._see(match.digest, destination, exchange, part, path, match.transformed)

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
        for (code, host, part), row in self._rows.items():
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
                    direction="set" if part.startswith("response") else "sent",
                    part=part,
                    path=safe_path(self._mask(row.path)),
                    leads_to=row.leads_to,
                    exchange=row.exchange,
                    t_s=row.t_s,
                    count=row.count,
                )
            )
        return tuple(told)

    def _learn(self, typed: Mapping[tuple[Part, str], Match], leaves: Iterable[Leaf]) -> None:
        """Take over what the extractor says of identifiers; look at each value once."""
        new = {
            place: match
            for place, match in typed.items()
            if match.digest not in self._types and match.digest not in self._refused
        }
        if not new:
            return
        values = {(leaf[1], leaf[2]): leaf[3] for leaf in leaves if (leaf[1], leaf[2]) in new}
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

    def _name(self, value: str, match: Match) -> None:
        """Know `value` again as what `match` says, also where nothing is known of the place."""
        if match.digest not in self._refused:
            self._known[value] = match.digest
            self._how[value] = match.transformed

    def _is_idle(self, value: str, leaves: Sequence[Leaf], at: int) -> bool:
        """Look at a value for the first time; what can be an identifier is known from now on."""
        if len(value) > LONGEST:
            return True
        if is_identifier(value) and not _holds_more(leaves, at):
            if len(self._known) >= MOST_VALUES:
                self._beyond += 1
                return True
            text = normal(value)
            known = self._known[value] = digest(text, self._key)
            self._shapes.setdefault(known, shape(text))
            return False
        if len(self._idle) >= _MOST_IDLE:
            self._idle.clear()
        self._idle.add(value)
        return True

    def _see(
        self,
        code: str,
        destination: Destination,
        exchange: Exchange,
        part: Part,
        path: str,
        how: str,
    ) -> None:
        key = (code, destination.host, part)
        row = self._rows.get(key)
        if row is None:
            if len(self._rows) >= MOST_ROWS:
                self._beyond += 1
                return
            row = self._rows[key] = _Row(destination, exchange, part, path, how)
            if part == "response_header":
                row.leads_to = self._target(exchange)
        elif row.last != exchange.id:
            row.last = exchange.id
            row.count += 1
        else:
            return
        place = (destination.host, part, place_of_value(part, path))
        values = self._places.get(place)
        if values is None:
            self._places[place] = {code}
        elif len(values) <= MOST_AT_A_PLACE:
            values.add(code)

    def _is_crowded(self, host: str, part: Part, path: str) -> bool:
        values = self._places.get((host, part, place_of_value(part, path)), ())
        return len(values) > MOST_AT_A_PLACE

    def _target(self, exchange: Exchange) -> str:
        """Return the host that the answer sends the phone to, "" for its own."""
        for name, value in exchange.response_headers:
            if name.lower() == "location" and "//" in value:
                return safe_host(self._mask(place_of(value)[0]))
        return ""

    def _disguised(self) -> dict[str, tuple[str, str]]:
        """Return, by the digest of a hash, the digest of what was hashed, and the kind of hash."""
        found = hashed(normal(value) for value in self._known)
        plain = {normal(value): code for value, code in self._known.items()}
        return {
            plain[value]: (plain[origin], kind)
            for value, (origin, kind) in found.items()
            if plain[value] != plain[origin]
        }


def _is_followed(match: Match) -> bool:
    kind = match.data_type
    if match.confidence < _SURE:
        return False
    return (kind.startswith("id.") and kind not in _NOT_FOLLOWED) or kind in _PERSONAL


def _is_telling(value: str) -> bool:
    return len(value) >= _LEAST_TYPED and len(set(value)) >= _DISTINCT_TYPED


def _holds_more(leaves: Sequence[Leaf], at: int) -> bool:
    """Tell whether something was decoded from the value: then that is what is followed."""
    if at + 1 >= len(leaves):
        return False
    here, after = leaves[at], leaves[at + 1]
    return (
        after[1] == here[1]
        and len(after[4]) > len(here[4])
        and after[4][: len(here[4])] == here[4]
        and after[2].startswith(here[2])
    )

"""Turns the leaves of an exchange into matches and signals. No raw value leaves this stage."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import getitem, itemgetter
from typing import Final, cast

from analyzer.decode import Decoded, decode
from analyzer.extract.decisions import Kinds, OfPart, Ruling, parts_of, remember
from analyzer.extract.judging import Judging
from analyzer.extract.places import authority_of
from analyzer.extract.planted import Hit, Planted, Prepared
from analyzer.extract.readings import Reading
from analyzer.extract.shapes import digest, shape
from analyzer.extract.signals import Heard, SignalBook, contradicts
from analyzer.extract.telling import PART_ORDER, Key, Rest, Telling
from analyzer.extract.telling_values import IMEI_DIGITS
from analyzer.knowledge import Knowledge
from analyzer.leaves import Leaves, Steps
from analyzer.models import Exchange, Match, Part, Problem, Signal

# Calling the class costs twice as much.
_new_match: Final = cast(Callable[[type[Match], tuple[object, ...]], Match], tuple.__new__)
_LONGEST_REMEMBERED: Final = 512
_WHO_OR_WHERE: Final = ("id.", "person.", "loc.")
_NO_MATCH: Final = Match("", "", "host", "", "name", "", "", "", "", "", "", (), "", 0)
_key_of: Final = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was recognised in one exchange, in the order of parts and paths."""

    matches: tuple[Match, ...]
    signals: tuple[Signal, ...]
    problems: tuple[Problem, ...]


class Extractor:
    """Recognises personal data and privacy signals; built once for each session.

    `values` are the persona's seeded values as (data type, text), `key` the secret of the digests,
    `age` the one that the account was registered with, None where nobody knows it. `prepared` is
    what `planted.prepare` made of the values, where another process has done that.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        values: Sequence[tuple[str, str]],
        key: bytes,
        age: int | None = None,
        prepared: Prepared | None = None,
    ) -> None:
        self._judging = Judging(knowledge)
        self._signals = SignalBook(knowledge.signals, age)
        self._planted = Planted(values, prepared)
        self._telling = Telling(self._judging, key, self._planted.mask)
        self._kinds = Kinds(knowledge, self._signals, self._judging, self._telling)
        self._seeds = [digest(text, key) for _, text in self._planted.values]
        self._verdicts: dict[tuple[str, str], Reading] = {}
        self._shapes: dict[tuple[str, str], str] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What holds for the session as a whole: planted values that are too short to search."""
        return tuple(
            Problem("", "extract", "planted_too_short", data_type)
            for data_type in self._planted.too_short
        )

    def extract(self, exchange: Exchange, decoded: Decoded | None = None) -> Extracted:
        """Return what `exchange` tells. `decoded` is taken where it is at hand, else made.

        One match for each part, path and data type: by a rule before by a planted value before by
        the name of the key. From the answer come signals, and what rules say that it tells.
        """
        if decoded is None:
            decoded = decode(exchange)
        leaves = Leaves.of(decoded.leaves)
        heard = Heard(exchange.id)
        told = self._look(exchange, parts_of(leaves), heard)
        head = (exchange.id,)
        matches = [_new_match(Match, head + rest) for _, rest in told]
        problems: tuple[Problem, ...] = ()
        if self._planted.values:
            searched = leaves.with_one("host", "", authority_of(exchange.url))
            finds = self._planted.find(searched, decoded.payloads)
            if finds.hits:
                keys = list(map(_key_of, told))
                for hit in finds.hits:
                    self._plant(exchange, hit, keys, matches)
            if not finds.complete:
                problems = (Problem(exchange.id, "extract", "too_many_finds", "planted values"),)
        if not heard:
            return Extracted(tuple(matches), (), problems)
        signals = heard.signals(leaves)
        if len(signals) > 1:
            signals = tuple(sorted(signals, key=_signal_order))
        return Extracted(tuple(matches), signals, (*problems, *heard.problems()))

    def mask(self, text: str) -> str:
        """Return `text` with planted values replaced by their data types in braces."""
        return self._planted.mask(text)

    def _look(
        self, exchange: Exchange, parts: Sequence[OfPart], heard: Heard
    ) -> list[tuple[Key, Rest]]:
        """Return what the leaves of `parts` tell, in order; take down their signals.

        Hot: places of which anything is known are looked up by loops in C; the others are passed
        over by their values.
        """
        kinds, judging = self._kinds, self._judging
        tell_nothing = judging.dull
        kind = kinds.of(exchange, parts)
        by_part: list[tuple[int, list[tuple[Key, Rest]]]] = []
        for leaves in parts:
            plan = kinds.plan(kind, leaves)
            value_at = leaves.values.__getitem__
            told = list(chain.from_iterable(map(getitem, plan.places, map(value_at, plan.at))))
            if plan.bare:
                telling = [
                    (value, place)
                    for at, place in plan.bare
                    if (value := value_at(at)) not in tell_nothing
                    and (not value.isdigit() or len(value) == IMEI_DIGITS)
                    and judging.may_tell(value)
                ]
                if telling:
                    for value, place in telling:
                        told += place[value]
                    told.sort(key=_key_of)
            if plan.again:
                told = sorted(dict(reversed(told)).items())
            for at, ruling, steps in plan.signals:
                self._listen(ruling, leaves, at, steps, heard)
            if told:
                by_part.append((PART_ORDER[leaves.part], told))
        if len(by_part) > 1:
            by_part.sort(key=_key_of)
            return list(chain.from_iterable([told for _, told in by_part]))
        return by_part[0][1] if by_part else []

    def _listen(self, ruling: Ruling, leaves: OfPart, at: int, steps: Steps, heard: Heard) -> None:
        """Take down the signals in a leaf."""
        path, value = leaves.paths[at], leaves.values[at]
        for signal in chain(ruling.signals, ruling.perhaps):
            reading = self._read(signal, value)
            if not reading.read and signal in ruling.perhaps:
                continue
            told = Signal(
                heard.exchange, signal, reading.value, reading.verdict, f"signal#{signal}",
                leaves.part, self._telling.safe_path(path), steps,
            )  # fmt: skip
            heard.add(path, told, reading)
        if ruling.contradicts and contradicts(value):
            heard.oppose(ruling.contradicts, leaves.part, path)

    def _plant(self, exchange: Exchange, hit: Hit, keys: list[Key], matches: list[Match]) -> None:
        """Enter `hit` among `matches`, which are in the order of their `keys`."""
        data_type = self._planted.values[hit.value][0]
        leaf = hit.leaf
        part: Part = leaf.part if leaf else "body"
        path = leaf.path if leaf else ""
        order = PART_ORDER[part]
        key = (order, path, data_type)
        at = bisect_left(keys, key)
        known = matches[at] if at < len(keys) and keys[at] == key else None
        if known is not None and known.method == "planted":
            return
        # What it looks like or is called matters no more where it is known what it is.
        first = bisect_left(keys, (order, path, ""))
        while first < len(keys) and keys[first][:2] == key[:2]:
            match = matches[first]
            if match.method == "shape" or (
                match.method == "name"
                and keys[first] != key
                and match.data_type.startswith(_WHO_OR_WHERE)
            ):
                del keys[first], matches[first]
            else:
                first += 1
        at = bisect_left(keys, key)
        if at == len(keys) or keys[at] != key:
            keys.insert(at, key)
            matches.insert(at, _NO_MATCH)
        seed = self._seeds[hit.value]
        if known is not None and known.method == "rule":
            matches[at] = known._replace(transformed=hit.transformed, digest=seed)
            return
        reason = "A value planted in the persona"
        if leaf is None:
            reason += ", found in the bytes of the body beside its values"
        matches[at] = _new_match(Match, (
            exchange.id, data_type, part, self._telling.safe_path(path), "planted",
            f"planted#{data_type}", reason, "study.toml", self._shape(hit.text, data_type), seed,
            hit.transformed, leaf.steps if leaf else (), "", 100,
        ))  # fmt: skip

    def _read(self, signal: str, value: str) -> Reading:
        key = (signal, value)
        known = self._verdicts.get(key)
        if known is None:
            known = self._signals.read(signal, value)
            if len(value) <= _LONGEST_REMEMBERED:
                remember(self._verdicts, key, known)
        return known

    def _shape(self, text: str, data_type: str) -> str:
        """Return the shape of a planted value: there are few ways in which it is written."""
        key = (text, data_type)
        known = self._shapes.get(key)
        if known is None:
            known = shape(text, data_type)
            if len(text) <= _LONGEST_REMEMBERED:
                remember(self._shapes, key, known)
        return known


def _signal_order(signal: Signal) -> tuple[int, str, str]:
    return PART_ORDER[signal.part], signal.path, signal.signal

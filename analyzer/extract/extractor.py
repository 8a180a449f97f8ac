"""Turns the leaves of an exchange into matches and signals. No raw value leaves this stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast, get_args

from analyzer.decode import Decoded, decode
from analyzer.extract.decisions import Kind, Kinds, Ruling, positions, remember
from analyzer.extract.generic import Decision
from analyzer.extract.judging import Judging
from analyzer.extract.places import authority_of
from analyzer.extract.planted import Hit, Planted, Prepared
from analyzer.extract.readings import Reading
from analyzer.extract.rules import CompiledRule
from analyzer.extract.shapes import digest, safe_path, shape
from analyzer.extract.signals import Heard, SignalBook, contradicts
from analyzer.extract.telling_values import IMEI_DIGITS
from analyzer.knowledge import Knowledge
from analyzer.leaves import Leaves, Steps
from analyzer.models import Exchange, Match, Method, Part, Problem, Signal

_LONGEST_REMEMBERED: Final = 512
# Calling the class costs twice as much.
_new_match: Final = cast(Callable[[type[Match], tuple[object, ...]], Match], tuple.__new__)
_WHO_OR_WHERE: Final = ("id.", "person.", "loc.")
_PART_ORDER: Final[dict[Part, int]] = {part: at for at, part in enumerate(get_args(Part))}
_Key = tuple[int, str, str]  # position of the part, path, data type
_Shown = tuple[str, str]  # shape, digest
_Rest = tuple[_Key, tuple[object, ...]]  # all of a match but its exchange
# Data type, method, rule, reason, source, shape, digest, confidence.
_Guess = tuple[str, Method, str, str, str, str, str, int]
_NEW: Final[_Guess] = ("", "name", "", "", "", "", "", 0)
_Ruled = tuple[Ruling, Part, str, str, Steps]


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
        self._kinds = Kinds(knowledge, self._signals, self._judging)
        self._planted = Planted(values, prepared)
        self._key = key
        self._seeds = [digest(text, key) for _, text in self._planted.values]
        self._shown: dict[tuple[int | str, str], _Shown | None] = {}
        self._verdicts: dict[tuple[str, str], Reading] = {}
        self._shapes: dict[tuple[str, str], str] = {}
        self._safe: dict[str, str] = {}
        self._guesses: dict[tuple[Decision, str], _Guess | None] = {}
        self._ruled: dict[_Ruled, tuple[_Rest, ...]] = {}

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
        found: dict[_Key, Match] = {}
        heard = Heard(exchange.id)
        self._look(leaves, self._kinds.of(exchange, leaves), found, heard)
        problems: tuple[Problem, ...] = ()
        if self._planted.values:
            searched = leaves.with_one("host", "", authority_of(exchange.url))
            finds = self._planted.find(searched, decoded.payloads)
            for hit in finds.hits:
                self._plant(exchange, hit, found)
            if not finds.complete:
                problems = (Problem(exchange.id, "extract", "too_many_finds", "planted values"),)
        matches = tuple([found[key] for key in sorted(found)])
        told = heard.signals(leaves)
        if len(told) > 1:
            told = tuple(sorted(told, key=_signal_order))
        return Extracted(matches, told, (*problems, *heard.problems()))

    def mask(self, text: str) -> str:
        """Return `text` with planted values replaced by their data types in braces."""
        return self._planted.mask(text)

    def _look(self, leaves: Leaves, kind: Kind, found: dict[_Key, Match], heard: Heard) -> None:
        """Look at the leaves of which anything is known, and at values that speak for themselves.

        Hot: whatever is done here for every leaf is done fifty times for each exchange.
        """
        judging, guesses, ruled, safe = self._judging, self._guesses, self._ruled, self._safe
        exchange, all_paths, values = leaves.exchange, leaves.paths, leaves.values
        tell_nothing = judging.dull
        for part, at in positions(leaves).items():
            if isinstance(at, range):
                paths = tuple(all_paths[at.start : at.stop])
            else:
                paths = tuple(map(all_paths.__getitem__, at))
            plan = self._kinds.plan(kind, part, paths)
            steps_at, order = leaves.steps_of(part), _PART_ORDER[part]
            for place, ruling in plan.ruled:
                here = at[place]
                known = (ruling, part, paths[place], values[here], steps_at(here))
                told = ruled.get(known)
                if told is None:
                    told = self._apply(known)
                for key, rest in told:
                    if key not in found:
                        found[key] = _new_match(Match, (exchange, *rest))
                if ruling.signals or ruling.contradicts:
                    self._listen(ruling, part, leaves, here, heard)
            for candidates, bare in ((plan.named, False), (plan.bare, True)):
                for place, decision in candidates:
                    value = values[here := at[place]]
                    if bare and (
                        value in tell_nothing
                        or (value.isdigit() and len(value) != IMEI_DIGITS)
                        or not judging.may_tell(value)
                    ):
                        continue
                    guess = guesses.get((decision, value), _NEW)
                    if guess is _NEW:
                        guess = self._guess(decision, value)
                    if guess is None:
                        continue
                    data_type, method, rule_id, reason, source, like, digested, sure = guess
                    path = paths[place]
                    key = (order, path, data_type)
                    if key not in found:
                        found[key] = _new_match(Match, (
                            exchange, data_type, part, safe.get(path) or self._safe_path(path),
                            method, rule_id, reason, source, like, digested, "raw",
                            steps_at(here), "", sure,
                        ))  # fmt: skip

    def _apply(self, known: _Ruled) -> tuple[_Rest, ...]:
        """Return what rules say of a value, the first of each data type."""
        ruling, part, path, value, steps = known
        made: dict[_Key, tuple[object, ...]] = {}
        for compiled in ruling.rules:
            rule = compiled.rule
            key = (_PART_ORDER[part], path, rule.type)
            if key in made or (shown := self._by_rule(compiled, value)) is None:
                continue
            made[key] = (
                rule.type, part, self._safe_path(path), "rule", rule.rule_id, rule.reason,
                rule.source, shown[0], shown[1], rule.transformed, steps, rule.grade, 100,
            )  # fmt: skip
        told = tuple(made.items())
        if len(value) <= _LONGEST_REMEMBERED:
            remember(self._ruled, known, told)
        return told

    def _listen(self, ruling: Ruling, part: Part, leaves: Leaves, at: int, heard: Heard) -> None:
        """Take down the signals in a leaf."""
        path, value = leaves.paths[at], leaves.values[at]
        for signal in ruling.signals:
            reading = self._read(signal, value)
            told = Signal(
                leaves.exchange, signal, reading.value, reading.verdict, f"signal#{signal}", part,
                self._safe_path(path), leaves.run_of(at).steps,
            )  # fmt: skip
            heard.add(path, told, reading)
        if ruling.contradicts and contradicts(leaves.leaf(at)):
            heard.oppose(ruling.contradicts, part, path)

    def _guess(self, decision: Decision, value: str) -> _Guess | None:
        """Return what the name of a key or the looks of a value say, None for nothing."""
        judged = self._judging.judge(decision, value)
        guess: _Guess | None = None
        if judged is not None:
            data_type, method, rule_id, sure, reason, _ = judged
            source = "ontology.yaml" if method == "name" else "names.yaml"
            shown = self._by_name(data_type, value)
            guess = (data_type, method, rule_id, reason, source, *shown, sure)
        if len(value) <= _LONGEST_REMEMBERED:
            remember(self._guesses, (decision, value), guess)
        return guess

    def _plant(self, exchange: Exchange, hit: Hit, found: dict[_Key, Match]) -> None:
        data_type = self._planted.values[hit.value][0]
        leaf = hit.leaf
        part: Part = leaf.part if leaf else "body"
        path = leaf.path if leaf else ""
        key = (_PART_ORDER[part], path, data_type)
        known = found.get(key)
        if known is not None and known.method == "planted":
            return
        # What it looks like or is called matters no more where it is known what it is.
        looked = [
            each
            for each, match in found.items()
            if each[1] == path
            and each[0] == key[0]
            and (
                match[4] == "shape"
                or (match[4] == "name" and each != key and each[2].startswith(_WHO_OR_WHERE))
            )
        ]
        for each in looked:
            del found[each]
        seed = self._seeds[hit.value]
        if known is not None and known.method == "rule":
            found[key] = known._replace(transformed=hit.transformed, digest=seed)
            return
        reason = "A value planted in the persona"
        if leaf is None:
            reason += ", found in the bytes of the body beside its values"
        found[key] = _new_match(Match, (
            exchange.id, data_type, part, self._safe_path(path), "planted",
            f"planted#{data_type}", reason, "study.toml", self._shape(hit.text, data_type), seed,
            hit.transformed, leaf.steps if leaf else (), "", 100,
        ))  # fmt: skip

    def _by_rule(self, compiled: CompiledRule, value: str) -> _Shown | None:
        """Return what may be shown of `value` if the rule takes it; most values come again."""
        key = (id(compiled), value)
        if key in self._shown:
            return self._shown[key]
        data_type = compiled.rule.type
        return self._show(key, data_type, value, accepted=compiled.accepts(value))

    def _by_name(self, data_type: str, value: str) -> _Shown:
        """Return what may be shown of `value` as one of `data_type`."""
        key = (data_type, value)
        known = self._shown.get(key)
        if known is None:
            known = (shape(value, data_type), digest(value, self._key))
            if len(value) <= _LONGEST_REMEMBERED:
                remember(self._shown, key, known)
        return known

    def _read(self, signal: str, value: str) -> Reading:
        key = (signal, value)
        known = self._verdicts.get(key)
        if known is None:
            known = self._signals.read(signal, value)
            if len(value) <= _LONGEST_REMEMBERED:
                remember(self._verdicts, key, known)
        return known

    def _show(
        self, key: tuple[int | str, str], data_type: str, value: str, *, accepted: bool
    ) -> _Shown | None:
        shown = (shape(value, data_type), digest(value, self._key)) if accepted else None
        if len(value) <= _LONGEST_REMEMBERED:
            remember(self._shown, key, shown)
        return shown

    def _shape(self, text: str, data_type: str) -> str:
        """Return the shape of a planted value: there are few ways in which it is written."""
        key = (text, data_type)
        known = self._shapes.get(key)
        if known is None:
            known = shape(text, data_type)
            if len(text) <= _LONGEST_REMEMBERED:
                remember(self._shapes, key, known)
        return known

    def _safe_path(self, path: str) -> str:
        known = self._safe.get(path)
        if known is None:
            known = safe_path(self._planted.mask(path))
            remember(self._safe, path, known)
        return known


def _signal_order(signal: Signal) -> tuple[int, str, str]:
    return _PART_ORDER[signal.part], signal.path, signal.signal

"""Turns the leaves of an exchange into matches and signals. No raw value leaves this stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar, get_args

from analyzer.decode import Decoded, decode
from analyzer.extract.generic import NAMED_PARTS, Judged
from analyzer.extract.judging import Judging
from analyzer.extract.places import REQUEST_PARTS, PlaceIndex, authority_of, place_of
from analyzer.extract.planted import Hit, Planted
from analyzer.extract.readings import Reading
from analyzer.extract.rules import CompiledEndpoint, CompiledRule, RuleBook, body_test, rule_index
from analyzer.extract.shapes import digest, safe_path, shape
from analyzer.extract.signals import Heard, SignalBook, SignalField, contradicts, field_index
from analyzer.knowledge import Knowledge
from analyzer.models import Exchange, Leaf, Match, Part, Problem, Signal

_K = TypeVar("_K")
_V = TypeVar("_V")
_MOST_REMEMBERED: Final = 20_000
_LONGEST_REMEMBERED: Final = 512
_PART_ORDER: Final[dict[Part, int]] = {part: at for at, part in enumerate(get_args(Part))}
_Key = tuple[int, str, str]  # position of the part, path, data type
_Place = tuple[Part, str]  # part, path
_Shown = tuple[str, str]  # shape, digest


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was recognised in one exchange, in the order of parts and paths."""

    matches: tuple[Match, ...]
    signals: tuple[Signal, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a leaf at one place of one kind of request is."""

    rules: tuple[CompiledRule, ...]
    guess: bool  # nothing knows the place: its name and value may say what it is
    signals: tuple[str, ...]
    contradicts: tuple[str, ...]


@dataclass(slots=True)
class _Kind:
    """Requests for which the same rules and signals hold, with the decisions made so far."""

    rules: PlaceIndex[CompiledRule]
    fields: PlaceIndex[SignalField]
    decisions: dict[_Place, _Decision | None]
    tracker: bool  # the host is known to follow people


class Extractor:
    """Recognises personal data and privacy signals; built once for each session.

    `values` are the persona's seeded values as (data type, text), `key` the secret of the digests,
    `age` the one that the account was registered with, None where nobody knows it.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        values: Sequence[tuple[str, str]],
        key: bytes,
        age: int | None = None,
    ) -> None:
        self._rules = RuleBook(knowledge.trackers)
        self._judging = Judging(knowledge)
        self._signals = SignalBook(knowledge.signals, age)
        self._planted = Planted(values)
        self._key = key
        self._seeds = [digest(text, key) for _, text in self._planted.values]
        self._at_url: dict[
            tuple[str, str, str], tuple[tuple[CompiledEndpoint, ...], tuple[SignalField, ...]]
        ] = {}
        self._kinds: dict[tuple[tuple[int, ...], tuple[int, ...], bool], _Kind] = {}
        self._shown: dict[tuple[int | str, str], _Shown | None] = {}
        self._verdicts: dict[tuple[str, str], Reading] = {}
        self._safe: dict[str, str] = {}

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
        leaves = decoded.leaves
        kind = self._kind(exchange, leaves)
        decisions = kind.decisions
        found: dict[_Key, Match] = {}
        heard = Heard(exchange.id)
        unknown: list[Leaf] = []
        for leaf in leaves:
            place = (leaf[1], leaf[2])
            if place in decisions:
                decision = decisions[place]
            else:
                decision = self._decide(kind, place[0], place[1])
            if decision is not None:
                if decision.guess:
                    unknown.append(leaf)
                else:
                    self._apply(decision, leaf, found, heard)
        if unknown:
            places = [(leaf[1], leaf[2]) for leaf in leaves if leaf[1] in NAMED_PARTS]
            for leaf, judged in self._judging.judge(kind.tracker, places, unknown):
                self._guess(leaf, judged, found)
        asked = [leaf for leaf in leaves if leaf[1] in REQUEST_PARTS]
        asked.append(Leaf(exchange.id, "host", "", authority_of(exchange.url), ()))
        finds = self._planted.find(asked, decoded.payloads)
        for hit in finds.hits:
            self._plant(exchange, hit, found)
        problems: tuple[Problem, ...] = ()
        if not finds.complete:
            problems = (Problem(exchange.id, "extract", "too_many_finds", "planted values"),)
        matches = tuple([found[key] for key in sorted(found)])
        told = sorted(
            heard.signals(), key=lambda each: (_PART_ORDER[each.part], each.path, each.signal)
        )
        return Extracted(matches, tuple(told), (*problems, *heard.problems()))

    def mask(self, text: str) -> str:
        """Return `text` with planted values replaced by their data types in braces."""
        return self._planted.mask(text)

    def _kind(self, exchange: Exchange, leaves: Sequence[Leaf]) -> _Kind:
        host, path = place_of(exchange.url)
        url = (exchange.method, host, path)
        known = self._at_url.get(url)
        if known is None:
            known = (
                self._rules.endpoints(exchange.method.upper(), host, path),
                self._signals.fields(host, path),
            )
            _remember(self._at_url, url, known)
        endpoints, fields = known
        if any(each.body_has for each in endpoints) or any(each.match.body_has for each in fields):
            has = body_test(leaves)
            endpoints = tuple(each for each in endpoints if all(map(has, each.body_has)))
            fields = tuple(each for each in fields if all(map(has, each.match.body_has)))
        tracker = self._judging.tracks(host)
        key = (tuple(map(id, endpoints)), tuple(map(id, fields)), tracker)
        kind = self._kinds.get(key)
        if kind is None:
            kind = _Kind(rule_index(endpoints), field_index(fields), {}, tracker)
            _remember(self._kinds, key, kind)
        return kind

    def _decide(self, kind: _Kind, part: Part, path: str) -> _Decision | None:
        rules = tuple(kind.rules.at(part, path))
        fields = kind.fields.at(part, path)
        own = tuple(dict.fromkeys(each.signal for each in fields if not each.contradicts))
        against = tuple(dict.fromkeys(each.signal for each in fields if each.contradicts))
        decision = None
        if rules or own or against:
            decision = _Decision(rules, False, own, against)
        elif part in NAMED_PARTS:
            # What an answer says is known by rules only: a name there can be anybody's.
            decision = _Decision((), True, (), ())
        _remember(kind.decisions, (part, path), decision)
        return decision

    def _apply(
        self,
        decision: _Decision,
        leaf: Leaf,
        found: dict[_Key, Match],
        heard: Heard,
    ) -> None:
        part, path, value = leaf.part, leaf.path, leaf.value
        order = _PART_ORDER[part]
        for compiled in decision.rules:
            rule = compiled.rule
            key = (order, path, rule.type)
            if key in found or (shown := self._by_rule(compiled, value)) is None:
                continue
            found[key] = Match(
                leaf.exchange, rule.type, part, self._safe_path(path), "rule", rule.rule_id,
                rule.reason, rule.source, shown[0], shown[1], rule.transformed, leaf.steps,
                rule.grade, 100,
            )  # fmt: skip
        for signal in decision.signals:
            reading = self._read(signal, value)
            told = Signal(
                leaf.exchange, signal, reading.value, reading.verdict, f"signal#{signal}", part,
                self._safe_path(path), leaf.steps,
            )  # fmt: skip
            heard.add(path, told, reading)
        if decision.contradicts and contradicts(leaf):
            heard.oppose(decision.contradicts)

    def _guess(self, leaf: Leaf, judged: Judged, found: dict[_Key, Match]) -> None:
        part, path = leaf.part, leaf.path
        shown = self._by_name(judged.data_type, leaf.value)
        source = "ontology.yaml" if judged.method == "name" else "names.yaml"
        found.setdefault(
            (_PART_ORDER[part], path, judged.data_type),
            Match(
                leaf.exchange, judged.data_type, part, self._safe_path(path), judged.method,
                judged.rule_id, judged.reason, source, shown[0], shown[1], "raw", leaf.steps, "",
                judged.confidence,
            ),
        )  # fmt: skip

    def _plant(self, exchange: Exchange, hit: Hit, found: dict[_Key, Match]) -> None:
        data_type = self._planted.values[hit.value][0]
        leaf = hit.leaf
        part: Part = leaf.part if leaf else "body"
        path = leaf.path if leaf else ""
        key = (_PART_ORDER[part], path, data_type)
        known = found.get(key)
        if known is not None and known.method == "planted":
            return
        seed = self._seeds[hit.value]
        if known is not None and known.method == "rule":
            found[key] = replace(known, transformed=hit.transformed, digest=seed)
            return
        reason = "A value planted in the persona"
        if leaf is None:
            reason += ", found in the undecoded bytes of the body"
        found[key] = Match(
            exchange.id, data_type, part, self._safe_path(path), "planted",
            f"planted#{data_type}", reason, "study.toml", shape(hit.text, data_type), seed,
            hit.transformed, leaf.steps if leaf else (), "", 100,
        )  # fmt: skip

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
                _remember(self._shown, key, known)
        return known

    def _read(self, signal: str, value: str) -> Reading:
        key = (signal, value)
        known = self._verdicts.get(key)
        if known is None:
            known = self._signals.read(signal, value)
            if len(value) <= _LONGEST_REMEMBERED:
                _remember(self._verdicts, key, known)
        return known

    def _show(
        self, key: tuple[int | str, str], data_type: str, value: str, *, accepted: bool
    ) -> _Shown | None:
        shown = (shape(value, data_type), digest(value, self._key)) if accepted else None
        if len(value) <= _LONGEST_REMEMBERED:
            _remember(self._shown, key, shown)
        return shown

    def _safe_path(self, path: str) -> str:
        known = self._safe.get(path)
        if known is None:
            known = safe_path(self._planted.mask(path))
            _remember(self._safe, path, known)
        return known


def _remember(memory: dict[_K, _V], key: _K, value: _V) -> None:
    """Keep `value`; what was kept is forgotten at once where hostile traffic has filled it."""
    if len(memory) >= _MOST_REMEMBERED:
        memory.clear()
    memory[key] = value

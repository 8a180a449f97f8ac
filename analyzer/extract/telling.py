"""What a value tells at a place: everything of a match but its exchange.

Rules, names and looks are asked once for each value of a place; whatever stands there again, in
this request or the next, is one look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, get_args

from analyzer.extract.generic import Decision
from analyzer.extract.judging import Judging
from analyzer.extract.rules import CompiledRule
from analyzer.extract.shapes import digest, safe_path, shape
from analyzer.leaves import Steps
from analyzer.models import Method, Part

PART_ORDER: Final[dict[Part, int]] = {part: at for at, part in enumerate(get_args(Part))}
_MOST_REMEMBERED: Final = 8_000
_MOST_HERE: Final = 32  # values of one place; where more come, each comes once
_LONGEST_REMEMBERED: Final = 512

Key = tuple[int, str, str]  # position of the part, path, data type
Rest = tuple[object, ...]  # all of a match but its exchange
Told = tuple[tuple[Key, Rest], ...]
_Shown = tuple[str, str]  # shape, digest
# Data type, method, rule, reason, source, shape, digest, confidence.
_Guess = tuple[str, Method, str, str, str, str, str, int]
_NEW: Final[_Guess] = ("", "name", "", "", "", "", "", 0)


class Where(NamedTuple):
    """Where a value stands; `path` is the one of the leaf."""

    part: Part
    path: str
    steps: Steps


class Place(dict[str, Told]):
    """What values tell at a place of one kind of request: ``place[value]``, in order of types."""

    __slots__ = ("_safe", "order", "part", "path", "steps", "telling")

    def __init__(self, telling: Telling, where: Where) -> None:
        super().__init__()
        self.telling = telling
        self.part, self.path, self.steps = where
        self.order = PART_ORDER[self.part]
        self._safe = ""

    @property
    def safe(self) -> str:
        """What of the path may be shown; most places never tell anything."""
        if not self._safe:
            self._safe = self.telling.safe_path(self.path)
        return self._safe

    def enter(self, value: str, told: Told) -> None:
        """Remember what `value` tells."""
        if len(value) > _LONGEST_REMEMBERED:
            return
        telling = self.telling
        if telling.entered >= _MOST_REMEMBERED:
            telling.forget()
        if not self:
            telling.filled.append(self)
        elif len(self) >= _MOST_HERE:
            telling.entered -= len(self)
            self.clear()
        telling.entered += 1
        self[value] = told


class RuledPlace(Place):
    """A place that rules look at: of each data type the first rule that takes the value."""

    __slots__ = ("rules",)

    def __init__(self, telling: Telling, where: Where, rules: Sequence[CompiledRule]) -> None:
        super().__init__(telling, where)
        self.rules = rules

    def __missing__(self, value: str) -> Told:
        """Return what rules say of a value that was not met here before."""
        made: dict[Key, Rest] = {}
        for compiled in self.rules:
            rule = compiled.rule
            key = (self.order, self.path, rule.type)
            if key in made or (shown := self.telling.by_rule(compiled, value)) is None:
                continue
            made[key] = (
                rule.type, self.part, self.safe, "rule", rule.rule_id, rule.reason, rule.source,
                shown[0], shown[1], rule.transformed, self.steps, rule.grade, 100,
            )  # fmt: skip
        told = tuple(sorted(made.items()))
        self.enter(value, told)
        return told


class GuessedPlace(Place):
    """A place whose name or values may speak for themselves."""

    __slots__ = ("decision",)

    def __init__(self, telling: Telling, where: Where, decision: Decision) -> None:
        super().__init__(telling, where)
        self.decision = decision

    def __missing__(self, value: str) -> Told:
        """Return what is said of a value that was not met here before."""
        telling = self.telling
        guess = telling.guesses.get((self.decision, value), _NEW)
        if guess is _NEW:
            guess = telling.guess(self.decision, value)
        if guess is None:
            self.enter(value, ())
            return ()
        data_type, method, rule_id, reason, source, like, digested, sure = guess
        told = (((self.order, self.path, data_type), (
            data_type, self.part, self.safe, method, rule_id, reason, source, like, digested, "raw",
            self.steps, "", sure,
        )),)  # fmt: skip
        self.enter(value, told)
        return told


class Telling:
    """What is known of the values of one session, whose digests have the secret `key`.

    `mask` takes planted values out of a path.
    """

    def __init__(self, judging: Judging, key: bytes, mask: Callable[[str], str]) -> None:
        self._judging = judging
        self._key = key
        self._mask = mask
        self.filled: list[Place] = []  # those that remember anything
        self.entered = 0
        self._shown: dict[tuple[int, str], _Shown | None] = {}
        self.guesses: dict[tuple[Decision, str], _Guess | None] = {}
        self._safe: dict[str, str] = {}

    def safe_path(self, path: str) -> str:
        """Return what of `path` may be shown."""
        known = self._safe.get(path)
        if known is None:
            known = safe_path(self._mask(path))
            if len(self._safe) >= _MOST_REMEMBERED:
                self._safe.clear()
            self._safe[path] = known
        return known

    def forget(self) -> None:
        """Empty all places: hostile traffic has filled them."""
        for place in self.filled:
            place.clear()
        self.filled.clear()
        self.entered = 0

    def by_rule(self, compiled: CompiledRule, value: str) -> _Shown | None:
        """Return what may be shown of `value` if the rule takes it; it has many places."""
        key = (id(compiled), value)
        if key in self._shown:
            return self._shown[key]
        shown: _Shown | None = None
        if compiled.accepts(value):
            shown = (shape(value, compiled.rule.type), digest(value, self._key))
        if len(value) <= _LONGEST_REMEMBERED:
            if len(self._shown) >= _MOST_REMEMBERED:
                self._shown.clear()
            self._shown[key] = shown
        return shown

    def guess(self, decision: Decision, value: str) -> _Guess | None:
        """Return what name and looks say of `value`; it is remembered in `guesses`."""
        judged = self._judging.judge(decision, value)
        guess: _Guess | None = None
        if judged is not None:
            data_type, method, rule_id, sure, reason, _ = judged
            source = "ontology.yaml" if method == "name" else "names.yaml"
            guess = (
                data_type, method, rule_id, reason, source, shape(value, data_type),
                digest(value, self._key), sure,
            )  # fmt: skip
        if len(value) <= _LONGEST_REMEMBERED:
            if len(self.guesses) >= _MOST_REMEMBERED:
                self.guesses.clear()
            self.guesses[decision, value] = guess
        return guess

"""How the figures of a recommender audit are written in one language."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analyzer.feed.measures.records import MeasureName, Reason
from analyzer.feed.records import Role
from analyzer.knowledge import load_knowledge
from analyzer.said import Said, say
from analyzer.statistics import Interval
from reports.feed import told
from reports.language import Language

_OPEN = "…"
_TIMES = "\u00d7"
_MINUS = "\u2212"
_HOUR = 3600.0
# Reasons whose numbers are shares, and those whose numbers are probabilities.
_SHARES = frozenset(
    {
        "coverage", "unknown_showings", "unread_answers", "coverage_apart", "mixed", "times",
        "coders_apart", "by_order", "guessed", "role_not_kept",
    }
)  # fmt: skip
_COEFFICIENTS = frozenset({"agreement"})
_PROBABILITIES = frozenset({"no_power", "chance", "interval"})

_ROLES: Mapping[str, Role] = {"seeded": "seeded", "control": "control", "observed": "observed"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers, times, sides and categories in one language.

    `labels`: what the codebook calls each category, by language.
    """

    language: Language = field(default_factory=Language)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def value(self, measure: MeasureName, value: float | None, more: int = 0) -> str:
        """Return a value in its unit, with so many digits `more`; "" for none."""
        if value is None:
            return ""
        unit = told.UNITS[measure]
        if unit == "time":
            return _OPEN if math.isinf(value) else self.language.duration(value, more)
        if unit == "share":
            return self.share(value, more)
        return self.factor(value, more) if unit == "ratio" else self.plain(value, more)

    def both(
        self, measure: MeasureName, value: float | None, held: Interval | None
    ) -> tuple[str, str]:
        """Return a value and its interval, with a digit more where an end would read like it.

        >>> from analyzer.statistics import Interval
        >>> Figures().both("onset", 1071.0, Interval(672.0, 1109.9))
        ('17.9 min', '[11.2 min, 18.5 min]')
        """
        more = self._more(value, held, lambda each: self.value(measure, each))
        return self.value(measure, value, more), self.interval(measure, held, more)

    def both_changes(
        self, measure: MeasureName, effect: float | None, held: Interval | None
    ) -> tuple[str, str]:
        """Return an effect and its interval, as `both` does."""
        more = self._more(effect, held, lambda each: self.change(measure, each))
        return self.change(measure, effect, more), self.change_interval(measure, held, more)

    def times(self, factor: float, held: Interval) -> tuple[str, str]:
        """Return a number of times and its interval, as `both` does."""
        more = self._more(factor, held, self.plain)
        return self.plain(factor, more), self.bracket(held, lambda end: self.plain(end, more))

    def _more(
        self, value: float | None, held: Interval | None, write: Callable[[float], str]
    ) -> int:
        if value is None or held is None:
            return 0
        ends = (each for each in held if math.isfinite(each) and not math.isclose(each, value))
        return int(any(write(each) == write(value) for each in ends))

    def interval(self, measure: MeasureName, held: Interval | None, more: int = 0) -> str:
        """Return an interval of values; "" where it says nothing."""
        if held is None or (held.low <= 0 and math.isinf(held.high)):
            return ""
        return self.bracket(held, lambda end: self.value(measure, end, more))

    def change(self, measure: MeasureName, effect: float | None, more: int = 0) -> str:
        """Return an effect: how many times as much, or how much later (+) or sooner (-)."""
        if effect is None:
            return ""
        if told.UNITS[measure] != "time":
            return self.factor(effect, more)
        if math.isinf(effect):
            return _OPEN
        sign = _MINUS if effect < 0 else "+" if effect > 0 else ""
        return self.language.signed(sign, self.language.duration(abs(effect), more))

    def change_interval(self, measure: MeasureName, held: Interval | None, more: int = 0) -> str:
        """Return an interval of effects; "" where it says nothing."""
        if held is None or (math.isinf(held.high) and (held.low <= 0 or math.isinf(held.low))):
            return ""
        return self.bracket(held, lambda end: self.change(measure, end, more))

    def share(self, part: float, more: int = 0) -> str:
        """Return a share in per cent: what is small by its tenths, too.

        >>> Figures().share(0.4816), Figures().share(0.04467), Figures().share(0)
        ('48%', '4.5%', '0%')
        """
        return self.language.percent(part, more + (0 < part < 0.0995))

    def factor(self, value: float, more: int = 0) -> str:
        r"""Return how many times as much.

        >>> [Figures().factor(each).lstrip("\u00d7") for each in (10.78, 9.8, 0.853)]
        ['11', '9.8', '0.85']
        """
        if math.isinf(value):
            return _OPEN
        return self.language.signed(_TIMES, self.plain(value, more))

    def plain(self, value: float, more: int = 0) -> str:
        """Return a number to two digits or three, and so many `more`."""
        if math.isinf(value):
            return _OPEN
        return self.language.number(value, more + (0 if value >= 10 else 1 if value >= 1 else 2))

    def bracket(self, held: Interval, write: Callable[[float], str]) -> str:
        """Return an interval whose ends `write` writes."""
        return self.language.bracketed(write(held.low), write(held.high))

    def together(self, *parts: str) -> str:
        """Return figures as one, with a space between them; without those that are empty."""
        return self.language.figure(" ".join(filter(None, parts)))

    def duration(self, seconds: float) -> str:
        """Return a time in seconds, minutes or hours."""
        return self.language.duration(seconds)

    def side(self, name: str) -> str:
        """Return a side in words: the country or the bloc; an arm has its own name."""
        known = load_knowledge()
        if name in known.blocs:
            return self.language.term(known.blocs[name].name)
        return self.language.country(name) if name in known.countries else name

    def arm(self, side: str, role: Role) -> Said:
        """Return the accounts of one side and role."""
        return say("{side}, {accounts}", side=self.side(side), accounts=told.role(role))

    def named(self, arm: str) -> Said:
        """Return an arm that a row names ("KE seeded")."""
        side, role = split(arm)
        return self.arm(side, role)

    def category(self, key: str) -> str:
        """Return what the codebook calls a category; its key where it does not say."""
        names = self.labels.get(key, {})
        return names.get(self.language.code) or self.language.term(names.get("en", key))

    def hour(self, window: int | None, window_s: float, until_s: float | None = None) -> Said:
        """Return which stretch of feed time a figure is of."""
        if window is None and until_s is not None:
            return say("the first {time} of feed time", time=self.duration(until_s))
        if window is None:
            return told.ALL_TIME
        if window_s == _HOUR:
            return say("hour {number} of feed time", number=window + 1)
        if window == 0:
            return say("the first {time} of feed time", time=self.duration(window_s))
        return say(
            "feed time {start} to {end}",
            start=self.duration(window * window_s),
            end=self.duration((window + 1) * window_s),
        )

    def reason(self, of: Reason, measure: MeasureName) -> Said:
        """Return why a row on `measure` is not decided, and what would be enough."""
        return told.reason(of, measure, self.have(of), self.need(of))

    def have(self, of: Reason) -> str:
        """Return what there is, as a reason has it."""
        return self._reasoned(of, of.have)

    def need(self, of: Reason) -> str:
        """Return what would be enough; "" where that is not known."""
        if of.need is None:
            return ""
        return self.language.number(of.need) if of.code == "chance" else self._reasoned(of, of.need)

    def _reasoned(self, of: Reason, value: float) -> str:
        if of.code in _SHARES:
            return self.language.percent(value)
        if of.code in _PROBABILITIES:
            return self.language.probability(value)
        if of.code in _COEFFICIENTS:
            return self.language.number(value, 2)
        return self.language.number(value, 0)


def split(arm: str) -> tuple[str, Role]:
    """Return side and role of an arm as rows name it.

    >>> split("global_majority seeded")
    ('global_majority', 'seeded')
    """
    side, _, role = arm.rpartition(" ")
    return side, _ROLES[role]


def turned(held: Interval, *, time: bool) -> Interval:
    """Return an interval of a against b as that of b against a.

    >>> turned(Interval(0.5, 4.0), time=False), turned(Interval(-60, 120), time=True)
    (Interval(low=0.25, high=2.0), Interval(low=-120, high=60))
    """
    if time:
        return Interval(-held.high, -held.low)
    low, high = (1 / each if each else math.inf for each in (held.high, held.low))
    return Interval(low, high)

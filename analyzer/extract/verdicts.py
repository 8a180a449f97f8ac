"""Reads one value of a privacy signal for a minor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.extract.bits import NotConsentError
from analyzer.extract.readings import Claim, Reading, blank, children, read_string
from analyzer.extract.shapes import is_blank, shape
from analyzer.knowledge import SignalDef
from analyzer.models import SignalVerdict

# A pattern that accepts one of these does not bound what is printed: the shape is, instead.
_CANARIES: Final = ("q7kz-3f9x", "38400000-8cf0-11bd-b23e-10b96e40000d", "ada@example.org", "7461")
_ZERO: Final = "+-0."
_BOOLEANS: Final = {"true": "1", "false": "0"}  # of one topic they claim the same
# How strings begin that are meant as one, damaged or not. Of the TCF: the version, and two instants
# of the years 2017 to 2038, whose first six bits are among these letters.
_OUTLINES: Final = {
    "tcf": re.compile(r"[BC][N-U][\w-]{5}[N-U][\w-]{11}"),
    "gpp": re.compile(r"D[BC][\w-]{2,}~[BCDQ]"),
}


@dataclass(frozen=True, slots=True)
class _Pattern:
    regex: re.Pattern[str]
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Reader:
    """A signal's values, compiled. `read` is for values on the wire."""

    literals: Mapping[str, SignalVerdict]
    patterns: tuple[tuple[_Pattern, SignalVerdict], ...]
    zero: SignalVerdict | None  # verdict of an identifier of zeros
    absent: bool  # to be absent is what protects
    decode: str
    topic: str

    def read(self, value: str, age: int | None) -> Reading:
        """Return what `value` says for a person of `age`, and what of it may be shown."""
        text = value.strip()
        if self.zero is not None and text and is_blank(text):
            return Reading(shape(text), self.zero)
        found = self._by_value(text)
        if found is not None:
            return found
        if self.decode and not blank(text):
            return self._decoded(text, age)
        if self.absent and not is_blank(text) and text.strip(_ZERO):
            return Reading(shape(text), "non_protective")
        return Reading(shape(text), "no_signal", read=False)

    def _decoded(self, text: str, age: int | None) -> Reading:
        try:
            if self.decode == "gpp_children":
                return children(text, age)
            return read_string(self.decode, text)
        except NotConsentError as error:
            # The signal that reads the rest of the same string tells of the damage.
            told = "" if self.decode == "gpp_children" else f"{self.decode}: {error}"
            outline = _OUTLINES.get(self.decode)
            meant = outline is not None and outline.match(text) is not None
            return Reading(shape(text), "no_signal", told, read=meant)

    def _by_value(self, text: str) -> Reading | None:
        verdict = self.literals.get(text.lower())
        if verdict is not None:
            told = text.lower()
            return Reading(told, verdict, "", self._claims(told, verdict), not self.decode)
        for pattern, told in self.patterns:
            if pattern.regex.fullmatch(text):
                shown = text if pattern.is_closed else shape(text)
                return Reading(shown, told, read=not self.decode)
        return None

    def _claims(self, text: str, verdict: SignalVerdict) -> tuple[Claim, ...]:
        if not self.topic or not text:
            return ()
        return ((self.topic, _BOOLEANS.get(text, text) if verdict == "no_signal" else verdict),)


def reader(definition: SignalDef) -> Reader:
    """Compile the values of `definition`."""
    literals: dict[str, SignalVerdict] = {}
    patterns: list[tuple[_Pattern, SignalVerdict]] = []
    zero: SignalVerdict | None = None
    absent = False
    sides: tuple[tuple[tuple[str, ...], SignalVerdict], ...] = (
        (definition.protective, "protective"),
        (definition.non_protective, "non_protective"),
        (definition.no_signal, "no_signal"),
    )
    for values, verdict in sides:
        for value in values:
            if value == "zero_uuid":
                zero = verdict
            elif value == "absent":
                absent = absent or verdict == "protective"
            elif value.startswith("re:"):
                patterns.append((_pattern(value[3:]), verdict))
            else:
                literals.setdefault(value.lower(), verdict)
    return Reader(literals, tuple(patterns), zero, absent, definition.decode, definition.topic)


def _pattern(source: str) -> _Pattern:
    regex = re.compile(source)
    return _Pattern(regex, not any(regex.fullmatch(canary) for canary in _CANARIES))

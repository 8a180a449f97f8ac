"""Reads one value of a privacy signal for a minor."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from analyzer.extract.consent import decode_gcd, decode_tcf, decode_us_privacy
from analyzer.extract.gpp import Gpp, decode_gpp
from analyzer.extract.shapes import is_blank, shape
from analyzer.knowledge import SignalDef
from analyzer.models import SignalVerdict

# A pattern that accepts one of these does not bound what is printed: the shape is, instead.
_CANARIES: Final = ("q7kz-3f9x", "38400000-8cf0-11bd-b23e-10b96e40000d", "ada@example.org", "7461")
_ZERO: Final = "+-0."
_DENIED: Final = frozenset("pqmu")  # letters of gcd; l is unset
_GRANTED: Final = frozenset("trnv")
_ADULT_AT_NATIONAL: Final = 18  # its third field for children ends at 17
_ADULT: Final = 16

Read = tuple[str, SignalVerdict]  # what may be shown of a value, and the verdict


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
    child: bool  # the signal is the child field of a GPP string

    def read(self, value: str, age: int | None) -> Read:
        """Return what may be shown of `value`, and its verdict for a person of `age`."""
        text = value.strip()
        if self.zero is not None and text and is_blank(text):
            return shape(text), self.zero
        found = self._by_value(text)
        if found is not None:
            return found
        if self.decode:
            decoded = _DECODERS[self.decode](text, self, age)
            if decoded is not None:
                return self._by_value(decoded[0]) or decoded
        elif self.absent and not is_blank(text) and text.strip(_ZERO):
            return shape(text), "non_protective"
        return shape(text), "no_signal"

    def _by_value(self, text: str) -> Read | None:
        verdict = self.literals.get(text.lower())
        if verdict is not None:
            return text.lower(), verdict
        for pattern, told in self.patterns:
            if pattern.regex.fullmatch(text):
                return (text if pattern.is_closed else shape(text)), told
        return None


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
    return Reader(
        literals, tuple(patterns), zero, absent, definition.decode, "child" in definition.id.lower()
    )


def _pattern(source: str) -> _Pattern:
    regex = re.compile(source)
    return _Pattern(regex, not any(regex.fullmatch(canary) for canary in _CANARIES))


def _tcf(text: str, _reader: Reader, _age: int | None) -> Read | None:
    found = decode_tcf(text)
    if found is None:
        return None
    return _purposes(found.profiling)


def _purposes(profiling: bool) -> Read:
    if profiling:
        return "profiling=1", "non_protective"
    return "profiling=0", "protective"


def _us_privacy(text: str, _reader: Reader, _age: int | None) -> Read | None:
    found = decode_us_privacy(text)
    if found is None:
        return None
    verdicts: dict[str, SignalVerdict] = {"Y": "protective", "N": "non_protective"}
    return str(found), verdicts.get(found.opt_out_sale, "no_signal")


def _gcd(text: str, _reader: Reader, _age: int | None) -> Read | None:
    found = decode_gcd(text)
    if found is None:
        return None
    letters = {found.ad_storage, found.ad_user_data, found.ad_personalization}
    verdict: SignalVerdict = "no_signal"
    if letters & _GRANTED:
        verdict = "non_protective"
    elif letters and letters <= _DENIED:
        verdict = "protective"
    known = _DENIED | _GRANTED | {"l"}
    shown = "".join(letter if letter in known else "?" for letter in str(found))
    return shown, verdict


def _gpp(text: str, of: Reader, age: int | None) -> Read | None:
    found = decode_gpp(text)
    if found is None:
        return None
    return _children(found, age) if of.child else _opt_outs(found)


def _children(found: Gpp, age: int | None) -> Read | None:
    """Read the consents for known children; 0 claims that no child is known of."""
    values = [value for section in found.us for value in section.children]
    if not values:
        return None
    if 2 in values:
        return "2", "non_protective"
    if 1 in values:
        return "1", "protective"
    until = _ADULT_AT_NATIONAL if any(len(each.children) > 2 for each in found.us) else _ADULT
    return "0", "contradictory" if age is not None and age < until else "no_signal"


def _opt_outs(found: Gpp) -> Read:
    """Read the opt-outs of the US sections and the purposes of the TCF ones: all must protect."""
    verdicts: list[SignalVerdict] = []
    for section in found.us:
        told = [value for value in section.opt_outs if value]
        if told:
            verdicts.append("non_protective" if 2 in told else "protective")
    if found.us_privacy and found.us_privacy.opt_out_sale in "YN":
        verdicts.append("protective" if found.us_privacy.opt_out_sale == "Y" else "non_protective")
    verdicts += [
        _purposes(each.profiling)[1] for each in (found.tcf, found.canada) if each is not None
    ]
    if not verdicts:
        return "not_applicable", "no_signal"
    if "non_protective" in verdicts:
        return "not_opted_out", "non_protective"
    return "opted_out", "protective"


_DECODERS: Final[Mapping[str, Callable[[str, Reader, int | None], Read | None]]] = {
    "tcf": _tcf,
    "us_privacy": _us_privacy,
    "gcd": _gcd,
    "gpp": _gpp,
}

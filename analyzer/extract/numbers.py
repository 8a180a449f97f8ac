"""Finds planted values by what a number means, not by how it is written.

A phone number may be spaced in any way, a coordinate may have gone through a float of 32 bits or
have been scaled to an integer, and a birth date may be the moment at which that day began
anywhere on Earth. To list the ways would take thousands of needles; here each number in the text is
read and looked up, whatever the count of planted values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from analyzer.extract.needles import STRONG_DECIMALS, Needle, axes_of, decimals
from analyzer.extract.writings import birth_day, midnights, phone_digits
from analyzer.models import Leaf

_PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z.+(])[+(]{0,2}[0-9](?:[ ().\-/]{0,3}[0-9]){6,19}(?![0-9A-Za-z])"
)
_DECIMAL: Final = re.compile(
    r"(?<![0-9A-Za-z.\-])-?[0-9]{1,3}\.[0-9]{5,20}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z.,\-])-?[0-9]{1,3},[0-9]{5,20}(?![0-9A-Za-z.,])"
    r"|(?<![0-9A-Za-z.\-])-?[0-9]{5,10}(?![0-9A-Za-z.])"
)
_MOMENT: Final = re.compile(r"(?<![0-9A-Za-z.\-])(-?[0-9]{8,13})(?:\.0{1,6})?(?![0-9A-Za-z.])")
_CANDIDATE: Final = re.compile(r"[0-9][0-9 ().,\-/]{4}")
_NOT_DIGITS: Final = re.compile(r"[^0-9]+")
_MOST_REMEMBERED: Final = 20_000
_LONGEST_REMEMBERED: Final = 256
_BUCKETS: Final = 10_000  # of a degree
_NEAR: Final = 5e-6  # degrees: half a metre
_NEAR_FAR_EAST: Final = 8e-6  # from 128 degrees on a float of 32 bits is no more exact
_SCALES: Final = ((5, 1e-5), (6, _NEAR), (7, _NEAR))  # power of ten, and how near
_Found = tuple[int, int, int]  # which needle, start, end
_Degrees = tuple[float, int, int]  # degrees, which needle for decimals, which one for integers


class Numbers:
    """The planted values that are numbers. `needles` says what each find is; `first` counts on."""

    def __init__(self, values: tuple[tuple[str, str], ...], first: int) -> None:
        self.needles: list[Needle] = []
        self._first = first
        self._phones: dict[str, int] = {}
        self._moments: dict[str, int] = {}
        self._degrees: dict[int, list[_Degrees]] = {}
        self._nothing: set[str] = set()
        self._days: dict[str, list[tuple[int, int, int]]] = {}  # by year: value, month, day
        for at, axes in axes_of(values).items():
            for axis, degrees in axes:
                if decimals(degrees) >= STRONG_DECIMALS:
                    self._add_degrees(at, axis, degrees)
        for at, (data_type, text) in enumerate(values):
            if data_type == "person.phone":
                self._add_phone(at, text)
            elif data_type == "demo.birthdate":
                self._add_day(at, text.strip())

    def find(self, leaves: Sequence[Leaf]) -> Iterator[tuple[int, int, int, int]]:
        """Yield (needle, position of the leaf, start, end) of the numbers that are planted ones.

        Start and end count characters. Values without any are remembered, because they come again.
        """
        if not (self._phones or self._degrees or self._moments):
            return
        for at, leaf in enumerate(leaves):
            text = leaf[3]
            if text in self._nothing:
                continue
            found = list(self._find(text)) if _CANDIDATE.search(text) else []
            for which, start, end in found:
                yield which, at, start, end
            if not found and len(text) <= _LONGEST_REMEMBERED:
                if len(self._nothing) >= _MOST_REMEMBERED:
                    self._nothing.clear()
                self._nothing.add(text)

    def _find(self, text: str) -> Iterator[_Found]:
        if self._phones:
            yield from self._find_phones(text)
        if self._degrees:
            yield from self._find_degrees(text)
        if self._moments:
            for found in _MOMENT.finditer(text):
                which = self._moments.get(found[1])
                if which is not None:
                    yield which, found.start(), found.end()

    def split_days(self, leaves: Sequence[Leaf]) -> Iterator[tuple[int, Leaf]]:
        """Yield the value and the leaf of its year where a birth date is sent as three leaves.

        The leaves are siblings whose names differ in year, month and day only, or in y, m and d.
        """
        if not self._days:
            return
        for leaf in leaves:
            if leaf[3] in self._days:
                siblings = _siblings(leaf, leaves)
                for value, month, day in self._days[leaf[3]]:
                    if siblings == (month, day):
                        yield value, leaf

    def _find_phones(self, text: str) -> Iterator[_Found]:
        for found in _PHONE.finditer(text):
            digits = _NOT_DIGITS.sub("", found[0].replace("(0)", ""))
            which = self._phones.get(digits)
            if which is not None:
                yield which, found.start(), found.end()

    def _find_degrees(self, text: str) -> Iterator[_Found]:
        for found in _DECIMAL.finditer(text):
            written = found[0].replace(",", ".")
            if "." in written:
                near = _NEAR if abs(float(written)) < 128 else _NEAR_FAR_EAST
                for which, _ in self._near(float(written), near):
                    yield which, found.start(), found.end()
                continue
            for power, near in _SCALES:
                for _, which in self._near(int(written) / 10**power, near):
                    yield which, found.start(), found.end()

    def _near(self, degrees: float, near: float) -> Iterator[tuple[int, int]]:
        for planted, decimal, whole in self._degrees.get(round(degrees * _BUCKETS), ()):
            if abs(planted - degrees) <= near:
                yield decimal, whole

    def _add(self, needle: Needle) -> int:
        self.needles.append(needle)
        return self._first + len(self.needles) - 1

    def _add_phone(self, at: int, text: str) -> None:
        which = self._add(Needle(b"", b"", at, "format", edge="none"))
        for digits in phone_digits(text):
            self._phones.setdefault(digits, which)

    def _add_day(self, at: int, text: str) -> None:
        day = birth_day(text)
        if day is None:
            return
        which = self._add(Needle(b"", b"", at, "format", edge="whole"))
        for second in midnights(text):
            self._moments.setdefault(str(second), which)
            self._moments.setdefault(str(second * 1000), which)
        self._days.setdefault(str(day.year), []).append((at, day.month, day.day))

    def _add_degrees(self, at: int, axis: int, degrees: Decimal) -> None:
        decimal = self._add(Needle(b"", b"", at, "format", edge="none", axis=axis))
        whole = self._add(Needle(b"", b"", at, "format", edge="none", axis=axis, coarse=True))
        middle = round(float(degrees) * _BUCKETS)
        for bucket in (middle - 1, middle, middle + 1):
            self._degrees.setdefault(bucket, []).append((float(degrees), decimal, whole))


def _siblings(year: Leaf, leaves: Sequence[Leaf]) -> tuple[int, int] | None:
    """Return month and day beside the leaf of a year."""
    above, dot, name = year.path.rpartition(".")
    lower = name.lower()
    old, new = ("year", ("month", "day")) if "year" in lower else ("y", ("m", "d"))
    if lower.count(old) != 1:
        return None
    beside: Mapping[str, str] = {
        leaf.path[len(above + dot) :].lower(): leaf.value
        for leaf in leaves
        if leaf.part == year.part and leaf.path.startswith(above + dot)
    }
    month, day = (beside.get(lower.replace(old, each), "") for each in new)
    short = len(month) <= 2 and len(day) <= 2
    numbers = short and month.isascii() and day.isascii() and month.isdigit() and day.isdigit()
    return (int(month), int(day)) if numbers else None

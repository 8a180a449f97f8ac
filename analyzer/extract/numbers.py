"""Finds planted values by what a number means, not by how it is written.

A phone number may be spaced in any way, a coordinate may have gone through a float of 32 bits,
have been scaled to an integer, or be written in degrees, minutes and seconds. To list the ways
would take thousands of needles; here each number in the text is read and looked up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from analyzer.extract import field_names
from analyzer.extract.coordinates import STRONG_DECIMALS, decimals, halves_of
from analyzer.extract.needles import Needle, kind_of
from analyzer.extract.writings import birth_day, phone_digits, split_phone
from analyzer.models import Leaf

_PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z.+(])(?<![0-9A-Za-z][_\-])[+(]{0,2}[0-9](?:[ ().\-/]{0,3}[0-9]){6,19}"
    r"(?![0-9A-Za-z]|[_\-]+[0-9A-Za-z])"
)
_DECIMAL: Final = re.compile(
    r"(?<![0-9A-Za-z.\-])-?[0-9]{1,3}\.[0-9]{5,20}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z.,\-])-?[0-9]{1,3},[0-9]{5,20}(?![0-9A-Za-z.,])"
    r"|(?<![0-9A-Za-z.\-])-?[0-9]{5,10}(?![0-9A-Za-z.])"
)
# 1°17'00.3"S, S 1° 17.0047'
_DEGREES: Final = re.compile(
    r"(?<![0-9A-Za-z.])([NSEWnsew]?)\s?(-?[0-9]{1,3})\s?\u00b0\s?([0-9]{1,2}(?:[.,][0-9]{1,9})?)"
    r"\s?['\u2032](?:\s?([0-9]{1,2}(?:[.,][0-9]{1,9})?)\s?(?:[\"\u2033]|''))?\s?([NSEWnsew]?)"
)
_CANDIDATE: Final = re.compile(r"[0-9][0-9 ().,\-/+]{4}|\u00b0")
_PLUS_BETWEEN: Final = re.compile(r"(?<=[0-9])\+(?=[0-9])")  # a space, as a form writes it
_NOT_DIGITS: Final = re.compile(r"[^0-9]+")
_MOST_REMEMBERED: Final = 20_000
_LONGEST_REMEMBERED: Final = 256
_BUCKETS: Final = 10_000  # of a degree
_NEAR: Final = 5e-6  # degrees: half a metre
_NEAR_FAR_EAST: Final = 8e-6  # from 128 degrees on a float of 32 bits is no more exact
_NEAR_SECOND: Final = 1.5e-4  # half a second of arc, or a bit: 15 metres
_SCALES: Final = ((5, 1e-5), (6, _NEAR), (7, _NEAR))  # power of ten, and how near
_LEAST_SCALED: Final = 0.1  # degrees; less than that makes integers of a few digits
_GAP: Final = rb"[ ().\-/+]{0,3}"
_DAY_NAMES: Final = (("year", "month", "day"), ("yyyy", "mm", "dd"), ("y", "m", "d"))
_Found = tuple[int, int, int]  # which needle, start, end
_Degrees = tuple[float, int, int]  # degrees, which needle where it is exact, which where it is not


class Numbers:
    """The planted values that are numbers. `needles` says what each find is; `first` counts on.

    `patterns` are regular expressions over lower-case bytes: a text in which none of them is found
    holds none of the numbers.
    """

    def __init__(self, values: tuple[tuple[str, str], ...], first: int) -> None:
        self.needles: list[Needle] = []
        self.years: dict[str, list[tuple[int, int, int]]] = {}  # value, month, day
        self._first = first
        self._phones: dict[str, int] = {}
        self._degrees: dict[int, list[_Degrees]] = {}
        self._nothing: set[str] = set()
        patterns: dict[bytes, None] = {}
        for at, halves in halves_of(values).items():
            for half in halves:
                if decimals(half.degrees) >= STRONG_DECIMALS:
                    degrees = float(half.degrees)
                    self._add_degrees(at, half.group, half.side, degrees)
                    patterns.update(dict.fromkeys(_degree_patterns(degrees)))
        for at, (data_type, text) in enumerate(values):
            kind = kind_of(data_type, text.strip())
            if kind == "phone":
                self._add_phone(at, text)
                national = split_phone(text)[1].encode()
                patterns[_GAP.join(national[at : at + 1] for at in range(len(national)))] = None
            elif kind == "date" and (day := birth_day(text.strip())):
                self.years.setdefault(str(day.year), []).append((at, day.month, day.day))
        if self._degrees:
            patterns["\u00b0".encode()] = None
        self.patterns = tuple(pattern for pattern in patterns if pattern)

    def __bool__(self) -> bool:
        return bool(self._phones or self._degrees)

    def find(self, text: str) -> list[_Found]:
        """Return (needle, start, end) of the numbers in `text` that are planted ones.

        Start and end count characters. Texts without any are remembered, because they come again.
        """
        if text in self._nothing:
            return []
        found = list(self._find(text)) if _CANDIDATE.search(text) else []
        if not found and len(text) <= _LONGEST_REMEMBERED:
            if len(self._nothing) >= _MOST_REMEMBERED:
                self._nothing.clear()
            self._nothing.add(text)
        return found

    def split_days(self, leaves: Sequence[Leaf]) -> Iterator[tuple[int, Leaf]]:
        """Yield the value and the leaf of its year where a birth date is sent as three leaves.

        The leaves are siblings whose names differ in year, month and day only, or in y, m and d.
        """
        for leaf in leaves:
            if leaf[3] in self.years and field_names.fits(leaf.path, field_names.BIRTH):
                siblings = _siblings(leaf, leaves)
                for value, month, day in self.years[leaf[3]]:
                    if siblings == (month, day):
                        yield value, leaf

    def _find(self, text: str) -> Iterator[_Found]:
        if self._phones:
            yield from self._find_phones(text)
            spaced = _PLUS_BETWEEN.sub(" ", text) if "+" in text else text
            if spaced != text:
                yield from self._find_phones(spaced)
        if self._degrees:
            yield from self._find_degrees(text)
            if "\u00b0" in text:
                yield from self._find_minutes(text)

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
                for exact, _ in self._near(float(written), near):
                    yield exact, found.start(), found.end()
                continue
            for power, near in _SCALES:
                for _, vague in self._near(int(written) / 10**power, near, _LEAST_SCALED):
                    yield vague, found.start(), found.end()

    def _find_minutes(self, text: str) -> Iterator[_Found]:
        for found in _DEGREES.finditer(text):
            before, whole, minutes, seconds, after = found.groups()
            hemisphere = (before or after).upper()
            minute = (
                float(minutes.replace(",", ".")) + float((seconds or "0").replace(",", ".")) / 60
            )
            degrees = abs(int(whole)) + minute / 60
            if hemisphere in ("S", "W") or whole.startswith("-"):
                degrees = -degrees
            for _, vague in self._near(degrees, _NEAR_SECOND):
                yield vague, found.start(), found.end()

    def _near(self, degrees: float, near: float, least: float = 0.0) -> Iterator[tuple[int, int]]:
        for planted, exact, vague in self._degrees.get(round(degrees * _BUCKETS), ()):
            if abs(planted - degrees) <= near and abs(planted) >= least:
                yield exact, vague

    def _add(self, needle: Needle) -> int:
        self.needles.append(needle)
        return self._first + len(self.needles) - 1

    def _add_phone(self, at: int, text: str) -> None:
        which = self._add(Needle(b"", b"", at, "format", edge="none"))
        # Without code and zero, it may be any number.
        bare = self._add(Needle(b"", b"", at, "format", edge="alone", keys=field_names.PHONE))
        national = split_phone(text)[1]
        for digits in phone_digits(text):
            self._phones.setdefault(digits, bare if digits == national else which)

    def _add_degrees(self, at: int, group: int, side: int, degrees: float) -> None:
        exact = Needle(b"", b"", at, "format", edge="none", group=group, side=side)
        vague = Needle(b"", b"", at, "format", edge="none", group=group, side=side, needs=True)
        found = (degrees, self._add(exact), self._add(vague))
        middle = round(degrees * _BUCKETS)
        for bucket in range(middle - 2, middle + 3):
            self._degrees.setdefault(bucket, []).append(found)


def _degree_patterns(degrees: float) -> Iterator[bytes]:
    """Yield patterns of every decimal and every integer that is near enough to `degrees`."""
    size = abs(degrees)
    for edge in (size - 2e-5, size + 2e-5):
        digits = max(0, math.floor(edge * _BUCKETS))
        yield b"%d[.,]%04d" % divmod(digits, _BUCKETS)
        if size >= _LEAST_SCALED:
            yield b"%d[0-9]" % digits


def _siblings(year: Leaf, leaves: Sequence[Leaf]) -> tuple[int, int] | None:
    """Return month and day beside the leaf of a year."""
    above, dot, name = year.path.rpartition(".")
    lower = name.lower()
    known = (each for each in _DAY_NAMES if lower.count(each[0]) == 1)
    old, *new = next(known, ("",))
    if not new:
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

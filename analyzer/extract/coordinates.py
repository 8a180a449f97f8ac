"""How a place is written: decimals of any precision, integers, geohashes, with a hemisphere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

LEAST_DECIMALS: Final = 3  # about a hundred metres; with fewer it could be anybody in the city
STRONG_DECIMALS: Final = 5  # about a metre; with fewer, a number means nothing without the other
_BASE32: Final = "0123456789bcdefghjkmnpqrstuvwxyz"  # the alphabet of geohash.org
_GEOHASH_SIZES: Final = range(12, 6, -1)  # seven letters are a cell of 150 metres
_SHORTEST: Final = 5


@dataclass(frozen=True, slots=True)
class Half:
    """A latitude (`side` 0) or a longitude (1). The two halves of one place share their `group`."""

    group: int
    side: int
    degrees: Decimal


class Written(NamedTuple):
    """One way of writing a half, or (`side` None) a whole place.

    `coarse`: it counts only beside the other half. `goes_on`: more digits may follow, as in
    1.2833300828933716, which is 1.28333 after a float of 32 bits.
    """

    text: str
    how: str
    side: int | None
    coarse: bool = False
    goes_on: bool = False


def halves_of(values: tuple[tuple[str, str], ...]) -> dict[int, tuple[Half, ...]]:
    """Return the halves of each value (by its position) that is a place, or one half of a place.

    A latitude and a longitude may be one value, ``"1.28333,36.81667"``, or two of the same type in
    a row.
    """
    found: dict[int, tuple[Half, ...]] = {}
    alone: list[int] = []
    for at, (data_type, text) in enumerate(values):
        if not data_type.startswith("loc."):
            continue
        try:
            numbers = [Decimal(part.strip()) for part in re.split(r"[,;|]", text)]
        except InvalidOperation:
            continue
        if not all(number.is_finite() and abs(number) <= 180 for number in numbers):
            continue
        if len(numbers) >= 2:
            found[at] = (Half(at, 0, numbers[0]), Half(at, 1, numbers[1]))
        elif data_type == "loc.precise":
            alone.append(at)
            second = (len(alone) - 1) % 2
            found[at] = (Half(alone[-1 - second], second, numbers[0]),)
    return found


def written(halves: tuple[Half, ...]) -> Iterator[Written]:
    """Yield the ways of writing the halves of one value."""
    for half in halves:
        yield from _decimals(half)
        yield from _integers(half)
        yield from _hemispheres(half)
    if len(halves) == 2:
        given = min(decimals(half.degrees) for half in halves)
        if given >= STRONG_DECIMALS - 1:
            text = geohash(float(halves[0].degrees), float(halves[1].degrees), _GEOHASH_SIZES[0])
            for size in _GEOHASH_SIZES:
                yield Written(text[:size], "rounded" if size < 9 else "format", None)


def _decimals(half: Half) -> Iterator[Written]:
    given = decimals(half.degrees)
    for places in range(given, LEAST_DECIMALS - 1, -1):
        how = "raw" if places == given else "rounded"
        coarse = places < STRONG_DECIMALS
        step = Decimal(1).scaleb(-places)
        for rounding in ("ROUND_HALF_EVEN", "ROUND_DOWN", "ROUND_FLOOR"):
            text = f"{half.degrees.quantize(step, rounding=rounding):f}"
            for form in dict.fromkeys((text, text.rstrip("0"))):
                if len(form) >= _SHORTEST and decimals(Decimal(form)) >= LEAST_DECIMALS:
                    yield Written(form, how, half.side, coarse, how == "raw" and not coarse)


def _integers(half: Half) -> Iterator[Written]:
    if decimals(half.degrees) < STRONG_DECIMALS - 1:
        return
    for power in (6, 7):
        whole = str(int((half.degrees * 10**power).to_integral_value("ROUND_HALF_EVEN")))
        if len(whole.lstrip("-")) >= 7:
            yield Written(whole, "format", half.side)


def _hemispheres(half: Half) -> Iterator[Written]:
    if decimals(half.degrees) < STRONG_DECIMALS:
        return
    letter = ("NS", "EW")[half.side][half.degrees < 0]
    number = f"{abs(half.degrees):f}"
    for joint in ("", " ", "\N{DEGREE SIGN}", "\N{DEGREE SIGN} "):
        yield Written(f"{number}{joint}{letter}", "format", half.side)
    yield Written(f"{letter}{number}", "format", half.side)


def decimals(number: Decimal) -> int:
    """Return how many digits `number` has after its point."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def geohash(latitude: float, longitude: float, size: int) -> str:
    """Return the geohash of a place, `size` letters long.

    https://en.wikipedia.org/wiki/Geohash: bits of longitude and latitude in turn, five to a letter.

    >>> geohash(57.64911, 10.40744, 11)
    'u4pruydqqvj'
    """
    bounds = [[-180.0, 180.0], [-90.0, 90.0]]
    number = 0
    for bit in range(size * 5):
        side = bit % 2
        low, high = bounds[side]
        middle = (low + high) / 2
        above = (longitude, latitude)[side] >= middle
        number = number * 2 + above
        bounds[side] = [middle, high] if above else [low, middle]
    return "".join(_BASE32[number >> 5 * place & 31] for place in range(size - 1, -1, -1))

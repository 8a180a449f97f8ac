"""Lists and numbers inside sentences."""

from __future__ import annotations

from collections.abc import Sequence

from analyzer.said import Numeral, Said, say

_LISTED = 3


def listed(values: Sequence[str], most: int = _LISTED) -> Said | tuple[str, ...]:
    """Return the first `most` of `values`, and how many more there are, as a parameter of `say`.

    >>> say("There are {all}.", all=listed(["a", "", "c", "d", "e"]))
    'There are a, not recorded, c and 2 more.'
    """
    told = tuple(value or say("not recorded") for value in values[:most])
    if len(values) > most:
        return say("{listed} and {number} more", listed=told, number=len(values) - most)
    return told


def points(share: float) -> Numeral:
    """Return a difference of shares in percentage points with its sign, as a parameter of `say`.

    >>> str(points(0.391)), str(points(-1)), str(points(-0.001))
    ('+39', '-100', '0')
    """
    rounded = round(100 * share)
    return Numeral(rounded, "+.0f" if rounded else ".0f")

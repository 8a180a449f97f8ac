"""A reader of the bit strings that consent strings are made of.

Everything that is read has a bound: the length of the text, and how many ids its ranges may name.
"""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIX: Final = {char: f"{value:06b}" for value, char in enumerate(_ALPHABET)} | {
    "+": f"{62:06b}",
    "/": f"{63:06b}",
}
LONGEST: Final = 16 * 1024  # characters; a string of all 8,000 vendors has 2,700
_MOST_IDS: Final = 1 << 18  # that ranges may name in one segment; there are 16 bits of vendors
_MOST_PADDING: Final = 4  # "=" at the end: some encoders fill up each segment
_LARGEST: Final = 1 << 20  # number in Fibonacci coding


class NotConsentError(ValueError):
    """The text is not what its place says it is. Says why in fixed words, without the text."""


class Bits:
    """The bits of base64url (or base64) text, read from the left."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise NotConsentError("too long")
        bare = text.rstrip("=")
        if len(text) - len(bare) > _MOST_PADDING:
            raise NotConsentError("not base64url")
        try:
            self._bits = "".join([_SIX[char] for char in bare])
        except KeyError:
            raise NotConsentError("not base64url") from None
        self._at = 0
        self._ids = _MOST_IDS

    @property
    def left(self) -> int:
        """Bits that have not been read."""
        return len(self._bits) - self._at

    def is_set_from(self, start: int) -> bool:
        """Tell whether any bit from position `start` on is set, read or not."""
        return "1" in self._bits[start:]

    def number(self, width: int) -> int:
        """Read an unsigned number of `width` bits."""
        return int(self._take(width), 2) if width else 0

    def peek(self, width: int) -> int:
        """Return the number in the next `width` bits without reading on."""
        found = self.number(width)
        self._at -= width
        return found

    def flag(self) -> bool:
        """Read one bit."""
        return self._take(1) == "1"

    def letters(self, count: int) -> str:
        """Read letters of six bits each, A = 0."""
        codes = [self.number(6) for _ in range(count)]
        if max(codes) > 25:
            raise NotConsentError("impossible letters")
        return "".join(chr(ord("A") + code) for code in codes)

    def positions(self, width: int) -> frozenset[int]:
        """Read `width` bits; return the positions, from 1, of those that are set."""
        return frozenset(at for at, bit in enumerate(self._take(width), 1) if bit == "1")

    def pairs(self, count: int) -> tuple[int, ...]:
        """Read `count` numbers of two bits each; 3 is none of them."""
        found = tuple(self.number(2) for _ in range(count))
        if 3 in found:
            raise NotConsentError("a choice that is not defined")
        return found

    def ranges(self) -> frozenset[int]:
        """Read a list of numbers and ranges of 16 bits."""
        found: set[int] = set()
        for _ in range(self.number(12)):
            is_range = self.flag()
            first = self.number(16)
            last = self.number(16) if is_range else first
            self._count(first, last)
            found.update(range(first, last + 1))
        return frozenset(found)

    def vendors(self) -> frozenset[int]:
        """Read a vendor list: its highest id, then either a bit for each id or ranges."""
        most = self.number(16)
        return self._up_to(most, self.ranges()) if self.flag() else self.positions(most)

    def vendors_v1(self) -> frozenset[int]:
        """Read a vendor list of version 1, where ranges may name those that do not agree."""
        most = self.number(16)
        if not self.flag():
            return self.positions(most)
        by_default = self.flag()
        listed = self._up_to(most, self.ranges())
        return frozenset(range(1, most + 1)) - listed if by_default else listed

    def fibonacci_ranges(self) -> tuple[int, ...]:
        """Read numbers and ranges as differences in Fibonacci coding, in the order they come."""
        found: list[int] = []
        last = 0
        for _ in range(self.number(12)):
            is_range = self.flag()
            first = last + self.fibonacci()
            last = first + self.fibonacci() if is_range else first
            self._count(first, last)
            found.extend(range(first, last + 1))
        return tuple(found)

    def fibonacci(self) -> int:
        """Read a number in Fibonacci coding, which ends in two set bits."""
        total, this, after, previous = 0, 1, 2, False
        while this <= _LARGEST:
            bit = self.flag()
            if bit and previous:
                return total
            if bit:
                total += this
            previous, this, after = bit, after, this + after
        raise NotConsentError("impossible range")

    def end(self) -> None:
        """Refuse text after the last field, but for the zeros that fill it up."""
        if "1" in self._bits[self._at :]:
            raise NotConsentError("more than its fields")

    def _take(self, width: int) -> str:
        taken = self._bits[self._at : self._at + width]
        if len(taken) < width:
            raise NotConsentError("ends too soon")
        self._at += width
        return taken

    def _count(self, first: int, last: int) -> None:
        self._ids -= last - first + 1
        if not 1 <= first <= last or self._ids < 0:
            raise NotConsentError("impossible range")

    def _up_to(self, most: int, ids: frozenset[int]) -> frozenset[int]:
        if ids and max(ids) > most:
            raise NotConsentError("impossible range")
        return ids

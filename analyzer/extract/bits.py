"""A reader of the bit strings that consent strings are made of."""

from __future__ import annotations

from typing import Final

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SIX: Final = {char: f"{value:06b}" for value, char in enumerate(_ALPHABET)} | {
    "+": f"{62:06b}",
    "/": f"{63:06b}",
}
LONGEST: Final = 16 * 1024  # characters; a string of all 8,000 vendors has 2,700


class NotConsentError(ValueError):
    """The text is not what its place says it is. Carries no part of the text."""


class Bits:
    """The bits of base64url text, read from the left; past the end there are zeros.

    Encoders leave out trailing zeros, so that a short string is complete; only a string that ends
    before `need` bits is refused.
    """

    def __init__(self, text: str, need: int = 6) -> None:
        if len(text) > LONGEST:
            raise NotConsentError("too long")
        try:
            self._bits = "".join([_SIX[char] for char in text.rstrip("=")])
        except KeyError:
            raise NotConsentError("not base64url") from None
        if len(self._bits) < need:
            raise NotConsentError("too short")
        self._at = 0

    @property
    def left(self) -> int:
        """Bits that have not been read."""
        return max(0, len(self._bits) - self._at)

    def rest_is_set(self, start: int) -> bool:
        """Tell whether any bit from position `start` on is set, read or not."""
        return "1" in self._bits[start:]

    def number(self, width: int) -> int:
        """Read an unsigned number of `width` bits."""
        taken = self._bits[self._at : self._at + width]
        self._at += width
        return int(taken.ljust(width, "0"), 2)

    def flag(self) -> bool:
        """Read one bit."""
        return self.number(1) == 1

    def letters(self, count: int) -> str:
        """Read letters of six bits each, A = 0."""
        codes = [self.number(6) for _ in range(count)]
        if max(codes) > 25:
            raise NotConsentError("not letters")
        return "".join(chr(ord("A") + code) for code in codes)

    def positions(self, width: int) -> frozenset[int]:
        """Read `width` bits; return the positions, from 1, of those that are set."""
        taken = self._bits[self._at : self._at + width]
        self._at += width
        return frozenset(at for at, bit in enumerate(taken, 1) if bit == "1")

    def pairs(self, count: int) -> tuple[int, ...]:
        """Read `count` numbers of two bits each."""
        return tuple(self.number(2) for _ in range(count))

    def ranges(self, most: int) -> frozenset[int]:
        """Read a list of numbers and ranges of 16 bits; ids above `most` are left out."""
        found: set[int] = set()
        for _ in range(self.number(12)):
            if self.left <= 0:
                break
            is_range = self.flag()
            first = self.number(16)
            last = self.number(16) if is_range else first
            found.update(range(max(1, first), min(last, most) + 1))
        return frozenset(found)

    def vendors(self) -> frozenset[int]:
        """Read a vendor list: its highest id, then either a bit for each id or ranges."""
        most = self.number(16)
        return self.ranges(most) if self.flag() else self.positions(most)

    def fibonacci(self) -> int:
        """Read a number in Fibonacci coding, which ends in two set bits."""
        total, this, after, previous = 0, 1, 2, False
        while self.left:
            bit = self.flag()
            if bit and previous:
                return total
            if bit:
                total += this
            previous, this, after = bit, after, this + after
            if this > 1 << 20:
                break
        raise NotConsentError("no end of a number")

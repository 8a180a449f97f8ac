"""What a coder means by what stands in the column `category`: a key, a number or a label."""

from __future__ import annotations

import difflib
import unicodedata
from typing import Final

from analyzer.errors import UserError
from analyzer.feed.codebook import Codebook

_QUOTED: Final = 40  # characters of a cell that a complaint quotes
_LONGEST: Final = 200  # characters of a cell that may be close to a label


class Meanings:
    """The writings of each category: its key, its number in the codebook, its labels."""

    def __init__(self, codebook: Codebook) -> None:
        self._keys = codebook.keys
        self._meant: dict[str, list[str]] = {}
        for number, each in enumerate(codebook.categories, 1):
            names = {_plain(name) for name in (each.key, *each.label.values())}
            for name in sorted({*names, str(number)}):
                self._meant.setdefault(name, []).append(each.key)

    def category(self, cell: str, where: str) -> str:
        """Return the key of the category that `cell` means; "" where it is blank.

        `UserError`, beginning with `where`, if it means none, or several. A key means itself.
        """
        told = " ".join(cell.split())
        if not told or told in self._keys:
            return told
        plain = _plain(told)
        found = self._meant.get(plain) or self._meant.get(_number(plain), [])
        if len(found) == 1:
            return found[0]
        said = repr(told[:_QUOTED])
        if found:
            raise UserError(
                f"{where} has {said}, which is the name of several categories",
                f"use one of {', '.join(found)}",
            )
        names = [name for name in self._meant if not name.isdigit()]
        near = difflib.get_close_matches(plain[:_LONGEST], names, n=1)
        guess = f"did you mean {self._meant[near[0]][0]}? " if near else ""
        raise UserError(
            f"{where} has no category of the codebook: {said}",
            f"{guess}use one of {', '.join(self._keys)}",
        )


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _number(plain: str) -> str:
    """Return "7" for the ways in which spreadsheets and people write it: 7.0, 7. and 7)."""
    return plain.removesuffix(".0").rstrip(".)")

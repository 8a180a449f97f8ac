"""Takes entries out of a parsed study.toml, and names the entry in every complaint."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from analyzer.errors import UserError

LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # of an arm, of an account
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}")
_SHOWN: Final = 80  # characters of an entry that a complaint quotes


class Entries:
    """The entries of the file `path`. `where` is always the full name of one: "arms.KE-13.age".

    Each method returns the value that it is given, or raises the `UserError` that says what is
    wrong with it and what to write instead.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def table(self, name: str, raw: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
        """Return the table `name` of `raw`; an empty one where it lacks and is not `required`."""
        if name not in raw:
            if required:
                raise self.wrong(name, "is missing", f"add a table [{name}]")
            return {}
        return self.as_table(name, raw[name])

    def as_table(self, where: str, value: object) -> dict[str, Any]:
        """Take a table."""
        if not isinstance(value, dict):
            raise self.wrong(where, "is not a table", f"write it as [{where}]")
        return value

    def texts(self, where: str, value: object) -> tuple[str, ...]:
        """Take a list of texts that is not empty."""
        if not isinstance(value, list) or not value:
            raise self.wrong(where, "is missing or empty", 'use a list, as in ["one", "two"]')
        return tuple(self.text(where, item) for item in value)

    def some_of(self, where: str, value: object, known: Sequence[str]) -> tuple[str, ...]:
        """Take a list of some of `known`, each once."""
        found = self.texts(where, value)
        for each in found:
            if each not in known:
                raise self.wrong(where, f"holds {shown(each)}", f"use some of {', '.join(known)}")
        if len(set(found)) < len(found):
            raise self.wrong(where, "names one twice", "name each once")
        return found

    def one_of(self, where: str, value: object, known: Collection[str]) -> str:
        """Take one of `known`."""
        if not isinstance(value, str) or value not in known:
            raise self.wrong(where, is_told(value), f"use one of {', '.join(known)}")
        return value

    def text(self, where: str, value: object, *, empty: bool = False) -> str:
        """Take a text."""
        if not isinstance(value, str) or (not value.strip() and not empty):
            raise self.wrong(where, is_told(value), "use text")
        return value

    def line(self, where: str, value: object, *, empty: bool = False) -> str:
        """Take a short text on one line."""
        text = self.text(where, value, empty=empty)
        if (text or not empty) and (not _LINE.fullmatch(text) or text != text.strip()):
            raise self.wrong(where, is_told(text), "use up to 200 characters on one line")
        return text

    def label(self, where: str, name: str) -> str:
        """Take what names an arm or an account."""
        if not LABEL.fullmatch(name):
            raise self.wrong(where, "is not a label", "use letters, digits, dot, dash, underscore")
        return name

    def yes(self, where: str, value: object) -> bool:
        """Take true or false."""
        if not isinstance(value, bool):
            raise self.wrong(where, is_told(value), "use true or false")
        return value

    def share(self, where: str, value: object) -> float:
        """Take a number between 0 and 1."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1:
            raise self.wrong(where, is_told(value), "use a number between 0 and 1")
        return float(value)

    def number(self, where: str, value: object, least: float, most: float) -> float:
        """Take a number from `least` to `most`."""
        usable = isinstance(value, int | float) and not isinstance(value, bool)
        if not usable or not least <= value <= most:  # type: ignore[operator]
            raise self.wrong(where, is_told(value), f"use a number from {least:g} to {most:g}")
        return float(value)  # type: ignore[arg-type]

    def whole(self, where: str, value: object, least: int, most: int) -> int:
        """Take a whole number from `least` to `most`."""
        if type(value) is not int or not least <= value <= most:
            raise self.wrong(where, is_told(value), f"use a whole number from {least} to {most}")
        return value

    def no_others(self, prefix: str, table: dict[str, Any], known: set[str]) -> None:
        """Complain of an entry of `table` that is not `known`."""
        for name in table:
            if name not in known:
                choices = ", ".join(sorted(known))
                raise self.wrong(f"{prefix}{name}", "is not an entry", f"known are {choices}")

    def wrong(self, where: str, what: str, fix: str) -> UserError:
        """Return the complaint that `where` is `what`."""
        entry = "".join(letter if letter.isprintable() else "?" for letter in where[:_SHOWN])
        return UserError(f"{self._path}: {entry} {what}", fix)


def is_told(value: object) -> str:
    """Return what a value is, in words that follow the name of its entry."""
    return "is missing" if value is None else f"is {shown(value)}"


def shown(value: object) -> str:
    """Return what TOML holds in a few words, whatever its size."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= 10**18:
        return "a very large number"
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."

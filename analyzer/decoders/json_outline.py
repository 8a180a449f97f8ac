"""The outline of a JSON text, found without parsing it. Not a decoder itself.

Cut at its quotes, a text is structure and strings in turn. The structure without its numbers, and
the strings that are names, are the outline. Everything but strings and numbers being as in a text
that a parser has read, only these can be wrong: the numbers are given to the parser, and a string
is right without control characters. One with escapes is given to the parser too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final

import orjson

from analyzer.decoders import MISS
from analyzer.decoders.outlines import (
    LONGEST,
    MEMORY,
    MOST_LEAVES,
    Columns,
    Shape,
    shape_of,
    suspects,
)

_IN_NUMBERS: Final = b"0123456789+-."  # a text with exponents has no outline
_ELSE: Final = bytes(each for each in range(256) if each not in _IN_NUMBERS)
_TO_NUMBERS: Final = bytes.maketrans(_ELSE, b" " * len(_ELSE))
_PIECES: Final = re.compile(
    r'"(?P<name>[ \t\r\n]*:)?|(?P<number>[0-9+.-]+)|(?P<word>true|false|null)'
)
_CONSTANTS: Final = ("true", "false", "")  # after all other values, in this order
_WORDS: Final = {"true": -3, "false": -2, "null": -1}
_NOTHING_ODD: Final = (
    orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
_EXACT_BELOW: Final = 1e18
_QUOTE: Final = "\x01"  # stands for an escaped quote, until its string is read
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_UNSUSPECTED: Final = re.compile(r"[\t\r\x0b\x0c]")  # control characters in which nothing hides
_Take = Callable[[Sequence[str]], tuple[str, ...]]
_Numbers = tuple[list[str], list[Any]]  # as they are written, and read


class _Outline:
    """A structure: which of its strings are names, and in what order the values come.

    Values are taken out of the pieces of the text, its numbers and `_CONSTANTS`, in this order.
    """

    __slots__ = ("last", "names", "numbers", "shapes", "slots", "strings", "values")

    def __init__(self, structure: str, strings: int) -> None:
        names: list[int] = []
        texts: list[int] = []
        at = 0
        first = 2 * strings + 1  # of the numbers
        self.numbers: list[int] = []  # their positions among the values
        self.slots: list[int] = []
        for piece in _PIECES.finditer(structure):
            if piece["number"]:
                self.numbers.append(len(self.slots))
                self.slots.append(first + len(self.numbers) - 1)
            elif piece["word"]:
                self.slots.append(_WORDS[piece["word"]])
            else:
                at += 1
                if piece["name"]:
                    names.append(2 * at - 1)
                else:
                    texts.append(2 * at - 1)
                    self.slots.append(2 * at - 1)
        self.names = _taking(names)
        self.strings = _taking(texts)
        self.values = _taking(self.slots)
        self.last: _Known | None = None
        self.shapes: dict[tuple[str, ...], _Known] = {}


class _Known:
    """The texts of one outline: `between` is what stands around the values, with gaps for them."""

    __slots__ = ("between", "shape")

    def __init__(self, between: list[str], shape: Shape) -> None:
        self.between = between
        self.shape = shape

    def fits(self, values: Sequence[str], text: str) -> bool:
        """Whether `text` is the same as any of this outline but for these values."""
        between = self.between.copy()
        between[1::2] = values
        return "".join(between) == text


def _taking(positions: list[int]) -> _Take:
    """Return what takes the values at `positions` out of a sequence."""
    if not positions:
        return lambda _: ()
    if len(positions) == 1:
        (only,) = positions
        return lambda values: (values[only],)
    return itemgetter(*positions)


def _between(structure: str, parts: list[str]) -> list[str]:
    """Return what stands before, between and behind the values of a text, with gaps for them."""
    found: list[str] = []
    here: list[str] = []
    start = at = 0
    for piece in _PIECES.finditer(structure):
        here.append(structure[start : piece.start()])
        start = piece.end()
        if piece["number"] or piece["word"]:
            found += ["".join([*here, "null"] if piece["word"] == "null" else here), ""]
            here = []
            continue
        at += 1
        if piece["name"]:
            here += ['"', parts[2 * at - 1], '"', piece["name"]]
        else:
            found += ["".join([*here, '"']), ""]
            here = ['"']
    return [*found, "".join([*here, structure[start:]])]


_outlines: Final[dict[tuple[bytes, int], _Outline]] = {}
MEMORY.hold(_outlines.clear)


class Unknown:
    """A text whose outline came before, but whose shape is not known: `learn` it from its tree."""

    __slots__ = ("_key", "_numbers", "_parts", "_rest")

    def __init__(
        self, key: tuple[bytes, int], parts: list[str], rest: bytes, numbers: _Numbers
    ) -> None:
        self._key = key
        self._parts = parts
        self._rest = rest.decode()
        self._numbers = numbers

    def learn(self, tree: object) -> None:
        """Remember the shape of the text's tree, unless the parser kept one of two equal names."""
        parts = self._parts
        outline = _outlines.get(self._key) or _Outline(self._rest, len(parts) // 2)
        taken = outline.names(parts)
        if len(self._numbers[0]) != len(outline.numbers):
            return
        between = _between(self._rest, parts)
        size = sum(map(len, taken)) + sum(map(len, between)) + 8 * len(between)
        found = shape_of(tree, len(self._key[0]) + size)
        if found is None or found.names != len(taken) or len(found.values) != len(outline.slots):
            return
        known = _Known(between, found.shape)
        columns = _columns(outline, known, parts, self._numbers, lambda: tree, '"'.join(parts))
        if columns is None or list(columns.values) != found.values:
            return  # an exponent, say
        if self._key not in _outlines:  # all were forgotten to make room
            outline.shapes.clear()
        outline.shapes[taken] = known
        _outlines[self._key] = outline


def read(content: bytes | str, tree: Callable[[], object]) -> Columns | Unknown | None:
    """Return the values of a JSON text; `Unknown` to learn from, None where that is of no use.

    `tree` reads it otherwise.
    """
    if len(content) > LONGEST:
        return None
    try:
        text = content if isinstance(content, str) else content.decode()
        if _QUOTE in text:
            return None
        if "\\" in text:
            if "\\\\" in text:
                return None
            text = text.replace('\\"', _QUOTE)
        parts = text.split('"')
        rest = '"'.join(parts[::2]).encode()
    except UnicodeError:
        return None
    numbers = _numbers(rest)
    if numbers is None:
        return None
    key = (rest.translate(None, _IN_NUMBERS), len(numbers[0]))
    outline = _outlines.get(key)
    if outline is None:
        again = len(parts) <= 4 * MOST_LEAVES and MEMORY.again(key)
        return Unknown(key, parts, rest, numbers) if again else None
    if outline.last is not None:
        found = _columns(outline, outline.last, parts, numbers, tree, text)
        if found is not None:
            return found
    names = outline.names(parts)
    known = outline.shapes.get(names)
    if known is None:
        return Unknown(key, parts, rest, numbers) if MEMORY.again((key, names)) else None
    if known is outline.last:
        return None
    outline.last = known
    return _columns(outline, known, parts, numbers, tree, text)


def of_tree(tree: object) -> object:
    """Return `Columns` for a tree that is like one before, and another tree as it is.

    `MISS` for one that is not all text, numbers, and objects and lists of them.
    """
    try:
        text = orjson.dumps(tree, option=_NOTHING_ODD)
    except orjson.JSONEncodeError:
        return MISS
    if len(text) > LONGEST or b"null" in text:  # so a number that is none is written as well
        return tree
    known = read(text, lambda: tree)
    if isinstance(known, Unknown):
        known.learn(tree)
    return known if isinstance(known, Columns) else tree


def _columns(
    outline: _Outline,
    known: _Known,
    parts: list[str],
    numbers: _Numbers,
    tree: Callable[[], object],
    text: str,
) -> Columns | None:
    values: Sequence[str] = outline.values([*parts, *numbers[0], *_CONSTANTS])
    if not known.fits(values, text):
        return None
    strings = outline.strings(parts)
    # Between values they may stand, in one not; the others are among the suspects.
    odd = "\t" in text or "\r" in text or "\x0b" in text or "\x0c" in text
    if odd and _UNSUSPECTED.search("".join(strings)):
        return None
    if numbers[1]:
        values = list(values)
        for at, number in zip(outline.numbers, numbers[1], strict=True):
            if type(number) is float:
                values[at] = str(number)
    looked_at = suspects(strings)
    if not looked_at:
        return Columns(known.shape, values, (), tree)
    places = known.shape.strings
    values = list(values)
    for at in looked_at:
        string = _string(strings[at])
        if string is None:
            return None
        values[places[at]] = string
    return Columns(known.shape, values, [places[at] for at in looked_at], tree)


def _string(raw: str) -> str | None:
    """Return a string that may be escaped; None if it is no string of JSON."""
    if "\\" not in raw and _QUOTE not in raw:
        return None if _CONTROL.search(raw) else raw
    try:
        found: str = orjson.loads('"' + raw.replace(_QUOTE, '\\"') + '"')
    except orjson.JSONDecodeError:
        return None
    return found


def _numbers(rest: bytes) -> _Numbers | None:
    """Return the numbers in a structure, as they are written, and if some are floats also read.

    None if there is one that is no number of JSON, or whose text takes another way.
    """
    written = rest.translate(_TO_NUMBERS).decode().split()
    if not written:
        return written, []
    joined = ",".join(written)
    try:
        found: list[Any] = orjson.loads(f"[{joined}]")
    except orjson.JSONDecodeError:
        return None
    if "-0" in joined and "-0" in written:
        return None
    if type(sum(found)) is not float:
        return written, []
    for number in found:
        if type(number) is float and not -_EXACT_BELOW < number < _EXACT_BELOW:
            return None
    return written, found

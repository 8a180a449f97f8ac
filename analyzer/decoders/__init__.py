"""What a decoder is, and the registry of all of them.

A decoder is a file of this folder that registers one `Decoder` under the name that becomes the
step of a leaf. It reads a body (bytes), a string value, or both, and gives a tree: dicts, lists,
text, numbers, bytes, and `Layer` for content that still has to be decoded. `analyzer.walk` turns
trees into leaves and decides what is tried on which content; a decoder never calls another one.

A decoder never raises: content that is not its format is `MISS`; content that is its format but is
cut, too large or not allowed is a `Fault`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from analyzer.registry import Registry


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what one exchange may cost. Sizes are bytes; `max_value` counts characters."""

    max_body: int = 8 * 1024 * 1024  # of a body as sent, and of each layer inside it
    max_expansion: int = 64 * 1024 * 1024  # all decompressed or unescaped layers together
    max_ratio: int = 250  # of one compressed layer, once it is larger than 1 MiB
    max_depth: int = 12  # encodings inside each other
    max_json_depth: int = 64  # containers inside each other, of any tree
    max_leaves: int = 20_000
    max_seconds: float = 2.0  # looked at before each layer: one layer may end after it
    max_value: int = 64 * 1024  # below 256 it has no effect


class Budget:
    """What is left of the `Limits` while one exchange is decoded, and where that exchange went.

    `url` and `answer` (whether it is the answer's body that is being read) choose a schema.
    `whole`: trees are wanted, and `Columns` instead of one would only cost time.
    """

    __slots__ = ("answer", "deadline", "limits", "room", "url", "whole")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.room = limits.max_expansion
        self.deadline = time.monotonic() + limits.max_seconds
        self.url = ""
        self.answer = False
        self.whole = False

    def late(self) -> bool:
        """Whether the time is used up."""
        return time.monotonic() > self.deadline

    def output(self, size: int) -> int:
        """How many bytes `size` compressed bytes may become."""
        fair = max(1024 * 1024, size * self.limits.max_ratio)
        return max(0, min(self.room, self.limits.max_body, fair))


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known of a body from outside.

    `announced` is the name of the decoder that the media type belongs to, or empty. `doubtful`: the
    content is the result of a guess (of Base64, say), so a decoder must be strict.
    """

    media: str = ""  # lower case, without parameters
    charset: str = ""
    boundary: str = ""
    announced: str = ""
    doubtful: bool = False


class Number(str):
    """A number in the digits of the wire, where Python's own number would lose some."""

    __slots__ = ()


class Pairs(list[tuple[str, object]]):
    """An object with a repeated name; every value is kept, under the same path."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """Content that is encoded once less than before.

    `doubtful`: it only counts if it can be read in turn. `fault` is the code of a `Problem` for
    content that is only a beginning (``bad_encoding``).
    """

    content: bytes | str
    media: str = ""
    doubtful: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A tree read by a fast parser that drops repeated names and digits beyond 64 bits.

    `names` is how many names the text has. If the tree has fewer, or a number that may have lost
    digits, `exact()` reads the same text slowly and loses nothing (`MISS` if it cannot).
    """

    tree: object
    names: int
    exact: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Noted:
    """A tree, and the `Problem` of what could not be read beside it (`tree` `MISS`: nothing was).

    Of the code ``opaque_value``: content that its form shows to be encrypted.
    """

    code: str
    detail: str
    tree: object


@dataclass(frozen=True, slots=True)
class Fault:
    """Content of the decoder's format that it could not, or must not, read: a `Problem`."""

    code: str
    detail: str


class _Miss:
    """The type of `MISS`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISS"


MISS: Final = _Miss()

ReadBody = Callable[[bytes, Hint, Budget], object]
ReadText = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Decoder:
    """How one format is recognised and read.

    `body` is tried where the media type is one of `media` (``+json`` stands for that suffix),
    where `sniffed` and the first byte after white space is one of `starts` (empty: whatever it
    is), and as content coding for the names in `codings`. Those that are `sure` come first and may
    contradict the media type: what they accept cannot be anything else. Only
    those with `guesses` are tried on the result of a guess: they prove themselves. Lower `rank`
    comes first.

    `text` is tried on string values that hold one of the characters `marks`; without marks, on
    those of at least `least` characters.
    """

    body: ReadBody | None = None
    text: ReadText | None = None
    media: tuple[str, ...] = ()
    codings: tuple[str, ...] = ()
    starts: bytes = b""
    sniffed: bool = True
    sure: bool = False
    guesses: bool = False
    rank: int = 50
    marks: str = ""
    least: int = 12


DECODERS: Registry[Decoder] = Registry("analyzer.decoders")

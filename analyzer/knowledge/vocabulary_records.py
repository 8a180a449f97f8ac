"""What the words of keys mean, and how a key is split into words.

The names in `names.yaml` and the keys on the wire are split alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, Literal

Strength = Literal["exact", "sure", "likely", "weak"]
STRENGTHS: Final[tuple[Strength, ...]] = ("exact", "sure", "likely", "weak")
EVIDENCE: Final[tuple[str, ...]] = (
    "name:exact", "name:sure", "name:likely", "name:weak",
    "fit:whole", "fit:joined", "fit:tail", "fit:word",
    "value:typical", "value:possible",
    "shape:app", "shape:connection", "shape:country", "shape:email", "shape:geo", "shape:imei",
    "shape:ip", "shape:language", "shape:mac", "shape:model", "shape:os", "shape:phone",
    "shape:screen", "shape:timezone", "shape:user_agent", "shape:uuid",
    "host:tracker", "siblings:some", "siblings:many", "container",
)  # fmt: skip
"""What `confidence.yaml` gives points for; what each means is said there."""

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")
_LONGEST_KEY: Final = 64
_LEAST_GLUED: Final = 5  # shorter keys are words of their own
_MOST_PIECES: Final = 4


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What words of keys mean. Names are joined words: ``"device model"`` is ``devicemodel``.

    `names` has the types that a name may mean, with how surely. `points` are tenths of log-odds by
    the kinds of `EVIDENCE`, and ``base``.
    """

    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: frozenset[str] = frozenset()  # words of which a glued key may consist
    fillers: frozenset[str] = frozenset()
    stoppers: frozenset[str] = frozenset()
    containers: frozenset[str] = frozenset()
    names: Mapping[str, tuple[tuple[str, Strength], ...]] = field(default_factory=dict)
    steps: Mapping[tuple[str, str], str] = field(default_factory=dict)  # by two steps; "": no type
    headers: frozenset[str] = frozenset()
    usual: Mapping[str, frozenset[str]] = field(default_factory=dict)  # values by type
    makers: frozenset[str] = frozenset()
    models: tuple[str, ...] = ()
    points: Mapping[str, int] = field(default_factory=dict)

    def split(self, key: str) -> tuple[str, ...]:
        """Return the words of `key`, abbreviations replaced, glued words parted.

        >>> Vocabulary(words={"dev": ("device",)}, known=frozenset({"model"})).split("x-devModel")
        ('x', 'device', 'model')
        """
        words: list[str] = []
        for word in words_of(key):
            for piece in self._parted(word):
                words += self.words.get(piece, (piece,))
        return tuple(words)

    def _parted(self, word: str) -> tuple[str, ...]:
        if len(word) < _LEAST_GLUED or word in self.words or word in self.known:
            return (word,)
        return _pieces(word, self.known) or (word,)


@lru_cache(maxsize=4096)
def _pieces(word: str, known: frozenset[str]) -> tuple[str, ...]:
    """Return the fewest of the `known` words that `word` consists of; none if it does not."""
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(2, len(word) + 1):
        for start in range(max(0, end - 16), end - 1):
            before = best.get(start)
            if before is None or len(before) >= _MOST_PIECES or word[start:end] not in known:
                continue
            if end not in best or len(before) + 1 < len(best[end]):
                best[end] = (*before, word[start:end])
    return best.get(len(word), ())


def words_of(key: str) -> tuple[str, ...]:
    """Return the words of `key` in lower case, at most 64 characters of it.

    >>> words_of("iOSVersion"), words_of("IPAddress_v2"), words_of("$screen-width")
    (('ios', 'version'), ('ip', 'address', 'v2'), ('screen', 'width'))
    """
    text = key[:_LONGEST_KEY].replace("iOS", "Ios").replace("macOS", "Macos")
    return tuple(word.lower() for word in _WORDS.findall(text))

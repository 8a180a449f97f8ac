"""The items of the simulated feed: everything of one follows from its kind and its number.

So the two ends of the wire, the writer of bundles and the simulated coders agree on an item without
a list of all of them, and the platform's id of an item (`native`) tells the truth about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from ruamel.yaml import YAML

from analyzer.feed.measures import ADS
from analyzer.feed.records import AdClass
from analyzer.simulation.feed_accounts import CATEGORIES, POSITIVE, untold
from analyzer.simulation.feed_declaration import DeclaredFeed

_TEXTS: Final = Path(__file__).with_name("feed_texts.yaml")
_FIRST: Final = 7_400_000_000_000_000_000  # ids have 19 digits
_KIND: Final = 10_000_000
_AUTHORS: Final = 6_800_000_000_000_000_000
_CREATORS: Final = 997  # of each kind
_POSITIVE: Final = CATEGORIES.index(POSITIVE)
_ADVERTISED: Final = CATEGORIES.index("advertised")
# By the last digit of the number: what of the codebook an item is.
_HARMFUL: Final = (*("depressive",) * 5, *("hopeless",) * 2, *("self_harm",) * 2, "eating")
_HARMLESS: Final = (*("neutral",) * 8, "recovery", "other")
# English first, as in the feeds of most countries; the others as often as each other.
_LANGUAGES: Final = ("en", "sw", "en", "fil", "en", "es", "en", "pt", "en", "fr")
_BARE: Final = 7  # of ten: items without a hashtag
_NO_TAGS: Final[tuple[tuple[str, int, int], ...]] = ()
HARMFUL: Final = frozenset(_HARMFUL)


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One item. `tags`: hashtags with where they stand in `text`, in UTF-16 code units."""

    native: str
    category: str  # of the codebook
    author: str
    handle: str
    text: str
    language: str
    tags: tuple[tuple[str, int, int], ...]
    music: str
    created: int  # seconds since 1970
    plays: int
    likes: int
    comments: int
    shares: int
    masked: bool


@dataclass(frozen=True, slots=True)
class ServedItem:
    """An item at one place of one answer."""

    item: FeedItem
    batch: int
    position: int
    length_s: float
    ad: AdClass

    @property
    def native(self) -> str:
        """The platform's id of the item."""
        return self.item.native

    @property
    def category(self) -> str:
        """What of the codebook it is."""
        return self.item.category

    @property
    def duration_s(self) -> float:
        """Its length as the platform tells it, to the millisecond."""
        return round(self.length_s, 3)


def native_of(kind: int, number: int) -> str:
    """Return the platform's id of the item `number` of `kind` (a place in CATEGORIES)."""
    return str(_FIRST + kind * _KIND + number)


def kind_and_number(native: str) -> tuple[int, int]:
    """Return the kind and the number of an item; `ValueError` for an id that is none of ours."""
    kind, number = divmod(int(native) - _FIRST, _KIND)
    if not 0 <= kind < len(CATEGORIES):
        raise ValueError(f"{native} is no item of the simulated feed")
    return kind, number


def category_of(native: str) -> str:
    """Return the category of the codebook that the item is of, for who sees more than its text.

    >>> category_of(native_of(1, 9)), category_of(native_of(0, 1))
    ('eating', 'neutral')
    """
    return _category(*kind_and_number(native))


def _category(kind: int, number: int) -> str:
    if kind == _ADVERTISED:
        return "neutral"
    return (_HARMFUL if kind == _POSITIVE else _HARMLESS)[number % 10]


def tells(declared: DeclaredFeed, native: str) -> bool:
    """Whether it can be told from the item what it is."""
    kind, number = kind_and_number(native)
    hidden = untold(
        declared.recommender, np.asarray([kind], np.int16), np.asarray([number], np.int64)
    )
    return not hidden[0]


class Catalogue:
    """All items of a declared feed."""

    def __init__(self, declared: DeclaredFeed) -> None:
        self._declared = declared
        self._made: dict[tuple[int, int], FeedItem] = {}

    def item(self, kind: int, number: int) -> FeedItem:
        """Return the item `number` of `kind` (a place in CATEGORIES)."""
        made = self._made.get((kind, number))
        if made is None:
            made = self._made[kind, number] = self._make(kind, number)
        return made

    def _make(self, kind: int, number: int) -> FeedItem:
        native, category = native_of(kind, number), _category(kind, number)
        turn = number // 10
        language = _LANGUAGES[turn % len(_LANGUAGES)]
        words = "advert" if kind == _ADVERTISED else category
        text, tags = "", _NO_TAGS
        if tells(self._declared, native):
            text, tags = _text(language, words, number)
        creator = number * 31 % _CREATORS
        seen = 1_000_000 // (number + 10) + turn % 7
        return FeedItem(
            native=native,
            category=category,
            author=str(_AUTHORS + kind * _KIND + creator),
            handle=f"invented.{CATEGORIES[kind]}.{creator}",
            text=text,
            language=language,
            tags=tags,
            music=str(6_900_000_000_000_000_000 + number % 389),
            created=1_750_000_000 + 61 * number,
            plays=seen * 40,
            likes=seen,
            comments=seen // 30,
            shares=seen // 90,
            masked=kind == _POSITIVE and (number * 7 % 100) < 100 * self._declared.masks,
        )


def ad_class(place: int) -> AdClass:
    """Return the class of advertisement at `place` of those of the measures."""
    return ADS[place]


def hashtags(category: str) -> tuple[str, ...]:
    """Return the hashtags that items of a category of the codebook carry."""
    return tuple(_texts()["hashtags"][category])


def _text(language: str, words: str, number: int) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    turn = number // 10
    lines = _texts()["texts"][language][words]
    text = str(lines[turn // len(_LANGUAGES) % len(lines)]).replace("{n}", str(turn % 97 + 2))
    if turn % 5 == 1:
        text = f"\N{CLOUD WITH RAIN} {text}" if words in HARMFUL else f"\N{SPARKLES} {text}"
    if turn % 10 == _BARE:
        return text, ()
    known = hashtags(words)
    name = known[turn % len(known)]
    start = len(text.encode("utf-16-le")) // 2 + 1
    return f"{text} #{name}", ((name, start, start + 1 + len(name)),)


@cache
def _texts() -> Any:
    return YAML(typ="safe").load(_TEXTS.read_text(encoding="utf-8"))

"""Whether an item is of an account's interest, and which signs say so.

Codes that people have settled decide, either way; else the protocol's own terms and hashtags. What
is less than that decides only where two signs of different kinds agree: the triage of the codebook
(it misses much and is wrong at times), one coder's own code, an author of whom a matching item was
coded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from analyzer.feed.codebook import Category, Codebook, Phrases
from analyzer.feed.coding.codes import Codes
from analyzer.feed.protocol import Interest
from analyzer.feed.records import Item
from analyzer.feed.triage import Triage, squeezed

_LEAST: Final = 2  # signs of different kinds, where none decides by itself
_LANGUAGE: Final = "en"  # a list of terms without a language of its own is tried on all texts


@dataclass(frozen=True, slots=True)
class Match:
    """`why`: the signs, by kind, as "term" or "code:depressive". `positive`: to be counted so."""

    matches: bool
    why: tuple[str, ...]
    positive: bool


@dataclass(frozen=True, slots=True)
class Known:
    """What people have said of items so far: by item, and authors of whom something matches."""

    settled: Mapping[str, str] = field(default_factory=dict)
    single: Mapping[str, frozenset[str]] = field(default_factory=dict)  # codes by one coder or more


def known_codes(codes: Codes) -> Known:
    """Return what the codes of a study amount to."""
    settled = {item: each.category for item, each in codes.settled().items()}
    single = {
        item: frozenset(category for _, category in codes.of(item))
        for item in codes.items()
        if item not in settled
    }
    return Known(settled, single)


class Matcher:
    """Judges items by `interest` (None: an account that shows none; nothing matches)."""

    def __init__(
        self,
        interest: Interest | None,
        codebook: Codebook,
        positive: Collection[str],
        known: Known,
    ) -> None:
        self._categories = frozenset(interest.categories) if interest else frozenset[str]()
        self._hashtags = frozenset(map(squeezed, interest.hashtags)) if interest else frozenset()
        self._own = _triage_of(interest)
        self._triage = Triage(codebook)
        self._positive = frozenset(positive)
        self._known = known
        self._unclear = codebook.unclear
        self._authors: set[str] = set()

    def match(self, item: Item) -> Match:
        """Return whether `item` matches, and why."""
        code = self._known.settled.get(item.key, "")
        if code and code not in self._unclear:
            matches = code in self._categories
            if matches and item.author:
                self._authors.add(item.author)
            return Match(matches, (f"code:{code}",), code in self._positive)
        tags = [tag.name for tag in item.hashtags]
        decisive = []
        if self._own and self._own.suggest(item.text, tags, item.language):
            decisive.append("term")
        if self._hashtags and not self._hashtags.isdisjoint(map(squeezed, tags)):
            decisive.append("hashtag")
        suggestion = self._triage.suggest(item.text, tags, item.language)
        hints = []
        if suggestion and suggestion.category in self._categories:
            hints.append(f"triage:{suggestion.category}")
        given = self._known.single.get(item.key, frozenset()) & self._categories
        hints += [f"coder:{category}" for category in sorted(given)[:1]]
        if item.author in self._authors:
            hints.append("author")
        matches = bool(self._categories or self._own or self._hashtags) and (
            bool(decisive) or len(hints) >= _LEAST
        )
        harmful = suggestion is not None and suggestion.category in self._positive
        harmful |= matches and not self._positive.isdisjoint(self._categories)
        return Match(matches, (*decisive, *hints), harmful)


def _triage_of(interest: Interest | None) -> Triage | None:
    """Return the interest's own terms, found in texts as those of a codebook are."""
    if interest is None or not interest.terms:
        return None
    category = Category(
        key="own",
        label={"en": interest.name},
        harmful=True,
        unclear=False,
        definition="",
        include="",
        exclude="",
        terms={_LANGUAGE: interest.terms},
    )
    own = Codebook(interest.name, "", "", (category,), (), {_LANGUAGE: Phrases()})
    return Triage(own)

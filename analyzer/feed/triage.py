"""Triage: which category the terms of a codebook hint at. A suggestion, never a code.

It finds what to look at first. It misses whatever is said without the words of the list, so that
nothing may be counted by it; `benchmarks/triage` measures how often it is right, and
`evenhand feed code agreement` does so on a study's own codes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.feed.codebook import Category, Codebook, Phrases

_MOST_TEXT: Final = 4000  # characters that are looked at
_MOST_TAGS: Final = 64
_LONGEST_TAG: Final = 200
_LONGEST_WORD: Final = 40  # letters in which figures are taken for letters
_BEFORE: Final = 3  # words before a term in which a negation turns it off
_GAP: Final = r"(?: \w+){0,3}? "
_FIGURES: Final = str.maketrans("01345@$!", "oieasasi")
_LETTERED: Final = re.compile(r"(?=\S*[a-z]{2})[a-z0-9@$!]*[a-z][a-z0-9@$!]*")
_APOSTROPHES: Final = re.compile(r"['\u2018\u2019\u02bc`]")
_REPEATED: Final = re.compile(r"([a-z])\1{2,}")
_TAG: Final = re.compile(r"[#\uff03](\w{1,200})")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A category that terms hint at, and the terms as the codebook has them."""

    category: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Word:
    term: str
    text: re.Pattern[str]
    tag: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Language:
    """The terms of one language, by category in the order in which they are tried."""

    categories: tuple[tuple[str, tuple[_Word, ...]], ...]
    negations: frozenset[str]


class Triage:
    """The terms of a codebook, made ready. Harmless categories with terms are tried first."""

    def __init__(self, codebook: Codebook) -> None:
        ordered = sorted(codebook.categories, key=lambda each: each.harmful)
        self._rank = {each.key: rank for rank, each in enumerate(ordered)}
        self._languages = {
            code: _made(code, phrases, ordered) for code, phrases in codebook.languages.items()
        }
        # Of all languages: who writes one quotes films and headlines of another.
        exceptions = {
            _pattern(normal(each))
            for phrases in codebook.languages.values()
            for each in phrases.exceptions
        }
        self._exceptions = re.compile(rf"\b(?:{'|'.join(sorted(exceptions)) or '(?!)'})\b")

    def suggest(
        self, text: str, hashtags: Sequence[str] = (), language: str = ""
    ) -> Suggestion | None:
        """Return what the terms of `language` and of English hint at; None where nothing does.

        `language` is a BCP 47 tag as the platform has it. Where it is none of the codebook's, the
        terms of all its languages are tried.
        """
        plain = normal(_TAG.sub(" ", text[:_MOST_TEXT]))
        plain = self._exceptions.sub("\u00b7", plain)
        tags = [squeezed(tag[:_LONGEST_TAG]) for tag in hashtags[:_MOST_TAGS]]
        tags += [squeezed(tag) for tag in _TAG.findall(text[:_MOST_TEXT])[:_MOST_TAGS]]
        chosen = self._chosen(language)
        # Texts mix languages: what negates in the text's own negates English terms in it, too.
        shared = frozenset[str]().union(*(each.negations for each in chosen if len(chosen) <= 2))
        found = [
            suggestion
            for each in chosen
            if (suggestion := _suggested(each, plain, tags, shared | each.negations)) is not None
        ]
        return min(found, key=lambda each: self._rank[each.category], default=None)

    def _chosen(self, language: str) -> list[_Language]:
        code = language.replace("_", "-").partition("-")[0].lower()
        code = {"tl": "fil"}.get(code, code)
        return [
            terms
            for each, terms in self._languages.items()
            if code not in self._languages or each in (code, "en")
        ]


def normal(text: str) -> str:
    """Return `text` as terms are compared: small letters without accents, words parted by spaces.

    >>> normal("J'ai des pensées SU1CIDAIRES… noooon")
    'jai des pensees suicidaires non'
    """
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in folded if not unicodedata.combining(letter))
    bare = _APOSTROPHES.sub("", bare)
    words = (_lettered(word) for word in bare.split())
    return " ".join(re.sub(r"\W+|_", " ", " ".join(words)).split())


def squeezed(text: str) -> str:
    """Return a hashtag as terms are compared with it: `normal`, without spaces."""
    return normal(text).replace(" ", "")


def _lettered(word: str) -> str:
    """Turn figures among letters into the letters that they stand for; numbers stay numbers."""
    core = word.strip('.,;:!?\u2026"()[]\u00bf\u00a1*-')
    if (
        len(core) <= _LONGEST_WORD
        and not core.isalpha()
        and _LETTERED.fullmatch(core)
        and re.search(r"[a-z]$", core)
    ):
        word = word.replace(core, core.translate(_FIGURES))
    return _REPEATED.sub(r"\1", word)


def _made(code: str, phrases: Phrases, categories: Sequence[Category]) -> _Language:
    made = tuple(
        (each.key, tuple(_word(term) for term in each.terms.get(code, ()))) for each in categories
    )
    return _Language(made, frozenset(map(normal, phrases.negations)))


def _word(term: str) -> _Word:
    parts = [" ".join(_starred(word) for word in part.split()) for part in term.split("...")]
    text = re.compile(rf"\b{_GAP.join(map(_pattern, parts))}\b")
    return _Word(term, text, re.compile("".join(map(_pattern, parts)).replace(" ", "")))


def _starred(word: str) -> str:
    return normal(word.removesuffix("*")) + ("*" if word.endswith("*") else "")


def _pattern(part: str) -> str:
    return re.escape(part.strip()).replace(r"\*", r"\w*").replace(r"\ ", " ")


def _suggested(
    language: _Language, plain: str, tags: Sequence[str], negations: frozenset[str]
) -> Suggestion | None:
    for category, words in language.categories:
        found = [each.term for each in words if _there(each, plain, tags, negations)]
        if found:
            return Suggestion(category, tuple(found))
    return None


def _there(word: _Word, plain: str, tags: Sequence[str], negations: frozenset[str]) -> bool:
    if any(word.tag.fullmatch(tag) for tag in tags):
        return True
    return any(
        negations.isdisjoint(plain[: match.start()].split()[-_BEFORE:])
        for match in word.text.finditer(plain)
    )

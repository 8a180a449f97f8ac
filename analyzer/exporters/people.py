"""Names of other people out of keys, paths and hosts, and their hashtags: creators, friends.

A study seeds what its own accounts send, and finds that again; whom else a recording names nobody
knows beforehand. Two things tell: what stands in a place for people (``/@name``, ``/users/name``,
``users.name.age``, ``name.users.example``), and what another place of the same session calls a name
(``"nickname": "name"``). What is no name may be lost with it; no name is to be left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from analyzer.models import Leaf

PERSON: Final = "{person}"
TAG: Final = "{tag}"
_KEYS: Final = re.compile(
    r"(?:^|[._\[-])(?:@?(?:user|screen|nick|display|real|full|first|last|given|family|author|owner|"
    r"creator|sender|friend|contact|member|channel|account|profile|artist|streamer|host)_?-?names?|"
    r"handle|login|unique_?id|nick|alias|author|creator|sender|commenter|mention(?:s|ed)?|followers?|"
    r"following|artist|streamer|vanity|custom_?url|"
    r"(?:users?|members?|authors?|owners?|creators?|senders?|friends?|contacts?|from|to|channels?|"
    r"commenters?|followers?|profiles?|artists?|players?)(?:[.\[][0-9]+\]?)?\.(?:name|title|slug))"
    r"(?:[.\[][0-9]+\]?)?$",
    re.IGNORECASE,
)
_MANY: Final = (
    "users|members|people|persons|profiles|authors|creators|friends|followers|following|contacts|"
    "channels|accounts|participants|senders|commenters|players|artists|streamers|handles|mentions"
)
# After these a URL names somebody; among keys only where they stand for many.
_IN_URL: Final = re.compile(
    rf"(?<=/)({_MANY}|user|u|member|profile|author|creator|channel|c|friend|people|player|artist)"
    r"/(?!(?:me|self|\{[^/]*\}|[0-9]{1,5})(?:[/?]|$))[^/?]+"
)
_IN_PATH: Final = re.compile(
    rf"(^|[.\]])({_MANY})\.(?!(?:[0-9]+|\*|\{{[^.]*\}})(?:\.|$))[^.]+", re.IGNORECASE
)
_IN_HOST: Final = re.compile(rf"(?<=//)(?:[^/.:]+\.)+(?=(?:{_MANY}|user|blog|blogs|pages)\.)", re.I)
# What somebody calls a hashtag, and where: in a field of its own, in a text, in a URL.
_TAG_KEYS: Final = re.compile(
    r"(?:^|[._\[-])(?:hash_?tag_?name|cha_name|(?:hash_?tags?|challenges?|cha_list)"
    r"(?:[.\[][0-9]+\]?)?(?:\.(?:name|title|text|slug))?)$",
    re.IGNORECASE,
)
_TEXT_KEYS: Final = re.compile(
    r"(?:^|[._\[-])(?:desc(?:ription)?|caption|text|title|content|message|comment|body)$",
    re.IGNORECASE,
)
_TAGGED: Final = re.compile(r"(?<!\S)[#\uff03](\w{3,64})")
_TAG_IN_URL: Final = re.compile(
    r"(?<=/)(tags?|hashtags?|challenges?)/(?!\{[^/]*\}(?:[/?]|$))[^/?]+", re.IGNORECASE
)
_AT: Final = re.compile(r"(?<![\w{])@[^/?.&={}\s][^/?&={}\s]*")
_PART: Final = re.compile(r"[^/?&=:\[\]{}\s]+")
_DOTS: Final = 4  # parts of a name with dots in it
_LEAST: Final = 3  # characters of a name
_MOST: Final = 64
_MOST_KNOWN: Final = 200_000
_LONGEST: Final = 10_000  # characters of a text


class People:
    """The names that one session is known to hold."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # to what stands for it

    def learn(self, leaves: Iterable[Leaf]) -> None:
        """Take note of what `leaves` call names, of whatever part of an exchange they are."""
        for leaf in leaves:
            if _KEYS.search(leaf.path):
                self._learn(leaf.value.strip().lstrip("@"), PERSON)
            elif _TAG_KEYS.search(leaf.path):
                self._learn(leaf.value.strip().lstrip("#"), TAG)
            elif _TEXT_KEYS.search(leaf.path):
                for found in _TAGGED.finditer(leaf.value[:_LONGEST]):
                    self._learn(found[1], TAG)

    def _learn(self, name: str, mark: str) -> None:
        name = name.casefold()
        if _LEAST <= len(name) <= _MOST and len(self._names) < _MOST_KNOWN and not name.isdigit():
            self._names.setdefault(name, mark)

    def without(self, text: str) -> str:
        """Return a URL, a path or a key without names of people."""
        text = _AT.sub(f"@{PERSON}", text)
        if "//" in text:
            text = _IN_HOST.sub(f"{PERSON}.", text)
            text = _IN_URL.sub(rf"\1/{PERSON}", text)
            text = _TAG_IN_URL.sub(rf"\1/{TAG}", text)
        else:
            text = _IN_PATH.sub(rf"\1\2.{PERSON}", text)
        return _PART.sub(self._known, text) if self._names else text

    def _known(self, found: re.Match[str]) -> str:
        parts = found[0].split(".")
        told: list[str] = []
        at = 0
        while at < len(parts):
            size = next(
                (
                    size
                    for size in range(min(_DOTS, len(parts) - at), 0, -1)
                    if _whole(parts, at, size) in self._names
                ),
                0,
            )
            told.append(self._names[_whole(parts, at, size)] if size else parts[at])
            at += size or 1
        return ".".join(told)


def is_named(path: str) -> bool:
    """Tell whether at the `path` of an answer there stands what somebody is called."""
    return _KEYS.search(path) is not None


def _whole(parts: list[str], at: int, size: int) -> str:
    return ".".join(parts[at : at + size]).casefold()

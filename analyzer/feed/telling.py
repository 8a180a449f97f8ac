"""How often a feed says something of its items, field by field.

Of signs of advertising, of warnings and of what is no item it is enough that their place is there,
be it that they say no: a place that is gone has a new name, or is left out where there is nothing
to tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from analyzer.decoders import Budget
from analyzer.feed.adapters import USUAL, Adapter
from analyzer.feed.paths import Steps, find, first
from analyzer.feed.records import Item, Told

_FIELDS: Final = ("author", "text", "hashtags", *(each for each in USUAL if each != "author_id"))
_NOTHING: Final = (None, "", ())
# What is one of several things that a field is made of.
_PARTS: Final = {"author_id": "author", "caption": "text", "description": "more"}
# Where signs stand, by the first step of the way there; and rules that look at any depth.
_Places = dict[str, list[tuple[str, Steps]]]
_Signs = tuple[_Places, dict[str, str]]


class Telling:
    """Counts what is told of items.

    "author_id": the author, by id and not by name alone. "caption", "description": of the text.
    """

    def __init__(self) -> None:
        self._items: Counter[tuple[str, str]] = Counter()  # by adapter and surface
        self._said: dict[tuple[str, str], Counter[str]] = {}
        self._signs: dict[str, _Signs] = {}

    def add(self, surface: str, node: object, item: Item, adapter: Adapter, budget: Budget) -> None:
        """Count what is told of `item`, which was made of `node`."""
        place = adapter.id, surface
        if place not in self._said:
            self._said[place] = Counter()
            self._signs[adapter.id] = _signs(adapter)
        self._items[place] += 1
        self._said[place].update(_names(node, item, adapter, self._signs[adapter.id], budget))

    @property
    def told(self) -> tuple[Told, ...]:
        """Return what was told, by adapter and surface."""
        return tuple(
            Told(*place, self._items[place], tuple(sorted(said.items())))
            for place, said in sorted(self._said.items())
        )

    def never(self, adapter: Adapter) -> list[str]:
        """Return what was told of no item, though nearly every one has it."""
        said = [counts for (name, _), counts in self._said.items() if name == adapter.id]
        return [name for name in adapter.usual if not any(counts[name] for counts in said)]


def _names(node: object, item: Item, adapter: Adapter, signs: _Signs, budget: Budget) -> set[str]:
    names = {name for name in _FIELDS if getattr(item, name) not in _NOTHING}
    for name, field in _PARTS.items():
        paths = adapter.fields.get(field)
        if paths and first(node, paths, budget) is not None:
            names.add(name)
    places, deep = signs
    # Most of what a platform may say of an item, it does not: that is seen at one glance.
    plain = isinstance(node, dict)
    for step in places.keys() & node.keys() if isinstance(node, dict) else places.keys():
        for name, steps in places[step]:
            if name in names:
                continue
            if (plain and len(steps) == 1) or any(True for _ in find(node, steps, budget)):
                names.add(name)
    if deep:
        held = {*item.ad_reasons, *(each.partition(":")[0] for each in item.warnings)}
        names |= {name for rule, name in deep.items() if rule in held}
    return names


def _signs(adapter: Adapter) -> _Signs:
    """Return the signs of advertising and the warnings that the platform itself has a place for.

    What is looked for at any depth is not looked for again: there, only what was found is known.
    """
    places: _Places = {}
    deep: dict[str, str] = {}
    for kind, rule, steps in _ways(adapter):
        if "**" in steps:
            deep[rule] = f"{kind}:{rule}"
        elif steps:
            places.setdefault(steps[0], []).append((f"{kind}:{rule}/{'/'.join(steps)}", steps))
    return places, deep


def _ways(adapter: Adapter) -> Iterator[tuple[str, str, Steps]]:
    yield from (("text", "words", steps) for steps in adapter.fields.get("words", ()))
    yield from (("kind", "not_if", steps) for each in adapter.not_if for steps in each.paths)
    for ad in adapter.ads:
        yield from (("ad", ad.id, steps) for steps in (ad.condition.paths if ad.condition else ()))
    for rule in adapter.warnings:
        entries = rule.entries
        yield "warning", rule.id, entries[: entries.index("*")] if "*" in entries else entries
        inside = (*(rule.condition.paths if rule.condition else ()), *rule.codes)
        yield from (("warning", rule.id, entries + steps) for steps in inside)

"""One entry of a list in an answer as an `Item`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import lru_cache
from itertools import islice
from typing import Final

from analyzer.decoders import Budget
from analyzer.extract.shapes import digest
from analyzer.feed import hashtags, values
from analyzer.feed.adapters import Adapter
from analyzer.feed.conditions import holds
from analyzer.feed.paths import find, first
from analyzer.feed.records import AdClass, Hashtag, Item

_MOST_WARNINGS: Final = 16
_MOST_WORDS: Final = 64  # texts on one picture
_CODE: Final = re.compile(r"[^\w.:-]+")
_LONGEST_CODE: Final = 40
_CALLED: Final = {"id": "native", "duration": "duration_s"}  # fields of which a record has others
_STRENGTH: Final[dict[AdClass, int]] = {"none": 0, "hint": 1, "disclosed": 2, "formal": 3}


def make_item(
    node: object, adapter: Adapter, key: bytes, budget: Budget, native: str = ""
) -> tuple[Item, tuple[str, ...]] | None:
    """Return the item that `node` is, and which of the fields that all have it lacks.

    `native` is its id where the request named it. None where nothing says which item it is.
    """
    native = native or clean_id(adapter, _get(node, adapter, "id", budget))
    if not native:
        return None
    text = _text(node, adapter, budget)
    tags = _hashtags(node, adapter, text, budget)
    ad, reasons = _ad(node, adapter, text, tags, budget)
    author = _author(node, adapter, budget)
    music = values.name(_get(node, adapter, "music", budget))
    item = Item(
        platform=adapter.id,
        key=item_key(adapter, native, key),
        native=native,
        author=_digest(f"{adapter.service}/author/{author}", key) if author else "",
        text=text,
        language=values.language(_get(node, adapter, "language", budget)),
        hashtags=tags,
        music=_digest(f"{adapter.service}/music/{music}", key) if music else "",
        duration_s=_duration(node, adapter, budget),
        created=_created(node, adapter, budget),
        plays=_count(node, adapter, "plays", budget),
        likes=_count(node, adapter, "likes", budget),
        comments=_count(node, adapter, "comments", budget),
        shares=_count(node, adapter, "shares", budget),
        ad=ad,
        ad_reasons=reasons,
        warnings=_warnings(node, adapter, budget),
    )
    lacking = [name for name in adapter.always if _lacks(item, name)]
    if adapter.told and first(node, adapter.told, budget) is None:
        lacking.append(adapter.told[0][-1])
    return item, tuple(lacking)


def signs(node: object, adapter: Adapter, budget: Budget) -> Iterator[str]:
    """Yield what the platform calls the item, its author and its sound: it leads to them."""
    for name in ("id", "author", "author_name", "music"):
        if found := values.name(_get(node, adapter, name, budget)):
            yield found


def clean_id(adapter: Adapter, value: object) -> str:
    """Return the id in `value` as the platform means it; "" where it has not the form of one."""
    native = values.name(value)
    if adapter.id_form is None or not native:
        return native
    found = adapter.id_form.search(native)
    return found[0] if found else ""


def item_key(adapter: Adapter, native: str, key: bytes) -> str:
    """Return what stands for the item everywhere but in the private folder."""
    return _digest(f"{adapter.service}/item/{native}", key)


# The log names an item several times soon after it was served, and few authors have most items.
_digest = lru_cache(maxsize=8_192)(digest)


def completed(item: Item, more: Item) -> Item:
    """Return `item` with what another answer tells of the same one, where it says nothing.

    A text that goes on where that of `item` ends takes its place, with its hashtags.
    """
    silent = (None, "", (), "none")
    changes = {
        field.name: getattr(more, field.name)
        for field in fields(item)
        if field.name not in ("ad", "ad_reasons") and getattr(item, field.name) in silent
    }
    if item.text and more.text.startswith(f"{item.text}\n"):
        changes |= {"text": more.text, "hashtags": more.hashtags}
    if _STRENGTH[more.ad] > _STRENGTH[item.ad]:
        changes |= {"ad": more.ad, "ad_reasons": more.ad_reasons}
    return replace(item, **changes)


def _get(node: object, adapter: Adapter, name: str, budget: Budget) -> object:
    paths = adapter.fields.get(name)
    found = first(node, paths, budget) if paths else None
    return None if isinstance(found, dict | list) else found


def _count(node: object, adapter: Adapter, name: str, budget: Budget) -> int | None:
    """Return the first exact number: one place may shorten what the next one tells whole."""
    found = values.count(said := _get(node, adapter, name, budget))
    if found is not None or said is None:
        return found
    counts = (values.count(first(node, (path,), budget)) for path in adapter.fields[name])
    return next((count for count in counts if count is not None), None)


def _author(node: object, adapter: Adapter, budget: Budget) -> str:
    """Return the author's id, else the name with a sign before it: it may look like an id."""
    author = values.name(_get(node, adapter, "author", budget))
    name = values.name(_get(node, adapter, "author_name", budget))
    return author or (f"@{name.lstrip('@').lower()}" if name else "")


def _text(node: object, adapter: Adapter, budget: Budget) -> str:
    text = values.text(_get(node, adapter, "text", budget))
    more = values.text(_get(node, adapter, "more", budget))
    lines = [text] if text else []
    for each in (more, *_words(node, adapter, budget)):
        if each and each not in lines:
            lines.append(each)
    return values.text("\n".join(lines).strip()) if len(lines) > 1 or not text else text


def _words(node: object, adapter: Adapter, budget: Budget) -> Iterator[str]:
    """Yield what else is to be read on the picture: of every alternative, all."""
    paths = adapter.fields.get("words", ())
    every = (each for steps in paths for each in find(node, steps, budget))
    for each in islice(every, _MOST_WORDS):
        said = values.text(each).strip() if isinstance(each, str) else ""
        if not said.startswith("{"):  # the data of a poll, a place: nothing to read
            yield said


def _lacks(item: Item, name: str) -> bool:
    return getattr(item, _CALLED.get(name, name)) in (None, "")


def _duration(node: object, adapter: Adapter, budget: Budget) -> float | None:
    found = values.seconds(_get(node, adapter, "duration_s", budget))
    if found is None:
        found = values.seconds(_get(node, adapter, "duration_ms", budget), 0.001)
    return found or None


def _created(node: object, adapter: Adapter, budget: Budget) -> str:
    return (
        values.instant(_get(node, adapter, "created_s", budget))
        or values.instant(_get(node, adapter, "created_ms", budget), 0.001)
        or values.instant(_get(node, adapter, "created_iso", budget))
    )


def _hashtags(node: object, adapter: Adapter, text: str, budget: Budget) -> tuple[Hashtag, ...]:
    if adapter.tags is None:
        return hashtags.in_text(text)
    entries, name, start, end = adapter.tags
    listed = (
        (
            values.name(first(entry, name, budget)),
            values.number(first(entry, start, budget)),
            values.number(first(entry, end, budget)),
        )
        for entry in find(node, entries, budget)
    )
    told = hashtags.as_told(listed, text)
    return told or hashtags.in_text(text)


def _ad(
    node: object, adapter: Adapter, text: str, tags: tuple[Hashtag, ...], budget: Budget
) -> tuple[AdClass, tuple[str, ...]]:
    said = " ".join((text, *(f"#{tag.name}" for tag in tags)))
    ad: AdClass = "none"
    reasons: list[str] = []
    for rule in adapter.ads:
        if rule.pattern:
            found = rule.pattern.search(said) is not None
        else:
            found = holds(rule.condition, node, budget)
        if found:
            reasons.append(rule.id)
            ad = max(ad, rule.ad, key=_STRENGTH.__getitem__)
    return ad, tuple(reasons)


def _warnings(node: object, adapter: Adapter, budget: Budget) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for rule in adapter.warnings:
        for entry in find(node, rule.entries, budget):
            if not holds(rule.condition, entry, budget):
                continue
            value = first(entry, rule.codes, budget) if rule.codes else None
            said = str(value).lower() if isinstance(value, bool) else values.name(value)
            code = _CODE.sub("-", said).strip("-")[:_LONGEST_CODE]
            if rule.condition is None and code in ("", "0", "false"):
                continue
            found[f"{rule.id}:{code}" if code else rule.id] = None
            if len(found) == _MOST_WARNINGS:
                return tuple(found)
    return tuple(found)

"""Where something stands in a decoded answer, and getting it from there.

A path is written with slashes, because the platforms have dots in their keys:
``itemList/*/author/id``. A step is a key, the position in a list, or ``*`` for each value of a list
or an object. ``**`` looks for the next step at any depth. The empty path is the value itself. On
the way, what is encoded inside is read by the decoders: scripts of a page, JSON in a text, also
after a signature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from analyzer.decoders import (
    DECODERS,
    MISS,
    Budget,
    Checked,
    Fault,
    Layer,
    Noted,
    Pairs,
    ReadText,
)
from analyzer.decoders.outlines import Columns
from analyzer.feed.trees import read_tree

MOST: Final = 10_000  # entries of a list
_MOST_SEARCHED: Final = 200_000  # values that `**` looks at
_DEEPEST: Final = 64
WIDE: Final = frozenset(("*", "**"))
_NOTHING: Final = frozenset(("", "{}", "[]", "null"))
_LONGEST_NOTHING: Final = max(map(len, _NOTHING))
_PLAIN: Final = frozenset((dict, list, str, int, float, bool, type(None)))  # open as they are
_TOLD: Final = frozenset((int, float, bool))  # always say something
ABSENT: Final = object()
_LONGEST_SIGNATURE: Final = 70
_LONGEST_TEXT: Final = 1024 * 1024  # characters of JSON in a text

_JSON: Final = ("{", "[", '"{', '"[')  # an object or a list, or a text that is one

Steps = tuple[str, ...]


def steps_of(path: str) -> Steps:
    """Return the steps of a path as the data files write it."""
    return tuple(step for step in path.split("/") if step)


def find(value: object, steps: Steps, budget: Budget) -> Iterable[object]:
    """Return what stands at `steps` below `value`, to iterate once; `MOST` for each ``*``."""
    if isinstance(value, dict) and steps and steps[0] not in value and steps[0] not in WIDE:
        return ()
    if WIDE.isdisjoint(steps):
        found = at(value, steps, budget)
        return () if found is ABSENT else (found,)
    return _each(value, steps, budget)


def at(value: object, steps: Steps, budget: Budget) -> object:
    """Return what stands at `steps`, which have no ``*``; `ABSENT` where there is no such place."""
    for step in steps:
        if type(value) is not dict:
            value = opened(value, budget, further=True)
            if type(value) is not dict:
                found, value = _take(value, step, budget)
                if not found:
                    return ABSENT
                continue
        inside = value.get(step, ABSENT)
        if inside is ABSENT:
            return ABSENT
        if type(inside) is Layer:  # a script of a page: read once, however often it is asked
            inside = value[step] = opened(inside, budget)
        value = inside
    return value if type(value) in _PLAIN else opened(value, budget)


def _each(value: object, steps: Steps, budget: Budget) -> Iterator[object]:
    if not steps:
        yield opened(value, budget)
        return
    step, rest = steps[0], steps[1:]
    if step == "**":
        for place in _search(value, rest[0], budget):
            yield from find(place, rest[1:], budget)
        return
    value = opened(value, budget, further=True)
    if step == "*":
        for number, inside in enumerate(_children(value)):
            if number >= MOST:
                return
            yield from find(inside, rest, budget)
        return
    found, inside = _take(value, step, budget)
    if found:
        yield from find(inside, rest, budget)


def first(value: object, alternatives: tuple[Steps, ...], budget: Budget) -> object:
    """Return the first thing at one of `alternatives` that says something; None if none does.

    Several values at one place (``runs/*/text``) are joined, if they are text.
    """
    plain = value if type(value) is dict else None
    for steps in alternatives:
        if plain is not None and steps and (step := steps[0]) not in WIDE:
            # Most of what a platform may say of an item, it does not: that is seen without a call.
            inside = plain.get(step, ABSENT)
            if inside is ABSENT or inside is None:
                continue
            if len(steps) == 1 and type(inside) in _PLAIN:
                if type(inside) in _TOLD or not is_empty(inside):
                    return inside
                continue
        if WIDE.isdisjoint(steps):
            one = at(value, steps, budget)
            if one is not ABSENT and not is_empty(one):
                return one
            continue
        found = [each for each in find(value, steps, budget) if not is_empty(each)]
        if len(found) > 1 and "*" in steps and all(isinstance(each, str) for each in found):
            return "".join(str(each) for each in found)
        if found:
            return found[0]
    return None


def is_empty(value: object) -> bool:
    """Whether `value` says nothing: null, an empty text, list or object."""
    if isinstance(value, str):
        return len(value) <= _LONGEST_NOTHING and value in _NOTHING
    return value is None or (isinstance(value, dict | list | bytes) and not value)


def has_list(value: object, steps: Steps, budget: Budget) -> bool:
    """Whether there is a place that `steps` leads to, or a list there that has no entries."""
    if "*" not in steps:
        return any(not is_empty(each) for each in find(value, steps, budget))
    above = steps[: steps.index("*")]
    return any(isinstance(each, list | dict) for each in find(value, above, budget))


def opened(value: object, budget: Budget, *, further: bool = False) -> object:
    """Return `value` as plain data; JSON in a text is read only if one goes `further`."""
    for _ in range(budget.limits.max_depth):
        if isinstance(value, Checked | Noted):
            value = value.tree
        elif isinstance(value, Columns):
            value = value.tree()
        elif isinstance(value, Layer):
            value = read_tree(value.content, value.media, budget)
        elif further and isinstance(value, str) and value.startswith(_JSON):
            value = _text("json")(value) if len(value) <= _LONGEST_TEXT else None
        elif further and isinstance(value, str) and ".{" in value[:_LONGEST_SIGNATURE]:
            value = _text("signed")(value) if len(value) <= _LONGEST_TEXT else None
        else:
            break
    return None if value is MISS or isinstance(value, Fault) else value


@cache
def _text(name: str) -> ReadText:
    read = DECODERS.entries()[name].text
    if read is None:
        raise LookupError(f"the decoder {name} reads no texts")
    return read


def _children(value: object) -> list[Any]:
    if isinstance(value, Pairs):
        return [inside for _, inside in value]
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _take(value: object, step: str, budget: Budget) -> tuple[bool, object]:
    if isinstance(value, Pairs):
        return next(((True, inside) for name, inside in value if name == step), (False, None))
    if isinstance(value, dict):
        if step not in value:
            return False, None
        inside = value[step]
        if isinstance(inside, Layer):
            inside = value[step] = opened(inside, budget)
        return True, inside
    if isinstance(value, list) and step.isdecimal() and int(step[:9]) < len(value):
        return True, value[int(step[:9])]
    return False, None


def _search(value: object, name: str, budget: Budget) -> Iterator[object]:
    """Yield what has the key `name`, wherever it is below `value`, in the order of the text."""
    left = [(value, 0)]
    for _ in range(_MOST_SEARCHED):
        if not left:
            return
        here, depth = left.pop()
        here = opened(here, budget)
        found, inside = (False, None) if isinstance(here, list) else _take(here, name, budget)
        if found:
            yield inside
        elif depth < _DEEPEST:
            if isinstance(here, dict):
                for key, each in here.items():
                    if isinstance(each, Layer):
                        here[key] = opened(each, budget)
            children = _children(here)[:MOST]
            containers = (each for each in reversed(children) if isinstance(each, dict | list))
            left += [(each, depth + 1) for each in containers]

"""Plain YAML, read fast: mappings, lists and scalars, as files of facts have them.

The constructor of ruamel.yaml is slow (a second for a hundred files), its parser is not. Here the
parser's events become objects. What is not plain (anchors, tags, merge keys, repeated names,
faults) is left to ruamel.yaml itself, and so is what a scalar without quotes means where it might
be no text.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

try:
    from ruamel.yaml.cyaml import CSafeLoader
except ImportError:  # no wheel of libyaml for this machine
    HAS_LIBYAML = False
else:
    HAS_LIBYAML = True

# Words and beginnings of scalars that may be something else than text.
_WORDS: Final = frozenset(("", "true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_STARTS: Final = frozenset("-+.0123456789~<=")
_NOTHING: Final = object()


class NotPlainError(Exception):
    """The text is more than plain YAML, or none."""


def load_plain(text: str) -> object:
    """Return what `text` says, as ruamel.yaml's safe loader would; `NotPlainError` to ask that."""
    if not HAS_LIBYAML:
        raise NotPlainError
    parser = CSafeLoader(text)
    stack: list[list[object] | dict[object, object]] = []
    keys: list[object] = []  # of each mapping, the name whose value comes next
    root: object = _NOTHING
    try:
        while True:
            event = parser.get_event()
            kind = type(event)
            if kind is ScalarEvent:
                if event.anchor or event.tag not in (None, "!"):
                    raise NotPlainError
                plain = event.implicit[0]
                value: object = _scalar(event.value) if plain else event.value
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if event.anchor or event.tag:
                    raise NotPlainError
                value = {} if kind is MappingStartEvent else []
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                stack.pop()
                keys.pop()
                continue
            elif kind is StreamEndEvent:
                return None if root is _NOTHING else root
            elif kind is AliasEvent or (kind is DocumentStartEvent and root is not _NOTHING):
                raise NotPlainError
            else:
                continue
            if not stack:
                root = value
            elif isinstance(into := stack[-1], list):
                into.append(value)
            elif keys[-1] is _NOTHING:
                if isinstance(value, dict | list) or value in into or value == "<<":
                    raise NotPlainError
                keys[-1] = value
                continue
            else:
                into[keys[-1]] = value
                keys[-1] = _NOTHING
            if isinstance(value, dict | list):
                stack.append(cast("list[object] | dict[object, object]", value))
                keys.append(_NOTHING)
    except YAMLError:
        raise NotPlainError from None
    finally:
        parser.dispose()


def _scalar(text: str) -> object:
    if text[:1] in _STARTS or text.lower() in _WORDS:
        return _asked(text)
    return text


@lru_cache(4096)
def _asked(text: str) -> object:
    """Ask ruamel.yaml what a scalar without quotes means."""
    return YAML(typ="safe").load(f"- {text}")[0] if text else None

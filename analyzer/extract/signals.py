"""Which privacy signals a request or its answer carries, and what they say for a minor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.extract.places import HostIndex, PlaceIndex, url_path_test
from analyzer.extract.shapes import is_blank
from analyzer.extract.verdicts import Reader, reader
from analyzer.knowledge import FieldMatch, SignalDef
from analyzer.models import Leaf, SignalVerdict

_ZERO: Final = "+-0."


@dataclass(frozen=True, slots=True)
class SignalField:
    """A place of a signal: of its own value, or of what contradicts it."""

    signal: str
    contradicts: bool
    match: FieldMatch
    path_test: Callable[[str], bool]


class SignalBook:
    """All signals, by host. `age` is the one that the account was registered with, if known."""

    def __init__(self, signals: Mapping[str, SignalDef], age: int | None = None) -> None:
        self._age = age
        self._readers: dict[str, Reader] = {}
        self._hosts: HostIndex[SignalField] = HostIndex()
        for definition in signals.values():
            self._readers[definition.id] = reader(definition)
            for match in definition.fields:
                self._add(definition.id, match, contradicts=False)
            for match in definition.contradicted_by:
                self._add(definition.id, match, contradicts=True)

    def fields(self, host: str, path: str) -> tuple[SignalField, ...]:
        """Return the places to look at in a request to `host` and `path`."""
        return tuple(field for field in self._hosts.at(host) if field.path_test(path))

    def read(self, signal: str, value: str) -> tuple[str, SignalVerdict]:
        """Return what may be shown of a signal's value, and its verdict by itself."""
        return self._readers[signal].read(value, self._age)

    def _add(self, signal: str, match: FieldMatch, *, contradicts: bool) -> None:
        field = SignalField(signal, contradicts, match, url_path_test(match.url_paths))
        for host in match.hosts:
            self._hosts.add(host, field)


def field_index(fields: Sequence[SignalField]) -> PlaceIndex[SignalField]:
    """Return the places of signals by part and path."""
    index: PlaceIndex[SignalField] = PlaceIndex()
    for field in fields:
        index.add(field.match.parts, field.match.paths, field)
    return index


def contradicts(leaf: Leaf) -> bool:
    """Tell whether a leaf that should not be there says something: zeros and blanks do not."""
    text = leaf.value.strip()
    return not is_blank(text) and bool(text.strip(_ZERO))

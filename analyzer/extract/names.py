"""Recognises a leaf by the name of its key, where no rule knows the place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from analyzer.extract.placeholders import says_nothing
from analyzer.extract.shapes import shape
from analyzer.knowledge import DataType, normal_name, shape_fits
from analyzer.models import Part

_NAMED_PARTS: Final[frozenset[Part]] = frozenset(("query", "header", "cookie", "body"))
_JOINED: Final = 3  # components of a path that may make one name: device.geo.lat
_LONGEST_VALUE: Final = 1024
REASON: Final = "The name of the key says what it is"


class Names:
    """The names that mean a data type wherever they stand, from the ontology."""

    def __init__(self, types: Mapping[str, DataType]) -> None:
        self._types = types
        self._by_name: dict[str, str] = {}
        for data_type in types.values():
            for name in data_type.names:
                self._by_name.setdefault(normal_name(name), data_type.id)

    def at(self, part: Part, path: str) -> str:
        """Return the data type that the end of `path` names, "" for none.

        The name is the last component, or up to three of them together (the longest wins); list
        positions do not count. It has to match as a whole.
        """
        if part not in _NAMED_PARTS:
            return ""
        for name in _names(path):
            if found := self._by_name.get(name):
                return found
        return ""

    def accepts(self, data_type: str, value: str) -> bool:
        """Tell whether `value` can be of `data_type`: it says something and looks right."""
        if len(value) > _LONGEST_VALUE or says_nothing(data_type, value):
            return False
        found = shape(value, data_type)
        return found != "json" and shape_fits(found, self._types[data_type].shapes)


def _names(path: str) -> Iterator[str]:
    """Yield the candidates, longest first."""
    tail: list[str] = []
    for component in reversed(path.rsplit(".", 8)):
        if component.isdigit():
            continue
        tail.append(component)
        if len(tail) == _JOINED:
            break
    for count in range(len(tail), 0, -1):
        yield normal_name("".join(reversed(tail[:count])))

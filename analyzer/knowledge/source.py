"""Reading a YAML file so that every complaint names the file and the line.

A `Table` takes the entries out of a mapping one by one. What is wrong is noted in the `Source`, a
placeholder is returned and reading goes on, so that one run finds all faults. Lines are looked up
only when there are faults: a sound file costs no more than parsing it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from analyzer.knowledge.kept import MISSING, keep_tree, read_tree
from analyzer.knowledge.records import SHAPES, Fault

Step = str | int
Path = tuple[Step, ...]


class Source:
    """One YAML file, parsed, and the faults found in it. `name` is how it is called in them."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text
        self._noted: list[tuple[Path, str]] = []
        self._broken: Fault | None = None
        self.raw: object = read_tree(text)
        if self.raw is not MISSING:
            return
        self.raw = None
        try:
            self.raw = YAML(typ="safe").load(text)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 0
            self._broken = Fault(name, line, f"not valid YAML: {error.problem or error.context}")
        except (YAMLError, ValueError) as error:
            self._broken = Fault(name, 0, f"not valid YAML: {str(error).splitlines()[0]}")
        else:
            self.raw = keep_tree(text, self.raw)

    def root(self) -> Table:
        """Return the mapping that the file consists of; an empty one if it is broken."""
        return Table(self, (), {} if self._broken else self.raw)

    def note(self, path: Path, what: str) -> None:
        """Note that the entry at `path` is wrong."""
        if not self._broken:
            self._noted.append((path, what))

    def faults(self) -> list[Fault]:
        """Return what is wrong, by line."""
        if self._broken:
            return [self._broken]
        if not self._noted:
            return []
        top = YAML(typ="safe").compose(self._text)
        found = [Fault(self.name, _line(top, path), what) for path, what in self._noted]
        return sorted(found, key=lambda fault: fault.line)


def _line(node: Node | None, path: Path) -> int:
    """Return the line on which the entry at `path` begins, or the nearest one around it."""
    if node is None:
        return 1
    line = int(node.start_mark.line) + 1
    for step in path:
        if isinstance(node, MappingNode):
            for key, value in node.value:
                if key.value == str(step):
                    line, node = int(key.start_mark.line) + 1, value
                    break
            else:
                return line
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = int(node.start_mark.line) + 1
        else:
            return line
    return line


class Table:
    """A mapping in a file. Call `done` when all known entries have been asked for."""

    def __init__(self, source: Source, path: Path, raw: object) -> None:
        self.source = source
        self.path = path
        self._known: list[str] = []
        self.raw: dict[Any, Any] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            source.note(path, f"{self._name()} is not a table of entries")

    def __contains__(self, key: str) -> bool:
        return key in self.raw

    def wrong(self, key: str, what: str) -> None:
        """Note that the entry `key` is wrong: ``key what``."""
        self.source.note((*self.path, key), f"{key} {what}")

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text (a whole number or a date as text); it is required without a default."""
        value = self._take(key, required=default is None)
        if value is None:
            return default or ""
        return self._as_text((*self.path, key), key, value)

    def matching(self, key: str, pattern: str, default: str | None = None) -> str:
        """Return a text that has the form `pattern`."""
        text = self.text(key, default)
        if key in self.raw and text and not re.fullmatch(pattern, text):
            self.wrong(key, f"is {text!r}, which has not the form {pattern}")
        return text

    def pattern(self, key: str) -> str:
        """Return a regular expression; "" where none is given."""
        text = self.text(key, "")
        try:
            re.compile(text)
        except re.error as error:
            self.wrong(key, f"is no regular expression: {error}")
            return ""
        return text

    def choice(self, key: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return one of `choices`."""
        text = self.text(key, default)
        if key in self.raw and text not in choices:
            self.wrong(key, f"is {text!r}; use one of {', '.join(choices)}")
            return choices[0]
        return text or choices[0]

    def texts(self, *keys: str, required: bool = False) -> tuple[str, ...]:
        """Return a list of texts; one text is a list of one. Of several `keys` the first given."""
        key = next((each for each in keys if each in self.raw), keys[0])
        self._known += keys
        value = self._take(key, required=required)
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        if required and not items:
            self.wrong(key, "is empty")
        return tuple(
            self._as_text((*self.path, key, index), key, item) for index, item in enumerate(items)
        )

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._take(key, required=default is None)
        if value is None:
            return bool(default)
        if not isinstance(value, bool):
            self.wrong(key, "is neither true nor false")
        return value is True

    def whole(self, key: str) -> int | None:
        """Return a whole number from 0 up, or None where there is none."""
        value = self._take(key, required=False)
        if value is not None and (type(value) is not int or value < 0):
            self.wrong(key, "is not a whole number from 0 up")
            return None
        return value

    def table(self, key: str, *, required: bool = False) -> Table:
        """Return a table; an empty one where there is none."""
        value = self._take(key, required=required)
        return Table(self.source, (*self.path, key), {} if value is None else value)

    def tables(self, key: str, *, required: bool = True) -> list[Table]:
        """Return a list of tables."""
        value = self._take(key, required=required)
        if value is None:
            return []
        if not isinstance(value, list) or (required and not value):
            self.wrong(key, "is not a list of entries" if value else "is empty")
            return []
        return [
            Table(self.source, (*self.path, key, index), item) for index, item in enumerate(value)
        ]

    def keyed(self, key: str) -> dict[str, Table]:
        """Return a table of tables."""
        value = self._take(key, required=True)
        if not isinstance(value, dict):
            if value is not None:
                self.wrong(key, "is not a table of entries")
            return {}
        return {
            str(name): Table(self.source, (*self.path, key, str(name)), body)
            for name, body in value.items()
        }

    def mapping(self, key: str, check: Callable[[object], bool], what: str) -> dict[str, Any]:
        """Return a table whose values pass `check`; `what` says which do."""
        value = self._take(key, required=True)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            self.wrong(key, "is not a table of entries")
            return {}
        for name, item in value.items():
            if not check(item):
                self.source.note((*self.path, key, name), f"{key}: {name} is not {what}")
        return value

    def allow(self, *keys: str) -> None:
        """Declare entries that may be there, with whatever value."""
        self._known += keys

    def done(self) -> None:
        """Note every entry that nobody asked for."""
        for key in self.raw:
            if key not in self._known:
                known = ", ".join(sorted(set(self._known)))
                self.source.note(
                    (*self.path, str(key)), f"unknown entry {key!r}; known are {known}"
                )

    def _take(self, key: str, *, required: bool) -> Any:
        self._known.append(key)
        value = self.raw.get(key)
        if value is None and required:
            what = "is empty" if key in self.raw else f"is missing from {self._name()}"
            self.wrong(key, what)
        return value

    def _as_text(self, path: Path, key: str, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        self.source.note(path, f"{key} is not text: put it in quotes")
        return ""

    def _name(self) -> str:
        named = self.raw.get("id")
        if isinstance(named, str):
            return repr(named)
        return ".".join(map(str, self.path)) or "the file"


def regex_fault(pattern: str) -> str:
    """Return why `pattern` is not a regular expression, or an empty text."""
    try:
        re.compile(pattern)
    except re.error as error:
        return f"is not a regular expression: {error}"
    return ""


def known_only(
    table: Table, key: str, given: tuple[str, ...], known: Mapping[str, object] | frozenset[str]
) -> None:
    """Note those of `given`, the entry `key`, that are not among `known`."""
    for index, item in enumerate(given):
        if item and item not in known:
            table.source.note((*table.path, key, index), f"{key} names {item!r}, which is unknown")


def known_shapes(table: Table, key: str, shapes: tuple[str, ...]) -> None:
    """Note those of `shapes`, the entry `key`, that no value can have."""
    heads = tuple(shape.partition(":")[0] for shape in shapes)
    known_only(table, key, heads, SHAPES)

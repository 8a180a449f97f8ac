"""Searches files for seeded values, as the extractor does: raw, and in every way of writing.

Each file is searched as bytes, and what its format holds (strings of JSON, cells of CSV, texts and
attributes of HTML) as the values that they are, so that what is encoded in one is found as well.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import orjson

from analyzer.errors import UserError
from analyzer.extract.planted import Finds, Planted
from analyzer.models import Leaf

READABLE: Final = (".csv", ".har", ".html", ".json", ".jsonl", ".md", ".txt", "")
_CHUNK: Final = 1 << 20
_OVERLAP: Final = 1 << 14  # longer than any way of writing any value
_TOGETHER: Final = 400  # leaves; of a value in two parts both have to be among them
_SHARED: Final = 40
_SHOWN: Final = 5  # leaks
_LONG: Final = 1 << 16  # characters of a leaf
# What may be one encoded thing inside a longer text: with the signs of Base64, and without.
_PIECES: Final = (re.compile(r"[A-Za-z0-9+/=_-]{8,}"), re.compile(r"[A-Za-z0-9_-]{8,}"))


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """A seeded value that a file holds: of which data type, written how ("raw", "sha256", ...)."""

    file: str
    data_type: str
    transformed: str


class Search:
    """Looks for `seeded`, the values of all personas as (data type, text)."""

    def __init__(self, seeded: Sequence[tuple[str, str]]) -> None:
        self._planted = Planted(seeded)
        self._types = [data_type for data_type, _ in seeded]

    @property
    def too_short(self) -> tuple[str, ...]:
        """The data types of values that are too short to be found anywhere."""
        return self._planted.too_short

    def folder(self, folder: Path) -> list[Leak]:
        """Return what the files of `folder` hold; files of unknown formats are told as such."""
        found: set[Leak] = set()
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            found |= set(self.file(path.relative_to(folder).as_posix(), path.read_bytes()))
        return sorted(found)

    def file(self, name: str, content: bytes) -> Iterator[Leak]:
        """Yield what one file holds, its name included."""
        named = (name, Path(name).stem)
        for data_type, transformed in (
            *(each for text in named for each in self._in_bytes(text.encode())),
            *self._in_bytes(content),
        ):
            yield Leak(name, data_type, transformed)
        suffix = Path(name).suffix.lower()
        if suffix not in READABLE:
            yield Leak(name, "", "a format that cannot be searched")
            return
        for data_type, transformed in self._in_leaves(list(_leaves(suffix, content))):
            yield Leak(name, data_type, transformed)

    def _in_bytes(self, content: bytes) -> Iterator[tuple[str, str]]:
        for start in range(0, max(1, len(content)), _CHUNK):
            chunk = content[start : start + _CHUNK + _OVERLAP]
            yield from self._told(self._planted.find((), [chunk]))

    def _in_leaves(self, leaves: list[Leaf]) -> Iterator[tuple[str, str]]:
        for start in range(0, len(leaves), _TOGETHER):
            yield from self._all_of(leaves[start : start + _TOGETHER + _SHARED])

    def _all_of(self, leaves: list[Leaf]) -> Iterator[tuple[str, str]]:
        finds = self._planted.find(leaves)
        yield from self._told(finds)
        if finds.complete:
            return
        if len(leaves) == 1:
            yield "", "too much to be searched"
            return
        half = len(leaves) // 2
        yield from self._all_of(leaves[:half])
        yield from self._all_of(leaves[half:])

    def _told(self, finds: Finds) -> Iterator[tuple[str, str]]:
        for hit in finds.hits:
            yield self._types[hit.value], hit.transformed


def refuse(leaks: Sequence[Leak], what: str, fix: str) -> None:
    """Raise `UserError` that names what was found, and where; not the value.

    `what` says what was not done: "nothing was published".
    """
    if not leaks:
        return
    named = [
        f"{leak.file} ({leak.data_type}, {leak.transformed})"
        if leak.data_type
        else f"{leak.file} ({leak.transformed})"
        for leak in leaks[:_SHOWN]
    ]
    more = f" and {len(leaks) - _SHOWN} more" if len(leaks) > _SHOWN else ""
    raise UserError(f"{what}: seeded values are in {', '.join(named)}{more}", fix)


def pieces(text: str) -> Iterator[str]:
    """Yield what in `text` may be encoded by itself, where that is not all of it."""
    for pattern in _PIECES:
        for found in pattern.finditer(text):
            if len(found[0]) < len(text):
                yield found[0]


def _leaves(suffix: str, content: bytes) -> Iterator[Leaf]:
    """Yield each text that stands in a file of this format, under its path; each text once."""
    text = content.decode("utf-8", "replace")
    known: set[tuple[str, str]] = set()
    for path, value in _texts(suffix, content, text):
        for start in range(0, len(value), _LONG):
            part = value[start : start + _LONG + 512]
            # Position in a list says nothing: the same text of the same name is the same.
            key = (path.rpartition(".")[2], part)
            if part and key not in known:
                known.add(key)
                yield Leaf("", "body", path, part, ())
                for piece in pieces(part):
                    if ("", piece) not in known:
                        known.add(("", piece))
                        yield Leaf("", "body", "", piece, ())


def _texts(suffix: str, content: bytes, text: str) -> Iterator[tuple[str, str]]:
    if suffix in {".json", ".har"}:
        yield from _of_tree("", orjson.loads(content))
    elif suffix == ".jsonl":
        for line in content.splitlines():
            yield from _of_tree("", orjson.loads(line))
    elif suffix == ".csv":
        for row in csv.DictReader(io.StringIO(text)):
            yield from ((str(name), str(cell)) for name, cell in row.items())
    elif suffix == ".html":
        reader = _Texts()
        reader.feed(text)
        reader.close()
        yield from reader.found
    else:
        yield from (("", line) for line in text.splitlines())


def _of_tree(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _of_tree(f"{path}.{name}" if path else name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _of_tree(path, inner)
    elif isinstance(value, str):
        yield path, value
        if "\n" in value:
            yield from ((path, line) for line in value.splitlines())
    elif value is not None:
        yield path, str(value)


class _Texts(HTMLParser):
    """Collects texts and values of attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(f"{tag}.{name}", value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.found.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", data))

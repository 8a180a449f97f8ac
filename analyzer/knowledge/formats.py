"""`schemas/*.yaml` and `opaque.yaml`: what messages mean whose form alone does not say it.

A schema gives the fields of protobuf messages names; an opaque kind gives a payload that cannot be
read the name of who made it. Decoders ask `formats`, which reads only these files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from analyzer.errors import UserError
from analyzer.knowledge.ontology import GRADES
from analyzer.knowledge.records import Fault
from analyzer.knowledge.source import Source, Table, regex_fault

SCALARS: Final = frozenset(
    (
        "double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64",
        "fixed32", "fixed64", "sfixed32", "sfixed64", "bool", "string", "bytes", "enum",
    )
)  # fmt: skip
_FIELD: Final = re.compile(r"([a-z_][A-Za-z0-9_]*) (?:(repeated|map) )?(\w+(?:\|\w+)*)")
_MOST_NUMBER: Final = 2**29 - 1
_WHERE: Final = ("body", "header", "value")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message. `types`: one scalar, or the messages of which the first that fits."""

    name: str
    label: str  # "", "repeated" or "map" (of text to `types`)
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a schema holds: hosts (exact, ``*.domain``, ``*``) and paths (exact or from ``^``)."""

    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    request: str  # names of messages, "" where nothing is known
    response: str

    def holds(self, host: str, path: str) -> bool:
        """Whether a request to `path` (without its query) of `host` is of this place."""
        return _host_fits(self.hosts, host) and any(
            re.search(each, path) is not None if _is_regex(each) else each == path
            for each in self.paths
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """Messages by name, their fields by number."""

    id: str
    source: str
    places: tuple[Place, ...]
    messages: Mapping[str, Mapping[int, Field]]


@dataclass(frozen=True, slots=True)
class OpaqueKind:
    """A kind of payload that only its receiver can read; every condition that is given holds."""

    id: str
    label: str
    where: str  # "body", "header" or "value"
    starts: tuple[bytes, ...]
    hosts: tuple[str, ...]
    url: re.Pattern[str] | None
    headers: frozenset[str]
    pattern: re.Pattern[str] | None
    always: bool  # also where it does not look like a cipher
    source: str
    grade: str

    def at(self, url: str, host: str) -> bool:
        """Whether a request to `url` may carry it."""
        if self.hosts and not _host_fits(self.hosts, host):
            return False
        return self.url is None or self.url.search(url) is not None


@dataclass(frozen=True, slots=True)
class Formats:
    """All schemas and opaque kinds."""

    schemas: tuple[Schema, ...]
    opaque: tuple[OpaqueKind, ...]


@lru_cache(maxsize=4)
def formats(root: Path) -> Formats:
    """Return what the files under `root` say; `UserError` names the first that is wrong."""
    sources = [
        Source(f"schemas/{path.name}", path.read_text("utf-8"))
        for path in sorted((root / "schemas").glob("*.yaml"))
    ]
    opaque = Source("opaque.yaml", (root / "opaque.yaml").read_text("utf-8"))
    found = read_formats(sources, opaque)
    faults: list[Fault] = [fault for source in (*sources, opaque) for fault in source.faults()]
    if faults:
        raise UserError(str(faults[0]), "put it right and run `evenhand knowledge check`")
    return found


def read_formats(sources: Sequence[Source], opaque: Source) -> Formats:
    """Return the schemas and opaque kinds; what is wrong is noted in the sources."""
    schemas: list[Schema] = []
    for source in sources:
        found = _schema(source)
        if any(found.id == other.id for other in schemas):
            source.note(("id",), f"id {found.id!r} is there twice")
        schemas.append(found)
    root = opaque.root()
    kinds: list[OpaqueKind] = []
    for table in root.tables("kinds"):
        kind = _kind(table)
        if any(kind.id == other.id for other in kinds):
            table.wrong("id", f"{kind.id!r} is there twice")
        kinds.append(kind)
    root.done()
    return Formats(tuple(schemas), tuple(kinds))


def _schema(source: Source) -> Schema:
    root = source.root()
    identifier = root.matching("id", r"[a-z0-9_-]+")
    origin = root.matching("source", r"https://\S+")
    root.allow("messages")
    raw = root.raw.get("messages")
    messages: dict[str, dict[int, Field]] = {}
    if not isinstance(raw, dict) or not raw:
        root.wrong("messages", "is not a table of messages")
        raw = {}
    for name, fields in raw.items():
        messages[str(name)] = _fields(source, str(name), fields, raw)
    places = tuple(_place(table, messages) for table in root.tables("places"))
    root.done()
    return Schema(identifier, origin, places, messages)


def _fields(
    source: Source, message: str, raw: object, messages: Mapping[object, object]
) -> dict[int, Field]:
    found: dict[int, Field] = {}
    names: set[str] = set()
    if not isinstance(raw, dict) or not raw:
        source.note(("messages", message), f"{message} has no fields")
        return found
    for key, line in raw.items():
        here = ("messages", message, str(key))
        number = int(key) if re.fullmatch("[0-9]{1,9}", str(key)) else 0
        match = _FIELD.fullmatch(line) if isinstance(line, str) else None
        if not 0 < number <= _MOST_NUMBER:
            source.note(here, f"{str(key)!r} is no number of a field")
        elif match is None:
            source.note(here, f"{line!r} is not `name [repeated | map] type`")
        else:
            types = tuple(match[3].split("|"))
            unknown = [each for each in types if each not in SCALARS and each not in messages]
            scalars = [each for each in types[:-1] if each in SCALARS]
            if unknown or scalars:
                source.note(here, f"{(unknown or scalars)[0]!r} is no message of this file")
            if match[1] in names:
                source.note(here, f"{match[1]!r} is there twice")
            names.add(match[1])
            found[number] = Field(match[1], match[2] or "", types)
    return found


def _place(table: Table, messages: Mapping[str, object]) -> Place:
    place = Place(
        hosts=table.texts("hosts", required=True),
        paths=table.texts("paths", required=True),
        request=table.text("request", ""),
        response=table.text("response", ""),
    )
    for index, path in enumerate(place.paths):
        if _is_regex(path) and (fault := regex_fault(path)):
            table.source.note((*table.path, "paths", index), f"{path!r} {fault}")
        elif not _is_regex(path) and not path.startswith("/"):
            table.source.note(
                (*table.path, "paths", index), f"{path!r} begins with neither / nor ^"
            )
    for key, name in (("request", place.request), ("response", place.response)):
        if name and name not in messages:
            table.wrong(key, f"is {name!r}, which is no message of this file")
    if not place.request and not place.response:
        table.wrong("request", "is missing, and so is response")
    table.done()
    return place


def _kind(table: Table) -> OpaqueKind:
    grade = table.choice("grade", GRADES)
    source = table.text("source")
    if not source and grade != "O":
        table.wrong("source", "is empty: only what was merely observed (grade O) has none")
    starts = tuple(_bytes(table, each) for each in table.texts("starts"))
    url, pattern = _regex(table, "url"), _regex(table, "pattern")
    made = OpaqueKind(
        id=table.matching("id", r"[a-z0-9_-]+(/[a-z0-9_-]+)?"),
        label=table.matching("label", r"[ -~]{3,80}"),
        where=table.choice("where", _WHERE),
        starts=tuple(each for each in starts if each),
        hosts=table.texts("hosts"),
        url=url,
        headers=frozenset(each.lower() for each in table.texts("headers")),
        pattern=pattern,
        always=table.flag("always", False),
        source=source,
        grade=grade,
    )
    if not (made.starts or made.hosts or made.url or made.headers or made.pattern):
        table.wrong("where", "stands alone: give `starts`, `hosts`, `url`, `headers` or `pattern`")
    if made.where == "header" and not made.headers:
        table.wrong("headers", "is missing: a header is known by its name")
    table.done()
    return made


def _bytes(table: Table, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        table.wrong("starts", f"has {text!r}, which is not hexadecimal")
        return b""


def _regex(table: Table, key: str) -> re.Pattern[str] | None:
    text = table.text(key, "")
    if not text:
        return None
    if fault := regex_fault(text):
        table.wrong(key, f"is {text!r}, which {fault}")
        return None
    return re.compile(text)


def _is_regex(path: str) -> bool:
    return path.startswith(("^", "(?i)^"))


def _host_fits(patterns: Sequence[str], host: str) -> bool:
    return any(
        each in ("*", host) or (each.startswith("*.") and host.endswith(each[1:]))
        for each in patterns
    )

"""What is known of the feeds: `analyzer/data/feeds/*.yaml`, and a study's own files of that form.

An adapter says of one platform's app or site where its answers with items come from, where the
items stand in them, and which log tells what became of an item. It is data, as the rules of
trackers are: a feed whose format changes is put right in its file. The head of
`tiktok_app.yaml` explains the entries.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, cast

from analyzer.errors import UserError
from analyzer.feed.paths import Steps, steps_of
from analyzer.feed.records import AdClass
from analyzer.knowledge.fields import read_hosts, read_url_paths
from analyzer.knowledge.formats import Place
from analyzer.knowledge.load import DATA
from analyzer.knowledge.ontology import GRADES
from analyzer.knowledge.source import Source, Table

FOLDER: Final = DATA / "feeds"
DISCLOSURES: Final = DATA / "feed_disclosures.yaml"
# The fields of an item, each with the paths of its alternatives.
FIELDS: Final = (
    "id", "author", "author_name", "text", "language", "music", "duration_s", "duration_ms",
    "created_s", "created_ms", "created_iso", "plays", "likes", "comments", "shares", "more",
    "words",
)  # fmt: skip
# What else may be said of an item, and "author_id": its author, by id and not by name alone.
USUAL: Final = (
    "author_id", "language", "music", "duration_s", "created", "plays", "likes", "comments",
    "shares",
)  # fmt: skip
SIGNS: Final = ("liked", "shared", "commented", "followed")
Paths = tuple[Steps, ...]
_Part = Literal["body", "query", "path"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where one of `paths` says yes, or, of what is given, is one of `values`, or fits.

    `present`: it is enough that something is there.
    """

    paths: Paths
    present: bool
    values: frozenset[str]
    pattern: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class AdRule:
    """A sign that an item is advertising. `pattern` is looked for in its text and its hashtags."""

    id: str
    ad: AdClass
    condition: Condition | None
    pattern: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class WarningRule:
    """A label or mask over an item: ``id:code`` for each of `entries` for which it holds."""

    id: str
    entries: Steps
    codes: Paths
    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Surface:
    """Answers of one kind: which addresses, and where the items stand in them.

    `has`: texts of which one must be in the address, a header or the body of the request, or in a
    key of the answer (an address may answer many questions). `optional`: an answer without items is
    none of the feed, not a new format, unless one of `signs` is in it: places that only items have.
    `details`: its items were served elsewhere, this tells more of them. `preload`: lists of items
    that wait for their turn. `anywhere`: nobody else asks at its paths, so that other hosts than
    its own are read, too. `request_id`: where the request names the item.
    """

    id: str
    place: Place
    has: tuple[bytes, ...]
    lists: Paths
    preload: Paths
    optional: bool
    signs: Paths
    details: bool
    anywhere: bool
    request_id: Paths

    def elsewhere(self) -> Surface:
        """Return it for any host: what answers there without items is none of this feed."""
        return replace(self, place=_moved(self.place, ("*",)), optional=True)


@dataclass(frozen=True, slots=True)
class WatchRule:
    """What a request tells of an item: fields by path in its `part`. `sets`: what it is a sign of.

    `starts` and `ends` hold lists of seconds, of which the spans are added up. `surface` says where
    in the app it was, in the app's words: `Adapter.entered`.
    """

    id: str
    place: Place
    part: _Part
    pattern: re.Pattern[str] | None
    rows: Steps
    where: Condition | None
    item: Paths
    order: Paths
    watch_ms: Paths
    watch_s: Paths
    starts: Paths
    ends: Paths
    rounds: Paths
    surface: Paths
    sets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adapter:
    """One platform's feed. Ids of items and authors are unique within its `service`."""

    id: str
    service: str
    id_form: re.Pattern[str] | None  # what of the id counts, where it is more than that
    surfaces: tuple[Surface, ...]
    fields: Mapping[str, Paths]
    always: tuple[str, ...]  # fields that every item has
    told: Paths  # places at which every item says something, be it no
    usual: tuple[str, ...]  # what is said of nearly every item, and never of none of many
    wrapped: Paths  # where the item is in an entry that holds more than that
    not_items: Paths
    not_if: tuple[Condition, ...]  # by a value, where `not_items` says it by what is there
    refusals: tuple[Condition, ...]
    tags: tuple[Steps, Paths, Paths, Paths] | None  # entries of hashtags; name, start, end
    ads: tuple[AdRule, ...]
    warnings: tuple[WarningRule, ...]
    watches: tuple[WatchRule, ...]
    entered: Mapping[str, str]  # surfaces, by what the log calls them; "elsewhere": of no feed
    hits: tuple[Mapping[str, Any], ...]  # examples, which run as tests
    misses: tuple[Mapping[str, Any], ...]
    digest: str  # SHA-256 of the files it is made from

    def at(self, *hosts: str) -> Adapter:
        """Return the adapter for other `hosts`: a platform that speaks the same language."""
        surfaces = tuple(
            replace(each, place=_moved(each.place, hosts), anywhere=False) for each in self.surfaces
        )
        watches = tuple(replace(each, place=_moved(each.place, hosts)) for each in self.watches)
        return replace(self, surfaces=surfaces, watches=watches)


def _moved(place: Place, hosts: tuple[str, ...]) -> Place:
    return replace(place, hosts=hosts)


@lru_cache(maxsize=8)
def load_adapters(*more: Path) -> tuple[Adapter, ...]:
    """Return the adapters of `FOLDER`, then those of the folders `more` (a study's own).

    One of a later folder takes the place of one with the same id. `UserError` names the file, the
    line and the first thing that is wrong.
    """
    found: dict[str, Adapter] = {}
    source = _source(DISCLOSURES)
    shared = read_disclosures(source)
    faults = source.faults()
    # By folder, whatever they are called: a later one overrules those before it.
    for path in (path for folder in (FOLDER, *more) for path in sorted(folder.glob("*.yaml"))):
        source = _source(path)
        adapter = read_adapter(source, shared)
        faults += source.faults()
        found[adapter.id] = adapter
    if faults:
        more_faults = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise UserError(f"feeds/{faults[0]}", f"put it right{more_faults}")
    return tuple(found.values())


def _source(path: Path) -> Source:
    try:
        return Source(path.name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read", str(error)) from None


def read_disclosures(source: Source) -> tuple[AdRule, ...]:
    """Return the words by which advertising is told in a text; what is wrong is in `source`."""
    root = source.root()
    rules = tuple(_ad(table) for table in root.tables("ads"))
    root.done()
    return rules


def read_adapter(source: Source, shared: Sequence[AdRule] = ()) -> Adapter:
    """Return the adapter of one file; what is wrong is noted in `source`. `shared`: more ads."""
    root = source.root()
    root.matching("source", r"https://\S+")
    root.choice("grade", GRADES)
    root.text("note", "")
    fields = _fields(root)
    always = root.texts("always")
    for field in always:
        if field not in FIELDS and field not in ("duration", "created"):
            root.wrong("always", f"has {field!r}, which is no field")
    usual = root.texts("usual")
    for field in usual:
        if field not in USUAL:
            root.wrong("usual", f"has {field!r}; use some of {', '.join(USUAL)}")
    examples = root.table("examples", required=True)
    hits, misses = examples.raw.get("hit"), examples.raw.get("miss")
    for key, given in (("hit", hits), ("miss", misses)):
        examples.allow(key)
        if not isinstance(given, list) or not given or not all(isinstance(e, dict) for e in given):
            examples.wrong(key, "is not a list of examples")
    examples.done()
    entered = root.table("entered")
    made = Adapter(
        id=root.matching("id", r"[a-z0-9_]+"),
        service=root.matching("service", r"[a-z0-9]+"),
        id_form=_pattern(root, "id_form"),
        surfaces=tuple(_surface(table) for table in root.tables("surfaces")),
        fields=fields,
        always=always,
        told=_paths(root, "told"),
        usual=usual,
        wrapped=_paths(root, "wrapped"),
        not_items=_paths(root, "not_items"),
        not_if=tuple(_condition(table) for table in root.tables("not_if", required=False)),
        refusals=tuple(_condition(table) for table in root.tables("refusals", required=False)),
        tags=_tags(root),
        ads=(*(_ad(table) for table in root.tables("ads", required=False)), *shared),
        warnings=tuple(_warning(table) for table in root.tables("warnings", required=False)),
        watches=tuple(_watch(table) for table in root.tables("watches", required=False)),
        entered={name: entered.matching(name, r"[a-z0-9_]+") for name in map(str, entered.raw)},
        hits=tuple(hits) if isinstance(hits, list) else (),
        misses=tuple(misses) if isinstance(misses, list) else (),
        digest=sha256(repr((source.raw, shared)).encode()).hexdigest(),
    )
    root.done()
    return made


def _fields(root: Table) -> Mapping[str, Paths]:
    table = root.table("fields", required=True)
    found = {name: _paths(table, name) for name in FIELDS if name in table}
    if "id" not in found:
        root.wrong("fields", "has no id")
    table.done()
    return found


def _paths(table: Table, key: str, *, required: bool = False) -> Paths:
    return tuple(steps_of(path) for path in table.texts(key, required=required))


def _pattern(table: Table, key: str) -> re.Pattern[str] | None:
    text = table.pattern(key)
    return re.compile(text) if text else None


def _place(table: Table) -> Place:
    hosts = read_hosts(table, required=True)
    return Place(hosts, read_url_paths(table, "paths"), "", "")


def _surface(table: Table) -> Surface:
    made = Surface(
        id=table.matching("id", r"[a-z0-9_]+"),
        place=_place(table),
        has=tuple(text.encode() for text in table.texts("has")),
        lists=_paths(table, "lists", required=True),
        preload=_paths(table, "preload"),
        optional=table.flag("optional", False),
        signs=_paths(table, "signs"),
        details=table.flag("details", False),
        anywhere=table.flag("anywhere", False),
        request_id=_paths(table, "request_id"),
    )
    table.done()
    return made


def _condition(table: Table, *, done: bool = True) -> Condition:
    made = Condition(
        paths=_paths(table, "path", required=True),
        present=table.flag("present", False),
        values=frozenset(table.texts("values")),
        pattern=_pattern(table, "matches"),
    )
    if done:
        table.done()
    return made


def _maybe(table: Table) -> Condition | None:
    return _condition(table, done=False) if "path" in table else None


def _tags(root: Table) -> tuple[Steps, Paths, Paths, Paths] | None:
    if "hashtags" not in root:
        return None
    table = root.table("hashtags")
    entries = steps_of(table.text("entries"))
    made = (entries, _paths(table, "name"), _paths(table, "start"), _paths(table, "end"))
    table.done()
    return made


def _ad(table: Table) -> AdRule:
    made = AdRule(
        id=table.matching("id", r"[A-Za-z0-9_]+"),
        ad=cast("AdClass", table.choice("class", ("formal", "disclosed", "hint"))),
        condition=_maybe(table),
        pattern=_pattern(table, "text"),
    )
    if made.condition is None and made.pattern is None:
        table.wrong("id", "has neither a path nor a text")
    table.done()
    return made


def _warning(table: Table) -> WarningRule:
    made = WarningRule(
        id=table.matching("id", r"[a-z0-9_]+"),
        entries=steps_of(table.text("entries", "")),
        codes=_paths(table, "code"),
        condition=_maybe(table),
    )
    table.done()
    return made


def _watch(table: Table) -> WatchRule:
    table.text("source", "")
    table.choice("grade", ("", *GRADES), "")
    where = table.table("where") if "where" in table else None
    sets = table.texts("sets")
    for sign in sets:
        if sign not in SIGNS:
            table.wrong("sets", f"has {sign!r}; use some of {', '.join(SIGNS)}")
    made = WatchRule(
        id=table.matching("id", r"[a-z0-9_]+"),
        place=_place(table),
        part=cast("_Part", table.choice("part", ("body", "query", "path"))),
        pattern=_pattern(table, "address"),
        rows=steps_of(table.text("rows", "")),
        where=_condition(where) if where else None,
        item=_paths(table, "item", required=True),
        order=_paths(table, "order"),
        watch_ms=_paths(table, "watch_ms"),
        watch_s=_paths(table, "watch_s"),
        starts=_paths(table, "starts"),
        ends=_paths(table, "ends"),
        rounds=_paths(table, "rounds"),
        surface=_paths(table, "surface"),
        sets=sets,
    )
    table.done()
    return made

"""`trackers/<owner>.yaml`: the endpoints of one owner, with their rules and examples."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from analyzer.knowledge.fields import read_hosts, read_parts, read_paths, read_url_paths
from analyzer.knowledge.ontology import GRADES
from analyzer.knowledge.records import (
    PURPOSES,
    DataType,
    Endpoint,
    Example,
    FieldRule,
    Tracker,
)
from analyzer.knowledge.source import Source, Table, known_shapes
from analyzer.models import Grade

_SITE = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+"
_ENDPOINT_ID = r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_.-]*)+"
_FIELD_ID = r"[a-z0-9][a-z0-9_]*"
_BODIES = ("form", "json", "body", "body_base64")


@dataclass(frozen=True, slots=True)
class _Given:
    """What holds for everything below, unless that says otherwise."""

    purpose: str
    source: str
    grade: Grade

    def below(self, table: Table) -> _Given:
        """Take what `table` says of it."""
        return _Given(
            table.choice("purpose", ("", *PURPOSES), "") or self.purpose,
            table.text("source", "") or self.source,
            _grade(table) or self.grade,
        )


def read_tracker(source: Source, types: Mapping[str, DataType], ids: set[str]) -> Tracker:
    """Return one tracker file. `ids` are the endpoint ids met before; those met here are added."""
    root = source.root()
    given = _Given("", "", "").below(root)
    tracker = Tracker(
        file=source.name,
        owner=root.text("owner"),
        sites=root.texts("sites"),
        purpose=given.purpose,
        source=given.source,
        fictional=root.flag("fictional", False),
        endpoints=tuple(_endpoint(table, given, types) for table in root.tables("endpoints")),
    )
    for site in tracker.sites:
        if not re.fullmatch(_SITE, site):
            root.wrong("sites", f"has {site!r}; use domains, as in example.com")
    for index, endpoint in enumerate(tracker.endpoints):
        if endpoint.id in ids:
            source.note(("endpoints", index, "id"), f"id {endpoint.id!r} is there twice")
        ids.add(endpoint.id)
    root.done()
    return tracker


def _endpoint(table: Table, above: _Given, types: Mapping[str, DataType]) -> Endpoint:
    own = table.matching("id", _ENDPOINT_ID)
    given = above.below(table)
    fields = tuple(_field(each, own, given, types) for each in table.tables("fields"))
    ids = [each.id for each in fields]
    for index, name in enumerate(ids):
        if name in ids[:index]:
            where = (*table.path, "fields", index, "id")
            table.source.note(where, f"id {name!r} is there twice in {own}")
    examples = table.table("examples", required=True)
    hits = tuple(_example(each, frozenset(ids), hit=True) for each in examples.tables("hit"))
    misses = tuple(_example(each, frozenset(ids), hit=False) for each in examples.tables("miss"))
    examples.done()
    shown = {name for hit in hits for name in hit.finds}
    for index, name in enumerate(ids):
        if hits and name not in shown:
            where = (*table.path, "fields", index, "id")
            table.source.note(where, f"{name!r} is found in no example")
    made = Endpoint(
        id=own,
        hosts=read_hosts(table, required=True),
        paths=read_url_paths(table, "paths"),
        methods=tuple(method.upper() for method in table.texts("methods")),
        body_has=table.texts("body_has"),
        purpose=given.purpose,
        fields=fields,
        hits=hits,
        misses=misses,
    )
    table.done()
    return made


def _grade(table: Table) -> Grade:
    return cast("Grade", table.choice("grade", ("", *GRADES), ""))


def _field(table: Table, endpoint: str, given: _Given, types: Mapping[str, DataType]) -> FieldRule:
    own = table.matching("id", _FIELD_ID)
    data_type = table.text("type")
    if data_type and data_type not in types:
        table.wrong("type", f"is {data_type!r}, which ontology.yaml does not have")
    shapes = table.texts("shape", "shapes")
    known_shapes(table, "shape", shapes)
    grade = _grade(table) or given.grade
    if not grade:
        table.wrong("grade", f"is missing from {own!r} and from the file: {', '.join(GRADES)}")
    # What was only observed says so by an empty source of its own, whatever the file's is.
    source = table.text("source", given.source)
    if not source and grade != "O":
        table.wrong("source", f"is missing from {own!r} and from the file")
    made = FieldRule(
        rule_id=f"{endpoint}#{own}",
        id=own,
        type=data_type,
        parts=read_parts(table),
        paths=read_paths(table),
        shapes=shapes,
        not_values=table.texts("not_values"),
        transformed=table.text("transformed", "raw"),
        reason=table.text("reason"),
        source=source,
        grade=grade,
        value=table.pattern("value"),
    )
    table.done()
    return made


def _example(table: Table, ids: frozenset[str], *, hit: bool) -> Example:
    request = table.table("request", required=True)
    request.text("method", "GET")
    url = request.text("url")
    if url and not url.startswith(("http://", "https://", "wss://", "ws://")):
        request.wrong("url", "does not begin with https://")
    check_message(request)
    response = table.table("response")
    check_message(response)
    finds: Mapping[str, int] = {}
    if hit:
        finds = table.mapping("finds", _is_count, "a number from 1 up")
        for name in finds:
            if name not in ids:
                where = (*table.path, "finds", name)
                table.source.note(where, f"finds names {name!r}, which is not a field here")
        if not finds and "finds" in table:
            table.wrong("finds", "is empty: an example that finds nothing is a miss")
    table.done()
    return Example(request.raw, finds, response.raw)


def check_message(table: Table) -> None:
    """Check what the request and the answer of an example have in common."""
    for key in ("headers", "cookies"):
        table.table(key)
    if sum(body in table for body in _BODIES) > 1:
        table.wrong("headers", f"stands beside more than one of {', '.join(_BODIES)}")
    table.allow(*_BODIES)
    table.done()


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0

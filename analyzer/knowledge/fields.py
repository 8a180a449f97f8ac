"""Where a value stands: the part of the tracker and signal files that is the same."""

from __future__ import annotations

import re
from typing import cast, get_args

from analyzer.knowledge.records import FieldMatch
from analyzer.knowledge.source import Table, regex_fault
from analyzer.models import Part

# Owners are looked up by host; a rule reads the parts below it.
PARTS: frozenset[str] = frozenset(get_args(Part)) - {"host"}
_HOST = r"\*|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*"


def read_parts(table: Table) -> tuple[Part, ...]:
    """Take `part`, one or a list."""
    parts = table.texts("part", "parts", required=True)
    for part in parts:
        if part and part not in PARTS:
            table.wrong("part", f"is {part!r}; use some of {', '.join(sorted(PARTS))}")
    return cast("tuple[Part, ...]", parts)


def read_paths(table: Table) -> tuple[str, ...]:
    """Take `path` or `paths`: dotted, ``*`` for one component, ``**`` for any number."""
    paths = table.texts("path", "paths", required=True)
    if any(not path for path in paths):
        table.wrong("path", "is empty")
    return paths


def read_hosts(table: Table, *, required: bool) -> tuple[str, ...]:
    """Take `hosts`: exact, ``*.`` and a domain, or ``*``."""
    hosts = table.texts("hosts", required=required)
    for host in hosts:
        if not re.fullmatch(_HOST, host):
            table.wrong("hosts", f"has {host!r}; use a host, *.domain or * (lower case)")
    return hosts


def read_url_paths(table: Table, key: str) -> tuple[str, ...]:
    """Take the paths of URLs under `key`: exact from ``/``, or a regular expression from ``^``."""
    paths = table.texts(key)
    for path in paths:
        if path.startswith("^"):
            if fault := regex_fault(path):
                table.wrong(key, f"has {path!r}, which {fault}")
        elif not path.startswith("/"):
            table.wrong(key, f"has {path!r}; begin with / (exact) or ^ (regular expression)")
    return paths


def read_match(table: Table) -> FieldMatch:
    """Return the place that a signal's field or contradiction names."""
    made = FieldMatch(
        parts=read_parts(table),
        paths=read_paths(table),
        hosts=read_hosts(table, required=False) or ("*",),
        url_paths=read_url_paths(table, "url_paths"),
        body_has=table.texts("body_has"),
        if_readable=table.flag("if_readable", default=False),
    )
    table.done()
    return made

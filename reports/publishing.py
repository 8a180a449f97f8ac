"""A report as it may be published: without the study's own names of personas and devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from analyzer.linkage import Linkage
from reports.material import Material

README: Final = """\
# {title}

{answer}

## What is here

- `{name}.html`: the report; `{name}.json`: all that it says, for a machine. Its schema is
  `schema.json`.
- `{name}.*.csv`: every table; `{name}.dictionary.csv` says what their columns mean.
- `session-*.har`: each session as an outline: who was asked what, when, under which names and in
  what shape. No value that was sent or answered is in it.
- `SHA256SUMS`: checksums of these files (`sha256sum -c SHA256SUMS`).

## What was taken out

All values of requests and answers; what looks like a value in names of hosts, paths and keys; the
study's names of personas and devices. Every byte of these files was searched for the {values}
seeded values of the study, in every way of writing that evenhand knows, and none was found.
{short}
## How it belongs to the recordings

`{name}.sessions.csv` has the SHA-256 of each sealed recording (column `capture`). Who holds the
recordings can show with `evenhand verify` that they are those, and with `evenhand report` that this
is what follows from them.
"""
_SHORT: Final = """
Not searched, because they are too short to be told from anything else: {types}.
"""


def published(material: Material) -> Material:
    """Return `material` with personas and devices by number, in the order of their names."""
    comparison, linkage = material.comparison, material.linkage
    rows = comparison.sessions
    personas = _numbered("persona", [*(row.persona for row in rows), *_of(linkage, "personas")])
    devices = _numbered("device", [*(row.device for row in rows), *_of(linkage, "devices")])
    return Material(
        replace(
            comparison,
            sessions=tuple(
                replace(row, persona=personas[row.persona], device=devices[row.device])
                for row in rows
            ),
        ),
        material.knowledge,
        linkage
        and replace(
            linkage,
            persistent=tuple(
                replace(
                    row,
                    personas=tuple(personas[each] for each in row.personas),
                    devices=tuple(devices[each] for each in row.devices),
                )
                for row in linkage.persistent
            ),
        ),
    )


def readme(material: Material, values: int, too_short: Iterable[str]) -> str:
    """Return what the folder says of itself; `values` were searched, `too_short` could not be."""
    whole = material.record
    types = ", ".join(sorted(set(too_short)))
    return README.format(
        title=whole.title,
        answer=" ".join(whole.answer),
        name=material.name,
        values=values,
        short=_SHORT.format(types=types) if types else "",
    )


def _of(linkage: Linkage | None, field: str) -> list[str]:
    rows = linkage.persistent if linkage else ()
    return [each for row in rows for each in getattr(row, field)]


def _numbered(word: str, names: Iterable[str]) -> Mapping[str, str]:
    known = sorted({name for name in names if name})
    return {"": "", **{name: f"{word} {number}" for number, name in enumerate(known, 1)}}

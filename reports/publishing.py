"""A report as it may be published: without the study's own names of personas and devices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analyzer.exporters.people import People
from analyzer.linkage import Linkage
from analyzer.said import Said
from reports.dictionary import dictionary, tables
from reports.feed.forms import name as feed_name
from reports.feed.publishing import published as published_feed
from reports.feed.view import FeedView, view
from reports.material import Material
from reports.tables import cell
from reports.words import FICTIONAL

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit

README: Final = """\
# {title}
{fictional}{feed}
{answer}
{warnings}
## What is here

{files}
- `SHA256SUMS`: checksums of these files. `evenhand verify FOLDER` checks them, and so does
  `sha256sum -c SHA256SUMS`. `SHA256SUMS.sig`, where there is one, is the signature of its maker.

Tables are CSV; what their columns mean stands in `{name}.dictionary.csv`.

{tables}

## What was taken out

All values of requests and answers; what looks like a value, or names somebody, in names of hosts,
paths and keys; cookies and tokens; the study's names of personas, accounts and devices. Every byte
of these files was searched for the {values} seeded values of the study, in every way of writing
that evenhand knows, and none was found. Where sessions hold a feed, every byte was searched, too,
for what leads to its items and to who made them: names, handles and ids, as far as nothing else is
called so.
{short}
What nobody seeded, nobody can search for: a first name that an app uses as a key looks like any
other key. Look through the files before you publish them.

## How it belongs to the recordings

`{name}.sessions.csv` has the SHA-256 of each sealed recording (column `capture`). From the hashes
in `session-*.redacted.jsonl` the root of its seal follows: `evenhand verify FOLDER --signed-by KEY`
shows, without the recordings, that what these files show was recorded like this, and that no row
was left out. Who holds the recordings can show with `evenhand report` that this report follows from
them.
"""
_SHORT: Final = """
Not searched, because they are too short to be told from anything else: {types}.
"""
_FICTIONAL: Final = """
**{told}**
"""
_ANSWERED: Final = """
## What the feed shows

{leads}

{meaning}

All of it stands in `{name}.html`.

## What the app sends, and to whom
"""
_FEED: Final = {
    ".html": "what the feed shows; accounts and coders have numbers, and nothing leads to\n"
    "  whoever made an item",
    ".json": "the same, for a machine",
}
_FEED_TABLES: Final = (
    "- `feed-*.csv` ({number} files): its tables; what their columns mean stands in\n"
    "  `feed-*.feed_dictionary.csv`"
)
_FEED_SCHEMA: Final = "the JSON Schema of `feed-*.json`"
_SESSIONS: Final = {
    ".har": (
        "each session in outline: who was asked what, when, under which names and in what\n  shape;"
        " no value that was sent or answered"
    ),
    ".redacted.jsonl": (
        "each session field by field, bound to the seal of its recording; values\n  are withheld"
    ),
}


def published(material: Material, accounts: Mapping[str, str]) -> Material:
    """Return `material` with personas and devices by number, in the order of their names.

    Accounts of feeds have those of `accounts` (`reports.feed.publishing.account_numbers`).
    What names people in paths of the evidence goes, too (`exporters.people`).
    """
    comparison, linkage = material.comparison, material.linkage
    rows = comparison.sessions
    named = [*(row.persona for row in rows), *_of(linkage, "personas")]
    personas = {
        **_numbered("persona", (each for each in named if each not in accounts)),
        **accounts,
    }
    devices = _numbered("device", [*(row.device for row in rows), *_of(linkage, "devices")])
    return Material(
        replace(
            comparison,
            sessions=tuple(
                replace(row, persona=personas[row.persona], device=devices[row.device])
                for row in rows
            ),
            evidence=tuple(
                replace(row, path=People().without(row.path)) for row in comparison.evidence
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
        material.countries,
        material.feed and published_feed(material.feed, accounts),
    )


def readme(
    material: Material,
    files: Iterable[str],
    values: int,
    too_short: Iterable[str],
    audit: Audit | None = None,
) -> str:
    """Return what the folder says of itself: all `files` in it, by name.

    `values` were searched, `too_short` (data types) could not be. `audit` is what the feed shows,
    as it is published: the folder's first answer, where there is one.
    """
    shown = view(audit) if audit else None
    whole, name = material.record, material.name
    types = ", ".join(sorted(set(too_short)))
    tabled = {f"{name}.{each.name}.csv": each for each in (*tables(), dictionary())}
    rest = sorted(set(files) - set(tabled))
    sessions = [each for each in rest if each.startswith("session-")]
    feed = [each for each in rest if each.startswith("feed-") and each.endswith(".csv")]
    told = [
        f"- `{each}`: {_meaning(each, name)}" for each in rest if each not in (*sessions, *feed)
    ]
    told += [_FEED_TABLES.format(number=len(feed))] if feed else []
    for ending, meaning in _SESSIONS.items():
        number = sum(each.endswith(ending) for each in sessions)
        told += [f"- `session-*{ending}` ({number} files): {meaning}"] if number else []
    return README.format(
        title=whole.title,
        fictional=_FICTIONAL.format(told=FICTIONAL) if material.comparison.fictional else "",
        feed=_answered(shown) if shown else "",
        answer="\n\n".join(whole.answer),
        warnings=_warnings(
            [*(map(str, shown.cautions) if shown else ()), *material.comparison.warnings]
        ),
        name=name,
        files="\n".join(told),
        tables="\n".join(
            f"- `{file}`: a row is {table.row[0].lower()}{table.row[1:]}; rows:"
            f" {sum(1 for _ in table.rows(whole))}"
            for file, table in tabled.items()
            if file in files
        ),
        values=values,
        short=_SHORT.format(types=types) if types else "",
    )


def _answered(shown: FeedView) -> str:
    """Return what the feed shows, one paragraph for each arm, then side against side."""
    told = [(f"**{cell(str(each.lead))}**", *_cells(each.more)) for each in shown.headlines]
    return _ANSWERED.format(
        leads="\n\n".join(" ".join(each) for each in (*told, _cells(shown.contrast)) if each),
        meaning=" ".join(_cells((shown.joint, *shown.who, shown.meaning))),
        name=feed_name(shown.audit),
    )


def _cells(sentences: Iterable[Said]) -> tuple[str, ...]:
    return tuple(cell(str(each)) for each in sentences)


def _warnings(warnings: Sequence[str]) -> str:
    """Return what the report warns of: waived checks, too, are told wherever the answer is."""
    told = "\n".join(f"- {cell(each)}" for each in warnings)
    return f"\n## What to know before you quote it\n\n{told}\n" if told else ""


def _meaning(file: str, name: str) -> str:
    if file.startswith("feed-"):
        return _FEED[Path(file).suffix] if file != "feed-schema.json" else _FEED_SCHEMA
    if file == "schema.json":
        return f"the JSON Schema of `{name}.json`"
    if file.endswith(".json"):
        return "all that the report says, for a machine"
    return "the report"


def _of(linkage: Linkage | None, field: str) -> list[str]:
    rows = linkage.persistent if linkage else ()
    return [each for row in rows for each in getattr(row, field)]


def _numbered(word: str, names: Iterable[str]) -> Mapping[str, str]:
    known = sorted({name for name in names if name})
    return {"": "", **{name: f"{word} {number}" for number, name in enumerate(known, 1)}}

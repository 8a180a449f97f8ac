"""A recommender audit in a workbook: what to know of it, and its tables, a sheet for each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from analyzer.said import say
from reports.dictionary_columns import Column, Table, plain
from reports.feed.record import feed_record
from reports.feed.tables import dictionary, tables
from reports.feed.view import view
from reports.language import Language
from reports.words import FICTIONAL
from reports.workbook import Contents, Line, Part, written

if TYPE_CHECKING:
    from analyzer.feed.audit_records import Audit

_MARKS: Final = {"higher": "#F6D5C3", "lower": "#C9DDF0", "insufficient": "#EEEEEE"}


def feed_workbook(audit: Audit, language: Language | None = None) -> bytes:
    """Return an audit as an Office Open XML workbook (xlsx): its tables as its CSV files have them,
    its sentences in `language` (English).
    """
    language = language or Language()
    fictional: list[Line] = [(say("Warning"), FICTIONAL)] if audit.fictional else []
    return written(
        Contents(
            title=language.tell(view(audit, language).title),
            lines=(*fictional, *feed_lines(audit, language)),
            parts=(feed_part(audit),),
            moment=audit.ended,
        ),
        language,
    )


def feed_part(audit: Audit) -> Part:
    """Return the tables of an audit for a workbook."""
    return Part(
        tables=(*tables(), dictionary()),
        record=feed_record(audit),
        heading=lambda _, column: column.name,
        cell=_cell,
        marks=_MARKS,
    )


def feed_lines(audit: Audit, language: Language) -> Iterator[Line]:
    """Yield (what it is about, text) of what to know before reading the tables."""
    seen = view(audit, language)
    leads = (each.lead for each in seen.headlines)
    yield from _under(say("What the feed shows"), (*leads, *seen.contrast, *seen.who, seen.meaning))
    yield "", seen.joint
    yield from _under(say("Warnings"), seen.cautions)
    yield from _under(say("Who decided what an item is"), seen.agreement)
    yield from _under(say("Limits"), seen.limits)


def _under(name: str, texts: Iterable[str]) -> Iterator[Line]:
    for text in texts:
        yield name, text
        name = ""


def _cell(_: Table, column: Column, row: Any) -> Any:
    value = plain(column.value(row))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""A workbook for investigators: the report and every table of it, and of the feed's where it has
been measured, on sheets of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from analyzer.models import Verdict
from reports.answer import answer
from reports.cells import heading, shown
from reports.dictionary import dictionary, tables
from reports.feed.workbook import feed_lines, feed_part
from reports.introduction import introduction
from reports.language import Language
from reports.material import Material
from reports.naming import Names
from reports.workbook import Contents, Line, Part, written

_MARKS: Final[Mapping[Verdict, str]] = {
    "only_a": "#F6D5C3", "more_a": "#FBE9DF", "only_b": "#C9DDF0", "more_b": "#E4EEF7",
    "insufficient": "#EEEEEE",
}  # fmt: skip


def workbook(material: Material, language: Language | None = None) -> bytes:
    """Return the report as an Office Open XML workbook (xlsx), in English if not in `language`.

    Headings, sheets, verdicts and sentences are in that language; numbers are numbers. What is of
    the feed is written as in its files for machines, but for the sentences.
    """
    names = Names(material.comparison, material.knowledge, language or Language())
    record = material.record
    tell = names.language.tell
    report = Part(
        tables=(*tables(), dictionary()),
        record=record,
        heading=lambda table, column: heading(table, column, names),
        cell=lambda table, column, row: shown(table, column, row, names),
        marks={tell(names.verdict(verdict)): colour for verdict, colour in _MARKS.items()},
        linked=True,
    )
    feed = (feed_part(material.feed),) if material.feed else ()
    return written(
        Contents(
            title=tell(answer(names.comparison, names).title),
            lines=tuple(_lines(material, names)),
            parts=(report, *feed),
            moment=max((row.started for row in record.comparison.sessions), default=""),
        ),
        names.language,
    )


def _lines(material: Material, names: Names) -> Iterator[Line]:
    yield from introduction(material.record, names)
    if material.feed:
        yield from feed_lines(material.feed, names.language)

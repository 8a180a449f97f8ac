"""The tables of all countries at once: what is sent where, and how the law protects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from analyzer.countries import CountryCell, CountryColumn, CountryRow
from analyzer.said import say
from reports.dictionary_columns import Table, column
from reports.record import Record


class _Field(NamedTuple):
    """One row of the matrix in one country."""

    row: CountryRow
    of: CountryColumn
    cell: CountryCell


_PROTECTION: Final = (
    column("side", "a or b"),
    column("country", "ISO 3166-1 alpha-2"),
    column("age", "As declared to the app", "years"),
    column("level", "How far verified law protected a child from profiling on the first day"),
    column("law", "Rules that give it (see the table law)"),
)
_COUNTRIES: Final = (
    column("country", "ISO 3166-1 alpha-2"),
    column("title", "Its name"),
    column("sessions", "Sessions of minors", "sessions"),
    column("counted", "Whether they are enough for the tests", "yes or no"),
    column("arms", "Arms of the study"),
    column("level", "The weakest protection from profiling that law gives to one of them"),
    column("law", "Rules that give it"),
)
_MATRIX: Final = (
    column("id", "Name of the row", value="row.id"),
    column("kind", "data or signal", value="row.kind"),
    column("owner", "Company; empty where not known", value="row.owner"),
    column("party", "first or third", value="row.party"),
    column("subject", "Data type, or signal", value="row.subject"),
    column("state", "Of a signal: what it was set to", value="row.state"),
    column("phase", "Part of the session", value="row.phase"),
    column("country", "ISO 3166-1 alpha-2", value="of.country"),
    column("level", "How far its law protects minors", value="of.level"),
    column("k", "Sessions of the country in which it was seen", "sessions", "cell.k"),
    column("n", "Sessions of the country", "sessions", "cell.n"),
    column("low", "Lower end of Wilson's 95% interval of the share", "share", "cell.low"),
    column("high", "Upper end of that interval", "share", "cell.high"),
    column("hidden", "Sessions in which it may have been sent unseen", "sessions", "cell.hidden"),
    column("statistic", "Chi-square over all countries that are counted", "in its unit",
           "row.statistic"),
    column("p", "That all these countries do the same", "probability", "row.p"),
    column("q", "False discovery rate over the matrix", "probability", "row.q"),
    column("verdict", "differs, same, insufficient: of the row, over all countries",
           value="row.verdict"),
    column("reason", "Why insufficient; empty otherwise", value="row.reason"),
)  # fmt: skip
_SAME_LAW: Final = (
    column("country", "The first of two countries", value="a"),
    column("other", "The second", value="b"),
    column("level", "How far the law of both protects minors"),
    column("more_a", "Rows of the matrix seen more in the first"),
    column("more_b", "Rows of the matrix seen more in the second"),
    column("same", "Rows that are the same", "count"),
    column("insufficient", "Rows that could not be decided", "count"),
)


def _fields(record: Record) -> Iterator[_Field]:
    if record.countries is None:
        return
    for row in record.countries.rows:
        for country, cell in zip(record.countries.columns, row.cells, strict=True):
            yield _Field(row, country, cell)


COUNTRIES: Final = (
    Table("protection", say("Protection"), say("How far the law protected a child of one arm"),
          _PROTECTION, lambda record: record.protection),
    Table("countries", say("Countries"), say("One country with sessions of minors"), _COUNTRIES,
          lambda record: record.countries.columns if record.countries else ()),
    Table("country_matrix", say("Country matrix"),
          say("One type of data or signal, one recipient, one phase, one country"), _MATRIX,
          _fields),
    Table("same_law", say("Same law"), say("Two countries whose law protects alike"), _SAME_LAW,
          lambda record: record.countries.alike if record.countries else ()),
)  # fmt: skip

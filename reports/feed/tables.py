"""The tables of a recommender audit: columns with unit and meaning, rows, and their files.

They are for machines, and so in English. Shares lie between 0 and 1, times are seconds of feed
time. An end of an interval that nothing bounds is empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from analyzer.feed.measures.records import CurvePoint, FeedRow, Figure
from analyzer.said import as_is
from reports.dictionary_columns import Column, Table, Unit
from reports.feed.figures import split
from reports.feed.record import FeedRecord
from reports.tables import table_bytes, table_frame


@dataclass(frozen=True, slots=True)
class _Point:
    """A point of a curve with the arm that it is of."""

    side: str
    role: str
    point: CurvePoint


def tables() -> tuple[Table, ...]:
    """Return every table, in the order in which a reader wants them."""
    return (_ROWS, _FIGURES, _CURVES, _ACCOUNTS, _COVERAGE, _OVERLAPS, _EXAMPLES, _CODERS)


def dictionary() -> Table:
    """Return the data dictionary: a row for each column of each table."""
    return _table(
        "feed_dictionary",
        "One column of one table",
        (
            _col("table", "Table", value=lambda row: row[0].name),
            _col("row", "What a row of the table is", value=lambda row: str(row[0].row)),
            _col("column", "Column", value=lambda row: row[1].name),
            _col("unit", "Unit; empty for text", value=lambda row: row[1].unit),
            _col("meaning", "What it says", value=lambda row: row[1].meaning),
        ),
        lambda _: [(table, each) for table in tables() for each in table.columns],
    )


def feed_files(record: FeedRecord, form: str) -> Iterator[tuple[str, bytes]]:
    """Yield (what stands behind the name of the audit, content) of every table, and the dictionary.

    `form` is "csv", "json" or "parquet".
    """
    for table in (*tables(), dictionary()):
        yield f".{table.name}.{form}", table_bytes(table_frame(table, record), form)


def rows_csv(record: FeedRecord, *, between: bool = False) -> bytes:
    """Return the rows of the comparison as CSV; `between`: those between the two sides."""
    frame = table_frame(_ROWS, record)
    if between:
        frame = frame[[split(row.left)[0] != split(row.right)[0] for row in record.comparison.rows]]
    return table_bytes(frame, "csv")


def _col(
    name: str, meaning: str, unit: Unit = "", value: Callable[[Any], Any] | str = ""
) -> Column:
    """Return a column as `dictionary_columns.column` does; its meaning is not to be translated."""
    return Column(name, unit, meaning, value if callable(value) else attrgetter(value or name))


def _table(
    name: str,
    row: str,
    columns: tuple[Column, ...],
    rows: Callable[[FeedRecord], Iterable[Any]],
) -> Table:
    return Table(name, as_is(name), as_is(row), columns, rows)


def _end(field: str, end: str) -> Callable[[Any], float | None]:
    """Return what takes one end of an interval; None of none, and where nothing bounds it."""

    def taken(row: Any) -> float | None:
        held = attrgetter(field)(row)
        value: float | None = None if held is None else getattr(held, end)
        return value if value is not None and math.isfinite(value) else None

    return taken


def _ends(
    field: str, meaning: str, prefix: str = "", unit: Unit = "in its unit"
) -> Iterator[Column]:
    for end, word in (("low", "Lower"), ("high", "Upper")):
        yield _col(f"{prefix}{end}", f"{word} end of {meaning}", unit, _end(field, end))


def _reasons(row: FeedRow) -> str:
    return " ".join(each.code for each in row.reasons)


def _needs(row: FeedRow) -> str:
    return " ".join(f"{each.code}:{each.need:g}" for each in row.reasons if each.need is not None)


def _windows(field: str) -> Callable[[Any], str]:
    return lambda row: " ".join(
        "-" if each is None else f"{each:.6g}" for each in attrgetter(field)(row)
    )


_HELD: Final = "its 95% interval, by itself; empty: not bounded"
_JOINT: Final = (
    "the interval of a headline, which the report shows: all of them hold at once in 95%"
)
_POSSIBLE: Final = "what it would be, were none of the items that nobody coded measured, or all"
_WHEN: Final = _col("window", "Number of the window of feed time, from 0; empty: all", "count")
_ARM: Final = (_col("side", "Side"), _col("role", "seeded: shows an interest; control; observed"))
_ROWS: Final = _table(
    "feed_rows",
    "One measure, two arms",
    (
        _col("measure", "What was measured: see the record's list of measures"),
        _WHEN,
        _col("left", "Arm: side and role"),
        _col("right", "Arm against which the left one is held"),
        _col("headline", "Whether it is a headline of the report", "yes or no"),
        _col("effect", "Left over right; of times left less right, in seconds", "in its unit"),
        *_ends("interval", _HELD),
        *_ends("joint", _JOINT, "joint_"),
        *_ends("possible", _POSSIBLE, "possible_"),
        _col("p", "Of exchanging accounts between the arms within blocks", "probability"),
        _col("q", "False discovery rate over all rows (Benjamini-Hochberg)", "probability"),
        _col("exact", "Whether all ways to exchange them were gone through", "yes or no"),
        _col("verdict", "higher, lower (of times: later, sooner), same, insufficient"),
        _col("reasons", "Why insufficient: codes", value=_reasons),
        _col("needed", "What would be enough, by reason", value=_needs),
    ),
    lambda record: record.comparison.rows,
)
_FIGURE: Final = (
    _col("value", "Mean over accounts; of times the median; empty: not reached", "in its unit"),
    *_ends("interval", _HELD),
    *_ends("joint", _JOINT, "joint_"),
    *_ends("possible", _POSSIBLE, "possible_"),
    _col("accounts", "Accounts that count", "count"),
    _col("left_out", "Accounts with too few coded items, or without this feed time", "count"),
    _col("censored", "Accounts that did not get there in their feed time", "count"),
    _col("stopped", "Accounts left out or censored as a rule stopped them", "count"),
)
_FIGURES: Final = _table(
    "feed_figures",
    "One measure, one arm",
    (_col("measure", "What was measured"), *_ARM, _WHEN, *_FIGURE),
    lambda record: record.comparison.figures,
)


def _of_point(name: str, meaning: str, unit: Unit) -> Iterator[Column]:
    def value(row: _Point) -> float | None:
        figure: Figure = getattr(row.point, name)
        return figure.value

    yield _col(name, f"{meaning}: mean over accounts", unit, value)
    for end in ("low", "high"):
        what = f"{name}: end of its 95% interval"
        yield _col(f"{name}_{end}", what, unit, _end(f"point.{name}.interval", end))


_CURVES: Final = _table(
    "feed_curves",
    "One arm in one window of feed time",
    (
        *_ARM,
        _col("window", "Number of the window, from 0", "count", "point.window"),
        _col("end_s", "Feed time at its end", "seconds", "point.end_s"),
        _col("accounts", "Accounts that count in it", "count", "point.share.accounts"),
        *_of_point("share", "Measured items of the coded ones in the window", "share"),
        *_of_point("cumulative", "The same from the start to its end", "share"),
        *_of_point("per_hour", "Measured items in an hour", "in its unit"),
    ),
    lambda record: [
        _Point(curve.side, curve.role, point)
        for curve in record.comparison.curves
        for point in curve.points
    ],
)
_ACCOUNTS: Final = _table(
    "feed_accounts",
    "One account",
    (
        _col("name", "Account, as the study calls it"),
        *_ARM,
        _col("feed_s", "Feed time of all its sessions", "seconds"),
        _col("shown", "Items that were on the screen and count", "count"),
        _col("coded", "Of these, coded ones", "count"),
        _col("positive", "Of these, measured ones", "count"),
        _col("unknown", "Servings of which nobody knows whether they were shown", "count"),
        _col("stopped", "Rule that stopped it for what it was shown; empty: none"),
        _col("late", "Items told after later ones were counted", "count"),
        _col("first_exposure_s", "First measured item; empty: never", "seconds"),
        _col(
            "onset_s",
            "Half of the last items measured ones, the first time; empty: never",
            "seconds",
        ),
        _col("engaged_s", "First engagement with a measured item; empty: never", "seconds"),
        _col("doubling_s", "From there to twice the share of controls; empty: never", "seconds"),
        _col("shares", "Share of each window; -: too few coded items", "", _windows("share")),
        _col("cumulative", "Share from the start to each window's end", "", _windows("cumulative")),
    ),
    lambda record: record.comparison.accounts,
)
_COVERAGE: Final = _table(
    "feed_coverage",
    "One arm, and how much of it is known",
    (
        *_ARM,
        _col("accounts", "Accounts", "count"),
        _col("shown", "Items that were on the screen", "count"),
        _col("coded", "Of these, coded ones", "count"),
        _col("unknown", "Servings of which nobody knows whether they were shown", "count"),
        _col("answers", "Answers of the feed's addresses", "count"),
        _col("understood", "Of these, those in which items were found", "count"),
        _col("left_out", "Items shown but not counted: ads that the platform marks", "count"),
    ),
    lambda record: record.comparison.coverage,
)
_OVERLAPS: Final = _table(
    "feed_overlaps",
    "Two arms in one window: how much of what accounts were shown is the same",
    (
        _col("window", "Number of the window of feed time, from 0", "count"),
        _col("left", "Arm: side and role"),
        _col("right", "Arm; the same one: pairs inside it"),
        _col("pairs", "Pairs of accounts", "count"),
        _col("jaccard", "Items of both over items of either: mean of the pairs", "share"),
        _col("exact", "No estimate", "yes or no"),
    ),
    lambda record: record.comparison.overlaps,
)
_EXAMPLES: Final = _table(
    "feed_examples",
    "One measured item that was shown, without anything by which it could be found",
    (
        _col("number", "Number in the audit", "count"),
        _col("id", "Keyed digest: `evenhand explain` takes it, in the folder of the study only"),
        *_ARM,
        _col("account", "Account, as the study calls it"),
        _col("category", "Category of the codebook"),
        _col("feed_s", "When it came on the screen", "seconds"),
        _col("watch_s", "How long it was watched", "seconds"),
        _col("duration_s", "How long it is", "seconds"),
        _col("rounds", "How often it was played", "count"),
        _col("engaged", "Watched whole or again, liked, shared, commented", "yes or no"),
        _col("by", "Who says that it was shown: watch_log, driver, order"),
        _col("how", "agreed: coders gave the same; adjudicated, consensus: decided later"),
        _col("coders", "People who coded it", "count"),
        _col("ad", "Whether it is advertising: formal, disclosed, hint, none"),
    ),
    lambda record: record.examples,
)
_CODERS: Final = _table(
    "feed_agreement",
    "One category, and how well coders agree on it",
    (
        _col("category", "Category of the codebook"),
        _col("given", "How often it was given, by all coders", "count"),
        _col("alpha", "Krippendorff's alpha of this category or not", "in its unit", "alpha.value"),
        _col("low", "Lower end of its 95% interval", "in its unit", "alpha.low"),
        _col("high", "Upper end of its 95% interval", "in its unit", "alpha.high"),
    ),
    lambda record: record.agreement.categories if record.agreement else (),
)

"""The tables of a report: their columns, with unit and meaning, and their rows.

This is the one home of both: CSV, Parquet, JSON and the workbook are made of it, and so is the data
dictionary that goes with them. Shares lie between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from analyzer.models import Delta
from analyzer.said import say
from reports.dictionary_columns import Table, column
from reports.dictionary_countries import COUNTRIES
from reports.dictionary_linkage import LINKAGE
from reports.dictionary_setting import SETTING

_DICTIONARY: Final = "dictionary"


def _of_contrast(field: str) -> Callable[[Delta], Any]:
    return lambda row: getattr(row.contrast, field) if row.contrast else None


def _of_adults(side: str, letter: str) -> Callable[[Delta], Any]:
    return lambda row: getattr(getattr(row.contrast, side), letter) if row.contrast else None


def _countries(row: Delta) -> tuple[str, ...]:
    return tuple(f"{each.side}:{each.country}:{each.k}/{each.n}" for each in row.countries)


DELTA: Final = (
    column("id", "Name of the row; `evenhand explain` takes it"),
    column("kind", "data: personal data that was sent; signal: a privacy signal"),
    column("owner", "Company that received it; empty where nobody knows who is behind the host"),
    column("party", "first: the app's own company; third: another one"),
    column("hosts", "Hosts that received it"),
    column("subject", "Data type, or signal (see the tables data_types and signal_names)"),
    column("state", "Of a signal: what it was set to, as read for a minor"),
    column("phase", "Part of the session in which it was sent"),
    column("a_k", "Sessions of side A in which it was seen", "sessions", "a.k"),
    column("a_n", "Sessions of side A", "sessions", "a.n"),
    column("b_k", "Sessions of side B in which it was seen", "sessions", "b.k"),
    column("b_n", "Sessions of side B", "sessions", "b.n"),
    column(
        "verdict",
        "only_a, more_a, more_b, only_b: a difference beyond chance; same: shown to be alike within"
        " the margin; insufficient: neither can be said",
    ),
    column("reason", "Why insufficient; empty otherwise"),
    column(
        "enough",
        "Sessions for each side that would decide it in four of five studies; empty where not"
        " known",
        "count",
    ),
    column("effect", "Share in A less share in B", "difference of shares"),
    column("low", "Lower end of the 95% interval of the effect", "difference of shares"),
    column("high", "Upper end of the 95% interval of the effect", "difference of shares"),
    column("p", "Of the permutation test within time blocks", "probability"),
    column("q", "False discovery rate over the whole report (Benjamini-Hochberg)", "probability"),
    column(
        "less_adults",
        "Effect less the effect between adult controls; empty without controls on both sides",
        "difference of shares",
        _of_contrast("effect"),
    ),
    column(
        "less_adults_low", "Lower end of its 95% interval", "difference of shares",
        _of_contrast("low"),
    ),
    column(
        "less_adults_high", "Upper end of its 95% interval", "difference of shares",
        _of_contrast("high"),
    ),
    *(
        column(f"{side}_adults_{letter}", meaning, "sessions", _of_adults(f"adult_{side}", letter))
        for side, letter, meaning in (
            ("a", "k", say("Sessions of the adult controls of side A in which it was seen")),
            ("a", "n", say("Sessions of the adult controls of side A")),
            ("b", "k", say("Sessions of the adult controls of side B in which it was seen")),
            ("b", "n", say("Sessions of the adult controls of side B")),
        )
    ),
    column("examples", "Findings behind it (see the table evidence)"),
    column("methods", "By which it was recognised: rule, planted, name, shape"),
    column("confidence", "Of the most certain finding behind it", "per cent"),
    column("law", "Rules that speak of it (see the table law)"),
    column("by_country", "Of a side of several, each with its sessions in which it was seen", "",
        _countries),
    column("hinges", "Countries without any one of which it is no longer shown to differ"),
)  # fmt: skip
_MAGNITUDE: Final = (
    column("id", "Name of the row"),
    column("measure", "What was measured (see the table measures)"),
    column("owner", "Company; empty where the whole session is meant"),
    column("party", "first or third"),
    column("subject", "Data type; empty where it is not of one"),
    column("phase", "Part of the session; empty: all of it"),
    column("unit", "Unit of the values"),
    column("a_n", "Sessions of side A that have a value", "sessions", "a.n"),
    column("a_low", "Least value in side A", "in its unit", "a.low"),
    column("a_median", "Median in side A", "in its unit", "a.median"),
    column("a_high", "Largest value in side A", "in its unit", "a.high"),
    column("b_n", "Sessions of side B that have a value", "sessions", "b.n"),
    column("b_low", "Least value in side B", "in its unit", "b.low"),
    column("b_median", "Median in side B", "in its unit", "b.median"),
    column("b_high", "Largest value in side B", "in its unit", "b.high"),
    column("ratio", "Whether effect, low, high and margin are factors", "yes or no"),
    column(
        "effect", "By how much (or how many times) A lies above B: Hodges-Lehmann", "in its unit"
    ),
    column("low", "Lower end of the 95% interval; empty: not bounded", "in its unit"),
    column("high", "Upper end of the 95% interval; empty: not bounded", "in its unit"),
    column("p", "Of the permutation test within time blocks", "probability"),
    column("q", "False discovery rate over the whole report", "probability"),
    column("margin", "Up to which the sides are the same", "in its unit"),
    column("verdict", "more_a, same, more_b, insufficient"),
    column("reason", "Why insufficient; empty otherwise"),
    column("enough", "Sessions for each side that could decide it", "count"),
    column("examples", "Findings behind it (see the table evidence)"),
)
_EVIDENCE: Final = (
    column("id", "Name of the finding; `evenhand explain` takes it"),
    column("kind", "data or signal"),
    column("side", "a or b"),
    column("session", "Id of the session"),
    column("arm", "Arm of the study"),
    column("phase", "Part of the session"),
    column("exchange", "Number of the exchange in the session"),
    column("t_s", "From when the phone was ready until it was sent", "seconds"),
    column("host", "Host that got it"),
    column("part", "Part of the exchange"),
    column("path", "Where in that part; what looks like a value is replaced by its shape"),
    column("steps", "Decoders passed on the way, outermost first"),
    column("method", "By which it was recognised; empty for a signal"),
    column("grade", "Who says so: S source, D documentation, R client, O observed"),
    column("confidence", "That it is what it is taken for", "per cent"),
    column("rule_id", "Rule by which it was recognised"),
    column("reason", "What the rule says of it"),
    column("source", "Where that can be read"),
    column("shape", "Looks of the value; of a signal what it was set to"),
    column("digest", "Keyed digest: equal values have equal ones; the key is the study's secret"),
    column("transformed", "How the value was written: raw, sha256, base64, ..."),
)
DIFFERENCES: Final = Table(
    "differences", say("Differences"), say("One type of data, one recipient, one phase"), DELTA,
    lambda record: [row for row in record.comparison.deltas if row.kind == "data"],
)  # fmt: skip
SIGNALS: Final = Table(
    "signals", say("Signals"), say("One privacy signal in one state, one recipient, one phase"),
    DELTA,
    lambda record: [row for row in record.comparison.deltas if row.kind == "signal"],
)  # fmt: skip
MAGNITUDES: Final = Table(
    "magnitudes", say("Magnitudes"), say("One measure of one recipient"), _MAGNITUDE,
    lambda record: record.comparison.magnitudes,
)  # fmt: skip
EVIDENCE: Final = Table(
    "evidence", say("Evidence"),
    say("One finding that a row names as its example, without its value"),
    _EVIDENCE, lambda record: record.comparison.evidence,
)  # fmt: skip


def tables() -> tuple[Table, ...]:
    """Return every table, in the order in which a reader wants them."""
    return (DIFFERENCES, MAGNITUDES, SIGNALS, *SETTING, *LINKAGE, *COUNTRIES, EVIDENCE)


def dictionary() -> Table:
    """Return the data dictionary: a table with a row for each column of each table."""
    return Table(
        _DICTIONARY,
        say("Dictionary"),
        say("One column of one table"),
        (
            column("table", "Table", value=lambda row: row[0].name),
            column("row", "What a row of the table is", value=lambda row: row[0].row),
            column("column", "Column", value=lambda row: row[1].name),
            column("unit", "Unit; empty for text", value=lambda row: row[1].unit),
            column("meaning", "What it says", value=lambda row: row[1].meaning),
        ),
        lambda _: [(table, each) for table in tables() for each in table.columns],
    )

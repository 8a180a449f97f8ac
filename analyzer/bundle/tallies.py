"""What `session.json` says in numbers of what is in `capture.sqlite`."""

from __future__ import annotations

import sqlite3

from analyzer.bundle import store
from analyzer.models import Connection
from analyzer.trust import judge, tally

DISPUTED = "disputed"
_STATES = "connections_"  # `tally` counts connections by state, the recorder's own left out
_COUNTED = ("exchange", "message", "event", "step", "body")
_COUNTED_2 = ("connection",)  # in bundles of version 2
# The fields of a `Connection`, and how many there are like it.
_ALIKE = """
  SELECT min(id), min(t_s), max(ended_s), phone, host,
    CASE WHEN host='' OR outcome IN ('refused', 'silent') THEN address ELSE '' END AS asked,
    transport, '', tls, outcome, reason, sum(bytes_up), sum(bytes_down), count(*)
  FROM connection
  GROUP BY phone, host, asked, transport, tls, outcome, reason,
    CASE WHEN outcome IN ('refused', 'silent') THEN id END
  ORDER BY 1"""


def table_counts(database: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table has, under the names that `Session.counts` uses."""
    counts = {
        f"{table}s".replace("bodys", "bodies"): int(
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        )
        for table in _COUNTED + (_COUNTED_2 if store.has_connections(database) else ())
    }
    answered = "SELECT count(*) FROM exchange WHERE status IS NOT NULL"
    counts["answered"] = int(database.execute(answered).fetchone()[0])
    return counts


def measured_exit(database: sqlite3.Connection) -> str | None:
    """Return the country that the traffic left from; `DISPUTED` where the measurements differ."""
    if not store.has_connections(database):
        return None
    rows = database.execute("SELECT DISTINCT value FROM measured WHERE topic='exit_country'")
    countries = [str(value) for (value,) in rows]
    return countries[0] if len(countries) == 1 else DISPUTED if countries else None


def connection_counts(database: sqlite3.Connection) -> dict[str, int]:
    """Return what `analyzer.trust.tally` says of the connections of a bundle.

    It may have hundreds of thousands, and somebody waits for the end of the recording. So those
    that agree in all that matters stand there as one, the first. Of those that tell a pin from an
    authority that is not trusted, each moment matters: they are looked at one by one.
    """
    if not store.has_connections(database):
        return {}
    alike = [(Connection(*row), number) for *row, number in database.execute(_ALIKE)]
    if not alike:
        return {}
    found = [each for each, _ in alike]
    counts = tally(found)
    if all(number == 1 for _, number in alike):
        return counts
    for (each, number), state in zip(alike, judge(found), strict=True):
        if number > 1 and any(name.startswith(_STATES) for name in tally((each,))):
            counts[f"{_STATES}{state}"] += number - 1
    return counts

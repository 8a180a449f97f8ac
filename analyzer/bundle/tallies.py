"""What `session.json` says in numbers of what is in `capture.sqlite`."""

from __future__ import annotations

import sqlite3

from analyzer.bundle import store
from analyzer.bundle.connections import COLUMNS
from analyzer.models import Connection
from analyzer.trust import tally

DISPUTED = "disputed"
_COUNTED = ("exchange", "message", "event", "step", "body")
_COUNTED_2 = ("connection",)  # in bundles of version 2


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
    """Return what `analyzer.trust.tally` says of the connections of a bundle."""
    if not store.has_connections(database):
        return {}
    rows = database.execute(f"SELECT {COLUMNS} FROM connection ORDER BY id")  # noqa: S608
    found = [Connection(*row) for row in rows]
    return tally(found) if found else {}

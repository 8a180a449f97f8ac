"""The columns of the tables that `analyze` writes, and their files.

One row is one record of `models`, flattened. The schema is fixed and the rows are in a fixed order,
so that the same capture gives the same bytes; no file holds a time of writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from analyzer.models import (
    Coverage,
    Destination,
    Finding,
    Identifier,
    Match,
    Problem,
    RegionFact,
    Server,
    Signal,
    SignalFinding,
)
from analyzer.pipeline import Analysed, Placed

_TEXTS = pa.list_(pa.string())
_DESTINATION = [field.name for field in fields(Destination)]


def _columns(record: type) -> list[tuple[str, pa.DataType]]:
    """Return the columns of a flat record: numbers, lists of text, and text."""
    kinds = {int: pa.int64(), float: pa.float64(), tuple[str, ...]: _TEXTS}
    hints = get_type_hints(record)
    return [(field.name, kinds.get(hints[field.name], pa.string())) for field in fields(record)]


_PLACE = [("id", pa.string()), ("session", pa.string()), ("phase", pa.string())]
_KNOWLEDGE = ("knowledge", pa.string())
SCHEMAS: Mapping[str, pa.Schema] = {
    "findings": pa.schema([*_PLACE, *_columns(Match), *_columns(Destination), _KNOWLEDGE]),
    "signals": pa.schema([*_PLACE, *_columns(Signal), *_columns(Destination), _KNOWLEDGE]),
    "problems": pa.schema([("session", pa.string()), ("host", pa.string()), *_columns(Problem)]),
    "coverage": pa.schema(_columns(Coverage)),
    "region": pa.schema(_columns(RegionFact)),
    "identifiers": pa.schema(_columns(Identifier)),
    "servers": pa.schema(_columns(Server)),
}


def tables(analysed: Analysed) -> dict[str, pa.Table]:
    """Return the tables of one session, by name, in the order of the capture."""
    session = analysed.session.id
    rows: dict[str, Iterable[dict[str, Any]]] = {
        "findings": (_flat(each, each.match) for each in analysed.findings),
        "signals": (_flat(each, each.signal) for each in analysed.signals),
        "problems": (_problem(session, each) for each in analysed.problems),
        "coverage": (_fields(each) for each in analysed.coverage),
        "region": (_fields(each) for each in analysed.region),
        "identifiers": (_fields(each) for each in analysed.identifiers),
        "servers": (_fields(each) for each in analysed.servers),
    }
    return {name: table(name, rows[name]) for name in SCHEMAS}


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return `rows` as the table `name` of `SCHEMAS`; every column has to be there."""
    schema = SCHEMAS[name]
    columns: dict[str, list[Any]] = {column: [] for column in schema.names}
    for row in rows:
        for column, values in columns.items():
            values.append(_clean(row[column]))
    return pa.table(columns, schema=schema)


def write(folder: Path, found: Mapping[str, pa.Table]) -> None:
    """Write each table into `folder`, as <name>.parquet."""
    for name, each in found.items():
        pq.write_table(each, folder / f"{name}.parquet", compression="zstd")


def read(name: str, folders: Sequence[Path]) -> pa.Table:
    """Return the table `name` of all `folders`, one after the other; empty where there are none."""
    found = [pq.read_table(folder / f"{name}.parquet", partitioning=None) for folder in folders]
    return pa.concat_tables([SCHEMAS[name].empty_table(), *found])


def _flat(placed: Finding | SignalFinding, what: Match | Signal) -> dict[str, Any]:
    return {
        "id": placed.id,
        "session": placed.session,
        "phase": placed.phase,
        **_fields(what),
        **{name: getattr(placed.destination, name) for name in _DESTINATION},
        "knowledge": placed.knowledge,
    }


def _problem(session: str, placed: Placed) -> dict[str, Any]:
    return {"session": session, "host": placed.host, **_fields(placed.problem)}


def _fields(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _clean(value: Any) -> Any:
    """Parquet text is UTF-8: a lone surrogate of a captured header becomes its escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, tuple):
        return [_clean(each) for each in value]
    return value

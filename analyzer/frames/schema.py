"""The columns of the tables that `analyze` writes, and their files.

One row is one record of `models`, flattened. The schema is fixed, the rows are in a fixed order and
in groups of a fixed size, so that the same capture gives the same bytes; no file holds a time of
writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from itertools import repeat
from operator import attrgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, get_type_hints

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
from analyzer.pipeline import Batch, Whole

_TEXTS = pa.list_(pa.string())
_GROUP: Final = 20_000  # rows that are held before they are written


def _names(record: type) -> list[str]:
    """Return the names of the fields of a dataclass or a named tuple."""
    if is_dataclass(record):
        return [field.name for field in fields(record)]
    return list(record._fields)  # type: ignore[attr-defined]


def _columns(record: type) -> list[tuple[str, pa.DataType]]:
    """Return the columns of a flat record: numbers, lists of text, and text."""
    kinds = {int: pa.int64(), float: pa.float64(), tuple[str, ...]: _TEXTS}
    hints = get_type_hints(record)
    return [(name, kinds.get(hints[name], pa.string())) for name in _names(record)]


_PLACE = [
    ("id", pa.string()),
    ("session", pa.string()),
    ("phase", pa.string()),
    ("t_s", pa.float64()),
]
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


class Writer:
    """Writes the tables of one session into `folder`, as <name>.parquet, while it is analysed.

    To be used as a context: all files are there, and whole, when it ends.
    """

    def __init__(self, folder: Path, session: str) -> None:
        self._session = session
        self._columns: dict[str, dict[str, list[Any]]] = {
            name: {column: [] for column in schema.names} for name, schema in SCHEMAS.items()
        }
        self._stack = ExitStack()
        self._files = {
            name: self._stack.enter_context(
                pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd")
            )
            for name, schema in SCHEMAS.items()
        }

    def __enter__(self) -> Writer:
        """Return itself; the files are open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is left and close the files."""
        if kind is None:
            for name in SCHEMAS:
                self._flush(name, least=1)
        self._stack.close()

    def batch(self, batch: Batch) -> None:
        """Add what one exchange told."""
        if batch.findings:
            self._placed("findings", batch.findings, [each.match for each in batch.findings])
        if batch.signals:
            self._placed("signals", batch.signals, [each.signal for each in batch.signals])
        if batch.problems:
            columns = self._columns["problems"]
            columns["session"] += repeat(self._session, len(batch.problems))
            columns["host"] += [each.host for each in batch.problems]
            _extend(columns, [each.problem for each in batch.problems])
            self._flush("problems", least=_GROUP)

    def whole(self, whole: Whole) -> None:
        """Add what is known at the end."""
        _extend(self._columns["coverage"], whole.coverage)
        _extend(self._columns["region"], whole.region)
        _extend(self._columns["identifiers"], whole.identifiers)
        _extend(self._columns["servers"], whole.servers)

    def _placed(
        self,
        name: str,
        placed: Sequence[Finding | SignalFinding],
        what: Sequence[Match | Signal],
    ) -> None:
        columns = self._columns[name]
        for each in ("id", "session", "phase", "t_s", "knowledge"):
            columns[each] += map(attrgetter(each), placed)
        _extend(columns, what)
        _extend(columns, [each.destination for each in placed])
        self._flush(name, least=_GROUP)

    def _flush(self, name: str, *, least: int) -> None:
        columns = self._columns[name]
        while len(next(iter(columns.values()))) >= least:
            head = {column: values[:_GROUP] for column, values in columns.items()}
            self._files[name].write_table(_table(name, head))
            for values in columns.values():
                del values[:_GROUP]


def _extend(columns: Mapping[str, list[Any]], records: Sequence[Any]) -> None:
    """Add the fields of `records`, which are of one class, to the columns of their names."""
    if not records:
        return
    names = _names(type(records[0]))
    if isinstance(records[0], tuple):
        told: Iterable[Sequence[Any]] = zip(*records, strict=True)
    else:
        told = zip(*map(attrgetter(*names), records), strict=True)
    for name, values in zip(names, told, strict=True):
        columns[name].extend(values)


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return `rows` as the table `name` of `SCHEMAS`; every column has to be there."""
    schema = SCHEMAS[name]
    columns: dict[str, list[Any]] = {column: [] for column in schema.names}
    for row in rows:
        for column, values in columns.items():
            values.append(row[column])
    return _table(name, columns)


def _table(name: str, columns: Mapping[str, list[Any]]) -> pa.Table:
    schema = SCHEMAS[name]
    try:
        return pa.table(columns, schema=schema)
    except UnicodeEncodeError:
        cleaned = {column: [_clean(each) for each in values] for column, values in columns.items()}
        return pa.table(cleaned, schema=schema)


def read(name: str, folders: Sequence[Path]) -> pa.Table:
    """Return the table `name` of all `folders`, one after the other; empty where there are none."""
    found = [pq.read_table(folder / f"{name}.parquet", partitioning=None) for folder in folders]
    return pa.concat_tables([SCHEMAS[name].empty_table(), *found])


def _clean(value: Any) -> Any:
    """Parquet text is UTF-8: a lone surrogate of a captured header becomes its escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, tuple):
        return [_clean(each) for each in value]
    return value

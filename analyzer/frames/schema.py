"""The columns of the tables that `analyze` writes, and their files.

One row is one record of `models`, flattened. The schema is fixed, the rows are in a fixed order and
in groups of a fixed size, so that the same capture gives the same bytes, in however many pieces it
was read; no file holds a time of writing.

Arrays are made of buffers: to make one of a list of Python, pyarrow imports pandas.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from analyzer.frames.rows import ONCE, TABLES, Column, Kind, Numbers, Packed, Texts

_GROUP: Final = 5_000  # rows that are held before they are written
_ARROW: Final[dict[Kind, pa.DataType]] = {
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    tuple[str, ...]: pa.list_(pa.string()),
    ONCE: pa.string(),
}
SCHEMAS: Final[Mapping[str, pa.Schema]] = {
    name: pa.schema([(column, _ARROW[kind]) for column, kind in columns.items()])
    for name, columns in TABLES.items()
}
_WORDS: Final = pa.dictionary(pa.int32(), pa.string())
# What is handed to the writer; in the file it is text.
_WRITTEN: Final[dict[Kind, pa.DataType]] = {
    **_ARROW,
    str: _WORDS,
    tuple[str, ...]: pa.list_(_WORDS),
}
_Ints = np.ndarray[tuple[int], np.dtype[np.int32]]


class Writer:
    """Writes the tables of one session into `folder`, as <name>.parquet, while it is analysed.

    To be used as a context: all files are there, and whole, when it ends.
    """

    def __init__(self, folder: Path) -> None:
        pa.set_memory_pool(pa.system_memory_pool())  # the others keep more for themselves
        self._tables = {name: _Table(columns) for name, columns in TABLES.items()}
        self._stack = ExitStack()
        self._files = {
            name: self._stack.enter_context(
                pq.ParquetWriter(
                    folder / f"{name}.parquet",
                    table.schema,
                    compression="zstd",
                    write_statistics=False,  # nobody asks for a part of a table
                    store_schema=False,  # it would have the texts come back as categories
                )
            )
            for name, table in self._tables.items()
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
        try:
            if kind is None:
                for name, table in self._tables.items():
                    if table.length:
                        self._files[name].write_table(table.taken())
        finally:
            self._stack.close()

    def add(self, rows: Packed) -> None:
        """Add the next rows."""
        for name, columns in rows.items():
            table, length = self._tables[name], _length(columns)
            start = 0
            while start < length:
                end = min(length, start + _GROUP - table.length)
                table.add(columns, start, end, whole=end - start == length)
                start = end
                if table.length == _GROUP:
                    self._files[name].write_table(table.taken())


class _Table:
    """The rows of one group of a table."""

    def __init__(self, columns: Mapping[str, Kind]) -> None:
        self.schema = pa.schema([(name, _WRITTEN[kind]) for name, kind in columns.items()])
        self._kinds = columns
        self._begin()

    def _begin(self) -> None:
        self.length = 0
        self._columns = {name: _empty(kind) for name, kind in self._kinds.items()}

    def add(self, columns: Mapping[str, Column], start: int, end: int, *, whole: bool) -> None:
        """Add the rows from `start` to `end` of `columns`, which are all of them if `whole`."""
        for name, given in columns.items():
            own = self._columns[name]
            if isinstance(own, _TextColumn):
                own.add(given, start, end, whole=whole)  # type: ignore[arg-type]
            else:
                own.extend(given[start:end])  # type: ignore[arg-type]
        self.length += end - start

    def taken(self) -> pa.Table:
        """Return the group, and begin the next."""
        arrays = [
            _array(self._columns[name], kind, self.length) for name, kind in self._kinds.items()
        ]
        self._begin()
        return pa.Table.from_arrays(arrays, schema=self.schema)


class _TextColumn:
    """A column of one group. The order of its values depends on its rows only."""

    def __init__(self) -> None:
        self.index: dict[Any, int] = {}
        self.which: list[_Ints] = []

    def add(self, given: Texts, start: int, end: int, *, whole: bool) -> None:
        which: _Ints = np.frombuffer(given.which, np.int32)[start:end]
        used: Iterable[int] = range(len(given.values))
        if not whole:
            # Where each stands first; of several assignments to one place the last one holds.
            length = end - start
            first = np.full(len(given.values), length)
            first[which[::-1]] = np.arange(length - 1, -1, -1)
            order = np.argsort(first)
            used = order[first[order] < length].tolist()
        own = np.zeros(len(given.values), np.int32)
        index = self.index
        for number in used:
            own[number] = index.setdefault(given.values[number], len(index))
        self.which.append(own[which])


def _empty(kind: Kind) -> _TextColumn | Numbers | list[str]:
    if kind in (int, float):
        return array("q" if kind is int else "d")
    return [] if kind == ONCE else _TextColumn()


def _length(columns: Mapping[str, Column]) -> int:
    given = next(iter(columns.values()))
    return len(given.which if isinstance(given, Texts) else given)


def _array(column: _TextColumn | Numbers | list[str], kind: Kind, length: int) -> pa.Array:
    if isinstance(column, list):
        return _strings(column)
    if not isinstance(column, _TextColumn):
        return pa.Array.from_buffers(_ARROW[kind], length, [None, pa.py_buffer(column)])
    which = np.concatenate(column.which) if column.which else np.empty(0, np.int32)
    if kind is str:
        return _words(which, list(column.index))
    lists = list(column.index)
    words = {word: at for at, word in enumerate(dict.fromkeys(w for each in lists for w in each))}
    lengths = np.array([len(each) for each in lists], np.int32)
    inside = [np.array([words[word] for word in each], np.int32) for each in lists]
    ends: _Ints = np.zeros(length + 1, np.int32)
    np.cumsum(lengths[which], out=ends[1:])
    flat = np.concatenate([inside[at] for at in which.tolist()]) if length else which
    return pa.ListArray.from_arrays(_integers(ends), _words(flat, list(words)))


def _words(which: _Ints, values: Sequence[str]) -> pa.Array:
    """Return texts as a dictionary of `values`, and which of them each is."""
    texts = _strings(values)
    return pa.DictionaryArray.from_arrays(_integers(which), texts, safe=False)


def _strings(values: Sequence[str]) -> pa.Array:
    written = [_utf8(each) for each in values]
    ends: _Ints = np.zeros(len(written) + 1, np.int32)
    np.cumsum([len(each) for each in written], out=ends[1:])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(written))]
    return pa.Array.from_buffers(pa.string(), len(written), buffers)


def _integers(values: _Ints) -> pa.Array:
    return pa.Array.from_buffers(pa.int32(), len(values), [None, pa.py_buffer(values)])


def table(name: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return `rows` as the table `name` of `SCHEMAS`; every column has to be there."""
    schema = SCHEMAS[name]
    given = [*rows]
    columns = {column: [_clean(row[column]) for row in given] for column in schema.names}
    return pa.table(columns, schema=schema)


def read(name: str, folders: Sequence[Path]) -> pa.Table:
    """Return the table `name` of all `folders`, one after the other; empty where there are none."""
    schema = SCHEMAS[name]
    found = [
        pq.read_table(folder / f"{name}.parquet", partitioning=None).cast(schema)
        for folder in folders
    ]
    return pa.concat_tables([schema.empty_table(), *found])


def _utf8(text: str) -> bytes:
    """Parquet text is UTF-8: a lone surrogate of a captured header becomes its escape."""
    return text.encode("utf-8", "backslashreplace")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _utf8(value).decode("utf-8")
    if isinstance(value, tuple):
        return [_clean(each) for each in value]
    return value

"""The rows of the tables that `analyze` writes, as columns of plain Python.

Whoever extracts makes them, without pandas or pyarrow: both together take more memory than all that
extracting does. Most texts come again and again (rules, hosts, reasons), so a column has its texts
once each, and numbers that say which of them stands in a row: little to hold, to hand to another
process and to write.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias, get_type_hints

from analyzer.findings import Coverage, Finding, Identifier, RegionFact, Server, SignalFinding
from analyzer.models import Destination, Match, Problem, Signal
from analyzer.pipeline import Batch, Whole

# What a column holds; `list[str]` are texts that hardly come twice.
Kind = type[int] | type[float] | type[str] | type[tuple[str, ...]] | type[list[str]]
_TEXTS: Final = tuple[str, ...]


def _names(record: type) -> list[str]:
    """Return the names of the fields of a dataclass or a named tuple."""
    if is_dataclass(record):
        return [field.name for field in fields(record)]
    return list(record._fields)  # type: ignore[attr-defined]


def _columns(record: type) -> dict[str, Kind]:
    """Return the columns of a flat record: numbers, lists of text, and text."""
    hints = get_type_hints(record)
    known = (int, float, _TEXTS)
    return {name: hints[name] if hints[name] in known else str for name in _names(record)}


ONCE: Final = list[str]
_PLACE: Final[dict[str, Kind]] = {"id": ONCE, "session": str, "phase": str, "t_s": float}
_VERSION: Final[dict[str, Kind]] = {"knowledge": str}
TABLES: Final[Mapping[str, Mapping[str, Kind]]] = {
    "findings": _PLACE | _columns(Match) | _columns(Destination) | _VERSION,
    "signals": _PLACE | _columns(Signal) | _columns(Destination) | _VERSION,
    "problems": {"session": str, "host": str} | _columns(Problem),
    "coverage": _columns(Coverage),
    "region": _columns(RegionFact),
    "identifiers": _columns(Identifier),
    "servers": _columns(Server),
}
_NUMBERS: Final[dict[Kind, str]] = {int: "q", float: "d"}
_destination: Final = attrgetter(*_names(Destination))
_SHARED: Final = ("session", "phase", "t_s", "knowledge", *_names(Destination))


class _Index(dict[Any, int]):
    """Numbers things in the order in which they are asked for first."""

    def __missing__(self, thing: Any) -> int:
        number = self[thing] = len(self)
        return number


class Texts(NamedTuple):
    """A column: its different values, in the order of the first of each, and which is in a row."""

    values: Sequence[Any]
    which: array[int]


Numbers: TypeAlias = "array[int] | array[float]"
Column: TypeAlias = "Texts | Numbers | list[str]"
Packed: TypeAlias = Mapping[str, Mapping[str, Column]]  # by table and column


class _Text:
    """A column of texts, or of tuples of texts, that grows."""

    def __init__(self) -> None:
        self._index = _Index()
        self._which: list[int] = []  # an array takes twice as long to grow

    def extend(self, values: Iterable[Any]) -> None:
        self._which.extend(map(self._index.__getitem__, values))

    def repeat(self, value: Any, times: int) -> None:
        self._which.extend((self._index[value],) * times)

    def packed(self) -> Texts:
        return Texts(list(self._index), array("i", self._which))


class _Number:
    """A column of numbers that grows."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._numbers: list[Any] = []

    def extend(self, values: Iterable[Any]) -> None:
        self._numbers.extend(values)

    def repeat(self, value: Any, times: int) -> None:
        self._numbers.extend((value,) * times)

    def packed(self) -> Numbers:
        return array(self._code, self._numbers)


class _Once:
    """A column of texts that hardly come twice, that grows."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def extend(self, values: Iterable[Any]) -> None:
        self._texts.extend(values)

    def repeat(self, value: Any, times: int) -> None:
        self._texts.extend((value,) * times)

    def packed(self) -> list[str]:
        return self._texts


class Rows:
    """The rows of one session, or of a piece of it, in order."""

    def __init__(self, session: str) -> None:
        self._session = session
        self._tables = {
            name: {column: _column(kind) for column, kind in columns.items()}
            for name, columns in TABLES.items()
        }

    def batch(self, batch: Batch) -> None:
        """Add what one exchange told."""
        if batch.findings:
            self._placed("findings", batch.findings, [each.match for each in batch.findings])
        if batch.signals:
            self._placed("signals", batch.signals, [each.signal for each in batch.signals])
        if batch.problems:
            columns = self._tables["problems"]
            columns["session"].repeat(self._session, len(batch.problems))
            columns["host"].extend([each.host for each in batch.problems])
            self._extend("problems", [each.problem for each in batch.problems])

    def whole(self, whole: Whole) -> None:
        """Add what is known at the end."""
        self._extend("coverage", whole.coverage)
        self._extend("region", whole.region)
        self._extend("identifiers", whole.identifiers)
        self._extend("servers", whole.servers)

    def packed(self) -> Packed:
        """Return the columns; nothing may be added after."""
        return {
            name: {column: each.packed() for column, each in columns.items()}
            for name, columns in self._tables.items()
        }

    def _placed(
        self,
        name: str,
        placed: Sequence[Finding | SignalFinding],
        what: Sequence[Match | Signal],
    ) -> None:
        """Add findings of one exchange: all but themselves they have in common."""
        columns, first = self._tables[name], placed[0]
        columns["id"].extend([each.id for each in placed])
        shared = (first.session, first.phase, first.t_s, first.knowledge)
        common = zip(_SHARED, (*shared, *_destination(first.destination)), strict=True)
        for column, value in common:
            columns[column].repeat(value, len(placed))
        self._extend(name, what)

    def _extend(self, name: str, records: Sequence[Any]) -> None:
        """Add the fields of `records`, which are of one class, to the columns of their names."""
        if not records:
            return
        columns, names = self._tables[name], _names(type(records[0]))
        if isinstance(records[0], tuple):
            told: Iterable[Sequence[Any]] = zip(*records, strict=True)
        else:
            told = zip(*map(attrgetter(*names), records), strict=True)
        for column, values in zip(names, told, strict=True):
            columns[column].extend(values)


def _column(kind: Kind) -> _Text | _Number | _Once:
    if kind in _NUMBERS:
        return _Number(_NUMBERS[kind])
    return _Once() if kind == ONCE else _Text()

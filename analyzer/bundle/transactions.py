"""The transactions of a bundle that is being recorded, and what makes them impossible."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from analyzer.bundle import store
from analyzer.bundle.checkpoints import Checkpoints
from analyzer.bundle.store import RecordingError


class Transactions:
    """Context in which rows are written: all of them are in the file when it ends, or none.

    It can be entered again and again, not within itself, but within `together`. It raises
    `RecordingError` when the disk refuses, and from then on. `execute` is the database's. `faults`
    are the reasons why something may be missing, in order.
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.faults: dict[str, None] = {}
        self.broken = False
        self._path = path
        self._database = database
        self._checkpoints = Checkpoints(path / store.DATABASE)
        self._ended = False
        self._together = False
        self.execute = database.execute

    def end(self) -> None:
        """Take no more, and let nothing else be at work on the database."""
        self._ended = True
        self._checkpoints.finish()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that are begun within: all rows are written, or none.

        For what can be had again. What is recorded live would be lost with the process.
        """
        if self._together:
            raise RuntimeError("these rows are written together already")
        with self:
            self._together = True
            try:
                yield
            finally:
                self._together = False

    def insert(self, table: str, **values: object) -> int:
        """Add a row and return its number."""
        columns, marks = ",".join(values), ",".join("?" * len(values))
        cursor = self.execute(
            f"INSERT INTO {table}({columns}) VALUES({marks})", tuple(values.values())
        )
        return cursor.lastrowid or 0

    def __enter__(self) -> None:
        """Begin; `RecordingError` if that is over."""
        if self._ended or self.broken:
            raise RecordingError(f"{self._path.name} is closed")
        if self._checkpoints.failure:
            raise self._refused(self._checkpoints.failure)
        if self._together:
            return
        try:
            self.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit, or undo; within `together`, leave that to its end."""
        if self._together:
            if isinstance(error, sqlite3.Error | OSError):
                raise self._refused(error) from error
            return
        if error is None:
            try:
                self.execute("COMMIT")
            except sqlite3.Error as refused:
                self._undo()
                raise self._refused(refused) from refused
            self._checkpoints.look()
            return
        self._undo()
        if isinstance(error, sqlite3.Error | OSError):
            raise self._refused(error) from error

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # SQLite has rolled back by itself
            self.execute("ROLLBACK")

    def _refused(self, error: Exception) -> RecordingError:
        self.broken = True
        why = f"recording failed: {error}"
        self.faults[why] = None
        return RecordingError(why)

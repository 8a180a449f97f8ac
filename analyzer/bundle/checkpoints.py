"""Moves what SQLite has written ahead into the database, beside the recording.

Every commit is appended to the file `capture.sqlite-wal`, without waiting for the disk. Moving it
into the database does wait for the disk, for long where that is busy: SQLite would do it within
some commit, while all phones wait. So it is done in a thread of its own.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

from analyzer.bundle import store
from analyzer.errors import UserError

STEP = 16 * 1024 * 1024  # bytes written ahead after which they are moved, while others are written
MOST = 64 * 1024 * 1024  # bytes after which the file has to begin anew; the writer waits for that
EVERY = 8  # commits between two looks at the file
_PASSES = 2  # the second takes what was written meanwhile: where there is a gap, that is all
_TRIES = 5
_PAUSE_S = 0.005
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Checkpoints:
    """Looks after the file written ahead of one database. For one thread, which starts others.

    `failure` is why one of them could not do it; what was committed is safe all the same.
    """

    def __init__(self, database: Path) -> None:
        self.failure: sqlite3.Error | UserError | None = None
        self._path = database
        self._ahead = f"{database}-wal"
        self._next = STEP
        self._commits = 0
        self._anew = False
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """Begin a checkpoint if it is time; to be called after each commit."""
        if self._anew:  # only little is left to be moved, but nobody may write meanwhile
            self.finish()
        self._commits += 1
        if self._commits % EVERY:
            return
        try:
            size = os.stat(self._ahead).st_size  # noqa: PTH116 - a Path would take as long again
        except OSError:  # somebody has moved the whole folder: nothing is lost by waiting
            return
        if size < self._next - STEP:  # it has begun anew
            self._next = STEP
        behind = size >= 2 * MOST  # the disk does not keep up: nobody writes until it does
        if behind:
            self.finish()
        if size >= self._next and not (self._thread and self._thread.is_alive()):
            self._next = size + STEP
            self._thread = threading.Thread(
                target=self._move, args=(size >= MOST,), name="checkpoint", daemon=True
            )
            self._thread.start()
            if behind:
                self.finish()

    def finish(self) -> None:
        """Wait for what is under way."""
        if self._thread:
            self._thread.join()

    def _move(self, anew: bool) -> None:
        try:
            with closing(store.connect(self._path, "rw", timeout_s=0.0)) as database:
                for _ in range(_PASSES):
                    self._moved(database, "PASSIVE")
                # That it moved all it saw is not enough to begin anew: somebody may have written
                # since, and without a gap somebody always has.
                self._anew = anew
                for _ in range(_TRIES if anew else 0):  # it fails while somebody reads
                    if self._moved(database, "RESTART"):
                        return
                    time.sleep(_PAUSE_S)
        except (sqlite3.Error, UserError) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
            if code & 0xFF not in _BUSY:
                self.failure = error
        finally:
            self._anew = False

    def _moved(self, database: sqlite3.Connection, how: str) -> bool:
        """Move what can be moved; whether that was all."""
        busy, ahead, moved = database.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        return not busy and ahead == moved

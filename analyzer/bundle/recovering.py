"""Closes what a recorder that died has left, and clears away what it had only begun."""

from __future__ import annotations

import dataclasses
import errno
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from analyzer.bundle import sealing, store
from analyzer.bundle.sealing import read_session
from analyzer.bundle.tallies import connection_counts, measured_exit, table_counts
from analyzer.errors import UserError
from analyzer.instants import instant, iso
from analyzer.models import Session

NOT_BEGUN = "the recording was cut off before anything could be recorded"
SESSION_ID = re.compile(r".+-r[0-9]{2,}-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")
_BESIDE = tuple(f"{store.DATABASE}{each}" for each in ("", "-wal", "-shm", "-journal"))
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_LATEST = 4_102_444_800.0  # seconds: what is later is no moment of a recording
_MEGABYTE = 1_000_000
_PRIMARY = 0xFF  # of SQLite's extended error codes


def recover(path: Path) -> Session:
    """Close the bundle of a recorder that died, and seal it; a sealed one is left as it is.

    Returns the session with `end_reason` "crashed" and what is `partial`. `UserError` if it is
    still being recorded, or if its database cannot be read or written.
    """
    session = read_session(path)
    if sealing.is_locked(path) or not sealing.is_sealed(path):
        lock = sealing.Lock(path)
        try:
            lock.free_reserve()
            session = _recover(path, session)
        except (sqlite3.Error, ValueError, OverflowError, OSError) as error:
            raise _hopeless(path, error) from None
        finally:
            lock.release()
    return session


def is_hollow(path: Path) -> bool:
    """Whether the folder `path` is that of a recorder that died before it had described itself.

    Nobody records in it, and there is nothing in it: no description, and no row in its tables.
    """
    try:
        names = {entry.name for entry in path.iterdir()}
    except OSError:
        return False
    left = names - {sealing.LOCK, f"{sealing.SESSION}.part", *_BESIDE}
    return (
        SESSION_ID.fullmatch(path.name) is not None
        and not left
        and not path.is_symlink()
        and not sealing.is_locked(path)
        and (store.DATABASE not in names or _is_empty(path / store.DATABASE))
    )


def remove_hollow(path: Path) -> bool:
    """Remove the folder `path` if it `is_hollow`; return whether it was. `UserError` if it stays.

    What somebody begins to record in it at the same moment is left alone.
    """
    if not is_hollow(path):
        return False
    lock = sealing.Lock(path)
    try:
        for name in (f"{sealing.SESSION}.part", *_BESIDE):
            (path / name).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path} cannot be removed", error.strerror or str(error)) from None
    finally:
        lock.release()
    try:
        path.rmdir()
    except OSError as error:
        raise UserError(f"{path} cannot be removed", error.strerror or str(error)) from None
    return True


def _is_empty(file: Path) -> bool:
    """Whether no row of a recording is in a database; of one that cannot be read, it is not."""
    try:
        if not file.stat().st_size or not _has_tables(file):
            return True
        with closing(store.open_to_write(file)) as database:
            counts = table_counts(database)
            extra = ("checkup", "measured") if store.has_connections(database) else ()
            rows = sum(
                database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
                for table in extra
            )
    except (UserError, *store.DAMAGED, OSError):
        return False
    return not rows and not any(number for name, number in counts.items() if name != "steps")


def _has_tables(file: Path) -> bool:
    with closing(store.connect(file, "rw")) as database:
        (number,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return bool(number)


def _recover(path: Path, session: Session) -> Session:
    for torn in path.glob("*.part"):
        torn.unlink()
    partial = session.partial
    if session.ended is None and _not_begun(path / store.DATABASE):
        store.create(path / store.DATABASE).close()
        partial += (NOT_BEGUN,)
    database = store.open_to_write(path / store.DATABASE)
    try:
        with store.transaction(database):
            if session.ended is None:
                partial += sealing.open_exchanges(database)
            database.execute(
                "UPDATE exchange SET state='failed', reason='cut off with the recording'"
                " WHERE state IN ('sending','sent','open')"
            )
        counts = {
            **dict(session.counts),
            **connection_counts(database),
            **table_counts(database),
        }
        exit_country = measured_exit(database)
        session = dataclasses.replace(
            session, counts=tuple(sorted(counts.items())), partial=partial
        )
        if session.ended is None:
            last = instant(session.started) + _last_moment(database)
            session = dataclasses.replace(
                session,
                ended=iso(last),
                end_reason="crashed",
                complete=False,
                egress=exit_country or session.egress,
            )
        sealing.seal(path, database, session)
    finally:
        database.close()
    return session


def _not_begun(file: Path) -> bool:
    """Whether the recorder died before its tables were made; clears away what there is of them."""
    if file.exists() and _has_tables(file):
        return False
    for name in _BESIDE:
        file.with_name(name).unlink(missing_ok=True)
    return True


def _last_moment(database: sqlite3.Connection) -> float:
    """Return the latest time that anything in the tables has."""
    times = [
        ("exchange", "t_s"),
        ("exchange", "answered_s"),
        ("message", "t_s"),
        ("event", "t_s"),
        ("step", "t_s"),
    ]
    if store.has_connections(database):
        times += [
            ("connection", "t_s"),
            ("connection", "ended_s"),
            ("checkup", "t_s"),
            ("measured", "t_s"),
        ]
    latest = [
        database.execute(
            f"SELECT max({column}) FROM {table} WHERE {column} BETWEEN 0 AND ?",  # noqa: S608
            (_LATEST,),
        ).fetchone()[0]
        for table, column in times
    ]
    return max((float(each) for each in latest if each is not None), default=0.0)


def _hopeless(path: Path, error: Exception) -> UserError:
    """Say why a bundle cannot be closed, and how much room it would take if that is what lacks."""
    needed = sum(
        file.stat().st_size for name in _BESIDE[1:] if (file := path / name).exists()
    )  # the log of the database is moved into it
    code = getattr(error, "sqlite_errorcode", 0) & _PRIMARY
    full = code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in _NO_ROOM
    # Where SQLite cannot even begin, it says no more than that something went wrong.
    if full or (isinstance(error, sqlite3.Error) and shutil.disk_usage(path).free < needed):
        room = needed // _MEGABYTE + 1
        return UserError(
            f"{path.name} cannot be closed: the disk is full",
            f"make room (about {room} MB), then run `evenhand recover` again",
        )
    return UserError(f"{path.name} cannot be closed", f"{error}")

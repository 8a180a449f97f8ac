"""The closing of a session bundle: `session.json`, the recorder's lock, the seal, `SHA256SUMS`.

A bundle is in one of three states: being recorded (a process holds its lock), crashed (nobody does,
and there is no `SHA256SUMS`), sealed.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec

from analyzer.bundle import seals, soundness, store
from analyzer.bundle.tallies import table_counts
from analyzer.custody.seal import SIGNATURE
from analyzer.errors import UserError
from analyzer.instants import instant
from analyzer.models import Session
from analyzer.study import COUNTRY
from analyzer.study_entries import LABEL
from analyzer.sums import SUMS, check_sums, read_sums, text_of, unlisted, write_sums
from analyzer.whole import write_whole

SESSION = seals.SESSION
LOCK = seals.LOCK
_RESERVE = 64 * 1024  # kept in the lock file: room for session.json and SHA256SUMS on a full disk
_LISTED = 100  # open exchanges that `partial` names; of more it says how many
_OLDEST = 120
_LARGEST = 1 << 24  # bytes of a description
_MOST_REPEATS = 999_999
_MEND = "take the bundle from where it was recorded"


class Lock:
    """Says that this process is writing a bundle. The kernel drops it when the process dies."""

    def __init__(self, bundle: Path) -> None:
        """Take the lock of `bundle`; `UserError` where another process has it."""
        self._path = bundle / LOCK
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        if not self._taken():
            os.close(self._file)
            raise UserError(
                f"{bundle.name} is still being recorded", "end the recording first (Ctrl-C)"
            )
        with contextlib.suppress(OSError):  # a full disk must not keep anyone from recovering
            os.pwrite(self._file, b"\n" * _RESERVE, 0)

    def _taken(self) -> bool:
        for _ in range(5):  # somebody may be looking (`is_locked`)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                time.sleep(0.02)
            else:
                return True
        return False

    def free_reserve(self) -> None:
        """Give the space kept for the last files back to the disk."""
        os.ftruncate(self._file, 0)

    def release(self) -> None:
        """Remove the lock."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def is_locked(bundle: Path) -> bool:
    """Whether a process is writing `bundle` now."""
    try:
        file = os.open(bundle / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def is_sealed(bundle: Path) -> bool:
    """Whether `bundle` was closed: nothing will be added to it."""
    return (bundle / SUMS).exists()


def read_session(path: Path) -> Session:
    """Read the `session.json` of the bundle `path`; `UserError` if it is not a bundle.

    `tools` and `counts` come sorted by name; what no text can hold comes as escapes. Country, age
    and label have to be what a study can declare.
    """
    try:
        raw = json.loads(_text(path / SESSION))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path} is not a session", "name a folder under captures/") from None
    except (OSError, ValueError, RecursionError):
        raise UserError(f"{path / SESSION} cannot be read", "try `evenhand verify`") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("schema"), int):
        raise UserError(f"{path / SESSION} is not a session's description", "take another folder")
    if raw["schema"] > store.SCHEMA_VERSION:
        raise UserError(f"{path} was written by a newer evenhand", "install that version")
    for name in ("tools", "counts"):
        if isinstance(raw.get(name), dict):
            raw[name] = sorted(raw[name].items())
    try:
        session = msgspec.convert(_clean(raw), Session)
        _check(session)
    except (msgspec.ValidationError, ValueError, OverflowError) as error:
        what = str(error).splitlines()[0]
        raise UserError(f"{path.name}/{SESSION} is wrong: {what}", _MEND) from None
    return session


def _text(file: Path) -> str:
    """Return the text of a description; `ValueError` where it is none of ours, by its kind or size.

    A pipe would never end, nor would a device.
    """
    if file.exists() and not file.is_file():
        raise ValueError("it is no file")
    with file.open("rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError("it is too large")
    return content.decode("utf-8")


def _clean(value: Any) -> Any:
    """JSON can hold lone surrogates, which no file, table or terminal takes: escape them."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(each) for name, each in value.items()}
    return value


def _check(session: Session) -> None:
    """Raise `ValueError` for what no study can have declared, and no recorder written."""
    for text in (session.started, session.ended):
        if text is not None:
            instant(text)
    arm = session.arm
    if not LABEL.fullmatch(arm.label):
        raise ValueError("its arm has no label of letters, digits, dot, dash and underscore")
    if not COUNTRY.fullmatch(arm.country):
        raise ValueError("its country is no two-letter ISO 3166 code")
    if not 0 <= arm.age <= _OLDEST:
        raise ValueError(f"its age is not from 0 to {_OLDEST}")
    for what in ("account", "role", "interest"):
        name = getattr(session, what)
        if name and not LABEL.fullmatch(name):
            raise ValueError(f"its {what} has no name of letters, digits, dot, dash and underscore")
    if not 0 <= session.repeat <= _MOST_REPEATS:
        raise ValueError(f"its repeat is not from 0 to {_MOST_REPEATS}")


def write_session(path: Path, session: Session) -> None:
    """Write `session.json` of the bundle `path`, whole or not at all."""
    raw: dict[str, Any] = {"schema": store.SCHEMA_VERSION, **dataclasses.asdict(session)}
    raw["tools"] = dict(session.tools)
    raw["counts"] = dict(session.counts)
    text = json.dumps(raw, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    write_whole(path / SESSION, store.storable(text).encode())


def open_exchanges(database: sqlite3.Connection) -> tuple[str, ...]:
    """Name what is still in flight, by id: requests without an answer, open WebSockets."""
    words = {
        "sending": "was still being sent",
        "sent": "had no complete answer",
        "open": "was a WebSocket still open",
    }
    rows = database.execute(
        "SELECT id, state FROM exchange WHERE state IN ('sending','sent','open') ORDER BY id"
    ).fetchall()
    named = [f"exchange {number} {words[state]}" for number, state in rows[:_LISTED]]
    if len(rows) > _LISTED:
        named.append(f"and {len(rows) - _LISTED} more")
    return tuple(named)


def seal(path: Path, database: sqlite3.Connection, session: Session) -> None:
    """Write `session.json`, make the database one stable file, seal both; closes it.

    Raises `sqlite3.Error` or `OSError` where the disk is full.
    """
    write_session(path, session)  # first: whatever fails below, the reason of the end is there
    if _settled(database):
        database.close()
    else:
        _leave_to_readers(path, database)
    seals.write_seal(path)
    write_sums(path, (path / name for name in seals.seal_sums(path)))  # last: now it is sealed


def _settled(database: sqlite3.Connection) -> bool:
    """Move everything into the one file, for good; False if another program is reading it."""
    database.execute("PRAGMA busy_timeout=1000")
    try:
        busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            database.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        return False
    return not busy


def _leave_to_readers(path: Path, database: sqlite3.Connection) -> None:
    """Put a copy in the place of a database that somebody keeps open; they go on reading theirs."""
    file = path / store.DATABASE
    copy = path / f"{store.DATABASE}.part"
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    database.execute("VACUUM INTO ?", (str(copy),))
    database.close()
    copy.replace(file)
    for rest in ("-wal", "-shm"):
        file.with_name(f"{file.name}{rest}").unlink(missing_ok=True)


def verify(path: Path, *, logged: str = "", rows: bool = False) -> list[str]:
    """Check a bundle against its seal, its `SHA256SUMS` and itself.

    Returns one sentence for each thing that is wrong, the first to be read first; `[]` for an
    intact bundle; `UserError` if it is not a bundle at all. `logged` is the digest of its seal that
    the custody log has; with `rows` the tree over its rows is made anew, too.
    """
    if is_locked(path):
        return ["It is still being recorded."]
    try:
        listed, wrong = read_sums(path)
    except (OSError, ValueError):
        session = read_session(path)
        end = "was never closed" if session.ended is None else "was not sealed"
        return [f"It {end}: there is no readable {SUMS} (see `evenhand recover`)."]
    since = "the session was closed"
    faults, seal = seals.check_seal(path, listed, logged)
    if seal:
        expected = seals.seal_sums(path)
        if (path / SUMS).read_bytes() != text_of(expected).encode():
            faults.append(f"{SUMS} was changed after {since}.")
        listed = expected
    else:
        faults += wrong
    faults += [
        f"{SUMS} does not list {name}." for name in (SESSION, store.DATABASE) if name not in listed
    ]
    named = {fault.partition(" ")[0] for fault in faults}  # each once
    faults += [
        fault for fault in check_sums(path, listed, since) if fault.partition(" ")[0] not in named
    ]
    if seals.has_seal(path):  # then it is known by now what to think of a signature
        listed = {SIGNATURE: "", **listed}
    faults += unlisted(path, listed, since, is_no_part)
    if any(fault.startswith(f"{store.DATABASE} was changed") for fault in faults):
        faults += _what_changed(path, faults)
    faults += _contradictions(path)
    return faults if faults or not (rows and seal) else seals.check_rows(path, seal)


def broken(path: Path) -> str:
    """Say why a bundle that was closed is no evidence any more, without a full stop.

    "" where it is as it was sealed, and where it never was: nobody can tell that of it.
    """
    wrong = verify(path) if (path / SUMS).is_file() else []
    return wrong[0].rstrip(".") if wrong else ""


def _what_changed(path: Path, faults: list[str]) -> list[str]:
    """Name the first row that is not as it was sealed, where its file is not."""
    if any(fault.startswith(seals.ROWS) for fault in faults) or not (path / seals.ROWS).is_file():
        return []
    row = seals.changed_row(path)
    return [f"The first thing in it that differs is {row}."] if row else []


def is_no_part(file: Path) -> bool:
    """Whether `file` lies in a bundle and is no part of what was sealed.

    What readers leave there, and a time-stamp, which vouches for itself.
    """
    return of_a_reader(file) or file.name == seals.TIMESTAMP


def of_a_reader(file: Path) -> bool:
    """Whether SQLite made `file` for somebody who was reading as the bundle was sealed.

    It is no evidence: an index that is made anew, or an empty log.
    """
    name = file.name.removeprefix(store.DATABASE)
    return name == "-shm" or (name == "-wal" and not file.stat().st_size)


def _contradictions(path: Path) -> list[str]:
    try:
        session = read_session(path)
        with contextlib.closing(store.open_to_read(path / store.DATABASE)) as database:
            (health,) = database.execute("PRAGMA integrity_check(1)").fetchone()
            counted = table_counts(database)
            soundness.check(database)
    except UserError as error:
        return [f"{error.message}."]
    except soundness.UNSOUND as error:
        return [f"{store.DATABASE} is damaged: {error}."]
    wrong = [] if health == "ok" else [f"{store.DATABASE} is damaged: {health}."]
    stated = dict(session.counts)
    return wrong + [
        f"{SESSION} states {stated.get(name)} {name}, {store.DATABASE} holds {number}."
        for name, number in counted.items()
        if stated.get(name) != number
    ]

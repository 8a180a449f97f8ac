"""`capture.sqlite`: the tables of a session bundle, and how they are opened.

A body is stored once, under its SHA-256, compressed with zstd. Header lists are JSON arrays of
``[name, value]`` in the order of the wire, with bytes that are not UTF-8 as lone surrogates
(Python's ``surrogateescape``), so that nothing is lost. A body that is still flowing lies in
`chunk` until it is complete, so that what has passed survives a crash; what never was complete
stays there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import orjson
import zstandard

from analyzer.errors import UserError
from analyzer.models import Headers

DATABASE = "capture.sqlite"
SCHEMA_VERSION = 2
APPLICATION_ID = 0x45564E48  # "EVNH": `file` and SQLite tools can tell what this is
KEEP = 16 * 1024 * 1024  # bytes of one body that are kept; the rest is only counted

# The table of bundles of version 1, which are still read.
EXCHANGE_1 = """CREATE TABLE exchange(
  id INTEGER PRIMARY KEY, t_s REAL NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  method TEXT NOT NULL, url TEXT NOT NULL, transport TEXT NOT NULL, server_ip TEXT,
  request_headers TEXT NOT NULL, request_trailers TEXT NOT NULL DEFAULT '[]',
  request_body BLOB REFERENCES body, request_cut INTEGER NOT NULL DEFAULT 0,
  answered_s REAL, status INTEGER,
  response_headers TEXT NOT NULL DEFAULT '[]', response_trailers TEXT NOT NULL DEFAULT '[]',
  response_body BLOB REFERENCES body, response_cut INTEGER NOT NULL DEFAULT 0) STRICT"""
# state of an exchange: sending -> sent -> done | open (an answered WebSocket) -> done, or failed.
# `left` is a WebSocket that was still open when the recording was closed properly.
_BOTH = (
    """CREATE TABLE body(
  sha256 BLOB NOT NULL PRIMARY KEY, size INTEGER NOT NULL, zstd BLOB NOT NULL) STRICT""",
    """CREATE TABLE chunk(
  id INTEGER PRIMARY KEY, exchange INTEGER NOT NULL REFERENCES exchange,
  from_client INTEGER NOT NULL, data BLOB NOT NULL) STRICT""",
    "CREATE INDEX chunk_of ON chunk(exchange, from_client)",
    """CREATE TABLE message(
  exchange INTEGER NOT NULL REFERENCES exchange, seq INTEGER NOT NULL, t_s REAL NOT NULL,
  from_client INTEGER NOT NULL, is_text INTEGER, body BLOB REFERENCES body,
  cut INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(exchange, seq)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE event(
  id INTEGER PRIMARY KEY, t_s REAL NOT NULL, kind TEXT NOT NULL, host TEXT NOT NULL,
  reason TEXT NOT NULL, bytes_up INTEGER NOT NULL, bytes_down INTEGER NOT NULL) STRICT""",
    """CREATE TABLE step(
  id INTEGER PRIMARY KEY, t_s REAL NOT NULL, name TEXT NOT NULL) STRICT""",
)
_TABLES = (
    *_BOTH,
    """CREATE TABLE connection(
  id INTEGER PRIMARY KEY, t_s REAL NOT NULL, ended_s REAL, phone TEXT NOT NULL,
  host TEXT NOT NULL, address TEXT NOT NULL, transport TEXT NOT NULL,
  alpn TEXT NOT NULL DEFAULT '', tls TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL DEFAULT 'open', reason TEXT NOT NULL DEFAULT '',
  bytes_up INTEGER NOT NULL DEFAULT 0, bytes_down INTEGER NOT NULL DEFAULT 0) STRICT""",
    EXCHANGE_1.replace(
        "server_ip TEXT,", "server_ip TEXT,\n  connection INTEGER REFERENCES connection,"
    ),
    """CREATE TABLE checkup(
  id INTEGER PRIMARY KEY, t_s REAL NOT NULL, phone TEXT NOT NULL, name TEXT NOT NULL,
  state TEXT NOT NULL, found TEXT NOT NULL) STRICT""",
    """CREATE TABLE measured(
  id INTEGER PRIMARY KEY, t_s REAL NOT NULL, topic TEXT NOT NULL, value TEXT NOT NULL,
  source TEXT NOT NULL) STRICT""",
)
_SHAPES = {1: {*_BOTH, EXCHANGE_1}, SCHEMA_VERSION: set(_TABLES)}
# What reading a damaged database raises: SQLite quotes names from it, which need not be text.
DAMAGED = (sqlite3.DatabaseError, UnicodeDecodeError)
_SURROGATE = re.compile("[\ud800-\udfff]")
_here = threading.local()  # what (de)compresses is dear to make, and for one thread only
_LONGEST_KNOWN = 2_048  # characters of headers that are remembered


class RecordingError(UserError):
    """The bundle cannot be written any more: traffic must not go on unrecorded."""


def create(path: Path) -> sqlite3.Connection:
    """Make the database `path` (mode 0600) and open it for writing."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    database = connect(path, "rw")
    database.execute(f"PRAGMA application_id={APPLICATION_ID}")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA wal_autocheckpoint=0")  # `checkpoints` does it
    database.execute("PRAGMA journal_size_limit=0")  # so that its size tells how much there is
    with transaction(database):
        for table in _TABLES:
            database.execute(table)
        database.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    return database


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open an existing database for one more writer; `UserError` if it is not one of ours."""
    return _checked(path, connect(path, "rw"))


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a database for reading, also while it is being written.

    A sealed one is opened as unchangeable: no byte of the bundle changes, no file is added.
    """
    if path.exists() and not path.is_file():  # a pipe would be waited for
        raise UserError(f"{path} cannot be opened", "it is no file")
    live = path.with_name(f"{path.name}-wal").exists()
    return _checked(path, connect(path, "ro" if live else "ro&immutable=1"))


def connect(path: Path, mode: str, *, timeout_s: float = 5.0) -> sqlite3.Connection:
    """Open a database in SQLite's `mode`, whatever is in it; `UserError` if that fails."""
    try:
        database = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode={mode}",
            uri=True,
            isolation_level=None,
            timeout=timeout_s,
        )
    except sqlite3.Error as error:
        raise UserError(f"{path} cannot be opened", str(error)) from None
    try:
        # NORMAL: a killed process loses nothing; only a power cut can take the last commits.
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("PRAGMA trusted_schema=OFF")
    except DAMAGED as error:
        database.close()
        raise UserError(f"{path} is damaged", f"{error}; try `evenhand verify`") from None
    return database


def _checked(path: Path, database: sqlite3.Connection) -> sqlite3.Connection:
    """Refuse a file whose tables are not exactly ours: a bundle may come from anywhere."""
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        found = {sql for (sql,) in database.execute("SELECT sql FROM sqlite_schema") if sql}
    except DAMAGED as error:
        database.close()
        raise UserError(f"{path} is damaged", f"{error}; try `evenhand verify`") from None
    if version > SCHEMA_VERSION:
        database.close()
        raise UserError(f"{path} was written by a newer evenhand", "install that version")
    if found != _SHAPES.get(version):
        database.close()
        raise UserError(f"{path} is not a capture", "name a folder under captures/")
    return database


def has_connections(database: sqlite3.Connection) -> bool:
    """Whether the bundle is of a version that has connections, checkups and measurements."""
    return int(database.execute("PRAGMA user_version").fetchone()[0]) > 1


@contextlib.contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing; it is in the file when the block ends."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # SQLite has rolled back by itself
            database.execute("ROLLBACK")
        raise


def put_body(database: sqlite3.Connection, body: bytes) -> tuple[bytes | None, int]:
    """Store at most `KEEP` bytes of a body; return its key (None: empty) and the bytes cut off."""
    if not body:
        return None, 0
    kept = body[:KEEP]
    key = hashlib.sha256(kept).digest()
    if not database.execute("SELECT 1 FROM body WHERE sha256=?", (key,)).fetchone():
        if not hasattr(_here, "compressor"):
            # 1: of bodies of this kind it makes as little as 3 does, in half the time.
            _here.compressor = zstandard.ZstdCompressor(level=1)
        packed = _here.compressor.compress(kept)
        database.execute("INSERT INTO body VALUES(?,?,?)", (key, len(kept), packed))
    return key, len(body) - len(kept)


def get_body(database: sqlite3.Connection, key: bytes | None) -> bytes | None:
    """Return a stored body (empty for None), or None where it is missing or damaged."""
    if key is None:
        return b""
    row = database.execute("SELECT size, zstd FROM body WHERE sha256=?", (key,)).fetchone()
    if row is None:
        return None
    size, packed = row
    try:
        if size > KEEP or zstandard.frame_content_size(packed) != size:
            return None
        if not hasattr(_here, "decompressor"):
            _here.decompressor = zstandard.ZstdDecompressor()
        content: bytes = _here.decompressor.decompress(packed)
        return content
    except zstandard.ZstdError:
        return None


def get_chunks(database: sqlite3.Connection, exchange: int, *, from_client: bool) -> bytes:
    """Return what has passed of a body that is, or was at the end, still flowing, else b"".

    The recorder keeps no more than `KEEP` bytes of it.
    """
    rows = database.execute(
        "SELECT data FROM chunk WHERE exchange=? AND from_client=? ORDER BY id",
        (exchange, from_client),
    )
    return b"".join(data for (data,) in rows)


def dump_headers(headers: Headers) -> str:
    """Headers as stored: JSON in plain ASCII."""
    try:
        fast = orjson.dumps(headers)
        if fast.isascii():
            return fast.decode("ascii")
    except TypeError:  # lone surrogates
        pass
    return json.dumps(headers, separators=(",", ":"))


def load_headers(text: str) -> Headers:
    """Headers as the analysis takes them: bytes that are not UTF-8 are read as Latin-1."""
    return _known_headers(text) if len(text) <= _LONGEST_KNOWN else _headers(text)


def _headers(text: str) -> Headers:
    return tuple((readable(name), readable(value)) for name, value in json.loads(text))


# Those of one app's requests are few, and most exchanges have no trailers.
_known_headers = lru_cache(maxsize=256)(_headers)


def readable(text: str) -> str:
    """Text without lone surrogates: such bytes make the whole text Latin-1."""
    if not _SURROGATE.search(text):
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:  # a surrogate that never was a byte
        return _SURROGATE.sub("\ufffd", text)


def storable(text: str) -> str:
    """Text as SQLite takes it: a byte that is not UTF-8 is written ``%FF``, as URLs do."""
    return _SURROGATE.sub(_percent, text)


def _percent(found: re.Match[str]) -> str:
    byte = ord(found[0]) - 0xDC00
    return f"%{byte:02X}" if 0x80 <= byte <= 0xFF else "\ufffd"

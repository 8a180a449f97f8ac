"""What was changed on a phone and has to be undone, remembered on disk before it is changed.

One file for each change, readable by the owner only, under ``$XDG_STATE_HOME/evenhand/phone``
(default ``~/.local/state``), so that whoever runs next can undo it wherever it runs. While a
process has the change in its hands, it holds a lock on the file (flock); the lock goes with the
process. The phone is named by a digest, never by its serial number.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from analyzer.errors import UserError

OFF = ":0"  # the value of `http_proxy` that Android understands as none
LOOPBACK = "127.0.0.1"
# Of a value of `http_proxy` and of a path that we may put on a phone.
PROXY = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])?:[0-9]{1,5}", re.ASCII)
FILE = re.compile(r"/sdcard/Download/[A-Za-z0-9_=+.-]{1,15}\.conf", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_ENDING = ".json"
_LARGEST = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a phone's state.

    `kind` "proxy": its `http_proxy` was `before` and now leads through port `port`. "file": a
    tunnel's configuration, with its private key, lies at `path`. `phone` is
    `Adb.fingerprint`, `model` its name for people, `made` the time (ISO 8601, UTC).
    """

    kind: Literal["proxy", "file"]
    phone: str
    model: str
    made: str
    port: int = 0
    before: str = OFF
    path: str = ""

    def __str__(self) -> str:
        """What has to be undone, in words."""
        who = self.model or "a phone"
        if self.kind == "proxy":
            return f"{who} has had a USB proxy (port {self.port}) since {self.made}"
        return f"{who} has had a tunnel's private key in {self.path} since {self.made}"


class Entry:
    """A change in the journal, locked by this process until `close` or its end."""

    def __init__(self, path: Path, file: int, change: Change) -> None:
        self.path = path
        self.file = file  # a descriptor that another process may inherit: it then holds the lock
        self.change = change

    def remove(self) -> None:
        """The change is undone: forget it."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the lock."""
        with contextlib.suppress(OSError):
            os.close(self.file)


def folder() -> Path:
    """Return where the journal is kept."""
    root = os.environ.get("XDG_STATE_HOME", "")
    # The specification has relative paths ignored.
    base = Path(root) if root.startswith("/") else Path.home() / ".local" / "state"
    return base / "evenhand" / "phone"


def write(change: Change) -> Entry:
    """Put `change` into the journal, on the disk when this returns; `UserError` if it cannot be.

    What cannot be remembered must not be done.
    """
    where = folder()
    try:
        where.mkdir(mode=0o700, parents=True, exist_ok=True)
        file, name = tempfile.mkstemp(dir=where, prefix=".", suffix=".new")  # mode 0600
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            os.write(file, json.dumps(asdict(change), indent=1).encode())
            os.fsync(file)
            path = where / f"{int(time.time())}-{secrets.token_hex(4)}{_ENDING}"
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            os.close(file)
            raise
    except OSError as error:
        raise UserError(
            f"what has to be undone on the phone cannot be written down in {where}",
            error.strerror or str(error),
        ) from None
    return Entry(path, file, change)


def now() -> str:
    """Return the time of a change."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def left_over() -> Iterator[Entry]:
    """Yield each change that no process has in its hands, locked while the caller looks at it."""
    for path in _files():
        entry = _take(path)
        if entry is not None:
            try:
                yield entry
            finally:
                entry.close()


def in_hands() -> list[Change]:
    """Return the changes that a running process will undo."""
    found = []
    for path in _files():
        entry = _take(path)
        if entry is not None:
            entry.close()
        else:
            change = read_change(path)
            if change is not None:
                found.append(change)
    return found


def damaged() -> list[Path]:
    """Return files of the journal that say nothing: a person has to look at that phone."""
    return [path for path in _files() if path.exists() and read_change(path) is None]


def forget() -> list[Change]:
    """Give up on all changes in nobody's hands, and on damaged files; return those changes."""
    for path in damaged():
        path.unlink(missing_ok=True)
    given_up = []
    for entry in left_over():
        entry.remove()
        given_up.append(entry.change)
    return given_up


def read_change(path: Path) -> Change | None:
    """Return the change that the file `path` of the journal describes; None if it says nothing."""
    try:
        with path.open("rb") as file:
            return _parsed(file.read(_LARGEST))
    except OSError:
        return None


def _files() -> list[Path]:
    try:
        return sorted(path for path in folder().iterdir() if path.suffix == _ENDING)
    except OSError:
        return []


def _take(path: Path) -> Entry | None:
    """Lock an entry; None if another process has it, if it is gone, or if it says nothing."""
    try:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        change = _parsed(os.read(file, _LARGEST))
        gone = os.fstat(file).st_nlink == 0  # undone while we waited for the lock
    except OSError:
        change, gone = None, True
    if change is None or gone:
        os.close(file)
        return None
    return Entry(path, file, change)


def _parsed(raw: bytes) -> Change | None:
    """Return the change that `raw` describes. None unless every word of it may go to a phone."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.keys() != {each.name for each in fields(Change)}:
        return None
    port = found.pop("port")
    if not isinstance(port, int) or not all(isinstance(each, str) for each in found.values()):
        return None
    change = Change(**found, port=port)
    if change.kind == "proxy":
        sound = 0 < port < 65536 and PROXY.fullmatch(change.before) is not None
    else:
        sound = found["kind"] == "file" and FILE.fullmatch(change.path) is not None
    words = change.model + change.made
    return (
        change if sound and words.isprintable() and _FINGERPRINT.fullmatch(change.phone) else None
    )

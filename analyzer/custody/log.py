"""`custody.jsonl` of a study: who did what with the evidence, when. Lines are only ever added.

Each line holds the digest of the line before, its own, and a signature: one that is taken out,
changed or put elsewhere breaks the chain. That lines are missing at the end shows only where
something that is still there was in them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from errno import EACCES, EPERM, EROFS
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from analyzer import __version__
from analyzer.custody.keys import Key, fingerprint, key_or_none, signs
from analyzer.instants import now
from analyzer.whole import add_whole

LOG: Final = "custody.jsonl"
What = Literal[
    "recorded", "sealed", "recovered", "imported", "timestamped", "analysed", "reported",
    "exported", "redacted", "published", "verified", "noted", "driven", "coded",
]  # fmt: skip
_NOT_OURS: Final = frozenset({EACCES, EPERM, EROFS})


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line. `at`: ISO 8601, UTC. `key`: the public key of who did it, "" where none signed."""

    number: int
    at: str
    what: str
    details: dict[str, Any]
    evenhand: str
    previous: str
    key: str
    digest: str = ""
    signature: str = ""

    @property
    def by(self) -> str:
        """The fingerprint of the key that signed the line; "" where none did."""
        return fingerprint(bytes.fromhex(self.key)) if self.key else ""


@dataclass(frozen=True, slots=True)
class Read:
    """A log as it was read: its lines, and a sentence for each thing that is wrong with it."""

    entries: tuple[Entry, ...] = ()
    faults: tuple[str, ...] = ()
    there: bool = False

    def sealed(self) -> dict[str, Entry]:
        """Return for each session the line of its last sealing, in order."""
        return {
            str(each.details.get("session")): each for each in self.entries if each.what == "sealed"
        }

    def last(self, name: str) -> dict[str, Any]:
        """Return by folder what was last said in `name` of a line ("sums")."""
        found: dict[str, Any] = {}
        for each in self.entries:
            said = each.details.get(name)
            found.update(said if isinstance(said, dict) else {})
        return found


@dataclass(slots=True)
class Held:
    """A log that this process alone writes now."""

    _file: int
    _key: Key | None
    entries: list[Entry] = field(default_factory=list)

    def add(self, what: What, **details: Any) -> None:
        """Add a line; `OSError` if the disk is full, then without a trace."""
        last = self.entries[-1] if self.entries else None
        bare = Entry(
            number=last.number + 1 if last else 1,
            at=now(),
            what=what,
            details=details,
            evenhand=__version__,
            previous=last.digest if last else "",
            key=self._key.public.hex() if self._key else "",
        )
        digest = _digest(bare)
        signature = self._key.sign(_signed(digest)).hex() if self._key else ""
        entry = msgspec.structs.replace(bare, digest=digest, signature=signature)
        size = os.fstat(self._file).st_size
        add_whole(self._file, size, _line(entry))
        self.entries.append(entry)


@contextlib.contextmanager
def held(root: Path, key: Key | None) -> Iterator[Held | None]:
    """Take the log of the study `root`, to add lines that `key` signs; None where there is none.

    There is none outside a study, and where nobody may write. `OSError` where the disk refuses.
    """
    file = -1
    if (root / "study.toml").is_file():
        try:
            file = os.open(root / LOG, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            if error.errno not in _NOT_OURS:
                raise
    if file < 0:
        yield None
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield Held(file, key, _to_write(file))
    finally:
        os.close(file)


def append(root: Path, what: What, **details: Any) -> bool:
    """Add a line to the log of the study `root`; False where that cannot be.

    `details` are numbers, texts, and lists or tables of these; nothing captured may be in them.
    """
    try:
        with held(root, key_or_none()) as log:
            if log is None:
                return False
            log.add(what, **details)
    except OSError:
        return False
    return True


def read(root: Path) -> Read:
    """Read and check the log of the study `root`."""
    try:
        content = (root / LOG).read_bytes()
    except FileNotFoundError:
        return Read()
    except OSError as error:
        return Read((), (f"{LOG} cannot be read: {error.strerror}.",), there=True)
    *lines, rest = content.split(b"\n")
    entries: list[Entry] = []
    faults: list[str] = [f"{LOG} is cut off at its end."] if rest else []
    for number, line in enumerate([*lines, *([rest] if rest else [])], 1):
        entry = _parsed(line)
        if entry is None:
            faults.append(f"Line {number} of {LOG} was changed: it is not as it was written.")
            continue
        if why := _wrong(entry, entries):
            faults.append(f"Line {number} of {LOG} {why}.")
        entries.append(entry)
    return Read(tuple(entries), tuple(faults), there=True)


def _wrong(entry: Entry, before: Sequence[Entry]) -> str:
    """Say what is wrong with a line; "" if nothing is."""
    if _digest(entry) != entry.digest:
        return "was changed: it is not what its own digest says"
    if entry.key and not signs(
        bytes.fromhex(entry.key), bytes.fromhex(entry.signature), _signed(entry.digest)
    ):
        return "was changed: its signature is not of what it says"
    if entry.previous != (before[-1].digest if before else ""):
        return "does not follow the line before: one was changed, taken out, or put elsewhere"
    return "" if entry.number == len(before) + 1 else "has not the number of its place"


def _to_write(file: int) -> list[Entry]:
    """Read the lines that can be read. What a power cut left of a last line is cut away."""
    content = os.pread(file, os.fstat(file).st_size, 0)
    *lines, rest = content.split(b"\n")
    entries = [entry for line in lines if (entry := _parsed(line))]
    if rest:
        os.ftruncate(file, len(content) - len(rest))
    return entries


def _parsed(line: bytes) -> Entry | None:
    """Return what a line says; None unless it is, to the byte, as one is written."""
    try:
        entry = msgspec.json.decode(line, type=Entry)
        plain = all(bytes.fromhex(each).hex() == each for each in (entry.key, entry.signature))
        return entry if plain and _line(entry) == line + b"\n" else None
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def _line(entry: Entry) -> bytes:
    return (_canonical(msgspec.structs.asdict(entry)) + "\n").encode("ascii")


def _digest(entry: Entry) -> str:
    bare = msgspec.structs.asdict(entry)
    del bare["digest"], bare["signature"]
    return sha256(_canonical(bare).encode("ascii")).hexdigest()


def _signed(digest: str) -> bytes:
    return f"evenhand custody {digest}".encode("ascii")


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))

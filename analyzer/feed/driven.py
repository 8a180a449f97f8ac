"""`feed/drives/<session>.jsonl`: what the driver did with the feed of a session, line by line.

Lines are only ever added; a session that was driven twice has two drives in its file. Each begins
with a line `begin` and ends with a line `stop`, unless the driver died. The lines of items hold
their keys and why they were watched, nothing that anybody wrote; still, only their owner may read
them.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from analyzer.errors import UserError
from analyzer.feed.records import Watch
from analyzer.whole import add_whole

# match: of the account's interest. other: not. control: watched like all others. unknown: nothing
# says which item was on the screen.
Decision = Literal["match", "other", "control", "unknown"]
# log: the app's own log has named it. order: it is the next in the order of the answers.
Certainty = Literal["log", "order", "unknown"]
_LARGEST: Final = 200_000_000  # bytes of a log
_NOTED: Final = ("account", "role", "interest")  # of what a drive went by
_LONGEST_LINE: Final = 100_000
_WHOLE: Final = 0.95  # share of a duration from which on an item was watched whole


@dataclass(frozen=True, slots=True)
class Orders:
    """What a drive says it went by; None where it does not say."""

    account: str | None
    role: str | None
    interest: str | None
    dwell: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Drive:
    """What was done in one session, all of its drives together.

    `matched`: items that were watched because they match; `engaged`: of those, the ones watched
    whole. `by`: why they match, and how many for it. `stopped`: the last drive's reason, "" while
    it runs or where it died. `seed`: of the last drive. `decided`: what decided that they match,
    and how many it did: "code" (settled by people), "own" (a term or hashtag of the protocol) or
    "signs" (two lesser ones that agree).
    """

    session: str
    account: str
    items: int
    matched: int
    unknown: int
    engaged: int
    by: tuple[tuple[str, int], ...]
    stopped: str
    seed: str
    decided: tuple[tuple[str, int], ...] = ()


def drives_folder(root: Path) -> Path:
    """Return the private folder of the drives of the study in `root`."""
    return root / "feed" / "drives"


def drive_log(root: Path, session: str) -> Path:
    """Return where the drives of `session` are told."""
    return drives_folder(root) / f"{session}.jsonl"


class DriveLog:
    """Adds lines to the log of `session`; each is on the disk when `add` returns."""

    def __init__(self, root: Path, session: str) -> None:
        folder = drives_folder(root)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for each in (folder, folder.parent):
                each.chmod(0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            self._file = os.open(drive_log(root, session), flags, 0o600)
        except OSError as error:
            raise UserError(f"{folder} cannot be written", error.strerror or str(error)) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise UserError(f"{session} is being driven already", "end it with Ctrl-C") from None

    def add(self, event: str, t_s: float, **told: Any) -> dict[str, Any]:
        """Add a line and return what it says; `UserError` where it cannot be written."""
        line = {"event": event, "t_s": round(t_s, 3), **told}
        text = json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n"
        end = os.fstat(self._file).st_size
        # What a crash has left of a line must not swallow ours.
        torn = end > 0 and os.pread(self._file, 1, end - 1) != b"\n"
        try:
            add_whole(self._file, end, (("\n" if torn else "") + text).encode())
        except OSError as error:
            what = "the driver's log cannot be written"
            raise UserError(what, error.strerror or str(error)) from None
        return line

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the lines of a log; what is no line of ours, such as a cut one, is passed over."""
    if path.exists() and not path.is_file():  # a pipe would never end
        raise UserError(f"{path} cannot be read", "it is no file")
    try:
        with path.open("rb") as file:
            size = 0
            while (text := file.readline(_LONGEST_LINE)) and (size := size + len(text)) < _LARGEST:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if isinstance(line, dict) and isinstance(line.get("event"), str):
                    yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise UserError(f"{path} cannot be read", error.strerror or str(error)) from None


def read_drive(path: Path) -> Drive:
    """Return what the log `path` amounts to."""
    account = stopped = seed = ""
    counts: Counter[str] = Counter()
    by: Counter[str] = Counter()
    decided: Counter[str] = Counter()
    for line in read_lines(path):
        if line["event"] == "begin":
            account, stopped, seed = _text(line, "account"), "", _text(line, "seed")
        elif line["event"] == "stop":
            stopped = _text(line, "reason")
        elif line["event"] == "item":
            decision = _text(line, "decision")
            counts.update(["items", decision])
            if decision == "match":
                why = line.get("why")
                signs = [str(each)[:100] for each in (why if isinstance(why, list) else ())[:10]]
                by.update(signs)
                decided[_decisive(signs)] += 1
                duration = _number(line, "duration_s")
                counts["engaged"] += bool(
                    duration and _number(line, "dwell_s") >= _WHOLE * duration
                )
    return Drive(
        session=path.stem,
        account=account,
        items=counts["items"],
        matched=counts["match"],
        unknown=counts["unknown"],
        engaged=counts["engaged"],
        by=tuple(sorted(by.items())),
        stopped=stopped,
        seed=seed,
        decided=tuple(sorted(decided.items())),
    )


def read_orders(path: Path) -> Iterator[Orders]:
    """Yield what each drive of the log `path` says it went by."""
    for line in read_lines(path):
        if line["event"] == "begin":
            dwell = line.get("dwell")
            account, role, interest = (
                _text(line, name) if name in line else None for name in _NOTED
            )
            yield Orders(
                account,
                role,
                interest,
                dwell if isinstance(dwell, dict) else None,
            )


def _decisive(signs: Sequence[str]) -> str:
    """Return which of its signs decided that an item matches, as `driving.matching` weighs them."""
    if any(each.startswith("code:") for each in signs):
        return "code"
    return "own" if {"term", "hashtag"}.intersection(signs) else "signs"


def drive_digest(path: Path) -> str:
    """Return the SHA-256 of a log; "" where there is none that can be read."""
    try:
        if path.is_file():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        pass
    return ""


def driven_watches(path: Path, session: str) -> list[Watch]:
    """Return what the log `path` says was on the screen, as lines of a watch log.

    They stand in where the app keeps none. Items of which nothing is known are not among them.
    """
    found = []
    for number, line in enumerate(read_lines(path)):
        key = _text(line, "key")
        if line["event"] == "item" and key and line.get("certainty") in {"log", "order"}:
            dwell = _number(line, "dwell_s")
            end = _number(line, "t_s") + dwell
            found.append(
                Watch(session, "", end, key, dwell, None, number, False, False, False, False)
            )
    return found


def _text(line: Mapping[str, Any], name: str) -> str:
    value = line.get(name)
    return str(value)[:200] if isinstance(value, str | int) else ""


def _number(line: Mapping[str, Any], name: str) -> float:
    value = line.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.0
    return max(0.0, float(value))

"""What the custody log says of the audit of a feed: who coded, what was driven; and if it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from analyzer.custody.log import Entry, append
from analyzer.custody.seal import SEAL, digest
from analyzer.errors import UserError
from analyzer.feed.coding.ledger import LOG, chained, count, digests
from analyzer.feed.driven import drive_log, drives_folder, read_drive
from analyzer.sums import SUMS


def log_codes(root: Path, coders: Sequence[str]) -> None:
    """Note that `coders` have coded or decided: how many lines the log of codes has, and its end.

    A line that is changed or taken out later then shows, and so does a log that was cut or made
    anew.
    """
    if lines := digests(root):
        append(root, "coded", by=list(coders), lines=len(lines), last=lines[-1])


def log_drive(root: Path, session: str) -> None:
    """Note that the driver has moved the feed of `session`, and the digest of its log."""
    path = drive_log(root, session)
    if path.is_file():
        found = read_drive(path)
        told = {"account": found.account, "items": found.items, "stopped": found.stopped}
        content = path.read_bytes()
        digest = sha256(content).hexdigest()
        append(root, "driven", session=session, bytes=len(content), sha256=digest, **told)


def faults_of_feed(root: Path, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield what of codes and drives is not as `entries` of the custody log say it was."""
    if wrong := fault_of_codes(root, entries):
        yield wrong
    yield from faults_of_drives(root, entries).values()


def fault_of_codes(root: Path, entries: Sequence[Entry]) -> str:
    """Say what of the log of codes is not as `entries` say it was; "" for nothing."""
    coded = [each for each in entries if each.what == "coded"]
    if not coded:
        return ""
    try:
        lines = [line for _, line in chained(root)]
    except (OSError, UserError) as error:
        return f"The log of codes cannot be trusted: {error}."
    for entry in coded:
        told = entry.details.get("lines")
        known = isinstance(told, int) and 0 < told <= len(lines)
        if not known or lines[int(str(told)) - 1] != entry.details.get("last"):
            return f"{LOG} of the codes is not what it was on {entry.at}: lines are missing or new."
    return ""


def faults_of_drives(root: Path, entries: Sequence[Entry]) -> Mapping[str, str]:
    """Return the logs whose beginning changed, by session, and what is wrong with each.

    A log grows where its session is driven once more.
    """
    wrong: dict[str, str] = {}
    for entry in entries:
        if entry.what != "driven":
            continue
        session = str(entry.details.get("session"))
        path = drive_log(root, session)
        try:
            if not path.is_file():
                raise FileNotFoundError(path)
            with path.open("rb") as file:
                content = file.read(_bytes(entry))
        except (OSError, ValueError):
            wrong[session] = f"The driver's {path.name} is missing, or cannot be read."
            continue
        if sha256(content).hexdigest() != entry.details.get("sha256"):
            wrong[session] = f"The driver's {path.name} is not what it was on {entry.at}."
    return wrong


def fault_of_seal(bundle: Path, entry: Entry | None) -> str:
    """Say why a session is not the one that `entry` of the custody log knows; "" where it is.

    That its files are as its own seal says is looked at elsewhere; a seal can be made anew.
    """
    if entry is None:
        return ""
    seal = bundle / SEAL
    if not (seal.is_file() and digest(seal.read_bytes()) == entry.details.get("seal")):
        return f"{SEAL} is not the one that the custody log knows"
    return "" if (bundle / SUMS).is_file() else f"{SUMS} is missing, and the session was sealed"


def unlogged(root: Path, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the logs with lines of which `entries` say nothing, as a driver leaves that died.

    The names of files below `feed`. A log of codes counts once the custody log knows of any.
    """
    known: dict[str, int] = {}
    coded = 0
    for entry in entries:
        if entry.what == "driven":
            name = drive_log(root, str(entry.details.get("session"))).name
            known[name] = max(known.get(name, 0), _bytes(entry))
        elif entry.what == "coded" and isinstance(told := entry.details.get("lines"), int):
            coded = max(coded, told)
    found = [
        f"drives/{path.name}"
        for path in sorted(drives_folder(root).glob("*.jsonl"))
        if path.is_file() and path.stat().st_size > known.get(path.name, 0)
    ]
    return (f"coding/{LOG}", *found) if coded and count(root) > coded else tuple(found)


def _bytes(entry: Entry) -> int:
    """Return how long the log was; 0 where the line does not say."""
    told = entry.details.get("bytes")
    return max(0, told) if isinstance(told, int) else 0

"""What the custody log says of the audit of a feed: who coded, what was driven."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from analyzer.custody.log import Entry, append
from analyzer.errors import UserError


def log_codes(root: Path, coders: Sequence[str]) -> None:
    """Note that `coders` have coded or decided: how many lines the log of codes has, and its end.

    A line that is changed or taken out later then shows, and so does a log that was cut or made
    anew.
    """
    from analyzer.feed.coding.ledger import digests

    if lines := digests(root):
        append(root, "coded", by=list(coders), lines=len(lines), last=lines[-1])


def log_drive(root: Path, session: str) -> None:
    """Note that the driver has moved the feed of `session`, and the digest of its log."""
    from analyzer.feed.driven import drive_log, read_drive

    path = drive_log(root, session)
    if path.is_file():
        found = read_drive(path)
        told = {"account": found.account, "items": found.items, "stopped": found.stopped}
        content = path.read_bytes()
        digest = sha256(content).hexdigest()
        append(root, "driven", session=session, bytes=len(content), sha256=digest, **told)


def faults_of_feed(root: Path, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield what of codes and drives is not as `entries` of the custody log say it was."""
    yield from _codes(root, [each for each in entries if each.what == "coded"])
    yield from _drives(root, [each for each in entries if each.what == "driven"])


def _codes(root: Path, entries: Sequence[Entry]) -> Iterator[str]:
    from analyzer.feed.coding.ledger import LOG, digests, read

    if not entries:
        return
    try:
        read(root)
        lines = digests(root)
    except (OSError, UserError) as error:
        yield f"The log of codes cannot be trusted: {error}."
        return
    for entry in entries:
        count = entry.details.get("lines")
        known = isinstance(count, int) and 0 < count <= len(lines)
        if not known or lines[int(str(count)) - 1] != entry.details.get("last"):
            yield f"{LOG} of the codes is not what it was on {entry.at}: lines are missing or new."
            return


def _drives(root: Path, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the logs whose beginning changed. One grows where its session is driven once more."""
    from analyzer.feed.driven import drive_log

    wrong: dict[str, str] = {}
    for entry in entries:
        path = drive_log(root, str(entry.details.get("session")))
        try:
            with path.open("rb") as file:
                content = file.read(int(entry.details.get("bytes", 0)))
        except (OSError, ValueError):
            wrong[path.name] = f"The driver's {path.name} is missing, or cannot be read."
            continue
        if sha256(content).hexdigest() != entry.details.get("sha256"):
            wrong[path.name] = f"The driver's {path.name} is not what it was on {entry.at}."
    yield from wrong.values()

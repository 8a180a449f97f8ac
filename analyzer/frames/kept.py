"""The folder that `analyze` writes for each session, and whether it is up to date."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analyzer.bundle import read_session
from analyzer.errors import UserError
from analyzer.frames import freshness
from analyzer.knowledge import Knowledge
from analyzer.models import Session
from analyzer.study import Study

META = "meta.json"  # written last: without it the rest does not count
SESSION_COLUMNS = [
    "id", "study", "arm", "country", "age", "consent", "persona", "repeat", "block", "device",
    "app", "app_version", "started", "ended", "end_reason", "complete", "origin", "egress", "tools",
    "partial", "mode", "instrumented", "beside", "policy", "phases", "exchanges", "capture",
    "content", "prints",
]  # fmt: skip


def session_row(
    session: Session,
    phases: Sequence[str],
    exchanges: int,
    capture: str,
    content: str,
    prints: Sequence[int] = (),
) -> dict[str, Any]:
    """Return the row of a session in `Frames.sessions`; what nobody wrote is an empty text."""
    row: dict[str, Any] = {
        name: "" if value is None else value for name, value in asdict(session).items()
    }
    arm = row.pop("arm")
    row |= {"arm": arm["label"], "country": arm["country"], "age": arm["age"]}
    row |= {"consent": arm["consent"], "phases": list(phases), "exchanges": exchanges}
    row |= {"capture": capture, "content": content, "prints": list(prints)}
    return {column: row[column] for column in SESSION_COLUMNS}


def make_empty(folder: Path) -> None:
    """Make `folder` anew; `UserError` where that is impossible."""
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made anew", error.strerror or str(error)) from None


def witnesses(bundles: Sequence[Path]) -> defaultdict[str, tuple[Path, ...]]:
    """Return the bundles that were recorded beside each session, by its id."""
    found: defaultdict[str, tuple[Path, ...]] = defaultdict(tuple)
    for bundle in bundles:
        with suppress(UserError):  # told elsewhere
            if beside := read_session(bundle).beside:
                found[beside] += (bundle,)
    return found


def fingerprint(bundle: Path, study: Study, knowledge: Knowledge, witnesses: Sequence[Path]) -> str:
    """Return the SHA-256 of all that the findings of `bundle` depend on."""
    try:
        session = read_session(bundle)
    except UserError:  # no readable description: whatever is there, it is excluded
        return f"unreadable {freshness.files_digest(bundle)}"
    return freshness.fingerprint(bundle, session, study, knowledge.fingerprint, witnesses)


def meta(folder: Path) -> dict[str, Any]:
    """Return what `analyze` wrote last; nothing where it did not come so far."""
    try:
        found = json.loads((folder / META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def up_to_date(folder: Path, current: str) -> dict[str, Any]:
    """Return the description of findings of the fingerprint `current`; nothing if it is not theirs.

    Their files have to be as they were written, too.
    """
    about = meta(folder)
    same = about.get("fingerprint") == current and about.get("files") == sums(folder)
    return about if same else {}


def sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each table in `folder`, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.parquet"))
    }

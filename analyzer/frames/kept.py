"""The folder that `analyze` writes for each session, and whether it is up to date."""

from __future__ import annotations

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
from analyzer.sums import check_sums, read_sums

META = "meta.json"  # what the tables depend on, and what is not in them
SESSION_COLUMNS = [
    "id", "study", "arm", "country", "age", "consent", "persona", "repeat", "block", "device",
    "app", "app_version", "started", "ended", "end_reason", "complete", "origin", "egress", "tools",
    "partial", "mode", "instrumented", "beside", "policy", "phases", "exchanges", "capture",
    "content", "prints", "steps", "account",
]  # fmt: skip


def session_row(
    session: Session,
    phases: Sequence[str],
    exchanges: int,
    capture: str,
    content: str,
    prints: Sequence[int] = (),
    steps: Sequence[tuple[float, str]] = (),
) -> dict[str, Any]:
    """Return the row of a session in `Frames.sessions`; what nobody wrote is an empty text."""
    row: dict[str, Any] = {
        name: "" if value is None else value for name, value in asdict(session).items()
    }
    arm = row.pop("arm")
    row |= {"arm": arm["label"], "country": arm["country"], "age": arm["age"]}
    row |= {"consent": arm["consent"], "phases": list(phases), "exchanges": exchanges}
    row |= {"capture": capture, "content": content, "prints": list(prints)}
    row["steps"] = [[name, t_s] for t_s, name in steps]
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
    return about if about.get("fingerprint") == current and _intact(folder) else {}


def _intact(folder: Path) -> bool:
    try:
        listed, wrong = read_sums(folder)
    except (OSError, ValueError):
        return False
    return META in listed and not wrong and not check_sums(folder, listed, "they were made")

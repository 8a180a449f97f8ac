"""Studies of a feed whose sessions a test changes, and what an audit then says of them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

from analyzer.bundle import list_bundles, read_session
from analyzer.bundle.sealing import seal
from analyzer.feed.audit import audit
from analyzer.feed.audit_records import Audit
from analyzer.knowledge import load_knowledge
from analyzer.models import Session
from analyzer.simulation.feed_accounts import FeedDeclaration
from analyzer.study import load_study

KNOWN = load_knowledge()
DECLARED = FeedDeclaration(amplification={"KE": 10.0, "US": 2.0}, learning=6.0)


def copied(made: Path, copy: Path) -> Path:
    """Copy a study that several tests share to where one may change it."""
    shutil.copytree(made, copy, copy_function=shutil.copyfile)
    return copy


def audited(root: Path, a: str = "KE", b: str = "US") -> Audit:
    return audit(load_study(root), a, b, KNOWN)


def sessions(root: Path, change: Callable[[Session], Session]) -> None:
    """Record the sessions as if they had been others: what they say of themselves is sealed."""
    for bundle in sorted((root / "captures").iterdir()):
        session = read_session(bundle)
        if (changed := change(session)) != session:
            seal(bundle, sqlite3.connect(bundle / "capture.sqlite"), changed)


def bundles_of(root: Path, account: str) -> list[Path]:
    """Return the sessions of an account, the first one first."""
    every = [(read_session(each), each) for each in list_bundles(root / "captures")]
    return [
        path
        for session, path in sorted(every, key=lambda each: each[0].repeat)
        if session.account == account
    ]


def told(found: Audit) -> dict[str, str]:
    return {each.code: str(each.text) for each in found.cautions}


def cut_log(bundle: Path) -> None:
    """Take requests out of a recording that was sealed."""
    with sqlite3.connect(bundle / "capture.sqlite") as held:
        held.execute("DELETE FROM exchange WHERE method = 'POST' AND id > 40")
    held.close()

"""Whether the findings of a session still say what its capture says, read with today's knowledge.

Everything that a finding depends on goes into one fingerprint. It holds no time and no absolute
path, so that a study can be moved.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path

import analyzer
from analyzer.bundle.sealing import LOCK, is_no_part
from analyzer.bundle.store import DATABASE
from analyzer.errors import UserError
from analyzer.models import Session
from analyzer.pipeline import persona_of
from analyzer.study import Study
from analyzer.sums import read_sums, sha256

_NOT_ANALYSING = ("cli", "simulation")


def capture_digest(bundle: Path) -> str:
    """Return the SHA-256 that stands for a capture.

    That of its `capture.sqlite`, as its SHA256SUMS has it, where it is sealed: anybody can compare
    it with the file. Else that of the names and contents of its files.
    """
    with contextlib.suppress(OSError, ValueError):
        listed, _ = read_sums(bundle)
        if DATABASE in listed:
            return listed[DATABASE]
    return files_digest(bundle)


def files_digest(bundle: Path) -> str:
    """Return the SHA-256 of the files of `bundle`, as they are now; `UserError` if unreadable."""
    try:
        return _digest(bundle, _files(bundle))
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{bundle} cannot be read", f"{why}: check its rights") from None


def fingerprint(
    bundle: Path, session: Session, study: Study, knowledge: str, witnesses: Sequence[Path]
) -> str:
    """Return the SHA-256 of all that the findings of `bundle` depend on.

    The capture, those of its `witnesses`, the fingerprint of the `knowledge`, what the study says
    of first parties and seeded values, the databases of addresses that it names, and the program.
    The files are read every time (a gigabyte
    takes a second): a sealed capture that was changed since is looked at again, and then found out.
    """
    persona = persona_of(study, session)
    secret = json.dumps([persona.name, persona.values])
    parts = [
        [files_digest(each) for each in (bundle, *witnesses)],
        knowledge,
        sorted(study.first_party),
        # Keyed, because the values are those of a persona, and findings may be published.
        hashlib.blake2b(secret.encode(), key=study.key[:64], digest_size=16).hexdigest(),
        [_database(each) for each in study.geo_databases],
        program(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _database(path: Path) -> list[str]:
    """Return name and SHA-256 of a database; `UserError` where it cannot be read."""
    try:
        about = path.stat()
        return [path.name, _content(path, about.st_size, about.st_mtime_ns)]
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(f"{path} cannot be read", f"{why}: see `geo_databases`") from None


@lru_cache(maxsize=64)
def _content(path: Path, size: int, changed: int) -> str:  # noqa: ARG001 - a file is read once
    return sha256(path)


@cache
def program() -> str:
    """Return the SHA-256 of the program's own source: a version number changes too seldom."""
    root = Path(analyzer.__file__).parent
    return _digest(
        root,
        (
            path
            for path in sorted(root.rglob("*.py"))
            if path.relative_to(root).parts[0] not in _NOT_ANALYSING
        ),
    )


def _files(bundle: Path) -> list[Path]:
    """Return the files of a bundle, without those that reading an unsealed one may create."""
    return sorted(
        path
        for path in bundle.iterdir()
        if path.is_file() and path.name != LOCK and not is_no_part(path)
    )


def _digest(root: Path, paths: Iterable[Path]) -> str:
    """Return the SHA-256 of names (relative to `root`) and contents."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(f"{sha256(path)}  {path.relative_to(root).as_posix()}\n".encode())
    return whole.hexdigest()

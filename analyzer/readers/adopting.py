"""Session bundles of other studies or other machines, taken over as they are."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from analyzer.bundle import list_bundles, new_session, read_session, sealing, seals, store, verify
from analyzer.custody.seal import SEAL, SIGNATURE
from analyzer.errors import UserError
from analyzer.instants import instant
from analyzer.models import Arm, Session
from analyzer.readers.unpacking import copy_private
from analyzer.study import Study
from analyzer.sums import SUMS


def adopt_bundle(
    study: Study,
    arm: Arm,
    source: Path,
    *,
    name: str,
    repeat: int | None = None,
    block: str = "",
    device: str = "",
    planted: Sequence[str] = (),
    tools: Sequence[tuple[str, str]] = (),
) -> Session:
    """Copy the bundle `source` into `study` as a session of `arm`, and seal the copy.

    What was recorded stays; what places it in the study (id, arm's label, repeat, persona) is given
    anew, and the old id is kept among the tools as ``source-session``. `name` is what the user
    calls the source. `UserError` if it is damaged, was never closed, is of another app, or was
    recorded under other conditions than those of `arm`.
    """
    session = read_session(source)
    wrong = verify(source)
    if wrong:
        raise UserError(f"{name} cannot be trusted: {wrong[0].rstrip('.')}", "copy it again")
    _check_conditions(name, session, study, arm)
    taken = {path.name for path in list_bundles(study.captures)}
    fresh = new_session(
        study,
        arm,
        repeat=repeat,
        block=block or session.block,
        device=device or session.device,
        origin="bundle",
        started=instant(session.started),
    )
    keeps_id = session.id.startswith(f"{arm.label}-r") and repeat in {None, session.repeat}
    if keeps_id and not any(old.startswith(f"{arm.label}-r{session.repeat:02d}-") for old in taken):
        fresh = dataclasses.replace(fresh, id=session.id, repeat=session.repeat)
    adopted = dataclasses.replace(
        session,
        id=fresh.id,
        study=fresh.study,
        arm=arm,
        persona=fresh.persona,
        repeat=fresh.repeat,
        block=fresh.block,
        device=fresh.device,
        origin="bundle",
        tools=tuple(sorted({**dict(session.tools), **dict(tools)}.items())),
        planted=tuple(planted),
    )
    _copy(source, study.captures, adopted)
    return adopted


def _check_conditions(name: str, session: Session, study: Study, arm: Arm) -> None:
    if session.app != study.app:
        raise UserError(
            f"{name} is a recording of {session.app!r}, the study is of {study.app!r}",
            "import it into a study of the same app",
        )
    found = (session.arm.country, session.arm.age, session.arm.consent)
    if found != (arm.country, arm.age, arm.consent):
        told = "{}, {} years, consent {}".format(*found)
        raise UserError(
            f"{name} was recorded as {told}, which is not the arm {arm.label!r}",
            "name an arm with the same conditions, or declare one in study.toml",
        )


def _kept(name: str, adopted: bool) -> str:
    """Return under which name a file is taken over; "" where it is made anew.

    The seal that the recorder made stays, under another name: with `adopted` it has it already.
    """
    if name in {sealing.SESSION, SUMS, seals.ROWS}:
        return ""
    if name in {SEAL, SIGNATURE, seals.TIMESTAMP}:
        return "" if adopted else f"{seals.SOURCE}{name}"
    return name


def _copy(source: Path, captures: Path, session: Session) -> None:
    target = captures / session.id
    try:
        captures.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.mkdir(mode=0o700)
    except OSError as error:
        raise UserError(f"{target} cannot be made", error.strerror or "see the folder") from None
    try:
        for file in sorted(source.iterdir()):
            if file.is_symlink() or not file.is_file():
                raise UserError(f"{source.name} holds {file.name!r}, which is no file", "remove it")
            name = _kept(file.name, seals.has_source(source))
            if name:
                copy_private(file, target / name)
        with closing(store.open_to_write(target / store.DATABASE)) as database:
            sealing.seal(target, database, session)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise UserError(f"{session.id} cannot be written", str(error)) from None
    except UserError:
        shutil.rmtree(target, ignore_errors=True)
        raise

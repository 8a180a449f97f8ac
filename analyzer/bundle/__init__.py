"""A session bundle on disk: create, append, close, read its description, verify, recover.

::

    session = new_session(study, arm, origin="har", tools=[("har", "1.2")], planted=digests)
    writer = BundleWriter.create(study.captures, session, phase=study.phases[0])
    writer.add_exchange(exchange)          # or begin_exchange ... finish_exchange, as things happen
    session = writer.close("imported")     # sealed: verify(writer.path) == []

What a call has written is in the file when it returns, also if the process is killed right after.
`analyzer.readers.bundle` reads a bundle back.
"""

from __future__ import annotations

import platform
import re
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from analyzer import __version__
from analyzer.bundle import sealing, store
from analyzer.bundle.recovering import is_hollow, recover, remove_hollow
from analyzer.bundle.sealing import broken, read_session, verify
from analyzer.bundle.store import KEEP, SCHEMA_VERSION, RecordingError
from analyzer.bundle.writer import BundleWriter
from analyzer.errors import UserError
from analyzer.instants import instant, iso
from analyzer.models import Arm, Session
from analyzer.study import Study
from analyzer.sums import SUMS

__all__ = [
    "KEEP",
    "SCHEMA_VERSION",
    "BundleWriter",
    "RecordingError",
    "add_measured",
    "add_step",
    "broken",
    "crashed_bundles",
    "find_bundle",
    "hollow_folders",
    "list_bundles",
    "list_strays",
    "new_session",
    "read_session",
    "recover",
    "remove_hollow",
    "running_bundles",
    "verify",
]

_STEP = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_PARTS = (sealing.SESSION, store.DATABASE, SUMS)
_LISTED = 5  # ids that a mistake is answered with


def new_session(
    study: Study,
    arm: Arm,
    *,
    repeat: int | None = None,
    block: str = "",
    device: str = "",
    origin: str,
    tools: Sequence[tuple[str, str]] = (),
    planted: Sequence[str] = (),
    started: float | None = None,
    mode: str = "",
    instrumented: str = "",
    beside: str = "",
    policy: Sequence[str] = (),
    account: str = "",
    role: str = "",
    interest: str = "",
) -> Session:
    """Describe a session that begins now, or at `started` (seconds since 1970, for imports).

    `repeat` is the next free number of the arm unless given; several processes that record the
    same arm at once must give it. `tools` are (name, version); evenhand and Python are added.
    `planted` are the keyed digests of the persona's values. The rest is as in `models.Session`.
    """
    began = time.time() if started is None else started
    number = repeat if repeat is not None else next_repeat(study.captures, arm)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(began))
    versions = {"evenhand": __version__, "python": platform.python_version(), **dict(tools)}
    return Session(
        id=f"{arm.label}-r{number:02d}-{stamp}-{secrets.token_hex(3)}",
        study=study.name,
        arm=arm,
        persona=study.persona_of.get(arm.label, ""),
        repeat=number,
        block=block,
        device=device,
        app=study.app,
        app_version=study.app_version,
        started=iso(began),
        ended=None,
        end_reason=None,
        complete=False,
        origin=origin,
        egress=None,
        tools=tuple(sorted(versions.items())),
        planted=tuple(planted),
        counts=(),
        partial=(),
        mode=mode,
        instrumented=instrumented,
        beside=beside,
        policy=tuple(policy),
        account=account,
        role=role,
        interest=interest,
    )


def next_repeat(captures: Path, arm: Arm) -> int:
    """Return the number that the next session of `arm` has, from 1."""
    taken = re.compile(rf"{re.escape(arm.label)}-r([0-9]+)-[0-9]{{8}}T[0-9]{{6}}Z-[0-9a-f]{{6}}")
    numbers = [
        int(found[1]) for path in list_bundles(captures) if (found := taken.fullmatch(path.name))
    ]
    return max(numbers, default=0) + 1


def list_bundles(captures: Path) -> list[Path]:
    """Return every bundle under `captures`, sorted by name; none where there is no such folder.

    A folder that has lost one of its files is still one: `verify` says what is missing. `UserError`
    where `captures` cannot be read.
    """
    return [entry for entry in _entries(captures) if _is_bundle(entry)]


def list_strays(captures: Path) -> list[Path]:
    """Return what else is under `captures`, sorted: files, broken links, folders of other things.

    Hidden files are passed over: file managers leave them everywhere.
    """
    return [
        entry
        for entry in _entries(captures)
        if not _is_bundle(entry) and not entry.name.startswith(".")
    ]


def _entries(captures: Path) -> list[Path]:
    try:
        return sorted(captures.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UserError(f"{captures} cannot be read", error.strerror or str(error)) from None


def _is_bundle(entry: Path) -> bool:
    return any((entry / name).is_file() for name in _PARTS)


def find_bundle(captures: Path, wanted: str) -> Path:
    """Return the bundle under `captures` whose id is `wanted`, or the only one that begins so.

    `UserError` names those there are where none does, and the candidates where several do.
    """
    bundles = list_bundles(captures)
    found = [path for path in bundles if path.name == wanted] or [
        path for path in bundles if wanted and path.name.startswith(wanted)
    ]
    if len(found) > 1:
        raise UserError(f"{wanted!r} could be {_some(found)}", "write more of the id")
    if not found:
        known = f"there are {_some(bundles)}" if bundles else "there are no sessions yet"
        raise UserError(f"no session {wanted!r} in {captures}", known)
    return found[0]


def running_bundles(captures: Path) -> list[Path]:
    """Return those bundles that a process is recording now."""
    return [path for path in list_bundles(captures) if sealing.is_locked(path)]


def crashed_bundles(captures: Path) -> list[Path]:
    """Return those bundles that nobody records and that were never sealed: `recover` them."""
    return [
        path
        for path in list_bundles(captures)
        if not (sealing.is_sealed(path) or sealing.is_locked(path) or is_hollow(path))
    ]


def hollow_folders(captures: Path) -> list[Path]:
    """Return the folders of recorders that died before they recorded: see `remove_hollow`."""
    return [entry for entry in _entries(captures) if is_hollow(entry)]


def add_step(path: Path, name: str, *, at: float | None = None) -> None:
    """Mark a step in the running session `path`, from any process; `UserError` if it has ended.

    It is now, or `at` (seconds since 1970), so that several sessions can share the moment.
    """
    if not _STEP.fullmatch(name.strip()):
        raise UserError("that is not a name for a step", "use up to 200 characters on one line")
    _write_beside(
        path,
        "the step",
        "INSERT INTO step(t_s, name) VALUES(?,?)",
        lambda now: (now, name.strip()),
        at,
    )


def add_measured(path: Path, topic: str, value: str, source: str) -> None:
    """Store a `models.Measured` in the running session `path`, from any process.

    `UserError` if it has ended.
    """
    clean = store.storable(value)
    _write_beside(
        path,
        "the measurement",
        "INSERT INTO measured(t_s, topic, value, source) VALUES(?,?,?,?)",
        lambda now: (now, topic, clean, source),
    )


def _write_beside(
    path: Path,
    what: str,
    statement: str,
    values: Callable[[float], tuple[object, ...]],
    at: float | None = None,
) -> None:
    """Write a row into a session that another process records; `values` gets the time in it."""
    session = read_session(path)
    if not sealing.is_locked(path):
        raise UserError(f"{path.name} is not being recorded", "start `evenhand proxy` first")
    moment = max(0.0, (time.time() if at is None else at) - instant(session.started))
    try:
        with closing(store.open_to_write(path / store.DATABASE)) as database:
            database.execute(statement, values(moment))
    except sqlite3.Error as error:
        raise UserError(f"{what} could not be written to {path.name}", str(error)) from None


def _some(bundles: Sequence[Path]) -> str:
    names = ", ".join(path.name for path in bundles[:_LISTED])
    rest = len(bundles) - _LISTED
    return f"{names} and {rest} more" if rest > 0 else names

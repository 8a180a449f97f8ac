"""The findings of a study on disk, and as pandas frames.

`analyse` writes a table for each of `schema.SCHEMAS` and ``meta.json`` into
``findings/<session>/`` for every capture that is new, or was changed, or was read with other
knowledge; `load_frames` reads them back and refuses what is out of date.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analyzer.bundle import list_bundles, list_strays, read_session, running_bundles, verify
from analyzer.bundle.identity import content_digest, exchange_prints
from analyzer.errors import UserError
from analyzer.frames import schema
from analyzer.frames.freshness import capture_digest, files_digest, fingerprint
from analyzer.frames.workers import uninterrupted, worker_context
from analyzer.knowledge import Knowledge, load_knowledge
from analyzer.models import Session
from analyzer.pipeline import Analysis
from analyzer.region.exits import open_databases
from analyzer.study import Study
from analyzer.sums import SUMS

Progress = Callable[[int, int, str], None]  # done, of how many, which session
META = "meta.json"
_AGAIN = "run `evenhand analyze`"
SESSION_COLUMNS = [
    "id", "study", "arm", "country", "age", "consent", "persona", "repeat", "block", "device",
    "app", "app_version", "started", "ended", "end_reason", "complete", "origin", "egress", "tools",
    "partial", "mode", "instrumented", "beside", "policy", "phases", "exchanges", "capture",
    "content", "prints",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnalyseSummary:
    """What `analyse` did. Sessions by id, in order; problems as (stage and code, how many)."""

    done: tuple[str, ...]
    skipped: tuple[str, ...]  # unchanged
    removed: tuple[str, ...]  # findings whose capture is gone
    excluded: tuple[tuple[str, str], ...]  # (session, why it takes no part)
    problems: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Frames:
    """The findings of all sessions of a study.

    `sessions` has a row for each session: the fields of `models.Session`, with those of its arm as
    ``arm`` (label), ``country``, ``age`` and ``consent``, and also ``phases`` (names of its steps),
    ``exchanges``, ``capture`` (SHA-256), ``content`` (by which a copy is known) and ``prints`` (by
    which another recording of the same minutes is). The columns of the others are those of
    `analyzer.frames.schema.SCHEMAS`. `excluded` are (session, reason).
    """

    sessions: pd.DataFrame
    findings: pd.DataFrame
    signals: pd.DataFrame
    problems: pd.DataFrame
    coverage: pd.DataFrame
    region: pd.DataFrame
    identifiers: pd.DataFrame
    servers: pd.DataFrame
    excluded: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """One session to analyse; travels to a worker process."""

    bundle: Path
    folder: Path
    fingerprint: str
    study: Study
    witnesses: tuple[Path, ...]


def analyse(
    study: Study, *, jobs: int | None = None, progress: Progress | None = None, force: bool = False
) -> AnalyseSummary:
    """Bring `findings/` up to date with the captures, the knowledge and the study.

    `jobs` processes (default: one for each core this process may use), or this process alone where
    there is little to do. A session that was changed after it was closed, or cannot be read, is
    excluded: it has no findings, and `Frames.excluded` names it. Sessions that are being recorded
    are left for later. `force`: everything again.
    """
    knowledge = load_knowledge()
    if study.geo_databases:  # what is wrong with them is no session's fault
        open_databases(study.geo_databases).close()
    live = set(running_bundles(study.captures))
    tasks: list[_Task] = []
    skipped: list[str] = []
    bundles = list_bundles(study.captures)
    witnesses = _witnesses(bundles)
    for bundle in bundles:
        if bundle in live:
            continue
        folder = study.findings / bundle.name
        beside = witnesses[bundle.name]
        current = _fingerprint(bundle, study, knowledge, beside)
        if not force and _up_to_date(folder, current):
            skipped.append(bundle.name)
        else:
            tasks.append(_Task(bundle, folder, current, study, beside))
    try:
        study.findings.mkdir(exist_ok=True)
    except OSError as error:
        raise UserError(f"{study.findings} cannot be made", error.strerror or str(error)) from None
    for number, name in enumerate(_run(tasks, jobs), 1):
        if progress:
            progress(number, len(tasks), name)
    return _summary(study, [task.bundle.name for task in tasks], skipped, live)


def load_frames(study: Study, knowledge: Knowledge | None = None) -> Frames:
    """Read what `analyse` wrote. `knowledge` defaults to the program's own.

    Raises `UserError` where there is nothing yet, and where findings are missing or older than
    their capture, the knowledge or the study: nothing out of date is ever compared.
    """
    known = knowledge or load_knowledge()
    bundles = list_bundles(study.captures)
    if not bundles:
        raise UserError(
            f"there are no sessions in {study.captures}",
            "record one with `evenhand proxy`, or `evenhand import` a file",
        )
    live = set(running_bundles(study.captures))
    metas: list[dict[str, Any]] = []
    stale: list[str] = []
    witnesses = _witnesses(bundles)
    for bundle in bundles:
        if bundle in live:
            continue
        current = _fingerprint(bundle, study, known, witnesses[bundle.name])
        meta = _up_to_date(study.findings / bundle.name, current)
        if meta:
            metas.append(meta)
        else:
            stale.append(bundle.name)
    if stale and not any(study.findings.glob(f"*/{META}")):
        raise UserError(f"the sessions of {study.root} are not analysed yet", _AGAIN)
    if stale:
        raise UserError(
            f"the findings of {_some(stale)} are not up to date with capture, knowledge and study",
            _AGAIN,
        )
    if not metas:
        raise UserError("every session is still being recorded", "end one with Ctrl-C")
    good = [meta for meta in metas if not meta["excluded"]]
    folders = [study.findings / str(meta["name"]) for meta in good]
    excluded = [(str(meta["name"]), str(meta["excluded"])) for meta in metas if meta["excluded"]]
    excluded += [(bundle.name, "it is still being recorded") for bundle in live]
    return Frames(
        sessions=pd.DataFrame([meta["row"] for meta in good], columns=SESSION_COLUMNS),
        **{name: schema.read(name, folders).to_pandas() for name in schema.SCHEMAS},
        excluded=tuple(sorted(excluded)),
    )


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


def _run(tasks: Sequence[_Task], jobs: int | None) -> Iterator[str]:
    """Analyse each task, and yield the names as they are done."""
    workers = min(jobs or _cores(), len(tasks))
    if workers < 2 or len(tasks) < 3:  # a pool costs more than it saves
        for task in tasks:
            yield _analyse_one(task)
        return
    with ProcessPoolExecutor(workers, mp_context=worker_context(__name__)) as pool:
        with uninterrupted():
            pending = [pool.submit(_analyse_one, task) for task in tasks]
        try:
            for future in as_completed(pending):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _analyse_one(task: _Task) -> str:
    """Analyse one session and write its folder; meta.json last, so that half of it never counts."""
    name, sealed = task.bundle.name, (task.bundle / SUMS).is_file()
    _make_empty(task.folder)
    meta: dict[str, Any] = {"name": name, "fingerprint": task.fingerprint}
    try:
        if sealed and (wrong := verify(task.bundle)):
            raise UserError(wrong[0].rstrip("."))
        # A witness that was changed since it was recorded is none.
        witnesses = [each for each in task.witnesses if not verify(each)]
        analysis = Analysis(task.bundle, task.study, load_knowledge(), witnesses)
        if analysis.session.id != name:
            raise UserError(f"its folder is not named as its session, {analysis.session.id}")
        codes: Counter[str] = Counter()
        with schema.Writer(task.folder, name) as writer:
            for batch in analysis:
                writer.batch(batch)
                codes.update(f"{each.problem.stage}/{each.problem.code}" for each in batch.problems)
            whole = analysis.whole()
            writer.whole(whole)
    except UserError as error:
        # The evidence's fault: counted, named in every report, and in no comparison.
        _make_empty(task.folder)
        meta |= {"excluded": error.message, "problems": {"read/excluded": 1}, "warning": ""}
    else:
        meta |= {
            "excluded": "",
            "problems": codes,
            "warning": "" if sealed else f"{name} was never closed: see `evenhand recover`",
            "row": session_row(
                whole.session,
                whole.phases,
                whole.exchanges,
                capture_digest(task.bundle),
                content_digest(task.bundle, whole.session),
                exchange_prints(task.bundle, whole.session),
            ),
        }
    meta["files"] = _sums(task.folder)
    text = json.dumps(meta, indent=2, sort_keys=True)
    (task.folder / META).write_text(f"{text}\n", encoding="utf-8")
    return name


def _make_empty(folder: Path) -> None:
    try:
        if folder.is_dir():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made anew", error.strerror or str(error)) from None


def _summary(
    study: Study, done: Sequence[str], skipped: Sequence[str], live: set[Path]
) -> AnalyseSummary:
    kept = {*done, *skipped}
    removed: list[str] = []
    for folder in sorted(study.findings.glob(f"*/{META}")):
        if folder.parent.name not in kept:
            shutil.rmtree(folder.parent)
            removed.append(folder.parent.name)
    problems: Counter[str] = Counter()
    excluded: list[tuple[str, str]] = []
    warnings: list[str] = []
    for name in sorted(kept):
        meta = _meta(study.findings / name)
        problems.update(meta["problems"])
        if meta["excluded"]:
            excluded.append((name, meta["excluded"]))
        if meta["warning"]:
            warnings.append(meta["warning"])
    warnings += [f"{bundle.name} is still being recorded" for bundle in sorted(live)]
    warnings += [
        f"{stray.name} in {study.captures.name}/ is no session and was not read"
        for stray in list_strays(study.captures)
    ]
    return AnalyseSummary(
        done=tuple(sorted(done)),
        skipped=tuple(skipped),
        removed=tuple(removed),
        excluded=tuple(excluded),
        problems=tuple(sorted(problems.items())),
        warnings=tuple(warnings),
    )


def _witnesses(bundles: Sequence[Path]) -> defaultdict[str, tuple[Path, ...]]:
    """Return the bundles that were recorded beside each session, by its id."""
    found: defaultdict[str, tuple[Path, ...]] = defaultdict(tuple)
    for bundle in bundles:
        with suppress(UserError):  # told elsewhere
            if beside := read_session(bundle).beside:
                found[beside] += (bundle,)
    return found


def _fingerprint(
    bundle: Path, study: Study, knowledge: Knowledge, witnesses: Sequence[Path]
) -> str:
    try:
        session = read_session(bundle)
    except UserError:  # no readable description: whatever is there, it is excluded
        return f"unreadable {files_digest(bundle)}"
    return fingerprint(bundle, session, study, knowledge.fingerprint, witnesses)


def _meta(folder: Path) -> dict[str, Any]:
    """Return what `_analyse_one` wrote last; nothing where it did not come so far."""
    try:
        found = json.loads((folder / META).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _up_to_date(folder: Path, current: str) -> dict[str, Any]:
    """Return the description of findings of the fingerprint `current`; nothing if it is not theirs.

    Their files have to be as they were written, too.
    """
    meta = _meta(folder)
    same = meta.get("fingerprint") == current and meta.get("files") == _sums(folder)
    return meta if same else {}


def _sums(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each table in `folder`, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob("*.parquet"))
    }


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _some(names: Sequence[str]) -> str:
    """Name the first, and say how many more there are.

    >>> _some(["KE-13-r01", "KE-13-r02"])
    'KE-13-r01 and 1 more'
    """
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"

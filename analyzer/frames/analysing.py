"""From captures to the folders of findings: what is new, by whom it is read, what is written."""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from analyzer.alone import alone
from analyzer.bundle import list_bundles, list_strays, running_bundles
from analyzer.bundle.store import DATABASE
from analyzer.errors import UserError
from analyzer.frames.hands import hands
from analyzer.frames.kept import META, fingerprint, meta, up_to_date, witnesses
from analyzer.frames.piecework import Workshop
from analyzer.frames.reading import Reading, Task
from analyzer.knowledge import load_knowledge
from analyzer.region.exits import open_databases
from analyzer.study import Study
from analyzer.workers import processes

Progress = Callable[[int, int, str], None]  # done, of how many, which session


@dataclass(frozen=True, slots=True)
class AnalyseSummary:
    """What `analyse` did. Sessions by id, in order; problems as (stage and code, how many)."""

    done: tuple[str, ...]
    skipped: tuple[str, ...]  # unchanged
    removed: tuple[str, ...]  # findings whose capture is gone
    excluded: tuple[tuple[str, str], ...]  # (session, why it takes no part)
    problems: tuple[tuple[str, int], ...]
    warnings: tuple[str, ...]


def analyse(
    study: Study, *, jobs: int | None = None, progress: Progress | None = None, force: bool = False
) -> AnalyseSummary:
    """Bring `findings/` up to date with the captures, the knowledge and the study.

    `jobs` processes extract (default: one for each core that this process may use, as far as the
    memory allows), or this process alone where that is 1 or there is little to do. What is written
    does not depend on it. A session that was changed after it was closed, or cannot be read, is
    excluded: it has no findings, and `Frames.excluded` names it. Sessions that are being recorded
    are left for later. `force`: everything again. `UserError` where another process does the same.
    """
    with ExitStack() as held:
        try:
            study.findings.mkdir(exist_ok=True)
            held.enter_context(alone(study.findings))
        except BlockingIOError:
            what = f"another process is writing {study.findings}"
            raise UserError(what, "wait until it is done") from None
        except OSError as error:
            what = f"{study.findings} cannot be written"
            raise UserError(what, error.strerror or str(error)) from None
        return _analyse(study, jobs, progress, force=force)


def _analyse(
    study: Study, jobs: int | None, progress: Progress | None, *, force: bool
) -> AnalyseSummary:
    knowledge = load_knowledge()
    if study.geo_databases:  # what is wrong with them is no session's fault
        open_databases(study.geo_databases).close()
    live = set(running_bundles(study.captures))
    tasks: list[Task] = []
    skipped: list[str] = []
    bundles = list_bundles(study.captures)
    beside = witnesses(bundles)
    for bundle in bundles:
        if bundle in live:
            continue
        folder = study.findings / bundle.name
        current = fingerprint(bundle, study, knowledge, beside[bundle.name])
        if not force and up_to_date(folder, current):
            skipped.append(bundle.name)
        else:
            tasks.append(Task(bundle, folder, current, study, beside[bundle.name]))
    for number, name in enumerate(_run(tasks, jobs), 1):
        if progress:
            progress(number, len(tasks), name)
    return _summary(study, [task.bundle.name for task in tasks], skipped, live)


def _run(tasks: Sequence[Task], jobs: int | None) -> Iterator[str]:
    """Analyse each task, and yield the names in their order as they are done."""
    workers = jobs or processes(task.bundle / DATABASE for task in tasks)
    workshop = Workshop()
    with hands(workers if tasks else 1, workshop) as those:
        upcoming = deque(tasks)
        begun: deque[Reading] = deque()  # the first is written, the others are read ahead

        def keep_busy() -> None:
            while sum(each.waiting for each in begun) < those.most:
                if not (begun and begun[-1].begin_piece()):
                    if not upcoming:
                        return
                    begun.append(Reading(upcoming.popleft(), those, workshop))

        keep_busy()
        while begun:
            for _ in begun[0].write():
                keep_busy()
            yield begun.popleft().name
            keep_busy()


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
        about = meta(study.findings / name)
        problems.update(about["problems"])
        if about["excluded"]:
            excluded.append((name, about["excluded"]))
        if about["warning"]:
            warnings.append(about["warning"])
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

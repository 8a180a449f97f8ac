"""`evenhand analyze`: bundles to findings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import (
    complain,
    echo_json,
    example,
    json_option,
    open_study,
    progress,
    study_option,
)

if TYPE_CHECKING:
    from analyzer.study import Study


@click.command(
    "analyze",
    short_help="Extract what was sent, and to whom.",
    epilog=example("evenhand analyze\nevenhand analyze --force --jobs 4"),
)
@click.option("--force", is_flag=True, help="Do everything again, changed or not.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Processes that extract; default: one per core, as far as the memory allows.",
)
@study_option
@json_option
def command(force: bool, jobs: int | None, study_dir: Path, as_json: bool) -> None:
    """Extract what was sent, to whom, from every session of the study into findings/.

    Only sessions that changed, or that were read with other knowledge, are done again.
    """
    from dataclasses import asdict

    study = open_study(study_dir)
    _call_helpers(study, jobs, force=force)

    from analyzer.cli.output import log_findings
    from analyzer.frames import analyse

    with progress("Analysing") as advance:
        summary = analyse(study, jobs=jobs, progress=advance, force=force)
    log_findings(study, summary.done)
    if as_json:
        echo_json(asdict(summary))
        return
    click.echo(
        f"{len(summary.done)} analysed, {len(summary.skipped)} unchanged, "
        f"{len(summary.removed)} removed"
    )
    for code, count in summary.problems:
        click.echo(f"  {count} x {code}")
    for session, reason in summary.excluded:
        complain(f"left out: {session}: {reason}")
    for warning in summary.warnings:
        complain(f"warning: {warning}")
    if not summary.done and not summary.skipped and not summary.warnings:
        complain(
            f"note: there are no sessions in {study.captures}: "
            "record one with `evenhand proxy`, or `evenhand import` a file"
        )


def _call_helpers(study: Study, jobs: int | None, *, force: bool) -> None:
    """Start what forks the processes, if some will be needed: it loads while this one does."""
    from analyzer.bundle.store import DATABASE
    from analyzer.workers import EXTRACTING, EXTRACTING_MB, LITTLE, fitting, worker_context

    if jobs == 1 or (jobs is None and fitting(EXTRACTING_MB) < 2):
        return
    new = [
        file
        for file in study.captures.glob(f"*/{DATABASE}")
        if file.is_file()
        and (force or not (study.findings / file.parent.name / "meta.json").exists())
    ]
    if new and (jobs or sum(file.stat().st_size for file in new) >= LITTLE):
        worker_context(EXTRACTING)

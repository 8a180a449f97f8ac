"""`evenhand demo`: the whole way, on a fictional app, on this machine only."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import example, progress
from analyzer.cli.report_command import gathered, write_report
from analyzer.errors import UserError

if TYPE_CHECKING:
    from analyzer.study import Study

PHONE = "simulated phone"  # as sessions of the demo name their device


@click.command(
    "demo",
    short_help="The whole way, on a fictional app.",
    epilog=example("evenhand demo\nevenhand demo my-demo --sessions 8"),
)
@click.argument(
    "directory",
    metavar="[DIR]",
    default=Path("evenhand-demo"),
    type=click.Path(path_type=Path, file_okay=False),
)
@click.option(
    "--sessions",
    type=click.IntRange(1, 40),
    default=6,
    show_default=True,
    metavar="NUMBER",
    help="For each arm; with fewer than five nothing can be claimed.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 16),
    default=2,
    show_default=True,
    metavar="NUMBER",
    help="Sessions to record at a time.",
)
def command(directory: Path, sessions: int, jobs: int) -> None:
    """Record a fictional app in Germany and Kenya, as a child and as an adult, and compare.

    Its servers, the proxy and the phone run on this machine; nothing leaves it. The study is
    written into DIR (default: evenhand-demo); sessions of an earlier demo there are replaced.
    """
    from analyzer.cli.output import log_findings
    from analyzer.frames import analyse
    from reports.terminal import print_comparison

    try:
        from analyzer.simulation.demo import prepare_demo
        from analyzer.simulation.run import run_all
    except ModuleNotFoundError as error:
        raise UserError(
            f"the demo needs {error.name}", "pip install 'evenhand[demo]', or run `make demo`"
        ) from None

    began = time.monotonic()
    refuse_strangers(directory)
    study = prepare_demo(directory)
    clear_earlier(study)
    total = sessions * len(study.arms)
    click.echo(
        f"{study.app}: {sessions} sessions for each of {', '.join(study.arms)}, {jobs} at a time"
    )
    enough = study.compare.min_sessions
    if sessions < enough:
        click.echo(f"  fewer than {enough} sessions: every verdict will be `insufficient`")
    with progress("Recording") as advance:
        run_all(study, repeats=sessions, jobs=jobs, progress=advance)
    click.echo(f"Recorded {total} sessions in {time.monotonic() - began:.0f} s")
    with progress("Analysing") as advance:
        log_findings(study, analyse(study, progress=advance).done)
    material = gathered(study, "eea", "global_majority")
    click.echo()
    print_comparison(material.comparison)
    page, record = write_report(study, material)
    click.echo()
    click.echo(f"Report: {click.format_filename(page.resolve())}")
    click.echo(f"The same for a machine: {click.format_filename(record.resolve())}")
    where = click.format_filename(directory)
    click.echo(
        f"Took {time.monotonic() - began:.0f} s. "
        f"Look around: cd {where} && {myself(directory)} explain ID"
    )


def myself(directory: Path) -> str:
    """Return how this program is called from `directory`: by name where the shell finds it."""
    if shutil.which("evenhand"):
        return "evenhand"
    return os.path.relpath(sys.argv[0], directory)


def refuse_strangers(directory: Path) -> None:
    """Keep away from a folder of something else: its captures/ is about to be replaced."""
    from analyzer.study import FILE

    try:
        strange = (
            directory.exists() and any(directory.iterdir()) and not (directory / FILE).exists()
        )
    except OSError as error:
        raise UserError(f"{directory} cannot be read", error.strerror or str(error)) from None
    if strange:
        raise UserError(f"{directory} holds other things", "name a new folder for the demo")


def clear_earlier(study: Study) -> None:
    """Remove the sessions of an earlier demo; `UserError` if there are others among them."""
    from analyzer.bundle import list_bundles, read_session, running_bundles
    from analyzer.custody.log import LOG

    if running_bundles(study.captures):
        raise UserError(f"a session is being recorded in {study.root}", "wait for it, or end it")
    bundles = list_bundles(study.captures)
    for bundle in bundles:
        if read_session(bundle).device != PHONE:
            raise UserError(
                f"{bundle} was not recorded by the demo", "name another folder for the demo"
            )
    for bundle in bundles:
        shutil.rmtree(bundle)
    shutil.rmtree(study.findings, ignore_errors=True)
    (study.root / LOG).unlink(missing_ok=True)

"""`evenhand demo`: the whole way, on a fictional app, on this machine only."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import click

from analyzer.cli.options import example, progress

ENOUGH = 5


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
    help="For each arm; with fewer than five nothing can be claimed.",
)
@click.option("--jobs", type=click.IntRange(1, 16), default=2, show_default=True)
def command(directory: Path, sessions: int, jobs: int) -> None:
    """Record a fictional app in Germany and Kenya, as a child and as an adult, and compare.

    Its servers, the proxy and the phone run on this machine; nothing leaves it. The study is
    written into DIR (default: evenhand-demo); sessions of an earlier demo there are replaced.
    """
    from analyzer.compare import compare
    from analyzer.errors import UserError
    from analyzer.frames import analyse, load_frames
    from analyzer.knowledge import load_knowledge
    from reports.html import render_html
    from reports.terminal import print_comparison

    try:
        from analyzer.simulation.demo import prepare_demo
        from analyzer.simulation.run import run_all
    except ModuleNotFoundError as error:
        raise UserError(
            f"the demo needs {error.name}", "pip install 'evenhand[demo]', or run `make demo`"
        ) from None

    began = time.monotonic()
    study = prepare_demo(directory)
    for folder in (study.captures, study.findings, study.out):
        shutil.rmtree(folder, ignore_errors=True)
    total = sessions * len(study.arms)
    click.echo(
        f"{study.app}: {sessions} sessions for each of {', '.join(study.arms)}, {jobs} at a time"
    )
    if sessions < ENOUGH:
        click.echo(f"  fewer than {ENOUGH} sessions: every verdict will be `insufficient`")
    with progress("Recording") as advance:
        run_all(study, repeats=sessions, jobs=jobs, progress=advance)
    click.echo(f"Recorded {total} sessions in {time.monotonic() - began:.0f} s")
    with progress("Analysing") as advance:
        analyse(study, progress=advance)
    knowledge = load_knowledge()
    comparison = compare(load_frames(study, knowledge), study, knowledge, "eea", "global_majority")
    click.echo()
    print_comparison(comparison)
    study.out.mkdir(parents=True, exist_ok=True)
    path = study.out / "eea-global_majority.html"
    path.write_text(render_html(comparison, knowledge), encoding="utf-8")
    click.echo()
    click.echo(f"Report: {path.resolve()}")
    click.echo(f"Took {time.monotonic() - began:.0f} s. Look around: cd {directory}; evenhand diff")

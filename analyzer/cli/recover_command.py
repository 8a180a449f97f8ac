"""`evenhand recover`: close what a crash left open."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import echo_json, example, json_option, open_study, study_option


@click.command(
    "recover",
    short_help="Close what a crash left open.",
    epilog=example("evenhand recover\nevenhand recover captures/KE-13-r01-*"),
)
@click.argument("bundles", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@study_option
@json_option
def command(bundles: tuple[Path, ...], study_dir: Path, as_json: bool) -> None:
    """Close session bundles whose recording was cut off, and say what is partial in them.

    Without BUNDLES: every open bundle of the study that nothing is writing to. Nothing that was
    recorded is changed; the session is marked as incomplete.
    """
    from dataclasses import asdict

    from analyzer.bundle import crashed_bundles, recover

    paths = list(bundles) or crashed_bundles(open_study(study_dir).captures)
    sessions = [recover(path) for path in paths]
    if as_json:
        echo_json([asdict(session) for session in sessions])
        return
    for session in sessions:
        click.echo(f"recovered  {session.id}")
        for sentence in session.partial:
            click.echo(f"           {sentence}")
    if not sessions:
        click.echo("No session needs recovering.")

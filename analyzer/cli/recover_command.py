"""`evenhand recover`: close what a crash left open."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    bundles_argument,
    chosen_bundles,
    complain,
    echo_json,
    example,
    json_option,
    open_study,
    study_option,
)


@click.command(
    "recover",
    short_help="Close what a crash left open.",
    epilog=example("evenhand recover\nevenhand recover KE-13-r01"),
)
@bundles_argument
@study_option
@json_option
def command(bundles: tuple[str, ...], study_dir: Path, as_json: bool) -> None:
    """Close sessions whose recording was cut off, and say what is partial in them.

    Each SESSION is a folder, or an id of the study, or how that begins. Default: every open session
    of the study that nothing is writing to. Nothing that was recorded is changed; the session is
    marked as incomplete. The folder of a recorder that died before it recorded anything is removed.
    Exit code 1 if one could not be closed.
    """
    from dataclasses import asdict

    from analyzer.bundle import crashed_bundles, hollow_folders, recover, remove_hollow
    from analyzer.bundle.sealing import is_sealed
    from analyzer.bundle.seals import study_of
    from analyzer.custody.log import append
    from analyzer.errors import UserError

    if bundles:
        paths = chosen_bundles(bundles, study_dir)
    else:
        captures = open_study(study_dir).captures
        paths = sorted({*crashed_bundles(captures), *hollow_folders(captures)})
    sessions = []
    failed: list[str] = []
    for path in paths:
        sealed = is_sealed(path)
        try:
            if remove_hollow(path):
                if not as_json:
                    click.echo(f"{click.format_filename(path.name)} holds nothing: removed")
                continue
            session = recover(path)
        except UserError as error:
            failed.append(str(error))
            continue
        if not sealed:
            append(study_of(path), "recovered", session=session.id)
        sessions.append(session)
        if not as_json:
            click.echo(f"{'was closed' if sealed else 'recovered '}  {session.id}")
            for sentence in session.partial:
                click.echo(f"            {sentence}")
    if as_json:
        echo_json([asdict(session) for session in sessions])
    elif not paths:
        click.echo("No session needs recovering.")
    for line in failed:
        complain(line)
    if failed:
        raise SystemExit(1)

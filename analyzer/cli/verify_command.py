"""`evenhand verify`: is the evidence still what was recorded?"""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import (
    bundles_argument,
    chosen_bundles,
    echo_json,
    example,
    json_option,
    study_option,
)


@click.command(
    "verify",
    short_help="Check that captures are as recorded.",
    epilog=example("evenhand verify\nevenhand verify KE-13-r01\nevenhand verify captures/KE-13-*"),
)
@bundles_argument
@study_option
@json_option
def command(bundles: tuple[str, ...], study_dir: Path, as_json: bool) -> None:
    """Check sessions against their SHA256SUMS, their counts and SQLite's own check.

    Each SESSION is a folder, or an id of the study, or how that begins. Default: every session of
    the study. Exit code 0 if none is broken, 1 if one is; a session that is still being
    recorded is neither intact nor broken.
    """
    from analyzer.bundle import verify
    from analyzer.bundle.sealing import is_locked
    from analyzer.errors import UserError

    found: list[tuple[Path, list[str]]] = []
    recording: set[Path] = set()
    for path in chosen_bundles(bundles, study_dir):
        if is_locked(path):
            recording.add(path)
        try:
            found.append((path, verify(path)))
        except UserError as error:
            if bundles:
                raise
            found.append((path, [f"{error}."]))
    broken = sum(bool(faults) for path, faults in found if path not in recording)
    if as_json:
        echo_json(
            [
                {"session": path.name, "path": str(path), "intact": not faults, "faults": faults}
                for path, faults in found
            ]
        )
    else:
        for path, faults in found:
            mark = ("BROKEN", "red") if faults else ("intact", "green")
            if path in recording:
                mark = ("open  ", "yellow")
            click.echo(f"{click.style(mark[0], fg=mark[1])}  {click.format_filename(path.name)}")
            for fault in faults:
                click.echo(f"        {fault}")
        intact = len(found) - broken - len(recording)
        click.echo(f"{intact} of {len(found)} sessions intact")
    if broken:
        raise SystemExit(1)

"""`evenhand verify`: is the evidence still what was recorded?"""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import echo_json, example, json_option, open_study, study_option


@click.command(
    "verify",
    short_help="Check that captures are as recorded.",
    epilog=example("evenhand verify\nevenhand verify captures/KE-13-r01-*"),
)
@click.argument("bundles", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@study_option
@json_option
def command(bundles: tuple[Path, ...], study_dir: Path, as_json: bool) -> None:
    """Check session bundles against their SHA256SUMS, their counts and SQLite's own check.

    Without BUNDLES: every bundle of the study. Exit code 0 if all are intact, 1 if not.
    """
    from analyzer.bundle import list_bundles, verify

    paths = list(bundles) or list_bundles(open_study(study_dir).captures)
    faults = {path.name: verify(path) for path in paths}
    if as_json:
        echo_json(faults)
    else:
        for name, found in faults.items():
            mark = (
                click.style("intact", fg="green") if not found else click.style("BROKEN", fg="red")
            )
            click.echo(f"{mark}  {name}")
            for fault in found:
                click.echo(f"        {fault}")
        broken = sum(bool(found) for found in faults.values())
        click.echo(f"{len(faults) - broken} of {len(faults)} bundles intact")
    if any(faults.values()):
        raise SystemExit(1)

"""`evenhand import`: recordings made with other programs."""

from __future__ import annotations

from pathlib import Path

import click

from analyzer.cli.options import echo_json, example, json_option, open_study, study_option


@click.command(
    "import",
    short_help="Bring in HAR, .mitm, pcap files or bundles.",
    epilog=example(
        "evenhand import first.har second.har --arm KE-13\n"
        "evenhand import router.pcapng --arm DE-13 --phase use"
    ),
)
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, exists=True),
)
@click.option("--arm", required=True, help="The arm that the recordings belong to.")
@click.option("--phase", help="The phase that they belong to; default: the study's first.")
@click.option(
    "--block", default="", help="Sessions that were made in the same period share a block."
)
@click.option("--device", default="", help="What it was recorded on.")
@study_option
@json_option
def command(
    files: tuple[Path, ...],
    arm: str,
    phase: str | None,
    block: str,
    device: str,
    study_dir: Path,
    as_json: bool,
) -> None:
    """Bring in HAR files, mitmproxy flow dumps, pcap/pcapng files or session bundles.

    Each FILE becomes one session of the arm; its kind is told from its content. The files stay as
    they are. A damaged file is read as far as it goes, and the session says so.
    """
    from analyzer.extract.shapes import digest
    from analyzer.readers.importing import import_files

    study = open_study(study_dir)
    imported = import_files(
        study,
        arm,
        list(files),
        phase=phase,
        block=block,
        device=device,
        planted=[digest(value, study.key) for _, value in study.persona(arm).values],
    )
    if as_json:
        echo_json(
            [
                {
                    "file": str(done.path),
                    "session": done.session.id,
                    "read": done.read,
                    "total": done.total,
                    "problems": [
                        {"code": problem.code, "detail": problem.detail}
                        for problem in done.problems
                    ],
                }
                for done in imported
            ]
        )
        return
    for done in imported:
        click.echo(f"{done.path.name}: {done.extent} -> {done.session.id}")
        for problem in done.problems:
            click.echo(f"  {problem.code}: {problem.detail}")

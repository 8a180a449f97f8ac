"""`evenhand import`: recordings made with other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.options import (
    complain,
    echo_json,
    example,
    json_option,
    open_study,
    study_option,
)

if TYPE_CHECKING:
    from analyzer.readers.importing import Imported


@click.command(
    "import",
    short_help="Bring in HAR, .mitm, pcap files or sessions.",
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
    type=click.Path(path_type=Path),
)
@click.option("--arm", required=True, metavar="ARM", help="The arm that the recordings belong to.")
@click.option(
    "--phase", metavar="NAME", help="The phase that they belong to; default: the study's first."
)
@click.option(
    "--block",
    default="",
    metavar="NAME",
    help="Sessions that were made in the same period share a block.",
)
@click.option("--device", default="", metavar="WORDS", help="What it was recorded on.")
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
    """Bring in HAR files, mitmproxy flow dumps, pcap/pcapng files or session folders (also zipped).

    Each FILE becomes one session of the arm; its kind is told from its content. The files stay as
    they are. A damaged file is read as far as it goes, and the session says so. What cannot be
    imported is named, the others are imported all the same, and the exit code is 1.
    """
    from analyzer.errors import UserError
    from analyzer.extract.shapes import digests
    from analyzer.readers.importing import import_files

    study = open_study(study_dir)
    study.phase(phase)
    planted = digests(study.persona(study.arm(arm).label).values, study.key)
    told: list[dict[str, Any]] = []
    refused = False
    for file in files:
        try:
            [done] = import_files(
                study, arm, [file], phase=phase, block=block, device=device, planted=planted
            )
        except UserError as error:
            refused = True
            told.append({"file": str(file), "session": None, "refused": str(error)})
            complain(str(error))
        else:
            told.append(_told(done))
            if not as_json:
                _print(done)
    if as_json:
        echo_json(told)
    if refused:
        raise SystemExit(1)


def _told(done: Imported) -> dict[str, Any]:
    return {
        "file": str(done.path),
        "session": done.session.id,
        "read": done.read,
        "total": done.total,
        "problems": [{"code": problem.code, "detail": problem.detail} for problem in done.problems],
    }


def _print(done: Imported) -> None:
    name = click.format_filename(done.path, shorten=True)
    click.echo(f"{name}: {done.extent} -> {done.session.id}")
    for problem in done.problems:
        click.echo(f"  {problem.code}: {problem.detail}")
